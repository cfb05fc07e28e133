"""The office closes a part of the service: who is hindered is shown before, a reason is asked, and it is undone."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.integration.conftest import Connect
from tests.integration.rooms import Room, open_room
from tests.integration.sites_world import Site, office_site
from tierce.closings import store
from tierce.kernel.care import Domain
from tierce.policy.ladder import Level
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


def test_a_part_is_closed_after_its_consequences_were_shown_and_opened_again(room: Room, database: Database) -> None:
    async def work(site: Site) -> None:
        form = {"form_token": site.csrf, "part": "domain:OPTI", "length": "4h", "reason": WHY}
        assert "Tout est ouvert" in (await site.http.get("/closings")).text
        shown = await site.http.post("/closings/preview", data=form)
        assert shown.status_code == 200, shown.text
        for expected in ("Fermer le domaine « optique » ?", "Qui serait gêné", "Plus étroit", WHY):
            assert expected in shown.text
        assert store.live(room.office) == [], "nothing is closed yet"
        assert (await site.http.post("/closings", data=form)).status_code == 303
        (closing,) = store.live(room.office)
        assert (closing.target.level, closing.target.subject) == (Level.DOMAIN, Domain.OPTI)
        assert (closing.by, closing.reason) == ("Hélène Vasseur", WHY)
        page = (await site.http.get("/closings")).text
        assert "1 partie du service est fermée" in page.replace("\u00a0", " ")
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
