"""The office's pages of what many share: how full, and who fills it."""

import pytest

from tests.integration.conftest import Connect
from tests.integration.rooms import Room, open_room
from tests.integration.sites_world import Site, play_office
from tests.integration.test_office_site import attack, plain
from tierce.kernel.care import Profession
from tierce.kernel.clock import paris_day
from tierce.policy.ladder import Level, cell_of
from tierce.policy.lines import place_of
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration
VENDOR, SOFTWARE = 31, 77


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    opened = open_room(connect, keyring)
    attack(opened)
    return opened


def drawn(room: Room, level: Level, subject: int, *, limit: int, today: int, seats: int = 0) -> None:
    """A common line as the gate left it today, with so many seats still open of yesterday."""
    day = paris_day(room.clock.now())
    by_day = [0] * 30
    by_day[(day - 1) % 30] = seats
    room.admin.execute(
        "insert into gate.common (kind, subject, day, limit_now, today, seats) values (%s, %s, %s, %s, %s, %s)"
        " on conflict (kind, subject) do update set day = excluded.day, limit_now = excluded.limit_now,"
        " today = excluded.today, seats = excluded.seats",
        (level, subject, day, limit, today, by_day),
    )
    room.admin.commit()


def test_the_fullest_come_first_after_the_nation_and_say_how_full(room: Room, database: Database) -> None:
    room.admin.execute("insert into directory.software values (%s, %s, 'Optivia')", (SOFTWARE, VENDOR))
    drawn(room, Level.NATION, 0, limit=20_000, today=1_200)
    drawn(room, Level.CELL, cell_of("75", Profession.OPTICIAN), limit=500, today=450)
    drawn(room, Level.VENDOR, VENDOR, limit=600, today=0, seats=120)
    drawn(room, Level.SOFTWARE, SOFTWARE, limit=600, today=0)

    async def scene(site: Site) -> None:
        page = plain(await site.http.get("/pools"))
        assert "1 réserve commune est presque pleine" in page
        assert page.index("Le pays") < page.index("Opticien, département 75") < page.index("Éditeur de Optivia")
        assert "6 %" in page
        assert "90 %" in page
        assert "120 places prises sur 600, dont 0 aujourd'hui" in page
        assert "Logiciel Optivia" not in page, "nothing of it is taken"
        assert 'href="/pools"' in (await site.http.get("/limits")).text, "led to from the devices at their limit"
        assert "1 common line is nearly full" in plain(await site.http.get("/pools?lang=en"))

    play_office(room, database, scene)


def test_a_pool_names_its_establishments_and_a_vendor_its_accounts(room: Room, database: Database) -> None:
    day = paris_day(room.clock.now())
    room.admin.execute("insert into directory.software values (%s, %s, 'Optivia')", (SOFTWARE, VENDOR))
    cell = cell_of("75", Profession.OPTICIAN)
    drawn(room, Level.CELL, cell, limit=500, today=9)
    drawn(room, Level.VENDOR, VENDOR, limit=600, today=9, seats=12)
    room.admin.execute(
        "insert into access.line (id, establishment, profession, created_day, cell, floor_day, drawn)"
        " values (%s, 601, 7, %s, %s, %s, 9) on conflict (id) do update set cell = excluded.cell,"
        " floor_day = excluded.floor_day, drawn = excluded.drawn",
        (place_of(601, Profession.OPTICIAN), day, cell, day),
    )
    room.admin.execute("update access.line set floor_day = %s, drawn = 7 where professional = 501", (day,))
    room.admin.execute(
        "insert into access.clientele select %s, login, 7, %s, %s, %s, %s from access.line where professional = 501",
        (SOFTWARE, VENDOR, cell, day, day),
    )
    room.admin.commit()

    async def scene(site: Site) -> None:
        pool = plain(await site.http.get(f"/pools/{Level.CELL}/{cell}"))
        assert "Opticien, département 75 : réserve pleine à 1 %" in pool
        assert "Qui la remplit aujourd'hui" in pool
        [place] = room.admin.execute("select name from directory.establishment where id = 601").fetchone() or [""]
        assert place in pool
        assert "Cette réserve ne garde que son jour" in pool
        vendor = plain(await site.http.get(f"/pools/{Level.VENDOR}/{VENDOR}"))
        assert "Claire Morvan" in vendor
        assert "Places encore prises, par jour" in vendor
        missing = await site.http.get("/pools/6/999")
        assert missing.status_code == 404
        assert "Personne n’a puisé dans cette réserve" in missing.text
        assert (await site.http.get("/pools/1/5")).status_code == 404, "a login is no common line"

    play_office(room, database, scene)


def test_without_anything_drawn_the_page_says_so(room: Room, database: Database) -> None:
    room.admin.execute("delete from gate.common")
    room.admin.commit()

    async def scene(site: Site) -> None:
        assert "Personne n'a encore puisé dans une réserve commune" in plain(await site.http.get("/pools"))

    play_office(room, database, scene)
