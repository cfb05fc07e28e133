"""The office lists what was set aside, and all e-mails to one professional, by pages; no address is in either."""

import re
from urllib.parse import urlencode

import pytest

from tests.integration.conftest import Connect
from tests.integration.rooms import Room, open_room
from tests.integration.sites_world import Site, play_office
from tests.integration.test_office_site import plain
from tierce.incidents.holds.store import OWN_MAILS_LISTED_MAX
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.web.office.aside import ROWS

pytestmark = pytest.mark.integration
MAILS = 230
ADDRESS = "claire@tilleuls.example"


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    found = open_room(connect, keyring)
    found.admin.execute(
        "insert into notice.own_mail (token, professional, what, email, language, place, first, latest, times, begun,"
        " ended, how, code)"
        " select decode(lpad(to_hex(n), 20, '0'), 'hex'), 501, 3 + n %% 3, case when n %% 7 > 0 then %s end,"
        " 'fr', 'Cabinet', t.at, t.at, 1 + n %% 4, t.at, t.at,"
        " case when n %% 7 = 0 then 'unaddressed' when n %% 2 = 0 then 'refused' else 'sent' end,"
        " case when n %% 2 = 0 and n %% 7 > 0 then '550 5.1.1' else '' end"
        " from generate_series(1, %s) n, lateral (select now() - n * interval '7 minutes' as at) t",
        (ADDRESS, MAILS),
    )
    found.admin.commit()
    return found


async def through(site: Site, path: str, row: str) -> list[list[str]]:
    """The rows of each page, from the first to the last, by the links that they have."""
    pages = []
    following: str | None = path
    while following is not None:
        shown = await site.http.get(following)
        assert shown.status_code == 200
        assert ADDRESS not in shown.text
        pages.append(re.findall(row, shown.text))
        found = re.search(rf'href="{re.escape(path)}\?after=([^"]+)"', shown.text)
        following = None if found is None else f"{path}?after={found[1]}"
        assert len(pages) < 20
    return pages


def test_what_was_set_aside_is_read_whole_by_pages_of_fifty(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        pages = await through(site, "/aside", r">(professional-[0-9a-f]{20})<")
        aside = sum(n % 7 == 0 or n % 2 == 0 for n in range(1, MAILS + 1))
        assert [len(one) for one in pages] == [ROWS, ROWS, aside - 2 * ROWS]
        assert len({number for page in pages for number in page}) == aside
        first = plain(await site.http.get("/aside"))
        assert "refusé par la messagerie 550 5.1.1" in first.casefold()
        assert "tierce directory contact" in first
        english = await site.http.get("/aside?lang=en")
        assert "Messages set aside" in english.text

    play_office(room, database, scene)


def test_all_e_mails_to_a_professional_are_read_by_pages_and_her_own_page_is_bounded(
    room: Room, database: Database
) -> None:
    async def scene(site: Site) -> None:
        account = (await site.http.get("/accounts/501")).text
        section = account[account.index("Courriels au professionnel") : account.index("/accounts/501/mails")]
        assert section.count("<li>") == OWN_MAILS_LISTED_MAX
        pages = await through(site, "/accounts/501/mails", r"<li>.*?<time datetime=\"([^\"]+)\"")
        assert [len(one) for one in pages] == [ROWS] * (MAILS // ROWS) + [MAILS % ROWS]
        assert len({at for page in pages for at in page}) == MAILS
        assert (await site.http.get("/accounts/999999/mails")).status_code == 404

    play_office(room, database, scene)


@pytest.mark.parametrize(
    "after", ["x", "1", "1.", ".x", "99999999999999999999.x", "9" * 16 + ".x", "1." + "x" * 65, "1.\x00", "1.\udc80"]
)
def test_an_address_that_no_page_wrote_shows_the_first_page(room: Room, database: Database, after: str) -> None:
    async def scene(site: Site) -> None:
        query = urlencode({"after": after.encode("utf-8", "surrogatepass")})
        for path in ("/aside", "/accounts/501/mails"):
            assert (await site.http.get(f"{path}?{query}")).status_code == 200

    play_office(room, database, scene)
