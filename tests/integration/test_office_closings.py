"""The office closes a part of the service: who is hindered is shown before, a reason is asked, and it is undone."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from tests.integration.conftest import Connect
from tests.integration.rooms import Room, open_room
from tests.integration.sites_world import Site, office_site
from tierce.closings import store
from tierce.closings.model import Target
from tierce.kernel.care import Domain, Profession
from tierce.kernel.clock import SystemClock
from tierce.policy.ladder import Level, Rung, cell_of
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

WHY = "vague de refus en optique"


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    return open_room(connect, keyring)


def at_office(room: Room, database: Database, work: Callable[[Site], Awaitable[None]]) -> None:
    async def run() -> None:
        async with office_site(room, database) as site:
            await work(site)

    asyncio.run(run())


def another(room: Room) -> None:
    """Make the release that waits somebody else's."""
    room.admin.execute("update access.release set staff = staff + 1")
    room.admin.commit()


def test_a_profession_of_one_departement_is_held_on_a_lower_rung(room: Room, database: Database) -> None:
    async def work(site: Site) -> None:
        form = {
            "form_token": site.csrf, "part": "profession:OPTICIAN", "department": "2a", "rung": "presence",
            "length": "30m", "reason": WHY,
        }  # fmt: skip
        shown = " ".join((await site.http.post("/closings/preview", data=form)).text.split())
        assert "Freiner la profession « opticien » du département 2A ?" in shown
        assert "Rouvrir demandera deux personnes." in shown
        assert "deviendraient des dépôts" not in shown
        assert (await site.http.post("/closings", data=form)).status_code == 303
        assert store.live(room.office) == [], "held is not closed"
        ((held, release),) = store.standing(room.office)
        assert (held.target, held.rung, release) == (
            Target(Level.CELL, cell_of("2A", Profession.OPTICIAN)), Rung.PRESENCE_ONLY, None,
        )  # fmt: skip
        assert "du département 2A" in (await site.http.get("/closings")).text
        room.clock.advance(SystemClock().now() + timedelta(minutes=1) - room.clock.now())
        assert "du département 2A" in (await site.http.get("/ladder")).text

    at_office(room, database, work)


def test_a_part_is_closed_after_its_consequences_were_shown_and_opened_again(room: Room, database: Database) -> None:
    async def work(site: Site) -> None:
        form = {"form_token": site.csrf, "part": "domain:OPTI", "length": "4h", "reason": WHY}
        assert "Tout est ouvert" in (await site.http.get("/closings")).text
        shown = await site.http.post("/closings/preview", data=form)
        assert shown.status_code == 200, shown.text
        for expected in ("Fermer le domaine « optique » ?", "Qui serait gêné", "Plus étroit", WHY):
            assert expected in " ".join(shown.text.split())
        assert store.live(room.office) == [], "nothing is closed yet"
        assert (await site.http.post("/closings", data=form)).status_code == 303
        (closing,) = store.live(room.office)
        assert (closing.target.level, closing.target.subject) == (Level.DOMAIN, Domain.OPTI)
        assert (closing.by, closing.reason) == ("Hélène Vasseur", WHY)
        page = (await site.http.get("/closings")).text
        assert "1 partie du service est fermée" in page.replace("\u00a0", " ")
        for _ in range(2):
            assert (await site.http.post("/closings/reopen", data=form)).status_code == 303
            assert len(store.live(room.office)) == 1, "who asks does not confirm, however often"
        assert "c’est à quelqu’un d’autre de confirmer" in (await site.http.get("/closings")).text
        another(room)
        assert "Confirmer\u00a0: rouvrir" in (await site.http.get("/closings")).text
        assert (await site.http.post("/closings/reopen", data=form)).status_code == 303
        assert store.live(room.office) == []
        assert (await site.http.post("/closings/reopen", data=form)).status_code == 303, "twice is no fault"

    at_office(room, database, work)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"reason": "bof"}, "il faut dire pourquoi"),
        ({"part": "district:x"}, "cet échelon"),
        ({"part": "domain:ZZZZ"}, "rien de ce nom"),
        ({"length": "90d"}, "cette durée"),
        ({"part": "profession:GP", "department": "?"}, "un département"),
        ({"part": "establishment:1"}, "numéro FINESS"),
        ({"part": "software:x"}, "aucun logiciel"),
        ({"part": "insurer:99100001", "rung": "presence"}, "échelon ne s’applique pas"),
        ({"rung": "sideways"}, "échelon n’existe pas"),
    ],
)
def test_a_wrong_field_closes_nothing_and_says_why(
    room: Room, database: Database, changed: dict[str, str], said: str
) -> None:
    async def work(site: Site) -> None:
        form = {"form_token": site.csrf, "part": "domain:OPTI", "length": "4h", "reason": WHY, **changed}
        for path in ("/closings/preview", "/closings"):
            answer = await site.http.post(path, data=form)
            assert answer.status_code == 422
            assert said.lower() in answer.text.lower()
        assert store.live(room.office) == []

    at_office(room, database, work)


def test_without_the_sessions_token_nothing_is_closed(room: Room, database: Database) -> None:
    async def work(site: Site) -> None:
        form = {"part": "domain:OPTI", "length": "4h", "reason": WHY}
        assert (await site.http.post("/closings", data=form)).status_code >= 400
        assert store.live(room.office) == []

    at_office(room, database, work)
