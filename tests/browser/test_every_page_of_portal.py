"""Every page of the portal, in a real browser: axe, keyboard, paper."""

import pytest

from tests.browser.conftest import NewBrowser
from tests.browser.every_page import of_portal
from tests.browser.judging import BRING_AXE, PHONE, Judged, Tab, judge
from tests.browser.looks import axe_faults
from tierce.kernel.language import Language


@pytest.fixture(scope="module")
def judged(tab: Tab) -> dict[Language, Judged]:
    """What is wrong of every template, in each of its states."""
    return {language: judge(list(of_portal(language)), tab, language) for language in Language}


@pytest.mark.parametrize("language", Language)
def test_every_page_passes_axe_and_never_scrolls_sideways(judged: dict[Language, Judged], language: Language) -> None:
    assert judged[language].screen == []


def test_every_control_is_in_the_keyboard_s_order_and_shows_its_focus(judged: dict[Language, Judged]) -> None:
    assert judged[Language.FR].keyboard == []


def test_every_page_is_fit_for_paper(judged: dict[Language, Judged]) -> None:
    assert judged[Language.FR].paper == []


@pytest.mark.parametrize("javascript", [True, False], ids=["with_script", "without"])
def test_on_a_phone_the_keyboard_opens_the_menu_and_closes_it(new_browser: NewBrowser, javascript: bool) -> None:
    listed = next(one for one in of_portal(Language.EN) if one.name == "history")
    with Tab.opened(new_browser(width=PHONE, language="en-GB", javascript=javascript).new_page()) as phone:
        page = phone.show(listed)
        menu, opener = page.get_by_role("navigation"), page.get_by_role("button", name="Menu")
        assert menu.is_hidden()
        assert opener.inner_text().split("\n")[-1].endswith("My requests")
        opener.press("Enter")
        menu.get_by_role("link", name="My requests").wait_for()
        if javascript:
            page.evaluate(BRING_AXE)
            assert axe_faults(page, "the open menu") == []
        page.keyboard.press("Escape")
        menu.wait_for(state="hidden")
        opener.press("Enter")
        menu.get_by_role("button", name="Close the menu").press("Enter")
        menu.wait_for(state="hidden")
