"""An assistant from her naming to her end, in two browsers, with the authenticator that Chromium itself makes."""

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it ships no types
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import NewBrowser
from tests.browser.portal_pages import NOBODY, Portal, doctors
from tests.browser.test_continuing import settle
from tierce.kernel.loopback import by_name
from tierce.lab.demo.stage import Stage
from tierce.storage.cluster import SUPERUSER

DOCTOR_FROM_THE_END = 7
REPLACED_FROM_THE_END = 8
"""As whom no other test signs in."""


def authenticator(context: BrowserContext, page: Page) -> None:
    """Give a browser an authenticator that knows its owner."""
    protocol = context.new_cdp_session(page)
    protocol.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    protocol.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_an_assistant_is_named_makes_a_passkey_asks_and_is_ended(stage: Stage, new_browser: NewBrowser) -> None:
    doctor = list(doctors(stage))[-DOCTOR_FROM_THE_END]
    boss = Portal(stage, new_browser()).sign_in_by_number(doctor)
    settle(stage, doctor)
    boss.open("/delegates")
    boss.page.get_by_text("Désigner un assistant").click()
    boss.page.locator("#given_name").fill("N4dia")
    boss.page.locator("#family_name").fill("Belkacem")
    boss.page.locator("#family_name").press("Enter")
    expect(boss.page.locator("#errors")).to_contain_text("Ce nom ne peut pas être gardé")
    boss.page.locator("#given_name").fill("Nadia")
    with boss.page.expect_navigation():
        boss.page.get_by_role("button", name="Désigner et montrer un code").click()
    code = boss.page.locator(".device-code").inner_text()
    assert Axe().run(boss.page).response["violations"] == []

    context = new_browser(width=360)
    hers = Portal(stage, context)
    hers.url = by_name(hers.url)
    authenticator(context, hers.page)
    hers.open("/assistant/passkey")
    hers.page.locator("#code").fill("0000 0000 0000")
    hers.page.locator("#code").press("Enter")
    expect(hers.page.locator("#passkey-trouble")).to_contain_text("Ce code n’est pas valable")
    assert Axe().run(hers.page).response["violations"] == []
    hers.page.locator("#code").fill(code.lower())
    hers.page.locator("#code").press("Enter")
    expect(hers.page.get_by_role("status")).to_contain_text("Nadia, votre clé d’accès")
    hers.page.get_by_role("link", name="Me connecter avec ma clé d’accès").click()
    hers.page.get_by_role("button", name="Me connecter avec ma clé d’accès").click()
    hers.page.wait_for_url(f"{hers.url}/activity")
    hers.page.locator("form[action='/activity'] button").click()
    hers.page.wait_for_url(f"{hers.url}/ask")
    expect(hers.page.locator("header")).to_contain_text("Nadia Belkacem ·")
    assert "sur 5" in hers.places(), "a new device of the professional's, and no more"
    expect(hers.ask(NOBODY)).to_contain_text("pas")
    hers.open("/delegates")
    expect(hers.page.locator("main")).to_contain_text("réservé au professionnel")

    boss.open("/delegates")
    expect(boss.page.locator("main")).to_contain_text("Nadia Belkacem")
    assert Axe().run(boss.page).response["violations"] == []
    boss.page.locator("summary", has_text="Mettre fin").click()
    with boss.page.expect_navigation():
        boss.page.get_by_role("button", name="Mettre fin maintenant").click()
    expect(boss.page.get_by_role("status")).to_contain_text("C’est fini")
    hers.open("/ask")
    assert "session_revoked" in hers.page.content()
    hers.open("/assistant")
    hers.page.get_by_role("button", name="Me connecter avec ma clé d’accès").click()
    expect(hers.page.locator("main")).to_contain_text("Cette clé d’accès ne vous connecte pas ici")
    assert (boss.troubles, hers.troubles) == ([], [])


def test_a_substitute_is_ended_where_her_professional_sees_her(stage: Stage, new_browser: NewBrowser) -> None:
    known = list(doctors(stage))
    doctor, other = known[-REPLACED_FROM_THE_END], known[-DOCTOR_FROM_THE_END]
    with stage.database.connect(SUPERUSER) as admin:
        declared = """
            select directory.open_substitution(
                o.id, p.id, a.establishment, a.profession, gate.today(), gate.today() + 9, 'Hélène Vasseur', 'congés')
            from directory.professional o, directory.professional p join directory.activity a on a.professional = p.id
            where o.national_id = %s and p.national_id = %s and a.active order by a.id limit 1"""
        assert admin.execute(declared, (other, doctor)).fetchone() is not None
    portal = Portal(stage, new_browser(width=360)).sign_in_by_number(doctor)
    page = portal.open("/delegates")
    row = page.locator("table", has_text="Remplacements en cours").locator("tbody tr")
    expect(row).to_have_count(1)
    row.locator("summary").click()
    assert Axe().run(page).response["violations"] == []
    with page.expect_navigation():
        row.get_by_role("button", name="Mettre fin maintenant").click()
    expect(page.get_by_role("status")).to_contain_text("ce remplaçant n’agit plus à votre place")
    expect(page.locator("main")).to_contain_text("Aucun remplacement n’est déclaré")
    with stage.database.connect(SUPERUSER) as admin:
        ended = "select s.ended_by from directory.substitution s join directory.professional p on p.id = s.replaces"
        (by,) = admin.execute(f"{ended} where p.national_id = %s", (doctor,)).fetchone() or ("",)
    assert by.startswith("professional ")
    assert portal.troubles == []
