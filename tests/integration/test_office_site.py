"""The office over HTTP: every page, what it never shows, and what it leaves in the journal."""

import re
from datetime import timedelta

import httpx
import pytest
from litestar.routes import HTTPRoute

from tests.integration.asks import AT, ORIGIN, ask, sequence, write_asks
from tests.integration.conftest import Connect
from tests.integration.rooms import Room, open_room
from tests.integration.sites_world import Site, play_office
from tierce.journal.encoding import decode
from tierce.journal.note import verifier_key
from tierce.journal.verifier.proof import check_proof
from tierce.kernel.ids import EntrySeq, staff_id
from tierce.policy.acts import Act, Outcome
from tierce.policy.floors import OFFICE_SHOWN_SOON
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.web.signin_site import FORM_FIELD
from tierce.web.visit import act_of

pytestmark = pytest.mark.integration

NAMES = ("LENOIR", "AUBRY", "SERRE", "Lenoir", "Aubry", "Serre", "19800514")


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    return open_room(connect, keyring)


def attack(room: Room) -> list[EntrySeq]:
    """The thief reads two people, is refused forty times, and is held."""
    read = [ask(1), ask(2, at=AT + timedelta(seconds=3)), ask(1, 2, at=AT + timedelta(seconds=4))]
    tried = [ask(n, at=AT + timedelta(seconds=5 + n), outcome=Outcome.OUT_OF_SEATS) for n in range(10, 50)]
    numbers = write_asks(room.admin, room.keyring, read + tried)
    write_asks(room.admin, room.keyring, [ask(3, professional=502, establishment=602, device=22, session=78)])
    sequence(room.worker, room.keyring)
    room.admin.execute(
        "insert into access.device (id, thumbprint, created) values (66, 't', now());"
        "insert into access.line (id, login, device, professional, profession, created_day, state)"
        " values (1, 701, 66, 501, 1, 0, '')"
    )
    room.admin.execute(
        'insert into access.ladder (id, level, subject, rung, since, until, "by", reason)'
        " values (1, 2, 66, 3, %s, %s, 'watch', 'seats')",
        (AT + timedelta(minutes=1), AT + timedelta(days=1)),
    )
    room.admin.commit()
    return numbers


def form_of(site: Site, **fields: str | list[str]) -> dict[str, str | list[str]]:
    return {FORM_FIELD: site.csrf, **fields}


async def opened(site: Site, why: str = "Vingt mille demandes en une minute.") -> str:
    """Open an incident on the thief's device; gives its path."""
    form = form_of(
        site,
        title="Accès volé d'un cabinet",
        device=["66"],
        begun="2026-03-03T10:00",
        ended="2026-03-03T10:40",
        why=why,
    )
    response = await site.http.post("/accounts/501/incident", data=form)
    assert response.status_code == 303, response.text
    return response.headers["location"]


def plain(response: httpx.Response) -> str:
    """The text of a page, without its marks."""
    assert response.status_code == 200, response.text[:2000]
    text = (
        re.sub(r"<[^>]+>", " ", response.text)
        .replace("\u00a0", " ")
        .replace("\u202f", " ")
        .replace("’", "'")
        .replace("&#39;", "'")
    )
    return re.sub(r"\s+", " ", text)


def undeclared(site: Site) -> list[str]:
    """Routes of a site, static files apart, that declare no act."""
    found = []
    for route in site.app.routes:
        if not isinstance(route, HTTPRoute) or route.path.startswith(("/look/", "/static/")):
            continue
        found += [
            f"{sorted(handler.http_methods)} {route.path}"
            for handler in route.route_handlers
            if handler.http_methods != {"OPTIONS"} and act_of(handler) is None
        ]
    return found


def test_each_route_declares_its_act(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        assert len([route for route in site.app.routes if isinstance(route, HTTPRoute)]) > 15
        assert undeclared(site) == []

    play_office(room, database, scene)


def test_every_page_asks_for_a_session(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        # The portal and the office are names under one domain: a browser sends the cookie to what either's page asks.
        for where, status in (("same-site", 401), ("cross-site", 401), ("same-origin", 200), ("none", 200)):
            told = await site.http.get("/accounts/501", headers={"sec-fetch-site": where})
            assert told.status_code == status, where
        site.http.cookies.clear()
        for path in (
            "/",
            "/live/lines",
            "/ladder",
            "/reports",
            "/incidents",
            "/accounts/501",
            "/lines/256",
            "/incidents/1",
        ):
            response = await site.http.get(path)
            assert response.status_code == 401, path
            assert "Connectez-vous pour ouvrir le bureau" in response.text.replace("&#39;", "'")
        assert (await site.http.post("/incidents/1/scope", data={FORM_FIELD: site.csrf})).status_code == 401

    play_office(room, database, scene)


def test_live_says_who_and_where_and_never_about_whom(room: Room, database: Database) -> None:
    attack(room)

    async def scene(site: Site) -> None:
        text = plain(await site.http.get("/"))
        assert "1 accès est freiné en ce moment." in text
        assert "Nadia Ferrand Optique des Remparts, Port-Sérac" in text
        assert "rien montré : preuve demandée, plus de place" in text
        assert "3 mars 2026 10:1" in text, "an hour of another day is under its day"
        fragment = await site.http.get("/live/lines")
        assert "<html" not in fragment.text
        assert "Nadia Ferrand" in fragment.text
        for page in (text, fragment.text):
            assert not any(name in page for name in NAMES)
            assert "Grand Chêne" not in page

    play_office(room, database, scene)


def test_refusals_in_a_row_are_one_row_and_each_keeps_its_proof(room: Room, database: Database) -> None:
    *_, last = attack(room)

    async def scene(site: Site) -> None:
        page = await site.http.get("/live/lines")
        text = plain(page)
        assert "et 39 autres juste avant" in text
        assert text.count("rien montré : preuve demandée") == 1
        assert text.count("réponse montrée") == 4, "what was shown is never put together"
        assert all(f'href="/lines/{last - back}"' in page.text for back in range(40))

    play_office(room, database, scene)


def test_a_line_shows_its_proof_checked_here_and_gives_the_file(room: Room, database: Database) -> None:
    first, *_ = attack(room)

    async def scene(site: Site) -> None:
        text = plain(await site.http.get(f"/lines/{first}"))
        assert f"La ligne {first} est inscrite et prouvée" in text
        assert "feuille numéro 1 d'un arbre de 45 lignes" in text
        file = await site.http.get(f"/lines/{first}/proof.json")
        assert file.headers["content-disposition"] == f'attachment; filename="preuve-{first}.json"'
        log_key = verifier_key(ORIGIN, room.keyring.instance("worker").public_key())
        assert check_proof(file.content, log_key).seq == first
        late = write_asks(room.admin, room.keyring, [ask(1)])[0]
        assert "sa preuve arrive" in plain(await site.http.get(f"/lines/{late}"))
        assert (await site.http.get(f"/lines/{late}/proof.json")).status_code == 409
        assert (await site.http.get("/lines/7")).status_code == 404

    play_office(room, database, scene)


def test_an_altered_journal_is_said_in_so_many_words(room: Room, database: Database) -> None:
    first, *_ = attack(room)
    room.admin.execute(
        "update journal.entry set body = overlay(body placing '\\x09'::bytea from 64) where seq = %s", (first,)
    )
    room.admin.commit()

    async def scene(site: Site) -> None:
        text = plain(await site.http.get(f"/lines/{first}"))
        assert f"La preuve de la ligne {first} ne tient pas" in text

    play_office(room, database, scene)


def test_an_accounts_story_has_its_hold_and_what_persons_answered(room: Room, database: Database) -> None:
    first, *_ = attack(room)
    room.admin.execute("insert into notice.person_report values (1, 1, %s, %s)", (first, AT + timedelta(hours=2)))
    room.admin.commit()

    async def scene(site: Site) -> None:
        text = plain(await site.http.get("/accounts/501"))
        assert "L'appareil 0042 de ce compte est freiné depuis le 3 mars 2026 à 10 h 13 : preuve de présence" in text
        assert "40 demandes, rien montré : preuve demandée, plus de place" in text
        assert text.index("Freiné : preuve") < text.index("Une personne a répondu")
        assert "1 personne a répondu « Ce n'était pas moi »" in plain(await site.http.get("/reports"))
        assert "Claire Morvan" in plain(await site.http.get("/ladder"))
        assert not any(name in text for name in NAMES)

    play_office(room, database, scene)


def test_an_incident_lists_counts_that_add_up_and_no_name(room: Room, database: Database) -> None:
    attack(room)

    async def scene(site: Site) -> None:
        assert "appareil" in plain(await site.http.get("/accounts/501/incident")).lower()
        path = await opened(site)
        text = plain(await site.http.get(path))
        assert "Les droits de 2 personnes ont été lus, et la liste est exacte." in text
        assert "Par organisme : 3 au total" in text
        assert "Mutuelle du Grand Chêne 2 2" in text
        assert "Prévoyance des Deux Caps 1 1" in text
        assert "Total 3 3" in text
        assert not any(name in text for name in NAMES)
        assert "Accès volé d'un cabinet" in plain(await site.http.get("/incidents"))
        again = await site.http.post(f"{path}/scope", data=form_of(site))
        assert again.status_code == 303
        assert "Version 2 de la liste" in plain(await site.http.get(path))

    play_office(room, database, scene)


def test_a_doubt_becomes_a_breach_when_somebody_says_why(room: Room, database: Database) -> None:
    attack(room)

    async def scene(site: Site) -> None:
        path = await opened(site, why="")
        assert "Faites vérifier le signal." in plain(await site.http.get(path))
        refused = await site.http.get(f"{path}/insurers/1")
        assert refused.status_code == 409
        assert "La violation n’est pas encore établie" in refused.text
        response = await site.http.post(f"{path}/stages", data=form_of(site, stage="check"))
        assert response.status_code == 303
        assert "Décidez : est-ce une violation ?" in plain(await site.http.get(path))
        told = form_of(site, stage="aware", why="Trois personnes ont écrit.")
        assert (await site.http.post(f"{path}/stages", data=told)).status_code == 303
        assert "Arrêtez le vol" in plain(await site.http.get(path))
        assert "Trois personnes ont écrit." in plain(await site.http.get(path))

    play_office(room, database, scene)


def test_a_name_is_shown_only_for_a_stated_purpose_and_after_its_line(room: Room, database: Database) -> None:
    attack(room)

    async def scene(site: Site) -> None:
        path = await opened(site)
        page = f"{path}/people/1/1"
        before = plain(await site.http.get(page))
        assert not any(name in before for name in NAMES)
        without = plain(await site.http.post(page, data=form_of(site, purpose="")))
        assert not any(name in without for name in NAMES)
        shown = plain(await site.http.post(page, data=form_of(site, purpose="1")))
        assert "Paul Lenoir" in shown
        assert "Date de naissance 14/05/1980" in shown
        assert (await site.http.get(f"{path}/people/3/1")).status_code == 404

    play_office(room, database, scene)
    rows = room.admin.execute("select body from journal.entry where kind = 5 order by seq").fetchall()
    lines = [decode(body) for (body,) in rows]
    assert [line.act for line in lines] == [
        Act.STAFF_INCIDENT_OPEN, Act.STAFF_INCIDENT_MOVE, Act.STAFF_SCOPE, Act.STAFF_PERSON_SHOW
    ]  # fmt: skip
    assert {line.professional for line in lines} == {staff_id("vasseur")}
    assert (lines[3].person, int(lines[3].activity)) == (1, 1)


def test_once_many_were_shown_in_minutes_a_page_names_nobody_and_says_when_to_go_on(
    room: Room, database: Database
) -> None:
    attack(room)
    told: list[str] = []

    async def scene(site: Site) -> None:
        page = f"{await opened(site)}/people/1/1"
        room.admin.execute(
            "insert into gate.shown (scope, slot, day, n) values ('office', 16, gate.this_stretch(), %s)"
            " on conflict (scope, slot) do update set day = excluded.day, n = excluded.n",
            (OFFICE_SHOWN_SOON + 1,),
        )
        room.admin.commit()
        for language in ("fr", "en"):
            refused = await site.http.post(f"{page}?lang={language}", data=form_of(site, purpose="1"))
            assert refused.status_code == 429
            told.append(refused.text)

    play_office(room, database, scene)
    assert not any(name in page for page in told for name in NAMES)
    french, english = told
    assert "Trop de personnes ont été montrées en dix minutes" in french
    assert "Reprenez dans vingt minutes" in french
    assert "Too many people were shown in ten minutes" in english
    assert "Go on in twenty minutes" in english


def test_the_notice_and_the_letter_read_as_documents(room: Room, database: Database) -> None:
    attack(room)

    async def scene(site: Site) -> None:
        path = await opened(site)
        notice = plain(await site.http.get(f"{path}/insurers/1"))
        assert "Violation de données personnelles concernant des assurés de Mutuelle du Grand Chêne" in notice
        assert "Deux Caps" not in notice
        letter = plain(await site.http.get(f"{path}/letters/1/1"))
        assert "Paul Lenoir" in letter
        assert "Morvan" not in letter
        english = plain(await site.http.get(f"{path}/letters/2/1?lang=en"))
        assert "To the legal representative of Lise Aubry" in english
        found = re.search(r"référence ([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})", letter)
        assert found is not None
        yes = await site.http.post(f"{path}/reference?lang=fr", data=form_of(site, quoted=found[1]))
        assert "est celle d'une de nos lettres" in plain(yes)
        no = await site.http.post(f"{path}/reference?lang=fr", data=form_of(site, quoted="0000-0000-0000"))
        assert "Non : aucune lettre" in plain(no)

    play_office(room, database, scene)


def test_wrong_answers_are_named_and_nothing_is_kept(room: Room, database: Database) -> None:
    attack(room)

    async def scene(site: Site) -> None:
        form = form_of(
            site, title="1 80 05 99 999 999 12", begun="2026-03-03T10:00", ended="2026-03-03T10:40", why=""
        )
        refused = await site.http.post("/accounts/501/incident", data=form)
        assert refused.status_code == 422
        assert "numéro de sécurité sociale" in refused.text
        for begun, ended in (("", "2026-03-03T10:40"), ("2026-03-03T10:40", "2026-03-03T10:00")):
            form = form_of(site, title="Accès volé", begun=begun, ended=ended, why="")
            assert (await site.http.post("/accounts/501/incident", data=form)).status_code == 422
        forged = await site.http.post("/accounts/501/incident", data={**form, FORM_FIELD: "forged"})
        assert forged.status_code == 401
        assert "Aucun incident" in plain(await site.http.get("/incidents"))

    play_office(room, database, scene)


def test_what_is_too_long_is_told_so_and_not_to_try_again(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        response = await site.http.post("/closings", data=form_of(site, reason="x" * 70_000))
        assert response.status_code == 413
        assert "raccourcissez le texte ou le fichier" in response.text

    play_office(room, database, scene)


def test_pages_are_strict_about_what_they_load(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        response = await site.http.get("/")
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert response.headers["cache-control"] == "no-store"
        assert not re.search(r"https?://(?!www\.w3\.org)", response.text)
        assert not re.search(r"\son\w+=|<style|style=", response.text)
        english = await site.http.get("/?lang=en")
        assert "What is happening now?" in english.text
        assert "tierce_lang=en" in english.headers["set-cookie"]

    play_office(room, database, scene)
