"""Tickets of the three sites' sessions: renewed by the key that the browser signed in with, and by nothing else."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.rooms import Room, open_room
from tests.integration.sites_world import (
    BOUND,
    HANDLE,
    KEY,
    SITE,
    Site,
    insurers_site,
    office_site,
    persons_site,
)
from tests.integration.test_identity_sites import Browser, play
from tierce.identity.oidc import Realm, digest
from tierce.identity.sites.forms import form_token
from tierce.identity.sites.rules import CHALLENGE_LIFE, TICKET_LIFE, bound_to
from tierce.identity.sites.service import RENEW
from tierce.journal.encoding import decode
from tierce.journal.model import Entry, EntryKind
from tierce.kernel.clock import SystemClock
from tierce.lab.standins.bound_browser import BoundBrowser
from tierce.lab.standins.browser_key import BrowserKey
from tierce.policy.acts import Act, Outcome
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.web.signin_site import CHALLENGE

pytestmark = pytest.mark.integration
SCRIPT = {"content-type": "application/json"}

Opened = Callable[[Room, Database], AbstractAsyncContextManager[Site]]
SITES: dict[str, tuple[Opened, str, str]] = {
    "office": (office_site, "staff", "/ladder"),
    "insurers": (insurers_site, "insurers", "/feeds"),
    "persons": (persons_site, "persons", "/help"),
}
ROLES = ("tierce_office", "tierce_insurers", "tierce_persons")


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    return open_room(connect, keyring)


def signed(key: BrowserKey = KEY) -> BoundBrowser:
    return BoundBrowser(SITE, SystemClock(), key)


async def challenge(site: Site) -> str:
    told = await site.http.post(CHALLENGE, headers=SCRIPT)
    assert told.status_code == 200, told.text
    return str(told.json()["challenge"])


async def renew(site: Site, drawn: str, key: BrowserKey = KEY) -> httpx.Response:
    return await site.http.post(**signed(key).renew(HANDLE, drawn))


def lapse(room: Room) -> None:
    room.admin.execute("update access.ticket set until = now()")
    room.admin.commit()


def last_line(room: Room) -> Entry:
    row = room.admin.execute("select body from journal.entry order by seq desc limit 1").fetchone()
    room.admin.rollback()
    assert row is not None
    return decode(bytes(row[0]))


def on(name: str, room: Room, database: Database, scene: Callable[[Site], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with SITES[name][0](room, database) as site:
            await scene(site)

    asyncio.run(whole())


@pytest.mark.parametrize("name", SITES)
def test_a_lapsed_ticket_shows_nothing_and_the_key_that_signed_in_goes_on(
    room: Room, database: Database, name: str
) -> None:
    async def scene(site: Site) -> None:
        page = SITES[name][2]
        assert (await site.http.get(page)).status_code == 200
        lapse(room)
        before = last_line(room)
        told = await site.http.get(page)
        assert (told.status_code, told.headers["cache-control"]) == (401, "no-store")
        assert "Votre navigateur confirme que c’est bien lui" in told.text
        assert "form_token" not in told.text
        assert (await site.http.get(f"{page}?lang=en")).text.count("Your browser confirms") == 1
        assert last_line(room) == before
        renewed = await renew(site, await challenge(site))
        assert renewed.status_code == 200, renewed.text
        kept = renewed.headers["set-cookie"].lower()
        assert all(one in kept for one in (f"{site.ticket_cookie}=", "httponly", "samesite=strict", "max-age=300"))
        assert (await site.http.get(page)).status_code == 200
        for stolen in ("", "x", site.ticket, "y" * 43):
            site.http.cookies.clear()
            site.http.cookies.update({site.cookie: HANDLE, site.ticket_cookie: stolen})
            assert (await site.http.get(page)).status_code == 401, "one ticket is not another"

    on(name, room, database, scene)


@pytest.mark.parametrize("name", SITES)
def test_another_key_ends_the_session_and_the_journal_says_whose(room: Room, database: Database, name: str) -> None:
    async def scene(site: Site) -> None:
        refused = await renew(site, await challenge(site), BrowserKey())
        assert (refused.status_code, "set-cookie" in refused.headers) == (401, False)
        assert "ticket_other_key" in refused.json()["code"]
        line = last_line(room)
        assert (line.kind, line.act, line.outcome) == (
            EntryKind.IDENTITY, Act.SESSION_OTHER_KEY, Outcome.NOT_ALLOWED,
        )  # fmt: skip
        assert line.session in {900, 970, 951}
        assert line.professional
        assert bool(line.insurer) == (name == "insurers")
        assert bool(line.person) == (name == "persons")
        assert (await site.http.post(CHALLENGE, headers=SCRIPT)).status_code == 401
        ended = await site.http.get(SITES[name][2])
        assert (ended.status_code, "session_revoked" in ended.text) == (401, True)

    on(name, room, database, scene)


def test_staff_filter_the_live_list_by_that_act(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        await renew(site, await challenge(site), BrowserKey())

    on("insurers", room, database, scene)

    async def read(site: Site) -> None:
        shown = await site.http.get(f"/?act={Act.SESSION_OTHER_KEY.value}")
        assert shown.text.count("Un autre navigateur a signé pour une session, qui est fermée") == 2, (
            "choice and line"
        )
        assert 'href="/lines/' in shown.text
        assert "LENOIR" not in shown.text.upper()

    on("office", room, database, read)


def test_a_challenge_serves_once_within_its_minute_for_its_own_session_and_none_ends_it(
    room: Room, database: Database
) -> None:
    async def scene(site: Site) -> None:
        first, second = await challenge(site), await challenge(site)
        assert (await renew(site, second)).status_code == 200
        assert (await renew(site, first)).status_code == 200, "two pages ask at one moment, each is answered"
        for used in (first, second, "never drawn", ""):
            stale = await renew(site, used)
            assert (stale.status_code, "ticket_stale" in stale.json()["code"]) == (409, True)
        late = await challenge(site)
        room.admin.execute("update access.key_challenge set until = now()")
        room.admin.commit()
        assert (await renew(site, late)).status_code == 409
        others = await challenge(site)
        room.admin.execute("update access.key_challenge set session = 7")
        room.admin.commit()
        assert (await renew(site, others)).status_code == 409
        assert (await site.http.get("/ladder")).status_code == 200

    on("office", room, database, scene)


def test_many_answers_to_one_challenge_give_one_ticket(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        drawn = await challenge(site)
        told = await asyncio.gather(*(renew(site, drawn) for _ in range(6)))
        assert sorted(one.status_code for one in told) == [200] + [409] * 5

    on("office", room, database, scene)


def test_what_does_not_fit_the_request_gives_no_ticket_and_ends_nothing(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        whole = signed().renew(HANDLE, await challenge(site))
        elsewhere = BoundBrowser("https://other.example", SystemClock(), KEY).renew(HANDLE, "x")
        spoilt: list[dict[str, Any]] = [
            {"headers": SCRIPT},
            {"headers": whole["headers"] | {"dpop": "a.b.c"}},
            {"headers": whole["headers"] | {"dpop": "\u00e9".encode("latin-1")}},
            {"headers": elsewhere["headers"], "content": elsewhere["content"]},
            {"content": b"{}"},
            {"content": whole["content"] + b" "},
            {"headers": signed().renew("t" * 43, "x")["headers"]},
            {"headers": {**signed().start()["headers"]}},
        ]
        for one in spoilt:
            told = await site.http.post(**(whole | one))
            assert (told.status_code, "set-cookie" in told.headers) == (400, False), one
        assert (await site.http.post(**(whole | {"headers": {}}))).status_code == 401, "a form says no type of ours"
        for origin in ("same-site", "cross-site"):
            headers = whole["headers"] | {"sec-fetch-site": origin}
            assert (await site.http.post(**(whole | {"headers": headers}))).status_code == 401
            assert (await site.http.post(CHALLENGE, headers=SCRIPT | {"sec-fetch-site": origin})).status_code == 401
        assert (await site.http.get("/ladder")).status_code == 200
        assert (await site.http.post(**whole)).status_code == 200, "the challenge was not used up"

    on("office", room, database, scene)


def test_a_form_that_comes_late_is_in_the_answer_whole_for_the_browser_that_typed_it(
    room: Room, database: Database
) -> None:
    async def scene(site: Site) -> None:
        lapse(room)
        typed = {"form_token": site.csrf, "title": 'Une "fuite" <vue>', "what": "x", "why": "ligne\nautre"}
        ours = {"sec-fetch-site": "same-origin"}
        kept = await site.http.post("/register/new", data=typed, headers=ours)
        assert kept.status_code == 401
        assert 'name="title" value="Une &#34;fuite&#34; &lt;vue&gt;"' in kept.text
        assert 'id="whole" method="post" hidden' in kept.text
        for form, headers in (
            (typed | {"form_token": "AAAA"}, ours),
            (typed, {}),
            (typed, {"sec-fetch-site": "none"}),
        ):
            told = await site.http.post("/register/new", data=form, headers=headers)
            assert (told.status_code, 'name="title"' in told.text) == (401, False)

    on("office", room, database, scene)


def test_a_session_that_lapsed_is_left_all_the_same_and_its_provider_is_told_of_nobody(
    database: Database, keyring: Keyring, origin: str, connect: Connect
) -> None:
    async def scene(browser: Browser, _sessions: object) -> None:
        await browser.enter("vasseur")
        with connect(SUPERUSER) as admin:
            admin.execute("update access.ticket set until = now()")
        out = await browser.http.post("/sign-out", data={"form_token": form_token(browser.handle)})
        assert out.status_code in {200, 303}
        assert "id_token_hint" not in out.text + str(out.headers)

    play(database, keyring, origin, Realm.STAFF, scene)
    assert connect(SUPERUSER).execute(
        "select count(*) from access.staff_session where revoked is null"
    ).fetchone() == (0,)


def test_no_sign_in_begins_without_a_key_nor_ends_in_another_s(
    database: Database, keyring: Keyring, origin: str, connect: Connect
) -> None:
    async def scene(browser: Browser, _sessions: object) -> None:
        whole = browser.bound.start()
        assert (await browser.http.post(**(whole | {"headers": SCRIPT}))).status_code == 400
        assert (await browser.http.post(**(whole | {"headers": {}}))).status_code == 401, (
            "a form says no type of ours"
        )
        assert (await browser.http.post(**(whole | {"content": b"{}"}))).status_code in {400, 401}
        assert (await browser.http.post(**browser.bound.start("//evil.example"))).status_code == 401
        crossed = whole["headers"] | {"sec-fetch-site": "cross-site"}
        assert (await browser.http.post(**(whole | {"headers": crossed}))).status_code == 401
        assert connect(SUPERUSER).execute("select count(*) from access.pending").fetchone() == (0,)
        await browser.enter("vasseur")
        drawn = (await browser.http.post(CHALLENGE, headers=SCRIPT)).json()["challenge"]
        assert (await browser.http.post(**browser.bound.renew(browser.handle, drawn))).status_code == 200

    play(database, keyring, origin, Realm.STAFF, scene)
    row = connect(SUPERUSER).execute("select handle, bound from access.staff_session").fetchone()
    assert row is not None
    assert bytes(row[0]) not in bytes(row[1])


def test_the_same_browser_s_sessions_are_not_told_apart_from_another_s_by_what_is_stored() -> None:
    assert bound_to("a" * 43, KEY.thumbprint) != bound_to("b" * 43, KEY.thumbprint)
    assert bound_to(HANDLE, KEY.thumbprint) == BOUND


def test_the_database_gives_each_its_minutes(room: Room, database: Database, connect: Connect) -> None:
    async def scene(site: Site) -> None:
        lapse(room)
        drawn = await challenge(site)
        row = room.admin.execute("select until - now() from access.key_challenge").fetchone()
        assert row is not None
        assert CHALLENGE_LIFE - timedelta(seconds=9) < row[0] <= CHALLENGE_LIFE
        room.admin.rollback()
        assert (await renew(site, drawn)).status_code == 200
        row = room.admin.execute("select max(until) - now() from access.ticket").fetchone()
        assert row is not None
        assert TICKET_LIFE - timedelta(seconds=9) < row[0] <= TICKET_LIFE
        room.admin.rollback()
        for _ in range(20):
            await challenge(site)
        assert room.admin.execute("select count(*) from access.key_challenge").fetchone() == (8,)
        room.admin.execute("update access.key_challenge set until = now()")
        room.admin.commit()

    on("office", room, database, scene)
    connect("tierce_worker", autocommit=True).execute("select access.sweep_pending(now() - interval '10 minutes')")
    assert room.admin.execute("select count(*) from access.key_challenge").fetchone() == (0,)
    assert room.admin.execute("select bool_and(until > now()) from access.ticket").fetchone() == (True,)


@pytest.mark.parametrize("role", ROLES)
def test_no_role_of_a_site_makes_a_ticket_or_a_session_without_a_key(connect: Connect, role: str) -> None:
    with connect(role, autocommit=True) as thief:
        for table in ("ticket", "key_challenge"):
            for what in ("select * from", "delete from", "insert into"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    thief.execute(f"{what} access.{table}{' default values' if what[0] == 'i' else ''}".encode())
        assert thief.execute("select access.first_ticket(1, 'x')").fetchone() == (False,), "none just opened"
        assert thief.execute("select access.ask_challenge('h', 'x')").fetchone() == (False,)
        assert thief.execute("select access.renew('h', 'x', 'k', 't')").fetchone() == ("over",)
        with pytest.raises(psycopg.errors.CheckViolation):
            thief.execute("select access.put_pending('s', 'b', 'n', 'v', '/', now(), null)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            thief.execute("select access.own_bound('h')")


@pytest.mark.parametrize(
    ("role", "made"),
    [
        ("tierce_office", ("access.staff_session (id, handle, staff, subject, name, roles, created, expires, bound)"
                          " values (1, 'h', 1, 's', 'n', '{}', now(), now(), %s)")),
        ("tierce_persons", ("access.person_session (id, handle, person, created, expires, bound)"
                           " values (1, 'h', 1, now(), now(), %s)")),
        (SUPERUSER, ("access.insurer_session (id, handle, insurer, staff, name, created, expires, bound)"
                    " values (1, 'h', 1, 1, 'n', now(), now(), %s)")),
    ],
)  # fmt: skip
def test_a_session_without_a_key_cannot_be_written(connect: Connect, role: str, made: str) -> None:
    for bound, refused in ((None, psycopg.errors.NotNullViolation), (b"short", psycopg.errors.CheckViolation)):
        with connect(role, autocommit=True) as thief, pytest.raises(refused):
            thief.execute(f"insert into {made}".encode(), (bound,))


def test_the_renewal_s_address_is_what_is_signed() -> None:
    assert signed().renew(HANDLE, "x")["url"] == f"{SITE}{RENEW}"
    assert digest(HANDLE) != BOUND
