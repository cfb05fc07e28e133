"""A session of the office, of a person or of an insurer's people serves the browser that signed in, and no other."""

import re
from datetime import timedelta

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewBrowser
from tests.browser.looks import faults_of
from tests.browser.test_office_and_persons import OFFICER, PAUL, entered
from tierce.lab.demo.stage import Stage
from tierce.storage.cluster import SUPERUSER

pytestmark = pytest.mark.browser

WIDTHS = (360, 1280)
NO_KEY = "() => new Promise((done) => { const gone = indexedDB.deleteDatabase('tierce'); gone.onsuccess = done; })"
RENEWED = "() => Number(localStorage.getItem('tierce-renewed')) > 1"
LONG_AGO = "() => localStorage.setItem('tierce-renewed', '1')"


def admin(stage: Stage) -> psycopg.Connection:
    return stage.database.connect(SUPERUSER, autocommit=True)


def lapse(stage: Stage, page: Page) -> None:
    """Let five minutes go by: for the database, and for the page, which looks at its own clock."""
    page.wait_for_function(RENEWED)  # else the one under way would come after
    with admin(stage) as connection:
        connection.execute("update access.ticket set until = now()")
    page.evaluate(LONG_AGO)


def tickets(stage: Stage) -> int:
    with admin(stage) as connection:
        row = connection.execute("select count(*) from access.ticket where until > now()").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize(("site", "name"), [("office", OFFICER), ("persons", PAUL)])
def test_a_page_asked_for_after_a_lapse_opens_by_itself_and_a_copied_session_opens_none(
    stage: Stage, new_browser: NewBrowser, site: str, name: str
) -> None:
    page = entered(stage, new_browser, site, name)
    address = {"office": "/incidents?lang=fr", "persons": "/help?lang=fr"}[site]
    page.goto(stage.url(site) + address)
    title = page.locator("h1").inner_text()
    stolen = page.context.cookies()
    lapse(stage, page)
    page.goto(stage.url(site) + address)
    expect(page.locator("h1")).to_have_text(title)
    assert page.url == stage.url(site) + address
    thief = new_browser()
    thief.add_cookies(stolen)  # type: ignore[arg-type]  # what is read is what is written
    elsewhere = thief.new_page()
    shown = elsewhere.goto(stage.url(site) + address)
    assert shown is not None
    assert shown.status == 401
    expect(elsewhere.locator("#trouble-keyless")).to_be_visible()
    assert elsewhere.locator("h1").inner_text() == "Un instant"
    page.reload()
    expect(page.locator("h1")).to_have_text(title)


def test_what_was_typed_leaves_after_a_lapse_whoever_notices_it(stage: Stage, new_browser: NewBrowser) -> None:
    page = entered(stage, new_browser, "office", OFFICER)
    page.goto(f"{stage.url('office')}/closings")
    for noticed in (True, False):
        page.goto(f"{stage.url('office')}/register/new")
        why = f"Une fausse alerte, {noticed}, dite à l’équipe."
        page.locator("#title").fill(why)
        lapse(stage, page)
        if not noticed:
            page.evaluate("() => localStorage.setItem('tierce-renewed', String(Date.now()))")
        page.locator("main form button[type=submit]").first.click()
        expect(page.locator("main")).to_contain_text(why)


def test_an_open_page_renews_and_a_second_one_signs_nobody_out(stage: Stage, new_browser: NewBrowser) -> None:
    page = entered(stage, new_browser, "office", OFFICER)
    second = page.context.new_page()
    second.goto(stage.url("office"))
    lapse(stage, page)
    for one in (page, second):
        one.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#live")).to_be_visible()
    page.wait_for_function(RENEWED)
    for one in (page, second):
        one.goto(f"{stage.url('office')}/ladder")
        expect(one.locator("nav a[aria-current=page]").first).to_be_visible()
    assert tickets(stage) > 0


def test_whoever_lost_her_key_is_told_and_signs_in_again(stage: Stage, new_browser: NewBrowser) -> None:
    page = entered(stage, new_browser, "office", OFFICER)
    page.evaluate(NO_KEY)
    lapse(stage, page)
    page.goto(f"{stage.url('office')}/ladder")
    expect(page.locator("#trouble-keyless")).to_be_focused()
    assert faults_of(page, "keyless", WIDTHS) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("button", name=re.compile(OFFICER)).first.click()
    page.wait_for_url(f"{stage.url('office')}/ladder")


@pytest.mark.parametrize("language", ["fr-FR", "en-GB"])
def test_a_browser_that_keeps_no_key_is_told_why_and_what_to_do(
    stage: Stage, new_browser: NewBrowser, language: str
) -> None:
    context = new_browser(language=language)
    context.add_init_script("Object.defineProperty(window, 'indexedDB', { value: undefined });")
    page = context.new_page()
    page.goto(f"{stage.url('persons')}/sign-in")
    expect(page.locator("#trouble-keyless")).to_be_focused()
    assert faults_of(page, language, WIDTHS) == []
    page.locator("#main a.button").click()
    expect(page.locator("a.button[href='/sign-in']")).to_be_visible()


def test_without_javascript_the_sign_in_says_that_it_needs_it(stage: Stage, new_browser: NewBrowser) -> None:
    page = new_browser(javascript=False).new_page()
    page.goto(f"{stage.url('office')}/sign-in")
    assert "Ce site a besoin de JavaScript" in page.locator("noscript").inner_html()
    expect(page.locator("#main a.button")).to_be_visible()


def test_the_key_of_a_browser_is_not_its_page_s_to_read(stage: Stage, new_browser: NewBrowser) -> None:
    page = entered(stage, new_browser, "office", OFFICER)
    tried = page.evaluate(
        "async () => { const key = await readKey();"
        " try { await crypto.subtle.exportKey('jwk', key.privateKey); return 'told'; } catch (e) { return e.name; } }"
    )
    assert tried == "InvalidAccessError"
    assert timedelta(minutes=4).total_seconds() == float(page.locator("#ticket").get_attribute("data-every") or 0)
