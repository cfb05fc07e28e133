"""Care billed in her name: each invoice of her own and of nobody else, and "it was not me" as capped evidence."""

import asyncio
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from tests.integration.asks import ask, write_asks
from tests.integration.conftest import Connect
from tests.integration.rooms import PAUL, PAUL_HANDLE, Room, open_room
from tests.integration.sites_world import office_site, persons_site
from tests.integration.test_office_site import plain
from tierce.kernel.clock import SystemClock, paris_day
from tierce.persons.billed.model import Billed
from tierce.persons.billed.service import CareBilled
from tierce.persons.errors import NotHerLineError
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.web.signin_site import FORM_FIELD

pytestmark = pytest.mark.integration

NOW = SystemClock()
CONCENTRATOR, INSURER = 1, 2


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    made = open_room(connect, keyring)
    made.admin.execute(
        "insert into presence.peer (name, kind, insurer, public_key) values ('oct-merle', 1, null, %(key)s),"
        " ('deux-caps', 2, 2, %(key)s)",
        {"key": bytes(32)},
    )
    for person in (1, 2):
        made.admin.execute("insert into person.key (idx, person) values (%s, %s)", (UUID(int=person), person))
    made.admin.execute("delete from person.record where person = 2 and insurer = 2")
    made.admin.commit()
    return made


@pytest.fixture
def feed(connect: Connect) -> psycopg.Connection:
    return connect("tierce_feed", autocommit=True)


def billed(
    feed: psycopg.Connection, number: int, person: int = 1, place: int = 602, peer: int = CONCENTRATOR
) -> None:
    """A peer says that care of yesterday was invoiced."""
    day = paris_day(NOW.now()) - 1
    feed.execute(
        "select presence.report(%s::smallint, %s, %s, %s, %s, %s)",
        (peer, UUID(int=number), 4_000 + number, UUID(int=person), place, day),
    )


def hers(room: Room) -> list[Billed]:
    return CareBilled(room.persons._appender, NOW).listed(room.persons_site, PAUL, PAUL_HANDLE)


def test_she_reads_each_invoice_in_her_own_name_and_nobody_elses(room: Room, feed: psycopg.Connection) -> None:
    assert hers(room) == []
    billed(feed, 1)
    billed(feed, 1)
    billed(feed, 2, person=2)
    billed(feed, 3, person=2, peer=INSURER)
    (one,) = hers(room)
    assert (one.place, one.asked, one.withdrawn) == ("Optique des Remparts (Port-Sérac)", False, None)
    assert room.admin.execute("select person from care.billed order by person").fetchall() == [(1,), (2,)]
    room.admin.commit()
    assert feed.execute("select presence.take_back(2::smallint, %s)", (UUID(int=1),)).fetchone() == (False,)
    assert feed.execute("select presence.take_back(1::smallint, %s)", (UUID(int=1),)).fetchone() == (True,)
    assert hers(room)[0].withdrawn is not None
    acts = room.admin.execute("select get_byte(body, 2) from journal.entry where kind = 13").fetchall()
    assert acts == [(164,)] * 3, "each reading has its line"


def test_it_was_not_me_is_evidence_about_who_had_asked_and_about_nobody_otherwise(
    room: Room, feed: psycopg.Connection
) -> None:
    care = CareBilled(room.persons._appender, NOW)
    at = NOW.now() - timedelta(days=1)
    billed(feed, 1, place=601)
    billed(feed, 2, place=602)
    (asked,) = write_asks(room.admin, room.keyring, [ask(1, professional=502, establishment=602, at=at)], at=at)
    assert care.report(room.persons_site, PAUL, PAUL_HANDLE, UUID(int=1))
    assert care.report(room.persons_site, PAUL, PAUL_HANDLE, UUID(int=2))
    assert not care.report(room.persons_site, PAUL, PAUL_HANDLE, UUID(int=2)), "once"
    rows = room.admin.execute("select billed, seq from notice.person_report order by billed").fetchall()
    assert rows == [(UUID(int=1), None), (UUID(int=2), asked)]
    room.admin.commit()
    with pytest.raises(NotHerLineError):
        care.report(room.persons_site, PAUL, PAUL_HANDLE, UUID(int=9))
    acts = room.admin.execute("select get_byte(body, 2) from journal.entry where kind = 13").fetchall()
    assert [act for (act,) in acts].count(42) == 2
    room.admin.commit()
    counted = room.worker.execute("select seq from notice.person_report where seq is not null").fetchall()
    assert counted == [(asked,)], "what the watch reads: that ask alone, once"


def test_the_reports_reach_the_office_without_her_and_she_reads_the_answer(
    room: Room, feed: psycopg.Connection, database: Database
) -> None:
    billed(feed, 1, place=601)

    async def scene() -> None:
        async with persons_site(room, database) as hers, office_site(room, database, "dpo") as staff:
            page = plain(await hers.http.get("/billed"))
            assert "1 soin a été facturé à votre nom" in page
            assert "Personne n'y avait demandé vos droits" in page
            asked = plain(await hers.http.get(f"/billed/{UUID(int=1)}/not-me"))
            assert "Vous n'avez pas reçu ces soins ?" in asked
            sent = await hers.http.post(f"/billed/{UUID(int=1)}/not-me", data={FORM_FIELD: hers.csrf})
            assert "Votre réponse est notée" in plain(sent)
            assert (await hers.http.get(f"/billed/{UUID(int=7)}/not-me")).status_code == 404
            listed = plain(await staff.http.get("/reports"))
            assert "Cabinet médical des Tilleuls" in listed
            assert "rien n'est compté contre un compte" in listed
            assert "LENOIR" not in listed.upper()
            (number,) = room.admin.execute("select id from notice.person_report").fetchone() or (0,)
            room.admin.commit()
            await staff.http.post(f"/reports/{number}", data={FORM_FIELD: staff.csrf, "outcome": "unsettled"})
            assert "Nous n'avons pas pu établir" in plain(await hers.http.get("/billed"))
            copy = (await hers.http.post("/my-data.json", data={FORM_FIELD: hers.csrf})).json()
            assert "Cabinet médical des Tilleuls" in copy["care_billed"][0]["sentence"]
            assert "les a facturés à votre nom" in plain(
                await hers.http.post("/my-data", data={FORM_FIELD: hers.csrf})
            )

    asyncio.run(scene())


def test_what_a_place_sent_here_is_hers_with_its_amounts_and_it_was_not_me_is_of_the_ask_it_quotes(
    room: Room, database: Database
) -> None:
    """Of her own alone: another's, and one that quotes a deposit, are in nobody else's space."""
    at = NOW.now() - timedelta(days=1)
    quoted, newest = (
        write_asks(room.admin, room.keyring, [ask(1, professional=one, establishment=602, at=at)], at=at)[0]
        for one in (502, 503)
    )
    for number, person, state, due in ((7, 1, 6, 4_000), (8, 2, 1, 0), (9, None, 1, 0)):
        room.admin.execute(
            "insert into care.invoice (id, establishment, professional, line, reference, engagement, deposit, person,"
            " insurer, domain, care_day, price, amo, asked, digest, entry, state, due)"
            " values (%s, 602, 502, 1, %s, %s, %s, %s, 1, 6, %s, 9000, 0, 4938, sha256('i'), 1, %s, %s)",
            (
                number,
                str(number),
                quoted if person else None,
                None if person else 1,
                person,
                paris_day(at),
                state,
                due,
            ),
        )
    room.admin.commit()
    assert newest > quoted

    async def scene() -> None:
        async with persons_site(room, database) as hers, office_site(room, database, "dpo") as staff:
            page = plain(await hers.http.get("/billed"))
            assert "1 soin a été facturé à votre nom" in page
            assert "Optique des Remparts (Port-Sérac) demande 49,38" in page
            assert "40,00" in page
            which = UUID(int=7)
            assert (await hers.http.get(f"/billed/{UUID(int=8)}/not-me")).status_code == 404
            assert (await hers.http.get(f"/billed/{UUID(int=9)}/not-me")).status_code == 404
            sent = await hers.http.post(f"/billed/{which}/not-me", data={FORM_FIELD: hers.csrf})
            assert "Votre réponse est notée" in plain(sent)
            assert "Optique des Remparts" in plain(await staff.http.get("/reports"))
            copy = (await hers.http.post("/my-data.json", data={FORM_FIELD: hers.csrf})).json()
            (told,) = copy["care_billed"]
            assert (told["domain"], told["asked_cents"], told["paid_cents"]) == ("OPTI", 4_938, 4_000)
            assert "Part de votre complémentaire 40,00 € Reste 50,00 €" in page

    asyncio.run(scene())
    rows = room.admin.execute("select invoice, billed, seq from notice.person_report").fetchall()
    assert rows == [(7, None, quoted)], "of the ask that it quotes, not of the newest"


def test_what_was_asked_before_care_is_hers_and_it_was_not_me_is_of_the_look_up_that_it_quotes(
    room: Room, database: Database
) -> None:
    at = NOW.now() - timedelta(days=1)
    hers_, others = write_asks(
        room.admin, room.keyring, [ask(one, professional=502, establishment=602, at=at) for one in (1, 2)], at=at
    )
    for number, person, quoted, state, due in ((7, 1, hers_, 3, 4_000), (8, 2, others, 3, 4_100)):
        room.admin.execute(
            "insert into care.agreement (id, establishment, professional, line, reference, kind, engagement, person,"
            " insurer, domain, care_day, until_day, price, amo, asked, digest, entry, state, due, decided)"
            " values (%s, 602, 502, 1, %s, 2, %s, %s, 1, 6, %s, %s, 9000, 0, 4938, sha256('i'), 1, %s, %s, now())",
            (number, str(number), quoted, person, paris_day(at), paris_day(at) + 183, state, due),
        )
    room.admin.commit()

    async def scene() -> None:
        async with persons_site(room, database) as hers:
            page = plain(await hers.http.get("/billed"))
            assert "1 accord a été demandé avant des soins" in page
            assert "demande une prise en charge de 49,38 € à votre complémentaire. 40,00 € sont accordés" in page
            assert "41,00" not in page
            assert (await hers.http.get(f"/lines/{others}/not-me")).status_code == 404
            sent = await hers.http.post(f"/lines/{hers_}/not-me", data={FORM_FIELD: hers.csrf})
            assert "Votre réponse est notée" in plain(sent)
            again = await hers.http.get("/billed")
            assert f"/lines/{hers_}/not-me" not in again.text, "she has answered"
            (told,) = (await hers.http.post("/my-data.json", data={FORM_FIELD: hers.csrf})).json()["agreements"]
            assert (told["state"], told["due_cents"], told["line"]) == ("granted", 4_000, hers_)
            assert told["reported"] is not None
            room.admin.execute(
                "update care.agreement set state = 4, reason = 9, due = 0, until_day = null where id = 7"
            )
            room.admin.commit()
            assert "rien ne permettait plus d'en décider" in plain(await hers.http.get("/billed"))

    asyncio.run(scene())
    assert room.admin.execute("select person, seq from notice.person_report").fetchall() == [(1, hers_)]


def test_no_other_role_reads_whose_care_it_was(room: Room, connect: Connect) -> None:
    for role in ("tierce_persons", "tierce_office", "tierce_worker", "tierce_feed", "tierce_notices", "tierce_api"):
        connection = connect(role, autocommit=True)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select person from care.billed")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select person from care.invoice")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select person from care.agreement")
    assert connect(SUPERUSER).execute("select count(*) from care.billed").fetchone() == (0,)
    assert room is not None
