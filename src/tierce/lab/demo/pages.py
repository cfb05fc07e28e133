"""A real browser on the four sites, as a professional, a member of staff, a person and an insurer use them.

Everything is found by what does not depend on the language: addresses, fields, data. A page that logs an error,
or that the content security policy stops, is noted.
"""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from tierce.kernel.language import Language
from tierce.lab.demo.errors import DemoError
from tierce.lab.demo.stage import Stage

WAIT_MS: Final = 15_000
WIDE, NARROW = 1280, 360
_LOCALES: Final = {Language.FR: "fr-FR", Language.EN: "en-GB"}
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """Start the machine's own Chromium.

    Raises:
        DemoError: there is none.
    """
    found = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        msg = (
            "Chromium n’est pas là : installez le paquet Debian `chromium`, puis relancez / "
            "Chromium was not found: install Debian's package `chromium`, then start again"
        )
        raise DemoError(msg)
    # Chromium's own sandbox needs a user that is not root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=arguments)
        yield browser
        await browser.close()


class Visitor:
    """One person's browser: cookies and keys of its own, and what its pages complained of."""

    def __init__(self, page: Page, stage: Stage, shots: Path | None) -> None:
        """Use a page made by `visitor`."""
        self.page = page
        self.stage = stage
        self.complaints: list[str] = []
        self._shots = shots
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        # A status of 4xx is an answer, and Chromium logs it as an error of the page.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    async def go(self, site: str, path: str = "/") -> None:
        """Open a page of a site."""
        await self.page.goto(self.stage.url(site) + path)

    async def shot(self, name: str) -> None:
        """Keep a picture of the whole page."""
        if self._shots is not None:
            await self.page.screenshot(path=self._shots / f"{name}.png", full_page=True)

    async def click(self, selector: str) -> None:
        """Click what the selector finds first, and wait for the page that follows."""
        await self.page.locator(selector).first.click()
        await self.page.wait_for_load_state()

    async def text(self, selector: str) -> str:
        """The text of what the selector finds first, which must be there."""
        return (await self.page.locator(selector).first.inner_text()).strip()

    async def count(self, selector: str) -> int:
        """How many elements the selector finds right now."""
        return await self.page.locator(selector).count()

    async def enter(self, site: str, subject: str) -> None:
        """Sign in through the stand-in's page, with one click on an identity."""
        await self.go(site)
        await self.click('main a[href="/sign-in"]')
        await self.click(f'button[name="subject"][value="{subject}"]')

    async def choose(self, place: str) -> None:
        """Choose the activity at an establishment: the browser signs."""
        await self.page.locator("label.choice", has_text=place).first.click()
        await self.click("form[data-sign=activity] button[type=submit]")
        await self.page.wait_for_url("**/ask")

    async def ask_for_paul(self) -> None:
        """Fill the form with Paul Lenoir and ask."""
        await self.click('a[href="/ask?fill=paul_lenoir"]')
        await self.submit_question()

    async def submit_question(self) -> None:
        """Send the question; the browser signs it first."""
        await self.page.locator("form[data-sign=rights] button[type=submit]").click()
        await self.page.locator(".answer, .error-summary").first.wait_for()


@asynccontextmanager
async def visitor(
    browser: Browser, stage: Stage, language: Language, *, shots: Path | None
) -> AsyncIterator[Visitor]:  # fmt: skip
    """A fresh browser profile as wide as WIDE."""
    context = await browser.new_context(locale=_LOCALES[language], viewport={"width": WIDE, "height": 800})
    context.set_default_timeout(WAIT_MS)
    page = await context.new_page()
    yield Visitor(page, stage, shots)
    await context.close()
