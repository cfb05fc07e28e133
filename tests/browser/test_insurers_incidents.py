"""An insurer's incidents in a real browser: told, key, list, report, draft; both languages, wide and narrow."""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import pyrage
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewBrowser
from tests.browser.looks import faults_of
from tests.browser.test_insurers import OWN
from tests.browser.test_office_and_persons import OFFICER, asked, entered, open_incident
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import IncidentId
from tierce.lab.demo.stage import Stage
from tierce.notices.audience.service import freeze
from tierce.notices.contacts.store import Contacts
from tierce.storage.cluster import SUPERUSER
from tierce.upkeep.notice.base import desk
from tierce.upkeep.notice.telling import turn

pytestmark = pytest.mark.browser

SHOTS = os.environ.get("TIERCE_SHOTS")
"""A folder for pictures of these pages, when somebody wants to look at them."""


def seen(page: Page, path: str, name: str, stage: Stage, site: str = "insurers") -> list[str]:
    """Open a page of a site in both languages, narrow and wide, the last as she goes on; gives what axe finds."""
    faults = []
    for language in ("en", "fr"):
        page.goto(f"{stage.url(site)}{path}?lang={language}")
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            faults += faults_of(page, f"{path} {language} {width}")
            if SHOTS:
                page.screenshot(path=Path(SHOTS) / f"{name}-{language}-{width}.png", full_page=True)
    return faults


def test_an_insurer_is_told_takes_its_list_and_reports(stage: Stage, new_browser: NewBrowser, tmp_path: Path) -> None:
    asked(stage)
    office = entered(stage, new_browser, "office", OFFICER)
    told = urlsplit(open_incident(office, stage)).path
    settings = stage.settings_file
    assert turn(settings)[0].told >= 1
    page = entered(stage, new_browser, "insurers", OWN)
    faults = seen(page, "/incidents", "incidents", stage)
    expect(page.locator("h1")).to_have_text("Lesquels de mes assurés, quelles données ?")
    incident = page.locator("a[href^='/incidents/']").first.get_attribute("href") or ""
    faults += seen(page, incident, "incident-told", stage)
    expect(page.locator("h1")).to_have_text("Qu’ai-je à notifier ?")
    page.get_by_role("button", name="Confirmer la réception").click()
    expect(page.locator("main")).to_contain_text(re.compile("Réception confirmée le .* par Camille Rouvray"))
    faults += seen(page, "/key", "key-none", stage)
    mine = pyrage.x25519.Identity.generate()
    page.locator("#recipient").fill(str(mine.to_public()))
    page.get_by_role("button", name="Proposer cette clé").click()
    sealed = page.locator("pre.command").inner_text()
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / "key-challenge-fr-1280.png", full_page=True)
    faults += faults_of(page, "/key challenge")
    page.locator("#answer").fill(pyrage.decrypt(sealed.encode(), [mine]).decode())
    page.get_by_role("button", name="Prouver").click()
    expect(page.locator("main")).to_contain_text("Une autre personne de votre organisme")
    with stage.database.connect(SUPERUSER) as admin:
        admin.execute(
            "update notice.recipient set confirmed_by = 1, confirmed_name = 'Bastien Royer', confirmed_at = now()"
        )
    faults += seen(page, "/key", "key-confirmed", stage)
    expect(page.locator("main")).to_contain_text("Nous vous appelons")
    faults += seen(office, f"{told}/insurers", "office-insurers", stage, "office")
    office.get_by_label("À qui avez-vous parlé ?").fill("Camille Rouvray, DPO")
    office.get_by_role("button", name="L’empreinte est la même").click()
    expect(office.locator("main")).not_to_contain_text("Clés à mettre en service")
    faults += seen(page, "/key", "key-current", stage)
    assert turn(settings)[0].handed_over == 1
    faults += seen(page, incident, "incident-list", stage)
    with page.expect_download() as taken:
        page.get_by_role("button", name="Télécharger la liste chiffrée").click()
    text = pyrage.decrypt(taken.value.path().read_bytes(), [mine]).decode()
    count = int(re.search(r"^records: (\d+)$", text, re.M)[1])  # type: ignore[index]  # the head names it
    report = tmp_path / "rapport.csv"
    report.write_text(f"row,value,count,hour\noutcome,matched,{count + 1},\n", "utf-8")
    page.goto(stage.url("insurers") + incident)
    page.locator("#report-file").set_input_files(report)
    page.get_by_role("button", name="Envoyer le compte rendu").click()
    expect(page.locator(".notice.stop")).to_contain_text("ne font pas le compte")
    faults += faults_of(page, "report refused")
    report.write_text(f"row,value,count,hour\noutcome,matched,{count},\n", "utf-8")
    page.locator("#report-file").set_input_files(report)
    page.get_by_role("button", name="Envoyer le compte rendu").click()
    expect(page.locator("#report")).to_contain_text("Dernier compte rendu")
    faults += seen(page, incident, "incident-reported", stage)
    faults += seen(page, f"{incident}/draft", "draft", stage)
    faults += seen(office, f"{told}/insurers", "office-insurers-reported", stage, "office")
    expect(office.locator("main")).to_contain_text("Aucune inexpliquée")
    assert faults == []


def test_messages_are_frozen_read_and_approved(stage: Stage, new_browser: NewBrowser) -> None:
    asked(stage)
    page = entered(stage, new_browser, "office", OFFICER)
    incident = urlsplit(open_incident(page, stage)).path
    path = f"{incident}/messages"
    faults = seen(page, path, "messages-none", stage, "office")
    with desk(stage.settings_file) as one:
        number = IncidentId(int(incident.rpartition("/")[2]))
        freeze(one.connection, Contacts(one.keyring), one.appender, SystemClock(), number)
    page.reload()
    page.get_by_role("button", name="Figer le texte").click()
    faults += seen(page, path, "messages-to-approve", stage, "office")
    faults += seen(page, f"{path}/texts/0", "messages-text", stage, "office")
    expect(page.locator("article.letter h1")).to_have_count(1)
    page.goto(stage.url("office") + path)
    page.get_by_role("button", name="Approuver").click()
    faults += seen(page, path, "messages-approved-once", stage, "office")
    expect(page.locator("main")).to_contain_text("Hélène Vasseur")
    page.goto(stage.url("office") + incident)
    expect(page.locator("#counts + ul")).to_contain_text("Adultes à prévenir")
    assert faults == []
