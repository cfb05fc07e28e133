"""A suspended account: one table says what is left to it, on every route, by whatever session or device one comes."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.conftest import Connect
from tests.integration.depositing import optician
from tests.integration.signin_world import Desk, Play
from tests.integration.test_deposits_api import served, settings_of
from tests.integration.test_identity_continuing import At, at, settled
from tests.integration.tickets import held_headers
from tests.integration.world import make_world
from tierce.policy.acts import Act
from tierce.policy.ladder import SUSPENDED_ACTS, Rung
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database

pytestmark = pytest.mark.integration
HOLD = (
    "insert into access.ladder (id, level, subject, rung, since, until, by, reason)"
    " select 1, %s, case %s when 1 then s.login else s.device end, %s, now(), now() + interval '1 day', 'staff', 'r'"
    " from access.session s where s.device = %s limit 1"
)


def routes(desk_: Desk) -> list[tuple[str, str, Act]]:
    """Every route behind the gate's own: method, address, act."""
    transport: Any = desk_.transport
    return [
        (method, re.sub(r"\{[^}]*\}", "1", route.path), handler.opt["act"])
        for route in transport.app.routes
        for handler in getattr(route, "route_handlers", ())
        for method in handler.http_methods
        if method != "OPTIONS"
    ]


async def ask(desk_: Desk, who: At, method: str, path: str) -> httpx.Response:
    return await desk_.send(method, path, who.handle, who.key, b"{}" if method == "POST" else b"")


async def shut(desk_: Desk, who: At) -> set[Act]:
    """The acts of the routes that are refused because the account is suspended."""
    found: set[Act] = set()
    for method, path, act in routes(desk_):
        if act is not Act.SESSION_REVOKE:
            answer = await ask(desk_, who, method, path)
            if answer.status_code == 403 and answer.json()["code"] == "session_suspended":
                found.add(act)
            else:
                assert b"session_suspended" not in answer.content
    return found


def hold(connect: Connect, level: int, rung: int, device: str) -> None:
    connect(SUPERUSER, autocommit=True).execute(HOLD.encode(), (level, level, rung, device))


def test_a_suspended_account_may_do_what_the_table_names_from_any_device(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        held = await settled(desk_, connect)
        asked = {act for _method, _path, act in routes(desk_)}
        assert await shut(desk_, held) == set()
        hold(connect, 1, Rung.SUSPENDED, held.device)
        elsewhere = await at(desk_, await desk_.open_session())
        for who in (held, elsewhere):
            assert await shut(desk_, who) == asked - SUSPENDED_ACTS
        (told,) = (await ask(desk_, elsewhere, "GET", "/v1/holds")).json()["holds"]
        assert (told["on"], told["rung"]) == ("account", Rung.SUSPENDED)
        said = f'{{"hold":"{told["id"]}","said":"Mon poste a été volé lundi."}}'.encode()
        appeal = await desk_.send("POST", "/v1/holds/appeal", elsewhere.handle, elsewhere.key, said)
        assert appeal.status_code == 204
        assert (await desk_.send("POST", "/v1/sessions/revoke-others", elsewhere.handle)).json() == {"ended": 1}
        assert (await desk_.send("POST", "/v1/session/end", elsewhere.handle)).status_code == 204

    play(scene)


def test_a_device_is_suspended_alone_and_a_lower_rung_suspends_nobody(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        stolen, own = await settled(desk_, connect), await settled(desk_, connect)
        hold(connect, 1, Rung.PRESENCE_ONLY, stolen.device)
        assert await shut(desk_, stolen) == set()
        connect(SUPERUSER, autocommit=True).execute("delete from access.ladder")
        hold(connect, 2, Rung.SUSPENDED, stolen.device)
        assert Act.INVOICE_READ in await shut(desk_, stolen)
        assert await shut(desk_, own) == set()

    play(scene)


def test_whoever_is_suspended_is_told_so_once_the_hold_is_lifted_no_more(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        held = await settled(desk_, connect)
        hold(connect, 1, Rung.SUSPENDED, held.device)
        refused = await ask(desk_, held, "GET", "/v1/invoices")
        assert refused.status_code == 403
        connect(SUPERUSER, autocommit=True).execute("update access.ladder set lifted = now()")
        assert (await ask(desk_, held, "GET", "/v1/invoices")).status_code == 200

    play(scene)


def test_the_routes_beside_the_gate_are_held_to_the_same_table(
    database: Database, connect: Connect, key_directory: Path, tmp_path: Path
) -> None:
    """`create_api` alone has them: what they say of the place and its seats stays, the list of asks does not."""
    world = make_world(database)
    world.run("delete from journal.instance")  # the process registers its own key
    who = optician(world)

    async def use(http: httpx.AsyncClient, _front: Any) -> None:  # noqa: ANN401 - what serves, unread here
        async def answers() -> dict[str, tuple[int, bool]]:
            found = {}
            for path in ("/v1/seats", "/v1/place", "/v1/history", "/v1/holds"):
                answer = await http.get(path, headers=held_headers(who.handle))
                found[path] = answer.status_code, b"session_suspended" in answer.content
            return found

        open_ = dict.fromkeys(("/v1/seats", "/v1/place", "/v1/history", "/v1/holds"), (200, False))
        assert await answers() == open_
        hold(connect, 1, Rung.SUSPENDED, str(who.caller.device))
        assert await answers() == open_ | {"/v1/history": (403, True)}

    served(settings_of(database, key_directory, tmp_path), use)
