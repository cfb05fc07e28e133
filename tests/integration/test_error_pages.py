"""What a site answers when it cannot do what was asked: what happened, what to do, a way out, in both languages."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import httpx
import pytest

from tests.integration.conftest import Connect
from tests.integration.rooms import Room, open_room
from tests.integration.sites_world import Site, insurers_site, office_site, persons_site
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.web.signin_site import FORM_FIELD

pytestmark = pytest.mark.integration

SITES = {"office": office_site, "persons": persons_site, "insurers": insurers_site}
NOT_HERE = {"office": "/incidents/1", "persons": "/lines/1/not-me", "insurers": "/incidents/1"}
"""Addresses that a signed-in reader may ask for and that name nothing of hers."""
POSTED = {"office": "/sign-out", "persons": "/requests", "insurers": "/sign-out"}


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    return open_room(connect, keyring)


def told(site: str, room: Room, database: Database) -> dict[str, httpx.Response]:
    """The answers of one site: to an address that is not there, to a method that it has not, to what no form is."""
    opened: Callable[..., AbstractAsyncContextManager[Site]] = SITES[site]

    async def scene() -> dict[str, httpx.Response]:
        async with opened(room, database) as one:
            form = {"content-type": "multipart/form-data"}
            return {
                "not here": await one.http.get(NOT_HERE[site]),
                "nowhere": await one.http.get("/nowhere"),
                "method": await one.http.put("/"),
                "no form": await one.http.post(POSTED[site], content=b"--", headers=form),
                "too long": await one.http.post(POSTED[site], data={FORM_FIELD: "x" * 10_000_000}),
                "in english": await one.http.get("/nowhere?lang=en"),
            }

    return asyncio.run(scene())


@pytest.mark.parametrize("site", SITES)
def test_an_error_says_what_happened_and_leads_on(site: str, room: Room, database: Database) -> None:
    answers = told(site, room, database)
    assert {name: one.status_code for name, one in answers.items()} == {
        "not here": 404, "nowhere": 404, "in english": 404, "method": 405, "no form": 400, "too long": 413,
    }  # fmt: skip
    for name, one in answers.items():
        assert '<a class="button second" href="/">' in one.text, name
        assert "tierce.css" in one.text, name
    assert "Cette page n’existe pas" in answers["nowhere"].text
    assert 'lang="en"' in answers["in english"].text.partition("<head>")[0]
    assert "This page does not exist" in answers["in english"].text
    assert "Ce qui a été envoyé ne se lit pas" in answers["no form"].text
    assert "trop long" in answers["too long"].text


@pytest.mark.parametrize("site", SITES)
def test_the_pages_of_the_site_are_around_what_went_wrong_on_one_of_them(
    site: str, room: Room, database: Database
) -> None:
    page = told(site, room, database)["not here"].text
    assert '<nav class="tabs' in page
    assert 'action="/sign-out"' in page
