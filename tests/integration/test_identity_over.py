"""A provider says that a session is over: ours ends, at every site, by its signature and once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from hashlib import sha256
from urllib.parse import parse_qs, urlencode

import httpx
import psycopg
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.integration.conftest import Connect
from tests.integration.signin_world import BACK_PORT, MORVAN, Desk, Play, reason
from tests.integration.test_identity_sites import LENOIR, Browser, register
from tests.integration.test_identity_sites import play as play_site
from tierce.identity.errors import SessionRefusedError
from tierce.identity.local import PersonSessions, StaffSessions
from tierce.identity.oidc import Realm
from tierce.journal.encoding import decode
from tierce.lab.standins.browser_key import BrowserKey
from tierce.policy.acts import Act
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.web.back_channel import BACK_CHANNEL

pytestmark = pytest.mark.integration
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@asynccontextmanager
async def listening(site: httpx.AsyncClient) -> AsyncIterator[list[str]]:
    """Hand on what the provider posts to the site in this process; gives the tokens that came."""
    tokens: list[str] = []

    async def hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        path = head.split(" ")[1]
        body = await reader.readexactly(int(head.partition("content-length: ")[2].partition("\r")[0]))
        tokens.extend(parse_qs(body.decode())["logout_token"])
        answer = await site.post(path, content=body, headers=FORM)
        assert answer.headers["cache-control"] == "no-store"
        writer.write(f"HTTP/1.1 {answer.status_code} Said\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(hand_on, "127.0.0.1", BACK_PORT):
        yield tokens


async def end_at(desk: Desk, realm: Realm, subject: str) -> list[int]:
    """Sign out at the provider; what our site answered to each token."""
    response = await desk.web.post(f"{desk.origin}/{realm}/end", data={"subject": subject})
    told: list[int] = response.json()["told"]
    return told


async def end_earlier(desk: Desk, site: httpx.AsyncClient, realm: Realm, subject: str) -> None:
    """End what other tests opened at the provider, which serves all of them."""
    async with listening(site):
        await end_at(desk, realm, subject)


def test_what_ends_at_the_provider_ends_here_with_a_line_and_a_token_serves_once(
    play: Play, connect: Connect
) -> None:
    ended: list[int] = []

    async def scene(desk: Desk) -> None:
        path, key = f"/v1{BACK_CHANNEL}", BrowserKey()
        await end_earlier(desk, desk.api, Realm.PSC, MORVAN)
        first, second = await desk.open_session(key=key), await desk.open_session()
        assert (await desk.bind(first)).status_code == 200
        async with listening(desk.api) as tokens:
            assert await end_at(desk, Realm.PSC, MORVAN) == [200, 200]
            assert await end_at(desk, Realm.PSC, MORVAN) == [], "nothing is open there any more"
        for opened in (first, second):
            refused = await desk.send("GET", "/v1/session", opened["handle"], key)
            assert (refused.status_code, reason(refused)) == (401, "session_revoked")
        later = await desk.open_session()
        for token in tokens:
            again = await desk.api.post(path, data={"logout_token": token})
            assert (again.status_code, again.json()) == (400, {"error": "invalid_request"})
        desk.clock.shift = timedelta(minutes=4)
        assert (await desk.api.post(path, data={"logout_token": tokens[0]})).status_code == 400
        assert (await desk.send("GET", "/v1/session", later["handle"])).status_code == 200
        ended.extend(
            int(one["id"]) for one in (await desk.send("GET", "/v1/sessions", later["handle"])).json()["sessions"]
        )

    play(scene)
    lines = [decode(bytes(body)) for (body,) in connect(SUPERUSER).execute("select body from journal.entry")]
    told = {line.reference for line in lines if line.act is Act.SESSION_REVOKE}
    assert len(told) == 2
    assert not told & set(ended)


def test_what_is_no_token_of_the_provider_s_for_this_client_ends_nothing(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        path, opened = f"/v1{BACK_CHANNEL}", await desk.open_session()
        async with listening(desk.api) as tokens:
            assert await end_at(desk, Realm.STAFF, "nobody") == []
        claims = {"iss": f"{desk.origin}/psc", "aud": "tierce-psc", "iat": 1, "jti": "j", "sub": "s"}
        forged = jwt.encode({"alg": "ES256", "kid": "psc-1"}, claims, ECKey.generate_key("P-256"))
        unsigned = "eyJhbGciOiJub25lIn0.e30."
        bodies = [b"", b"logout_token=", b"logout_token=%00", b"x=1", b"[" * 4000, b"logout_token=" + b"a" * 9000]
        bodies += [urlencode({"logout_token": one}).encode() for one in (forged, unsigned, "a.b.c", "\u00e9")]
        bodies.append(urlencode([("logout_token", forged), ("logout_token", forged)]).encode())
        for body in bodies:
            told = await desk.api.post(path, content=body, headers=FORM)
            assert (told.status_code, told.headers["cache-control"]) == (400, "no-store"), body[:40]
        assert (await desk.api.post(path, json={"logout_token": forged})).status_code == 400
        assert (await desk.api.get(path)).status_code == 405
        assert tokens == []
        assert (await desk.send("GET", "/v1/session", opened["handle"])).status_code == 200

    play(scene)


@pytest.mark.parametrize(("realm", "subject"), [(Realm.STAFF, "vasseur"), (Realm.PERSONS, "lenoir")])
def test_staff_and_persons_are_signed_out_too_each_by_its_own_client(
    database: Database, keyring: Keyring, origin: str, realm: Realm, subject: str
) -> None:
    register(database, keyring, (7, LENOIR))

    async def scene(browser: Browser, sessions: StaffSessions | PersonSessions) -> None:
        await end_earlier(browser.desk, browser.http, realm, subject)
        await browser.enter(subject)
        held = browser.held
        await sessions.read(held)
        async with listening(browser.http) as tokens:
            assert await end_at(browser.desk, realm, subject) == [200]
        assert await end_at(browser.desk, realm, subject) == []
        with pytest.raises(SessionRefusedError, match="revoked"):
            await sessions.read(held)
        assert (await browser.http.post(BACK_CHANNEL, data={"logout_token": tokens[0]})).status_code == 400
        await browser.enter(subject)
        await sessions.read(browser.held)

    play_site(database, keyring, origin, realm, scene)
    with database.connect(SUPERUSER) as admin:
        marks = admin.execute("select sub from access.vouched").fetchall()
    plain = sha256(subject.encode()).digest()
    assert all((bytes(mark) == plain) == (realm is Realm.STAFF) for (mark,) in marks), "a person's needs the key"


def test_each_site_ends_its_own_and_what_was_over_before_it_opened_opens_no_more(connect: Connect) -> None:
    sites = {
        role: connect(role, autocommit=True)
        for role in ("tierce_api", "tierce_office", "tierce_persons", "tierce_insurers")
    }
    sid, sub = bytes(32), bytes([1]) * 32

    def told(site: psycopg.Connection, jti: int, *of: bytes | None) -> list[int] | None:
        row = site.execute("select access.end_vouched(%s, %s, %s)", (bytes([jti]), *of)).fetchone()
        assert row is not None
        ended: list[int] | None = row[0]
        return ended

    def kept(site: psycopg.Connection, session: int) -> bool:
        given = (session, sid, sub, bytes([session]))
        return site.execute("select access.put_vouched(%s, %s, %s, %s)", given).fetchone() == (True,)

    def hint(site: psycopg.Connection, handle: bytes) -> bytes | None:
        row = site.execute("select access.take_hint(%s)", (handle,)).fetchone()
        assert row is not None
        found: bytes | None = row[0]
        return found

    admin = connect(SUPERUSER, autocommit=True)
    admin.execute("insert into registry.insurer (id, amc, name) values (1, '99100001', 'A')")
    admin.execute(
        "insert into access.insurer_session (id, bound, handle, insurer, staff, name, created, expires)"
        " select n, sha256('key'), n::text::bytea, 1, 1, 'C', now(), now() + interval '1 hour'"
        " from generate_series(1, 3) n"
    )
    insurers = sites["tierce_insurers"]
    assert all(kept(insurers, number) for number in (1, 2))
    for site in (sites["tierce_api"], sites["tierce_office"], sites["tierce_persons"]):
        assert hint(site, b"1") is None, "of another site"
        assert told(site, 1, sid, sub) == [], "of another site"
    assert [hint(insurers, b"1"), hint(insurers, b"1")] == [b"\1", None], "told once"
    assert told(insurers, 1, bytes([9]) * 32, sub) == []
    assert told(insurers, 2, sid, bytes([9]) * 32) == [], "that session, but another's"
    admin.execute("delete from access.told_over")
    assert told(insurers, 3, None, sub) == [1, 2]
    assert told(insurers, 3, None, sub) is None
    assert told(insurers, 4, sid, None) == [], "ended already"
    assert not kept(insurers, 3), "told before it was opened"
    assert kept(sites["tierce_api"], 3), "another provider's"
    for table in ("vouched", "told_over"):
        for site in sites.values():
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                site.execute(f"select from access.{table}".encode())
    worker = connect("tierce_worker", autocommit=True)
    admin.execute(
        "update access.vouched set at = at - interval '5 hours 11 minutes';"
        "update access.told_over set at = at - interval '11 minutes'"
    )
    worker.execute("select access.sweep_pending(now() - interval '10 minutes')")
    assert admin.execute(
        "select (select count(*) from access.vouched), (select count(*) from access.told_over)"
    ).fetchone() == (0, 0)
