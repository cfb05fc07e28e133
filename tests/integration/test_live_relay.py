"""A relay that stays in the middle: she works through it, at an address that is not ours, and it keeps all it can.

It is the portal to her: it holds the cookies, makes the key, changes the pages, and comes by an address of its own.
"""

import json
import re
from dataclasses import dataclass
from html import unescape
from typing import Any

import httpx
import pytest

from tests.integration.conftest import Connect
from tests.integration.signin_world import API, CALLBACK, MORVAN, Desk, Play, leave, reason
from tests.integration.test_identity_continuing import ELSEWHERE, limit_of_line, lines_of, send, settled
from tests.integration.test_identity_over import end_at, listening
from tests.unit.portal_samples import HOTLINE
from tierce.identity.oidc import Realm
from tierce.lab.standins.browser_key import BrowserKey
from tierce.lab.standins.visitor import relayed_sign_in, sign_in
from tierce.storage.cluster import SUPERUSER
from tierce.web.portal.app import create_app
from tierce.web.portal.settings import PortalSettings
from tierce.web.portal.site import form_token

pytestmark = pytest.mark.integration
PORTAL = CALLBACK.removesuffix("/sign-in/callback")


@dataclass
class Relay:
    """What it holds of her session at the true portal."""

    portal: httpx.AsyncClient
    desk: Desk
    key: BrowserKey

    @property
    def handle(self) -> str:
        return self.portal.cookies["tierce-portal"]

    async def signed(
        self, path: str, act: str, body: dict[str, Any], key: BrowserKey | None = None
    ) -> httpx.Response:
        """Send one of the portal's forms, signed by a key of the relay's."""
        sent = json.dumps(body).encode()
        at = self.desk.clock.now().timestamp()
        proof = (key or self.key).proof("POST", API + act, handle=self.handle, at=at, body=sent).decode()
        form = {"form_token": form_token(self.handle), "body": sent.decode(), "proof": proof}
        return await self.portal.post(path, data=form)

    async def enter(self) -> None:
        """She signs in through it: her provider asks her phone, and she accepts."""
        back = await relayed_sign_in(self.desk.web, await leave(self.portal, self.desk, self.key), MORVAN)
        assert (await self.portal.get(back.removeprefix(PORTAL))).status_code == 303
        offered = re.search(r'name="activity" value="(\d+)"', (await self.portal.get("/activity")).text)
        assert offered is not None
        body = {"activity": int(offered[1])}
        assert (await self.signed("/activity", "/v1/session/activity", body)).headers["location"] == "/ask"
        self.desk.tickets[self.handle] = self.portal.cookies["tierce-portal-ticket"]


async def told_at_the_true_address(transport: httpx.ASGITransport, desk_: Desk) -> list[str]:
    """What she is told of devices that came for the first time, as she signs in herself."""
    async with httpx.AsyncClient(transport=transport, base_url=PORTAL, headers={"accept-language": "fr"}) as hers:
        left = await leave(hers, desk_, BrowserKey())
        await hers.get((await sign_in(desk_.web, left, MORVAN)).removeprefix(PORTAL))
        page = unescape((await hers.get("/activity")).text)
    return re.findall(r"connecté pour la première fois sous votre nom le [^<.]+", page)


def test_a_live_relay_is_a_new_device_elsewhere_and_she_ends_it(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        her = await settled(desk_, connect)
        before = {limit_of_line(connect, line) for line in lines_of(connect, her)}
        app: Any = create_app(PortalSettings(PORTAL, API, API, HOTLINE), clock=desk_.clock, transport=desk_.transport)
        transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 9))
        seen_by_us = {"x-forwarded-for": ELSEWHERE, "accept-language": "fr"}
        async with httpx.AsyncClient(transport=transport, base_url=PORTAL, headers=seen_by_us) as portal:
            relay = Relay(portal, desk_, BrowserKey())
            assert len(await told_at_the_true_address(transport, desk_)) == 1, "her own, which is of today"
            await relay.enter()
            assert len(await told_at_the_true_address(transport, desk_)) == 2
            mine = (await desk_.send("GET", "/v1/devices", relay.handle)).json()["devices"]
            (new,) = [one for one in mine if one["current"]]
            with_line = connect(SUPERUSER, autocommit=True).execute(
                "select line from access.session where device = %s", (new["id"],)
            )
            assert [limit_of_line(connect, line) for (line,) in with_line] == [5]
            assert (new["new"], new["id"] != her.device) == (True, True)
            # It shows her its code as if it were her own device's, and she types it at the true address.
            page = unescape((await relay.signed("/devices/code", "/v1/devices/code", {})).text)
            code = re.search(r"\b(\d{4})\W(\d{4})\b", page)
            assert code is not None, page
            typed = await send(desk_, her, "/v1/devices/confirm", {"code": code[1] + code[2]})
            assert reason(typed) == "device_network"
            # Had it her old device's handle, its own key would not sign for it.
            forged = await desk_.send("POST", "/v1/devices/confirm", her.handle, relay.key, b'{"code":"11112222"}')
            assert reason(forged) == "proof_other_key"
            assert {limit_of_line(connect, line) for line in lines_of(connect, her)} == before
            # At the true address she sees it, and ends it; or her provider does.
            listed = (await desk_.send("GET", "/v1/sessions", her.handle)).json()["sessions"]
            (theirs,) = [one["id"] for one in listed if one["device"] == new["id"]]
            assert (await desk_.send("POST", f"/v1/sessions/{theirs}/revoke", her.handle)).status_code == 204
            assert (await portal.get("/places")).status_code in {303, 401}
            portal.cookies.clear()
            await relay.enter()
            async with listening(desk_.api):
                assert set(await end_at(desk_, Realm.PSC, MORVAN)) == {200}
            assert (await portal.get("/places")).status_code in {303, 401}

    play(scene)
    counted = connect(SUPERUSER, autocommit=True).execute("select count(*) from access.continued").fetchone()
    assert counted == (0,)
