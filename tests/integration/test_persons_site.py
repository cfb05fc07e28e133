"""The persons' space over HTTP: her own lines in plain words, proof, and "it was not me"."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from tests.integration.asks import AT, ORIGIN, ask, sequence, write_asks
from tests.integration.conftest import Connect
from tests.integration.rooms import PAUL, Room, open_room
from tests.integration.sites_world import Site, persons_site
from tests.integration.test_office_site import plain, undeclared
from tierce.journal.model import Entry, EntryKind
from tierce.journal.note import verifier_key
from tierce.journal.verifier.proof import check_proof
from tierce.kernel.clock import micros
from tierce.kernel.ids import EntrySeq
from tierce.policy.acts import Act, Outcome
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.web.signin_site import FORM_FIELD

pytestmark = pytest.mark.integration


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    return open_room(connect, keyring)


def play(room: Room, database: Database, scene: Callable[[Site], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with persons_site(room, database) as site:
            await scene(site)

    asyncio.run(whole())


def asked(room: Room) -> list[EntrySeq]:
    """An optician reads her, then is refused; somebody else is read too."""
    numbers = write_asks(
        room.admin,
        room.keyring,
        [
            ask(1, professional=502, establishment=602),
            ask(1, professional=502, establishment=602, at=AT + timedelta(hours=1), outcome=Outcome.OUT_OF_SEATS),
            ask(2),
        ],
    )
    sequence(room.worker, room.keyring)
    return numbers


def test_each_route_declares_its_act(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        assert undeclared(site) == []

    play(room, database, scene)


def test_her_history_is_hers_alone(room: Room, database: Database) -> None:
    asked(room)

    async def scene(site: Site) -> None:
        text = plain(await site.http.get("/"))
        assert "Paul, vos droits ont été montrés 1 fois" in text
        assert (
            "Le 3 mars 2026 à 10 h 12, l'opticien Optique des Remparts (Port-Sérac) a vérifié vos droits en optique."
        ) in text
        assert "Montré : le nom de votre complémentaire et ce qu'elle prend en charge" in text
        assert "Rien ne lui a été montré (une preuve de votre présence était demandée)." in text
        assert "Morvan" not in text
        english = plain(await site.http.get("/?lang=en"))
        assert "On 3 March 2026 at 10:12, the optician Optique des Remparts (Port-Sérac) checked" in english
        read = plain(await site.http.get("/read?lang=fr"))
        assert "Sous votre contrat chez Mutuelle du Grand Chêne" in read
        assert "1 réponse." in read
        help_page = plain(await site.http.get("/help"))
        assert "01 99 00 14 20" in help_page
        assert "Demandez l'effacement dans « Mes données »" in help_page

    play(room, database, scene)


def test_the_proof_file_holds_and_others_lines_do_not_exist(room: Room, database: Database) -> None:
    mine, _, other = asked(room)

    async def scene(site: Site) -> None:
        file = await site.http.get(f"/lines/{mine}/proof.json")
        log_key = verifier_key(ORIGIN, room.keyring.instance("worker").public_key())
        assert check_proof(file.content, log_key).seq == mine
        for seq in (other, 5):
            for path in ("proof.json", "not-me"):
                assert (await site.http.get(f"/lines/{seq}/{path}")).status_code == 404
            refused = await site.http.post(f"/lines/{seq}/not-me", data={FORM_FIELD: site.csrf})
            assert refused.status_code == 404

    play(room, database, scene)


def test_what_came_after_her_session_ended_is_said_not_to_be_kept_and_given_back_to_her_alone(
    room: Room, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    mine, *_ = asked(room)

    async def scene(site: Site) -> None:
        own, typed = {"sec-fetch-site": "same-origin"}, {FORM_FIELD: site.csrf, "address": "paul@foyer.example"}
        site.http.cookies.clear()
        for path, data, comes_back in (
            (f"/lines/{mine}/not-me", {FORM_FIELD: site.csrf}, f"/lines/{mine}/not-me"),
            ("/wish", typed, "/wish"),
            ("/wish/code", {FORM_FIELD: site.csrf, "code": "12345678"}, "/wish"),
        ):
            late = await site.http.post(path, data=data, headers=own)
            assert late.status_code == 401
            assert "Ce que vous veniez d’envoyer n’est pas enregistré" in late.text, path
            assert f'href="/sign-in?return_to={comes_back}"' in late.text
            assert ('<p class="keep-lines">paul@foyer.example</p>' in late.text) == ("address" in data)
            assert late.headers["cache-control"] == "no-store"
            assert "12345678" not in late.text, "a code serves once"
            assert site.csrf not in late.text
        for headers in ({"sec-fetch-site": "cross-site"}, {}):
            late = await site.http.post("/wish", data=typed, headers=headers)
            assert "paul@" not in late.text, "no other site makes this one say anything"
        assert "veniez d’envoyer" not in (await site.http.get("/wish")).text

    with caplog.at_level("DEBUG"):
        play(room, database, scene)
    assert "paul" not in caplog.text


def test_it_was_not_me_says_what_will_happen_then_what_happened(room: Room, database: Database) -> None:
    mine, *_ = asked(room)

    async def scene(site: Site) -> None:
        page = f"/lines/{mine}/not-me"
        before = plain(await site.http.get(page))
        assert "Oui, ce n'était pas moi" in before
        assert "aucun soin n'est suspendu" in before
        forged = await site.http.post(page, data={FORM_FIELD: "forged"})
        assert forged.status_code == 401
        done = plain(await site.http.post(page, data={FORM_FIELD: site.csrf}))
        assert "Votre réponse est notée" in done
        again = plain(await site.http.post(page, data={FORM_FIELD: site.csrf}))
        assert "Vous aviez déjà répondu" in again
        assert "Vous avez répondu « Ce n'était pas moi »" in plain(await site.http.get("/"))

    play(room, database, scene)
    assert room.admin.execute("select person, seq from notice.person_report").fetchall() == [(1, mine)]


def test_without_a_session_nothing_is_told(room: Room, database: Database) -> None:
    mine, *_ = asked(room)

    async def scene(site: Site) -> None:
        site.http.cookies.clear()
        for path in ("/", "/read", "/help", f"/lines/{mine}/proof.json", f"/lines/{mine}/not-me"):
            response = await site.http.get(path)
            assert response.status_code == 401
            assert "Voyez qui a consulté vos droits" in response.text
        assert (await site.http.post(f"/lines/{mine}/not-me", data={FORM_FIELD: site.csrf})).status_code == 401

    play(room, database, scene)


def test_past_the_day_s_ceiling_every_page_says_to_come_back(room: Room, database: Database) -> None:
    room.admin.execute("update gate.shown_ceiling set per_day = 0 where scope = 'persons'")
    room.admin.commit()

    async def scene(site: Site) -> None:
        for path in ("/", "/billed", "/requests", "/wish"):
            assert (await site.http.get(path)).status_code == 503, path
        assert (await site.http.post("/wish/stop", data={FORM_FIELD: site.csrf})).status_code == 503

    play(room, database, scene)


def test_somebody_nobody_asked_about_reads_so(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        assert "Paul, personne n'a consulté vos droits" in plain(await site.http.get("/"))
        assert "Rien de vous n'a été montré" in plain(await site.http.get("/read"))

    play(room, database, scene)


def test_the_other_language_leads_to_no_address_that_cannot_be_asked_for_again(
    room: Room, database: Database
) -> None:
    mine, *_ = asked(room)

    async def scene(site: Site) -> None:
        form = {FORM_FIELD: site.csrf}
        pages = [
            (await site.http.post("/my-data", data=form), "/requests?lang=en"),
            (await site.http.post(f"/lines/{mine}/not-me", data=form), "?lang=en"),
            (await site.http.post("/presence/5", data=form), "/?lang=en"),
            (await site.http.get("/sign-in/callback?state=a&code=b"), "/?lang=en"),
            (await site.http.get("/help"), "?lang=en"),
        ]
        for page, wanted in pages:
            (link,) = re.findall(r'class="switch" href="([^"]*)"', page.text)
            assert link == wanted, page.url
            assert (await site.http.get(str(page.url.join(link)))).status_code == 200

    play(room, database, scene)


def test_who_is_not_let_in_reads_where_to_write(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        site.http.cookies.clear()
        refused = await site.http.get("/")
        assert refused.status_code == 401
        assert "4 quai des Merles, 99000 Port-Sérac." in refused.text

    play(room, database, scene)


def test_her_name_read_by_staff_is_not_headed_by_nobody(room: Room, database: Database) -> None:
    shown = Entry(kind=EntryKind.STAFF_ACT, act=Act.STAFF_PERSON_SHOW, time_us=micros(AT), person=PAUL.person)
    write_asks(room.admin, room.keyring, [shown])

    async def scene(site: Site) -> None:
        text = plain(await site.http.get("/"))
        assert "Lu par notre équipe" in text
        assert "personne n'a consulté" not in text

    play(room, database, scene)


def test_a_page_after_her_last_line_does_not_say_that_nobody_asked(room: Room, database: Database) -> None:
    mine, *_ = asked(room)

    async def scene(site: Site) -> None:
        text = plain(await site.http.get(f"/?before={mine}"))
        assert "Rien de plus ancien" in text
        assert "Aucun professionnel n'a encore demandé" not in text

    play(room, database, scene)
