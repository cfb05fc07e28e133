"""The runbooks, followed as written: each page's blocks are run in order on a small installation that serves."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from rich.console import Console

from tests.folders import private_folder
from tests.integration.thief import enter, visit
from tests.integration.units import Running, lasting_units, read_unit
from tests.waiting import eventually
from tierce.journal.verifier.check import Journal, verify
from tierce.kernel.language import Language
from tierce.lab.demo.stage import INSURER_USER, OFFICER, Stage, open_stage
from tierce.lab.demo.steps import Steps
from tierce.settings import load
from tierce.upkeep.backup.service import retired_lines
from tierce.upkeep.health.service import states, watched_in

PAGES = Path(__file__).parents[2] / "docs" / "runbooks"
FOLLOWED = (
    "health-and-alerts",
    "import",
    "end-a-contract",
    "staff",
    "close-and-reopen",
    "backup-and-restore",
    "retention",
    "role-passwords",
    "key-rotation",
    "journal-does-not-verify",
    "upgrade",
)
"""In this order, on one installation."""
_BLOCK = re.compile(r"```console\n(.*?)```", re.S)


def commands_of(page: str) -> list[str]:
    """The command lines of a page's blocks."""
    text = (PAGES / f"{page}.md").read_text("utf-8")
    blocks = [block.replace("\\\n", " ") for block in _BLOCK.findall(text)]
    lines = (line.strip() for block in blocks for line in block.splitlines())  # a block within a list is indented
    return [line[2:] for line in lines if line.startswith("$ ")]


@dataclass
class Machine:
    """Plays the machine of the page: its paths, and its service manager with real processes."""

    stage: Stage
    home: Path
    units: dict[str, Running] = field(default_factory=dict)

    def systemctl(self, verb: str, names: list[str]) -> None:
        """Stop and start the processes that units stand for."""
        for name in (one.removeprefix("tierce-") for one in names):
            runs = name in self.units
            if runs and verb == "start":
                continue  # as on a machine: a second one beside it would share its port, and be stopped by nobody
            if runs:
                self.units.pop(name).stop()
            if verb in {"start", "restart"} or (verb == "try-restart" and runs):
                log = self.stage.logs / f"unit-{name}.log"
                self.units[name] = Running(read_unit(name), self.led, self.home / "credentials" / name, log)

    def led(self, there: str) -> Path:
        """Where a path of the units is on this machine."""
        for path, here in (
            ("/etc/tierce/tierce.toml", self.stage.settings_file),
            ("/etc/tierce/keys", self.stage.home / "keys"),
            ("/etc/tierce/secrets", self.stage.database.secrets),
            ("/etc/tierce", self.stage.home),
            ("/srv/tierce-log", self.stage.home / "log"),
            ("/srv/tierce-segments", self.stage.home / "segments"),
        ):
            there = there.replace(path, str(here))
        return Path(there)

    def run(self, line: str) -> subprocess.CompletedProcess[str]:
        """Run one line of a page, with the page's paths led here."""
        for there, here in (
            ("/etc/tierce/tierce.toml", self.stage.settings_file),
            ("/etc/tierce/restored.toml", self.home / "restored.toml"),
            ("/etc/tierce/keys", self.stage.home / "keys"),
            ("/etc/tierce/secrets", self.stage.database.secrets),
            ("/srv/tierce-log", self.stage.home / "log"),
            ("/srv/tierce-segments", self.stage.home / "segments"),
            ("/var/lib/tierce/checkpoint", self.stage.home / "state" / "checkpoint"),
            ("/srv/backup", self.home / "backup"),
            ("/srv/restored-keys", self.home / "restored-keys"),
            ("/media/keys", self.home / "media"),
            ("/root/passphrase", self.home / "passphrase"),
            ("/srv/tierce-feeds/99100001.csv", self.stage.country / "rights" / "99100001.csv"),
            ("/srv/tierce-feeds", self.stage.country),
        ):
            line = line.replace(there, str(here))
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        # The pages' machine has PostgreSQL on its usual port; who names a settings file reads it there.
        env = {**os.environ, "PATH": path, "TIERCE_DATABASE_PORT": str(self.stage.database.port)}
        return subprocess.run(
            ["bash", "-c", line], cwd=self.home, env=env, capture_output=True, text=True, check=False
        )

    def all_ready(self) -> bool:
        """Whether every process is; those behind one that is not yet are not asked, for they are starting too."""
        settings = load(self.stage.settings_file)
        return all(one.ready for name in watched_in(settings) for one in states(settings, (name,)))

    def wait_ready(self, when: str) -> None:
        """Wait until every process is ready, or fail with what those that are not say."""
        try:
            eventually(self.all_ready, when, seconds=240)
        except AssertionError:
            pytest.fail(f"{when}\n{self.unready()}")

    def unready(self) -> str:
        """What each process that is not ready says of itself, and the last that its unit wrote."""
        settings = load(self.stage.settings_file)
        return "\n".join(
            f"{one}\n{(self.stage.logs / f'unit-{name}.log').read_text('utf-8')[-2000:]}"
            for name in watched_in(settings)
            for one in states(settings, (name,))
            if not one.ready
        )

    def left_wrong(self) -> list[str]:
        """Units that ended by themselves, and files that a unit still holds as they were before."""
        ended = [name for name, unit in self.units.items() if unit.process.exitcode is not None]
        return ended + [each for unit in self.units.values() for each in unit.stale()]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with private_folder() as made:
        yield made


@pytest.fixture(scope="module")
def machine(folder: Path) -> Iterator[Machine]:
    home, steps = folder, Steps(Console(stderr=True), Language.EN)
    with open_stage(home / "home", steps, persons=200, insurers=2, only=("worker",)) as stage:
        (home / "media").mkdir()
        (home / "passphrase").write_text("six mots choisis au hasard par la machine")
        text = stage.settings_file.read_text("utf-8").replace('name = "tierce"', 'name = "tierce_restored"')
        text = text.replace(str(stage.home / "state"), str(home))
        beside = f'log = "{home / "restored-log"}"\nsegments = "{home / "restored-segments"}"\n'
        (home / "restored.toml").write_text(beside + text, "utf-8")
        # From the demonstration's one command to a unit for each process.
        stage.processes["serve"].terminate()
        stage.processes["serve"].wait(timeout=30)
        as_deployed(stage)
        running = Machine(stage, home)
        running.systemctl("start", lasting_units())
        try:
            running.wait_ready("every unit ready")
            yield running
        finally:
            running.systemctl("stop", list(running.units))
            # The stage looks for its own command as it ends; it has ended already.


def as_deployed(stage: Stage) -> None:
    """Name every folder and secret in the settings as deploy/tierce.toml does: a unit finds none beside its keys."""
    home, text = stage.home, stage.settings_file.read_text("utf-8")
    for site, realm in (
        ("portal", "psc"),
        ("office", "staff"),
        ("persons", "persons_provider"),
        ("insurers", "insurers_provider"),
    ):
        was, named = home / "clients" / f"{site}.secret", home / "clients" / f"{realm}.secret"
        shutil.copy(was, named)
        text = text.replace(str(was), str(named))
    (home / "dkim.pem").write_text("no relay is set here, and nobody reads this")
    folders = "".join(f'{name} = "{home / name}"\n' for name in ("log", "segments", "letters"))
    text = folders + text.replace("[deposits]\n", f'[deposits]\nspool = "{home / "spool"}"\n')
    text = text.replace("[payments]\n", f'[payments]\nfolder = "{home / "payments"}"\n')
    stage.settings_file.write_text(text, "utf-8")


@pytest.mark.parametrize("page", FOLLOWED)
def test_a_page_is_followed_as_written(machine: Machine, page: str) -> None:
    lines = commands_of(page)
    assert lines, page
    if page == "staff":  # people are at work, whose sessions the page ends
        follow_while_she_works(machine, lines)
        return
    follow(machine, page, lines)


def follow_while_she_works(machine: Machine, lines: list[str]) -> None:
    stage = machine.stage
    with visit(stage, "office", OFFICER) as office, visit(stage, "insurers", INSURER_USER) as insurer:
        assert office.get("/directory").status_code == 200
        assert insurer.get("/feeds").status_code == 200
        follow(machine, "staff", lines)
        assert office.get("/directory").status_code != 200
        assert insurer.get("/feeds").status_code != 200


def follow(machine: Machine, page: str, lines: list[str]) -> None:
    """Run the lines in order, those of the program once what was started serves; each ends well."""
    stopped: set[str] = set()
    for line in lines:
        if line.startswith("systemctl "):
            _systemctl, verb, *names = line.split()
            assert verb in {"stop", "start", "restart", "try-restart"}, line
            machine.systemctl(verb, names)
            stopped = stopped | set(names) if verb == "stop" else stopped - set(names)
            continue
        if not stopped:
            machine.wait_ready(f"{page}: ready before {line}")
        done = machine.run(line)
        assert done.returncode == 0, f"{page}: {line}\n{done.stdout[-800:]}\n{done.stderr[-800:]}"
    machine.wait_ready(f"{page}: everybody is served after it")
    assert machine.left_wrong() == [], page


def test_after_all_of_it_a_doctor_is_answered_and_the_journal_is_whole(machine: Machine) -> None:
    doctor = enter(machine.stage, "claire_morvan")
    answer = doctor.ask(machine.stage.person("paul_lenoir"), "MEDG")
    assert (answer.status_code, answer.json()["shown"]) == (200, True)
    keys = machine.stage.home / "keys"
    journal = Journal(machine.stage.database.dsn("tierce_office"), keys.parent / "log")
    report = verify(journal, (keys / "log.pub").read_text(), retired=retired_lines(keys))
    assert report.intact, report.findings
    assert len(retired_lines(keys)) == 1


def test_every_page_of_the_list_is_there_and_every_page_is_listed() -> None:
    index = (PAGES / "README.md").read_text("utf-8")
    listed = set(re.findall(r"\]\(([\w-]+)\.md\)", index))
    assert listed == {file.stem for file in PAGES.glob("*.md")} - {"README"}
    marked = set(re.findall(r"\]\(([\w-]+)\.md\) ◆", index))
    assert marked == set(FOLLOWED)
