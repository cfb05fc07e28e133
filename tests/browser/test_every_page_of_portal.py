"""Every page of the portal, in a real browser: axe, keyboard, paper."""

import pytest

from tests.browser.every_page import of_portal
from tests.browser.judging import Judged, Tab, judge
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
