"""What brought an assistant in holds her: the device that named her, and each device that had a code made for her."""

import json
from datetime import timedelta

import pytest

from tests.integration.conftest import Connect
from tests.integration.signin_world import Desk, Play, reason
from tests.integration.test_assistants import HOLD, at_work, come, enrolled, make, name, passkey, rows
from tests.integration.test_identity_continuing import At, at, settle, settled
from tierce.deposits import store as deposits
from tierce.kernel.clock import SystemClock
from tierce.policy.assistants import SIGNED_IN_WITHIN
from tierce.storage.cluster import SUPERUSER

pytestmark = pytest.mark.integration


async def other_code(desk_: Desk, who: At) -> str:
    """Another code for the one assistant there is, from a device."""
    (one,) = (await desk_.send("GET", "/v1/assistants", who.handle)).json()["assistants"]
    made = await desk_.send("POST", f"/v1/assistants/{one['number']}/code", who.handle, who.key, b"{}")
    assert made.is_success, made.text
    code: str = made.json()["code"]
    return code


def test_a_key_made_with_another_device_s_code_is_held_with_that_device(play: Play, connect: Connect) -> None:
    admin = connect(SUPERUSER, autocommit=True)

    async def scene(desk_: Desk) -> None:
        first, second = await settled(desk_, connect), await settled(desk_, connect)
        own = await enrolled(desk_, first)
        desk_.clock.shift = timedelta(seconds=5)
        told = (await desk_.send("GET", "/v1/assistants", first.handle)).json()["assistants"][0]["let_in_at"]
        added = passkey()
        assert (await make(desk_, await other_code(desk_, second), added)).status_code == 200
        lately = (await desk_.send("GET", "/v1/assistants", first.handle)).json()["assistants"][0]["let_in_at"]
        assert lately > told, "she is told of that key as of a person let in"
        nadia = await at_work(desk_, added)
        admin.execute(
            HOLD.encode() + b"select 1, 2, %s, 2, now(), now() + interval '1 day', 'w', 'r'", (second.device,)
        )
        assert reason(await desk_.send("GET", "/v1/session", nadia.handle)) == "session_revoked"
        assert reason(await come(desk_, added)) == "assistant_passkey"
        assert (await come(desk_, own)).status_code == 200, "the key that the first device let in still serves"

    play(scene)


def test_a_code_of_a_device_that_is_held_since_makes_no_key(play: Play, connect: Connect) -> None:
    admin = connect(SUPERUSER, autocommit=True)

    async def scene(desk_: Desk) -> None:
        first, second = await settled(desk_, connect), await settled(desk_, connect)
        await enrolled(desk_, first)
        code = await other_code(desk_, second)
        admin.execute(
            HOLD.encode() + b"select 1, 2, %s, 2, now(), now() + interval '1 day', 'w', 'r'", (second.device,)
        )
        assert reason(await make(desk_, code, passkey())) == "assistant_code"

    play(scene)


def test_a_session_left_open_or_software_s_lets_nobody_in(play: Play, connect: Connect) -> None:
    admin = connect(SUPERUSER, autocommit=True)

    async def scene(desk_: Desk) -> None:
        doctor = await settled(desk_, connect)
        admin.execute("update access.session set site = 2")
        assert reason(await name(desk_, doctor)) == "assistant_place"
        admin.execute("update access.session set site = 1, created = created - %s", (SIGNED_IN_WITHIN,))
        assert reason(await name(desk_, doctor)) == "assistant_sign_in"

    play(scene)


def test_a_device_that_an_assistant_s_work_settled_is_new_to_the_professional(play: Play, connect: Connect) -> None:
    admin = connect(SUPERUSER, autocommit=True)

    async def scene(desk_: Desk) -> None:
        doctor = await settled(desk_, connect)
        nadia = await at_work(desk_, await enrolled(desk_, doctor))
        opened = await desk_.open_session(key=nadia.key)
        bound = (await desk_.bind(opened)).json()
        there = At(opened["handle"], nadia.key, bound["device"])
        assert there.device == nadia.device
        settle(connect, there)
        assert reason(await name(desk_, there)) == "assistant_device"
        fresh = await at(desk_, await desk_.open_session())
        code = (await desk_.send("POST", "/v1/devices/code", fresh.handle, fresh.key, b"{}")).json()["code"]
        said = f'{{"code": "{code}"}}'.encode()
        refused = await desk_.send("POST", "/v1/devices/confirm", there.handle, there.key, said)
        assert reason(refused) == "device_old_is_new"
        admin.execute(
            "insert into access.session (id, handle, site, login, professional, acr, offered, software, network,"
            " created, expires, device, activity, line) select 77, sha256('x'), site, login, professional, acr,"
            " offered, software, network, now() - interval '15 days', now() - interval '14 days', device, activity,"
            " line from access.session where device = %s limit 1",
            (there.device,),
        )
        assert (await name(desk_, there, "Ines")).status_code == 201, "she worked there herself a fortnight ago"

    play(scene)


def test_what_she_signs_after_her_last_day_is_guaranteed_to_nobody(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        await at_work(desk_, await enrolled(desk_, await settled(desk_, connect)))

    play(scene)
    admin = connect(SUPERUSER, autocommit=True)
    (handle,) = admin.execute("select handle from access.session where assistant is not null").fetchone() or (b"",)
    now = SystemClock().now()
    admin.execute("update access.session set latest = %s where assistant is not null", (now + timedelta(hours=1),))
    found = [deposits.signer(admin, bytes(handle), now + timedelta(minutes=at_)) for at_ in (59, 61)]
    assert [one is not None and one.at_work for one in found] == [True, False]


def test_a_passkey_goes_the_night_after_her_last_day(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        doctor = await settled(desk_, connect)
        await enrolled(desk_, doctor)
        await enrolled(desk_, doctor, "Ines")

    play(scene)
    admin = connect(SUPERUSER, autocommit=True)
    admin.execute("update access.assistant set until_day = gate.today() - 1 where given_name = 'Ines'")
    upkeep = connect("tierce_upkeep", autocommit=True)
    upkeep.execute("select upkeep.forget(79, 100, true)")
    left = rows(connect, "select given_name from access.passkey p join access.assistant x on x.id = p.assistant")
    assert left == [("Nadia",)]


def test_she_reads_what_holds_her_and_nothing_of_her_professional_s_appeal(play: Play, connect: Connect) -> None:
    admin = connect(SUPERUSER, autocommit=True)

    async def scene(desk_: Desk) -> None:
        doctor = await settled(desk_, connect)
        nadia = await at_work(desk_, await enrolled(desk_, doctor))
        admin.execute(
            HOLD.encode() + b"select 1, 1, login, 2, now(), now() + interval '1 day', 'w', 'r' from access.assistant"
        )
        words = "Nous avons reçu beaucoup de nouveaux patients."
        said = json.dumps({"hold": "1", "said": words}).encode()
        assert (await desk_.send("POST", "/v1/holds/appeal", doctor.handle, doctor.key, said)).status_code == 204
        admin.execute("update access.appeal set answered = now(), answer = 'Levé demain.', \"by\" = 'p'")
        own, hers = [(await desk_.send("GET", "/v1/holds", who.handle)).json()["holds"] for who in (doctor, nadia)]
        assert own[0]["answer"] == "Levé demain."
        asked = ("appealed_at", "answer_due", "answered_at", "answer")
        assert hers == [own[0] | dict.fromkeys(asked)]

    play(scene)
