"""From a request to its answer in real browsers: asked, left to the insurer, reviewed by one of its staff, read."""

import re
from collections.abc import Mapping

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewBrowser
from tests.browser.portal_pages import Portal
from tests.browser.test_office_and_persons import entered
from tests.browser.test_paid import reload_until
from tierce.lab.demo.attack import REMPARTS
from tierce.lab.demo.stage import Stage

pytestmark = pytest.mark.browser
OWN, OTHER = "Camille Rouvray", "Idriss Belval"


TWO_PAIRS = {"item": "XOPTIB", "quantity": "2", "price": "640", "amo": "0,24", "asked": "560"}
"""They give enough for a person of the insurer to look."""


def request(
    portal: Portal, stage: Stage, reference: str, line: Mapping[str, str] = TWO_PAIRS, state: str = "à l’examen"
) -> Page:
    """Ask for what one line says; wait until that is left to the insurer, or in another state."""
    page = portal.page
    portal.ask(stage.person("paul_lenoir"))
    page.locator("a[href^='/agreements/new']").click()
    page.locator("#reference").fill(reference)
    page.locator("#kind").select_option("request")
    for name, text in line.items():
        page.locator(f"#{name}-1").fill(text)
    page.get_by_role("button", name="Envoyer la demande").click()
    expect(page.locator("h1")).to_contain_text(reference)
    reload_until(page, ".lead .status", state)
    return page


def test_a_request_is_asked_reviewed_in_two_clicks_and_read_where_it_was_asked(
    stage: Stage, new_browser: NewBrowser
) -> None:
    portal = Portal(stage, new_browser()).sign_in("Nadia Ferrand", REMPARTS)
    page = request(portal, stage, "DEVIS-22")
    expect(page.locator("main")).to_contain_text("Réponse au plus tard le")
    assert "500,00" not in page.locator("main").inner_text(), "what the rules give is not promised yet"

    camille = entered(stage, new_browser, "insurers", OWN)
    camille.locator("nav a[href='/reviews']").click()
    expect(camille.locator("h1")).to_have_text(re.compile(r"1\sdemande de prise en charge attend votre examen"))
    camille.get_by_role("link", name="Examiner").click()
    main = camille.locator("main")
    expect(main).to_contain_text("Opticien")
    assert not re.search("lenoir|ferrand|nadia|paul", main.inner_text(), re.IGNORECASE)
    here = camille.url
    other = entered(stage, new_browser, "insurers", OTHER)
    assert other.goto(here).status == 409  # type: ignore[union-attr]  # it answered

    camille.locator("#due-1").fill("420")
    camille.get_by_role("button", name="Accorder…").click()
    expect(camille.locator(".error-summary, [role=alert]").first).to_contain_text("a un motif")
    expect(camille.locator("#due-1")).to_have_value("420")
    camille.locator("input[value='price_too_high']").check()
    camille.get_by_role("button", name="Accorder…").click()
    expect(camille.locator("h1")).to_have_text(re.compile(r"Accorder 420,00\s€\s\?"))
    expect(main).to_contain_text("Rien n’est encore enregistré")
    page.reload()
    expect(page.locator(".lead .status")).to_have_text("à l’examen")
    camille.get_by_role("button", name="Accorder").click()
    expect(main).to_contain_text("Votre accord est enregistré")
    expect(camille.locator("h1")).to_have_text("Aucune demande n’attend votre examen")
    assert camille.goto(here).status == 409  # type: ignore[union-attr]  # it answered
    expect(main).to_contain_text("Quelqu’un y a répondu")
    camille.get_by_role("link", name="Revenir aux examens").click()
    expect(camille.locator("h1")).to_have_text("Aucune demande n’attend votre examen")

    page.reload()
    expect(page.locator(".lead .status")).to_have_text("accordée")
    expect(page.locator("main")).to_contain_text(re.compile(r"420,00\s€"))
    expect(page.locator("main")).to_contain_text("L’organisme trouve ce prix trop élevé")
    expect(page.get_by_role("link", name="Facturer")).to_be_visible()
    assert portal.troubles == []
