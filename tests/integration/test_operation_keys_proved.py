"""Another database's key file, of the right length: each process that is given it says so, and serves nothing."""

import asyncio
import os
from pathlib import Path

import httpx
import psycopg
import pytest
from typer.testing import CliRunner

from tests.integration.billing_world import House
from tests.integration.conftest import Connect
from tests.integration.depositing import card, open_shop, optician
from tests.integration.feeding import FIRST, Importer, make_importer
from tests.integration.test_deposits_api import code, leave, seen, served, settings_of
from tests.integration.world import World
from tests.settings_file import settings_text
from tierce.cli import app
from tierce.kernel.card import MemberNumber, normalise_card
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import InsurerId, PersonId
from tierce.kernel.nir import BirthDate
from tierce.policy.deposits import DepositState
from tierce.registry.proving.store import prove_keys
from tierce.registry.records import decode_civil, decode_coverage, identifiers_of
from tierce.settings import load
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.errors import LookupKeyError
from tierce.storage.insurer_keys import load_sealer
from tierce.storage.keys import EVERY_KEY, KEY_BYTES, PROVED, Compartment, Keyring, Purpose
from tierce.storage.lookup_keys import take
from tierce.storage.pairs import pair_number
from tierce.storage.version import head_version
from tierce.upkeep.doctor import lookups
from tierce.upkeep.doctor.model import Grade
from tierce.web.api.deposits import Front

pytestmark = pytest.mark.integration
SEATS = "select count(*) from access.pair"
ANOTHER = "not this database's file"
HOLDERS = {
    Purpose.PAIR: ("tierce_api", "tierce_worker", "tierce_feed"),
    Purpose.FEED: ("tierce_feed",),
}


def other(file: Path) -> bytes:
    """Put another database's key there; returns the one that was."""
    own = file.read_bytes()
    file.write_bytes(os.urandom(KEY_BYTES))
    return own


@pytest.mark.parametrize("purpose", PROVED)
def test_whoever_is_given_another_databases_file_is_told_and_so_is_the_operator(
    database: Database, connect: Connect, key_directory: Path, tmp_path: Path, purpose: Purpose
) -> None:
    file = tmp_path / "tierce.toml"
    file.write_text(settings_text(database, key_directory, operator="Rive Claire"))
    settings, roles = load(file), HOLDERS.get(purpose, ("tierce_api",))

    def told() -> list[tuple[str, str]]:
        found = lookups.keys(connect("tierce_upkeep"), settings, SystemClock())
        return [(one.code, one.subject) for one in found if one.grade is Grade.BAD]

    def serve(role: str) -> None:
        take(connect(role, autocommit=True), Keyring(key_directory, [purpose]), [purpose])

    serve(roles[0])  # where it first serves
    key = key_directory / f"{purpose}.key"
    own = other(key)
    lost, accept = key.read_bytes(), ["keys", "accept", purpose.value, "--settings", str(file)]
    assert CliRunner().invoke(app, [*accept, "--dry-run"]).exit_code == 0
    for role in roles:
        with pytest.raises(LookupKeyError, match=ANOTHER):
            serve(role)
    assert told() == [("lookup-key", key.name)]
    unsure = CliRunner().invoke(app, accept, input="n\n")
    assert (unsure.exit_code, told()) == (1, [("lookup-key", key.name)]), "asked, and not answered yes"
    assert CliRunner().invoke(app, accept, input="y\n").exit_code == 0, "the key before is lost, and somebody says so"
    assert told() == []
    serve(roles[0])
    assert CliRunner().invoke(app, [*accept, "--yes"]).exit_code == 2, "it is the database's already"
    key.write_bytes(own)
    with pytest.raises(LookupKeyError, match=ANOTHER):
        serve(roles[0])
    assert CliRunner().invoke(app, [*accept, "--yes"]).exit_code == 0
    key.write_bytes(lost)
    key.write_bytes(own)
    for role in roles:
        serve(role)
    assert told() == []


def test_under_another_key_of_pairs_nothing_is_disclosed_and_deposits_are_taken(
    world: World, connect: Connect, key_directory: Path, tmp_path: Path
) -> None:
    world.run("delete from journal.instance")  # the process registers its own key
    who, settings = optician(world), settings_of(world.database, key_directory, tmp_path)

    async def first(http: httpx.AsyncClient, front: Front) -> None:
        await seen(lambda: front.rest is not None, "the gate is there")

    async def wrong(http: httpx.AsyncClient, front: Front) -> None:
        await seen(lambda: not front._openness.away, "the store answers")
        front._openness.last_away = None  # the moment before the first answer is no closing
        asked = await http.post("/v1/rights", content=b"{}", headers={"authorization": f"DPoP {who.handle}"})
        assert (asked.status_code, code(asked), asked.json()["deposit"]) == (503, "closed", True)
        assert front.gate is None
        left = await leave(http, who, card(1))
        assert left.status_code == 201, left.text

    served(settings, first)
    own = other(key_directory / "pair.key")
    served(settings, wrong)
    (key_directory / "pair.key").write_bytes(own)
    served(settings, first)


def test_deposits_wait_for_the_key_of_pairs(
    world: World, connect: Connect, key_directory: Path, tmp_path: Path
) -> None:
    take(connect("tierce_api", autocommit=True), Keyring(key_directory, [Purpose.PAIR]), [Purpose.PAIR])
    own = other(key_directory / "pair.key")
    shop = open_shop(world, Keyring(key_directory, EVERY_KEY), tmp_path / "spool")
    asyncio.run(shop.leave(optician(world), card(1)))
    shop.counter.turn()
    worker = connect("tierce_worker")
    with pytest.raises(LookupKeyError, match=ANOTHER):
        shop.resolver(worker).turn()
    worker.rollback()
    (key_directory / "pair.key").write_bytes(own)
    shop.keyring = Keyring(key_directory, EVERY_KEY)  # the worker, started again
    worth = shop.resolver(connect("tierce_worker")).turn().worth
    assert worth == {DepositState.GUARANTEED: 1}
    shop.spool.close()


def test_an_import_is_refused_under_another_key_of_lines(
    connect: Connect, key_directory: Path, importer: Importer, country: Path
) -> None:
    importer.rights(country / "rights" / f"{FIRST}.csv", FIRST)
    for name in ("feed", "pair"):
        own = other(key_directory / f"{name}.key")
        late = make_importer(connect("tierce_feed"), key_directory)
        with pytest.raises(LookupKeyError, match=ANOTHER):
            late.intake.rights(country / "rights" / f"{FIRST}.csv", FIRST, late.listener())
        late.intake.close()
        (key_directory / f"{name}.key").write_bytes(own)


@pytest.fixture
def house(connect: Connect, key_directory: Path, importer: Importer, country: Path) -> House:
    importer.rights(country / "rights" / f"{FIRST}.csv", FIRST)
    return House(connect, key_directory)


@pytest.mark.parametrize("by", ["nir", "card"])
def test_of_a_memory_of_before_the_key_is_tried_on_some_who_were_shown(
    database: Database, connect: Connect, key_directory: Path, house: House, tmp_path: Path, by: str
) -> None:
    number = house.engagement(house.person, house.insurer)
    ring, api = Keyring(key_directory, EVERY_KEY), connect("tierce_api", autocommit=True)
    pair = pair_number(ring.hash(Purpose.PAIR), _place(house, number), _named(house, ring, by))
    house.admin.execute("update care.engagement set pair = %s where seq = %s", (pair, number))
    house.admin.execute(
        "insert into access.pair (key, state, day, line, seen_day, seen_line) values (%s, 2, 1, 1, 1, 1)", (pair,)
    )
    house.admin.execute("update gate.lookup set proof = null where purpose = 'pair'")
    with pytest.raises(LookupKeyError, match="tierce upgrade"):
        take(api, ring, [Purpose.PAIR])
    own = other(key_directory / "pair.key")
    with pytest.raises(LookupKeyError, match=ANOTHER):
        prove_keys(database, key_directory)
    assert house.admin.execute("select proof from gate.lookup where purpose = 'pair'").fetchone() == (None,)
    file = tmp_path / "tierce.toml"
    file.write_text(settings_text(database, key_directory, operator="Rive Claire"))
    upgrade = ["upgrade", "--settings", str(file)]
    refused = CliRunner().invoke(app, upgrade)
    assert (refused.exit_code, "pair.key" in refused.output) == (2, True)
    assert f"is at schema {head_version()} and stays there" in refused.output, "what was upgraded is not undone"
    (key_directory / "pair.key").write_bytes(own)
    done = CliRunner().invoke(app, upgrade)
    assert done.exit_code == 0, done.output
    take(api, Keyring(key_directory, [Purpose.PAIR]), [Purpose.PAIR])


@pytest.mark.parametrize("wrapped", [b"", b"short", bytes(60)])
def test_a_wrapped_key_that_does_not_open_is_said_by_an_upgrade_that_stands(
    database: Database, key_directory: Path, house: House, tmp_path: Path, wrapped: bytes
) -> None:
    house.engagement(house.person, house.insurer)
    house.admin.execute("update gate.lookup set proof = null where purpose = 'pair'")
    house.admin.execute("update registry.insurer_key set wrapped = %s where insurer = %s", (wrapped, house.insurer))
    file = tmp_path / "tierce.toml"
    file.write_text(settings_text(database, key_directory, operator="Rive Claire"))
    refused = CliRunner().invoke(app, ["upgrade", "--settings", str(file)])
    assert isinstance(refused.exception, SystemExit), refused.exception
    assert (refused.exit_code, "does not open" in refused.output) == (2, True), refused.output
    assert f"is at schema {head_version()} and stays there" in refused.output
    assert house.admin.execute("select proof from gate.lookup where purpose = 'pair'").fetchone() == (None,)


def _place(house: House, number: int) -> int:
    row = house.admin.execute("select establishment from care.engagement where seq = %s", (number,)).fetchone()
    assert row is not None
    return int(row[0])


def _named(house: House, ring: Keyring, by: str) -> bytes:
    """What an ask names her by."""
    row = house.admin.execute(
        "select r.sealed, c.sealed, i.amc from person.record r join registry.insurer i on i.id = r.insurer"
        " join coverage.coverage c on c.person = r.person and c.insurer = r.insurer"
        " where r.person = %s and r.insurer = %s", (house.person, house.insurer),
    ).fetchone()  # fmt: skip
    assert row is not None
    sealer = load_sealer(house.admin, ring, [Compartment.PERSON, Compartment.COVERAGE])
    at = InsurerId(house.insurer), PersonId(house.person)
    civil = decode_civil(sealer.open_(Compartment.PERSON, *at, row[0]))
    if by == "nir":
        return identifiers_of(civil)[0]
    cover = decode_coverage(sealer.open_(Compartment.COVERAGE, *at, row[1]))
    birth = BirthDate.parse(civil.birth_date)
    return normalise_card(cover.card_amc or row[2], MemberNumber.parse(cover.member_number), birth)


def test_only_whoever_upgrades_proves_a_key_over_another(connect: Connect) -> None:
    admin = connect(SUPERUSER, autocommit=True)
    admin.execute("update gate.lookup set proof = %s where purpose in ('pair', 'index')", (bytes(16),))
    for role in ("tierce_api", "tierce_worker", "tierce_feed"):
        for purpose in ("pair", "index"):
            connect(role, autocommit=True).execute("select gate.prove_first(%s, %s, 7)", (purpose, b"x" * 16))
    rows = admin.execute("select distinct proof, generation from gate.lookup where purpose in ('pair', 'index')")
    assert rows.fetchall() == [(bytes(16), 1)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connect("tierce_api", autocommit=True).execute("update gate.lookup set proof = null")
