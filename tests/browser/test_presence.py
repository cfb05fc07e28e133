"""She shows her dynamic card in her own space; the professional reads it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.cards import PAUL, code_of, shown, token_of
from tests.browser.conftest import NewBrowser
from tests.browser.looks import faults_of
from tests.browser.portal_pages import NOBODY, Portal, doctors
from tests.browser.test_office_and_persons import entered
from tierce.lab.demo.stage import Stage

pytestmark = pytest.mark.browser

WIDTHS = (1280, 360)


@pytest.fixture(scope="module")
def unused_doctors(stage: Stage) -> Iterator[str]:
    """Doctors as whom no other test signs in; from the end, so that other modules' doctors are others."""
    return iter(list(doctors(stage))[::-1])


@pytest.fixture
def portal(stage: Stage, new_browser: NewBrowser, unused_doctors: Iterator[str]) -> Portal:
    """A doctor on her first device."""
    return Portal(stage, new_browser()).sign_in_by_number(next(unused_doctors))


def test_she_shows_her_card_and_the_professional_pastes_it(
    portal: Portal, stage: Stage, new_browser: NewBrowser
) -> None:
    phone = entered(stage, new_browser, "persons", PAUL, 360)
    shown(phone, stage, code_of(portal))
    expect(phone.locator("#left")).to_contain_text(re.compile(r"Nouveau code dans \d+ s"))
    token = token_of(phone)
    portal.fill(stage.person("paul_lenoir"))
    portal.page.locator("details.presence summary").click()
    portal.page.locator("#presence").fill(token)
    portal.send()
    expect(portal.page.locator("h1")).to_have_text(re.compile("Oui, couvert"))
    assert portal.places().startswith("0 place"), "nothing is taken when she is there"
    # The same card a second time is told at its field, and what was typed stays.
    portal.fill(stage.person("lucie_armand"))
    portal.page.locator("details.presence summary").click()
    portal.page.locator("#presence").fill(token)
    portal.send()
    expect(portal.page.locator("#errors")).to_contain_text("a déjà servi")
    assert portal.page.locator("#nir").input_value() != ""
    assert portal.page.locator("#presence").input_value() == ""
    assert portal.troubles == []
    phone.goto(stage.url("persons"))
    expect(phone.locator(".lines .line-card").first).to_contain_text("Vous étiez sur place")
    expect(phone.locator(".lines")).to_contain_text("vous avez demandé une carte dynamique")


def test_eight_digits_said_aloud_after_a_step_up(portal: Portal, stage: Stage, new_browser: NewBrowser) -> None:
    portal.ask(NOBODY)
    code = portal.page.locator(".place-code").inner_text()
    phone = entered(stage, new_browser, "persons", PAUL)
    shown(phone, stage, code)
    portal.page.locator("#presence").fill(phone.locator("#spoken").inner_text())
    with portal.page.expect_navigation():
        portal.page.get_by_role("button", name="Demander avec sa carte").click()
    expect(portal.page.locator("#errors")).to_contain_text("ne porte pas sur la personne demandée")
    assert portal.page.locator("#nir").input_value() != ""


def test_a_code_that_no_place_has_is_told_at_its_field(stage: Stage, new_browser: NewBrowser) -> None:
    page = entered(stage, new_browser, "persons", PAUL)
    page.goto(f"{stage.url('persons')}/card")
    page.locator("#place").fill("1111 1111")
    page.get_by_role("button", name="Continuer").click()
    expect(page.locator("#place-error")).to_contain_text("Aucun lieu ne porte ce code")


def test_the_camera_is_offered_on_that_page_alone(portal: Portal) -> None:
    portal.open("/ask")
    portal.page.locator("details.presence summary").click()
    expect(portal.page.locator("#presence")).to_be_visible()
    expect(portal.page.get_by_role("button", name="Lire avec la caméra")).to_be_visible()
    allowed = "() => document.featurePolicy.allowsFeature('camera')"
    assert portal.page.evaluate(allowed) is True
    portal.open("/history")
    assert portal.page.evaluate(allowed) is False


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_page_of_presence_is_accessible_and_never_scrolls_sideways(
    stage: Stage, new_browser: NewBrowser, unused_doctors: Iterator[str], language: str
) -> None:
    portal = Portal(stage, new_browser()).sign_in_by_number(next(unused_doctors))
    code = code_of(portal)
    faults = faults_of(portal.page, "/ask", WIDTHS)
    portal.ask(NOBODY)
    faults += faults_of(portal.page, "not shown", WIDTHS)
    page = entered(stage, new_browser, "persons", PAUL)
    page.goto(f"{stage.url('persons')}/card?lang={language}")
    faults += faults_of(page, "/card", WIDTHS)
    page.locator("#place").fill(code)
    page.locator("main button[type=submit]").click()
    faults += faults_of(page, "/card agree", WIDTHS)
    page.locator("main button[type=submit]").click()
    faults += faults_of(page, "/card/show", WIDTHS)
    assert faults == []
