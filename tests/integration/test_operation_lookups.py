"""Look-up keys replaced while people are looked for, killed at every step: everybody is found, by every door."""

import asyncio
import os
import signal
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import CheckViolation

from tests.integration.desk import BIRTH, PAUL, counter, fill
from tests.integration.lookup_house import INDEX, TRAIT, TRAITS, House, Process, finds, linked
from tests.integration.remote_world import declare
from tests.integration.stolen_credential import Thief
from tests.integration.test_operation_keys import Stopped
from tests.integration.world import World, make_world
from tests.settings_file import settings_text
from tests.waiting import eventually
from tierce.deposits.model import Typed
from tierce.deposits.store import Pairs
from tierce.kernel.care import Domain
from tierce.kernel.clock import FixedClock, SystemClock
from tierce.kernel.nir import BirthDate, Nir, Rank, normalise
from tierce.registry.store import IMPORT_LOCK
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.errors import KeyMissingError, LookupKeyError
from tierce.storage.keys import EVERY_KEY, GENERATIONS_MAX, KEY_BYTES, KeyedHash, Keyring, Purpose
from tierce.storage.lookup_keys import Progress, mark, proof_of, take_to_write
from tierce.storage.roles import ROLES
from tierce.upkeep.doctor import files, lookups
from tierce.upkeep.doctor.model import Grade
from tierce.upkeep.rotation.errors import RotationError
from tierce.upkeep.rotation.lookups import service, store
from tierce.upkeep.service import make_keys
from tierce.web.names import KEYS


@pytest.fixture
def house(database: Database, tmp_path: Path) -> Iterator[House]:
    keys, secrets = tmp_path / "keys", tmp_path / "secrets"
    make_keys(keys)
    secrets.mkdir()
    for role in (*ROLES, SUPERUSER):
        (secrets / f"{role}.password").write_text((database.secrets / f"{role}.password").read_text())
    file, own = tmp_path / "tierce.toml", Database(database.host, database.port, database.name, secrets)
    file.write_text(settings_text(own, keys, operator="Rive Claire"))
    world, keyring = make_world(database, people=10), Keyring(keys, EVERY_KEY)
    fill(world, keyring)
    with database.connect(SUPERUSER, autocommit=True) as admin:
        for person in (1, 2):  # twins share their traits
            admin.execute("insert into person.trait values (%s, %s)", (keyring.hash(TRAIT).uuid(TRAITS), person))
        admin.execute(
            "insert into person.trait (idx, person, contested) values (%s, 3, true)",
            (keyring.hash(TRAIT).uuid(b"somebody else"),),
        )
        yield House(file, keys, own, world, admin)


@pytest.mark.parametrize("step", ["key", "begin", "chunk", "switch", "commit"])
def test_everybody_is_found_before_during_and_after_wherever_it_stops(house: House, step: str) -> None:
    before, people, first = house.api(), house.indexes(), (house.keys / "index.key").read_bytes()
    with pytest.raises(Stopped):
        house.rotate(step=step)
    assert finds(house, before), "a process that was there before the stop"
    assert finds(house, house.api()), "one that is started in the middle"
    assert house.rotate() == 2
    assert (house.keys / "index.key").read_bytes()[:KEY_BYTES] == first, "the first key stays"
    assert len((house.keys / "index.key").read_bytes()) == 2 * KEY_BYTES
    after = house.api()
    assert finds(house, before)
    assert finds(house, after)
    house.forget()
    layer = KeyedHash((house.keys / "index.key").read_bytes()[KEY_BYTES:])
    assert house.indexes() == {(layer.uuid(idx.bytes), person) for idx, person in people}
    assert finds(house, after)


def test_a_deposit_is_of_the_same_pair_as_an_answer_whatever_layer_people_are_looked_up_by(house: House) -> None:
    """The numbers by which a deposit and an answer are compared (docs/adr/0119) are under no layer of 0120."""
    nir, birth, day = Nir.parse(PAUL), BirthDate.parse(BIRTH), date(2026, 1, 1)
    who = Typed(nir, birth, Rank.parse(1), "99100001", "M1", day, Domain.MEDG, day, 1, None)
    workers = [Pairs(Keyring(house.keys, KEYS["worker"]))]
    for change in (None, house.rotate, house.forget):
        if change is not None:
            change()
        assert finds(house, house.api())
        workers.append(Pairs(Keyring(house.keys, KEYS["worker"])))
        given = house.admin.execute("select establishment, pair from care.engagement where person = 1").fetchall()
        assert given
        for place, pair in given:
            assert {worker.of(place, who, None)[0] for worker in workers} == {pair}, "started before, during or after"


@pytest.mark.parametrize("step", ["clear", "chunk", "end"])
def test_the_index_before_goes_and_who_still_looks_by_it_is_refused(house: House, step: str) -> None:
    before, count = house.api(), len(house.indexes())
    house.rotate()
    after = house.api()
    with pytest.raises(Stopped):
        house.forget(step=step)
    assert finds(house, after)
    house.forget()
    assert len(house.indexes()) == count
    assert finds(house, after)
    assert finds(house, house.api())
    who = normalise(Nir.parse(PAUL), BirthDate.parse(BIRTH), Rank.parse(1))
    assert house.admin.execute(
        "select from person.key where idx = %s", (before.keyring.index(INDEX, who),)
    ).fetchone() is None  # fmt: skip

    async def asks() -> int:
        world = World(before.database, house.world.key, house.world.instance, [], [])
        async with counter(world, before.keyring) as desk:
            return (await desk.ask(PAUL)).status_code

    assert asyncio.run(asks()) >= 500, "never an answer that looks like nobody"
    with pytest.raises(RotationError, match="nothing to forget"):
        house.forget()


@pytest.mark.parametrize("step", ["begin", "chunk", "commit"])
def test_it_goes_on_after_the_machine_was_cut_off(house: House, step: str) -> None:
    """As a power cut does: no handler runs, and the server alone learns that the connection is gone."""
    people = house.indexes()
    at_second = {"chunk": 2}.get(step, 1)
    child = os.fork()
    if child == 0:
        seen = 0

        def at(name: str) -> None:
            nonlocal seen
            seen += name == step
            if seen == at_second:
                os.kill(os.getpid(), signal.SIGKILL)

        service.rotate_lookup(house.settings, INDEX, lambda _n: None, at, rows_at_once=7)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    assert finds(house, house.api())

    def goes_on() -> bool:
        try:
            return house.rotate() == 2
        except RotationError:
            return False

    eventually(goes_on, "the lock of the one that is dead")
    house.forget()
    assert len(house.indexes()) == len(people)
    assert finds(house, house.api())


@pytest.mark.parametrize("step", ["key", "begin", "chunk", "switch", "commit"])
def test_a_person_signs_in_before_during_and_after(house: House, step: str) -> None:
    before = house.persons()
    with pytest.raises(Stopped):
        house.rotate(TRAIT, step)
    assert linked(before) == linked(house.persons()) == [1, 2]
    house.rotate(TRAIT)
    after = house.persons()
    assert linked(before) == linked(after) == [1, 2]
    house.forget(TRAIT)
    assert linked(after) == [1, 2], "homonyms stay so, and are refused as before"
    with pytest.raises(CheckViolation, match="start it again"):
        linked(before)
    assert house.admin.execute("select person from person.trait where contested").fetchall() == [(3,)]


def test_keys_are_put_one_over_the_other_year_after_year(house: House) -> None:
    for number in (2, 3, 4):
        assert f"{number} clés" in house.run("keys", "lookup", "index")
        house.run("keys", "forget-lookup", "index")
    assert len((house.keys / "index.key").read_bytes()) == 4 * KEY_BYTES
    assert (house.keys / "index.key").stat().st_mode & 0o777 == 0o600
    assert finds(house, house.api())
    told = house.admin.execute("select count(*) from journal.entry where get_byte(body, 1) = 76").fetchone()
    assert told is not None


def test_one_replacement_ends_before_the_next(house: House) -> None:
    house.rotate()
    with pytest.raises(RotationError, match="forget-lookup index"):
        house.rotate()
    with pytest.raises(Stopped):
        house.forget(step="end")
    with pytest.raises(RotationError, match="forget-lookup index"):
        house.rotate()
    house.forget()
    assert house.rotate() == 3


def test_nobody_is_added_while_it_goes_on(house: House) -> None:
    keyring = Keyring(house.keys, EVERY_KEY)
    with house.database.connect("tierce_feed") as feed:
        take_to_write(feed, keyring, [INDEX, TRAIT])
    for begun in (house.rotate, house.forget):
        with pytest.raises(Stopped):
            begun(step="chunk")
        with (
            house.database.connect("tierce_feed") as feed,
            pytest.raises(LookupKeyError, match="tierce keys forget-lookup index"),
        ):
            take_to_write(feed, Keyring(house.keys, EVERY_KEY), [INDEX, TRAIT])
        begun()
    fresh = Keyring(house.keys, EVERY_KEY)
    with house.database.connect("tierce_feed") as feed:
        take_to_write(feed, fresh, [INDEX, TRAIT])
        feed.execute("insert into person.key (idx, person) values (%s, 77)", (fresh.index(INDEX, b"new"),))
    house.rotate()
    house.forget()
    found = {idx for idx, person in house.indexes() if person == 77}
    assert found == {Keyring(house.keys, EVERY_KEY).index(INDEX, b"new")}, "a row of a feed takes the next layer too"


def test_it_waits_for_no_file_and_says_so(house: House) -> None:
    with house.database.connect("tierce_feed") as feed:
        feed.execute("select pg_advisory_lock(%s)", (IMPORT_LOCK,))
        with pytest.raises(RotationError, match="a file is being taken in"):
            house.rotate()
    assert house.step(INDEX) is Progress.NONE


def test_a_person_is_removed_meanwhile_and_leaves_no_copy(house: House) -> None:
    """Removal waits for the lot that copies her row, and then sees the copy."""

    def removes(name: str) -> None:
        if name == "switch":
            house.admin.execute("select upkeep.forget_people(array[1::bigint, 5], array[1::smallint, 1::smallint])")

    service.rotate_lookup(house.settings, INDEX, lambda _n: None, removes, rows_at_once=7)
    house.forget()
    assert {person for _idx, person in house.indexes()} & {1, 5} == set()
    with house.database.connect("tierce_feed") as feed, house.database.connect(SUPERUSER, autocommit=True) as other:
        store.keep_removal_out(feed)
        other.execute("set lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute("select upkeep.forget_people(array[2::bigint], array[1::smallint])")


def _mint(house: House, process: Process, named: bytes, person: int, *, fresh: bool) -> None:
    """Give a number to whoever an insurer is asked about, with a batch that is given up."""
    sql = b"select gate.mint(array[%s], array[2::smallint], array[%s::bigint], array[%s], array[%s::bytea])"
    with psycopg.connect(process.database.dsn("tierce_api")) as api:
        Thief(house.world, api).draw()
        api.execute(sql, (process.keyring.index(INDEX, named), person, fresh, bytes(80)))


def test_who_an_insurer_was_asked_about_keeps_her_number(house: House) -> None:
    declare(house.world, Keyring(house.keys, EVERY_KEY), "https://remote.example", bytes(32))
    before = house.api()
    _mint(house, before, b"a card", 900, fresh=True)
    house.admin.execute(
        "insert into person.former_key (idx, person, insurer, effective_day, feed) values (%s, 1, 1, 0, 1)",
        (before.keyring.index(INDEX, b"a mistake"),),
    )

    def meanwhile(name: str) -> None:
        """All that is there was replaced before anybody has to wait, and one more is given a number."""
        if name == "switch":
            left = house.admin.execute("select person from person.asked for update skip locked").fetchall()
            assert left == [], "replaced while others are still given numbers"
            _mint(house, before, b"another card", 902, fresh=True)

    service.rotate_lookup(house.settings, INDEX, lambda _n: None, meanwhile, rows_at_once=7)
    after = house.api()
    cards = {(after.keyring.index(INDEX, b"a card"), 900), (after.keyring.index(INDEX, b"another card"), 902)}
    assert house.indexes("person.asked") == cards
    assert house.indexes("person.former_key") == {(after.keyring.index(INDEX, b"a mistake"), 1)}
    with pytest.raises(CheckViolation, match="start it again"):
        _mint(house, before, b"a card", 901, fresh=True)
    _mint(house, after, b"a card", 900, fresh=False)


def test_a_machine_with_the_file_of_before_or_of_another_is_refused(house: House) -> None:
    file = house.keys / "index.key"
    old = file.read_bytes()
    house.rotate()
    new = file.read_bytes()
    file.write_bytes(old)
    with pytest.raises(KeyMissingError, match="today's file"):
        house.api()
    file.write_bytes(old + os.urandom(KEY_BYTES))
    with pytest.raises(LookupKeyError, match="not this database's file"):
        house.api()
    file.write_bytes(new)
    assert finds(house, house.api())


def test_the_doctor_says_how_a_replacement_goes_on_and_whose_the_file_is(house: House) -> None:
    def told(days: int = 2) -> list[tuple[str, str, str]]:
        clock = FixedClock(SystemClock().now() + timedelta(days=days))
        with house.database.connect("tierce_upkeep") as connection:
            found = lookups.keys(connection, house.settings, clock)
        return [(one.code, one.subject, "" if one.remedy is None else one.remedy.en) for one in found]

    assert [one[0] for one in told()] == ["lookup-keys"]
    with pytest.raises(Stopped):
        house.rotate(step="chunk")
    assert told() == [("lookup-unfinished", "index.key", "`tierce keys lookup index`")]
    assert [one[0] for one in told(0)] == ["lookup-keys"], "it is under way"
    house.rotate()
    assert told()[0][2] == "once every api was started again, `tierce keys forget-lookup index`"
    house.forget()
    assert [one[0] for one in told()] == ["lookup-keys"]
    assert [one for one in files.keys(house.settings) if one.grade is Grade.BAD] == [], "two keys are a whole file"
    (house.keys / "index.key").write_bytes((house.keys / "index.key").read_bytes()[:KEY_BYTES])
    assert [(one[0], one[1]) for one in told()] == [("lookup-key", "index.key")]


def test_a_replacement_begun_goes_on_with_its_own_key_alone(house: House) -> None:
    file = house.keys / "index.key"
    old = file.read_bytes()
    with pytest.raises(Stopped):
        house.rotate(step="chunk")
    new = file.read_bytes()
    file.write_bytes(old)
    with pytest.raises(RotationError, match="bring today's file back"):
        house.rotate()
    file.write_bytes(old + os.urandom(KEY_BYTES))
    with pytest.raises(LookupKeyError, match="not this database's file"):
        house.rotate()
    file.write_bytes(new)
    assert house.rotate() == 2


@pytest.mark.parametrize(("purpose", "table"), [(INDEX, "person.key"), (TRAIT, "person.trait")])
def test_a_replacement_whose_key_is_lost_is_given_up(house: House, purpose: Purpose, table: str) -> None:
    house.rotate(purpose)
    house.forget(purpose)
    file, rows = house.keys / f"{purpose}.key", house.indexes(table)
    old = file.read_bytes()
    with pytest.raises(Stopped):
        house.rotate(purpose, step="switch")
    file.write_bytes(old[:KEY_BYTES] + os.urandom(KEY_BYTES))
    with pytest.raises(LookupKeyError, match="not this database's file"):
        house.started("tierce_persons" if purpose is TRAIT else "tierce_api", purpose)
    with pytest.raises(LookupKeyError, match="not this database's file"):
        house.forget(purpose)
    file.write_bytes(old)
    assert house.forget(purpose) == len(rows)
    assert (house.indexes(table), house.step(purpose)) == (rows, Progress.NONE)
    with house.database.connect("tierce_feed") as connection:
        proved = mark(connection, purpose)
    assert (proved.proof, proved.before) == (proof_of(Keyring(house.keys, [purpose]), purpose), None)
    assert house.rotate(purpose) == 3


def test_the_command_says_that_a_key_which_lay_in_the_file_was_used(house: House) -> None:
    said = "The key that lay in the file already was used"
    with pytest.raises(Stopped):
        house.rotate(step="begin")
    assert said in house.run("keys", "lookup", "index"), "made, and the machine stopped before the database knew"
    house.forget()
    assert said not in house.run("keys", "lookup", "index")
    assert len((house.keys / "index.key").read_bytes()) == 3 * KEY_BYTES


def test_no_more_keys_than_a_file_may_hold(house: House) -> None:
    file = house.keys / "index.key"
    full = file.read_bytes() + os.urandom((GENERATIONS_MAX - 1) * KEY_BYTES)
    file.write_bytes(full)
    house.admin.execute(
        "update gate.lookup set generation = %s, oldest = %s where purpose = 'index'", [GENERATIONS_MAX] * 2
    )
    before = house.indexes()
    with pytest.raises(RotationError, match=f"has {GENERATIONS_MAX} keys already"):
        house.rotate()
    assert (file.read_bytes(), house.indexes(), house.step(INDEX)) == (full, before, Progress.NONE), (
        "nothing is written"
    )


def test_no_layer_is_put_over_the_chain_of_another_file(house: House) -> None:
    """Two machines that each made a second key: whose key the database never heard of begins nothing."""
    file = house.keys / "index.key"
    house.rotate()
    house.forget()
    new = file.read_bytes()
    other = new[:KEY_BYTES] + os.urandom(KEY_BYTES)
    file.write_bytes(other)
    with pytest.raises(LookupKeyError, match="not this database's file"):
        house.rotate()
    assert (file.read_bytes(), house.step(INDEX)) == (other, Progress.NONE), "nothing was begun"
    file.write_bytes(new)
    assert house.rotate() == 3
    last, both = file.read_bytes(), house.indexes()
    file.write_bytes(new)
    with pytest.raises(KeyMissingError, match="today's file"):
        house.forget()
    assert (house.indexes(), house.step(INDEX)) == (both, Progress.BOTH), "nothing goes while no file finds the rest"
    file.write_bytes(last)
    house.forget()
    assert finds(house, house.api())


def test_todays_file_serves_a_backup_of_before(house: House) -> None:
    """The file holds every key so far: a database that is brought back is under as many as it says."""
    indexes = house.indexes()
    house.rotate()
    house.forget()
    house.admin.execute("update gate.lookup set generation = 1, oldest = 1, proof = null where purpose = 'index'")
    house.admin.execute("delete from person.key")
    with house.admin.cursor() as cursor:
        cursor.executemany("insert into person.key (idx, person) values (%s, %s)", sorted(indexes))
    assert finds(house, house.api())
    assert house.rotate() == 2, "it goes on with the key that is there"
    assert len((house.keys / "index.key").read_bytes()) == 2 * KEY_BYTES


INDEXED = {
    "person.key.idx": "index",
    "person.asked.idx": "index",
    "person.former_key.idx": "index",
    "person.trait.idx": "trait",
}
OTHER = {
    "person.member.idx": "under feed.key",
    "care.deposit.key": "under receipt.key",
    "care.deposit.twin": "under deposit.key",
    "bank.account.twin": "under bank.key",
    "care.billed.id": "a peer's document, under feed.key",
    "notice.person_report.billed": "the same",
    "presence.proof.id": "the same, or a proof's own number",
    "access.presented.id": "the same",
    "presence.spent.id": "a digest of a proof",
    "access.proof.id": "a digest of a proof",
    "access.peer_set.jti": "another operator's number",
    "gate.lookup.at_idx": "how far a replacement has come, forgotten with its end",
}


def test_every_column_that_holds_an_index_is_replaced(house: House) -> None:
    """A new column of 16 bytes is named here, with its key: one that is forgotten would find nobody."""
    rows = house.admin.execute(
        "select table_schema || '.' || table_name || '.' || column_name from information_schema.columns"
        " where udt_name in ('uuid', '_uuid') and table_schema not in ('pg_catalog', 'information_schema')"
    ).fetchall()
    assert {name for (name,) in rows} == {*INDEXED, *OTHER}
    layered = {"person.key", "person.asked", "person.former_key", "person.trait"}
    assert {name.rsplit(".", 1)[0] for name in INDEXED} == layered
