"""What is copied of a browser between its sign-in and the choice of its activity serves nobody else."""

import json
import re
from collections.abc import Awaitable, Callable

import httpx
import pytest

from tests.integration.conftest import Connect
from tests.integration.signin_world import API, CALLBACK, MORVAN, Desk, Play, leave, reason
from tests.integration.test_assistants import come, enrolled
from tests.integration.test_identity_continuing import settled
from tests.integration.test_portal_tickets import browser
from tests.integration.tickets import held_cookies
from tierce.lab.standins.bound_browser import signed_start
from tierce.lab.standins.browser_key import BrowserKey
from tierce.lab.standins.visitor import sign_in
from tierce.storage.cluster import SUPERUSER
from tierce.web.portal.site import form_token

pytestmark = pytest.mark.integration

ACTIVITY = "/v1/session/activity"
BEFORE = "the choice is hers to make still"
Ways = Callable[[str, int, BrowserKey], Awaitable[list[httpx.Response]]]


async def takes_nothing(desk_: Desk, handle: str, activity: int) -> None:
    """Every way past the portal by which a thief with a handle alone may choose, with a key of his own or none."""
    thief = BrowserKey()
    plain = json.dumps({"activity": activity}).encode()
    named = json.dumps({"activity": activity, "jwk": thief.jwk}).encode()
    for key, body in ((None, plain), (None, named), (thief, plain), (thief, named)):
        refused = await desk_.send("POST", ACTIVITY, handle, key, body)
        assert refused.status_code == 401, (key, body, refused.text)
        assert reason(refused) in {"proof_missing", "proof_other_key"}
    for path in ("/v1/session", "/v1/sessions", "/v1/devices", "/v1/assistants", "/v1/holds", "/v1/substitutes"):
        assert reason(await desk_.send("GET", path, handle)) == "ticket_lapsed", path
    async with browser(desk_, {"tierce-portal": handle}) as web:
        assert (await web.get("/activity")).status_code == 401
        token = form_token(handle)
        for form in ({"activity": str(activity)}, {"body": named.decode()}):
            told = await web.post("/activity", data=form | {"form_token": token})
            assert (told.status_code, "location" in told.headers) == (401, False), form


def test_a_cookie_copied_before_the_activity_is_chosen_binds_no_key_and_reads_nothing(
    play: Play, connect: Connect
) -> None:
    async def scene(desk_: Desk) -> None:
        own = BrowserKey()
        async with browser(desk_, {}) as web:
            at_provider = await leave(web, desk_, own)
            pending = dict(web.cookies)
            back = (await sign_in(desk_.web, at_provider, MORVAN)).removeprefix(
                CALLBACK.removesuffix("/sign-in/callback")
            )
            assert (await web.get(back)).headers["location"] == "/activity"
            hers = dict(web.cookies)
            handle = hers["tierce-portal"]
            offered = (await web.get("/activity")).text.count('name="activity"')
            assert offered == 2
            activity = connect(SUPERUSER).execute("select min(id) from directory.activity").fetchone()
            assert activity is not None
            await takes_nothing(desk_, handle, activity[0])
            # What was copied while she was at her provider serves nothing once she is back.
            async with browser(desk_, pending) as thief:
                assert (await thief.get(back)).status_code in {401, 403}
            body = json.dumps({"activity": activity[0]}).encode()
            chosen = await desk_.send("POST", ACTIVITY, handle, own, body)
            assert chosen.status_code == 200, BEFORE
        devices = connect(SUPERUSER).execute("select count(*) from access.device").fetchone()
        assert devices == (1,), "no key of his was ever a device"

    play(scene)


def test_the_ticket_copied_with_it_reads_five_minutes_and_chooses_nothing(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        hers = await desk_.open_session()
        stolen, activity = held_cookies(hers["handle"], hers["ticket"]), hers["activities"][0]["id"]
        async with browser(desk_, stolen) as web:
            assert (await web.get("/activity")).status_code == 200
            form = {"form_token": form_token(hers["handle"]), "activity": str(activity)}
            assert (await web.post("/activity", data=form)).status_code == 401
            connect(SUPERUSER, autocommit=True).execute("update access.ticket set until = now()")
            assert (await web.get("/activity")).status_code == 401
        desk_.tickets.clear()
        await takes_nothing(desk_, hers["handle"], activity)
        assert (await desk_.bind(hers)).status_code == 200, BEFORE

    play(scene)


def test_whoever_comes_back_in_her_place_reads_five_minutes_and_chooses_nothing(play: Play, connect: Connect) -> None:
    """He has the cookie of the sign-in and the address by which she comes back, and is there before her."""

    async def scene(desk_: Desk) -> None:
        own = BrowserKey()
        async with browser(desk_, {}) as web:
            back = await sign_in(desk_.web, await leave(web, desk_, own), MORVAN)
            stolen = dict(web.cookies)
        async with browser(desk_, stolen) as thief:
            came = await thief.get(back.removeprefix(CALLBACK.removesuffix("/sign-in/callback")))
            assert came.headers["location"] == "/activity"
            page = await thief.get("/activity")
            assert page.status_code == 200
            handle = thief.cookies["tierce-portal"]
            form = {"form_token": form_token(handle), "activity": "1"}
            assert (await thief.post("/activity", data=form)).status_code == 401
            connect(SUPERUSER, autocommit=True).execute("update access.ticket set until = now()")
            assert (await thief.get("/activity")).status_code == 401
        row = (
            connect(SUPERUSER)
            .execute("select d.thumbprint, s.activity from access.session s join access.device d on d.id = s.device")
            .fetchone()
        )
        assert row == (own.thumbprint, None), "the session is hers"

    play(scene)


def test_a_session_that_began_without_a_key_takes_none(play: Play) -> None:
    async def scene(desk_: Desk) -> None:
        plain = await desk_.open_keyless()
        assert plain["ticket"] is None
        thief, body = BrowserKey(), json.dumps({"activity": plain["activities"][0]["id"]}).encode()
        named = json.dumps({"activity": plain["activities"][0]["id"], "jwk": thief.jwk}).encode()
        for key, sent in ((thief, body), (thief, named), (None, named)):
            refused = await desk_.send("POST", ACTIVITY, plain["handle"], key, sent)
            assert reason(refused) == "proof_other_key"
        chosen = await desk_.send("POST", ACTIVITY, plain["handle"], None, body)
        assert (chosen.status_code, chosen.json()["signs"]) == (200, False)

    play(scene)


def test_an_assistant_s_session_is_her_browser_s_from_the_first(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        doctor = await settled(desk_, connect)
        own = BrowserKey()
        opened = (await come(desk_, await enrolled(desk_, doctor), browser=own)).json()
        await takes_nothing(desk_, opened["handle"], opened["activities"][0]["id"])
        assert (await desk_.bind(opened | {"key": own})).status_code == 200, BEFORE

    play(scene)


def test_what_begins_a_sign_in_is_signed_for_it_alone(play: Play) -> None:
    async def scene(desk_: Desk) -> None:
        now = desk_.clock.now().timestamp()
        good = signed_start(API, BrowserKey(), now)
        path = "/v1/sign-in/start"
        wrong = (
            signed_start("https://elsewhere.example", BrowserKey(), now),
            signed_start(API, BrowserKey(), now - 120),
            {**good, "content": good["content"].replace(b"/activity", b"/sessions")},
            {**good, "headers": good["headers"] | {"dpop": f"{good['headers']['dpop']}, {good['headers']['dpop']}"}},
        )
        for sent in wrong:
            refused = await desk_.api.post(path, **sent)
            assert (refused.status_code, reason(refused).startswith("proof_")) == (401, True)
        assert (await desk_.api.post(path, **good)).status_code == 200
        async with browser(desk_, {}) as web:
            page = (await web.get("/sign-in")).text
            led = {"sec-fetch-site": "cross-site"}
            offered = re.search(r'href="(/sign-in/without-key\?page=[0-9a-f]{32})"', page)
            assert offered
            for way in ("/sign-in/without-key", "/sign-in/without-key?page=" + "0" * 32):
                assert (await web.get(way)).headers["location"] == "/sign-in", "an old browser, led by another site"
            assert (await web.get(offered[1], headers=led)).headers["location"] == "/sign-in"
            script = {"content-type": "application/json"}
            for said in (
                script | led,
                script | {"origin": "https://elsewhere.example"},
                {"content-type": "text/plain"},
            ):
                assert (await web.post("/sign-in", headers=said)).json() == {"location": "/sign-in"}
            keyless = await web.get(offered[1])
            assert keyless.headers["location"].startswith("http://localhost:")

    play(scene)
