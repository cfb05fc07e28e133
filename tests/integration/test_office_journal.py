"""The office's page on the journal: who witnesses it, and a split view that nobody can overlook."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.conftest import Connect
from tests.integration.rooms import open_room
from tests.integration.sites_world import Site, office_site
from tests.integration.test_office_site import plain
from tierce.journal.witness import store
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = [pytest.mark.integration, pytest.mark.anyio]


@pytest.fixture
async def site(connect: Connect, keyring: Keyring, database: Database) -> AsyncIterator[Site]:
    async with office_site(open_room(connect, keyring), database) as found:
        yield found


async def test_the_page_says_who_witnesses_and_raises_a_split_view(site: Site, connect: Connect) -> None:
    assert "Personne encore" in plain(await site.http.get("/journal"))
    worker = connect("tierce_worker", autocommit=True)
    store.put_cosignature(worker, "caisse-des-merles.example/temoin", 1_234, "— line")
    page = plain(await site.http.get("/journal"))
    assert "caisse-des-merles.example/temoin 1 234" in page
    assert "une autre histoire" not in page
    store.put_dissent(worker, "caisse-des-merles.example/temoin", 1_234, 2_000)
    page = plain(await site.http.get("/journal"))
    assert "caisse-des-merles.example/temoin connaît une autre histoire du journal : 2 000 lignes vues là-bas" in page
    assert "Touch nothing more" in plain(await site.http.get("/journal?lang=en"))
    store.put_cosignature(worker, "caisse-des-merles.example/temoin", 2_500, "— line")
    assert "une autre histoire" not in plain(await site.http.get("/journal")), "it cosigns our history again"
