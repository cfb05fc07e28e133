"""The inspector's pages: counts and delays, nobody; and nothing else opens to her."""

import asyncio
import zipfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest

from tests.integration.asks import AT, sequence
from tests.integration.conftest import Connect
from tests.integration.inspected import verify
from tests.integration.messages_world import MessagesRoom, lend, open_world
from tests.integration.rooms import CAPES, HELENE, OAK, smaller
from tests.integration.sites_world import Site, office_site
from tests.integration.test_office_site import NAMES, form_of, plain
from tierce.controls.service import Controls
from tierce.incidents.inspection.service import inspected
from tierce.incidents.inspection.store import read_only
from tierce.incidents.model import Incident
from tierce.journal.encoding import decode
from tierce.journal.service import Appender
from tierce.kernel.clock import micros
from tierce.notices.contacts.model import Contact
from tierce.notices.mandates.model import Mandate
from tierce.policy.acts import Act
from tierce.policy.reached import State
from tierce.policy.staff import STAFF_ACTS, StaffRole, may_act
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration

PAIRS = ((1, 1), (2, 1), (3, 2), (4, 2), (5, 2))
HOME = ("12 rue des Genêts", "99120 Saint-Ourle")
OTHERS = ("/ladder", "/reports", "/incidents", "/directory", "/feeds", "/journal", "/accounts/501", "/live/lines")


@pytest.fixture
def world(database: Database, connect: Connect, keyring: Keyring, tmp_path: Path) -> MessagesRoom:
    """One insurer's people are written to by the operator; the other writes itself, and reports two of its three."""
    mandates = {OAK: Mandate.OPERATOR_SENDS, CAPES: Mandate.INSURER_SENDS}
    made = open_world(database, connect, keyring, PAIRS, mandates)
    lend(made, OAK, {1: Contact("Paul Lenoir", None, HOME)})
    made.ready()
    made.room.clock.advance(timedelta(hours=5))
    made.outbox.print_letters(made.notices, made.incident, tmp_path / "letters", processes=1)
    made.messages.posted(made.room.office, HELENE, made.incident, 1)
    aware = of(made).aware_at
    admin = made.room.admin
    admin.execute(
        "insert into notice.report (id, incident, revision, insurer, matched, minors, deceased, ambiguous, not_found,"
        " unexplained, at, staff, name, entry) values (1, %s, 1, 2, 3, 0, 0, 0, 0, '{}', now(), 1, 'Camille', 0)",
        (made.incident,),
    )
    admin.execute("insert into notice.told_count values (1, 'email', %s + interval '2 hours', 2)", (aware,))
    admin.commit()
    worker = made.room.worker
    worker.rollback()
    key = keyring.instance("worker")
    Controls(Appender.enrol(worker, "worker", key), key, made.room.clock, "0.1.0").step(worker)
    return made


def of(world: MessagesRoom) -> Incident:
    return world.room.incidents.incident(world.room.office, world.incident)


def play(
    world: MessagesRoom, database: Database, scene: Callable[[Site], Awaitable[None]], role: str = "inspector"
) -> None:
    async def whole() -> None:
        async with office_site(world.room, database, role) as site:
            await scene(site)

    asyncio.run(whole())


def test_shares_and_delays_come_from_letters_posted_and_from_insurers_reports(world: MessagesRoom) -> None:
    with world.room.office.transaction():
        found = inspected(world.room.office, of(world))
    shares = {one.insurer: one.share for one in found.insurers}
    assert (shares[OAK].exposed, shares[OAK].told, shares[OAK].p50, shares[OAK].p95) == (2, 1, Fraction(5), None)
    assert (shares[CAPES].exposed, shares[CAPES].told, shares[CAPES].p50, shares[CAPES].p95) == (
        3,
        2,
        Fraction(3),
        None,
    )
    assert found.whole.told == 3
    assert dict(found.cohorts)["insured"].told == 3
    states = {one.state: one.count for one in found.messages}
    assert states == {State.POSTED: 1, State.PUBLIC: 2}, "no address for a member and for the professional"


def test_a_report_on_an_earlier_list_tells_of_nobody_added_since(world: MessagesRoom) -> None:
    room = world.room
    room.admin.execute("update notice.told_count set people = 3")
    room.admin.commit()
    criteria = room.incidents.scope(room.office, world.incident).criteria
    for since in (AT + timedelta(seconds=3), AT):
        later = replace(criteria, from_us=micros(since))
        smaller(room.incidents, room.office, world.incident, later)
    with room.office.transaction():
        found = inspected(room.office, of(world))
    shares = {one.insurer: one.share for one in found.insurers}
    assert (shares[CAPES].exposed, shares[CAPES].told) == (3, 2), "one of the three was added after the report's list"


def test_an_inspector_reads_counts_and_delays_and_nobody_is_there(world: MessagesRoom, database: Database) -> None:
    async def scene(site: Site) -> None:
        entered = await site.http.get("/")
        assert (entered.status_code, entered.headers["location"]) == (303, "/inspection")
        home = plain(await site.http.get("/inspection"))
        assert "Contrôle : 1 incident au registre" in home
        assert "tout ce qui est regardé tient" in home
        page = await site.http.get(f"/inspection/incidents/{world.incident}")
        text = plain(page)
        assert "des personnes concernées ont été prévenues" in text
        assert "Mutuelle du Grand Chêne" in text
        assert "5,0 h" in text
        assert "lettre postée" in text
        assert not [name for name in (*NAMES, "Morvan", "Genêts") if name in page.text]
        measures = plain(await site.http.get("/inspection/controls"))
        assert "Ce qui est promis" in measures
        assert "tierce-controls-v1" in measures
        assert "Aucun relevé le" in plain(await site.http.get("/inspection/controls?day=2020-01-01"))
        assert (await site.http.get("/inspection/controls?day=hier")).status_code == 404
        assert (await site.http.get("/inspection/incidents/4")).status_code == 404
        assert (await site.http.get("/inspection/checkpoint")).text.count("\n") >= 4

    play(world, database, scene)


def test_nothing_else_opens_to_an_inspector_and_her_pages_change_nothing(
    world: MessagesRoom, database: Database
) -> None:
    async def scene(site: Site) -> None:
        for path in (*OTHERS, f"/incidents/{world.incident}", f"/incidents/{world.incident}/register"):
            assert (await site.http.get(path)).status_code in {403, 404}, path

    play(world, database, scene)
    assert STAFF_ACTS[StaffRole.INSPECTOR] == {Act.STAFF_INSPECTION}
    assert not may_act([StaffRole.OPERATIONS], Act.STAFF_INSPECTION)
    office = world.room.office
    with office.transaction(force_rollback=True):
        read_only(office)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            office.execute("update access.session set revoked = now()")


@pytest.mark.parametrize(
    "forbidden",
    [
        "select person from incident.exposed",
        "select person from incident.possible",
        "select person from notice.item_pair",
        "select * from notice.item",
        "select digest from notice.message",
        "select body from journal.entry",
        "select sealed from person.record",
        "select handle from access.staff_session",
        "select rpps from directory.professional",
        "select * from gate.staff_reveal(1, array[1])",
    ],
)
def test_the_role_of_an_inspector_s_pages_reads_no_person_and_writes_nothing(
    database: Database, forbidden: str
) -> None:
    with database.connect("tierce_inspector", autocommit=True) as inspector:
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedFunction)):
            inspector.execute(forbidden)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            inspector.execute("update incident.incident set title = ''")


def test_the_office_gives_a_pack_whose_sums_and_acts_verify_after_a_line_that_says_so(
    world: MessagesRoom, database: Database, tmp_path: Path
) -> None:
    sequence(world.room.worker, world.room.keyring)
    out = tmp_path / "dossier.zip"

    async def scene(site: Site) -> None:
        path = f"/incidents/{world.incident}/pack"
        assert (await site.http.post(path)).status_code in {401, 403}
        sent = await site.http.post(path, data=form_of(site))
        assert sent.headers["content-type"] == "application/zip"
        out.write_bytes(sent.content)

    play(world, database, scene, StaffRole.DPO)
    with zipfile.ZipFile(out) as archive:
        archive.extractall(tmp_path / "dossier")
    code, said = verify(tmp_path / "dossier")
    assert code == 0, said
    assert "6 sommes justes, 4 actes" in said, "an audience, a text, two approvals"
    row = world.room.admin.execute("select body from journal.entry order by seq desc limit 1").fetchone()
    assert row is not None
    line = decode(row[0])
    begins = int.from_bytes(sha256(out.read_bytes()).digest()[:8], "big") >> 1
    assert (line.act, line.reference, int(line.device)) == (Act.STAFF_PACK, world.incident, begins)
