"""Invoices that nothing decides, on the office's pages: seen at once, refused by two after days."""

from pathlib import Path

import pytest

from tests.integration.accounts_world import BRUNO, IBAN
from tests.integration.conftest import Connect
from tests.integration.rooms import Room, open_room
from tests.integration.sites_world import Site, play_office
from tests.integration.test_office_site import form_of, plain
from tests.integration.transfers_world import Treasury
from tierce.billing.model import InvoiceReason
from tierce.billing.refusing.desk import RefusalDesk
from tierce.billing.refusing.model import Ruling, Which
from tierce.journal.model import EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.policy.invoices import UNDECIDED_DAYS
from tierce.policy.staff import StaffRole
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration
GONE = str(InvoiceReason.COVER_GONE.value)
LONG_DAYS = 4_000
"""By the clock of the pages too, which stands still in the past."""
SAID = "Aucun fichier de l’organisme ne vient plus."


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    return open_room(connect, keyring)


@pytest.fixture
def treasury(room: Room, connect: Connect, keyring: Keyring, tmp_path: Path) -> Treasury:
    room.admin.commit()
    return Treasury.open_(connect, keyring, tmp_path / "payments", places=(604, 605))


def undecided(treasury: Treasury, days: int) -> int:
    """An invoice that `billing` has not been able to decide for days."""
    number = treasury.due(604, 4_000, state=1)
    treasury.admin.execute(
        "update care.invoice set due = 0, decided = null, undecided = 2, undecided_since = now()"
        " - make_interval(days => %s) where id = %s", (days, number),
    )  # fmt: skip
    return number


def test_staff_read_it_at_once_and_two_refuse_it_after_days(
    room: Room, database: Database, treasury: Treasury, keyring: Keyring
) -> None:
    fresh, number = undecided(treasury, UNDECIDED_DAYS - 1), undecided(treasury, LONG_DAYS)
    at = f"/undecided/invoice/{number}"

    async def scene(site: Site) -> None:
        assert "2 factures ou prises en charge" in plain(await site.http.get("/payments"))
        listed = await site.http.get("/undecided")
        assert "Aucun droit de la personne n'est tenu pour ce jour" in plain(listed)
        soon = await site.http.get(f"/undecided/invoice/{fresh}")
        assert "Peut être refusée à partir du" in plain(soon)
        assert "<form" not in soon.text.partition("<main")[2]
        early = await site.http.post(f"/undecided/invoice/{fresh}/refuse", data=form_of(site, reason=GONE, said=SAID))
        assert (early.status_code, "Rien n’a été écrit" in early.text) == (409, True)
        holding = await site.http.post(f"{at}/refuse", data=form_of(site, reason=GONE, said=f"Sur {IBAN}"))
        assert (holding.status_code, IBAN in holding.text) == (422, False)
        silent = await site.http.post(f"{at}/refuse", data=form_of(site, said=SAID))
        assert (silent.status_code, SAID in silent.text) == (422, True)
        asked = await site.http.post(f"{at}/refuse", data=form_of(site, reason=GONE, said=SAID))
        assert asked.status_code == 303
        assert "une autre personne doit le dire aussi" in plain(await site.http.get(at))
        again = await site.http.post(f"{at}/refuse", data=form_of(site, reason=GONE, said=SAID))
        assert again.status_code == 409
        desk = RefusalDesk(Appender.enrol(treasury.office, "office", keyring.instance("office")), SystemClock())
        assert not desk.refuse(treasury.office, BRUNO, Which(EntryKind.INVOICE, number), GONE, "En d'autres mots.")
        proposed = await site.http.get(f"{at}?lang=en")
        assert "Bruno Caradec asks to refuse it" in plain(proposed)
        agreed = await site.http.post(f"{at}/refuse", data=form_of(site, reason=GONE, said="En d'autres mots."))
        assert agreed.status_code == 303
        after = await site.http.get(f"{at}?lang=fr")
        assert ("refusée" in plain(after).lower(), "<form" in after.text.partition("<main")[2]) == (True, False)
        assert "1 facture ou prise en charge" in plain(await site.http.get("/payments"))
        assert (await site.http.get("/undecided/invoice/5")).status_code == 404

    play_office(room, database, scene, StaffRole.OPERATIONS)


def test_two_say_whether_a_care_in_two_names_is_one_patient_s_and_the_page_names_nobody(
    room: Room, database: Database, treasury: Treasury, keyring: Keyring
) -> None:
    paid, held = treasury.due(604, 4_000), undecided(treasury, 0)
    treasury.admin.execute("update care.invoice set person = 78, undecided = 5 where id = %s", (held,))
    treasury.admin.execute(
        "insert into care.invoice_line (invoice, n, item, quantity, price, amo, asked)"
        " select id, 1, 'LENS', 1, 9000, 0, 4000 from care.invoice"
    )
    treasury.admin.execute(
        "insert into person.record (person, insurer, sealed, alike, borrowed)"
        " select p, i.insurer, '', 7, true from unnest('{77,78}'::bigint[]) p, care.invoice i where i.id = %s",
        (held,),
    )  # fmt: skip
    [(reference,)] = treasury.all("select reference from care.invoice where id = %s", paid)
    at, two = f"/undecided/invoice/{held}", str(Ruling.TWO_PEOPLE.value)

    async def scene(site: Site) -> None:
        page = await site.http.get(f"{at}?lang=fr")
        told = plain(page)
        assert (reference in told, "Demandez-lui" in told or "demandez-lui" in told) == (True, True)
        assert "Peut être refusée à partir du" not in told
        refused = await site.http.post(f"{at}/refuse", data=form_of(site, reason=GONE, said=SAID))
        assert refused.status_code == 409, "it is never refused"
        silent = await site.http.post(f"{at}/rule", data=form_of(site, said=SAID))
        assert (silent.status_code, SAID in silent.text) == (422, True)
        said = await site.http.post(f"{at}/rule", data=form_of(site, reason=two, said="Deux dossiers."))
        assert (said.status_code, said.headers["location"]) == (303, at)
        desk = RefusalDesk(Appender.enrol(treasury.office, "office", keyring.instance("office")), SystemClock())
        one = str(Ruling.ONE_PERSON.value)
        assert not desk.rule(treasury.office, BRUNO, Which(EntryKind.INVOICE, held), one, "Un seul dossier.")
        proposed = await site.http.get(f"{at}?lang=en")
        assert ("Bruno Caradec says" in plain(proposed), "They are one person" in plain(proposed)) == (True, True)
        agreed = await site.http.post(f"{at}/rule", data=form_of(site, reason=one, said="Un seul dossier."))
        assert agreed.status_code == 303
        after = await site.http.get(f"{at}?lang=fr")
        assert ("C'est une seule personne" in plain(after), "<form" in after.text.partition("<main")[2]) == (
            True,
            False,
        )

    play_office(room, database, scene, StaffRole.OPERATIONS)


def test_an_agreement_that_nothing_decides_is_beside_them_and_is_refused_so(
    room: Room, database: Database, treasury: Treasury, keyring: Keyring
) -> None:
    number = 4_611_686_018_427_387_901
    treasury.admin.execute(
        "insert into care.agreement (id, establishment, professional, line, reference, kind, engagement, person,"
        " insurer, domain, care_day, price, amo, asked, digest, entry, undecided, undecided_since)"
        " select %s, 604, 501, 1, 'P-7', 2, 1, 1, i.insurer, 6, 20000, 9000, 0, 4938, sha256('i'), 1, 3,"
        " now() - make_interval(days => %s) from care.invoice i where i.id = %s",
        (number, LONG_DAYS, undecided(treasury, UNDECIDED_DAYS - 1)),
    )
    at = f"/undecided/agreement/{number}"

    async def scene(site: Site) -> None:
        listed = plain(await site.http.get("/undecided"))
        assert ("Prise en charge · 49,38 €" in listed, "Facture · 40,00 €" in listed) == (True, True)
        page = await site.http.get(f"{at}?lang=en")
        assert "A prior agreement asked for by" in plain(page)
        assert "no key opens that cover" in plain(page).lower()
        assert (await site.http.get(f"/undecided/invoice/{number}")).status_code == 404
        assert (await site.http.get(f"/undecided/deposit/{number}")).status_code == 404
        asked = await site.http.post(f"{at}/refuse", data=form_of(site, reason=GONE, said=SAID))
        assert (asked.status_code, asked.headers["location"]) == (303, at)
        desk = RefusalDesk(Appender.enrol(treasury.office, "office", keyring.instance("office")), SystemClock())
        assert desk.refuse(treasury.office, BRUNO, Which(EntryKind.AGREEMENT, number), GONE, SAID)
        after = await site.http.get(f"{at}?lang=fr")
        assert ("Refusée" in plain(after), "<form" in after.text.partition("<main")[2]) == (True, False)

    play_office(room, database, scene, StaffRole.OPERATIONS)


def test_who_looks_after_neither_accounts_nor_files_refuses_nothing(
    room: Room, database: Database, treasury: Treasury
) -> None:
    number = undecided(treasury, LONG_DAYS)

    async def scene(site: Site) -> None:
        page = await site.http.get(f"/undecided/invoice/{number}")
        assert "Refuser" not in plain(page)
        sent = await site.http.post(f"/undecided/invoice/{number}/refuse", data=form_of(site, reason=GONE, said=SAID))
        assert sent.status_code == 403

    play_office(room, database, scene, StaffRole.DPO)
