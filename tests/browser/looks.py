"""What is wrong with how a page looks or reads: what axe finds, and whether it scrolls sideways, at each width."""

from typing import Final

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it ships no types
from playwright.sync_api import Page

AXE: Final = Axe().axe_script
SIDEWAYS: Final = """
() => [innerWidth, document.documentElement.scrollWidth > document.documentElement.clientWidth]
"""


def faults_of(page: Page, where: str, widths: tuple[int, ...] = ()) -> list[str]:
    """The faults of the page at each of `widths`, or as wide as it is; it is not loaded again between."""
    if not widths:
        return _faults(page, where)
    before = page.viewport_size
    assert before is not None
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": before["height"]})
        found += _faults(page, f"{where} {width}")
    page.set_viewport_size(before)
    return found


def _faults(page: Page, where: str) -> list[str]:
    return ([f"{where}: scrolls sideways"] if scrolls_sideways(page) else []) + axe_faults(page, where)


def scrolls_sideways(page: Page) -> bool:
    """Whether the page is wider than its window, which is as wide as it was told to be."""
    window, wider = page.evaluate(SIDEWAYS)
    size = page.viewport_size
    assert size is not None
    assert window == size["width"], "the window is not yet as wide as it was told to be"
    return bool(wider)


def axe_faults(page: Page, where: str) -> list[str]:
    """What axe finds wrong of the page as it stands, with every rule of its own."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    run = "axe.run({resultTypes: ['violations']}).then((found) => found.violations)"
    return [f"{where}: {one['id']} {one['help']}" for one in page.evaluate(run)]
