"""The journal's store is stopped for real while an optician is at the portal: she leaves with a receipt."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Page, Response

from tests.browser.conftest import NewBrowser
from tests.browser.portal_pages import Portal
from tests.installation import installation
from tests.waiting import eventually
from tierce.closings.model import Target
from tierce.closings.service import By, Closings
from tierce.deposits.receipts import read_receipt
from tierce.journal.encoding import decode
from tierce.journal.model import POLICY_BYTES
from tierce.journal.service import Appender
from tierce.kernel.care import Domain
from tierce.kernel.clock import SystemClock, date_of, paris_day
from tierce.kernel.ids import SessionId, StaffId
from tierce.kernel.loopback import NO_TLS
from tierce.lab.country.insurers import SHARED_AMC
from tierce.lab.demo.stage import Stage
from tierce.policy.acts import Outcome
from tierce.policy.ladder import Level
from tierce.storage.cluster import SUPERUSER
from tierce.storage.keys import Keyring, Purpose
from tierce.web.portal.question import birth_text

OPTICIAN, SHOP = "Nadia Ferrand", "Optique des Remparts"
HELENE = By(StaffId(900), SessionId(0), "Hélène Vasseur")


@pytest.fixture(scope="module")
def own_stage() -> Iterator[Stage]:
    """An installation of this module's own: its database is stopped on purpose."""
    with installation(600, 4) as running:
        yield running


class Heard:
    """Every body that reached the browser from the portal, from a moment on."""

    def __init__(self, page: Page) -> None:
        self.bodies: list[str] = []
        page.on("response", self._keep)

    def _keep(self, response: Response) -> None:
        if "text/html" in response.headers.get("content-type", ""):
            self.bodies.append(response.text())


def type_card(page: Page, person: dict[str, Any], amc: str, amount: str = "59,90") -> None:
    today = date_of(paris_day(SystemClock().now()))
    page.locator("#nir").fill(person["nir"])
    page.locator("#birth").fill(birth_text(person["birth_date"]))
    page.locator("#rank").fill(str(person["rank"]))
    page.locator("#amc").fill(amc)
    page.locator("#member").fill("A1204")
    page.locator("#valid_until").fill((today + timedelta(days=60)).isoformat())
    page.locator("#amount").fill(amount)


def send(page: Page, form: str) -> None:
    with page.expect_navigation():
        page.locator(f"form[data-sign={form}] button[type=submit]").click()


def read_state(portal: Portal, number: str) -> None:
    page = portal.open("/receipts")
    page.locator("#number").fill(number)
    with page.expect_navigation():
        page.locator("form[action='/receipts'] button").click()


def promise(stage: Stage, amc: str) -> None:
    """The insurer chose in writing to guarantee optics."""
    with stage.database.connect(SUPERUSER) as admin:
        admin.execute(
            "insert into registry.deposit_choice select id, %s, 15000, 0, 99999, now(), 'lettre'"
            " from registry.insurer where amc = %s",
            (Domain.OPTI.value, amc),
        )


def deposits(stage: Stage) -> list[tuple[int, int, bytes | None]]:
    with stage.database.connect(SUPERUSER) as admin:
        return admin.execute("select number, state, sealed from care.deposit order by number").fetchall()


def test_the_store_is_killed_and_an_optician_leaves_with_a_receipt(
    own_stage: Stage, new_browser: NewBrowser, tmp_path: Path
) -> None:
    stage = own_stage
    assert stage.cluster is not None
    person = stage.person("paul_lenoir")
    promise(stage, "99100002")
    service = f"{stage.url('api')}/v1/service"
    portal = Portal(stage, new_browser()).sign_in(OPTICIAN, SHOP)
    page = portal.page
    kept = stage.home / "spool" / "insurers.json"
    eventually(lambda: '"up_to":15000' in kept.read_text(), "the insurer's choice is known to the API", seconds=30)
    portal.fill(person)

    stage.cluster.stop(immediate=True)
    heard = Heard(page)
    send(page, "rights")

    assert page.locator("h1").inner_text() == "Déposer ce que porte la carte"
    assert page.locator("#nir").input_value().replace(" ", "") == person["nir"], "what she typed is kept"
    type_card(page, person, SHARED_AMC)
    page.locator("#csr").fill("003")  # of the second insurer's cards; the third prints the same number
    send(page, "deposit")
    assert page.locator("h1").inner_text() == "Votre dépôt est reçu"
    number = page.locator(".engagement strong").inner_text()
    assert "Paiement garanti" in page.locator("main").inner_text()
    assert "Payment guaranteed" in page.locator("section[lang=en]").inner_text()
    assert portal.troubles == []
    page.screenshot(path=tmp_path / "receipt.png")

    for secret in secrets_of(stage, person):
        for body in heard.bodies[-1:]:
            assert secret not in body, "the receipt tells nothing of the register, nor the NIR back"
    assert all("covered_from" not in body for body in heard.bodies)

    read_state(portal, number)
    assert "Reçu, pas encore examiné" in page.locator("h1").inner_text()

    status = (stage.home / "status" / "index.html").read_text()
    eventually(lambda: "Le registre ne répond pas" in (stage.home / "status" / "index.html").read_text(), status[:80])

    stage.cluster.start()
    eventually(lambda: [row[1] for row in deposits(stage)] == [2], "the deposit is resolved, guaranteed", seconds=60)
    eventually(lambda: httpx.get(service, verify=NO_TLS).json()["open"], f"{service} says open", seconds=60)
    key = Keyring(stage.home / "keys", [Purpose.RECEIPT.value]).raw(Purpose.RECEIPT.value)
    assert read_receipt(key, number) == deposits(stage)[0][0]
    with stage.database.connect(SUPERUSER) as admin:
        lines = [
            decode(bytes(row[0]))
            for row in admin.execute("select body from journal.entry where kind = 15 order by seq").fetchall()
        ]
    assert [line.outcome for line in lines] == [Outcome.DEPOSITED, Outcome.GUARANTEED]
    assert {line.reference for line in lines} == {read_receipt(key, number)}
    assert [line.person for line in lines] == [0, 0], "nobody was looked up"
    read_state(portal, number)
    assert "Paiement garanti" in page.locator("h1").inner_text()

    def answered() -> bool:
        portal.open("/ask")
        portal.fill(person)
        portal.send()
        # What was signed in the very second in which the gate came back is refused: she sends it again.
        return "couvert" in page.locator("h1").inner_text().lower()

    eventually(answered, "the gate answers again")
    closed_beside(stage, portal, tmp_path)


def closed_beside(stage: Stage, portal: Portal, folder: Path) -> None:
    """Another domain is closed: hers is open, and the ask page says what is not, with the way to deposit."""
    assert "fermée" not in portal.open("/ask").locator("main").inner_text()
    with stage.database.connect("tierce_office", autocommit=True) as office:
        appender = Appender.enrol(office, "closing-beside", Ed25519PrivateKey.generate())
        closings = Closings(appender, SystemClock(), bytes(POLICY_BYTES))
        closings.close(office, Target(Level.DOMAIN, Domain.AUDI.value), "contrôle d'un fichier d'assureur", HELENE)
    # Each process of the API looks by itself: the page may be made by the one that has not looked yet.
    said = "Une partie du service est fermée"
    eventually(lambda: said in portal.open("/ask").locator("main").inner_text(), "the page says so", seconds=30)
    page = portal.page
    notice = page.locator("main .notice", has_text=said)
    assert "audio" in notice.inner_text().lower()
    page.screenshot(path=folder / "closed-beside.png", full_page=True)
    page.set_viewport_size({"width": 360, "height": 800})
    page.screenshot(path=folder / "closed-beside-phone.png", full_page=True)
    notice.get_by_role("link").click()
    assert page.locator("h1").inner_text() == "Déposer ce que porte la carte"


def secrets_of(stage: Stage, person: dict[str, Any]) -> list[str]:
    """What only the register, or only the card, knows of a person."""
    names = [str(person[name]) for name in ("family_name", "given_names") if name in person]
    return [person["nir"], *names]
