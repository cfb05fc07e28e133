"""The sender killed at every step, for real: each person is told once, and a doubt is counted and settled."""

import json
import resource
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tests.forks import killed, tierce
from tests.integration.conftest import Connect
from tests.integration.messages_world import MessagesRoom, kept, lend, mail_server, open_world
from tests.integration.rooms import OAK
from tests.settings_file import settings_text
from tests.waiting import eventually
from tierce.cli import app
from tierce.notices.contacts.model import Contact
from tierce.policy.reached import State
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.upkeep.notice.base import desk

pytestmark = pytest.mark.integration


@pytest.fixture
def world(database: Database, connect: Connect, keyring: Keyring) -> MessagesRoom:
    return open_world(database, connect, keyring, tuple((person, 1) for person in range(1, 9)))


def settings(tmp_path: Path, database: Database, keys: Path, port: int, *, log: Path | None = None) -> Path:
    server = mail_server(tmp_path, port)
    text = settings_text(database, keys, operator="Rive Claire")
    text += f'[mail]\nhost = "127.0.0.1"\nport = {port}\nsender = "{server.sender}"\nbounces = "{server.bounces}"\n'
    text += f'dkim_domain = "{server.dkim_domain}"\ndkim_selector = "t2026"\ndkim_key = "{server.dkim_key}"\n'
    text += "starttls = false\nconnections = 1\n" + (f'log = "{log}"\n' if log else "")
    path = tmp_path / "tierce.toml"
    path.write_text(text, encoding="utf-8")
    return path


def lent(world: MessagesRoom, held: str) -> None:
    """Eight people with a mailbox each; the server holds the fourth where `held` says."""
    people = {one: Contact(f"Personne {one}", f"p{one}@foyer.example") for one in range(1, 9)}
    people[4] = Contact("Personne 4", f"{held}p4@foyer.example")
    lend(world, OAK, people)
    world.ready()


def sending(world: MessagesRoom, path: Path) -> tuple[str, ...]:
    """The command that sends, to be followed by `--really`."""
    return ("notice", "send", "--incident", str(world.incident), "--settings", str(path), "--json", "-")


def finished(world: MessagesRoom, path: Path) -> dict[str, int]:
    done = tierce(*sending(world, path), "--really")
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout)
    return found


def told(folder: Path) -> Counter[str]:
    """How often each mailbox has a message; every message of one person must have one Message-ID."""
    found: Counter[str] = Counter()
    numbers: dict[str, set[bytes]] = {}
    for path in kept(folder):
        lines = path.read_bytes().split(b"\r\n")
        to = lines[1].decode().removeprefix("Delivered-To: ")
        found[to] += 1
        numbers.setdefault(to, set()).add(next(line for line in lines if line.startswith(b"Message-ID:")))
    assert all(len(some) == 1 for some in numbers.values())
    return found


def has(folder: Path, number: int) -> bool:
    return len(kept(folder)) >= number


@pytest.mark.parametrize(
    ("held", "with_log", "copies", "resent", "known"),
    [
        pytest.param("hold-rcpt-", False, 1, 1, 0, id="before the message is given"),
        pytest.param("hold-end-", False, 2, 1, 0, id="after the server kept it, before it said so"),
        pytest.param("hold-end-", True, 1, 0, 1, id="the same, and the relay's log says so"),
    ],
)
def test_i4_killed_in_the_middle_each_person_is_told_once(
    world: MessagesRoom,
    inbox: tuple[Path, int],
    tmp_path: Path,
    database: Database,
    key_directory: Path,
    held: str,
    *,
    with_log: bool,
    copies: int,
    resent: int,
    known: int,
) -> None:
    folder, port = inbox
    lent(world, held)
    path = settings(tmp_path, database, key_directory, port, log=folder / "log" if with_log else None)
    with killed(*sending(world, path), "--really"):
        eventually((folder / "held").exists, "the server holds the fourth message", seconds=60)
    found = world.counts()
    assert (found.doubts, sum(found.states.values())) == (1, 9)
    assert found.unexplained == 0
    (folder / "go").touch()
    tally = finished(world, path)
    assert (tally["resent"], tally["known"], tally["doubtful"], tally["left"]) == (resent, known, 0, 0)
    mailboxes = told(folder)
    fourth = f"{held}p4@foyer.example"
    assert mailboxes == {**{f"p{one}@foyer.example": 1 for one in (1, 2, 3, 5, 6, 7, 8)}, fourth: copies}
    found = world.counts()
    assert (found.states, found.sent, found.unexplained) == ({State.SENT: 8, State.PUBLIC: 1}, 8, 0)
    again = world.outbox.send(world.notices, world.incident, mail_server(tmp_path, port))
    assert again.accepted == 0
    assert told(folder) == mailboxes


def test_i4_killed_again_and_again_at_any_moment_nobody_is_missed_or_told_twice_without_a_doubt(
    world: MessagesRoom, inbox: tuple[Path, int], tmp_path: Path, database: Database, key_directory: Path
) -> None:
    folder, port = inbox
    lent(world, "")
    path = settings(tmp_path, database, key_directory, port)
    for target in (1, 4, 6):
        with killed(*sending(world, path), "--really"):
            eventually(partial(has, folder, target), f"{target} messages", seconds=60)
    tally = finished(world, path)
    assert (tally["doubtful"], tally["left"]) == (0, 0)
    mailboxes = told(folder)
    assert set(mailboxes) == {f"p{one}@foyer.example" for one in range(1, 9)}
    with database.connect("tierce_notices") as connection:
        row = connection.execute("select count(*) from notice.step where step = 5").fetchone()
    assert row is not None
    assert sum(mailboxes.values()) - 8 <= row[0] <= 3


def test_without_really_nothing_leaves(
    world: MessagesRoom, inbox: tuple[Path, int], tmp_path: Path, database: Database, key_directory: Path
) -> None:
    folder, port = inbox
    lent(world, "")
    path = settings(tmp_path, database, key_directory, port)
    done = tierce(*sending(world, path))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["messages"] == 8
    assert kept(folder) == []
    assert "rien n’est parti" in done.stderr or done.stderr == ""


@contextmanager
def no_room() -> Iterator[None]:
    """Have this process write no file past some kilobytes: a batch of letters is larger."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_192, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_letters_kept_before_the_disk_was_full_stay_and_what_is_said_does_not_deny_them(
    world: MessagesRoom, database: Database, key_directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ("12 rue des Genêts", "99120 Saint-Ourle")
    lend(world, OAK, {one: Contact(f"Personne {one}", None, place) for one in range(1, 4)})
    world.ready()
    path, folder = settings(tmp_path, database, key_directory, 1), tmp_path / "letters"
    full = ExitStack()
    with full, pytest.raises(typer.Exit) as left, desk(path, pieces=True) as one:
        world.outbox.print_letters(
            one.connection, world.incident, folder, processes=1, batch_letters=1,
            told=lambda _: full.enter_context(no_room()),
        )  # fmt: skip
    said = capsys.readouterr().err
    assert (left.value.exit_code, "what was done before stays" in said, "nothing" in said) == (2, True, False), said
    assert [one.name for one in folder.iterdir()] == [f"lettres-{world.audience().id}-0001.zip"]
    letters = ["notice", "letters", "--incident", str(world.incident), "--settings", str(path), "--json", "-"]
    with no_room():
        refused = CliRunner().invoke(app, letters)
    assert (refused.exit_code, "what was done before stays" in refused.stderr) == (2, True), refused.stderr
    done = CliRunner().invoke(app, letters)
    assert json.loads(done.stdout)["letters"] == 2, "those of the first batch are not printed again"
    away = CliRunner().invoke(app, [*letters[:-3], str(tmp_path / "none.toml")])
    assert "nothing was written" in away.stderr
    unknown = CliRunner().invoke(app, [*letters[:3], "999", *letters[4:]])
    assert (unknown.exit_code, "nothing was written: incident : " in unknown.stderr) == (2, True), unknown.stderr
