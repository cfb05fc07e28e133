"""Every page of every site in a real browser: axe, keyboard, print; in both languages, on a desk and on a phone."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser.conftest import WAIT_MS
from tests.browser.every_page import FOLDERS, SITE, Shown, of_portal, of_site, of_status
from tests.browser.looks import axe_faults, scrolls_sideways
from tests.integration.conftest import INSTANCES, cluster, template
from tests.integration.fresh import fresh_database
from tests.integration.stolen_world import StolenWorld, make_stolen_world
from tierce.kernel.language import Language
from tierce.storage.cluster import Cluster
from tierce.storage.database import Database
from tierce.storage.keys import EVERY_KEY, Keyring, create_keys
from tierce.web.look.headers import content_security_policy
from tierce.web.names import SITES

__all__ = ["cluster", "template"]

pytestmark = pytest.mark.browser

DESK, TABLET, PHONE, SHEET = 1280, 768, 360, 690
"""Widths in pixels; the last is that of a sheet of A4 between its margins."""
WITHOUT_PAGES = {"api"}
FILLED = ("office", "persons", "insurers")
VISITS = [(site, language) for site in FOLDERS if site != "status" for language in Language] + [
    ("status", Language.FR)
]


@contextmanager
def filled(cluster: Cluster, template: Database, folder: Path, *, posted: bool) -> Iterator[StolenWorld]:
    """A whole installation in this process, on a database of its own."""
    create_keys(folder / "keys", INSTANCES)
    with fresh_database(cluster, template) as database, ExitStack() as stack:

        def connect(role: str, *, autocommit: bool = False) -> psycopg.Connection:
            return stack.enter_context(database.connect(role, autocommit=autocommit))

        yield make_stolen_world(database, connect, Keyring(folder / "keys", EVERY_KEY), posted=posted)


@pytest.fixture(scope="module")
def shown(cluster: Cluster, template: Database, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Shown]]:
    """Every page, by site."""
    found = {"portal": [one for language in Language for one in of_portal(language)], "status": list(of_status())}
    for site in FILLED:
        with filled(cluster, template, tmp_path_factory.mktemp(site), posted=site == "persons") as world:
            found[site] = list(of_site(world, site))
    return found


@dataclass
class Tab:
    """One tab for all of them: each page is loaded as its site answers it, with its files and policy of contents."""

    page: Page
    one: Shown | None = None

    def answer(self, route: Route) -> None:
        """Give the page, or a file of its site."""
        assert self.one is not None
        if route.request.url == self.one.address:
            head = {"content-type": "text/html; charset=utf-8", "content-security-policy": content_security_policy()}
            route.fulfill(status=200, headers=head, body=self.one.html)
            return
        try:
            content, kind = self.one.asset(urlsplit(route.request.url).path.strip("/"))
        except KeyError:
            route.fulfill(status=404, body="")
        else:
            route.fulfill(status=200, headers={"content-type": kind}, body=content)

    def show(self, one: Shown) -> Page:
        """Load a page."""
        self.one = one
        self.page.goto(one.address, wait_until="load")
        return self.page


@pytest.fixture(scope="module")
def tab(chromium: Browser) -> Iterator[Tab]:
    """The tab, of somebody who prefers dark pages."""
    context = chromium.new_context(viewport={"width": DESK, "height": 800}, locale="fr-FR", color_scheme="dark")
    context.set_default_timeout(WAIT_MS)
    found = Tab(context.new_page())
    found.page.route(f"{SITE}/**", found.answer)
    yield found
    context.close()


def pages_for(shown: dict[str, list[Shown]], visit: tuple[str, Language]) -> list[Shown]:
    """The pages of one site in one language."""
    return [one for one in shown[visit[0]] if one.language == visit[1]]


def looks_of(shown: dict[str, list[Shown]], visit: tuple[str, Language]) -> list[Shown]:
    """Of those that differ in their words alone, one: axe, the keyboard and paper judge elements and looks."""
    return list({one.shape: one for one in pages_for(shown, visit)}.values())


def test_the_pages_of_every_site_are_here(shown: dict[str, list[Shown]]) -> None:
    assert set(FOLDERS) == set(SITES) - WITHOUT_PAGES | {"status"}
    for site in FILLED:
        for language in Language:
            one = pages_for(shown, (site, language))
            assert len({page.name for page in one}) == len(one) > 15, (site, language)
        names = [{page.name for page in pages_for(shown, (site, language))} for language in Language]
        opened = [{name for name in some if name.startswith("GET") and name.endswith("200")} for some in names]
        assert opened[0] == opened[1]


@pytest.mark.parametrize("visit", VISITS, ids="-".join)
def test_every_page_passes_axe_and_never_scrolls_sideways(
    shown: dict[str, list[Shown]], tab: Tab, visit: tuple[str, Language]
) -> None:
    """In French on a desk and in English on a phone: what axe finds depends on the words and on the width, apart.

    Pages that differ in their words alone are all shown in French, the longer language.
    """
    faults: list[str] = []
    english = visit[1] is Language.EN
    judged = looks_of(shown, visit)
    for one in judged if english else pages_for(shown, visit):
        page = tab.show(one)
        for width in (DESK, TABLET, PHONE):
            page.set_viewport_size({"width": width, "height": 800})
            faults += [f"{one.name} {width}: scrolls sideways"] if scrolls_sideways(page) else []
            if one in judged and (width == PHONE) is english:
                faults += axe_faults(page, f"{one.name} {width}")
    assert not faults, "\n".join(faults)


CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]:not([tabindex='-1'])"
UNSEEN_FOCUS = """
(wanted) => [...document.querySelectorAll(wanted)]
  .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.disabled)
  .flatMap((one) => {
    const name = `${one.tagName} ${one.id || one.textContent.trim().slice(0, 40)}`;
    if (one.tabIndex !== 0) return [`${name} is out of the order`];
    one.focus({focusVisible: true});
    if (document.activeElement !== one) return [`${name} takes no focus`];
    const {outlineStyle, outlineWidth} = getComputedStyle(one);
    return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 ? [] : [`${name} shows no focus`];
  })
"""
"""What keeps a control out of the keyboard's order, or its focus out of sight."""
STOPS = """
(wanted) => {
  const all = [...document.querySelectorAll(wanted)];
  window.stopOf = (one) => one.type === "radio" ? `${one.form?.action} ${one.name}` : String(all.indexOf(one));
  return all.filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.disabled).map(window.stopOf);
}
"""
"""The stops that the keyboard has to make: one for all the choices of a group."""
STOP = "window.stopOf(document.activeElement)"
PRINTED = """
() => {
  const seen = [...document.querySelectorAll("button, input[type=submit], nav, .skip, .switch, .actions")]
    .filter((one) => one.checkVisibility() && one.getClientRects().length)
    .map((one) => `${one.tagName} ${one.textContent.trim().slice(0, 40)} is printed`);
  const {color, backgroundColor} = getComputedStyle(document.body);
  const ink = [color, backgroundColor].join(" on ");
  const heading = document.querySelector("h1");
  return [
    ...seen,
    ...(ink === "rgb(0, 0, 0) on rgb(255, 255, 255)" ? [] : [`${ink} is not black on white`]),
    ...(heading && heading.checkVisibility() ? [] : ["no heading"]),
  ];
}
"""
"""What paper has no use for, or does not show, on a page of somebody whose screen is dark."""


@pytest.mark.parametrize("site", list(FOLDERS))
def test_every_control_is_in_the_keyboard_s_order_and_shows_its_focus(
    shown: dict[str, list[Shown]], tab: Tab, site: str
) -> None:
    faults: list[str] = []
    most: tuple[set[str], Shown | None] = (set(), None)
    for one in looks_of(shown, (site, Language.FR)):
        page = tab.show(one)
        faults += [f"{one.name}: {fault}" for fault in page.evaluate(UNSEEN_FOCUS, CONTROLS)]
        most = max(most, (set(page.evaluate(STOPS, CONTROLS)), one), key=lambda found: len(found[0]))
    assert not faults, "\n".join(faults)
    assert most[1] is not None
    page, left = tab.show(most[1]), most[0]
    page.evaluate(STOPS, CONTROLS)
    for _ in range(4 * len(left) + 10):  # a date has a stop for each of its parts, and a page may begin in a field
        page.keyboard.press("Tab")
        left.discard(page.evaluate(STOP))
    assert left == set(), f"{most[1].name}: the keyboard does not come there"


@pytest.mark.parametrize("site", list(FOLDERS))
def test_every_page_is_fit_for_paper(shown: dict[str, list[Shown]], tab: Tab, site: str) -> None:
    faults: list[str] = []
    page = tab.page
    page.set_viewport_size({"width": SHEET, "height": 1000})
    page.emulate_media(media="print")
    for one in looks_of(shown, (site, Language.FR)):
        tab.show(one)
        faults += [f"{one.name}: {fault}" for fault in page.evaluate(PRINTED)]
        faults += [f"{one.name}: wider than the sheet"] if scrolls_sideways(page) else []
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": DESK, "height": 800})
    assert not faults, "\n".join(faults)
