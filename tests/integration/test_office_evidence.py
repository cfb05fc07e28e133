"""The office's pages of the watch: evidence with its sentence, the queue of the unexplained, who is at the limit."""

import pytest

from tests.integration.conftest import Connect
from tests.integration.rooms import Room, open_room
from tests.integration.sites_world import Site, play_office
from tests.integration.test_office_site import attack, plain
from tierce.kernel.care import Profession
from tierce.kernel.clock import paris_day
from tierce.policy.evidence import Observation, State, begin, observe, pack, trap, worth
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    opened = open_room(connect, keyring)
    attack(opened)
    return opened


def enumerated(day: int, asks: int = 14) -> State:
    """What an enumeration leaves."""
    state = begin(Profession.OPTICIAN, day)
    for _ in range(asks):
        state, _ = observe(state, Observation(day, False, True))
    return state


def suspect(room: Room, state: State, rung: int) -> int:
    """Keep a state for the only line of account 501; gives the line."""
    row = room.admin.execute("select id from access.line where professional = 501").fetchone()
    assert row is not None
    room.admin.execute(
        "insert into access.evidence values (%s, %s, %s, %s, %s)",
        (row[0], pack(state), rung, worth(state), room.clock.now()),
    )
    room.admin.commit()
    return int(row[0])


def test_the_story_says_the_evidence_and_what_explains_each_answer(room: Room, database: Database) -> None:
    suspect(room, trap(enumerated(paris_day(room.clock.now()))), 3)
    seqs = [seq for (seq,) in room.admin.execute("select seq from journal.entry where kind = 1 order by seq")]
    room.admin.execute("insert into access.unexplained values (%s, now(), 1, 501, 601, null)", (seqs[0],))
    room.admin.execute("insert into access.unexplained values (%s, now(), 1, 501, 601, now())", (seqs[1],))
    room.admin.commit()

    async def scene(site: Site) -> None:
        page = plain(await site.http.get("/accounts/501"))
        assert "Ce que disent les demandes" in page
        assert "Sur 14 demandes sans preuve de présence, 14 pour des personnes jamais vues ici" in page
        assert "leurres demandés : 1" in page
        assert page.count("Rien n'explique encore cette réponse") == 1
        assert page.count("la facture de ces soins a suivi") == 1
        assert "L'établissement connaissait déjà cette personne" in page

    play_office(room, database, scene)


def test_each_device_that_shares_the_seats_is_named_and_known_as_held(room: Room, database: Database) -> None:
    """A thief who signs in again draws on the line that exists: the device held is not the one the line names."""
    line = suspect(room, enumerated(paris_day(room.clock.now())), 3)
    own = room.admin.execute("select device from access.line where id = %s", (line,)).fetchall()[0][0]
    room.admin.execute("insert into access.device (id, thumbprint, created) values (67, 's', now())")
    room.admin.execute("insert into directory.software values (1, 1, 'Portail')")
    room.admin.execute(
        "insert into access.session (id, handle, site, login, professional, acr, device, line, software, network,"
        " created, expires) values (7701, 'h', 1, 701, 501, 1, 67, %s, 1, '', now(), now() + interval '1 hour')",
        (line,),
    )
    room.admin.execute("update access.ladder set subject = 67, since = now(), until = now() + interval '1 day'")
    room.admin.commit()

    async def scene(site: Site) -> None:
        account = plain(await site.http.get("/accounts/501"))
        assert f"Appareils {own:04x} , 0043 preuve exigée" in account
        assert "Ces appareils partagent les mêmes places" in account
        assert "0 0 – freiné" in plain(await site.http.get("/unexplained"))

    play_office(room, database, scene)


def test_whoever_has_evidence_comes_first_whenever_he_asked_then_the_most_unusual(
    room: Room, database: Database
) -> None:
    suspect(room, enumerated(paris_day(room.clock.now())), 1)
    for number in range(30):
        account = 9_000 + number
        room.admin.execute(
            "insert into directory.professional values (%s, %s, null, %s, 'Zoé', 1)",
            (account, f"8{account}", "Goutte" if number == 29 else "Autre"),
        )
        room.admin.execute(
            "insert into access.overdue values (%s, %s, 0, %s, null, now())",
            (account, 30 if number == 29 else 900, 5.5 if number == 29 else 0.1),
        )
    room.admin.execute(
        "insert into access.unexplained select n, now(), 5, 9000, 601, null from generate_series(20000, 40001) n"
    )
    room.admin.commit()

    async def scene(site: Site) -> None:
        first = plain(await site.http.get("/unexplained"))
        assert "2 comptes sont à regarder" in first
        assert 0 < first.index("Claire Morvan") < first.index("Zoé Goutte") < first.index("Zoé Autre")
        assert "plus que d'habitude" in first
        assert "30 comptes ont des réponses sans suite" in first
        assert "Page suivante" in first
        second = plain(await site.http.get("/unexplained?page=1"))
        assert "Claire Morvan" not in second
        assert "Page précédente" in second
        assert "2 accounts are to be looked at" in plain(await site.http.get("/unexplained?page=-4&lang=en"))

    play_office(room, database, scene)


def test_whoever_counts_as_usual_is_said_to_be_so(room: Room, database: Database) -> None:
    room.admin.execute("insert into access.overdue values (501, 4, 0, -0.3, null, now())")
    room.admin.execute("insert into access.unexplained_day values (%s, false, 7, 2)", (paris_day(room.clock.now()),))
    room.admin.commit()

    async def scene(site: Site) -> None:
        page = plain(await site.http.get("/unexplained"))
        assert "Aucun compte ne sort de l'ordinaire" in page
        assert "habituel" in page
        assert "Premières réponses sans preuve, par jour" in page

    play_office(room, database, scene)


def test_declared_readings_that_nothing_confirmed_are_told_apart(room: Room, database: Database) -> None:
    room.admin.execute(
        "insert into directory.professional values (9001, '89001', null, 'Autre', 'Zoé', 1),"
        " (9002, '89002', null, 'Lecture', 'Yves', 3)"
    )
    room.admin.execute(
        "insert into access.overdue values (9001, 40, 0, 2.5, null, now()), (9002, 30, 28, 2, null, now())"
    )
    [first] = room.admin.execute("select seq from journal.entry where kind = 1 order by seq limit 1").fetchall()
    room.admin.execute("insert into access.unexplained values (%s, now(), 1, 501, 601, null, true)", first)
    room.admin.execute(
        "insert into access.unexplained_day values (%(day)s, false, 7, 2, 0, 0), (%(day)s, true, 9, 4, 0, 0),"
        " (%(day)s - 20, true, 1000, 940, 31, 1), (%(day)s - 20, true, 1200, 930, 32, 1),"
        " (%(day)s - 5, true, 9000, 0, 31, 1)",
        {"day": paris_day(room.clock.now())},
    )
    room.admin.execute("insert into directory.software values (1, 32, 'Officinia')")
    room.admin.execute("insert into gate.common (kind, subject, day, clients) values (6, 32, 0, 240)")
    room.admin.commit()

    async def scene(site: Site) -> None:
        everybody = plain(await site.http.get("/unexplained"))
        assert 0 < everybody.index("Zoé Autre") < everybody.index("Yves Lecture")
        assert "Carte déclarée (1)" in everybody
        robbed = "Officinia 240 1 200 270 72 plus que chez les autres"
        assert robbed in everybody, "a vendor that stands out is said on the page that opens first"
        declared = plain(await site.http.get("/unexplained?declared=true"))
        assert "Yves Lecture" in declared
        assert f"{robbed} – 0 1 000 60 225 comme chez les autres" in declared, "past the usual delay alone"
        assert "Zoé Autre" not in declared
        assert "avec une carte déclarée lue, par jour" in declared
        story = plain(await site.http.get("/accounts/501"))
        assert "rien ne l'a encore confirmé" in story

    play_office(room, database, scene)


def test_who_reaches_the_limit_together_is_said_first_and_whose_list_was_asked_for(
    room: Room, database: Database
) -> None:
    today = paris_day(room.clock.now())
    for line in range(12):
        room.admin.execute("insert into access.saturated values (%s, %s, 7, '75', 1, %s)", (today, line, b"n" * 16))
    room.admin.execute(
        "insert into directory.software values (1, 31, 'Optivia') on conflict (id) do update set name = excluded.name"
    )
    room.admin.execute("insert into access.decoy values (1, 1, 'fichier', now()), (2, 1, 'fichier', now())")
    room.admin.execute("insert into access.decoy_hit values (1, 3, 4, now())")
    room.admin.commit()

    async def scene(site: Site) -> None:
        page = plain(await site.http.get("/limits"))
        assert "3 groupes d'appareils atteignent leur limite ensemble" in page
        assert "Logiciel Optivia" in page
        assert "département 75" in page
        assert "6e6e6e6e" in page
        assert "Bénéficiaires" not in page
        assert "Leurres en place" in page

    play_office(room, database, scene)


def test_without_anything_each_page_says_so(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        assert "Toutes les réponses sont expliquées" in plain(await site.http.get("/unexplained"))
        assert "Aucun appareil n'est à sa limite aujourd'hui" in plain(await site.http.get("/limits"))

    play_office(room, database, scene)
