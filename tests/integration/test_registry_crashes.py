"""An import killed with SIGKILL at each of its steps goes on where it stood, and ends where an unbroken one ends."""

import errno
import os
import signal
from collections.abc import Callable
from multiprocessing import active_children
from pathlib import Path

import psycopg
import pytest
import typer
from rich.console import Console

from tests.folders import private_folder
from tests.integration.conftest import Connect
from tests.integration.feeding import FIRST, make_importer, rows_of, state, write_rows
from tests.integration.killed_import import MARK, run_import
from tests.waiting import eventually
from tierce.feeds.commands import refusals_told
from tierce.feeds.folder import FILE_REFUSED
from tierce.feeds.intake import Report
from tierce.kernel.feed import Rejection
from tierce.lab.bench.imports import AMC, write_lines
from tierce.registry.progress.model import Progress
from tierce.registry.service import LOAD_LINES, Listener
from tierce.storage.cluster import DURABLE, SUPERUSER, Cluster
from tierce.storage.database import Database
from tierce.storage.migrate import migrate

pytestmark = pytest.mark.integration


@pytest.fixture
def files(country: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A first file, and a second that changes, ends, leaves out, spoils and repeats some of its lines."""
    rows = rows_of(country / "rights" / f"{FIRST}.csv")[:300]
    first = write_rows(tmp_path / "first.csv", rows)
    second = [row | {"effective_on": "2026-11-24"} for row in rows]
    active = [row for row in second if row["status"] == "active" and row["relationship"] != "holder"]
    for row in active[:6]:
        row.update(covered_until="2026-11-20", status="ended", former_member="yes", left_on="2026-11-20")
    for row in active[6:16]:
        row.update(priority="2")
    for row in active[16:26]:
        row.update(birth_date="1984")
    twice = dict(active[30]) | {"given_names": "AUTRE"}
    gone = {row["member_number"] for row in active[40:46]}
    second = [row for row in second if row["member_number"] not in gone]
    return first, write_rows(tmp_path / "second.csv", [*second, twice])


Run = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def run(database: Database, key_directory: Path, tmp_path: Path) -> Run:
    """Import in a process of its own that kills itself after so many steps; returns exit code and what it said."""

    def started(
        path: Path, steps: int = 10_000, *, whole: bool = False, load_from: int = 10_000_000
    ) -> tuple[int, list[str]]:
        said = tmp_path / "said"
        return run_import(database, key_directory, path, said, steps, whole=whole, load_from=load_from)

    return started


@pytest.fixture
def admin(connect: Connect, key_directory: Path, country: Path) -> psycopg.Connection:
    """The superuser, in a database that knows the insurers."""
    make_importer(connect("tierce_feed"), key_directory).insurers(country / "insurers.csv")
    return connect(SUPERUSER, autocommit=True)


def clear(admin: psycopg.Connection) -> None:
    admin.execute(
        "truncate person.key, person.member, person.trait, person.record, person.family, person.former_key,"
        " coverage.coverage, registry.feed cascade"
    )


@pytest.mark.parametrize("load_from", [10_000_000, 1], ids=["merged", "loaded"])
def test_killed_at_each_step_it_ends_as_if_it_had_not_been(
    run: Run, admin: psycopg.Connection, files: tuple[Path, Path], load_from: int
) -> None:
    for path in files:
        assert run(path, whole=True, load_from=load_from)[0] == 0
    unbroken = state(admin)
    refused = admin.execute("select count(*) from registry.feed_refused").fetchone()
    assert refused == (11,)
    clear(admin)
    kills = 0
    for path in files:
        steps, said = 0, ""
        while True:
            code, lines = run(path, steps, whole=True, load_from=load_from)
            if code == 0:
                assert lines[-1] == ("0" if path == files[0] else "11"), "the refusals are heard again, all of them"
                break
            assert lines[-1] != said, "each kill comes one step further"
            said = lines[-1]
            kills += 1
            steps = 1  # it says where it stands, goes one step, and is killed
    assert kills > 15
    assert state(admin) == unbroken
    assert admin.execute("select count(*) from registry.feed_later").fetchone() == (0,)
    assert admin.execute("select count(*) from registry.set_aside").fetchone() == (0,)
    states = admin.execute("select state, phase, resumed > 3 from registry.feed where kind = 'rights'").fetchall()
    assert states == [("done", "done", True)] * 2


def test_a_list_whose_import_died_is_left_by_the_next_one(
    connect: Connect, key_directory: Path, country: Path, admin: psycopg.Connection
) -> None:
    """Under way for ever, it would have kept the night from removing anybody, and a contract from being deleted."""
    admin.execute(
        "insert into registry.feed (id, kind, file_sha256, state, started)"
        " values (1, 'insurers', sha256('x'), 'running', now())"
    )
    make_importer(connect("tierce_feed"), key_directory).insurers(country / "insurers.csv")
    found = admin.execute("select state, ended is not null from registry.feed where id = 1").fetchone()
    assert found == ("left", True)


def test_a_first_load_that_is_never_taken_up_again_leaves_a_register_with_its_indexes(
    run: Run, admin: psycopg.Connection, files: tuple[Path, Path]
) -> None:
    assert run(files[0], 2, load_from=1)[0] == -signal.SIGKILL
    assert admin.execute("select count(*) > 0 from registry.set_aside").fetchone() == (True,)
    assert run(files[1])[0] == 0
    assert admin.execute("select count(*) from registry.set_aside").fetchone() == (0,)
    keys = admin.execute("select count(*) from pg_constraint where conrelid = 'person.key'::regclass").fetchone()
    assert keys == (1,)
    left = admin.execute("select state from registry.feed where kind = 'rights' order by started").fetchall()
    assert left == [("left",), ("done",)]


def test_its_helper_ends_with_an_import_that_is_killed(
    run: Run, admin: psycopg.Connection, files: tuple[Path, Path], key_directory: Path
) -> None:
    assert run(files[0], 2, load_from=1)[0] == -signal.SIGKILL
    eventually(lambda: not helpers(key_directory), "the helper of a killed import still runs")


def test_no_chunk_is_committed_behind_one_that_was_not(
    connect: Connect, admin: psycopg.Connection, key_directory: Path, tmp_path: Path
) -> None:
    """A refusal of a first load cannot be written, the disk being full, while other chunks wait to be copied."""
    path = tmp_path / "first.csv"
    write_lines(path, 3 * LOAD_LINES + 500)
    lines = path.read_text("utf-8").split("\n")
    lines[LOAD_LINES + 70] = lines[LOAD_LINES + 70].replace(",active,", ",asleep,")
    path.write_text("\n".join(lines), "utf-8")
    importer = make_importer(connect("tierce_feed"), key_directory, load_from=1)

    def full(_rejection: Rejection) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        importer.intake.rights(path, AMC, Listener(full, lambda _lines: None))
    stood = admin.execute("select lines_done, taken, rejected from registry.feed where kind = 'rights'").fetchall()
    assert stood == [(LOAD_LINES, LOAD_LINES, 0)]
    assert admin.execute("select count(*) from person.record").fetchone() == (LOAD_LINES,)
    counts = importer.rights(path).counts
    assert (counts.taken, counts.rejected) == (3 * LOAD_LINES + 499, 1)
    assert [one.line for one in importer.rejections] == [LOAD_LINES + 71]
    assert admin.execute("select count(*) from person.record").fetchone() == (3 * LOAD_LINES + 499,)


def test_an_import_whose_helper_is_killed_says_so_and_goes_on_when_it_is_sent_again(
    connect: Connect,
    key_directory: Path,
    admin: psycopg.Connection,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A system that is short of memory ends the larger process, or the other one."""
    path = tmp_path / "first.csv"
    write_lines(path, 12 * LOAD_LINES)
    importer = make_importer(connect("tierce_feed"), key_directory, load_from=1)
    killed = []

    def kill(_progress: Progress) -> None:
        for helper in active_children():
            helper.kill()
            killed.append(helper.pid)

    importer.on_progress = kill
    with pytest.raises(typer.Exit) as left, refusals_told(Console(stderr=True, width=200)):
        importer.rights(path)
    assert killed
    assert left.value.exit_code == FILE_REFUSED
    assert "le processus qui lit le fichier s’est arrêté" in capsys.readouterr().err
    stood = admin.execute("select state, lines_done from registry.feed where kind = 'rights'").fetchone()
    assert stood is not None
    assert stood[0] == "running"
    assert stood[1] < 12 * LOAD_LINES
    importer.on_progress = lambda _progress: None
    assert importer.rights(path).counts.taken == 12 * LOAD_LINES


def test_a_server_that_crashes_in_a_first_load_goes_back_a_few_chunks_and_never_behind_what_it_said_was_done(
    country: Path, key_directory: Path, tmp_path: Path
) -> None:
    """Chunks are committed without waiting for the disk; nothing in between is lost, and in the end all waits."""
    path = tmp_path / "first.csv"
    write_lines(path, 4 * LOAD_LINES)
    with private_folder() as home:
        cluster = Cluster(home, {**DURABLE, "shared_buffers": "128MB", "wal_writer_delay": "10s"})
        cluster.start()
        try:
            database = cluster.database("tierce")
            migrate(database)

            def take(on_progress: Callable[[Progress], None] = lambda _progress: None) -> Report:
                with database.connect("tierce_feed") as connection:
                    importer = make_importer(connection, key_directory, load_from=1)
                    importer.on_progress = on_progress
                    return importer.rights(path)

            def said() -> object:
                with database.connect(SUPERUSER) as admin:
                    return state(admin)

            with database.connect("tierce_feed") as connection:
                make_importer(connection, key_directory).insurers(country / "insurers.csv")
            assert take().counts.taken == 4 * LOAD_LINES
            cluster.stop(immediate=True)
            cluster.start()
            unbroken = said()
            with database.connect(SUPERUSER, autocommit=True) as admin:
                clear(admin)

            def crash(progress: Progress) -> None:
                if progress.lines_done == 3 * LOAD_LINES:
                    cluster.stop(immediate=True)

            with pytest.raises(psycopg.OperationalError):
                take(crash)
            cluster.start()
            with database.connect(SUPERUSER) as admin:
                row = admin.execute("select lines_done, (select count(*) from person.record) from registry.feed"
                                    " where kind = 'rights'").fetchone()  # fmt: skip
            assert row is not None
            assert row[0] == row[1] <= 3 * LOAD_LINES
            assert take().counts.taken == 4 * LOAD_LINES
            assert said() == unbroken
        finally:
            cluster.stop()


def helpers(key_directory: Path) -> list[str]:
    """Processes that multiprocessing started for this test's imports, and that nobody waits for."""
    mark = f"{MARK}={key_directory}".encode()
    found = []
    for one in Path("/proc").glob("[0-9]*"):
        try:
            if b"spawn_main" in (one / "cmdline").read_bytes() and mark in (one / "environ").read_bytes().split(
                b"\0"
            ):
                found.append(one.name)
        except OSError:
            continue
    return found
