"""The incident's page at night, the criteria of its list, the register of all events: over HTTP, as staff do."""

import asyncio
import re
from datetime import timedelta
from html import unescape

import pytest

from tests.integration.asks import AT, ask, sequence, write_asks
from tests.integration.conftest import Connect
from tests.integration.rooms import ARMAND, Room, open_room
from tests.integration.sites_world import Site, play_office
from tests.integration.test_incidents_register import REASONS
from tests.integration.test_office_site import attack, form_of, opened, plain
from tierce.incidents import store as incident_rows
from tierce.incidents.model import SmallerAsk
from tierce.kernel.clock import PARIS
from tierce.kernel.ids import IncidentId
from tierce.policy.staff import StaffRole
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    return open_room(connect, keyring)


def local(minutes: int) -> str:
    return AT.astimezone(PARIS).replace(minute=minutes).strftime("%Y-%m-%dT%H:%M")


def confirmable(room: Room, path: str) -> tuple[IncidentId, SmallerAsk]:
    """The smaller list that waits for a second person."""
    number = IncidentId(int(path.rpartition("/")[2]))
    asked = incident_rows.smaller_asked(room.office, number)
    assert asked is not None
    return number, asked


def test_the_page_leads_from_the_signal_to_the_closing_and_refuses_in_words(room: Room, database: Database) -> None:
    attack(room)

    async def scene(site: Site) -> None:
        path = await opened(site, why="Vingt mille demandes.")

        async def page() -> str:
            return plain(await site.http.get(path))

        async def write(where: str, **fields: str) -> int:
            return (await site.http.post(f"{path}/{where}", data=form_of(site, **fields))).status_code

        assert "Arrêtez le vol" in await page()
        assert await write("stages", stage="contained", why="") == 422
        assert await write("stages", stage="contained", why="L'appareil est suspendu.", happened=local(5)) == 303
        shown = await page()
        assert "Prévenez 2 organismes" in shown
        assert "Écrit après coup" in shown
        assert "Assurés et leurs familles 2" in shown, "a name, then its number: right for 0, 1 and 1 000"
        assert "inexpliqué" not in shown
        insert = (
            "insert into notice.warning (id, incident, revision, insurer, step, kind, due_at, next_try, sent_at,"
            " failed, entry) values (%s, %s, 1, %s, %s, 1, now(), now(), %s, %s, 1)"
        )
        number = int(path.rpartition("/")[2])
        room.admin.execute(insert, (1, number, 1, 1, AT, None))
        room.admin.execute(insert, (2, number, 2, 1, None, "550"))
        room.admin.commit()
        shown = await page()
        assert "Prévenez 1 organisme" in shown
        assert (
            "Organismes concernés : 2 juste Avis reçu 0 Avis parti, pas encore reçu 1 Avis refusé par le serveur 1"
            in shown
        )
        room.admin.execute(
            "insert into notice.acknowledgement (incident, revision, insurer, at, staff, name, entry)"
            " values (%s, 1, 1, now(), 1, 'Une assureuse', 1)", (number,)
        )  # fmt: skip
        room.admin.commit()
        assert "Organismes concernés : 2 juste Avis reçu 1 Avis parti, pas encore reçu 0" in await page()
        assert await write("stages", stage="closed", why=REASONS) == 422
        assert await write("hold", why=REASONS) == 409
        assert await write("borders", residence="abroad", countries="France", authority="cnil", border_why="x") == 422
        assert (
            await write("borders", residence="abroad", countries="be", authority="cnil", border_why="Réponses.")
            == 303
        )
        assert "États membres (BE)" in await page()
        shown = (await site.http.get(f"{path}/duties")).text
        assert shown.count("pas encore") == 4, "what was sent by itself is said here too"
        aside = form_of(site, stage="contained", why="Encore un appareil.", happened="2999-01-01T10:00")
        again = await site.http.post(f"{path}/stages", data=aside)
        assert again.status_code == 422
        assert ">Encore un appareil.</textarea>" in again.text, "what was typed is kept"

    play_office(room, database, scene)


def test_what_a_page_does_not_know_it_does_not_say(room: Room, database: Database) -> None:
    attack(room)
    write_asks(room.admin, room.keyring, [ask(n, at=AT + timedelta(seconds=n)) for n in range(1, 131)])
    sequence(room.worker, room.keyring)

    async def scene(site: Site) -> None:
        assert "au moins 120 réponses montrées" in plain(await site.http.get("/accounts/501")), "its last steps alone"
        path = await opened(site)
        assert "la liste est exacte" in plain(await site.http.get(path))
        room.admin.execute("update incident.scope set possible = 3")
        room.admin.commit()
        said = plain(await site.http.get(path))
        assert "la liste est exacte" not in said
        assert "d'autres ont pu l'être, comptées à part" in said

    play_office(room, database, scene)


def test_two_officers_do_not_open_one_theft_twice_unawares(room: Room, database: Database) -> None:
    attack(room)

    async def scene(site: Site) -> None:
        form = "/accounts/501/incident"
        assert 'name="known" value="0"' in (await site.http.get(form)).text
        path = await opened(site)
        typed = form_of(site, title="Accès volé", begun=local(0), ended=local(59), why="", known="0")
        twice = await site.http.post(form, data=typed)
        assert twice.status_code == 422, "the page before, sent again: a second click, or a second officer"
        assert f'href="{path}"' in twice.text
        assert ">Accès volé<" not in twice.text
        assert 'value="Accès volé"' in twice.text, "what was typed is kept"
        assert 'name="known" value="1"' in twice.text
        both = await asyncio.gather(*(site.http.post(form, data={**typed, "known": "1"}) for _ in range(2)))
        other, late = sorted(both, key=lambda answer: answer.status_code)
        assert (other.status_code, late.status_code) == (303, 422), "another theft, and one of two posts opens it"
        assert f'href="{other.headers["location"]}"' in late.text, "the other is led to it"

    play_office(room, database, scene)


def test_what_was_typed_comes_back_when_the_session_has_ended_and_to_nobody_else(
    room: Room, database: Database
) -> None:
    attack(room)

    async def scene(site: Site) -> None:
        path = await opened(site)
        typed = form_of(site, stage="aware", why="Vingt mille demandes & une panne.")
        site.http.cookies.clear()
        own = {"sec-fetch-site": "same-origin"}
        late = await site.http.post(f"{path}/stages", data=typed, headers=own)
        assert late.status_code == 401
        assert "Vingt mille demandes &amp; une panne." in late.text
        assert f'href="/sign-in?return_to={path}"' in late.text, "and she comes back to the same page"
        assert site.csrf not in late.text
        for headers in ({"sec-fetch-site": "cross-site"}, {}):
            late = await site.http.post(f"{path}/stages", data=typed, headers=headers)
            assert "Vingt mille" not in late.text, "no other site makes this one say anything"
        assert f'href="/sign-in?return_to={path}/duties"' in (await site.http.get(f"{path}/duties")).text

    play_office(room, database, scene)


def test_l6_criteria_are_counted_before_they_are_kept_and_each_refusal_names_its_field(
    room: Room, database: Database
) -> None:
    attack(room)

    async def scene(site: Site) -> None:
        path = await opened(site)
        shown = (await site.http.get(f"{path}/criteria")).text
        device = re.search(r'name="devices"[^>]*>(\d+)<', shown)
        assert device is not None
        window = {"begun": local(0), "ended": local(59), "evidence": "0"}

        async def post(**fields: str) -> tuple[int, str]:
            answer = await site.http.post(f"{path}/criteria", data=form_of(site, **{**window, **fields}))
            return answer.status_code, unescape(answer.text).replace("’", "'").replace("\u00a0", " ")

        for field, value, words in (
            ("rpps", "10009999999", "L'annuaire ne connaît pas"),
            ("devices", "abc", "numéros internes"),
            ("devices", "9" * 30, "numéros internes"),
            ("networks", "xyz", "32 chiffres"),
            ("stay", "12", "frein"),
            ("sessions", "", "Rien n'est nommé"),
            ("staff", "personne", "aucune ligne à ce nom"),
        ):
            status, said = await post(**{field: value})
            assert (status, words in said) == (422, True), field
        status, said = await post(devices=device.group(1), step="preview")
        assert status == 200
        assert "La liste compterait 2 personnes" in said
        assert room.admin.execute("select count(*) from incident.scope").fetchone() == (1,)
        room.admin.rollback()
        bank = {"devices": device.group(1), "category": "32"}
        status, said = await post(**bank, step="keep")
        assert (status, "3 lignes de la liste nº 1 disparaîtraient" in said) == (422, True)
        status, said = await post(**bank, step="ask", why="")
        assert (status, 'id="why-error"' in said) == (422, True)
        assert (await post(**bank, step="ask", why="Aucune coordonnée n'est tenue ici."))[0] == 303
        assert "attend une seconde personne" in plain(await site.http.get(path))
        assert "coordonnées bancaires" not in plain(await site.http.get(path)), "the first list stands"
        waits = (await site.http.get(f"{path}/criteria")).text
        assert "Aucune coordonnée n&#39;est tenue ici." in waits
        assert f"{path}/criteria/confirm" not in waits, "her own: another confirms"
        of, asked = confirmable(room, path)
        own = await site.http.post(f"{path}/criteria/confirm", data=form_of(site, seen=asked.at.isoformat()))
        assert own.status_code == 409
        room.incidents.confirm_smaller(room.office, ARMAND, of, asked.at)
        assert "coordonnées bancaires" in plain(await site.http.get(path))
        assert "Demandé par Hélène Vasseur." in plain(await site.http.get(f"{path}/duties"))
        acts = "select distinct professional from journal.entry where kind = 5 and professional <> 910"
        ((staff,),) = room.admin.execute(acts).fetchall()
        room.admin.rollback()
        status, said = await post(staff=str(staff), devices=device.group(1), step="preview")
        assert (status, "Du personnel est nommé avec autre chose" in said) == (422, True)
        status, said = await post(staff=str(staff), step="preview")
        assert (status, "La liste compterait 0 personne" in said) == (200, True)

    play_office(room, database, scene)
    row = room.admin.execute("select sum(gone), sum(added + changed) from incident.difference").fetchone()
    assert row == (3, 0)


def test_one_alone_only_asks_that_an_established_breach_be_none(room: Room, database: Database) -> None:
    attack(room)

    async def scene(site: Site) -> None:
        path = await opened(site)
        for stage, why in (("check", ""), ("not_a_breach", REASONS)):
            answer = await site.http.post(f"{path}/stages", data=form_of(site, stage=stage, why=why))
            assert answer.status_code == 303
        page = plain(await site.http.get(path))
        assert "« Pas une violation » attend une seconde personne" in page
        assert "lignes de la liste ne seraient plus annoncées" in page
        assert REASONS[:40] in page
        assert "L'écrire aussi" not in page, "whoever asked is not the second"

    play_office(room, database, scene)
    assert room.admin.execute("select dismissed_at from incident.incident").fetchall() == [(None,)]


def test_an_event_entered_twice_is_closed_as_the_first_with_a_reason(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        paths = []
        for known, title in enumerate(("Clé USB perdue", "Une clé manque aux archives")):
            typed = form_of(site, title=title, signal=local(0), known=str(known))
            paths.append((await site.http.post("/register/new", data=typed)).headers["location"])
        first, second = paths
        page = plain(await site.http.get(f"{second}/duties"))
        assert "Le même événement qu'un autre" in page
        for same, why, field in (("1", REASONS, "same"), (first.rsplit("/")[-1], "Idem.", "same_why")):
            answer = await site.http.post(f"{second}/duties/same", data=form_of(site, same=same, same_why=why))
            assert (answer.status_code, f'id="{field}-error"' in answer.text) == (422, True)
        typed = form_of(site, same=first.rsplit("/")[-1], same_why=REASONS)
        assert (await site.http.post(f"{second}/duties/same", data=typed)).status_code == 303
        assert "Doublon de I-" in plain(await site.http.get(f"{second}/duties"))
        assert "est clos comme doublon" in plain(await site.http.get(f"{first}/duties"))

    play_office(room, database, scene, StaffRole.DPO)


def test_n8_an_event_without_an_account_enters_the_register_and_is_there_notified_or_not(
    room: Room, database: Database
) -> None:
    async def scene(site: Site) -> None:
        new = "/register/new"
        for field, value in (("title", ""), ("signal", "hier"), ("signal", "2999-01-01T10:00")):
            answer = await site.http.post(
                new, data=form_of(site, **{"title": "Clé", "signal": local(0), "known": "0", field: value})
            )
            assert answer.status_code == 422, field
        assert 'name="known" value="0"' in (await site.http.get(new)).text
        lost = form_of(site, title="Clé USB perdue", signal=local(0), known="0")
        answer, twice = await asyncio.gather(*(site.http.post(new, data=lost) for _ in range(2)))
        assert answer.status_code == twice.status_code == 303
        assert answer.headers["location"] == twice.headers["location"], "a click sent twice enters one event"
        path = answer.headers["location"]
        for known in ("0", "7", ""):
            other = await site.http.post(new, data=form_of(site, title="Une clé", signal=local(0), known=known))
            assert (other.status_code, f'href="{path}"' in other.text) == (422, True), "she has not seen the first"
            assert 'name="known" value="1"' in other.text
        for stage, why in (("check", ""), ("not_a_breach", REASONS)):
            answer = await site.http.post(f"{path}/stages", data=form_of(site, stage=stage, why=why))
            assert answer.status_code == 303
        register = plain(await site.http.get("/register"))
        for words in (
            "1 événement au registre",
            "Clé USB perdue",
            "ce n'en était pas une",
            "non notifié",
            REASONS[:40],
        ):
            assert words in register, words
        held = "Les données dont l'incident a besoin sont conservées depuis son ouverture"
        assert held in plain(await site.http.get(path))
        for where, typed in (
            ("duties/say", {"kind": "3", "text": "Une clé chiffrée, retrouvée."}),
            ("duties/close", {"closing": REASONS}),
            ("hold", {"why": REASONS}),
            ("duties/reopen", {"closing": "Une seconde clé manque."}),
        ):
            answer = await site.http.post(f"{path}/{where}", data=form_of(site, **typed))
            assert answer.status_code == 303, where
        again = plain(await site.http.get(path))
        assert "conservées de nouveau depuis sa réouverture" in again, "what went meanwhile is not there"
        assert held not in again

    play_office(room, database, scene, StaffRole.DPO)
