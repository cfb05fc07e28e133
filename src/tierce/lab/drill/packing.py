"""The evidence pack of the drill's incident, taken out by its command and checked by the inspector's own script."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from tierce.lab.drill.chain import Chain
from tierce.lab.drill.errors import DrillError
from tierce.lab.drill.operators import COMMAND

SAID_BYTES = 400
"""Of what a command that failed said last."""

_MEASURED = """
import os, sys
number = os.spawnv(os.P_NOWAIT, sys.argv[2], sys.argv[2:])
_, status, used = os.wait4(number, 0)
open(sys.argv[1], "w").write(str(used.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""Started by a small process: what a process used includes what its parent held when it was forked."""


class Timed(Protocol):
    """Says and times one step."""

    def step(self, name: str, fr: str, en: str) -> AbstractContextManager[list[str]]:
        """Say and time one step."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What one process took."""

    seconds: float
    peak_mib: int


@dataclass(frozen=True, slots=True)
class Packed:
    """What making the pack and verifying it took, each in a process of its own."""

    made: Ran
    verified: Ran


def take_pack(chain: Chain, timed: Timed) -> Packed:
    """Take the pack out and check it with the script that it carries.

    Raises:
        DrillError: the command failed, or the pack does not verify.
    """
    with timed.step("pack", "dossier de preuves", "evidence pack") as more:
        chain.wait_sequenced()
        out = chain.folder / "pack.zip"
        made = _run([*COMMAND, "incident", "pack", str(chain.incident), "--out", str(out), "--by", "Marc Tessier",
                     "--settings", str(chain.stage.settings_file)])  # fmt: skip
        folder = chain.folder / "pack"
        shutil.rmtree(folder, ignore_errors=True)
        with zipfile.ZipFile(out) as file:
            file.extractall(folder)
        more.append(f"{made.peak_mib} MiB")
    with timed.step("verified", "… vérifié par le script qu’il porte", "… verified by its own script") as more:
        verified = _run([sys.executable, "-S", "-E", str(folder / "verify.py"), "--keys", str(folder / "keys.txt")])
        more.append(f"{verified.peak_mib} MiB")
    return Packed(made, verified)


def _run(command: list[str]) -> Ran:
    began = time.perf_counter()
    with tempfile.TemporaryFile() as said, tempfile.NamedTemporaryFile("r", suffix=".kib") as used:
        done = subprocess.run(
            [sys.executable, "-S", "-E", "-c", _MEASURED, used.name, *command],
            stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            said.seek(max(0, said.seek(0, os.SEEK_END) - SAID_BYTES))
            msg = f"{' '.join(command[-3:])}: {said.read().decode(errors='replace')}"
            raise DrillError(msg)
        return Ran(round(time.perf_counter() - began, 2), int(used.read()) // 1024)
