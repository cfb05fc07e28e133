"""Every page of the portal, in a real browser: axe, keyboard, paper."""

import pytest

from tests.browser.every_page import Shown, of_portal
from tests.browser.judging import Tab, keyboard_faults, paper_faults, screen_faults
from tierce.kernel.language import Language


@pytest.fixture(scope="module")
def shown() -> list[Shown]:
    """Every template, in each of its states."""
    return [one for language in Language for one in of_portal(language)]


@pytest.mark.parametrize("language", Language)
def test_every_page_passes_axe_and_never_scrolls_sideways(shown: list[Shown], tab: Tab, language: Language) -> None:
    assert screen_faults(shown, tab, language) == []


def test_every_control_is_in_the_keyboard_s_order_and_shows_its_focus(shown: list[Shown], tab: Tab) -> None:
    assert keyboard_faults(shown, tab) == []


def test_every_page_is_fit_for_paper(shown: list[Shown], tab: Tab) -> None:
    assert paper_faults(shown, tab) == []
