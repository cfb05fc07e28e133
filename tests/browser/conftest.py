"""A whole installation and a real Chromium, once for all the tests of the browser."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

from tests.browser.apart import keep_one_apart
from tests.browser.judging import DESK, Tab
from tests.browser.program import chromium_program
from tests.installation import installation
from tests.integration.conftest import cluster, template
from tierce.lab.demo.stage import Stage, start_unprotected

__all__ = ["cluster", "template"]

PERSONS, INSURERS = 2_000, 8
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
UNPAINTED = "--enable-begin-frame-control"
"""A page is laid out whenever something asks where it stands, and never painted: nobody looks at it."""
WAIT_MS = 15_000

NewBrowser = Callable[..., BrowserContext]


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """The platform with its stand-ins and an invented country, over real HTTP."""
    with installation(PERSONS, INSURERS, loaded=keep_one_apart) as running:
        yield running


@pytest.fixture(scope="session")
def unprotected(stage: Stage) -> Iterator[None]:
    """The portal without a gate, on the same country."""
    with ExitStack() as stack:
        start_unprotected(stack, stage)
        yield


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """The machine's own Chromium."""
    running = playwright.chromium.launch(executable_path=chromium_program(), args=list(FLAGS))
    yield running
    running.close()


@pytest.fixture(scope="session")
def unpainted(playwright: Playwright) -> Iterator[Browser]:
    """A Chromium that paints nothing, which is a third of what a page costs; whoever clicks waits for a picture."""
    running = playwright.chromium.launch(executable_path=chromium_program(), args=[*FLAGS, UNPAINTED])
    yield running
    running.close()


@pytest.fixture(scope="module")
def tab(unpainted: Browser) -> Iterator[Tab]:
    """One tab for every page of a site, of somebody who prefers dark pages."""
    context = unpainted.new_context(viewport={"width": DESK, "height": 800}, locale="fr-FR", color_scheme="dark")
    context.set_default_timeout(WAIT_MS)
    with Tab.opened(context.new_page()) as found:
        yield found
    context.close()


@pytest.fixture
def new_browser(chromium: Browser) -> Iterator[NewBrowser]:
    """Open browsers that share nothing: each is another device. They are closed after the test."""
    opened: list[BrowserContext] = []

    def open_one(*, width: int = 1280, language: str = "fr-FR", javascript: bool = True) -> BrowserContext:
        context = chromium.new_context(
            locale=language, viewport={"width": width, "height": 800}, java_script_enabled=javascript
        )
        context.set_default_timeout(WAIT_MS)
        opened.append(context)
        return context

    yield open_one
    for context in opened:
        context.close()
