"""A professional at the portal asks by the card of an insurer that keeps its people itself."""

import pytest

from tests.browser.apart import AMC, MEMBER, answering
from tests.browser.conftest import NewBrowser
from tests.browser.portal_pages import Portal, doctors
from tests.integration.desk import BIRTH
from tierce.lab.demo.stage import Stage
from tierce.web.portal.question import birth_text

pytestmark = pytest.mark.browser


def test_a_card_is_answered_by_the_insurer_itself_and_opened_again_without_it(
    stage: Stage, new_browser: NewBrowser
) -> None:
    portal = Portal(stage, new_browser()).sign_in_by_number(next(doctors(stage)))
    page = portal.page
    with answering(stage) as insurer:
        page.locator("#way-card").check()
        page.locator("#amc").fill(AMC)
        page.locator("#member_number").fill(MEMBER)
        page.locator("#birth").fill(birth_text(BIRTH))
        portal.send()
        assert "Prévoyance du Lac" in page.locator("main").inner_text()
        assert "TM loin" in page.locator("main").inner_text()
    assert [ask["member_number"] for ask in insurer.asked] == [MEMBER]
    portal.open("/history")
    with page.expect_navigation():
        page.locator("form[data-sign=revisit] button").first.click()
    assert "TM loin" in page.locator("main").inner_text(), "nobody answers there any more, and nobody is asked"
    assert portal.troubles == []
