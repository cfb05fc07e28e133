"""Signing out leads to the provider's own page: the next person at the computer is not known there any more."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from litestar import Litestar

from tests.integration.conftest import Connect
from tests.integration.signin_world import MORVAN, SIGNED_OUT_URI, Desk, Play
from tests.integration.test_identity_over import listening
from tests.integration.test_identity_sites import LENOIR, SITE, Browser, register
from tests.integration.test_identity_sites import play as play_site
from tierce.identity.errors import SessionRefusedError
from tierce.identity.local import PersonSessions, StaffSessions
from tierce.identity.oidc import Realm
from tierce.identity.sites.forms import form_token
from tierce.identity.sites.service import BoundDoor
from tierce.identity.vouching import HINT_CHARS_MAX, open_hint, seal_hint
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.web.signin_site import FORM_FIELD, sign_in_handlers

pytestmark = pytest.mark.integration
KNOWN = "Ce navigateur connaît encore"


async def knows(desk: Desk) -> bool:
    """Whether the provider would let the next person at this browser in by one click."""
    return KNOWN in (await desk.web.get((await desk.start())["authorize_url"])).text


def test_a_professional_who_signs_out_is_forgotten_by_her_provider_too(play: Play, connect: Connect) -> None:
    told: list[str] = []

    async def scene(desk: Desk) -> None:
        opened = await desk.open_session()
        key = opened["key"]
        assert (await desk.bind(opened, key)).status_code == 200
        assert await knows(desk)
        kept = connect(SUPERUSER).execute("select hint from access.vouched where hint is not null").fetchone()
        assert kept is not None
        answer = (await desk.send("POST", "/v1/session/leave", opened["handle"])).json()
        assert answer["by_provider"] is True
        assert (await desk.send("GET", "/v1/session", opened["handle"], key)).status_code == 401, "first of all, here"
        asked = {name: one for name, (one,) in parse_qs(urlsplit(answer["url"]).query).items()}
        assert asked["post_logout_redirect_uri"] == SIGNED_OUT_URI
        assert (asked["client_id"], asked["state"]) == ("tierce-psc", answer["state"])
        assert open_hint(bytes(kept[0]), opened["handle"]) == asked["id_token_hint"]
        assert open_hint(bytes(kept[0]), opened["handle"][::-1]) is None
        told.append(asked["id_token_hint"])
        async with listening(desk.api) as tokens:
            back = await desk.web.get(answer["url"])
        assert back.headers["location"] == f"{SIGNED_OUT_URI}?state={answer['state']}"
        assert len(tokens) == 1, "the provider tells us of what ended here already"
        assert not await knows(desk)
        again = await desk.send("POST", "/v1/session/leave", opened["handle"])
        assert again.status_code == 401

    play(scene)
    rows = connect(SUPERUSER).execute("select v::text from access.vouched v").fetchall()
    assert rows
    assert not any(told[0][:40] in row or told[0].encode().hex()[:80] in row for (row,) in rows)
    assert connect(SUPERUSER).execute("select count(hint) from access.vouched").fetchone() == (0,), "told once"


def test_a_provider_that_is_away_keeps_no_session_open_here(
    database: Database, keyring: Keyring, origin: str
) -> None:
    async def scene(browser: Browser, sessions: StaffSessions | PersonSessions) -> None:
        await browser.enter("vasseur")
        handle, held = browser.handle, browser.held
        away = BoundDoor(browser.desk.door(Realm.STAFF, discovery_url=f"{origin}/nowhere"), sessions)
        app: Any = Litestar(
            sign_in_handlers(replace(browser.site, door=away)), logging_config=None, openapi_config=None
        )
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=SITE, cookies=browser.http.cookies) as http:
            out = await http.post("/sign-out", data={FORM_FIELD: form_token(handle)}, follow_redirects=True)
        with pytest.raises(SessionRefusedError, match="revoked"):
            await sessions.read(held)
        assert "Vous êtes déconnecté de ce site" in out.text
        assert "peut encore vous connaître" in out.text

    play_site(database, keyring, origin, Realm.STAFF, scene)


@pytest.mark.parametrize("realm", [Realm.STAFF, Realm.PERSONS])
def test_the_sites_lead_to_the_provider_s_page_and_say_how_far_one_left(
    database: Database, keyring: Keyring, origin: str, realm: Realm
) -> None:
    if realm is Realm.PERSONS:
        register(database, keyring, (9, LENOIR))

    async def scene(browser: Browser, sessions: StaffSessions | PersonSessions) -> None:
        await browser.enter("vasseur" if realm is Realm.STAFF else "lenoir")
        handle, held, http = browser.handle, browser.held, browser.http
        nowhere = await http.get("/signed-out")
        assert "peut encore vous connaître" in nowhere.text
        out = await http.post("/sign-out", data={FORM_FIELD: form_token(handle)})
        assert (out.status_code, out.headers["cache-control"]) == (200, "no-store")
        with pytest.raises(SessionRefusedError, match="revoked"):
            await sessions.read(held)
        assert browser.site.session_cookie not in http.cookies
        url = out.text.partition('content="0;url=')[2].partition('"')[0].replace("&amp;", "&")
        assert f'href="{url.replace("&", "&amp;")}"' in out.text, "by hand, where nothing goes on by itself"
        assert "peut encore vous connaître" in (await http.get("/signed-out?state=guessed")).text
        back = await browser.desk.web.get(url)
        returned = await http.get(back.headers["location"].removeprefix(SITE), follow_redirects=True)
        assert "ici et chez votre fournisseur d’identité" in returned.text
        assert "here and at your identity provider" in (await http.get("/signed-out?lang=en")).text

    play_site(database, keyring, origin, realm, scene)


def test_an_id_token_longer_than_an_address_takes_is_not_kept() -> None:
    assert seal_hint("a" * (HINT_CHARS_MAX + 1), "handle") is None
    sealed = seal_hint("a" * HINT_CHARS_MAX, "handle")
    assert sealed is not None
    assert open_hint(sealed, "handle") == "a" * HINT_CHARS_MAX
    assert open_hint(sealed[:5], "handle") is None
    assert MORVAN not in sealed.decode("latin-1")
