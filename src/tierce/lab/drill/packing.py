"""The evidence pack of the drill's incident, taken out by its command and checked by the inspector's own script."""

import shutil
import subprocess
import sys
import zipfile
from contextlib import AbstractContextManager
from typing import Protocol

from tierce.lab.drill.chain import Chain
from tierce.lab.drill.errors import DrillError
from tierce.lab.drill.operators import COMMAND


class Timed(Protocol):
    """Says and times one step."""

    def step(self, name: str, fr: str, en: str) -> AbstractContextManager[list[str]]:
        """Say and time one step."""


def take_pack(chain: Chain, timed: Timed) -> None:
    """Take the pack out and check it with the script that it carries.

    Raises:
        DrillError: the command failed, or the pack does not verify.
    """
    with timed.step("pack", "dossier de preuves, vérifié par son script", "evidence pack, verified by its script"):
        chain.wait_sequenced()
        out = chain.folder / "pack.zip"
        out.unlink(missing_ok=True)
        _run([*COMMAND, "incident", "pack", str(chain.incident), "--out", str(out), "--by", "Marc Tessier",
              "--settings", str(chain.stage.settings_file)])  # fmt: skip
        folder = chain.folder / "pack"
        shutil.rmtree(folder, ignore_errors=True)
        with zipfile.ZipFile(out) as file:
            file.extractall(folder)
        _run([sys.executable, "-S", "-E", str(folder / "verify.py"), "--keys", str(folder / "keys.txt")])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        msg = f"{' '.join(command[-3:])}: {(done.stdout + done.stderr)[-400:]}"
        raise DrillError(msg)
