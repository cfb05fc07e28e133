"""Invoices that nothing decides, on the office's pages: seen at once, refused by two after days."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.integration.accounts_world import BRUNO, IBAN
from tests.integration.conftest import Connect
from tests.integration.rooms import Room, open_room
from tests.integration.sites_world import Site, office_site
from tests.integration.test_office_site import form_of, plain
from tests.integration.transfers_world import Treasury
from tierce.billing.model import InvoiceReason
from tierce.billing.refusing.desk import RefusalDesk
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


def play_office(
    room: Room, database: Database, scene: Callable[[Site], Awaitable[None]], role: str = StaffRole.OPERATIONS
) -> None:
    async def whole() -> None:
        async with office_site(room, database, role) as site:
            await scene(site)

    asyncio.run(whole())


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
    at = f"/undecided/{number}"

    async def scene(site: Site) -> None:
        assert "2 factures que rien ne décide" in plain(await site.http.get("/payments"))
        listed = await site.http.get("/undecided")
        assert "Aucun droit de la personne n'est tenu pour ce jour" in plain(listed)
        soon = await site.http.get(f"/undecided/{fresh}")
        assert "Peut être refusée à partir du" in plain(soon)
        assert "<form" not in soon.text.partition("<main")[2]
        early = await site.http.post(f"/undecided/{fresh}/refuse", data=form_of(site, reason=GONE, said=SAID))
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
        assert not desk.refuse(treasury.office, BRUNO, number, GONE, "En d'autres mots.")
        proposed = await site.http.get(f"{at}?lang=en")
        assert "Bruno Caradec asks to refuse it" in plain(proposed)
        agreed = await site.http.post(f"{at}/refuse", data=form_of(site, reason=GONE, said="En d'autres mots."))
        assert agreed.status_code == 303
        after = await site.http.get(f"{at}?lang=fr")
        assert ("refusée" in plain(after).lower(), "<form" in after.text.partition("<main")[2]) == (True, False)
        assert "1 facture que rien ne décide" in plain(await site.http.get("/payments"))
        assert (await site.http.get("/undecided/5")).status_code == 404

    play_office(room, database, scene)


def test_who_looks_after_neither_accounts_nor_files_refuses_nothing(
    room: Room, database: Database, treasury: Treasury
) -> None:
    number = undecided(treasury, LONG_DAYS)

    async def scene(site: Site) -> None:
        page = await site.http.get(f"/undecided/{number}")
        assert "Refuser" not in plain(page)
        sent = await site.http.post(f"/undecided/{number}/refuse", data=form_of(site, reason=GONE, said=SAID))
        assert sent.status_code == 403

    play_office(room, database, scene, StaffRole.DPO)
