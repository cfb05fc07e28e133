"""A person reads what was declared for agreements in her name: kind, day, by whom, when; and nobody else's."""

import asyncio
from hashlib import sha256

import pytest

from tests.integration.conftest import Connect
from tests.integration.rooms import PAUL, PAUL_HANDLE, Room, open_room
from tests.integration.sites_world import persons_site
from tests.integration.test_office_site import plain
from tierce.billing.agreements.model import AgreementState
from tierce.kernel.clock import SystemClock, date_of, paris_day
from tierce.kernel.saying import say_date
from tierce.persons.billed.service import CareBilled
from tierce.policy.documents import DocumentKind
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.web.signin_site import FORM_FIELD

pytestmark = pytest.mark.integration
TODAY = paris_day(SystemClock().now())


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    """Paul and somebody else, for each of whom an agreement awaits the second of two documents."""
    made = open_room(connect, keyring)
    for number, person in ((1, 1), (2, 2)):
        made.admin.execute(
            "insert into care.agreement (id, establishment, professional, line, reference, kind, engagement, person,"
            " insurer, domain, care_day, until_day, documents, documents_by, decided, price, amo, asked, digest,"
            " entry, state, due) values (%s, 602, 502, 1, %s, 2, 1, %s, 1, 6, %s, %s, 7, %s, now(), 3000, 12, 2500,"
            " sha256('i'), 1, 9, 1000)",
            (number, f"P-{number}", person, TODAY, TODAY + 183, TODAY + 30),
        )
        made.admin.execute(
            "insert into care.agreement_document (agreement, n, kind, dated, prescriber, digest, establishment,"
            " professional, line, entry) values (%s, 1, 1, %s, 501, sha256('f'), 602, 502, 1, 1),"
            " (%s, 2, 2, %s, null, sha256('g'), 602, 502, 1, 1)",
            (number, TODAY - 2, number, TODAY - 1),
        )
    made.admin.commit()
    return made


def test_she_reads_each_declaration_and_who_made_it_and_nobody_elses(room: Room) -> None:
    care = CareBilled(room.persons._appender, SystemClock())
    _, (one,) = care.everything(room.persons_site, PAUL, PAUL_HANDLE)
    assert (one.state, one.lapsed, one.due) == (AgreementState.SUBJECT_TO_DOCUMENTS, False, 1_000)
    first, second = one.documents
    assert (first.kind, first.digest, first.prescriber) == (
        DocumentKind.PRESCRIPTION, sha256(b"f").digest(), "Claire Morvan",
    )  # fmt: skip
    assert (second.kind, second.prescriber, second.by) == (DocumentKind.SIGNED_QUOTE, None, "Nadia Ferrand")
    stranger = room.persons_site.execute("select count(*) from notice.own_documents('\\x00')").fetchone()
    assert stranger == (0,)
    room.admin.execute("update care.agreement set state = 6, reason = 28, ended = now()")
    room.admin.commit()
    _, (one,) = care.everything(room.persons_site, PAUL, PAUL_HANDLE)
    assert one.lapsed


def test_her_page_and_her_copy_say_so(room: Room, database: Database) -> None:
    async def scene() -> None:
        async with persons_site(room, database) as hers:
            page = plain(await hers.http.get("/billed"))
            assert "10,00 € sont accordés sous réserve de pièces" in page
            signed = say_date(date_of(TODAY - 2)).fr.replace("\u00a0", " ")
            assert f"ordonnance du {signed} (Claire Morvan)" in page
            assert "Pièce déclarée par Nadia Ferrand, le" in page
            copy = (await hers.http.post("/my-data.json", data={FORM_FIELD: hers.csrf})).json()
            (agreed,) = copy["agreements"]
            assert [one["kind"] for one in agreed["documents"]] == ["prescription", "signed_quote"]
            assert agreed["documents"][0]["sha256"] == sha256(b"f").hexdigest()

    asyncio.run(scene())
