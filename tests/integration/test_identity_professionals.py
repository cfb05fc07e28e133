"""Professionals sign in through their provider, choose an activity and bind a key; nothing else opens a session."""

import asyncio
import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.conftest import Connect
from tests.integration.signin_world import (
    API,
    CALLBACK,
    FERRAND,
    MORVAN,
    MOVED,
    PLACELESS,
    UNLISTED,
    Desk,
    Play,
    leave,
    reason,
)
from tests.unit.portal_samples import HOTLINE
from tierce.identity.errors import ProofReason, ProofRefusedError, SessionRefusedError, SignInRefusedError
from tierce.identity.oidc import Answer, Realm
from tierce.identity.service import Received
from tierce.journal.encoding import decode
from tierce.journal.model import EntryKind
from tierce.kernel.care import Profession
from tierce.lab.standins.browser_key import BrowserKey
from tierce.lab.standins.provider import ProviderError, load_directory
from tierce.lab.standins.visitor import answer_of, relayed_sign_in, sign_in
from tierce.policy.acts import Act
from tierce.storage.cluster import SUPERUSER
from tierce.web.portal.app import create_app
from tierce.web.portal.settings import PortalSettings

pytestmark = pytest.mark.integration


def ask(desk_: Desk, handle: str, key: BrowserKey | None, *, body: bytes = b"{}") -> Received:
    """An ask of rights as the API receives it."""
    at = desk_.clock.now().timestamp()
    url = API + "/v1/rights"
    proof = None if key is None else key.proof("POST", url, handle=handle, at=at, body=body)
    return Received("POST", url, body, proof)


def test_the_whole_flow_gives_a_caller_and_its_journal_lines(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        opened = await desk_.open_session()
        places = [one["establishment_name"] for one in opened["activities"]]
        assert places == ["Cabinet médical des Tilleuls", "Centre hospitalier"]
        key = opened["key"]
        bound = await desk_.bind(opened, place=1)
        assert bound.status_code == 200, bound.text
        assert bound.json()["signs"] is True
        assert bound.json()["level"] == 3, "a higher level than asked for is accepted, and recorded"
        signed = await desk_.sessions.caller(opened["handle"], ask(desk_, opened["handle"], key))
        assert signed.caller.profession is Profession.HOSPITAL
        assert signed.caller.assurance.signed
        assert len(signed.once) == 16

    play(scene)
    entries = [
        decode(bytes(row[0])) for row in connect(SUPERUSER).execute("select body from journal.entry order by seq")
    ]
    assert [(entry.kind, entry.act) for entry in entries] == [
        (EntryKind.IDENTITY, Act.SESSION_OPEN),
        (EntryKind.IDENTITY, Act.DEVICE_ENROL),
    ]
    assert entries[1].device != 0
    assert entries[1].establishment == 102
    assert entries[0].network != bytes(16)


def test_a_known_device_is_enrolled_once(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        key = BrowserKey()
        first, second = await desk_.open_session(key=key), await desk_.open_session(key=key)
        one, two = await desk_.bind(first), await desk_.bind(second)
        assert one.json()["device"] == two.json()["device"]
        other = await desk_.bind(await desk_.open_session())
        assert other.json()["device"] != one.json()["device"]

    play(scene)
    row = connect(SUPERUSER).execute("select count(*), count(distinct login) from access.line").fetchone()
    assert row == (2, 1), "one line of seats per (login, device)"


def test_no_handle_or_secret_is_stored(play: Play, connect: Connect) -> None:
    told: list[str] = []

    async def scene(desk_: Desk) -> None:
        started = await desk_.start()
        waiting = await desk_.start()
        opened = (await desk_.complete(await desk_.come_back(started, MORVAN))).json()
        told.extend([opened["handle"], waiting["state"], waiting["binding"]])

    play(scene)
    stored = (
        connect(SUPERUSER)
        .execute(
            "select (select string_agg(s::text, '') from access.session s)"
            " || (select string_agg(p::text, '') from access.pending p)"
        )
        .fetchone()
    )
    assert stored is not None
    for secret in told:
        assert secret not in stored[0]
        assert secret.encode().hex() not in stored[0]


def test_an_answer_serves_once(play: Play) -> None:
    async def scene(desk_: Desk) -> None:
        body = await desk_.come_back(await desk_.start(), MORVAN)
        assert (await desk_.complete(body)).status_code == 200
        assert reason(await desk_.complete(body)) == "sign_in_state_unknown"
        fresh = await desk_.start()
        replayed = body | {"state": fresh["state"], "binding": fresh["binding"]}
        assert reason(await desk_.complete(replayed)) == "sign_in_code_refused"

    play(scene)


def test_another_browser_cannot_finish_a_sign_in(play: Play) -> None:
    async def scene(desk_: Desk) -> None:
        victims, thiefs = await desk_.start(), await desk_.start()
        body = await desk_.come_back(victims, MORVAN)
        stolen = await desk_.complete(body | {"binding": thiefs["binding"]})
        assert reason(stolen) == "sign_in_other_browser"
        assert reason(await desk_.complete(body)) == "sign_in_state_unknown", "a stolen answer is burnt"

    play(scene)


def test_a_code_of_another_sign_in_is_refused(play: Play) -> None:
    """A code injected into a sign-in that did not ask for it fails on PKCE, before any nonce is compared."""

    async def scene(desk_: Desk) -> None:
        theirs = await desk_.come_back(await desk_.start(), MORVAN)
        mine = await desk_.come_back(await desk_.start(), MORVAN)
        assert reason(await desk_.complete(mine | {"code": theirs["code"]})) == "sign_in_code_refused"

    play(scene)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"iss": "https://evil.example"}, "sign_in_wrong_issuer"),
        ({"iss": None}, "sign_in_wrong_issuer"),
        ({"code": "made-up"}, "sign_in_code_refused"),
        ({"code": None}, "sign_in_provider_refused"),
        ({"error": "access_denied"}, "sign_in_provider_refused"),
    ],
)
def test_a_wrong_answer_is_refused(play: Play, changed: dict[str, Any], expected: str) -> None:
    async def scene(desk_: Desk) -> None:
        body = await desk_.come_back(await desk_.start(), MORVAN)
        assert reason(await desk_.complete(body | changed)) == expected

    play(scene)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (FERRAND, "sign_in_level_too_low"),
        (UNLISTED, "sign_in_not_in_directory"),
        (PLACELESS, "sign_in_no_activity"),
        (MOVED, "sign_in_no_activity"),
    ],
)
def test_who_may_not_sign_in(play: Play, subject: str, expected: str) -> None:
    async def scene(desk_: Desk) -> None:
        body = await desk_.come_back(await desk_.start(), subject)
        assert reason(await desk_.complete(body)) == expected

    play(scene)


def test_a_sign_in_and_a_token_that_took_too_long_are_refused(play: Play) -> None:
    async def scene(desk_: Desk) -> None:
        body = await desk_.come_back(await desk_.start(), MORVAN)
        desk_.clock.shift = timedelta(minutes=5)
        assert reason(await desk_.complete(body)) == "sign_in_state_expired"
        desk_.clock.shift = timedelta()
        body = await desk_.come_back(await desk_.start(), MORVAN)
        desk_.clock.shift = timedelta(seconds=130)
        assert reason(await desk_.complete(body)) == "sign_in_token_expired", "tokens live two minutes"

    play(scene)


def test_the_discovery_document_must_be_of_the_issuer(play: Play) -> None:
    async def scene(desk_: Desk) -> None:
        wrong = f"{desk_.origin}/staff/.well-known/openid-configuration"
        with pytest.raises(SignInRefusedError, match="wrong_issuer"):
            await desk_.door(Realm.PSC, discovery_url=wrong).start("/")
        standard = f"{desk_.origin}/psc/.well-known/openid-configuration"
        with pytest.raises(SignInRefusedError, match="provider_down"):
            await desk_.door(Realm.PSC, discovery_url=standard).start("/")

    play(scene)


@pytest.mark.parametrize(
    "added", [{"kty": "EC", "crv": "of-tomorrow", "x": "AA", "y": "AA", "kid": "n"}, {}, "no key"]
)
def test_a_key_of_a_kind_that_we_cannot_read_stops_no_sign_in(play: Play, added: object) -> None:
    async def scene(desk_: Desk) -> None:
        theirs = f"{desk_.origin}/psc"
        document = (await desk_.web.get(f"{theirs}/.well-known/wallet-openid-configuration")).json()
        keys = (await desk_.web.get(document["jwks_uri"])).json()["keys"]

        class Provider(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                at = f"http://{self.headers['host']}/keys"
                told = {"keys": [added, *keys]} if self.path == "/keys" else document | {"jwks_uri": at}
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(told).encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Say nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Provider) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            door = desk_.door(Realm.PSC, discovery_url=f"http://127.0.0.1:{server.server_address[1]}/")
            started = await door.start("/")
            answer = answer_of(await sign_in(desk_.web, started.authorize_url, MORVAN))
            vouched, _ = await door.complete(Answer(answer["state"], answer["code"], answer["iss"]), started.binding)
            server.shutdown()
        assert vouched.userinfo["SubjectNameID"] == MORVAN

    play(scene)


def test_a_relayed_push_opens_a_session_only_on_the_thiefs_own_key(play: Play, connect: Connect) -> None:
    """The provider cannot tell; the device can: the thief's key has its own line, and starts small."""

    async def scene(desk_: Desk) -> None:
        owner = await desk_.bind(await desk_.open_session())
        his = BrowserKey()
        started = await desk_.start(his)
        answer = answer_of(await relayed_sign_in(desk_.web, started["authorize_url"], MORVAN))
        body = {name: answer[name] for name in ("state", "code", "iss")} | {"binding": started["binding"]}
        opened = (await desk_.complete(body)).json()
        thief = await desk_.bind(opened, his)
        assert thief.json()["device"] != owner.json()["device"]

    play(scene)
    assert connect(SUPERUSER).execute("select count(*) from access.line").fetchone() == (2,)


def test_whoever_works_at_many_places_chooses_among_all_of_them(play: Play, connect: Connect) -> None:
    """A cookie holds four thousand characters: the portal asks the API, and keeps nothing of it in the browser."""

    async def scene(desk_: Desk) -> None:
        ours = CALLBACK.removesuffix("/sign-in/callback")
        app: Any = create_app(PortalSettings(ours, API, API, HOTLINE), clock=desk_.clock, transport=desk_.transport)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ours) as browser:
            back = await browser.get(await sign_in(desk_.web, await leave(browser, desk_, BrowserKey()), MORVAN))
            assert sum(map(len, back.headers.get_list("set-cookie"))) < 1_000
            admin = connect(SUPERUSER, autocommit=True)
            admin.execute(
                "insert into directory.establishment select 500 + n, (990000100 + n)::text, 'Laboratoire ' || n,"
                " 'Valbrume' from generate_series(1, 40) n"
            )
            admin.execute(
                "insert into directory.activity (professional, establishment, profession)"
                " select 201, 500 + n, 1 from generate_series(1, 40) n"
            )
            admin.execute(
                "insert into directory.enrolment (professional, establishment, status)"
                " select 201, 500 + n, 2 from generate_series(1, 40) n"
            )
            admin.execute(
                "update access.session set offered ="
                " (select array_agg(id) from directory.activity where establishment > 500)"
            )
            page = (await browser.get("/activity")).text
        assert page.count('name="activity"') == 40

    play(scene)


def test_nothing_serves_before_an_activity_is_chosen(play: Play) -> None:
    async def scene(desk_: Desk) -> None:
        opened = await desk_.open_session()
        with pytest.raises(SessionRefusedError, match="not_bound"):
            await desk_.sessions.caller(opened["handle"], ask(desk_, opened["handle"], BrowserKey()))
        read = await desk_.send("GET", "/v1/session", opened["handle"])
        assert read.json()["activity"] is None
        assert read.json()["offered"] == opened["activities"]
        await desk_.bind(opened)
        assert (await desk_.send("GET", "/v1/session", opened["handle"])).json()["offered"] == []

    play(scene)


def test_the_choice_needs_the_proof_of_the_key_that_began_and_happens_once(play: Play) -> None:
    async def scene(desk_: Desk) -> None:
        key, thief = BrowserKey(), BrowserKey()
        opened = await desk_.open_session(key=key)
        handle = opened["handle"]
        assert reason(await desk_.bind(opened, thief)) == "proof_other_key"
        named = json.dumps({"activity": opened["activities"][0]["id"], "jwk": thief.jwk}).encode()
        assert reason(await desk_.send("POST", "/v1/session/activity", handle, key, named)) == "proof_other_key"
        body = json.dumps({"activity": opened["activities"][0]["id"], "jwk": key.jwk}).encode()
        unsigned = await desk_.send("POST", "/v1/session/activity", handle, None, body)
        assert reason(unsigned) == "proof_missing"
        named_private = json.dumps({"activity": 1, "jwk": key.jwk | {"d": "AAAA"}}).encode()
        private = await desk_.send("POST", "/v1/session/activity", handle, key, named_private)
        assert private.status_code in {401, 409}
        elsewhere = json.dumps({"activity": 999_999, "jwk": key.jwk}).encode()
        wrong = await desk_.send("POST", "/v1/session/activity", handle, key, elsewhere)
        assert reason(wrong) == "session_other_activity"
        assert (await desk_.bind(opened, key)).status_code == 200
        assert reason(await desk_.bind(opened, key)) == "session_already_bound"

    play(scene)


def test_a_proof_serves_once(play: Play) -> None:
    async def scene(desk_: Desk) -> None:
        key = BrowserKey()
        first = await desk_.open_session(key=key)
        body = json.dumps({"activity": first["activities"][0]["id"], "jwk": key.jwk}).encode()
        proof = key.proof(
            "POST", API + "/v1/session/activity", handle=first["handle"], at=desk_.clock.now().timestamp(), body=body
        )
        sent = [
            await desk_.send("POST", "/v1/session/activity", first["handle"], body=body, proof=proof)
            for _ in range(2)
        ]
        assert sent[0].status_code == 200
        assert sent[1].status_code != 200
        elsewhere = await desk_.open_session(key=key)
        moved = await desk_.send("POST", "/v1/session/activity", elsewhere["handle"], body=body, proof=proof)
        assert reason(moved) == "proof_ath"

    play(scene)


def test_two_bindings_at_once_leave_one(play: Play) -> None:
    async def scene(desk_: Desk) -> None:
        opened = await desk_.open_session()
        answers = await asyncio.gather(*(desk_.bind(opened) for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]

    play(scene)


@pytest.mark.parametrize("reason_", [ProofReason.MISSING, ProofReason.NOT_BOUND, ProofReason.BODY])
def test_a_session_with_a_key_must_sign_each_ask(play: Play, reason_: ProofReason) -> None:
    async def scene(desk_: Desk) -> None:
        opened = await desk_.open_session()
        key = opened["key"]
        await desk_.bind(opened)
        good = ask(desk_, opened["handle"], key)
        wrong = {
            ProofReason.MISSING: ask(desk_, opened["handle"], None),
            ProofReason.NOT_BOUND: ask(desk_, opened["handle"], BrowserKey()),
            ProofReason.BODY: Received("POST", good.url, b'{"nir":"another"}', good.proof),
        }[reason_]
        with pytest.raises(ProofRefusedError) as refused:
            await desk_.sessions.caller(opened["handle"], wrong)
        assert refused.value.reason is reason_

    play(scene)


def test_a_browser_without_a_key_never_signs(play: Play) -> None:
    async def scene(desk_: Desk) -> None:
        opened = await desk_.open_keyless()
        body = json.dumps({"activity": opened["activities"][0]["id"]}).encode()
        bound = await desk_.send("POST", "/v1/session/activity", opened["handle"], None, body)
        assert bound.json()["signs"] is False
        unsigned = await desk_.sessions.caller(opened["handle"], ask(desk_, opened["handle"], None))
        assert not unsigned.caller.assurance.signed
        assert unsigned.once == b""
        with pytest.raises(ProofRefusedError):
            await desk_.sessions.caller(opened["handle"], ask(desk_, opened["handle"], BrowserKey()))

    play(scene)


def test_all_others_are_ended_also_those_that_the_list_leaves_out(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        stolen, mine = await desk_.open_session(), await desk_.open_session()
        for handle in (stolen["handle"], mine["handle"]):
            assert (await desk_.send("GET", "/v1/session", handle)).status_code == 200
        # Whoever stole one opens more, so that it is older than the fifty that are listed.
        connect(SUPERUSER, autocommit=True).execute(
            "insert into access.session (id, handle, site, login, professional, acr, offered, software, network,"
            " created, expires) select 1000 + n, sha256(n::text::bytea), site, login, professional, acr, offered,"
            " software, network, created + interval '1 minute', expires from generate_series(1, 60) n,"
            " (select * from access.session order by created limit 1) s"
        )
        ended = await desk_.send("POST", "/v1/sessions/revoke-others", mine["handle"])
        assert ended.json() == {"ended": 61}
        assert reason(await desk_.send("GET", "/v1/session", stolen["handle"])) == "session_revoked"
        assert (await desk_.send("GET", "/v1/session", mine["handle"])).status_code == 200

    play(scene)
    row = connect(SUPERUSER).execute("select count(*) from access.session where revoked is not null").fetchone()
    assert row == (61,)


def test_sessions_are_listed_and_revoked_at_once(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        mine, stolen = await desk_.open_session(), await desk_.open_session()
        other = stolen["key"]
        await desk_.bind(mine)
        taken = (await desk_.bind(stolen)).json()
        listed = (await desk_.send("GET", "/v1/sessions", mine["handle"])).json()["sessions"]
        assert {line["id"] for line in listed} >= {taken["id"]}
        assert sum(line["current"] for line in listed) == 1
        revoked = await desk_.send("POST", f"/v1/sessions/{taken['id']}/revoke", mine["handle"])
        assert revoked.status_code == 204
        assert reason(await desk_.send("GET", "/v1/session", stolen["handle"])) == "session_revoked"
        with pytest.raises(SessionRefusedError, match="revoked"):
            await desk_.sessions.caller(stolen["handle"], ask(desk_, stolen["handle"], other))
        again = await desk_.send("POST", f"/v1/sessions/{taken['id']}/revoke", mine["handle"])
        assert (again.status_code, reason(again)) == (404, "not_yours"), "her own session stands"
        named = await desk_.send("POST", "/v1/devices/12/name", mine["handle"], body=b'{"name": "Accueil"}')
        assert (named.status_code, reason(named)) == (404, "not_yours")
        assert (await desk_.send("POST", "/v1/session/end", mine["handle"])).status_code == 204
        assert reason(await desk_.send("GET", "/v1/session", mine["handle"])) == "session_revoked"

    play(scene)
    rows = connect(SUPERUSER).execute("select body from journal.entry order by seq").fetchall()
    assert [decode(bytes(row[0])).act for row in rows].count(Act.SESSION_REVOKE) == 2


def test_a_session_ends_by_idleness_and_by_age(play: Play) -> None:
    async def scene(desk_: Desk) -> None:
        idle, busy = await desk_.open_keyless(), await desk_.open_keyless()
        for minutes in (20, 40, 60, 80, 100, 120, 140, 160, 180, 200, 220, 239):
            desk_.clock.shift = timedelta(minutes=minutes)
            assert (await desk_.send("GET", "/v1/session", busy["handle"])).status_code == 200
            if minutes == 40:
                assert reason(await desk_.send("GET", "/v1/session", idle["handle"])) == "session_idle"
        desk_.clock.shift = timedelta(minutes=241)
        assert reason(await desk_.send("GET", "/v1/session", busy["handle"])) == "session_expired"

    play(scene)


@pytest.mark.parametrize("handle", ["", "x", "x" * 43, "é" * 43, "x" * 10_000])
def test_a_made_up_handle_opens_nothing(play: Play, handle: str) -> None:
    async def scene(desk_: Desk) -> None:
        with pytest.raises(SessionRefusedError, match="unknown"):
            await desk_.sessions.read(handle)

    play(scene)


@pytest.mark.parametrize("return_to", ["https://evil.example/", "//evil.example", ""])
def test_a_sign_in_never_returns_elsewhere(play: Play, return_to: str) -> None:
    async def scene(desk_: Desk) -> None:
        response = await desk_.api.post("/v1/sign-in/start", json={"site": "portal", "return_to": return_to})
        assert reason(response) == "sign_in_return_address"

    play(scene)


def test_the_stand_in_file_is_explained_when_it_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match=r"psc\[0\]"):
        load_directory(b'{"psc":[{"national_id":1}]}')
