"""With a stolen session of the office, a person's space or an insurer's site, a thief learns what its rules say.

The five sites are walked: the portal and the API in test_thief_walk.py, these three here. A route that is added is in
the walk the day it exists, and fails it until somebody says with which numbers it is to be tried.
"""

import asyncio
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from hashlib import sha256
from html import unescape

import pytest
from litestar import get
from litestar.params import FromPath

from tests.integration.conftest import Connect
from tests.integration.rooms import OAK
from tests.integration.site_thief import Heard, SiteThief, site_routes
from tests.integration.sites_world import Site, insurers_site, office_site, persons_site
from tests.integration.stolen_world import (
    ASKED,
    CAPES_FEED,
    FEW,
    HOLDER,
    PAIRS,
    REVIEW,
    SUBJECT,
    THEIR_REFUSED,
    THEIR_SHOWN,
    TYPED,
    StolenWorld,
    make_stolen_world,
)
from tests.integration.walker import Marks, people_in
from tierce.incidents.register.rules import journal_number
from tierce.journal.model import EntryKind
from tierce.kernel.ids import staff_id
from tierce.policy.acts import Act
from tierce.policy.floors import SHOWN_CEILINGS
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.web.names import SITES

pytestmark = pytest.mark.integration

WALKED_ELSEWHERE = {"portal", "api"}
A_DAY = 6
"""People whom one member of staff is shown in a day here: fewer than are listed, so that the walk comes to it."""


HERS = re.compile(r"Grand Chêne|Deux Caps|Optique des Remparts|Cabinet médical|[A-Z]+LENOIR|Quorvel")
"""Her insurers, who asked about her and where, her name."""
OF_ANOTHER = re.compile(rf"Deux Caps|deuxcaps|99100002|(?<![.\w])({THEIR_REFUSED}|{THEIR_SHOWN}|{SUBJECT + 1})\b")
"""No thousandths of a moment, which are any number and come after a point, nor part of a longer word."""
TELLS_OF_PEOPLE = ("/activity", "/incidents", "/lists", "/requests", "/reviews", "/documents")
"""Routes of an insurer's site that tell of its people's activity."""

Made = Callable[..., StolenWorld]
Opened = Callable[..., AbstractAsyncContextManager[Site]]


@pytest.fixture
def made(database: Database, connect: Connect, keyring: Keyring) -> Made:
    return lambda posted: make_stolen_world(database, connect, keyring, posted=posted)


def check_whole(thief: SiteThief) -> None:
    """Every route was tried; every page opened; and nothing at all opened once the session had ended."""
    routes = {one for one in site_routes(thief.site) if not one.public or one.method == "POST"}
    assert {one.route for one in thief.heard} == routes
    before = thief.before_the_end()
    assert [one.address for one in before if one.told.status >= 500 or one.text.count("; charset=") > 1] == []
    opened = {one.route for one in before if one.told.status < 400}
    shut = {f"{one.method} {one.path}" for one in routes - opened if one.method == "GET"}
    assert shut == set(), "a page that never opened proves nothing"
    once = {(one.route, one.address) for one in before if one.told.status < 400}
    assert {one.told.status for one in thief.after_the_end() if (one.route, one.address) in once} == {401}
    assert [one.address for one in thief.after_the_end() if one.told.status < 400 or one.lines] == []


def identities(thief: SiteThief, world: StolenWorld) -> list[tuple[Heard, set[int]]]:
    """Each answer that holds a mark of somebody, and whose."""
    marks = Marks.of(world.people)
    told = [(one, people_in(one.text, marks)) for one in thief.before_the_end()]
    return [(one, people) for one, people in told if people]


def test_every_site_is_walked_by_a_thief() -> None:
    assert set(SITES) == WALKED_ELSEWHERE | {"office", "persons", "insurers"}


def test_a_page_that_leaks_is_caught_and_one_that_nobody_thought_of_fails_the_walk(made: Made) -> None:
    world = made(posted=False)
    names = " ".join(one.name for one in world.people)

    @get("/about", opt={"act": Act.NONE})
    async def leaks() -> str:
        """Name everybody."""
        return names

    @get("/about/{what:str}", opt={"act": Act.NONE})
    async def forgotten(what: FromPath[str]) -> str:
        """Say what it is asked."""
        return what

    async def rob() -> SiteThief:
        async with insurers_site(world.room, world.database) as site:
            site.app.register(leaks)
            site.app.register(forgotten)
            thief = SiteThief(site, world.room.admin, {}, TYPED)
            with pytest.raises(KeyError, match="what"):
                await thief.walk()
            return thief

    thief = asyncio.run(rob())
    told = [people_in(one.text, Marks.of(world.people)) for one in thief.heard if one.address == "/about"]
    assert told == [{one.number for one in world.people}]


@pytest.mark.parametrize(
    ("site", "opened"), [("office", office_site), ("persons", persons_site), ("insurers", insurers_site)]
)
def test_a_stolen_session_whose_ticket_lapsed_is_told_nothing_at_any_address(
    made: Made, site: str, opened: Opened
) -> None:
    """Five minutes after the theft he has the cookie, no key, and not the browser that has it."""
    world = made(posted=site == "persons")

    async def rob() -> SiteThief:
        async with opened(world.room, world.database) as found:
            world.room.admin.execute("update access.ticket set until = now()")
            world.room.admin.commit()
            thief = SiteThief(found, world.room.admin, world.known(site), TYPED, ASKED)
            await thief.walk()
            return thief

    thief = asyncio.run(rob())
    before = thief.before_the_end()
    assert {one.route for one in before} >= {one for one in site_routes(thief.site) if not one.public} - {*thief.last}
    assert {one.route.path for one in before if one.told.status < 400} == {"/session/challenge"}
    statuses = {one.told.status for one in before if one.route.method == "GET"}
    assert {401} <= statuses <= {400, 401}, "400 for a number that is none, before anybody is looked for"
    assert [one.address for one in thief.heard if one.lines] == []
    assert identities(thief, world) == []
    shown = {re.sub(r'(value|class)="[^"]*"', "", one.told.text) for one in before if one.route.method == "GET"}
    assert not any(HERS.search(unescape(one)) or "Vasseur" in one for one in shown)


def test_a_stolen_session_of_the_office_shows_nobody_without_a_line_and_a_day_s_people_at_most(made: Made) -> None:
    world = made(posted=False)
    admin = world.room.admin
    admin.execute("update gate.shown_ceiling set per_day = %s where scope = 'staff'", (A_DAY,))
    admin.commit()

    async def rob() -> SiteThief:
        async with office_site(world.room, world.database) as site:
            admin.execute("update access.staff_session set roles = '{security,dpo,operations,inspector}'")
            admin.commit()
            thief = SiteThief(site, admin, world.known("office"), TYPED, ASKED)
            await thief.walk()
            return thief

    thief = asyncio.run(rob())
    check_whole(thief)
    shown: set[int] = set()
    for one, told in identities(thief, world):
        assert one.route.act in {Act.STAFF_PERSON_SHOW, Act.STAFF_LETTER_SHOW, Act.STAFF_LETTERS_TAKE}, one.address
        (line, *others) = one.lines
        assert (others, line.kind, line.act) == ([], EntryKind.STAFF_ACT, one.route.act), one.address
        assert line.professional == staff_id("vasseur")
        assert not any(truth.nir[:13] in one.digits for truth in world.people), one.address
        if one.route.act is not Act.STAFF_LETTERS_TAKE:
            assert told == {line.person}, one.address
            shown |= told
    assert 0 < len(shown) <= A_DAY < len({one for one, _ in PAIRS})
    assert SHOWN_CEILINGS["staff"] > A_DAY
    check_letters(thief)


def check_letters(thief: SiteThief) -> None:
    """Letters leave as a file that two people approved, and the line of it names that file."""
    asked = [one for one in thief.before_the_end() if one.route.act is Act.STAFF_LETTERS_TAKE]
    assert [one.told.status for one in asked] == [200]
    assert [line.device for line in asked[0].lines] == [journal_number(sha256(asked[0].told.content).digest())]


def test_a_stolen_session_of_a_person_s_space_shows_herself_alone_and_each_reading_has_its_line(made: Made) -> None:
    world = made(posted=True)

    async def rob() -> SiteThief:
        async with persons_site(world.room, world.database) as site:
            thief = SiteThief(site, world.room.admin, world.known("persons"), TYPED)
            await thief.walk()
            return thief

    thief = asyncio.run(rob())
    check_whole(thief)
    told = {number for _, people in identities(thief, world) for number in people}
    assert told == {HOLDER}, "nobody else, her child under her own number included"
    for one in thief.before_the_end():
        if one.told.status < 400 and HERS.search(unescape(one.text)):
            assert [line.person for line in one.lines if line.kind is EntryKind.PERSON_ACT], one.address
        assert {int(line.person) for line in one.lines} <= {HOLDER}
    others = {one.address for one in thief.before_the_end() if one.told.status < 400} & {
        address for number in world.theirs for address in (f"/lines/{number}/proof.json", f"/lines/{number}/not-me")
    }
    assert others == set()


def test_a_stolen_session_of_an_insurer_names_nobody_and_nothing_of_another_insurer(made: Made) -> None:
    world = made(posted=False)
    theirs = world.numbers("select id from notice.hand_over where insurer = 2")[0]

    async def rob() -> SiteThief:
        async with insurers_site(world.room, world.database) as site:
            thief = SiteThief(site, world.room.admin, world.known("insurers"), TYPED)
            await thief.walk()
            return thief

    thief = asyncio.run(rob())
    check_whole(thief)
    assert identities(thief, world) == [], "lists and slips are encrypted to the insurer's own key"
    opened = [one for one in thief.before_the_end() if one.told.status < 400]
    for one in opened:
        assert not OF_ANOTHER.search(unescape(one.text)), one.address
        assert not {str(CAPES_FEED), theirs, "102", str(world.requests[1]), str(REVIEW + 1)} & set(
            one.address.split("/")
        ), one.address
        if one.route.path.startswith(TELLS_OF_PEOPLE):
            assert [(line.kind, line.insurer, line.person) for line in one.lines] == [
                (EntryKind.INSURER_ACT, OAK, 0)
            ] * len(one.lines)
            assert one.lines, one.address
    answered = [one for one in opened if one.route.act is Act.INSURER_REVIEW_DECIDE]
    assert [line.act for one in answered for line in one.lines] == [
        Act.INSURER_REVIEW_READ, Act.INSURER_REVIEW_DECIDE,
    ]  # fmt: skip
    listed = [one for one in opened if one.route.path == "/documents"]
    assert any(str(SUBJECT) in one.text for one in listed)
    assert not any("990000602" in one.text for one in listed), "nor at which place"
    shown = [one for one in opened if one.route.path == "/activity"]
    for one in shown:
        cells = re.findall(r"<td[^>]*>\s*([\d\u202f\u00a0]+)\s*</td>", one.text)
        assert cells
        assert not {"1", "2", "3", "4", str(FEW)} & set(cells), "counts under the floor are not told"
    assert len({re.sub(r"form_token.*?>", "", one.told.text) for one in shown if "lang=" not in one.address}) == 1
