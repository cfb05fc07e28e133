"""Requests and answers over HTTP: a receipt, a clock, an answer that she reads; staff learn of no one."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.integration.asks import ask, sequence, write_asks
from tests.integration.conftest import Connect
from tests.integration.rooms import OAK, PAUL, PAUL_HANDLE, Room, open_room
from tests.integration.sites_world import office_site, persons_site
from tests.integration.test_office_site import plain
from tests.waiting import eventually
from tierce.journal.encoding import decode
from tierce.kernel.clock import SystemClock
from tierce.persons.errors import RequestRefusedError
from tierce.persons.requests.model import SUBJECTS
from tierce.persons.requests.rules import receipt
from tierce.persons.requests.service import Requests
from tierce.policy.acts import Act
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.web.signin_site import FORM_FIELD

pytestmark = pytest.mark.integration


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    return open_room(connect, keyring)


def test_reports_and_requests_are_answered_in_written_words_and_read_by_her(room: Room, database: Database) -> None:
    (mine, _) = write_asks(room.admin, room.keyring, [ask(1, professional=501), ask(2, professional=501)])
    sequence(room.worker, room.keyring)
    room.persons.report(room.persons_site, PAUL, PAUL_HANDLE, mine)

    async def scene() -> None:
        async with persons_site(room, database) as hers, office_site(room, database, "dpo") as staff:
            sent = plain(await hers.http.post("/requests", data={FORM_FIELD: hers.csrf, "subject": "name"}))
            number = _only(room, "select id from notice.rights_request")
            assert receipt(number) in sent
            assert "Votre demande est enregistrée" in sent
            again = await hers.http.post("/requests", data={FORM_FIELD: hers.csrf, "subject": "name"})
            assert again.status_code == 409
            listed = plain(await staff.http.get("/requests"))
            assert receipt(number) in listed
            assert "Mutuelle du Grand Chêne" in listed
            early = await staff.http.post(
                f"/requests/{number}", data={FORM_FIELD: staff.csrf, "outcome": "corrected"}
            )
            assert early.status_code == 409, "the insurers are told first"
            for word in ("forward", "corrected"):
                await staff.http.post(f"/requests/{number}", data={FORM_FIELD: staff.csrf, "outcome": word})
            report = _only(room, "select id from notice.person_report")
            page = plain(await staff.http.get("/reports"))
            assert "Claire Morvan" in page
            assert "LENOIR" not in page.upper()
            await staff.http.post(f"/reports/{report}", data={FORM_FIELD: staff.csrf, "outcome": "mistyped"})
            assert "c'était une erreur de saisie" in plain(await hers.http.get("/"))
            answered = plain(await hers.http.get("/requests"))
            assert "Votre complémentaire a corrigé cette information" in answered
            copy = await hers.http.post("/my-data.json", data={FORM_FIELD: hers.csrf})
            assert copy.json()["records"][0]["family_name"] == "LENOIR"
            assert "AUBRY" not in copy.text
            assert "a vérifié vos droits" in plain(await hers.http.post("/my-data", data={FORM_FIELD: hers.csrf}))

    asyncio.run(scene())
    entries = [decode(body) for (body,) in room.admin.execute("select body from journal.entry where kind in (5, 13)")]
    staffs = [entry for entry in entries if entry.act in {Act.STAFF_REPORT_ANSWER, Act.STAFF_REQUEST_ANSWER}]
    assert len(staffs) == 3
    assert {entry.person for entry in staffs} == {0}, "staff name nobody"
    assert sum(entry.act is Act.PERSON_EXPORT for entry in entries) == 2


def test_two_requests_about_the_same_at_once_are_one(room: Room, connect: Connect) -> None:
    """Each has a month's clock and is sent to her insurers: a thief of her session would start thousands."""
    clock, other = SystemClock(), connect("tierce_persons", autocommit=True)
    requests = Requests(room.persons._appender, clock)

    def again() -> bool:
        try:
            requests.make(other, PAUL, PAUL_HANDLE, "name", (OAK,))
        except RequestRefusedError:
            return False
        return True

    with ThreadPoolExecutor(1) as elsewhere:
        with room.persons_site.transaction():
            requests.make(room.persons_site, PAUL, PAUL_HANDLE, "name", (OAK,))
            doing = elsewhere.submit(again)
            waits = "select exists (select from pg_stat_activity where pid = %s and wait_event_type = 'Lock')"
            watch = connect(SUPERUSER, autocommit=True)
            eventually(
                lambda: doing.done() or watch.execute(waits, (other.info.backend_pid,)).fetchone() == (True,),
                "the second request waits for the first",
            )
        assert doing.result() is False
    assert _only(room, "select count(*) from notice.rights_request") == 1


def test_no_more_wait_than_there_is_to_choose_from_whatever_the_process_says(room: Room, connect: Connect) -> None:
    thief = connect("tierce_persons", autocommit=True)
    make = "select notice.make_request(%s, %s, %s, %s, %s::smallint[], now(), now())"
    offered = [(kind.value, subject) for subject, (kind, _) in SUBJECTS.items()]
    for again in (False, True):
        for number, (kind, subject) in enumerate(offered):
            row = thief.execute(make, (PAUL_HANDLE, 100 * (1 + again) + number, kind, subject, [OAK])).fetchone()
            assert row == (not again,)
    for none_of_them in ("all", "another", None):
        with pytest.raises(psycopg.errors.CheckViolation, match="no request is about that"):
            thief.execute(make, (PAUL_HANDLE, 300, "access", none_of_them, [OAK]))
    assert _only(room, "select count(*) from notice.rights_request") == len(offered)


def _only(room: Room, query: str) -> int:
    room.admin.commit()
    (row,) = room.admin.execute(query.encode()).fetchall()
    return int(row[0])
