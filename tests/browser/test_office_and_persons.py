"""The office and the persons' space in a real browser, after a real question: beats three and five of the story."""

import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewBrowser
from tests.integration.thief import enter
from tierce.lab.demo.stage import Stage

pytestmark = pytest.mark.browser

OFFICER, PAUL = "Hélène Vasseur", "Paul"


def entered(stage: Stage, new_browser: NewBrowser, site: str, name: str, width: int = 1280) -> Page:
    """Sign in to a site through its stand-in provider, picking the identity whose button holds `name`."""
    page = new_browser(width=width).new_page()
    page.goto(stage.url(site))
    page.locator("a.button[href='/sign-in']").click()
    page.get_by_role("button", name=re.compile(name)).first.click()
    page.wait_for_url(f"{stage.url(site)}/")
    return page


def asked(stage: Stage) -> None:
    """Dr Morvan asks for Paul Lenoir on a new device; the portal in a browser is another module's."""

    def ask() -> httpx.Response:
        return enter(stage, "claire_morvan").ask(stage.person("paul_lenoir"), "MEDG")

    with ThreadPoolExecutor(1) as thread:  # the browser keeps this one's loop busy
        assert thread.submit(ask).result().status_code == 200


def open_incident(page: Page, stage: Stage) -> str:
    """From the live list to the incident's page, as the security officer does it; gives its address."""
    page.goto(stage.url("office"))
    page.locator("#live a[href^='/accounts/']").first.click()
    page.locator("a[href$='/incident']").click()
    page.locator("#why").fill("Trois personnes nous ont écrit.")
    page.locator("form[action$='/incident'] button[type=submit]").click()
    page.locator("#list").wait_for()
    return page.url


def test_the_line_just_written_and_its_proof(stage: Stage, new_browser: NewBrowser) -> None:
    page = entered(stage, new_browser, "office", OFFICER)
    asked(stage)
    row = page.locator("#live tr", has_text="Claire Morvan").first
    expect(row).to_contain_text("Cabinet médical des Tilleuls")
    assert "LENOIR" not in page.content().upper()
    path = row.locator("td:last-child a[href^='/lines/']").get_attribute("href")
    page.goto(f"{stage.url('office')}{path}")
    for _ in range(20):
        if page.locator("a[href$='/proof.json']").count():
            break
        page.reload()
    expect(page.locator("h1")).to_contain_text("est inscrite et prouvée")
    with page.expect_download() as download:
        page.locator("a[href$='/proof.json']").click()
    assert download.value.suggested_filename.startswith("preuve-")


def test_the_list_a_notice_a_letter_and_no_name_before_its_reason(stage: Stage, new_browser: NewBrowser) -> None:
    asked(stage)
    page = entered(stage, new_browser, "office", OFFICER)
    incident = open_incident(page, stage)
    expect(page.locator("h1")).to_contain_text("Arrêtez le vol")
    expect(page.locator(".lead")).to_contain_text("au moins 1 personne ont été lus ; la période n’était pas finie")
    assert "LENOIR" not in page.content().upper()
    page.locator("#list ~ div a[href*='/people/']").first.click()
    page.locator("#purpose").select_option("2")
    page.locator("form:has(#purpose) button").click()
    expect(page.locator("main")).to_contain_text("Cette lecture est au journal")
    page.locator("a[href*='/letters/']").click()
    expect(page.locator("article.letter")).to_contain_text("Ce que vous pouvez faire")
    assert "Morvan" not in page.locator("article.letter").inner_text()
    page.goto(incident)
    page.locator("a[href*='/insurers/']").first.click()
    expect(page.locator("article.letter")).to_contain_text("Ce que la loi vous demande")


def test_paul_reads_who_asked_and_answers_it_was_not_me(stage: Stage, new_browser: NewBrowser) -> None:
    asked(stage)
    page = entered(stage, new_browser, "persons", PAUL)
    card = page.locator(".lines .line-card", has_text="Cabinet médical des Tilleuls").first
    expect(card).to_contain_text("a vérifié vos droits en médecine générale")
    card.get_by_role("link", name=re.compile("Ce n’était pas moi")).click()
    page.get_by_role("button", name="Oui, ce n’était pas moi").click()
    expect(page.locator("h1")).to_contain_text("Votre réponse est notée")
    officer = entered(stage, new_browser, "office", OFFICER)
    officer.goto(f"{stage.url('office')}/reports")
    expect(officer.locator(".rows")).to_contain_text("Claire Morvan")
    assert "LENOIR" not in officer.content().upper()


def test_a_form_is_carried_by_keyboard_and_without_javascript_by_one_click(
    stage: Stage, new_browser: NewBrowser
) -> None:
    asked(stage)
    officer = entered(stage, new_browser, "office", OFFICER)
    officer.context.grant_permissions(["clipboard-read", "clipboard-write"])
    incident = open_incident(officer, stage)
    officer.goto(f"{incident}/forms/0/carry")
    first = officer.locator("button[data-copy]").first
    first.focus()
    officer.keyboard.press("Enter")
    expect(first.locator("[role=status]")).to_have_text("Copié")
    answer = officer.locator(f"#{first.get_attribute('data-copy')}")
    assert officer.evaluate("navigator.clipboard.readText()") == answer.text_content()
    assert answer.evaluate("node => getComputedStyle(node).userSelect") == "all"
    officer.keyboard.press("Tab")
    second = officer.evaluate("document.activeElement.dataset.copy")
    assert second == officer.locator("button[data-copy]").nth(1).get_attribute("data-copy")


def test_a_device_is_held_from_its_account_and_the_hold_is_lifted(stage: Stage, new_browser: NewBrowser) -> None:
    asked(stage)
    page = entered(stage, new_browser, "office", OFFICER)
    page.locator("#live tr", has_text="Claire Morvan").first.locator("a[href^='/accounts/']").click()
    page.locator("a[href$='/hold']").click()
    expect(page.locator(".lead")).to_contain_text("prochaine demande")
    page.locator("aside a[href*='?device=']").first.click()
    page.locator("input[name=rung][value='1']").check()
    page.locator("#reason").fill("Un essai du frein, levé aussitôt.")
    page.get_by_role("button", name="Freiner cet appareil").click()
    expect(page.locator(".timeline")).to_contain_text("Freiné : observé")
    page.goto(f"{stage.url('office')}/ladder")
    page.locator(".rung", has_text="Un essai du frein").get_by_role("link", name=re.compile("Lever ce frein")).click()
    page.locator("#reason").fill("L’essai est fini.")
    page.get_by_role("button", name="Lever ce frein").click()
    assert "Un essai du frein" not in page.locator(".rungs").inner_text()


def test_the_live_list_is_filtered_without_javascript(stage: Stage, new_browser: NewBrowser) -> None:
    """Signing in needs a script; what is read for the minutes of a ticket does not."""
    asked(stage)
    signed_in = entered(stage, new_browser, "office", OFFICER)
    context = new_browser(javascript=False)
    context.add_cookies([one for one in signed_in.context.cookies() if one["name"].startswith("tierce-office")])  # type: ignore[misc]  # what is read is what is written
    page = context.new_page()
    page.goto(stage.url("office"))
    expect(page.locator("#live")).to_be_visible()
    page.locator(".filters summary").click()
    page.locator("#act").select_option("1")
    page.locator("#outcome").select_option("1")
    page.get_by_role("button", name="Montrer ces lignes").click()
    expect(page.locator("#live")).to_contain_text("réponse montrée")
    assert "Connexion au bureau" not in page.locator("#live").inner_text()
