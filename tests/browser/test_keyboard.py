"""Each site's main way, by Tab, Enter, the arrows and Escape alone: nothing is out of reach, the focus is seen."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewBrowser
from tests.browser.portal_pages import CABINET
from tests.browser.test_insurers import OWN
from tests.browser.test_office_and_persons import OFFICER, PAUL, asked
from tierce.lab.demo.stage import Stage
from tierce.web.portal.question import birth_text

pytestmark = pytest.mark.browser

STOPS_MAX = 120
"""Stops of the longest way to anything; past them the focus goes round without it."""
HERE = """
(wanted) => {
  const one = document.activeElement;
  const {outlineStyle, outlineWidth} = getComputedStyle(one);
  const box = one.getBoundingClientRect();
  return {
    there: one === wanted,
    seen: one === document.body || (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2),
    within: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    name: `${one.tagName} ${one.id} ${one.textContent.trim().slice(0, 40)}`,
  };
}
"""


def reach(wanted: Locator) -> None:
    """Press Tab until it has the focus; every stop on the way shows its own, on the screen."""
    page, stops = wanted.page, list[str]()
    expect(wanted).to_have_count(1)
    for _ in range(STOPS_MAX):
        page.keyboard.press("Tab")
        here = wanted.evaluate(HERE)
        assert here["seen"], f"{here['name']} shows no focus"
        stops.append(here["name"])
        if here["there"]:
            assert here["within"], f"{here['name']} has the focus off the screen"
            return
    pytest.fail(f"{wanted} is never reached: {stops}")


def press(wanted: Locator) -> None:
    """Reach a link or a button, and go where it leads."""
    reach(wanted)
    with wanted.page.expect_navigation():
        wanted.page.keyboard.press("Enter")


def skip(page: Page) -> None:
    """The first stop of a page leads past its top."""
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def enter(stage: Stage, new_browser: NewBrowser, site: str, name: str) -> Page:
    """Sign in through the stand-in of her provider."""
    page = new_browser().new_page()
    page.goto(stage.url(site))
    skip(page)
    reach(page.locator("main a.button[href='/sign-in']"))
    page.keyboard.press("Enter")
    identity = page.get_by_role("button", name=re.compile(name)).first
    identity.wait_for()
    reach(identity)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(re.escape(stage.url(site)) + r"/(activity)?$"))
    return page


def test_a_professional_asks_reads_corrects_and_prints(stage: Stage, new_browser: NewBrowser) -> None:
    page = enter(stage, new_browser, "portal", "Claire Morvan")
    page.add_init_script("window.print = () => { document.title = 'printed'; }")
    place = page.get_by_role("radio", name=CABINET)
    reach(page.get_by_role("radio").first)
    while not place.evaluate("one => one === document.activeElement"):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    press(page.locator("form[action='/activity'] button"))
    expect(page.locator("#nir")).to_be_focused()
    page.keyboard.type("1")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("#errors")).to_be_focused()
    reach(page.locator("#errors a[href='#nir']"))
    page.keyboard.press("Enter")
    expect(page.locator("#nir")).to_be_focused()
    person = stage.person("paul_lenoir")
    page.keyboard.press("Control+A")
    page.keyboard.type(person["nir"])
    for field, value in (("#birth", birth_text(person["birth_date"])), ("#rank", str(person["rank"]))):
        reach(page.locator(field))
        page.keyboard.press("Control+A")
        page.keyboard.type(value)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Oui, couvert")
    skip(page)
    reach(page.locator("button[data-print]"))
    page.keyboard.press("Enter")
    expect(page).to_have_title("printed")


def test_the_officer_goes_from_a_login_to_its_hold_and_its_release(stage: Stage, new_browser: NewBrowser) -> None:
    asked(stage)
    page = enter(stage, new_browser, "office", OFFICER)
    press(page.locator("nav a[href='/alerts']"))
    press(page.locator("nav a[href='/']"))
    skip(page)
    press(page.locator("#live a[href^='/accounts/']").first)
    press(page.locator("main a[href$='/hold']").first)
    skip(page)
    reach(page.locator("input[name=rung]:checked"))
    page.keyboard.press("ArrowDown")
    reach(page.locator("main form p.actions button"))
    page.keyboard.press("Enter")  # without a reason: the browser says so where it is missing
    expect(page.locator("#reason")).to_be_focused()
    page.keyboard.type("Elle nous a appelés : ce n’est pas elle qui demande.")
    press(page.locator("main form p.actions button"))
    press(page.locator("nav a[href='/ladder']"))
    press(page.locator("main a[href$='/lift']").first)
    reach(page.locator("#reason"))
    page.keyboard.type("C’était bien elle, rappelée à son cabinet.")
    press(page.locator("main form p.actions button"))
    expect(page.locator("h1")).to_be_visible()


def test_a_person_says_that_it_was_not_her(stage: Stage, new_browser: NewBrowser) -> None:
    asked(stage)
    page = enter(stage, new_browser, "persons", PAUL)
    skip(page)
    press(page.locator(".line-card a[href$='/not-me']").first)
    press(page.get_by_role("button", name="Oui, ce n’était pas moi"))
    expect(page.locator("h1")).to_contain_text("Votre réponse est notée")


def test_an_insurer_goes_to_its_incidents(stage: Stage, new_browser: NewBrowser) -> None:
    page = enter(stage, new_browser, "insurers", OWN)
    press(page.locator("nav a[href='/incidents']"))
    expect(page.locator("nav a[href='/incidents']")).to_have_attribute("aria-current", "page")


def test_the_menu_of_a_narrow_screen_opens_closes_and_gives_the_focus_back(
    stage: Stage, new_browser: NewBrowser
) -> None:
    page = enter(stage, new_browser, "office", OFFICER)
    page.set_viewport_size({"width": 375, "height": 700})
    menu = page.locator("button.menu[popovertarget=pages]").first
    reach(menu)
    page.keyboard.press("Enter")
    expect(page.locator("#pages")).to_be_visible()
    reach(page.locator("#pages a[href='/alerts']"))
    page.keyboard.press("Escape")
    expect(page.locator("#pages")).to_be_hidden()
    expect(menu).to_be_focused()
