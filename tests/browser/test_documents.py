"""A grant subject to a document, in real browsers: hashed there, never sent, declared, corrected, read by who may."""

import re
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.cards import PAUL
from tests.browser.conftest import NewBrowser
from tests.browser.portal_pages import Portal
from tests.browser.test_office_and_persons import entered
from tests.browser.test_reviews import request
from tierce.lab.country.carers import MORVAN
from tierce.lab.demo.attack import REMPARTS
from tierce.lab.demo.stage import Stage

pytestmark = pytest.mark.browser
SCAN = b"%PDF-1.7 ordonnance de Claire Morvan, invraisemblable et jamais envoyee"
"""What no request may hold."""


BASKET = {"item": "XOPTIA", "quantity": "1", "price": "95", "amo": "18", "asked": "77"}
"""The pair of the 100 % Santé basket, whose benefit wants a prescription."""


def granted_subject(portal: Portal, stage: Stage, reference: str) -> Page:
    """Ask for it; wait until that is decided."""
    return request(portal, stage, reference, BASKET, "accordée sous réserve de pièces")


def test_a_document_is_hashed_where_it_is_declared_and_read_by_her_insurer_and_herself(
    stage: Stage, new_browser: NewBrowser, tmp_path: Path
) -> None:
    portal = Portal(stage, new_browser()).sign_in("Nadia Ferrand", REMPARTS)
    page = granted_subject(portal, stage, "PIECE-1")
    sent: list[Request] = []

    def keep(one: Request) -> None:
        sent.append(one)

    page.on("request", keep)
    main = page.locator("main")
    expect(main).to_contain_text("Pièces à déclarer au plus tard le")
    expect(main).to_contain_text(re.compile(r"77,00\s€"))
    assert page.get_by_role("link", name="Facturer").count() == 0
    scan = tmp_path / "ordonnance.pdf"
    scan.write_bytes(SCAN)
    page.locator("#file").set_input_files(scan)
    expect(page.locator("#sha256")).to_have_value(sha256(SCAN).hexdigest())
    expect(main).to_contain_text("Empreinte calculée.")
    page.locator("#dated").fill("2026-01-12")
    page.locator("#prescriber").fill("12345678901")
    page.get_by_role("button", name="Déclarer la pièce").click()
    expect(page.locator("#errors")).to_contain_text("RPPS")
    expect(page.locator("#sha256")).to_have_value(sha256(SCAN).hexdigest())
    expect(page.locator("#dated")).to_have_value("2026-01-12")
    page.locator("#prescriber").fill(MORVAN)
    page.get_by_role("button", name="Déclarer la pièce").click()
    expect(page.locator(".lead .status")).to_have_text("accordée")
    expect(main).to_contain_text(f"prescripteur : RPPS {MORVAN}")
    expect(page.get_by_role("link", name="Facturer")).to_be_visible()
    page.get_by_text("Corriger une déclaration").click()
    page.locator("#dated").fill("2026-01-13")
    page.locator("#prescriber").fill(MORVAN)
    page.locator("#sha256").fill("ab" * 32)
    page.get_by_role("button", name="Déclarer la pièce").click()
    expect(main).to_contain_text("ab" * 32)
    assert not any(SCAN in (one.post_data_buffer or b"") or "ordonnance.pdf" in (one.post_data or "") for one in sent)
    assert portal.troubles == []

    camille = entered(stage, new_browser, "insurers", "Camille Rouvray")
    camille.locator("nav a[href='/documents']").click()
    expect(camille.locator("main")).to_contain_text("ordonnance du 13")
    expect(camille.locator("main")).to_contain_text("ab" * 32)
    assert not re.search("lenoir|ferrand|nadia|morvan|remparts", camille.locator("main").inner_text(), re.IGNORECASE)

    paul = entered(stage, new_browser, "persons", PAUL)
    paul.goto(stage.url("persons") + "/billed")
    for said in ("Pièce déclarée par Nadia Ferrand", "ordonnance du 13.janvier 2026 .Claire Morvan."):
        expect(paul.locator("main")).to_contain_text(re.compile(said, re.IGNORECASE))
