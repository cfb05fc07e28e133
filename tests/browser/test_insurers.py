"""The insurers' site in a real browser: one insurer's staff, in both languages, wide and narrow."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewBrowser
from tests.browser.test_office_and_persons import asked, entered
from tierce.lab.demo.stage import Stage

pytestmark = pytest.mark.browser

OWN, OTHER = "Camille Rouvray", "Idriss Belval"


def test_she_reads_her_own_people_files_and_what_was_shown(stage: Stage, new_browser: NewBrowser) -> None:
    asked(stage)
    page = entered(stage, new_browser, "insurers", OWN)
    expect(page.locator("h1")).to_contain_text(re.compile(r"[0-9]+\sde vos assurés sont couverts"))
    page.locator("a[href='/activity']").click()
    expect(page.locator("h1")).to_contain_text(re.compile("assurés en 14 jours"))
    assert "LENOIR" not in page.content().upper()
    page.locator("a[href='/feeds']").click()
    feed = page.locator("table a[href^='/feeds/']").first.get_attribute("href") or ""
    page.goto(stage.url("insurers") + feed)
    expect(page.locator("main .status").first).to_contain_text("Intégré en entier")
    other = entered(stage, new_browser, "insurers", OTHER)
    assert other.goto(stage.url("insurers") + feed).status == 404  # type: ignore[union-attr]  # it answered
