"""What a professional prints, on A4: an answer or a receipt on one sheet, numbered; no heading left behind."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader

from tests.browser.every_page import Shown, of_portal
from tests.browser.judging import DESK, Tab
from tests.unit.portal_samples import ENGAGEMENT
from tierce.kernel.language import Language

ALONE = ("answer", "receipt-True", "not-shown", "history")
"""What is kept with one person's papers."""


@pytest.fixture(scope="module")
def shown() -> dict[tuple[Language, str], Shown]:
    return {(one.language, one.name): one for language in Language for one in of_portal(language)}


@pytest.fixture(scope="module")
def painted(chromium: Browser) -> Iterator[Tab]:
    """A tab that paints, which paper needs."""
    context = chromium.new_context(viewport={"width": DESK, "height": 800}, color_scheme="dark")
    with Tab.opened(context.new_page()) as found:
        yield found
    context.close()


def sheets(tab: Tab, one: Shown) -> list[str]:
    """The words of each sheet."""
    return [page.extract_text() for page in PdfReader(BytesIO(tab.show(one).pdf(format="A4"))).pages]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", ALONE)
def test_it_is_one_sheet(
    painted: Tab, shown: dict[tuple[Language, str], Shown], name: str, language: Language
) -> None:
    printed = sheets(painted, shown[language, name])
    assert len(printed) == 1
    assert "1 / 1" in printed[0]
    assert ("English" in printed[0], "Français" in printed[0]) == (False, False), (
        "no way to another language on paper"
    )
    if name != "not-shown":
        assert ENGAGEMENT in printed[0]


def test_no_heading_ends_a_sheet_and_no_sheet_holds_the_foot_alone(
    painted: Tab, shown: dict[tuple[Language, str], Shown]
) -> None:
    for name in ("help", "transfer-good", "invoice-accepted", "agreement-granted", "delegates-some"):
        one = shown[Language.FR, name]
        printed = sheets(painted, one)
        headings = set(painted.page.locator("h1, h2, h3, dt, caption").all_inner_texts())
        for sheet in printed[:-1]:
            last = sheet.strip().splitlines()[-2 if " / " in sheet.strip().splitlines()[-1] else -1]
            assert last.strip() not in headings, f"{name}: {last}"
        foot = painted.page.locator(".foot p").first.inner_text()[:30]
        assert not printed[-1].strip().startswith(foot), name
