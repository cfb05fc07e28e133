"""Files and decoys around a replacement of look-up keys: refused while it goes on, and the same people afterwards."""

import os
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from tests.integration.conftest import Connect
from tests.integration.feeding import FIRST, make_importer, rows_of, write_rows
from tests.integration.test_operation_keys import Stopped, stop_at
from tests.settings_file import settings_text
from tierce.cli import app
from tierce.kernel.clock import SystemClock
from tierce.settings import Settings, load
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.errors import LookupKeyError
from tierce.storage.keys import KEY_BYTES, LOOKUPS, Keyring, Purpose
from tierce.storage.lookup_keys import take
from tierce.upkeep.doctor import lookups
from tierce.upkeep.rotation.errors import RotationError
from tierce.upkeep.rotation.lookups import service
from tierce.upkeep.service import make_keys

pytestmark = pytest.mark.integration

PEOPLE = "select count(*), count(distinct person) from person.key"
MEMBERS = "select md5(string_agg(idx || ' ' || person, '|' order by idx)) from person.member"


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    make_keys(tmp_path / "keys")
    file = tmp_path / "tierce.toml"
    file.write_text(settings_text(database, tmp_path / "keys", operator="Rive Claire"))
    return load(file)


@pytest.fixture
def admin(connect: Connect) -> psycopg.Connection:
    return connect(SUPERUSER, autocommit=True)


def test_a_file_waits_for_the_end_and_then_tells_of_the_same_people(
    connect: Connect, admin: psycopg.Connection, settings: Settings, country: Path, tmp_path: Path
) -> None:
    keys, rights = settings.key_directory(), country / "rights" / f"{FIRST}.csv"
    first = make_importer(connect("tierce_feed"), keys, chunk_lines=50)
    first.insurers(country / "insurers.csv")
    before = first.intake.rights(rights, FIRST, first.listener()).counts
    told = admin.execute(PEOPLE).fetchone(), admin.execute(MEMBERS).fetchone()
    for purpose in LOOKUPS:
        for begun in (service.rotate_lookup, service.forget_lookup):
            with pytest.raises(Stopped):
                begun(settings, purpose, lambda _n: None, stop_at("chunk"), rows_at_once=100)
            late = make_importer(connect("tierce_feed"), keys)
            with pytest.raises(LookupKeyError, match=f"tierce keys forget-lookup {purpose}"):
                late.intake.rights(rights, FIRST, late.listener())
            late.intake.close()  # what it refused it holds no lock for
            begun(settings, purpose, lambda _n: None, rows_at_once=100)
    again = make_importer(connect("tierce_feed"), keys, chunk_lines=50)
    rows = rows_of(rights)
    rows[0]["given_names"] = rows[0]["given_names"].swapcase()  # another file: it is read line by line
    other = tmp_path / f"{FIRST}.csv"
    write_rows(other, rows)
    after = again.intake.rights(other, FIRST, again.listener()).counts
    assert after.rejected == before.rejected
    assert after.unchanged >= before.taken - 1
    assert (admin.execute(PEOPLE).fetchone(), admin.execute(MEMBERS).fetchone()) == told, "nobody twice"


def test_an_import_under_way_keeps_a_replacement_out(connect: Connect, settings: Settings, country: Path) -> None:
    first = make_importer(connect("tierce_feed"), settings.key_directory(), chunk_lines=50)
    first.insurers(country / "insurers.csv")
    said = []

    def meanwhile(_lines: int) -> None:
        with pytest.raises(RotationError, match="a file is being taken in"):
            service.rotate_lookup(settings, Purpose.INDEX, lambda _n: None)
        said.append(1)

    first.on_lines = meanwhile
    first.intake.rights(country / "rights" / f"{FIRST}.csv", FIRST, first.listener())
    assert said


def test_a_decoy_is_found_under_the_next_key_and_none_is_planted_meanwhile(
    admin: psycopg.Connection, settings: Settings, tmp_path: Path
) -> None:
    def plant(nir: str) -> tuple[int, str]:
        file = tmp_path / "decoys.csv"
        file.write_text(f"nir,birth_date,rank\n{nir},19800112,1\n")
        words = ["--vendor", "1", "--note", "x", "--settings", str(tmp_path / "tierce.toml")]
        done = CliRunner().invoke(app, ["decoys", "plant", str(file), *words])
        assert nir not in done.output
        return done.exit_code, done.output

    first, second = "180010397900159", "180010397900258"
    assert plant(first)[0] == 0
    with pytest.raises(Stopped):
        service.rotate_lookup(settings, Purpose.INDEX, lambda _n: None, stop_at("switch"))
    code, told = plant(second)
    assert code != 0
    assert "tierce keys forget-lookup index" in told
    service.rotate_lookup(settings, Purpose.INDEX, lambda _n: None)
    service.forget_lookup(settings, Purpose.INDEX, lambda _n: None)
    assert plant(first)[0] != 0, "she is there already, under the next key"
    assert plant(second)[0] == 0
    assert admin.execute("select count(*) from person.key").fetchone() == (2,)


@pytest.mark.parametrize("purpose", LOOKUPS)
def test_the_first_key_is_proved_where_it_first_serves_and_another_file_is_told_by_every_door(
    connect: Connect, settings: Settings, country: Path, purpose: Purpose
) -> None:
    keys, rights = settings.key_directory(), country / "rights" / f"{FIRST}.csv"
    first = make_importer(connect("tierce_feed"), keys)
    first.insurers(country / "insurers.csv")
    first.intake.rights(rights, FIRST, first.listener())
    first.intake.close()
    file, role = keys / f"{purpose}.key", "tierce_api" if purpose is Purpose.INDEX else "tierce_persons"
    own = file.read_bytes()
    take(connect(role), Keyring(keys, [purpose]), [purpose])
    file.write_bytes(os.urandom(KEY_BYTES))
    with pytest.raises(LookupKeyError, match="not this database's file"):
        take(connect(role), Keyring(keys, [purpose]), [purpose])
    late = make_importer(connect("tierce_feed"), keys)
    with pytest.raises(LookupKeyError, match="not this database's file"):
        late.intake.rights(rights, FIRST, late.listener())
    late.intake.close()
    with pytest.raises(LookupKeyError, match="not this database's file"):
        service.rotate_lookup(settings, purpose, lambda _n: None)
    found = lookups.keys(connect("tierce_upkeep"), settings, SystemClock())
    assert [(one.code, one.subject) for one in found] == [("lookup-key", f"{purpose}.key")]
    file.write_bytes(own)
    take(connect(role), Keyring(keys, [purpose]), [purpose])


@pytest.mark.parametrize("purpose", LOOKUPS)
def test_of_a_database_of_before_the_file_is_tried_on_some_of_its_people(
    connect: Connect, admin: psycopg.Connection, settings: Settings, country: Path, purpose: Purpose
) -> None:
    keys, rights = settings.key_directory(), country / "rights" / f"{FIRST}.csv"
    first = make_importer(connect("tierce_feed"), keys)
    first.insurers(country / "insurers.csv")
    first.intake.rights(rights, FIRST, first.listener())
    first.intake.close()
    admin.execute("update gate.lookup set proof = null")
    file = keys / f"{purpose}.key"
    own = file.read_bytes()
    file.write_bytes(os.urandom(KEY_BYTES))
    late = make_importer(connect("tierce_feed"), keys)
    with pytest.raises(LookupKeyError, match="not this database's file"):
        late.intake.rights(rights, FIRST, late.listener())
    late.intake.close()
    people = admin.execute(PEOPLE).fetchone()
    with pytest.raises(LookupKeyError, match="not this database's file"):
        service.rotate_lookup(settings, purpose, lambda _n: None)
    assert len(file.read_bytes()) == KEY_BYTES, "no layer is put over it"
    assert admin.execute(PEOPLE).fetchone() == people
    file.write_bytes(own)
    service.rotate_lookup(settings, purpose, lambda _n: None)
    service.forget_lookup(settings, purpose, lambda _n: None)


def test_over_an_empty_register_the_file_of_the_first_import_that_adds_anybody_is_the_one(
    connect: Connect, settings: Settings, country: Path
) -> None:
    keys, rights = settings.key_directory(), country / "rights" / f"{FIRST}.csv"
    first = make_importer(connect("tierce_feed"), keys)
    first.insurers(country / "insurers.csv")
    first.intake.rights(rights, FIRST, first.listener(), dry_run=True)
    first.intake.close()
    (keys / "index.key").write_bytes(os.urandom(KEY_BYTES))
    again = make_importer(connect("tierce_feed"), keys)
    assert again.intake.rights(rights, FIRST, again.listener()).counts.taken > 0
    again.intake.close()
    take(connect("tierce_api"), Keyring(keys, [Purpose.INDEX]), [Purpose.INDEX])
