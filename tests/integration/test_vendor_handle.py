"""The handle of vendor software, copied without its key: what each address of the API answers to it."""

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.integration.asking import Told, ask
from tests.integration.tickets import ticket_of
from tests.integration.walk_world import API_URL, Login, Sites, WalkWorld, make_walk_world, open_sites
from tests.integration.walker import Route, routes_of
from tierce.kernel.clock import SystemClock
from tierce.policy.seats import PROBATION_DAYS
from tierce.storage.database import Database
from tierce.web.api.callers import TICKET

pytestmark = pytest.mark.integration

OPEN = {"/health", "/metrics", "/v1/openapi.json", "/v1/service", "/fhir/metadata"}
"""What anybody reads."""
NOBODY_YET = {
    "/v1/sign-in/start", "/v1/sign-in/complete", "/v1/token", "/v1/back-channel-logout",
    "/v1/assistants/passkey/start", "/v1/assistants/passkey/finish",
    "/v1/assistants/sign-in/start", "/v1/assistants/sign-in/finish",
}  # fmt: skip
"""Ways in, which look at no handle."""
FORM = {"malformed", "field"}
"""Said of what was sent, before anybody's handle is looked at."""
LEAVES = {"/v1/session/end", "/v1/session/leave"}


@dataclass
class Software:
    """Somebody with the handle of software's session, and perhaps its key."""

    sites: Sites
    login: Login
    told: dict[tuple[str, str], Told] = field(default_factory=dict)

    async def send(self, method: str, path: str, body: bytes = b"", *, signs: bool = False, ticket: str = "") -> Told:
        headers = {"authorization": f"DPoP {self.login.handle}", "content-type": "application/json"}
        if ticket:
            headers[TICKET] = ticket
        if signs:
            at = SystemClock().now().timestamp()
            made = self.login.key.proof(method, API_URL + path, handle=self.login.handle, at=at, body=body)
            headers["dpop"] = made.decode()
        return await ask(self.sites.apps["api"], method, path, headers, body)


def software(world: WalkWorld, sites: Sites) -> Software:
    login = world.open_session(since_days=PROBATION_DAYS + 40)
    world.run("update access.session set site = 2")
    return Software(sites, login)


def address(route: Route) -> str:
    """An address of a route, with numbers that might be somebody's."""
    path = route.path
    for name in route.names:
        kind = "invoice-1" if name == "response" else "1"
        path = path.replace(path[path.index("{") : path.index("}") + 1], kind, 1)
    return path


def code_of(told: Told) -> str:
    found = told.json()
    if "issue" in found:
        return str(found["issue"][0]["details"]["coding"][0]["code"])
    return str(found["code"])


def test_without_its_key_it_is_told_nothing_and_does_nothing_but_leave(database: Database, tmp_path: Path) -> None:
    world = make_walk_world(database, tmp_path)

    async def scene() -> None:
        async with open_sites(world) as sites:
            thief = software(world, sites)
            api = [one for one in routes_of(sites) if one.site == "api" and one.method in {"GET", "POST"}]
            tried = [one for one in api if one.path not in OPEN | NOBODY_YET | LEAVES]
            assert len(tried) > 40, "every other address"
            refusals = {}
            for route in tried:
                for ticket in ("", ticket_of(thief.login.handle)):
                    told = await thief.send(
                        route.method, address(route), b"{}" * (route.method == "POST"), ticket=ticket
                    )
                    assert told.status >= 400, (route, told.text)
                    refusals[route.method, route.path] = code_of(told)
            others = {place: code for place, code in refusals.items() if code != "proof_missing"}
            assert others.pop(("POST", "/v1/session/challenge")) == "session_unknown", "it has no tickets"
            assert others.pop(("GET", "/v1/deposits/{receipt}")) == "receipt_unknown", "1 is nobody's receipt"
            formless = {place for place, code in others.items() if code in FORM}
            assert formless == set(others), "told nothing but that an empty object is no such request"
            assert {method for method, _ in formless} == {"POST"}
            assert (await thief.send("POST", "/v1/session/end")).status == 204, "it can end the session"

    asyncio.run(scene())


def test_with_its_key_it_reads_and_a_proof_serves_one_reading(database: Database, tmp_path: Path) -> None:
    world = make_walk_world(database, tmp_path)

    async def scene() -> None:
        async with open_sites(world) as sites:
            hers = software(world, sites)
            for path in ("/v1/session", "/v1/sessions", "/v1/devices", "/v1/seats", "/v1/history", "/v1/place",
                         "/v1/substitutes", "/v1/holds", "/v1/invoices", "/v1/agreements"):  # fmt: skip
                told = await hers.send("GET", path, signs=True)
                assert told.status == 200, (path, told.text)
            at = SystemClock().now().timestamp()
            proof = hers.login.key.proof("GET", API_URL + "/v1/session", handle=hers.login.handle, at=at).decode()
            headers = {"authorization": f"DPoP {hers.login.handle}", "dpop": proof}
            api = sites.apps["api"]
            assert (await ask(api, "GET", "/v1/session", headers, b"")).status == 200
            assert code_of(await ask(api, "GET", "/v1/session", headers, b"")) == "proof_replayed"
            assert code_of(await ask(api, "GET", "/v1/devices", headers, b"")) == "proof_htu"
            named = json.dumps({"name": "Accueil"}).encode()
            (device,) = world.run("select device from access.session")[0]
            path = f"/v1/devices/{device}/name"
            assert code_of(await hers.send("POST", path, named)) == "proof_missing"
            assert (await hers.send("POST", path, named, signs=True)).status == 204
            changed = {"authorization": f"DPoP {hers.login.handle}", "content-type": "application/json"}
            at = SystemClock().now().timestamp()
            made = hers.login.key.proof("POST", API_URL + path, handle=hers.login.handle, at=at, body=named)
            other = json.dumps({"name": "Ailleurs"}).encode()
            refused = await ask(api, "POST", path, changed | {"dpop": made.decode()}, other)
            assert code_of(refused) == "proof_bd"

    asyncio.run(scene())
    assert world.run("select name from access.device_name") == [("Accueil",)]
