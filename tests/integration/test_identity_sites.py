"""Staff and persons sign in on sites that are themselves clients of their provider."""

import asyncio
import html
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from litestar import Litestar

from tests.integration.conftest import Connect
from tests.integration.signin_world import CALLBACK, IDENTITIES, POLICY, Desk, desk
from tierce.identity.errors import SessionRefusedError
from tierce.identity.local import PersonSessions, StaffSessions
from tierce.identity.oidc import Realm
from tierce.identity.rules import PERSON_SIGN_INS_A_DAY
from tierce.identity.sites.forms import form_token
from tierce.identity.sites.model import Held
from tierce.identity.sites.service import BoundDoor
from tierce.journal.encoding import decode
from tierce.kernel.clock import paris_day
from tierce.kernel.ids import InsurerId, PersonId, staff_id
from tierce.kernel.traits import normalise_traits
from tierce.lab.standins.bound_browser import BoundBrowser
from tierce.lab.standins.visitor import sign_in
from tierce.persons.model import LineKind
from tierce.persons.rules import kind_of
from tierce.policy.acts import Act, Outcome
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring, Purpose
from tierce.web.look import pages_of
from tierce.web.office.site import HERE as OFFICE
from tierce.web.persons.site import HERE as PERSONS
from tierce.web.signin_site import FORM_FIELD, SiteSignIn, sign_in_handlers

pytestmark = pytest.mark.integration

SITE = "http://127.0.0.1:9"
ROLES = frozenset({"security", "dpo"})


@dataclass
class Browser:
    """A browser in front of one site."""

    site: SiteSignIn
    http: httpx.AsyncClient
    desk: Desk
    bound: BoundBrowser

    async def leave(self, return_to: str = "/people") -> httpx.Response:
        return await self.http.post(**self.bound.start(return_to))

    async def come_back(self, left: httpx.Response, subject: str) -> httpx.Response:
        address = await sign_in(self.desk.web, left.headers["location"], subject)
        return await self.http.get(address.removeprefix(SITE))

    async def enter(self, subject: str) -> httpx.Response:
        return await self.come_back(await self.leave(), subject)

    @property
    def handle(self) -> str:
        return self.http.cookies[self.site.session_cookie]

    @property
    def held(self) -> Held:
        return Held(self.handle, self.http.cookies.get(self.site.ticket_cookie) or "")


Scene = Callable[[Browser, StaffSessions | PersonSessions], Awaitable[Any]]


def play(database: Database, keyring: Keyring, origin: str, realm: Realm, scene: Scene) -> None:
    """Run a scene on the office (staff) or on the persons' space."""
    role = "office" if realm is Realm.STAFF else "persons"

    async def whole() -> None:
        async with desk(database, keyring, origin, role) as found:
            sessions: StaffSessions | PersonSessions
            if realm is Realm.STAFF:
                sessions = StaffSessions(found.pool, found.appender, found.clock, POLICY, ROLES)
                acts = (Act.STAFF_SESSION_OPEN, Act.STAFF_SESSION_END)
            else:
                index = keyring.hash(Purpose.TRAIT)
                sessions = PersonSessions(
                    found.pool, found.appender, found.clock, POLICY, index.uuid, index.lasting, given_names
                )
                acts = (Act.PERSON_SESSION_OPEN, Act.PERSON_SESSION_END)
            pages, door = pages_of(OFFICE if realm is Realm.STAFF else PERSONS), found.door(realm)
            site = SiteSignIn(role, pages, BoundDoor(door, sessions), False, *acts)
            app: Any = Litestar(sign_in_handlers(site), logging_config=None, openapi_config=None)
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url=SITE) as http:
                await scene(Browser(site, http, found, BoundBrowser(SITE, found.clock)), sessions)

    asyncio.run(whole())


def given_names(_insurer: InsurerId, _person: PersonId, sealed: bytes) -> str:
    """What the copies of these scenes hold, which are not sealed."""
    return sealed.decode()


def register(database: Database, keyring: Keyring, *persons: tuple[int, tuple[str, str, str, str, str]]) -> None:
    """Put people's traits into the register, as the feed does."""
    with database.connect(SUPERUSER) as admin:
        for number, traits in persons:
            idx = keyring.index(Purpose.TRAIT, normalise_traits(*traits))
            admin.execute("insert into person.trait values (%s, %s)", (idx, number))


LENOIR = ("LENOIR", "PAUL ANDRE", "19800112", "M", "03955")
MARCHAND = ("MARCHAND", "SOPHIE ANNE", "19840512", "F", "90955")


def test_staff_enter_with_a_hardware_key_and_leave(
    database: Database, keyring: Keyring, origin: str, connect: Connect
) -> None:
    async def scene(browser: Browser, sessions: StaffSessions | PersonSessions) -> None:
        assert isinstance(sessions, StaffSessions)
        left = await browser.leave("/people?x=1")
        assert "samesite=lax" in left.headers["set-cookie"].lower()
        back = await browser.come_back(left, "vasseur")
        assert back.status_code == 200
        assert "0;url=/people?x=1" in back.text
        cookies = back.headers.get_list("set-cookie")
        assert any("samesite=strict" in one.lower() and "httponly" in one.lower() for one in cookies)
        caller = await sessions.read(browser.held)
        assert (caller.name, caller.roles) == ("Hélène Vasseur", frozenset({"security"}))
        handle, held = browser.handle, browser.held
        wrong = await browser.http.post("/sign-out", data={FORM_FIELD: "forged"})
        assert wrong.status_code == 401
        await sessions.read(held)
        out = await browser.http.post("/sign-out", data={FORM_FIELD: form_token(handle)})
        assert out.status_code == 200, out.text
        with pytest.raises(SessionRefusedError, match="revoked"):
            await sessions.read(held)

    play(database, keyring, origin, Realm.STAFF, scene)
    row = connect(SUPERUSER).execute("select body from journal.entry").fetchone()
    assert row is not None
    entry = decode(bytes(row[0]))
    assert (entry.act, entry.professional) == (Act.STAFF_SESSION_OPEN, staff_id("vasseur"))


@pytest.mark.parametrize(
    ("subject", "expected"), [("weak", "sign_in_not_phishing_resistant"), ("guest", "sign_in_not_staff")]
)
def test_staff_who_may_not_enter(
    database: Database, keyring: Keyring, origin: str, subject: str, expected: str
) -> None:
    async def scene(browser: Browser, _sessions: object) -> None:
        back = await browser.enter(subject)
        assert back.status_code == 401
        assert expected in back.text
        assert browser.site.session_cookie not in browser.http.cookies

    play(database, keyring, origin, Realm.STAFF, scene)


def test_a_callback_without_the_browsers_own_cookie_is_refused(
    database: Database, keyring: Keyring, origin: str
) -> None:
    async def scene(browser: Browser, _sessions: object) -> None:
        left = await browser.leave()
        browser.http.cookies.clear()
        assert "sign_in_other_browser" in (await browser.come_back(left, "vasseur")).text

    play(database, keyring, origin, Realm.STAFF, scene)


def test_a_staff_session_lasts_an_hour(database: Database, keyring: Keyring, origin: str) -> None:
    async def scene(browser: Browser, sessions: StaffSessions | PersonSessions) -> None:
        await browser.enter("vasseur")
        browser.desk.clock.shift = timedelta(minutes=59)
        await sessions.read(browser.held)
        browser.desk.clock.shift = timedelta(minutes=61)
        with pytest.raises(SessionRefusedError, match="expired"):
            await sessions.read(browser.held)

    play(database, keyring, origin, Realm.STAFF, scene)


@pytest.mark.parametrize(
    ("said", "leads"), [("cross-site", "/"), ("same-site", "/"), ("same-origin", "/incidents/7/letters/1/2")]
)
def test_a_page_of_another_origin_does_not_say_where_a_sign_in_leads(
    database: Database, keyring: Keyring, origin: str, said: str, leads: str
) -> None:
    """A letter is shown, and its line written, by a plain address: led there, it would be read in her name."""

    async def scene(browser: Browser, _sessions: object) -> None:
        letter = {"return_to": "/incidents/7/letters/1/2"}
        shown = await browser.http.get("/sign-in", params=letter, headers={"sec-fetch-site": said})
        asked = f'data-said="{{"return_to":"{leads}"}}"'
        assert asked in html.unescape(shown.text), "what the page has its script sign"
        left = await browser.leave(leads)
        assert f'content="0;url={leads}"' in (await browser.come_back(left, "vasseur")).text

    play(database, keyring, origin, Realm.STAFF, scene)


def test_a_person_is_linked_to_the_one_who_has_all_the_traits(
    database: Database, keyring: Keyring, origin: str, connect: Connect
) -> None:
    register(database, keyring, (7, LENOIR), (8, MARCHAND))

    async def scene(browser: Browser, sessions: StaffSessions | PersonSessions) -> None:
        assert isinstance(sessions, PersonSessions)
        assert (await browser.enter("lenoir")).status_code == 200
        assert (await sessions.read(browser.held)).person == 7

    play(database, keyring, origin, Realm.PERSONS, scene)
    row = connect(SUPERUSER).execute("select body from journal.entry").fetchone()
    assert row is not None
    assert (decode(bytes(row[0])).act, decode(bytes(row[0])).person) == (Act.PERSON_SESSION_OPEN, 7)


def test_a_twin_whom_no_insurer_covers_does_not_open_the_space_of_the_other(
    database: Database, keyring: Keyring, origin: str, connect: Connect
) -> None:
    """Paul-André's brother Paul-Henri shares every trait that is looked for, and is in no register beside him."""
    register(database, keyring, (7, LENOIR))
    admin = connect(SUPERUSER, autocommit=True)
    admin.execute(
        "insert into registry.insurer (id, amc, name) values (1, '99100001', 'Un'), (2, '99100002', 'Deux')"
    )
    admin.execute("insert into person.record values (7, 1, 'PAUL'), (7, 2, 'PAUL-ANDRE')")

    async def scene(browser: Browser, sessions: StaffSessions | PersonSessions) -> None:
        refused = await browser.enter("brother")
        assert (refused.status_code, "link_refused" in refused.text) == (401, True)
        assert browser.site.session_cookie not in browser.http.cookies
        assert refused.text == (await browser.enter("stranger")).text, "from outside he is nobody"
        assert (await browser.enter("lenoir")).status_code == 200
        assert isinstance(sessions, PersonSessions)
        assert (await sessions.read(browser.held)).person == 7

    play(database, keyring, origin, Realm.PERSONS, scene)
    live = admin.execute("select count(*) from access.person_session where revoked is null").fetchone()
    assert live == (1,)
    lines = [decode(bytes(body)) for (body,) in admin.execute("select body from journal.entry order by seq")]
    assert [(line.outcome, kind_of(line)) for line in lines] == [
        (Outcome.DONE, LineKind.OWN), (Outcome.NOT_ALLOWED, LineKind.DOOR), (Outcome.DONE, LineKind.OWN),
    ], "she is told that he came, and that he was refused"  # fmt: skip
    assert lines[0].session == lines[1].session != lines[2].session


def test_one_person_alone_uses_up_no_ceiling_that_is_everybody_s(
    database: Database, keyring: Keyring, origin: str, connect: Connect
) -> None:
    register(database, keyring, (7, LENOIR), (8, MARCHAND))
    with connect(SUPERUSER) as admin:
        admin.execute("insert into registry.insurer (id, amc, name) values (1, '99100001', 'Un')")
        admin.execute("insert into person.record values (7, 1, 'PAUL ANDRE')")

    async def scene(browser: Browser, sessions: StaffSessions | PersonSessions) -> None:
        assert isinstance(sessions, PersonSessions)
        counted = normalise_traits(*LENOIR) + b"|PAUL ANDRE"
        idx, day = keyring.index(Purpose.TRAIT, counted), paris_day(browser.desk.clock.now())
        for _ in range(PERSON_SIGN_INS_A_DAY - 1):
            assert sessions.today.once_more(idx, day)
        assert "link_refused" in (await browser.enter("brother")).text, "his sign-ins are his own"
        assert (await browser.enter("lenoir")).status_code == 200
        for _ in range(3):
            assert "sign_in_too_often_today" in (await browser.enter("lenoir")).text
        assert "link_refused" in (await browser.enter("stranger")).text
        assert sessions.today.once_more(idx, day + 1)

    play(database, keyring, origin, Realm.PERSONS, scene)
    row = connect(SUPERUSER).execute("select last_value % 10000000 from gate.linked").fetchone()
    assert row == (3,), "what is refused is looked for nowhere: it takes nothing from the others"


def test_homonyms_never_fall_through(database: Database, keyring: Keyring, origin: str, connect: Connect) -> None:
    """Two people share every trait: neither is shown to whoever signs in, and neither is told apart by luck."""
    register(database, keyring, (7, LENOIR), (8, MARCHAND), (9, MARCHAND))

    async def scene(browser: Browser, _sessions: object) -> None:
        homonyms, nobody = await browser.enter("twin"), await browser.enter("stranger")
        assert homonyms.text == nobody.text, "from outside the two look the same"
        assert "link_refused" in nobody.text
        assert homonyms.status_code == nobody.status_code == 401

    play(database, keyring, origin, Realm.PERSONS, scene)
    assert connect(SUPERUSER).execute("select count(*) from access.person_session").fetchone() == (0,)


def test_no_trait_reaches_the_database_or_an_error(
    database: Database, keyring: Keyring, origin: str, capfd: pytest.CaptureFixture[str]
) -> None:
    register(database, keyring, (7, LENOIR))

    async def scene(browser: Browser, _sessions: object) -> None:
        await browser.enter("lenoir")
        await browser.enter("stranger")

    play(database, keyring, origin, Realm.PERSONS, scene)
    with database.connect(SUPERUSER) as admin:
        row = admin.execute(
            "select (select string_agg(s::text, '') from access.person_session s)"
            " || (select string_agg(encode(body, 'escape'), '') from journal.entry)"
        ).fetchone()
    assert row is not None
    printed = "".join(capfd.readouterr())
    for trait in ("lenoir", "paul", "19800112", "1980-01-12"):
        assert not re.search(trait, row[0] + printed, re.IGNORECASE)


def test_the_stand_in_persons_have_no_nir() -> None:
    assert all("nir" not in person for person in IDENTITIES["persons"])
    assert CALLBACK.startswith(SITE)
