"""A held professional appeals on the portal's page: her browser's key signs what she wrote."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewBrowser
from tests.browser.portal_pages import Portal, doctors
from tierce.lab.demo.stage import Stage
from tierce.storage.cluster import SUPERUSER

SAID = "Je vaccine dans un foyer ce matin : « ces résidents » sont nouveaux\npour moi."


@pytest.mark.parametrize("keyless", [False, True])
def test_her_appeal_is_signed_kept_as_written_and_told_back(
    stage: Stage, new_browser: NewBrowser, keyless: bool
) -> None:
    doctor = list(doctors(stage))[4 + keyless]
    context = new_browser(javascript=not keyless)
    portal = Portal(stage, context).sign_in_by_number(doctor)
    with stage.database.connect(SUPERUSER) as admin:
        admin.execute(
            'insert into access.ladder (id, level, subject, rung, since, until, "by", reason) select %s, 1, g.id, 3,'
            " now(), now() + interval '1 hour', 'watch', 'test' from access.login g"
            " join directory.professional p on p.id = g.professional where p.national_id = %s",
            (9_001 + keyless, doctor),
        )
    portal.open("/held")
    for typed, selector, told in (
        ("mon patient 1 85 05 78 006 084 42", "#errors", ""), (SAID, "main", "Recours envoyé"),
    ):  # fmt: skip
        portal.page.locator("#said").fill(typed)
        with portal.page.expect_navigation():
            portal.page.get_by_role("button", name="Envoyer mon recours").click()
        expect(portal.page.locator(selector)).to_contain_text(told)
        if selector == "#errors":
            expect(portal.page.locator("#said")).to_have_value(typed)
    with stage.database.connect(SUPERUSER) as admin:
        admin.execute(
            'insert into access.ladder (id, level, subject, rung, since, until, "by", reason) select %s, level,'
            ' subject, rung, since, until, "by", reason from access.ladder where id = %s',
            (9_003 + keyless, 9_001 + keyless),
        )
    portal.open("/held")
    portal.page.locator("#said").fill(SAID)
    with stage.database.connect(SUPERUSER) as admin:
        admin.execute(
            "update access.session s set revoked = now(), revoked_why = 'test' from directory.professional p"
            " where p.id = s.professional and p.national_id = %s",
            (doctor,),
        )
    with portal.page.expect_navigation():
        portal.page.get_by_role("button", name="Envoyer mon recours").click()
    expect(portal.page.locator("main")).to_contain_text("n’est pas parti")
    expect(portal.page.locator("main")).to_contain_text("ces résidents")
    with stage.database.connect(SUPERUSER) as admin:
        kept = admin.execute("select said from access.appeal where hold = %s", (9_001 + keyless,)).fetchall()
        admin.execute(
            "update access.ladder set lifted = now() where id in (%s, %s)", (9_001 + keyless, 9_003 + keyless)
        )
    assert [" ".join(row[0].split()) for row in kept] == [" ".join(SAID.split())]
    assert portal.troubles == []
