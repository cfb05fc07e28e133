"""Every page of the office, in a real browser: axe, keyboard, paper."""

import pytest

from tests.browser.every_page import Shown, missing, of_filled
from tests.browser.judging import Judged, Tab, judge
from tierce.kernel.language import Language
from tierce.storage.cluster import Cluster
from tierce.storage.database import Database


@pytest.fixture(scope="module")
def shown(cluster: Cluster, template: Database, tmp_path_factory: pytest.TempPathFactory) -> list[Shown]:
    """Every page."""
    return of_filled("office", cluster, template, tmp_path_factory.mktemp("office"))


@pytest.fixture(scope="module")
def judged(shown: list[Shown], tab: Tab) -> dict[Language, Judged]:
    """What is wrong of them."""
    return {language: judge(shown, tab, language) for language in Language}


def test_the_pages_are_all_here(shown: list[Shown]) -> None:
    assert missing(shown) == []


@pytest.mark.parametrize("language", Language)
def test_every_page_passes_axe_and_never_scrolls_sideways(judged: dict[Language, Judged], language: Language) -> None:
    assert judged[language].screen == []


def test_every_control_is_in_the_keyboard_s_order_and_shows_its_focus(judged: dict[Language, Judged]) -> None:
    assert judged[Language.FR].keyboard == []


def test_every_page_is_fit_for_paper(judged: dict[Language, Judged]) -> None:
    assert judged[Language.FR].paper == []
