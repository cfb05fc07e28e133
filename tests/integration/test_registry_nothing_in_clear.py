"""Nothing of a feed is ever in clear: not in tables, WAL, temporary files, the server's log, nor an error.

On a cluster of its own, since other tests write professionals' names, which are public, into theirs.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.folders import private_folder
from tests.integration.conftest import INSTANCES
from tests.integration.feeding import FIRST, PLAN, Importer, make_importer, rows_of
from tierce.lab.country.population import write_country
from tierce.storage.cluster import DURABLE, SUPERUSER, Cluster
from tierce.storage.database import Database
from tierce.storage.keys import create_keys
from tierce.storage.migrate import migrate

pytestmark = pytest.mark.integration


@dataclass
class Place:
    """A cluster that only this import has written to, and the country to import."""

    cluster: Cluster
    database: Database
    country: Path
    importer: Importer
    feed: psycopg.Connection
    admin: psycopg.Connection

    def holding(self, folder: Path) -> list[str]:
        """List the files under a folder that hold something personal of the feeds."""
        words = self.country / "needles"
        if not words.exists():
            needles = _needles(self.country)
            assert len(needles) > 2_000
            words.write_bytes(b"\n".join(needles) + b"\n")
        found = subprocess.run(
            ["grep", "-r", "-l", "-a", "-F", "-f", words, folder], capture_output=True, check=False
        )
        assert found.stderr == b"" or b"No such file" in found.stderr
        return found.stdout.decode().split()


@pytest.fixture
def place() -> Iterator[Place]:
    with private_folder() as home:
        cluster = Cluster(home / "cluster", {**DURABLE, "shared_buffers": "64MB"})
        cluster.start()
        database = cluster.database("tierce")
        migrate(database)
        create_keys(home / "keys", INSTANCES)
        write_country(PLAN, home / "country", lambda _made: None)
        with database.connect("tierce_feed") as feed, database.connect(SUPERUSER, autocommit=True) as admin:
            importer = make_importer(feed, home / "keys", chunk_lines=200)
            importer.insurers(home / "country" / "insurers.csv")
            yield Place(cluster, database, home / "country", importer, feed, admin)
        cluster.stop()


@pytest.mark.parametrize("way", ["merged", "loaded"])
def test_nothing_personal_is_in_clear_in_database_wal_or_temporary_files(
    place: Place, tmp_path: Path, way: str
) -> None:
    """A CSV file merged into a register with its indexes, and a Parquet file that fills an empty one without."""
    if way == "loaded":
        place.importer = make_importer(place.feed, place.country.parent / "keys", load_from=1)
    looks: list[int] = []

    def look(lines: int) -> None:
        if not looks:
            looks.append(lines)
            place.admin.execute("checkpoint")
            assert place.holding(place.cluster.data) == []

    place.importer.on_lines = look
    for path in sorted((place.country / "rights").glob("*.csv")):
        sent = as_parquet(path, tmp_path) if way == "loaded" else path
        assert place.importer.rights(sent, path.stem).counts.rejected == 0
    assert looks, "the data directory was not looked at during the import"
    place.admin.execute("checkpoint")
    assert place.holding(place.cluster.home) == []
    assert place.holding(place.cluster.data) == []
    dump = tmp_path / "dump"
    dump.mkdir()
    assert _dump(place.admin, dump) > 30
    assert place.holding(dump) == []


def as_parquet(path: Path, folder: Path) -> Path:
    written = folder / f"{path.stem}.parquet"
    pq.write_table(pa.Table.from_pylist(rows_of(path)), written)
    return written


def test_the_search_finds_what_is_there(place: Place) -> None:
    path = place.country / "rights" / f"{FIRST}.csv"
    name = max((row["family_name"] for row in rows_of(path)), key=len)
    place.admin.execute("create table registry.careless as select %s::text as name", (name,))
    place.admin.execute("checkpoint")
    assert len(place.holding(place.cluster.data)) >= 2, "neither the table nor the WAL was found"


def test_a_failing_import_says_nothing_personal(place: Place) -> None:
    place.admin.execute("alter table coverage.coverage add constraint refuses check (priority = 9)")
    with pytest.raises(psycopg.Error) as caught:
        place.importer.rights(place.country / "rights" / f"{FIRST}.csv")
    said = f"{caught.value!r} {caught.value} {caught.value.diag.message_detail} {caught.value.diag.context}"
    assert not any(needle.decode() in said for needle in _needles(place.country))
    assert place.holding(place.cluster.home / "postgres.log") == []
    row = place.admin.execute("select count(*) from person.record").fetchone()
    assert row == (0,)


def _needles(country: Path) -> list[bytes]:
    """What must be found nowhere: NIRs, birth dates in whole lines, family names and given names of the feed."""
    needles: set[str] = set()
    for path in (country / "rights").glob("*.csv"):
        for row in rows_of(path):
            needles |= {row[name] for name in ("right_holder_nir", "own_nir", "card_nir", "vitale_nir")}
            needles |= {row["right_holder_nir"][:13], row["family_name"], row["used_name"], row["birth_date"]}
            needles |= {name for name in row["given_names"].split() if len(name) >= 7}
            needles |= {row["member_number"] + row["contract_number"], row["contract_number"]}
    # Shorter ones also occur by chance in sealed bytes and in PostgreSQL's own catalogues.
    return sorted(one.encode() for one in needles if len(one) >= 7)


def _dump(admin: psycopg.Connection, folder: Path) -> int:
    """Dump every row of ours, as any reader of the database would get it; returns the number of tables."""
    tables = admin.execute(
        "select format('%I.%I', schemaname, tablename) from pg_tables"
        " where schemaname not in ('pg_catalog', 'information_schema')"
    ).fetchall()
    for (table,) in tables:
        # Binary: in hexadecimal, eight digits in a row occur by chance.
        copying = f"copy {table} to stdout (format binary)".encode()
        with (folder / table).open("wb") as file, admin.cursor() as cursor, cursor.copy(copying) as copy:
            for block in copy:
                file.write(block)
    return len(tables)
