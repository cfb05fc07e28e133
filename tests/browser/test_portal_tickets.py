"""The portal's pages serve the browser whose key is bound, for minutes, and go on by themselves; a copy gets none."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewBrowser
from tests.browser.looks import faults_of
from tests.browser.portal_pages import Portal
from tests.browser.test_tickets import LONG_AGO, NO_KEY, WIDTHS, admin, lapse
from tierce.lab.demo.stage import Stage

pytestmark = pytest.mark.browser

SECONDS_AGO = "() => sessionStorage.removeItem('tierce-asked-again')"
"""A page that asks again and again within five seconds stops and says so: minutes are between two lapses."""
JUST_NOW = "() => localStorage.setItem('tierce-renewed', String(Date.now()))"


@pytest.fixture
def portal(stage: Stage, new_browser: NewBrowser) -> Portal:
    """Claire Morvan, signed in on a new device."""
    return Portal(stage, new_browser()).sign_in()


def test_a_page_asked_for_after_a_lapse_opens_by_itself_and_a_copied_session_opens_none(
    portal: Portal, stage: Stage, new_browser: NewBrowser
) -> None:
    page = portal.page
    titles = {}
    for path in ("/history?lang=fr", "/sessions", "/invoices", "/places"):
        titles[path] = portal.open(path).locator("h1").inner_text()
    stolen = page.context.cookies()
    for path, title in titles.items():
        lapse(stage, page)
        page.evaluate(SECONDS_AGO)
        portal.open(path)
        expect(page.locator("h1")).to_have_text(title)
        assert page.url == portal.url + path
    thief = Portal(stage, new_browser(language="fr-FR"))
    thief.page.context.add_cookies(stolen)  # type: ignore[arg-type]  # Playwright reads what it wrote
    with admin(stage) as connection:
        connection.execute("update access.ticket set until = now()")
    for path in titles:
        shown = thief.page.goto(portal.url + path)
        assert shown is not None
        assert shown.status == 401
        expect(thief.page.locator("#trouble-keyless")).to_be_visible()
        assert "Morvan" not in thief.page.content()
    plain = new_browser(javascript=False)
    plain.add_cookies(stolen)  # type: ignore[arg-type]  # Playwright reads what it wrote
    without = plain.new_page()
    without.goto(portal.url + "/history")
    way_out = without.locator("noscript")
    assert "Se connecter de nouveau, sans JavaScript" in way_out.inner_html()
    page.evaluate(SECONDS_AGO)
    page.reload()
    expect(page.locator("h1")).to_have_text(titles["/places"])
    assert portal.troubles == []


def test_what_was_typed_leaves_after_a_lapse_whoever_notices_it(portal: Portal, stage: Stage) -> None:
    """A signed question, and a form that nothing signs: the page notices in time, or the portal does."""
    page = portal.page
    for noticed in (True, False):
        portal.fill(stage.person("lucie_armand"))
        lapse(stage, page)
        if not noticed:
            page.evaluate(JUST_NOW)
        page.locator("form[data-sign=rights] button[type=submit]").click()
        expect(page.locator("h1")).to_have_text(re.compile("^Oui, couvert"))
        portal.open("/sessions")
        field = page.locator("li.card form[action$='/name'] input[type=text]").first
        if not field.is_visible():
            page.locator("li.card details summary").first.click()
        name = f"Accueil {noticed}"
        field.fill(name)
        lapse(stage, page)
        page.evaluate(SECONDS_AGO)
        if not noticed:
            page.evaluate(JUST_NOW)
        field.press("Enter")
        expect(page.locator("li.card h3").first).to_contain_text(name)
    assert portal.troubles == []


def test_two_pages_and_the_way_back_go_on_after_a_lapse(portal: Portal, stage: Stage) -> None:
    page = portal.page
    portal.open("/history")
    second = page.context.new_page()
    second.goto(portal.url + "/places")
    lapse(stage, page)
    for one in (page, second):
        one.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    for one, path in ((page, "/sessions"), (second, "/invoices")):
        one.goto(portal.url + path)
        expect(one.locator("nav a[aria-current]")).to_be_visible()
    lapse(stage, page)
    page.evaluate(SECONDS_AGO)
    page.go_back()
    expect(page.locator("nav a[aria-current=page]")).to_have_attribute("href", "/history")


def test_whoever_lost_her_key_is_told_and_signs_in_again(portal: Portal, stage: Stage) -> None:
    page = portal.page
    page.evaluate(NO_KEY)
    lapse(stage, page)
    portal.open("/history")
    expect(page.locator("#trouble-keyless")).to_be_focused()
    assert faults_of(page, "keyless", WIDTHS) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Claire Morvan").click()
    page.wait_for_url(f"{portal.url}/activity")


def test_a_page_whose_site_does_not_answer_says_so_and_goes_on_when_it_does(portal: Portal, stage: Stage) -> None:
    page = portal.page
    lapse(stage, page)
    page.route("**/session/challenge", lambda route: route.abort())
    portal.open("/places")
    expect(page.locator("#trouble-away")).to_be_focused()
    assert faults_of(page, "away", WIDTHS) == []
    page.unroute("**/session/challenge")
    page.locator("#again").click()
    expect(page.locator(".seat-count")).to_be_visible()


def test_without_javascript_a_session_without_a_key_goes_on_by_its_handle(
    stage: Stage, new_browser: NewBrowser
) -> None:
    portal = Portal(stage, new_browser(javascript=False)).sign_in()
    with admin(stage) as connection:
        connection.execute("update access.ticket set until = now()")
    expect(portal.open("/places").locator(".seat-count")).to_be_visible()
    assert portal.page.locator("#ticket").count() == 0


def test_the_page_has_its_ticket_replaced_in_time(portal: Portal, stage: Stage) -> None:
    page = portal.page
    portal.open("/history")
    page.wait_for_function("() => Number(localStorage.getItem('tierce-renewed')) > 1")
    before = {one["name"]: one["value"] for one in page.context.cookies()}["tierce-portal-ticket"]
    page.evaluate(LONG_AGO)
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_function("() => Number(localStorage.getItem('tierce-renewed')) > 1")
    assert {one["name"]: one["value"] for one in page.context.cookies()}["tierce-portal-ticket"] != before
