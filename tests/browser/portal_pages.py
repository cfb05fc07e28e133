"""The portal as a professional uses it: one method for each thing she does."""

from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page

from tierce.lab.country.identifiers import make_nir
from tierce.lab.demo.stage import Stage
from tierce.web.portal.question import birth_text

CABINET = "Cabinet médical des Tilleuls"
NOBODY = {"nir": make_nir("F", 1988, 2, "41951", 999), "birth_date": "19880229", "rank": "1"}
"""Valid identifiers that the invented country gave to nobody."""


class Portal:
    """One browser at the portal."""

    def __init__(self, stage: Stage, context: BrowserContext) -> None:
        self.url = stage.url("portal")
        self.page: Page = context.new_page()
        self.troubles: list[str] = []
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", self._heard)

    def sign_in(self, name: str = "Claire Morvan", place: str = CABINET) -> "Portal":
        """Sign in through the stand-in and choose an activity."""
        self.page.goto(self.url)
        self.page.get_by_role("link", name="Pro Santé Connect").click()
        self.page.get_by_role("button", name=name).click()
        self.page.wait_for_url(f"{self.url}/activity")
        self.page.get_by_role("radio", name=place).check()
        self.page.locator("form[action='/activity'] button").click()
        self.page.wait_for_url(f"{self.url}/ask")
        return self

    def open(self, path: str) -> Page:
        """Go to a page."""
        self.page.goto(self.url + path)
        return self.page

    def fill(self, person: dict[str, Any]) -> None:
        """Type what a card shows."""
        self.open("/ask")
        self.page.locator("#nir").fill(person["nir"])
        self.page.locator("#birth").fill(birth_text(person["birth_date"]))
        self.page.locator("#rank").fill(str(person["rank"]))

    def send(self) -> None:
        """Press the button and wait for what comes."""
        with self.page.expect_navigation():
            self.page.locator("form[data-sign=rights] button[type=submit]").click()

    def ask(self, person: dict[str, Any]) -> Locator:
        """Ask about a person; gives the page's heading."""
        self.fill(person)
        self.send()
        return self.page.locator("h1")

    def places(self) -> str:
        """What the row of places says in words."""
        return self.page.locator(".seat-count").inner_text()

    def _heard(self, message: Any) -> None:  # noqa: ANN401  # Playwright gives no public name to this type
        # A refused page is a 4xx, which the browser's console reports too: only what the page itself says counts.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.troubles.append(message.text)
