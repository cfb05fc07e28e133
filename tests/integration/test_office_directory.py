"""The directory in the office: found by name or number, enrolled, suspended and ended with a reason and a line."""

import pytest

from tests.integration.conftest import Connect
from tests.integration.rooms import Room, open_room
from tests.integration.sites_world import Site, play_office
from tests.integration.test_office_site import form_of, plain
from tierce.journal.encoding import decode
from tierce.policy.acts import Act
from tierce.policy.staff import StaffRole
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration

HERS = "/directory/professionals/501"


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    opened = open_room(connect, keyring)
    opened.admin.execute(
        "insert into directory.activity (professional, establishment, profession) values (501, 601, 1)"
    )
    opened.admin.commit()
    return opened


def test_a_professional_and_a_place_are_found_by_name_or_number(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        for typed in ("morv", "MORVAN cl", "claire morvan", "899990000501"):
            assert "Claire Morvan" in plain(await site.http.get("/directory", params={"q": typed})), typed
        for typed in ("cabinet méd", "990000601"):
            assert "Valbrume" in plain(await site.http.get("/directory", params={"q": typed})), typed
        assert "L'annuaire n'a personne" in plain(await site.http.get("/directory", params={"q": "%%"}))
        assert "Tapez au moins deux lettres" in plain(await site.http.get("/directory", params={"q": "m"}))
        assert "Aucune demande d'inscription n'attend" in plain(await site.http.get("/directory"))

    play_office(room, database, scene, StaffRole.OPERATIONS)


def test_a_client_is_enrolled_suspended_and_ended_with_a_reason(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        assert "À l'annuaire, pas inscrit chez nous." in plain(await site.http.get(HERS))
        refused = await site.http.post(f"{HERS}/at/601/enrol", data=form_of(site, reason=" "))
        assert refused.status_code == 422
        assert "Dites pourquoi" in refused.text
        for move, said in (("enrol", "Inscrit"), ("suspend", "Suspendu"), ("end", "Terminé")):
            assert (await site.http.get(f"{HERS}/at/601/{move}")).status_code == 200
            sent = form_of(site, reason=f"Étape {move}.", contract="C-1")
            assert (await site.http.post(f"{HERS}/at/601/{move}", data=sent)).status_code == 303
            page = plain(await site.http.get(HERS))
            assert said in page
            assert f"Motif : Étape {move}." in page
        again = await site.http.post(f"{HERS}/at/601/suspend", data=form_of(site, reason="Encore."))
        assert again.status_code == 409
        assert "Claire Morvan" in plain(await site.http.get("/directory/places/601"))
        assert (await site.http.get(f"{HERS}/at/601/dance")).status_code == 404
        assert (await site.http.get(f"{HERS}/at/602/enrol")).status_code == 200
        nowhere = await site.http.post(f"{HERS}/at/602/enrol", data=form_of(site, reason="Elle y travaille."))
        assert nowhere.status_code == 409

    play_office(room, database, scene, StaffRole.OPERATIONS)
    rows = room.admin.execute("select body from journal.entry where kind = 5 order by seq").fetchall()
    assert [decode(bytes(body)).act for (body,) in rows] == [Act.ENROLMENT_MOVE] * 3


def test_who_holds_no_role_for_it_reads_and_moves_nobody(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        assert "Inscrire" not in plain(await site.http.get(HERS))
        assert (await site.http.get(f"{HERS}/at/601/enrol")).status_code == 403
        sent = form_of(site, reason="Sans droit.")
        assert (await site.http.post(f"{HERS}/at/601/enrol", data=sent)).status_code == 403

    play_office(room, database, scene, StaffRole.SECURITY)
