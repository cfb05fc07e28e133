"""The page of legal clocks and of the register over HTTP."""

import json
from datetime import timedelta

import pytest

from tests.integration.conftest import Connect
from tests.integration.rooms import Room, open_room
from tests.integration.sites_world import Site, play_office
from tests.integration.test_incidents_register import REASONS
from tests.integration.test_office_site import attack, form_of, opened, plain
from tierce.kernel.clock import PARIS
from tierce.policy.acts import Act
from tierce.policy.staff import StaffRole
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    found = open_room(connect, keyring)
    attack(found)
    return found


def test_the_page_says_what_is_owed_next_and_what_is_not_told_as_law(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        path = await opened(site)
        shown = await site.http.get(f"{path}/duties")
        assert all(f'href="#{one}"' in shown.text for one in ("fulfil", "say", "end")), "far below on a telephone"
        assert all(f'id="{one}"' in shown.text for one in ("fulfil", "say", "end"))
        page = plain(shown)
        assert "Prochain délai : Notifier la CNIL" in page
        assert "avant de clore : Prévenir chaque organisme, Notifier la CNIL" in page, "said before one closes"
        assert "RGPD, article 33(1) : 72 heures en vigueur" in page
        assert "Code des assurances, article L. 12-10-1 délai de prudence" in page
        assert "proposition" not in page.lower()
        room.clock.advance(timedelta(hours=80))
        assert "2 délais sont passés" in plain(await site.http.get(f"{path}/duties"))

    play_office(room, database, scene, StaffRole.DPO)


def test_a_late_duty_asks_for_its_reasons_and_keeps_what_was_typed(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        path = await opened(site)
        room.clock.advance(timedelta(hours=80))
        at = room.clock.now().astimezone(PARIS).strftime("%Y-%m-%dT%H:%M")
        form = form_of(site, clock="2-0", done_at=at, reasons="")
        refused = await site.http.post(f"{path}/duties/done", data=form)
        assert refused.status_code == 422
        assert "la CNIL demande les motifs du retard" in refused.text
        assert f'value="{at}"' in refused.text
        form = form_of(site, clock="2-0", done_at=at, reasons=REASONS)
        assert (await site.http.post(f"{path}/duties/done", data=form)).status_code == 303
        assert "fait en retard, raisons écrites" in plain(await site.http.get(f"{path}/duties"))
        form = form_of(site, clock="8-0", ended="1", reasons=REASONS)
        assert (await site.http.post(f"{path}/duties/done", data=form)).status_code == 303
        assert "prend fin sans être fait, raisons écrites" in plain(await site.http.get(f"{path}/duties"))

    play_office(room, database, scene, StaffRole.DPO)


def test_what_a_form_refuses_is_said_in_that_form_and_nothing_is_chosen_beforehand(
    room: Room, database: Database
) -> None:
    async def scene(site: Site) -> None:
        path = await opened(site)
        shown = await site.http.post(f"{path}/duties/done", data=form_of(site, clock="", done_at="2026-03-03T10:12"))
        assert shown.status_code == 422, "no duty is the first of a list by chance"
        assert 'href="#clock"' in shown.text
        form = form_of(site, clock="2-0", done_at="2025-03-03T10:12")
        shown = await site.http.post(f"{path}/duties/done", data=form)
        assert 'id="done_at-error"' in shown.text
        assert 'id="at-error"' not in shown.text, "the page has another form with a time"
        shown = await site.http.post(f"{path}/duties/close", data=form_of(site, closing="Fini."))
        assert 'id="closing-error"' in shown.text
        assert ">Fini.</textarea>" in shown.text

    play_office(room, database, scene, StaffRole.DPO)


def test_a_duty_noted_by_mistake_is_taken_back_and_its_clock_runs_again(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        path = await opened(site)
        at = room.clock.now().astimezone(PARIS).strftime("%Y-%m-%dT%H:%M")
        form = form_of(site, clock="2-0", undone="1", reasons="Rien encore.")
        assert (await site.http.post(f"{path}/duties/done", data=form)).status_code == 422, "nothing to take back"
        room.clock.advance(timedelta(minutes=1))
        form = form_of(site, clock="2-0", done_at=at, reasons="")
        assert (await site.http.post(f"{path}/duties/done", data=form)).status_code == 303
        page = plain(await site.http.get(f"{path}/duties"))
        assert "Notifier la CNIL : fait le" in page, "the register says which duty"
        assert "Prochain délai : Notifier la CNIL" not in page
        form = form_of(site, clock="2-0", undone="1", reasons="")
        assert (await site.http.post(f"{path}/duties/done", data=form)).status_code == 422, "not without a reason"
        form = form_of(site, clock="2-0", undone="1", reasons="Noté pour un autre événement.")
        assert (await site.http.post(f"{path}/duties/done", data=form)).status_code == 303
        page = plain(await site.http.get(f"{path}/duties"))
        assert "Prochain délai : Notifier la CNIL" in page
        assert "Notifier la CNIL : ce n'était pas fait. Noté pour un autre événement." in page

    play_office(room, database, scene, StaffRole.DPO)


def test_the_register_is_exported_after_its_journal_line(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        path = await opened(site)
        for kind, text in (("3", "=1+1 deux personnes lues"), ("6", REASONS)):
            form = form_of(site, kind=kind, text=text)
            assert (await site.http.post(f"{path}/duties/say", data=form)).status_code == 303
        found = await site.http.post(f"{path}/duties/export", data=form_of(site, kind="json"))
        told = json.loads(found.content)
        assert [row["kind"] for row in told["rows"]] == ["move", "move", "move", "facts", "decision"]
        assert told["clocks"][0]["provision"] == "RGPD, article 33(2)"
        read = plain(await site.http.get(f"{path}/duties"))
        assert "Premier signal, le 3 mars 2026 à 10 h 1" in read, "as people say an instant, in Paris"
        assert "+00:00" not in read
        sheet = await site.http.post(f"{path}/duties/export", data=form_of(site, kind="csv"))
        assert b";'=1+1 deux" in sheet.content
        assert sheet.headers["content-disposition"].endswith('.csv"')

    play_office(room, database, scene, StaffRole.DPO)
    count = room.admin.execute(
        "select count(*) from journal.entry where kind = 5 and get_byte(body, 2) = %s",
        (Act.STAFF_REGISTER_EXPORT.value,),
    ).fetchone()
    assert count == (2,)


def test_another_role_opens_neither_the_clocks_nor_the_register(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        assert (await site.http.get("/incidents/1/duties")).status_code == 403

    play_office(room, database, scene, StaffRole.OPERATIONS)
