"""The portal as a professional uses it: one method for each thing she does."""

import csv
import re
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page

from tierce.lab.country.identifiers import make_nir
from tierce.lab.demo.stage import Stage
from tierce.web.portal.question import birth_text

CABINET = "Cabinet médical des Tilleuls"
NOBODY = {"nir": make_nir("F", 1988, 2, "41951", 999), "birth_date": "19880229", "rank": "1"}
"""Valid identifiers that the invented country gave to nobody."""


def doctors(stage: Stage) -> Iterator[str]:
    """National identifiers of general practitioners of the country other than the story's."""
    with (stage.country / "directory.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="|"):
            if row["Profession Tierce"] == "GP" and row["Nom d'exercice"] != "MORVAN":
                yield row["Identification nationale PP"]


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
        self._to_provider()
        self.page.get_by_role("button", name=name).click()
        return self._choose(place)

    def sign_in_by_number(self, national_id: str) -> "Portal":
        """Sign in as a professional whom the stand-in does not list, under the first activity."""
        self._to_provider()
        form = self.page.locator("form[action='choose']:has(input[name='subject'])")
        form.locator("input[name='subject']").fill(national_id)
        form.locator("button").click()
        return self._choose(None)

    def _to_provider(self) -> None:
        self.page.goto(self.url)
        self.page.get_by_role("link", name="Pro Santé Connect").click()
        self.page.wait_for_url(re.compile(r"/psc/auth|/sign-in$"))
        plain = self.page.get_by_role("link", name="Se connecter sans clé")
        if plain.is_visible():  # no script makes a key and goes on
            plain.click()

    def _choose(self, place: str | None) -> "Portal":
        self.page.wait_for_url(f"{self.url}/activity")
        if place is not None:
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
        return self.page.locator(".seat-count").inner_text().replace("\u00a0", " ")

    def _heard(self, message: Any) -> None:  # noqa: ANN401  # Playwright gives no public name to this type
        # A refused page is a 4xx, which the browser's console reports too: only what the page itself says counts.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.troubles.append(message.text)
