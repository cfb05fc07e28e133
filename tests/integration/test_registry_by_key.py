"""What a chunk of a file costs does not grow with the register: whatever it names is found by key.

The database counts the rows and index entries that it read. The tables are not analysed meanwhile, or were while one
insurer was alone in them, as in another's first days: the planner knows nobody of that insurer, and what is right for
nobody reads everybody.
"""

from datetime import date
from pathlib import Path

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.feeding import Importer, make_importer
from tierce.kernel.clock import day_of
from tierce.kernel.ids import InsurerId
from tierce.lab.bench.imports import SECOND, write_lines
from tierce.lab.country.insurers import make_insurers
from tierce.lab.country.population import write_insurers
from tierce.registry.progress.store import FeedBook
from tierce.registry.service import CHUNK_LINES
from tierce.storage.cluster import SUPERUSER

pytestmark = pytest.mark.integration

LOADED, LINES, CHUNK = 3_000, 6_000, 500
COUNTRY, SMALL = 20_000, 500
TABLES = ("person.key", "person.member", "person.trait", "coverage.coverage")
READ_A_LINE, FETCHED_A_LINE = 12, 10
"""Rows and index entries of these tables read for one line at most, and rows that an index led to: keys, number,
trait, period, and what counts at the end. Read again for each chunk, they were dozens, more as the register grows."""
PAGES_A_PERSON = 10
"""Pages of periods and their indexes read to count one person whose cover ended: 5 are. All of the insurer's were."""

ABSENT_PAGES = LINES // 6
"""Pages read to give all of an insurer's people in thirty lots: the table's 500, once. Each lot read most of them."""


@pytest.fixture
def admin(connect: Connect) -> psycopg.Connection:
    found = connect(SUPERUSER, autocommit=True)
    for table in TABLES:
        found.execute(f"alter table {table} set (autovacuum_enabled = false)".encode())
    return found


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A file of the first insurer, one of the second, and the second's of the day after: the same people."""
    made = (tmp_path / "first.csv", tmp_path / "second.csv", tmp_path / "again.csv")
    write_lines(made[0], LOADED)
    write_lines(made[1], LINES, amc=SECOND, first_block=1)
    write_lines(made[2], LINES, amc=SECOND, first_block=1, day="2026-11-24")
    return made


def read_so_far(feed: psycopg.Connection, admin: psycopg.Connection) -> tuple[int, int]:
    """Rows and index entries read of the tables since the database was made, and rows that an index led to."""
    feed.execute("select pg_stat_force_next_flush()")
    feed.commit()
    row = admin.execute(
        "select sum(t.seq_tup_read) + sum(i.entries), sum(t.idx_tup_fetch)"
        " from pg_stat_user_tables t cross join lateral"
        " (select sum(x.idx_tup_read) as entries from pg_stat_user_indexes x where x.relid = t.relid) i"
        " where t.relid = any(%s::regclass[])",
        (list(TABLES),),
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def beside_the_first(
    feed: psycopg.Connection, keys: Path, first: Path, *, chunk_lines: int = CHUNK_LINES
) -> Importer:
    """An intake of two insurers, the first of which has sent its file."""
    importer = make_importer(feed, keys, chunk_lines=chunk_lines)
    listed = first.with_name("insurers.csv")
    write_insurers(listed, make_insurers(2))
    importer.insurers(listed)
    importer.rights(first)
    return importer


@pytest.mark.parametrize("analysed", [False, True])
def test_a_second_insurer_and_its_second_file_read_a_few_rows_a_line(
    connect: Connect,
    admin: psycopg.Connection,
    key_directory: Path,
    files: tuple[Path, Path, Path],
    *,
    analysed: bool,
) -> None:
    feed = connect("tierce_feed")
    importer = beside_the_first(feed, key_directory, files[0], chunk_lines=CHUNK)
    if analysed:
        admin.execute(f"analyze {', '.join(TABLES)}".encode())
    for path, part in ((files[1], "taken"), (files[2], "unchanged")):
        before = read_so_far(feed, admin)
        counts = importer.rights(path, SECOND).counts
        lines = getattr(counts, part)
        assert lines >= LINES
        read, fetched = ((now - then) / lines for now, then in zip(read_so_far(feed, admin), before, strict=True))
        assert read < READ_A_LINE, f"{path.name}: {read:.0f} rows and index entries read for each line"
        assert fetched < FETCHED_A_LINE, f"{path.name}: {fetched:.0f} rows fetched for each line"


def test_counting_whose_cover_ended_asks_for_each_by_key(
    connect: Connect, admin: psycopg.Connection, key_directory: Path, files: tuple[Path, Path, Path]
) -> None:
    feed = connect("tierce_feed")
    importer = beside_the_first(feed, key_directory, files[0])
    admin.execute("analyze coverage.coverage")
    write_lines(files[1], LINES, amc=SECOND, first_block=1, day="2026-01-15")
    files[1].write_text(files[1].read_text().replace(",2026-12-31,", ",2026-01-31,"))
    importer.rights(files[1], SECOND)
    ended = admin.execute("select ended from registry.people_count order by insurer desc limit 1").fetchone()
    assert ended == (LINES,)
    before = pages_so_far(feed, admin)
    feed.execute("select registry.count_people(2::smallint)")
    feed.commit()
    pages = (pages_so_far(feed, admin) - before) / LINES
    assert pages < PAGES_A_PERSON, f"{pages:.0f} pages read for each person"


def test_whoever_is_absent_is_looked_for_once_and_not_for_each_lot(
    connect: Connect, admin: psycopg.Connection, key_directory: Path, files: tuple[Path, Path, Path]
) -> None:
    feed = connect("tierce_feed")
    importer = beside_the_first(feed, key_directory, files[0])
    admin.execute("analyze coverage.coverage")
    importer.rights(files[1], SECOND)
    before = pages_so_far(feed, admin)
    lots = []
    for periods in FeedBook(feed).absent(InsurerId(2), day_of(date(2026, 11, 24)), 0, LINES // 30):
        lots.append([person for person, _since, _until, _sealed in periods])
        feed.commit()
    found = [person for lot in lots for person in lot]
    assert len(set(found)) == LINES
    assert found == sorted(found)
    assert len(lots) >= 30
    pages = pages_so_far(feed, admin) - before
    assert pages < ABSENT_PAGES, f"{pages} pages read"
    book, few = FeedBook(feed), LINES // 100
    assert book.count_covered(InsurerId(2), day_of(date(2026, 11, 24))) == LINES
    before = pages_so_far(feed, admin)
    assert book.count_covered(InsurerId(2), day_of(date(2026, 11, 24)), few) == few
    pages = pages_so_far(feed, admin) - before
    assert pages < ABSENT_PAGES // 4, f"{pages} pages read to see that some are enough"


def pages_so_far(feed: psycopg.Connection, admin: psycopg.Connection) -> int:
    """Pages of periods and their indexes read since the database was made."""
    feed.execute("select pg_stat_force_next_flush()")
    feed.commit()
    row = admin.execute(
        "select heap_blks_read + heap_blks_hit + idx_blks_read + idx_blks_hit"
        " from pg_statio_user_tables where relid = 'coverage.coverage'::regclass"
    ).fetchone()
    assert row is not None
    return int(row[0])


def test_counts_after_a_file_read_where_its_insurer_lies_and_not_the_country(
    connect: Connect, admin: psycopg.Connection, key_directory: Path, tmp_path: Path
) -> None:
    feed = connect("tierce_feed")
    importer = make_importer(feed, key_directory)
    write_insurers(tmp_path / "insurers.csv", make_insurers(2))
    importer.insurers(tmp_path / "insurers.csv")
    country, small = tmp_path / "country.csv", tmp_path / "small.csv"
    write_lines(country, COUNTRY)
    write_lines(small, SMALL, amc=SECOND, first_block=1)
    importer.rights(country)
    importer.rights(small, SECOND)
    admin.execute("vacuum analyze coverage.coverage")
    write_lines(small, SMALL, amc=SECOND, first_block=1, day="2026-11-24")
    before = read_in_order(feed, admin)
    importer.rights(small, SECOND, whole=True)
    assert read_in_order(feed, admin) == before, "the whole table was read"
    counted = admin.execute("select covered + ended + future from registry.people_count order by insurer").fetchall()
    held = admin.execute("select count(distinct person) from coverage.coverage group by insurer order by insurer")
    assert counted == held.fetchall()


def read_in_order(feed: psycopg.Connection, admin: psycopg.Connection) -> int:
    """Periods read by going through the table, since the database was made."""
    feed.execute("select pg_stat_force_next_flush()")
    feed.commit()
    row = admin.execute(
        "select seq_tup_read from pg_stat_user_tables where relid = 'coverage.coverage'::regclass"
    ).fetchone()
    assert row is not None
    return int(row[0])
