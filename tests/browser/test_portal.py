"""The professionals' portal in a real browser: sign in, ask, places, keys, sessions."""

import csv
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import NewBrowser
from tests.browser.portal_pages import NOBODY, Portal, doctors
from tierce.lab.country.insurers import SHARED_AMC
from tierce.lab.demo.stage import Stage
from tierce.web.portal.question import birth_text

PRIVATE_KEY_CAN_LEAVE = """async () => {
  const database = await new Promise((done) => {
    const opening = indexedDB.open("tierce", 1);
    opening.onsuccess = () => done(opening.result);
  });
  const key = await new Promise((done) => {
    const reading = database.transaction("keys").objectStore("keys").get("portal");
    reading.onsuccess = () => done(reading.result);
  });
  return crypto.subtle.exportKey("jwk", key.privateKey).then(() => true, () => false);
}"""
FORGET_KEY = "() => new Promise((done) => { indexedDB.deleteDatabase('tierce').onsuccess = done; })"


@pytest.fixture
def portal(stage: Stage, new_browser: NewBrowser) -> Portal:
    """Claire Morvan, signed in on a new device."""
    return Portal(stage, new_browser()).sign_in()


@pytest.fixture(scope="module")
def unused_doctors(stage: Stage) -> Iterator[str]:
    """Doctors as whom no other test signs in: after three new devices, those of one login share their places."""
    return doctors(stage)


@pytest.fixture
def newcomer(stage: Stage, new_browser: NewBrowser, unused_doctors: Iterator[str]) -> Portal:
    """A doctor on her first device, in a practice that asked about nobody yet."""
    return Portal(stage, new_browser()).sign_in_by_number(next(unused_doctors))


def test_a_covered_person_is_shown_takes_a_place_and_can_be_seen_again(newcomer: Portal, stage: Stage) -> None:
    portal = newcomer
    assert portal.places().startswith("0 place")
    portal.page.get_by_role("link", name="Remplir avec Paul Lenoir").click()
    portal.send()
    expect(portal.page.locator("h1")).to_have_text(re.compile(r"Oui, couvert\s: consultation généraliste"))
    assert portal.places().startswith("1 place")
    number = portal.page.locator(".engagement strong").inner_text()
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{5}-[0-9A-Z*~$=]", number)
    assert stage.truth["story"]["paul_lenoir"]["insurer"] in portal.page.locator(".answer").inner_text()
    assert "Date du soin" in portal.page.locator(".answer").inner_text()
    portal.open("/history")
    assert "LENOIR" not in portal.page.content().upper()
    with portal.page.expect_navigation():
        portal.page.get_by_role("button", name=f"Revoir la réponse {number}").click()
    expect(portal.page.locator(".engagement strong")).to_have_text(number)
    assert "Date du soin" not in portal.page.locator(".answer").inner_text()
    assert portal.troubles == []


def test_a_card_of_a_shared_number_is_asked_for_its_csr_and_the_answer_says_where_to_bill(
    newcomer: Portal, stage: Stage
) -> None:
    with (stage.country / "rights" / "99100002.csv").open(encoding="utf-8", newline="") as file:
        row = next(one for one in csv.DictReader(file) if one["status"] == "active" and "MEDG" in one["domains"])
    page = newcomer.open("/ask")
    page.locator("#way-card").check()
    page.locator("#amc").fill(SHARED_AMC)
    page.locator("#member_number").fill(row["member_number"])
    page.locator("#birth").fill(birth_text(row["birth_date"]))
    newcomer.send()
    expect(page.locator("#csr-error")).to_contain_text("Plusieurs organismes impriment ce numéro AMC")
    assert newcomer.places().startswith("0 place")
    page.locator("#csr").fill("3")
    newcomer.send()
    expect(page.locator(".answer")).to_contain_text(f"numéro AMC {SHARED_AMC}")
    expect(page.locator(".answer")).to_contain_text("CSR 003")
    assert newcomer.places().startswith("1 place")


def test_an_unknown_person_gets_the_uniform_card_and_takes_a_place(newcomer: Portal) -> None:
    portal = newcomer
    expect(portal.ask(NOBODY)).to_have_text("Les droits ne sont pas montrés")
    assert portal.places().startswith("1 place")
    assert portal.page.locator(".ways li").count() == 4


def test_a_slip_is_told_at_its_field_keeps_the_input_and_takes_nothing(portal: Portal) -> None:
    before = portal.page.locator("aside").inner_text()
    wrong_key = NOBODY["nir"][:13] + f"{98 - int(NOBODY['nir'][13:]):02d}"
    heading = portal.ask({**NOBODY, "nir": wrong_key})
    expect(heading).to_have_text(re.compile("Est-ce que cette personne est couverte"))
    expect(portal.page.locator("#errors")).to_be_focused()
    assert portal.page.locator("#nir").get_attribute("aria-invalid") == "true"
    assert portal.page.locator("#birth").input_value() == "29/02/1988"
    assert portal.page.locator("aside").inner_text() == before


def test_the_key_never_leaves_the_browser(portal: Portal) -> None:
    assert portal.page.evaluate(PRIVATE_KEY_CAN_LEAVE) is False


def test_a_stolen_cookie_opens_nothing_in_another_browser(
    portal: Portal, stage: Stage, new_browser: NewBrowser
) -> None:
    thief = new_browser()
    thief.add_cookies(portal.page.context.cookies())  # type: ignore[arg-type]  # Playwright reads what it wrote
    stolen = Portal(stage, thief)
    stolen.fill(stage.person("lucie_armand"))
    expect(stolen.page.locator("#key-lost")).to_be_visible()
    plain = new_browser(javascript=False)
    plain.add_cookies(portal.page.context.cookies())  # type: ignore[arg-type]  # Playwright reads what it wrote
    unsigned = Portal(stage, plain)
    expect(unsigned.ask(stage.person("lucie_armand"))).to_have_text("La demande n’a pas été acceptée")
    assert "proof_missing" in unsigned.page.content()


def test_a_question_changed_on_the_way_is_refused(portal: Portal, stage: Stage) -> None:
    def swap(route: Route) -> None:
        form = {name: values[0] for name, values in parse_qs(route.request.post_data or "").items()}
        form["body"] = form["body"].replace(NOBODY["nir"], stage.person("lucie_armand")["nir"])
        route.continue_(post_data=urlencode(form))

    portal.fill({**NOBODY, "birth_date": stage.person("lucie_armand")["birth_date"]})
    portal.page.locator("#nir").evaluate("(field, nir) => { field.value = nir; }", NOBODY["nir"])
    portal.page.route("**/ask", swap)
    portal.send()
    expect(portal.page.locator("h1")).to_have_text("La demande n’a pas été acceptée")
    assert "Mutuelle" not in portal.page.content()
    # Still signed in: the page says as whom, and leads on.
    expect(portal.page.get_by_role("link", name="Mes demandes")).to_be_visible()
    assert "Claire Morvan" in portal.page.locator("header").inner_text()


def test_a_browser_that_lost_its_key_is_told_the_way_out(portal: Portal, stage: Stage) -> None:
    portal.page.evaluate(FORGET_KEY)
    portal.fill(stage.person("lucie_armand"))
    expect(portal.page.locator("#key-lost")).to_contain_text("Déconnectez-vous, puis reconnectez-vous")


def test_without_javascript_a_person_never_seen_is_not_shown(stage: Stage, new_browser: NewBrowser) -> None:
    portal = Portal(stage, new_browser(javascript=False)).sign_in()
    assert "Cette session n’a pas de clé" in portal.page.content()
    expect(portal.ask(stage.person("lucie_armand"))).to_have_text("Les droits ne sont pas montrés")


def test_a_session_closed_elsewhere_is_refused_at_its_next_question(
    portal: Portal, stage: Stage, new_browser: NewBrowser
) -> None:
    other = Portal(stage, new_browser()).sign_in()
    other.open("/sessions")
    closing = other.page.locator("td.action details").first  # newest first: the one just below her own
    closing.locator("summary").click()
    expect(closing).to_contain_text("Sa prochaine demande sera refusée")
    with other.page.expect_navigation():
        closing.get_by_role("button", name="Fermer cette connexion").click()
    expect(other.page.get_by_role("status").first).to_contain_text("1 connexion a été fermée")
    portal.open("/ask")
    expect(portal.page.locator("h1")).to_have_text(re.compile("Qui êtes-vous"))
    assert "session_revoked" in portal.page.content()


def test_signing_out_ends_the_session_here_and_there(portal: Portal) -> None:
    """The provider's page is passed on the way, by no script: it offers nobody to the next person there."""
    cookies = portal.page.context.cookies()
    portal.page.get_by_role("button", name="Se déconnecter").click()
    expect(portal.page.locator("h1")).to_have_text("Vous êtes déconnecté, ici et chez votre fournisseur d’identité")
    portal.page.get_by_role("link", name="Revenir à la page d’entrée").click()
    portal.page.get_by_role("link", name=re.compile("Se connecter|M’identifier")).click()
    expect(portal.page.locator("h1")).to_have_text("Connexion des professionnels de santé")
    expect(portal.page.get_by_text("Ce navigateur connaît encore")).to_have_count(0)
    portal.page.context.add_cookies(cookies)  # type: ignore[arg-type]  # Playwright reads what it wrote
    portal.open("/history")
    assert "session_revoked" in portal.page.content()


def test_an_answer_reloaded_is_found_again_and_opened_by_a_revisit(newcomer: Portal, stage: Stage) -> None:
    portal = newcomer
    portal.ask(stage.person("paul_lenoir"))
    number = portal.page.locator(".engagement strong").inner_text()
    with portal.page.expect_navigation():
        portal.page.reload()
    expect(portal.page.locator("h1")).to_have_text(re.compile("a déjà reçu sa réponse"))
    assert stage.truth["story"]["paul_lenoir"]["insurer"] not in portal.page.content()
    with portal.page.expect_navigation():
        portal.page.get_by_role("button", name="Revoir la réponse").click()
    expect(portal.page.locator(".engagement strong")).to_have_text(number)
    assert portal.places().startswith("1 place")


def test_a_person_with_two_insurers_is_shown_one_at_a_time_with_one_click(newcomer: Portal, stage: Stage) -> None:
    portal = newcomer
    person = stage.person("thomas_garrigue_two_insurers")
    expect(portal.ask(person)).to_have_text(re.compile("Oui, couvert"))
    first = portal.page.locator(".facts dd").nth(2).inner_text()
    with portal.page.expect_navigation():
        portal.page.get_by_role("button", name="Demander à l’autre organisme").click()
    expect(portal.page.locator("h1")).to_have_text(re.compile("Oui, couvert"))
    assert portal.page.locator(".facts dd").nth(2).inner_text() != first
    assert portal.places().startswith("1 place"), "a known person by then"
    assert person["nir"] not in portal.page.url
    kept = portal.page.evaluate("({...localStorage, ...sessionStorage})")
    assert (set(kept), kept["tierce-renewed"].isdecimal()) == ({"tierce-renewed"}, True), "a time, and of nobody"


def test_by_keyboard_alone_from_the_nir_to_the_answer(newcomer: Portal, stage: Stage) -> None:
    portal, person = newcomer, stage.person("lucie_armand")
    portal.open("/ask")
    expect(portal.page.locator("#nir")).to_be_focused()
    spaced = " ".join(person["nir"][at : at + 4] for at in range(0, 15, 4))
    portal.page.keyboard.type(spaced)
    portal.page.keyboard.press("Tab")
    portal.page.keyboard.type(birth_text(person["birth_date"]))
    with portal.page.expect_navigation():
        portal.page.keyboard.press("Enter")
    expect(portal.page.locator("h1")).to_have_text(re.compile("Oui, couvert"))


def test_the_list_is_filtered_and_names_nobody(newcomer: Portal, stage: Stage) -> None:
    portal = newcomer
    portal.ask(stage.person("paul_lenoir"))
    portal.ask(NOBODY)
    portal.open("/history")
    assert portal.page.locator("tbody tr").count() == 2
    portal.page.locator("#outcome").select_option("not_shown")
    with portal.page.expect_navigation():
        portal.page.get_by_role("button", name="Afficher").click()
    assert portal.page.locator("tbody tr").count() == 1
    assert portal.page.locator("tbody form").count() == 0
    portal.page.locator("#last").fill("2020-01-01")
    with portal.page.expect_navigation():
        portal.page.get_by_role("button", name="Afficher").click()
    expect(portal.page.locator(".empty")).to_contain_text("Aucune demande")


def test_a_device_is_named_and_every_other_sign_in_is_closed(
    stage: Stage, new_browser: NewBrowser, unused_doctors: Iterator[str]
) -> None:
    doctor = next(unused_doctors)
    away = Portal(stage, new_browser()).sign_in_by_number(doctor)
    portal = Portal(stage, new_browser()).sign_in_by_number(doctor)
    portal.open("/sessions")
    portal.page.get_by_text("Lui donner un nom").first.click()
    field = portal.page.locator(".devices input[name^=name-]").first
    field.fill("né le 23/04/1979")
    field.press("Enter")
    expect(portal.page.locator("#errors")).to_contain_text("désigne quelqu’un")
    portal.page.locator(".devices input[name^=name-]").first.fill("Accueil")
    portal.page.locator(".devices input[name^=name-]").first.press("Enter")
    expect(portal.page.locator(".devices h3").first).to_contain_text("Accueil")
    portal.page.get_by_text("Fermer toutes les autres…").click()
    portal.page.get_by_role("button", name="Fermer toutes les autres connexions").click()
    expect(portal.page.get_by_role("status").first).to_contain_text("1 connexion a été fermée")
    away.open("/ask")
    assert "session_revoked" in away.page.content()


def test_an_answer_is_invoiced_with_the_browser_s_key_and_taken_back(newcomer: Portal, stage: Stage) -> None:
    page = newcomer.page
    newcomer.ask(stage.person("paul_lenoir"))
    number = page.locator(".engagement strong").inner_text()
    page.get_by_role("link", name="Facturer").click()
    expect(page.locator("#quotes")).to_have_value(number)
    page.locator("#reference").fill("F-1")
    for name, text in (("item", "xmedg1"), ("price", "30"), ("amo", "19,50"), ("asked", "30")):
        page.locator(f"#{name}-1").fill(text)
    page.get_by_role("button", name="Ajouter des lignes").click()
    expect(page.locator("#item-8")).to_be_visible()
    page.get_by_role("button", name="Envoyer la facture").click()
    expect(page.locator("#asked-1-error")).to_contain_text("Les deux parts dépassent le prix de la ligne")
    expect(page.locator("#reference")).to_have_value("F-1")
    page.locator("#asked-1").fill("10,5")
    page.get_by_role("button", name="Envoyer la facture").click()
    expect(page.locator("h1")).to_have_text("Facture reçue")
    page.get_by_role("link", name="Ouvrir la facture").click()
    expect(page.locator("h1")).to_have_text("Facture F-1")
    assert number in page.locator(".facts").inner_text()
    page.locator("#why").fill("erreur de saisie")
    page.get_by_role("button", name="Annuler la facture").click()
    expect(page.locator(".status").first).to_have_text("annulée")
    newcomer.open("/invoices?stands=cancelled")
    expect(page.get_by_role("link", name="F-1")).to_be_visible()
    assert newcomer.troubles == []
