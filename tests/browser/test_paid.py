"""From an answer to the bank's file in real browsers: sent, decided, gathered, approved by two, read where paid."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewBrowser
from tests.browser.portal_pages import Portal
from tests.browser.test_office_and_persons import entered
from tests.waiting import eventually
from tierce.lab.demo.attack import REMPARTS
from tierce.lab.demo.stage import Stage

pytestmark = pytest.mark.browser

TURNS_SECONDS = 20.0
"""`billing` takes a turn every five seconds; what one decides, the next gathers."""


def reload_until(page: Page, selector: str, text: str) -> None:
    """Look again until the page says so, as whoever waits for it does."""

    def seen() -> int:
        page.reload()
        return page.locator(selector).filter(has_text=text).count()

    eventually(seen, f"{text} in {selector}", seconds=TURNS_SECONDS)


def test_an_invoice_is_sent_decided_approved_by_two_and_read_in_its_transfer(
    stage: Stage, new_browser: NewBrowser
) -> None:
    portal = Portal(stage, new_browser()).sign_in("Nadia Ferrand", REMPARTS)
    page = portal.page
    portal.ask(stage.person("paul_lenoir"))
    page.get_by_role("link", name="Facturer").click()
    page.locator("#reference").fill("VERRES-7")
    for name, text in (("item", "XOPTIB"), ("price", "320"), ("amo", "0,12"), ("asked", "280")):
        page.locator(f"#{name}-1").fill(text)
    page.get_by_role("button", name="Envoyer la facture").click()
    expect(page.locator("h1")).to_have_text("Facture reçue")
    assert "250" not in page.locator("main").inner_text(), "a receipt tells no amount that depends on the person"
    portal.open("/invoices")
    row = "tr:has-text('VERRES-7')"
    expect(page.locator(row)).to_contain_text(re.compile("reçue|acceptée"))
    reload_until(page, row, "acceptée")
    expect(page.locator(row)).to_contain_text(re.compile(r"280,00\s€\s+250,00\s€"))

    helene = entered(stage, new_browser, "office", "Hélène Vasseur")
    helene.goto(stage.url("office") + "/payments")
    reload_until(helene, "main a[href^='/payments/']", "Grand Chêne")
    helene.locator("main a[href^='/payments/']").first.click()
    helene.get_by_role("button", name="Approuver").click()
    expect(helene.locator("main")).to_contain_text("une autre personne doit le dire aussi")
    portal.open("/transfers")
    expect(page.locator(".empty")).to_be_visible()
    bruno = entered(stage, new_browser, "office", "Bruno Caradec")
    bruno.goto(helene.url)
    bruno.get_by_role("button", name="Approuver").click()
    expect(bruno.get_by_role("button", name="Approuver")).to_have_count(0)
    reload_until(bruno, "main .status", "fichier écrit")

    portal.open("/invoices")
    expect(page.locator(row)).to_contain_text("virement ordonné")
    portal.open("/transfers")
    page.locator("td a[href^='/transfers/']").click()
    expect(page.locator("tbody tr")).to_contain_text(re.compile(r"VERRES-7\s+.*2026\s+280,00\s€\s+250,00\s€"))
    bruno.get_by_role("button", name="Elle l’a exécuté").click()
    page.reload()
    expect(page.locator("main .status").first).to_have_text("payé")
    assert portal.troubles == []
