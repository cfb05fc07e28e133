"""The office's page on the journal: who witnesses it, and a split view that nobody can overlook."""

import asyncio

import pytest

from tests.integration.conftest import Connect
from tests.integration.rooms import open_room
from tests.integration.sites_world import office_site
from tests.integration.test_office_site import plain
from tierce.journal.witness import store
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration
NAME = "caisse-des-merles.example/temoin"


def test_the_page_says_who_witnesses_and_raises_a_split_view(
    connect: Connect, keyring: Keyring, database: Database
) -> None:
    room = open_room(connect, keyring)
    worker = connect("tierce_worker", autocommit=True)

    async def look() -> None:
        async with office_site(room, database) as site:
            assert "Personne encore" in plain(await site.http.get("/journal"))
            store.put_cosignature(worker, NAME, 1_234, "— line")
            page = plain(await site.http.get("/journal"))
            assert f"{NAME} 1 234" in page
            assert "une autre histoire" not in page
            store.put_dissent(worker, NAME, 1_234, 2_000)
            page = plain(await site.http.get("/journal"))
            assert f"{NAME} connaît une autre histoire du journal : 2 000 lignes vues là-bas" in page
            assert "Touch nothing more" in plain(await site.http.get("/journal?lang=en"))
            store.put_cosignature(worker, NAME, 2_500, "— line")
            page = plain(await site.http.get("/journal?lang=fr"))
            assert "une autre histoire" not in page, "it cosigns our history again"

    asyncio.run(look())
