"""Assistants: named from a proved device, a passkey made with a code at the place, sessions of the professional's."""

import json
from datetime import date, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.signin_world import API, PORTAL, Desk, Play, reason
from tests.integration.test_identity_continuing import ELSEWHERE, TODAY, At, at, lines_of, settled
from tests.passkeys import UP, UV, Passkey
from tierce.journal.encoding import decode
from tierce.kernel.clock import date_of
from tierce.lab.standins.bound_browser import begun_by
from tierce.lab.standins.browser_key import BrowserKey
from tierce.policy.acts import Act
from tierce.policy.assistants import ASSISTANTS_MAX, LAST_DAY_MAX, PASSKEYS_MAX
from tierce.storage.cluster import SUPERUSER

pytestmark = pytest.mark.integration

HERE = "192.0.2.77"
RP = "portail.tierce.example"


def body(**said: object) -> bytes:
    return json.dumps(said, default=str).encode()


async def name(desk_: Desk, who: At, given: str = "Nadia", last: date | None = None) -> httpx.Response:
    said = body(family_name="Belkacem", given_name=given, last_day=last or date_of(TODAY + 100))
    return await desk_.send("POST", "/v1/assistants", who.handle, who.key, said)


async def post(desk_: Desk, path: str, address: str = HERE, **said: object) -> httpx.Response:
    return await desk_.api.post(path, json=said, headers={"X-Forwarded-For": address})


def passkey(*, edwards: bool = False, flags: int = UP | UV) -> Passkey:
    return Passkey(RP, PORTAL, edwards, flags)


async def make(desk_: Desk, code: str, key: Passkey, address: str = HERE) -> httpx.Response:
    """Make a passkey with a code."""
    begun = await post(desk_, "/v1/assistants/passkey/start", address, code=code)
    if begun.status_code != 200:
        return begun
    told = begun.json()
    key.user = told["user_id"]
    made = key.made(told["challenge"])
    return await post(desk_, "/v1/assistants/passkey/finish", address, binding=told["binding"], **made)


async def enrolled(desk_: Desk, who: At, given: str = "Nadia", *, edwards: bool = False) -> Passkey:
    """An assistant's passkey."""
    key = passkey(edwards=edwards)
    done = await make(desk_, (await name(desk_, who, given)).json()["code"].lower().replace("-", " "), key)
    assert done.status_code == 200, done.text
    assert done.json() == {"given_name": given, "establishment_name": "Cabinet médical des Tilleuls"}
    return key


async def start(desk_: Desk, browser: BrowserKey | None = None) -> dict[str, Any]:
    """Begin a sign-in, as the browser that has this key or another."""
    path = "/v1/assistants/sign-in/start"
    signed = begun_by(API + path, browser or BrowserKey(), desk_.clock.now().timestamp())
    begun: dict[str, Any] = (await desk_.api.post(path, content=b"{}", headers=signed)).json()
    return begun


async def come(desk_: Desk, key: Passkey, address: str = HERE, browser: BrowserKey | None = None) -> httpx.Response:
    """Sign in with a passkey."""
    told = await start(desk_, browser)
    assert told["rp_id"] == RP
    signed = key.signed(told["challenge"])
    return await post(desk_, "/v1/assistants/sign-in/finish", address, binding=told["binding"], **signed)


async def at_work(desk_: Desk, key: Passkey) -> At:
    """An assistant at her browser."""
    own = BrowserKey()
    opened = await come(desk_, key, browser=own)
    assert opened.status_code == 200, opened.text
    return await at(desk_, opened.json() | {"key": own})


def rows(connect: Connect, query: str) -> list[Any]:
    return connect(SUPERUSER, autocommit=True).execute(query.encode()).fetchall()


def acts(connect: Connect) -> list[tuple[Act, int]]:
    entries = (decode(bytes(row[0])) for row in rows(connect, "select body from journal.entry order by seq"))
    return [(Act(one.act), one.reference) for one in entries if 32 <= one.act <= 38]


def test_an_assistant_is_named_makes_a_passkey_signs_in_and_is_ended(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        doctor = await settled(desk_, connect)
        key = await enrolled(desk_, doctor)
        nadia = await at_work(desk_, key)
        own = (await desk_.send("GET", "/v1/session", nadia.handle)).json()
        assert (own["assistant_name"], own["signs"], own["level"]) == ("Nadia Belkacem", True, 1)
        listed = (await desk_.send("GET", "/v1/assistants", doctor.handle)).json()["assistants"]
        assert [(one["given_name"], one["passkeys"], one["here"], bool(one["used_at"])) for one in listed] == [
            ("Nadia", 1, True, True)
        ]
        seen = (await desk_.send("GET", "/v1/sessions", doctor.handle)).json()["sessions"]
        assert sorted(one["assistant_name"] or "" for one in seen) == ["", "Nadia Belkacem"]
        number = listed[0]["number"]
        gone = await desk_.send("POST", f"/v1/assistants/{number}/end", doctor.handle, doctor.key, b"{}")
        assert gone.status_code == 204
        assert reason(await desk_.send("GET", "/v1/session", nadia.handle)) == "session_revoked"
        assert reason(await come(desk_, key)) == "assistant_passkey"
        again = await desk_.send("POST", f"/v1/assistants/{number}/end", doctor.handle, doctor.key, b"{}")
        assert (again.status_code, reason(again)) == (404, "assistant_not_found")

    play(scene)
    number = rows(connect, "select id from access.assistant")[0][0]
    told = [Act.ASSISTANT_NAME, Act.ASSISTANT_ENROL, Act.ASSISTANT_SIGN_IN, Act.ASSISTANT_END]
    assert acts(connect) == [(act, number) for act in told]


def test_many_assistants_draw_on_the_professional_s_own_lines(play: Play, connect: Connect) -> None:
    """Six browsers of six assistants are six new devices of one login: five seats, all together."""

    async def scene(desk_: Desk) -> None:
        doctor = await settled(desk_, connect)
        met = [await at_work(desk_, await enrolled(desk_, doctor, f"N{'abcdef'[n]}")) for n in range(6)]
        lines = {line for one in met for line in lines_of(connect, one)}
        assert len(lines) == 1
        assert lines.isdisjoint(lines_of(connect, doctor))
        thief = await at(desk_, await desk_.open_session())
        assert set(lines_of(connect, thief)) == lines, "and whoever stole her sign-in shares them"

    play(scene)
    logins = rows(connect, "select distinct login, professional from access.session")
    assert len(logins) == 1


def test_only_a_proved_device_of_the_professional_in_person_names(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        doctor = await settled(desk_, connect)
        new = await at(desk_, await desk_.open_session())
        assert reason(await name(desk_, new)) == "assistant_device"
        for last in (date_of(TODAY - 1), date_of(TODAY + LAST_DAY_MAX + 1)):
            assert reason(await name(desk_, doctor, last=last)) == "assistant_days"
        assert (await name(desk_, doctor, last=date_of(TODAY + LAST_DAY_MAX))).status_code == 201
        for given in ("1 84 05 75", "N@dia", " ", "12/05/1984"):
            refused = await name(desk_, doctor, given)
            assert (refused.status_code, refused.json()["field"]) == (422, "given_name")
        unsigned = await desk_.send("POST", "/v1/assistants", doctor.handle, None, body(family_name="B"))
        assert unsigned.status_code in {400, 401}
        nadia = await at_work(desk_, await enrolled(desk_, doctor))
        connect(SUPERUSER, autocommit=True).execute(
            "update access.line set state = (select state from access.line where device = %s) where device = %s",
            (doctor.device, nadia.device),
        )
        assert reason(await name(desk_, nadia)) == "assistant_not_allowed"

    play(scene)


def test_no_more_than_twenty_at_one_place_and_three_passkeys_each(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        doctor = await settled(desk_, connect)
        key = await enrolled(desk_, doctor)
        number = (await desk_.send("GET", "/v1/assistants", doctor.handle)).json()["assistants"][0]["number"]
        path = f"/v1/assistants/{number}/code"
        for _ in range(PASSKEYS_MAX - 1):
            code = (await desk_.send("POST", path, doctor.handle, doctor.key, b"{}")).json()["code"]
            assert (await make(desk_, code, passkey())).status_code == 200
        assert reason(await desk_.send("POST", path, doctor.handle, doctor.key, b"{}")) == "assistant_passkeys"
        assert (await come(desk_, key)).status_code == 200, "the first one still serves"
        for _ in range(ASSISTANTS_MAX - 1):
            assert (await name(desk_, doctor)).status_code == 201
        assert reason(await name(desk_, doctor)) == "assistant_too_many"
        for one in (await desk_.send("GET", "/v1/assistants", doctor.handle)).json()["assistants"][:3]:
            await desk_.send("POST", f"/v1/assistants/{one['number']}/end", doctor.handle, doctor.key, b"{}")
        assert reason(await name(desk_, doctor)) == "assistant_too_many", "those sent away today count today"

    play(scene)


def test_a_code_serves_once_for_ten_minutes_and_on_its_own_network(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        doctor = await settled(desk_, connect)
        code = (await name(desk_, doctor)).json()["code"]
        assert reason(await make(desk_, code, passkey(), ELSEWHERE)) == "assistant_network"
        assert (await make(desk_, code, passkey())).status_code == 200, "a try elsewhere uses nothing up"
        assert reason(await make(desk_, code, passkey())) == "assistant_code"
        assert reason(await make(desk_, "0000-0000-0000", passkey())) == "assistant_code"
        assert reason(await make(desk_, "?", passkey())) == "assistant_code"
        late = (await name(desk_, doctor, "Ines")).json()["code"]
        connect(SUPERUSER, autocommit=True).execute("update access.assistant_code set made = made - interval '601 s'")
        assert reason(await make(desk_, late, passkey())) == "assistant_code"

    play(scene)


@pytest.fixture
def wrong_keys() -> list[Passkey]:
    """Passkeys that say something that does not fit."""
    return [
        Passkey("elsewhere.example", PORTAL),
        Passkey(RP, "https://elsewhere.example"),
        Passkey(RP, "http://portail.tierce.example"),
        passkey(flags=UP),
        passkey(flags=UV),
    ]


def test_a_passkey_made_elsewhere_or_without_its_owner_is_refused(
    play: Play, connect: Connect, wrong_keys: list[Passkey]
) -> None:
    async def scene(desk_: Desk) -> None:
        doctor = await settled(desk_, connect)
        code = (await name(desk_, doctor)).json()["code"]
        for key in wrong_keys:
            assert reason(await make(desk_, code, key)) == "assistant_passkey"
        for said in ({"kind": "webauthn.get"}, {"fmt": "packed"}):
            begun = (await post(desk_, "/v1/assistants/passkey/start", code=code)).json()
            made = passkey().made(begun["challenge"], **said)
            done = await post(desk_, "/v1/assistants/passkey/finish", binding=begun["binding"], **made)
            assert reason(done) == "assistant_passkey"
        begun = (await post(desk_, "/v1/assistants/passkey/start", code=code)).json()
        made = passkey().made(begun["challenge"])
        other = await post(desk_, "/v1/assistants/passkey/finish", binding="of another browser", **made)
        assert reason(other) == "assistant_state"
        used = await post(desk_, "/v1/assistants/passkey/finish", binding=begun["binding"], **made)
        assert reason(used) == "assistant_state", "a challenge serves once, right or wrong"
        for name_, value in (("attestation", "AAAA"), ("client_data", "e30"), ("client_data", "é")):
            begun = (await post(desk_, "/v1/assistants/passkey/start", code=code)).json()
            made = passkey().made(begun["challenge"])
            made["response"][name_] = value
            done = await post(desk_, "/v1/assistants/passkey/finish", binding=begun["binding"], **made)
            assert reason(done) == "assistant_passkey"
        assert (await make(desk_, code, passkey(edwards=True))).status_code == 200

    play(scene)


def test_what_a_passkey_signed_is_refused_when_anything_in_it_does_not_fit(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        doctor = await settled(desk_, connect)
        key = await enrolled(desk_, doctor, edwards=True)
        assert (await come(desk_, key)).status_code == 200
        for change in (
            {"rp_id": "elsewhere.example"},
            {"origin": "https://elsewhere.example"},
            {"flags": UP},
            {"flags": UV},
            {"counter": 0},
            {"user": "AAAAAAAAAAAAAAAAAAAAAA"},
            {"edwards": False},
            {"id": bytes(32)},
        ):
            kept = {name_: getattr(key, name_) for name_ in change}
            for name_, value in change.items():
                setattr(key, name_, value)
            assert reason(await come(desk_, key)) == "assistant_passkey", change
            for name_, value in kept.items():
                setattr(key, name_, value)
            key.counter += 10
        told = await start(desk_)
        signed = key.signed(told["challenge"])
        for binding, code in (("of another browser", "assistant_state"), (told["binding"], "assistant_state")):
            done = await post(desk_, "/v1/assistants/sign-in/finish", binding=binding, **signed)
            assert reason(done) == code
        told = await start(desk_)
        connect(SUPERUSER, autocommit=True).execute(
            "update access.passkey_challenge set made = made - interval '301 s'"
        )
        late = await post(
            desk_, "/v1/assistants/sign-in/finish", binding=told["binding"], **key.signed(told["challenge"])
        )
        assert reason(late) == "assistant_state"
        assert (await come(desk_, key)).status_code == 200

    play(scene)


def test_she_may_do_what_the_table_names_and_nothing_else(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        doctor = await settled(desk_, connect)
        nadia = await at_work(desk_, await enrolled(desk_, doctor))
        for path in ("/v1/assistants", "/v1/substitutes", "/v1/account", "/v1/transfers"):
            assert reason(await desk_.send("GET", path, nadia.handle)) == "assistant_not_allowed"
        for path in (
            "/v1/assistants", "/v1/devices/code", "/v1/devices/confirm", "/v1/holds/appeal", "/v1/account",
            "/v1/account/stop", "/v1/substitutions", "/v1/enrolments", f"/v1/devices/{doctor.device}/name",
            f"/v1/devices/{doctor.device}/separate", "/v1/substitutions/1/end",
        ):  # fmt: skip
            refused = await desk_.send("POST", path, nadia.handle, nadia.key, b"{}")
            assert (refused.status_code, reason(refused)) == (403, "assistant_not_allowed"), path
        mine = (await desk_.send("GET", "/v1/sessions", nadia.handle)).json()["sessions"]
        assert [one["current"] for one in mine] == [True]
        devices = (await desk_.send("GET", "/v1/devices", nadia.handle)).json()["devices"]
        assert [one["id"] for one in devices] == [nadia.device]
        hers = (await desk_.send("GET", "/v1/session", doctor.handle)).json()["id"]
        assert (await desk_.send("POST", f"/v1/sessions/{hers}/revoke", nadia.handle)).status_code == 404
        assert (await desk_.send("POST", "/v1/sessions/revoke-others", nadia.handle)).json() == {"ended": 0}
        assert (await desk_.send("GET", "/v1/session", doctor.handle)).status_code == 200
        assert (await desk_.send("POST", "/v1/session/end", nadia.handle)).status_code == 204

    play(scene)


def test_a_browser_without_a_key_of_its_own_signs_no_assistant_in(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        doctor = await settled(desk_, connect)
        own, passkey_ = BrowserKey(), await enrolled(desk_, doctor)
        assert reason(await post(desk_, "/v1/assistants/sign-in/start")) == "proof_missing"
        opened = (await come(desk_, passkey_, browser=own)).json() | {"key": own}
        chosen = body(activity=opened["activities"][0]["id"])
        for key in (None, BrowserKey()):
            refused = await desk_.send("POST", "/v1/session/activity", opened["handle"], key, chosen)
            assert reason(refused) == ("proof_missing" if key is None else "proof_other_key")
        assert (await desk_.bind(opened)).status_code == 200

    play(scene)


HOLD = "insert into access.ladder (id, level, subject, rung, since, until, by, reason) "
ENDS = {
    "a hold of her professional's login": HOLD
    + "select 1, 1, login, 2, now(), now() + interval '1 day', 'watch', 'r' from access.assistant limit 1",
    "a hold of the device that named her": HOLD
    + "select 1, 2, device, 2, now(), now() + interval '1 day', 'watch', 'r' from access.assistant limit 1",
    "the end of the enrolment": "update directory.enrolment set status = 3 where professional = 201",
    "the place leaving the directory": "update directory.establishment set active = false where id = 101",
    "her last day": "update access.assistant set until_day = until_day - 101",
}


@pytest.mark.parametrize("how", list(ENDS))
def test_she_signs_in_no_more_after(play: Play, connect: Connect, how: str) -> None:
    async def scene(desk_: Desk) -> None:
        doctor = await settled(desk_, connect)
        key = await enrolled(desk_, doctor)
        nadia = await at_work(desk_, key)
        code = (await name(desk_, doctor, "Ines")).json()["code"]
        connect(SUPERUSER, autocommit=True).execute(ENDS[how].encode())
        assert reason(await come(desk_, key)) == "assistant_passkey"
        assert reason(await make(desk_, code, passkey())) == "assistant_code"
        if "device" in how:
            assert reason(await desk_.send("GET", "/v1/session", nadia.handle)) == "session_revoked"

    play(scene)


def test_no_use_pushes_her_session_past_her_last_day(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        doctor = await settled(desk_, connect)
        nadia = await at_work(desk_, await enrolled(desk_, doctor))
        admin = connect(SUPERUSER, autocommit=True)
        admin.execute("update access.session set latest = now() + interval '31 minutes' where assistant is not null")
        desk_.clock.shift = timedelta(minutes=20)
        await desk_.send("GET", "/v1/session", nadia.handle)

    play(scene)
    left = rows(connect, "select expires = latest from access.session where assistant is not null")
    assert left == [(True,)]


def test_the_api_s_own_role_reads_no_table_of_theirs(connect: Connect) -> None:
    api = connect("tierce_api", autocommit=True)
    for table in ("assistant", "assistant_code", "passkey", "passkey_challenge"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            api.execute(f"select from access.{table}".encode())
