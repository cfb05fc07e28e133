"""A register first loaded by many files at once says what it would say, had they come one after another."""

import shutil
import signal
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.integration.conftest import Connect
from tests.integration.feeding import PLAN, Importer, make_importer, rows_of, state, write_rows
from tests.integration.killed_import import run_import
from tierce.feeds.intake import Report
from tierce.lab.country.population import write_country
from tierce.registry.errors import FeedRefusedError
from tierce.registry.service import Listener
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database

pytestmark = pytest.mark.integration

SPOILED = 3
"""Lines of each file that are refused."""


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four insurers' files, some people in two of them, some lines spoiled, some said twice."""
    out = tmp_path_factory.mktemp("country") / "made"
    write_country(PLAN, out, lambda _made: None)
    for path in sorted((out / "rights").iterdir()):
        rows = rows_of(path)
        for row in rows[5 : 5 + SPOILED]:
            row["covered_from"] = "2026-13-01"
        write_rows(path, [*rows, *rows[20:24]])
    return out


@pytest.fixture
def files(country: Path) -> list[Path]:
    return sorted((country / "rights").iterdir())


@pytest.fixture
def importer(connect: Connect, key_directory: Path, country: Path) -> Importer:
    importer = make_importer(connect("tierce_feed"), key_directory, chunk_lines=60, load_from=400)
    importer.insurers(country / "insurers.csv")
    return importer


@pytest.fixture
def admin(connect: Connect) -> psycopg.Connection:
    return connect(SUPERUSER, autocommit=True)


def clear(admin: psycopg.Connection) -> None:
    admin.execute(
        "truncate person.key, person.member, person.trait, person.record, person.family, person.former_key,"
        " coverage.coverage, registry.feed cascade"
    )


def one_after_another(
    importer: Importer, files: list[Path], admin: psycopg.Connection
) -> tuple[object, list[tuple[int, int]]]:
    """What the register says when the files come one by one, lines taken and refused; it is emptied again."""
    counts = [importer.rights(path, path.stem).counts for path in files]
    said = state(admin)
    clear(admin)
    return said, [(one.taken, one.rejected) for one in counts]


def indexes(admin: psycopg.Connection) -> object:
    return admin.execute(
        "select count(*), (select count(*) from registry.set_aside) from pg_index i where indisvalid and"
        " indrelid in (select t::regclass from unnest(registry.register_tables()) t)"
    ).fetchone()


def test_files_loaded_together_say_what_they_say_one_after_another(
    importer: Importer, files: list[Path], admin: psycopg.Connection
) -> None:
    before = indexes(admin)
    unbroken, counts = one_after_another(importer, files, admin)
    assert sum(rejected for _taken, rejected in counts) >= SPOILED * len(files)
    told: list[tuple[Path, str]] = []

    def listener_of(path: Path) -> Listener:
        return Listener(
            lambda _rejection: None, lambda _lines: None, lambda _progress: told.append((path, "lines")),
            lambda _read, _total: told.append((path, "digest")),
        )  # fmt: skip

    ended = {path.name: found for path, found in importer.intake.first_load(files, listener_of)}
    steps = [told.index((path, step)) for path in files for step in ("digest", "lines")]
    assert steps == sorted(steps), "no file waits for the digests of those behind it"
    assert state(admin) == unbroken
    assert indexes(admin) == before
    assert list(ended) == [path.name for path in files]
    reports = [found for found in ended.values() if isinstance(found, Report)]
    assert [(one.counts.taken, one.counts.rejected) for one in reports] == counts
    shared = admin.execute(
        "select count(*) from (select person from coverage.coverage group by person"
        " having count(distinct insurer) > 1) p"
    ).fetchone()
    assert shared is not None
    assert shared[0] > 20, "people whom two insurers cover"
    feeds = admin.execute("select state, phase, resumed from registry.feed where kind = 'rights'").fetchall()
    assert feeds == [("done", "done", 0)] * len(files)


def test_killed_at_each_step_it_goes_on_where_each_file_stood(
    database: Database,
    key_directory: Path,
    importer: Importer,
    files: list[Path],
    admin: psycopg.Connection,
    tmp_path: Path,
) -> None:
    unbroken, _counts = one_after_another(importer, files, admin)
    folder, said = files[0].parent, tmp_path / "said"
    kills, steps, last = 0, 0, ""
    while True:
        code, lines = run_import(database, key_directory, folder, said, steps, whole=False, load_from=400)
        if code == 0:
            break
        assert code == -signal.SIGKILL
        assert lines[-1] != last, "each kill comes some steps further"
        last = lines[-1]
        kills += 1
        steps = len(files) + 3  # each file says where it stands, then it goes on
    assert kills > 6
    assert state(admin) == unbroken
    assert admin.execute("select count(*) from registry.feed_later").fetchone() == (0,)
    assert admin.execute("select count(*) from registry.set_aside").fetchone() == (0,)


def test_a_file_that_was_ended_is_left_and_another_is_merged(
    importer: Importer, files: list[Path], admin: psycopg.Connection
) -> None:
    unbroken, _counts = one_after_another(importer, files, admin)
    importer.first_load(files[:2])
    ended = importer.first_load(files)
    assert [ended[path.name] for path in files[:2]] == [None, None]
    assert all(isinstance(ended[path.name], Report) for path in files[2:])
    assert state(admin) == unbroken


def test_a_file_of_which_every_line_was_refused_is_taken_when_it_comes_again(
    importer: Importer, files: list[Path], admin: psycopg.Connection
) -> None:
    """What their lines name came late, or the mode was another: the same files come again, and nobody is left out."""
    admin.execute("update registry.product set code = 'LATE-' || code")
    ended = importer.first_load(files)
    assert all(isinstance(one, Report) and one.counts.taken == 0 for one in ended.values())
    admin.execute("update registry.product set code = substr(code, 6)")
    ended = importer.first_load(files)
    assert all(isinstance(one, Report) and one.counts.taken for one in ended.values())


def test_nothing_is_begun_when_one_file_cannot_be(
    importer: Importer, files: list[Path], admin: psycopg.Connection, tmp_path: Path
) -> None:
    stranger = tmp_path / "99999999.csv"
    shutil.copy(files[0], stranger)
    named_wrongly = tmp_path / files[1].name
    shutil.copy(files[0], named_wrongly)
    for wrong in (stranger, named_wrongly):
        with pytest.raises(FeedRefusedError, match=wrong.name):
            importer.first_load([files[0], wrong])
        assert admin.execute("select count(*) from registry.feed where kind = 'rights'").fetchone() == (0,)


def test_a_file_that_breaks_half_way_leaves_the_others_alone(
    importer: Importer, files: list[Path], admin: psycopg.Connection, tmp_path: Path
) -> None:
    broken = tmp_path / f"{files[1].stem}.parquet"
    pq.write_table(pa.Table.from_pylist(rows_of(files[1])), broken, row_group_size=100)
    raw = broken.read_bytes()
    middle = len(raw) // 2
    broken.write_bytes(raw[:middle] + bytes(3_000) + raw[middle + 3_000 :])
    ended = importer.first_load([files[0], broken, *files[2:]])
    assert isinstance(ended[broken.name], FeedRefusedError)
    assert sum(isinstance(found, Report) for found in ended.values()) == len(files) - 1
    assert admin.execute("select state from registry.feed where kind = 'rights' order by started").fetchall() == [
        ("done",), ("refused",), ("done",), ("done",),
    ]  # fmt: skip
    # Sent again, it is merged; whoever came since keeps what she has.
    assert isinstance(importer.first_load(files)[files[1].name], Report)
    found = state(admin)
    clear(admin)
    assert one_after_another(importer, [files[0], *files[2:], files[1]], admin)[0] == found
