"""Every page of the persons' space, the insurers' site and the status page, in a real browser: axe, keyboard, paper.

Sites with so many pages that they take long have a file of their own, which another worker may run meanwhile.
"""

import pytest

from tests.browser.every_page import FOLDERS, Shown, missing, of_filled, of_status
from tests.browser.judging import Judged, Tab, judge
from tierce.kernel.language import Language
from tierce.storage.cluster import Cluster
from tierce.storage.database import Database
from tierce.web.names import SITES

WITHOUT_PAGES = {"api"}
ELSEWHERE = {"office", "portal"}
FILLED = ("persons", "insurers")
VISITS = [(site, language) for site in FILLED for language in Language] + [("status", Language.FR)]


@pytest.fixture(scope="module")
def shown(cluster: Cluster, template: Database, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Shown]]:
    """Every page, by site."""
    found = {site: of_filled(site, cluster, template, tmp_path_factory.mktemp(site)) for site in FILLED}
    return found | {"status": list(of_status())}


@pytest.fixture(scope="module")
def judged(shown: dict[str, list[Shown]], tab: Tab) -> dict[tuple[str, Language], Judged]:
    """What is wrong of them, by site and language."""
    return {visit: judge(shown[visit[0]], tab, visit[1]) for visit in VISITS}


def test_every_site_has_its_file() -> None:
    assert set(FOLDERS) == set(SITES) - WITHOUT_PAGES | {"status"} == {*FILLED, "status", *ELSEWHERE}


@pytest.mark.parametrize("site", FILLED)
def test_the_pages_are_all_here(shown: dict[str, list[Shown]], site: str) -> None:
    assert missing(shown[site]) == []


@pytest.mark.parametrize("visit", VISITS, ids="-".join)
def test_every_page_passes_axe_and_never_scrolls_sideways(
    judged: dict[tuple[str, Language], Judged], visit: tuple[str, Language]
) -> None:
    assert judged[visit].screen == []


@pytest.mark.parametrize("site", [*FILLED, "status"])
def test_every_control_is_in_the_keyboard_s_order_and_shows_its_focus(
    judged: dict[tuple[str, Language], Judged], site: str
) -> None:
    assert judged[site, Language.FR].keyboard == []


@pytest.mark.parametrize("site", [*FILLED, "status"])
def test_every_page_is_fit_for_paper(judged: dict[tuple[str, Language], Judged], site: str) -> None:
    assert judged[site, Language.FR].paper == []
