"""A person's dynamic card on her phone, for the tests of both sides of the counter."""

from playwright.sync_api import Page, expect

from tests.browser.portal_pages import Portal
from tierce.lab.demo.stage import Stage

PAUL = "Paul"


def code_of(portal: Portal) -> str:
    """The code of the place, as the portal shows it."""
    portal.open("/ask")
    portal.page.locator("details.presence summary").click()
    return portal.page.locator(".place-code").inner_text()


def shown(page: Page, stage: Stage, code: str) -> None:
    """She types the place's code, agrees to the place, and her card is on the screen."""
    page.goto(f"{stage.url('persons')}/card")
    page.locator("#place").fill(code)
    page.get_by_role("button", name="Continuer").click()
    page.get_by_role("button", name="Oui, montrer ma carte").click()
    expect(page.locator(".card-qr svg")).to_be_visible()


def token_of(page: Page) -> str:
    """The text of her card, which she may copy."""
    page.locator("details summary").click()
    return page.locator("#token").inner_text()
