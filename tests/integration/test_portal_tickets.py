"""The portal's sessions are read for the minutes after their device's key signed, and by nobody else."""

import json
import re
from html import unescape
from typing import Any

import httpx
import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.signin_world import API, Desk, Play, reason
from tests.integration.test_identity_continuing import At, at, settled
from tests.integration.tickets import held_cookies
from tests.unit.portal_samples import HOTLINE
from tierce.journal.encoding import decode
from tierce.lab.standins.browser_key import BrowserKey
from tierce.policy.acts import Act, Outcome
from tierce.storage.cluster import SUPERUSER
from tierce.web.portal.app import create_app
from tierce.web.portal.reading import FORM_HEADER, PICTURE_BYTES
from tierce.web.portal.settings import PortalSettings
from tierce.web.portal.site import form_token

pytestmark = pytest.mark.integration

PORTAL = "http://127.0.0.1:9"
PAGES = ("/sessions", "/delegates", "/help", "/account", "/invoices", "/agreements", "/transfers", "/held")
OURS = {"sec-fetch-site": "same-origin"}
SCRIPT = OURS | {"content-type": "application/json"}
CHALLENGE, RENEW = "/v1/session/challenge", "/v1/session/renew"


def browser(desk_: Desk, cookies: dict[str, str]) -> httpx.AsyncClient:
    """A browser in front of the portal."""
    app: Any = create_app(PortalSettings(PORTAL, API, API, HOTLINE), clock=desk_.clock, transport=desk_.transport)
    wire = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(transport=wire, base_url=PORTAL, cookies=cookies, headers={"accept-language": "fr"})


def both(desk_: Desk, who: At) -> dict[str, str]:
    return held_cookies(who.handle, desk_.tickets[who.handle])


async def challenge(desk_: Desk, who: At) -> str:
    told = await desk_.send("POST", CHALLENGE, who.handle)
    assert told.status_code == 200, told.text
    return str(told.json()["challenge"])


async def renew(desk_: Desk, who: At, drawn: str, key: BrowserKey | None = None) -> httpx.Response:
    return await desk_.send("POST", RENEW, who.handle, key or who.key, json.dumps({"challenge": drawn}).encode())


def lapse(connect: Connect) -> None:
    connect(SUPERUSER, autocommit=True).execute("update access.ticket set until = now()")


def test_a_page_is_told_with_a_ticket_and_nothing_is_with_the_handle_alone(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        her = await settled(desk_, connect)
        async with browser(desk_, both(desk_, her)) as web:
            shown = {page: await web.get(page) for page in PAGES}
            assert {page: told.status_code for page, told in shown.items()} == dict.fromkeys(PAGES, 200)
            lapse(connect)
            for page, before in shown.items():
                told = await web.get(page)
                assert (told.status_code, told.headers["cache-control"]) == (401, "no-store")
                assert "Votre navigateur confirme que c’est bien lui" in told.text
                assert "form_token" not in told.text
                assert not re.findall(r'class="who"', told.text)
                assert re.findall(r'class="who"', before.text), "her name is on the page itself"
        for stolen in ("", "x", desk_.tickets[her.handle], "y" * 43, her.handle):
            desk_.tickets[her.handle] = stolen
            told = await desk_.send("GET", "/v1/sessions", her.handle)
            assert (told.status_code, reason(told)) == (401, "ticket_lapsed"), stolen

    play(scene)


def test_a_picture_is_read_once_the_api_knows_whose_it_is_and_no_other_size_is(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        her = await settled(desk_, connect)
        async with browser(desk_, both(desk_, her)) as web:
            token = {FORM_HEADER: form_token(her.handle)}
            told = {
                size: (await web.post("/ask/picture", content=b"\0" * size, headers=token)).status_code
                for size in (10, PICTURE_BYTES, PICTURE_BYTES + 1)
            }
        assert told == {10: 403, PICTURE_BYTES: 204, PICTURE_BYTES + 1: 413}

    play(scene)


def test_the_device_s_key_gives_another_ticket_and_the_portal_relays_what_it_signed(
    play: Play, connect: Connect
) -> None:
    async def scene(desk_: Desk) -> None:
        her = await settled(desk_, connect)
        lapse(connect)
        async with browser(desk_, {"tierce-portal": her.handle}) as web:
            drawn = (await web.post("/session/challenge", content=b"{}", headers=SCRIPT)).json()
            assert drawn["url"] == API + RENEW
            body = json.dumps({"challenge": drawn["challenge"]}).encode()
            at_ = desk_.clock.now().timestamp()
            proof = her.key.proof("POST", drawn["url"], handle=her.handle, at=at_, body=body).decode()
            for origin in ("same-site", "cross-site"):
                elsewhere = {**SCRIPT, "dpop": proof, "sec-fetch-site": origin}
                assert (await web.post("/session/renew", content=body, headers=elsewhere)).status_code == 401
                assert (
                    await web.post("/session/challenge", headers={**SCRIPT, "sec-fetch-site": origin})
                ).status_code == 401
            for wrong, changed in (({}, body), ({"dpop": proof}, body + b" "), ({"dpop": "a.b.c"}, body)):
                told = await web.post("/session/renew", content=changed, headers=SCRIPT | wrong)
                assert (told.status_code, "set-cookie" in told.headers) == (400, False), wrong
            told = await web.post("/session/renew", content=body, headers={"dpop": proof, **SCRIPT})
            assert told.status_code == 200, told.text
            kept = told.headers["set-cookie"].lower()
            assert all(one in kept for one in ("tierce-portal-ticket=", "httponly", "samesite=lax", "max-age=300"))
            assert (await web.get("/sessions")).status_code == 200
            again = await web.post("/session/renew", content=body, headers={"dpop": proof, **SCRIPT})
            assert (again.status_code, again.json()["code"]) == (409, "ticket_stale")
            assert (await web.get("/sessions")).status_code == 200, "a stale challenge ends nothing"
            nobody = httpx.AsyncClient(transport=web._transport, base_url=PORTAL)
            assert (await nobody.post("/session/challenge")).status_code == 401

    play(scene)


def test_another_key_ends_the_session_and_she_reads_it_as_she_signs_in(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        her = await settled(desk_, connect)
        refused = await renew(desk_, her, await challenge(desk_, her), BrowserKey())
        assert (refused.status_code, reason(refused)) == (401, "ticket_other_key")
        row = connect(SUPERUSER).execute("select body from journal.entry order by seq desc limit 1").fetchone()
        assert row is not None
        line = decode(bytes(row[0]))
        assert (line.act, line.outcome, line.device) == (Act.SESSION_OTHER_KEY, Outcome.NOT_ALLOWED, int(her.device))
        assert (bool(line.professional), bool(line.establishment), line.person) == (True, True, 0)
        assert (await desk_.send("POST", CHALLENGE, her.handle)).status_code == 401
        assert reason(await desk_.send("GET", "/v1/session", her.handle)) == "session_revoked"
        back = await desk_.open_session()
        said = "un autre navigateur que le vôtre a signé pour elle"
        async with browser(desk_, held_cookies(back["handle"], back["ticket"])) as web:
            assert said in unescape((await web.get("/activity")).text)
        again = await at(desk_, back)
        async with browser(desk_, both(desk_, again)) as web:
            assert said in unescape((await web.get("/sessions")).text)
            assert "another browser than yours signed" in unescape((await web.get("/sessions?lang=en")).text)

    play(scene)


def test_a_form_that_comes_late_is_in_the_answer_whole_for_the_browser_whose_page_sent_it(
    play: Play, connect: Connect
) -> None:
    async def scene(desk_: Desk) -> None:
        her = await settled(desk_, connect)
        field = f"name-{her.device}"
        typed = {"form_token": form_token(her.handle), field: 'Accueil "du fond" <1>'}
        async with browser(desk_, both(desk_, her)) as web:
            lapse(connect)
            kept = await web.post(f"/devices/{her.device}/name", data=typed, headers=OURS)
            assert kept.status_code == 401
            assert f'name="{field}" value="Accueil &#34;du fond&#34; &lt;1&gt;"' in kept.text
            for form, headers in ((typed, {}), (typed, {"sec-fetch-site": "same-site"})):
                told = await web.post(f"/devices/{her.device}/name", data=form, headers=headers)
                assert (told.status_code, field in told.text) == (401, False)
            forged = await web.post(f"/devices/{her.device}/name", data=typed | {"form_token": "x"}, headers=OURS)
            assert (forged.status_code, field in forged.text) == (403, False)
        assert connect(SUPERUSER).execute("select count(*) from access.device_name").fetchone() == (0,)

    play(scene)


def test_whoever_lost_her_key_leaves_all_the_same_and_her_provider_is_told_of_nobody(
    play: Play, connect: Connect
) -> None:
    async def scene(desk_: Desk) -> None:
        for lapsed in (False, True):
            her = await at(desk_, await desk_.open_session())
            if lapsed:
                lapse(connect)
            left = await desk_.send("POST", "/v1/session/leave", her.handle)
            assert left.status_code == 200
            assert ("id_token_hint" in left.text) is not lapsed
            assert reason(await desk_.send("GET", "/v1/session", her.handle)) == "session_revoked"

    play(scene)


def test_a_browser_without_a_key_has_its_handle_alone_and_software_signs_each_reading(
    play: Play, connect: Connect
) -> None:
    async def scene(desk_: Desk) -> None:
        opened = await desk_.open_keyless()
        handle = opened["handle"]
        chosen = json.dumps({"activity": opened["activities"][0]["id"]}).encode()
        bound = await desk_.send("POST", "/v1/session/activity", handle, body=chosen)
        assert (bound.status_code, bound.json()["ticket"]) == (200, None)
        assert (await desk_.send("GET", "/v1/sessions", handle)).status_code == 200
        assert (await desk_.send("GET", "/v1/devices", handle)).status_code == 200
        assert (await desk_.send("POST", CHALLENGE, handle)).status_code == 401, "no key could sign"
        async with browser(desk_, {"tierce-portal": handle}) as web:
            page = await web.get("/sessions")
            assert (page.status_code, "ticket.js" in page.text) == (200, False)
        her = await settled(desk_, connect)
        connect(SUPERUSER, autocommit=True).execute("update access.session set site = 2")
        desk_.tickets.clear()
        assert reason(await desk_.send("GET", "/v1/sessions", her.handle)) == "proof_missing"
        assert reason(await desk_.send("GET", "/v1/sessions", her.handle, BrowserKey())) == "proof_other_key"
        assert (await desk_.send("GET", "/v1/sessions", her.handle, her.key)).status_code == 200
        assert (await desk_.send("POST", CHALLENGE, her.handle)).status_code == 401

    play(scene)


def test_the_api_s_role_makes_no_ticket_by_itself(connect: Connect) -> None:
    with connect("tierce_api", autocommit=True) as thief:
        for table in ("ticket", "key_challenge"):
            for what in ("select * from", "delete from", "insert into"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    thief.execute(f"{what} access.{table}{' default values' if what[0] == 'i' else ''}".encode())
        for call in ("own_bound('h')", "first_ticket(1, 'x')", "ticket_serves(1, 'x')"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                thief.execute(f"select access.{call}".encode())
        assert thief.execute("select access.ask_challenge('h', 'x')").fetchone() == (False,)
        assert thief.execute("select access.renew('h', 'x', 'k', 't')").fetchone() == ("over",)
