"""Units of deploy/systemd played by real processes, each with copies of its files taken when it was started."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from tests.forks import start_tierce

SYSTEMD = Path(__file__).parents[2] / "deploy" / "systemd"
_PROGRAM = "/opt/tierce/bin/tierce "


@dataclass(frozen=True)
class Unit:
    """What a unit's file says of its process."""

    name: str
    command: tuple[str, ...]
    """After the program's name."""
    handed: dict[str, str]
    """LoadCredential: the name under which a file is handed, and its path."""
    otherwise: dict[str, str]
    """SetCredential: what is handed in place of a file that is not there."""
    said: dict[str, str]
    """Environment: what its command reads there."""


def read_unit(name: str) -> Unit:
    """Read one unit's file."""
    text = (SYSTEMD / f"tierce-{name}.service").read_text("utf-8")
    found = re.search(rf"^ExecStart={re.escape(_PROGRAM)}(.*)$", text, re.M)
    assert found, name
    handed = dict(line.split(":", 1) for line in re.findall(r"^LoadCredential=(.*)$", text, re.M))
    otherwise = dict(line.split(":", 1) for line in re.findall(r"^SetCredential=(.*)$", text, re.M))
    settings = " ".join(re.findall(r"^Environment=(.*)$", text, re.M)).split()
    return Unit(name, tuple(found[1].split()), handed, otherwise, dict(one.split("=", 1) for one in settings))


def lasting_units() -> list[str]:
    """The units that run all the time, without the witness, whose machine is somebody else's."""
    every = (file for file in SYSTEMD.glob("tierce-*.service") if "[Install]" in file.read_text("utf-8"))
    return sorted({file.stem.removeprefix("tierce-") for file in every} - {"witness"})


class Running:
    """A unit's process, as a service manager starts it."""

    def __init__(self, unit: Unit, led: Callable[[str], Path], folder: Path, log: Path) -> None:
        """Hand over copies in `folder`, and start; `led` says where a path of the unit is on this machine."""
        self._unit, self._led, self._folder = unit, led, folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        for name in {*unit.handed, *unit.otherwise}:
            (folder / name).write_bytes(self._now(name))
        words = (str(led(word)) if word.startswith("/") else word for word in unit.command)
        said = {name: str(led(word)) if word.startswith("/") else word for name, word in unit.said.items()}
        self.process: ForkServerProcess = start_tierce(
            *words, out=log, environment=said | {"CREDENTIALS_DIRECTORY": str(folder)}
        )

    def _now(self, name: str) -> bytes:
        """What it would be handed if it were started now; without a file and a default it would not start."""
        path = self._unit.handed.get(name)
        if path is not None and (file := self._led(path)).exists():
            return file.read_bytes()
        return self._unit.otherwise[name].encode()

    def stale(self) -> list[str]:
        """The files that it holds an old copy of."""
        held = sorted(file.name for file in self._folder.iterdir())
        return [
            f"{self._unit.name}: {name}" for name in held if (self._folder / name).read_bytes() != self._now(name)
        ]

    def stop(self) -> None:
        """Stop it, as `systemctl stop` does."""
        self.process.terminate()
        self.process.join(30)
        assert self.process.exitcode is not None, f"{self._unit.name} does not stop"
