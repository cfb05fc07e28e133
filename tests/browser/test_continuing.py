"""A new device is confirmed from an old one, in two browsers."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it ships no types
from playwright.sync_api import expect

from tests.browser.conftest import NewBrowser
from tests.browser.portal_pages import Portal, doctors
from tierce.kernel.care import Profession
from tierce.kernel.clock import SystemClock, paris_day
from tierce.lab.demo.stage import Stage
from tierce.policy.seats import SEATS, pack, settled_line
from tierce.storage.cluster import SUPERUSER


@pytest.fixture(scope="module")
def unused_doctors(stage: Stage) -> Iterator[str]:
    """Doctors as whom no test of another file signs in."""
    found = list(doctors(stage))
    return iter(reversed(found))


def settle(stage: Stage, doctor: str) -> None:
    """Make every device of a doctor one of long standing."""
    today = paris_day(SystemClock().now())
    with stage.database.connect(SUPERUSER) as admin:
        admin.execute(
            "update access.line set state = %s, created_day = %s where professional ="
            " (select id from directory.professional where national_id = %s)",
            (pack(settled_line(Profession.GP, today)), today - 30, doctor),
        )


def confirm(portal: Portal, code: str) -> None:
    """Type a code on the old device."""
    portal.open("/sessions")
    portal.page.get_by_text("Confirmer un nouvel appareil").click()
    portal.page.locator("#code").fill(code)
    with portal.page.expect_navigation():
        portal.page.get_by_role("button", name="C’est mon appareil").click()


def test_a_new_device_is_confirmed_from_the_old_one_and_taken_off_again(
    stage: Stage, new_browser: NewBrowser, unused_doctors: Iterator[str]
) -> None:
    doctor = next(unused_doctors)
    old = Portal(stage, new_browser()).sign_in_by_number(doctor)
    settle(stage, doctor)
    new = Portal(stage, new_browser(width=360)).sign_in_by_number(doctor)
    assert "sur 5" in new.places()
    new.open("/sessions")
    with new.page.expect_navigation():
        new.page.get_by_role("button", name="Demander un code").click()
    shown = new.page.locator(".device-code").inner_text()
    assert re.fullmatch(r"\d{4} \d{4}", shown)
    assert Axe().run(new.page).response["violations"] == []

    confirm(old, "0000 0000")
    expect(old.page.locator("#errors")).to_contain_text("Ce code n’est pas valable")
    old.page.locator("#code").fill(shown)
    old.page.locator("#code").press("Enter")
    expect(old.page.get_by_role("status").first).to_contain_text("Le nouvel appareil partage vos places")
    assert Axe().run(old.page).response["violations"] == []
    new.open("/ask")
    assert f"sur {SEATS[Profession.GP].a}" in new.places()

    old.page.get_by_text("Retirer cet appareil de mes places").click()
    with old.page.expect_navigation():
        old.page.get_by_role("button", name="Retirer l’appareil").click()
    new.open("/ask")
    assert "session_revoked" in new.page.content()
    assert (old.troubles, new.troubles) == ([], [])
