"""A new device goes on with the places of an older one that says so, and adds none for anybody."""

import json
from datetime import timedelta
from typing import Any, NamedTuple

import httpx
import pytest

from tests.integration.conftest import Connect
from tests.integration.signin_world import MORVAN, Desk, Play, reason
from tierce.journal.encoding import decode
from tierce.kernel.care import Profession
from tierce.kernel.clock import SystemClock, paris_day
from tierce.lab.standins.browser_key import BrowserKey
from tierce.lab.standins.visitor import answer_of, relayed_sign_in
from tierce.policy.acts import Act
from tierce.policy.seats import effective_limit, new_line, pack, settled_line, unpack
from tierce.storage.cluster import SUPERUSER

pytestmark = pytest.mark.integration

ELSEWHERE = "203.0.113.9"
TODAY = paris_day(SystemClock().now())


class At(NamedTuple):
    """A professional at one device."""

    handle: str
    key: BrowserKey
    device: str


async def at(desk_: Desk, opened: dict[str, Any]) -> At:
    bound = (await desk_.bind(opened)).json()
    return At(opened["handle"], opened["key"], bound["device"])


async def settled(desk_: Desk, connect: Connect) -> At:
    """The professional at a device of long standing."""
    old = await at(desk_, await desk_.open_session())
    settle(connect, old)
    return old


def settle(connect: Connect, old: At) -> None:
    state = pack(settled_line(Profession.GP, TODAY))
    connect(SUPERUSER, autocommit=True).execute(
        "update access.line set state = %s, created_day = %s where device = %s", (state, TODAY - 30, old.device)
    )


async def send(desk_: Desk, who: At, path: str, body: dict[str, str] | None = None) -> httpx.Response:
    return await desk_.send("POST", path, who.handle, who.key, json.dumps(body or {}).encode())


async def confirm(desk_: Desk, old: At, new: At) -> httpx.Response:
    code = (await send(desk_, new, "/v1/devices/code")).json()["code"]
    return await send(desk_, old, "/v1/devices/confirm", {"code": f"{code[:4]} {code[4:]}"})


def lines_of(connect: Connect, who: At) -> list[int]:
    found = (
        connect(SUPERUSER, autocommit=True)
        .execute("select line from access.session where device = %s", (who.device,))
        .fetchall()
    )
    return [row[0] for row in found]


def limit_of_line(connect: Connect, line: int) -> int:
    row = (
        connect(SUPERUSER, autocommit=True).execute("select state from access.line where id = %s", (line,)).fetchone()
    )
    assert row is not None
    return effective_limit(unpack(row[0]))


def test_a_confirmed_device_draws_on_the_old_one_s_line_now_and_at_its_next_sign_in(
    play: Play, connect: Connect
) -> None:
    async def scene(desk_: Desk) -> None:
        old = await settled(desk_, connect)
        new = await at(desk_, await desk_.open_session())
        assert lines_of(connect, new) != lines_of(connect, old)
        assert [limit_of_line(connect, line) for line in lines_of(connect, new)] == [5]
        done = await confirm(desk_, old, new)
        assert (done.status_code, done.json()) == (200, {"device": new.device})
        assert lines_of(connect, new) == lines_of(connect, old)
        await at(desk_, await desk_.open_session(key=new.key))
        assert set(lines_of(connect, new)) == set(lines_of(connect, old)), "and at the next sign-in"
        listed = (await desk_.send("GET", "/v1/devices", old.handle)).json()["devices"]
        assert {one["id"]: (one["new"], one["continues"]) for one in listed} == {
            old.device: (False, False), new.device: (False, True),
        }  # fmt: skip

    play(scene)
    admin = connect(SUPERUSER)
    entries = [decode(bytes(row[0])) for row in admin.execute("select body from journal.entry order by seq")]
    told = [(entry.act, entry.reference) for entry in entries if entry.act >= Act.DEVICE_CODE]
    confirmed = admin.execute("select device from access.continued").fetchall()
    assert told == [(Act.DEVICE_CODE, 0), (Act.DEVICE_CONTINUE, confirmed[0][0])]


def test_two_addresses_that_cannot_be_read_are_of_no_common_network(play: Play, connect: Connect) -> None:
    """Behind a proxy that says something else than an address, everybody would be on everybody's network."""

    async def scene(desk_: Desk) -> None:
        met = []
        for _ in range(2):
            key = BrowserKey()
            started = await desk_.start(key)
            answer = answer_of(await relayed_sign_in(desk_.web, started["authorize_url"], MORVAN))
            body = {name: answer[name] for name in ("state", "code", "iss")} | {"binding": started["binding"]}
            opened = (await desk_.complete(body, "198.51.100.7:50123")).json()
            met.append(await at(desk_, opened | {"key": key}))
            settle(connect, met[0])
        assert reason(await confirm(desk_, *met)) == "device_network"
        assert [limit_of_line(connect, line) for line in lines_of(connect, met[1])] == [5]

    play(scene)


def test_a_thief_with_a_relayed_sign_in_gets_no_place_even_when_the_code_is_typed_for_him(
    play: Play, connect: Connect
) -> None:
    """He has her sign-in and a device of his own; he talks her into typing his code on her usual one."""

    async def scene(desk_: Desk) -> None:
        old = await settled(desk_, connect)
        his = BrowserKey()
        started = await desk_.start(his)
        answer = answer_of(await relayed_sign_in(desk_.web, started["authorize_url"], MORVAN))
        body = {name: answer[name] for name in ("state", "code", "iss")} | {"binding": started["binding"]}
        thief = await at(desk_, (await desk_.complete(body, ELSEWHERE)).json() | {"key": his})
        assert reason(await confirm(desk_, old, thief)) == "device_network"
        assert [limit_of_line(connect, line) for line in lines_of(connect, thief)] == [5]
        # Nor can he say it himself: his device is new, and so is every further one of his.
        accomplice = await at(desk_, await desk_.open_session())
        assert reason(await confirm(desk_, thief, accomplice)) == "device_old_is_new"

    play(scene)
    assert connect(SUPERUSER, autocommit=True).execute("select count(*) from access.continued").fetchone() == (0,)


def test_a_code_serves_its_own_login_once_and_for_ten_minutes(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        old = await settled(desk_, connect)
        new = await at(desk_, await desk_.open_session())
        opened = await desk_.open_session()
        bound = (await desk_.bind(opened, place=1)).json()
        other = At(opened["handle"], opened["key"], bound["device"])
        code = (await send(desk_, new, "/v1/devices/code")).json()["code"]
        assert reason(await send(desk_, other, "/v1/devices/confirm", {"code": code})) == "device_code"
        assert reason(await send(desk_, old, "/v1/devices/confirm", {"code": "no digits"})) == "device_code"
        admin = connect(SUPERUSER, autocommit=True)
        admin.execute("insert into access.login values (7, 202, now())")
        [(mine,)] = admin.execute("select login from access.device_code").fetchall()
        admin.execute("update access.device_code set login = 7")
        assert reason(await send(desk_, old, "/v1/devices/confirm", {"code": code})) == "device_code", (
            "another's code"
        )
        admin.execute("update access.device_code set login = %s", (mine,))
        connect(SUPERUSER, autocommit=True).execute(
            "update access.device_code set made = made - %s", (timedelta(minutes=10),)
        )
        assert reason(await send(desk_, old, "/v1/devices/confirm", {"code": code})) == "device_code"
        assert (await confirm(desk_, old, new)).status_code == 200
        assert reason(await send(desk_, old, "/v1/devices/confirm", {"code": code})) == "device_code"
        assert reason(await send(desk_, new, "/v1/devices/code")) == "device_not_new"

    play(scene)


def test_what_is_held_confirms_nothing_and_is_not_confirmed(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        old = await settled(desk_, connect)
        new = await at(desk_, await desk_.open_session())
        for level, held in ((2, old), (2, new)):
            connect(SUPERUSER, autocommit=True).execute(
                "insert into access.ladder (id, level, subject, rung, since, until, by, reason)"
                " values (9, %s, %s, 3, now(), now() + interval '1 hour', 'watch', 'test')",
                (level, held.device),
            )
            assert reason(await confirm(desk_, old, new)) == "device_held"
            connect(SUPERUSER, autocommit=True).execute("delete from access.ladder")

    play(scene)


def test_four_devices_at_most_share_a_line_and_one_taken_off_is_new_again(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        old = await settled(desk_, connect)
        devices = [await at(desk_, await desk_.open_session()) for _ in range(5)]
        answers = [await confirm(desk_, old, new) for new in devices]
        assert [answer.status_code for answer in answers] == [200] * 4 + [409]
        assert reason(answers[4]) == "device_too_many"
        path = f"/v1/devices/{devices[0].device}/separate"
        assert (await send(desk_, old, path)).status_code == 204
        assert reason(await send(desk_, old, path)) == "device_not_yours"
        assert reason(await send(desk_, devices[0], "/v1/devices/code")).startswith("session_")
        await at(desk_, await desk_.open_session(key=devices[0].key))
        assert limit_of_line(connect, lines_of(connect, devices[0])[-1]) == 5
        assert (await confirm(desk_, old, devices[4])).status_code == 200

    play(scene)


def test_nothing_is_confirmed_without_the_device_s_own_key(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        old = await settled(desk_, connect)
        new = await at(desk_, await desk_.open_session())
        code = (await send(desk_, new, "/v1/devices/code")).json()["code"]
        body = json.dumps({"code": code}).encode()
        bare = await desk_.send("POST", "/v1/devices/confirm", old.handle, None, body)
        stolen = await desk_.send("POST", "/v1/devices/confirm", old.handle, BrowserKey(), body)
        assert {reason(bare), reason(stolen)} == {"proof_missing", "proof_other_key"}

    play(scene)
    assert connect(SUPERUSER, autocommit=True).execute("select count(*) from access.continued").fetchone() == (0,)


def test_a_confirmed_device_adds_no_place(play: Play, connect: Connect) -> None:
    """What the two learn together is what the old one's limit allows: the line is one, whoever draws on it."""

    async def scene(desk_: Desk) -> None:
        old = await settled(desk_, connect)
        before = (
            connect(SUPERUSER, autocommit=True)
            .execute("select count(*) from access.line where login is not null")
            .fetchone()
        )
        new = await at(desk_, await desk_.open_session())
        await confirm(desk_, old, new)
        again = await at(desk_, await desk_.open_session())
        await confirm(desk_, old, again)
        lines = connect(SUPERUSER, autocommit=True).execute(
            "select distinct line from access.session where device in (%s, %s, %s)",
            (old.device, new.device, again.device),
        ).fetchall()  # fmt: skip
        assert before == (1,)
        assert lines == [(lines_of(connect, old)[0],)]

    play(scene)


def test_the_opening_state_of_a_new_line_is_on_probation_in_the_database_too(connect: Connect) -> None:
    row = connect(SUPERUSER, autocommit=True).execute(
        "select access.on_probation(%s, %s), access.on_probation(%s, %s)",
        (pack(new_line(Profession.GP, TODAY)), TODAY, pack(settled_line(Profession.GP, TODAY)), TODAY),
    ).fetchone()  # fmt: skip
    assert row == (True, False)
