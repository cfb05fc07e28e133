"""The insurers' site over HTTP: own counts, nothing of another insurer, and a line before activity is told."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
from litestar.routes import HTTPRoute

from tests.integration.asks import ask, sequence, write_asks
from tests.integration.conftest import Connect
from tests.integration.rooms import Room, open_room
from tests.integration.sites_world import HANDLE, Site, insurers_site
from tierce.identity.oidc import digest
from tierce.incidents.rules import incident_reference
from tierce.journal.encoding import decode
from tierce.journal.model import EntryKind
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import IncidentId
from tierce.policy.acts import Act
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.web.signin_site import FORM_FIELD
from tierce.web.visit import act_of

pytestmark = pytest.mark.integration

PATHS = ("/", "/activity", "/payments", "/payments/totals.csv", "/feeds")
OAK_FEED, CAPES_FEED = 8001, 8002


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    opened = open_room(connect, keyring)
    fill(opened)
    return opened


def fill(room: Room) -> None:
    """Seven people of the first insurer (one ended, one to come, one second), two of the other; a file of each.

    Some have other periods before or after: each is one person all the same.
    """
    today = "(now() at time zone 'Europe/Paris')::date - date '1970-01-01'"
    people = [
        *[(n, 1, "t - 30", "t + 30", 1, 0b101) for n in range(1, 5)],
        (5, 1, "t - 30", "t + 30", 2, 0b100),
        (6, 1, "t - 90", "t - 1", 1, 0b111),
        (7, 1, "t + 5", "t + 90", 1, 0b111),
        (1, 2, "t - 30", "t + 30", 2, 0b111),
        (8, 2, "t - 30", "t + 30", 1, 0b111),
        *[(n, 1, "t - 400", "t - 31", 2, 0b111) for n in (1, 2, 7)],
        *[(n, 1, "t + 31", "t + 90", 2, 0b111) for n in (1, 5)],
        *[(n, 1, begun, ended, 2, 0b111) for n, begun, ended in ((6, "t - 200", "t - 91"), (7, "t + 91", "t + 95"))],
    ]
    for person, insurer, begun, ended, priority, domains in people:
        span = f"{begun.replace('t', f'({today})')}, {ended.replace('t', f'({today})')}"
        room.admin.execute(
            (
                "insert into coverage.coverage (person, insurer, contract, domains, from_day, until_day, priority,"
                f" digest, sealed) values (%s, %s, 1, %s, {span}, %s, '', '')"
            ).encode(),
            (person, insurer, domains, priority),
        )
    for insurer in (1, 2):
        room.admin.execute("select registry.count_people(%s::smallint)", (insurer,))
    for number, insurer, rejected in ((OAK_FEED, 1, 0), (CAPES_FEED, 2, 31)):
        room.admin.execute(
            "insert into registry.feed (id, kind, insurer, file_sha256, state, lines_read, taken, rejected, started,"
            " ended) values (%s, 'rights', %s, '', 'done', 40, %s, %s, now(), now())",
            (number, insurer, 40 - rejected, rejected),
        )
    room.admin.commit()


def play(room: Room, database: Database, scene: Callable[[Site], Awaitable[None]], insurer: int = 1) -> None:
    async def whole() -> None:
        async with insurers_site(room, database, insurer) as site:
            await scene(site)

    asyncio.run(whole())


def plain(response: httpx.Response) -> str:
    assert response.status_code == 200, response.text[:2000]
    text = re.sub(r"<[^>]+>", " ", response.text).replace("\u00a0", " ").replace("\u202f", " ").replace("&#39;", "'")
    return re.sub(r"\s+", " ", text.replace("’", "'"))


def shown_today(room: Room, insurer: int, lines: int) -> None:
    """Answers shown a day ago about one insurer's people, sequenced and counted as the worker does."""
    at = SystemClock().now() - timedelta(days=1)
    write_asks(room.admin, room.keyring, [ask(1, insurer, at=at) for _ in range(lines)])
    sequence(room.worker, room.keyring)
    room.worker.execute("select registry.count_shown(10000)")
    room.worker.commit()


def test_each_route_declares_its_act_and_asks_for_a_session(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        for route in site.app.routes:
            if isinstance(route, HTTPRoute) and not route.path.startswith(("/look/", "/static/")):
                for handler in route.route_handlers:
                    assert handler.http_methods == {"OPTIONS"} or act_of(handler) is not None, route.path
        site.http.cookies.clear()
        for path in (*PATHS, f"/feeds/{OAK_FEED}"):
            assert (await site.http.get(path)).status_code == 401, path

    play(room, database, scene)


def test_she_reads_how_many_people_of_her_own_are_covered(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        text = plain(await site.http.get("/"))
        assert "5 de vos assurés sont couverts" in text
        assert "1 personne pour qui vous payez en second" in text
        assert "1 personne dont les droits commencent plus tard" in text
        assert "1 personne dont les droits sont finis" in text
        assert "Consultation généraliste MEDG 4" in text
        assert "Pharmacie PHAR 5" in text
        assert "Mutuelle du Grand Chêne" in text
        assert "Deux Caps" not in text

    play(room, database, scene)


def test_every_address_of_another_insurer_gives_nothing(room: Room, database: Database) -> None:
    shown_today(room, 2, 77)

    async def scene(site: Site) -> None:
        assert (await site.http.get(f"/feeds/{OAK_FEED}")).status_code == 200
        assert (await site.http.get(f"/feeds/{CAPES_FEED}")).status_code == 404
        assert (await site.http.get(f"/feeds/{CAPES_FEED}/refused.csv")).status_code == 404
        for path in (*PATHS, "/?insurer=2&amc=99100002&lang=en", "/activity?insurer=2", "/feeds?insurer=2"):
            text = plain(await site.http.get(path))
            assert not re.search(r"Deux Caps|99100002|\b77\b|\b31\b", text), path

    play(room, database, scene)


def test_refused_lines_of_her_own_file_are_listed_without_any_value(room: Room, database: Database) -> None:
    for feed in (OAK_FEED, CAPES_FEED):
        room.admin.execute(
            "insert into registry.feed_reason values (%s, 'rank', 'range', 'Hors de 1 à 9.', 'Out of 1 to 9.',"
            " 'Corrigez le rang.', 'Correct the rank.', 2)",
            (feed,),
        )
        room.admin.execute("insert into registry.feed_refused values (%s, 9, 'rank', 'range')", (feed,))
    room.admin.commit()

    async def scene(site: Site) -> None:
        assert "rank Hors de 1 à 9. Corrigez le rang. 2" in plain(await site.http.get(f"/feeds/{OAK_FEED}"))
        file = await site.http.get(f"/feeds/{OAK_FEED}/refused.csv")
        assert file.text.splitlines()[1] == "9,rank,Hors de 1 à 9.,Corrigez le rang.,Out of 1 to 9.,Correct the rank."
        handle = digest(HANDLE)
        for function in ("own_feed_reasons(%s, %s)", "own_feed_refused(%s, %s, 99)"):
            with room.admin.cursor() as cursor:
                cursor.execute(f"select * from registry.{function}".encode(), (handle, CAPES_FEED))
                assert cursor.fetchall() == []

    play(room, database, scene)


def test_lines_that_came_too_late_to_change_anything_are_told_with_their_remedy(
    room: Room, database: Database
) -> None:
    room.admin.execute(
        "update registry.feed set taken = 38, unchanged = 2, outdated = 2, people_ended = 3 where id = %s",
        (OAK_FEED,),
    )
    room.admin.commit()

    async def scene(site: Site) -> None:
        text = plain(await site.http.get(f"/feeds/{OAK_FEED}"))
        assert "Inchangées 2 Dont antérieures à ce qui est connu, sans effet 2" in text
        assert "2 lignes n'ont rien changé" in text
        assert "renvoyez-les avec le jour de l'envoi dans effective_on" in text
        assert "Personnes dont les droits prennent fin 3" in text

    play(room, database, scene)


def test_what_was_shown_is_told_in_counts_after_a_line_and_small_ones_are_masked(
    room: Room, database: Database
) -> None:
    shown_today(room, 1, 12)
    room.admin.execute("update registry.shown_count set domain = 3 where insurer = 1")
    day = "(select max(day) from registry.shown_count)"
    room.admin.execute(
        f"insert into registry.shown_count values (1, {day}, 6, 1, 4), (1, {day} + 1, 4, 1, 13)".encode()
    )
    room.admin.commit()

    async def scene(site: Site) -> None:
        text = plain(await site.http.get("/activity"))
        assert "Au moins 10 réponses montrées au sujet de vos assurés en 14 jours" in text
        assert "Pharmacie 0 masqué 0" in text, "16 that day, less 12, would tell the 4"
        assert "Optique 0 masqué 0" in text
        assert "Soins dentaires 10 0 0" in text
        assert "Aucune violation établie" in text

    play(room, database, scene)
    rows = room.admin.execute("select body from journal.entry where kind = 16").fetchall()
    lines = [decode(bytes(body)) for (body,) in rows]
    assert [(line.kind, line.act, line.insurer, line.person) for line in lines] == [
        (EntryKind.INSURER_ACT, Act.INSURER_ACTIVITY, 1, 0)
    ]


def test_people_on_an_incident_s_list_are_told_as_her_own_count_once_it_is_established(
    room: Room, database: Database
) -> None:
    room.admin.execute("insert into incident.incident (id, title, signal_at) values (5, 'Le Dr X', now())")
    room.admin.execute(
        "insert into incident.scope (incident, revision, criteria, digest, persons, entries, tree_size, gaps,"
        " unattributed, pending, at) values (5, 1, '{}', '', 9, 9, 1, '[]', 0, 0, now())"
    )
    room.admin.execute("insert into incident.insurer_count values (5, 1, 1, 3), (5, 1, 2, 6)")
    room.admin.commit()

    async def before(site: Site) -> None:
        assert "Aucune violation établie" in plain(await site.http.get("/activity"))
        room.admin.execute("update incident.incident set aware_at = now(), aware_by = 'H', aware_why = 'w'")
        room.admin.commit()
        text = plain(await site.http.get("/activity"))
        assert "3 de vos assurés sont sur la liste d'une violation" in text
        assert "Le Dr X" not in text
        assert "6 de vos" not in text
        row = room.admin.execute("select day from incident.incident").fetchone()
        assert row is not None
        reference = incident_reference(IncidentId(5), row[0])
        assert f"{reference} 3 de vos assurés" in text, "what its notice and its letters quote"
        assert 'href="/incidents/5"' not in (await site.http.get("/activity")).text, "no notice left yet"
        room.admin.execute(
            "insert into notice.warning (id, incident, revision, insurer, step, kind, due_at, next_try, entry)"
            " values (1, 5, 1, 1, 1, 1, now(), now(), 1)"
        )
        room.admin.commit()
        assert f'href="/incidents/5">{reference}</a>' in (await site.http.get("/activity")).text

    play(room, database, before)


def test_what_came_after_the_session_ended_is_said_not_to_be_kept_and_no_file_is_read(
    room: Room, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(site: Site) -> None:
        own, token = {"sec-fetch-site": "same-origin"}, {FORM_FIELD: site.csrf}
        site.http.cookies.clear()
        late = await site.http.post("/key", data={**token, "recipient": "age1recopiee"}, headers=own)
        assert (late.status_code, '<p class="keep-lines">age1recopiee</p>' in late.text) == (401, True)
        file = {"report": ("rapport.csv", b"matched,3\nnote,une phrase a elle", "text/csv")}
        late = await site.http.post("/incidents/5/report", data=token, files=file, headers=own)
        assert (late.status_code, "n’est pas enregistré" in late.text) == (401, True)
        assert 'href="/sign-in?return_to=/incidents/5"' in late.text
        assert "une phrase" not in late.text

    with caplog.at_level("DEBUG"):
        play(room, database, scene)
    assert "age1" not in caplog.text


def test_pages_are_strict_about_what_they_load(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        for path in PATHS:
            response = await site.http.get(path)
            assert "default-src 'none'" in response.headers["content-security-policy"]
            assert response.headers["cache-control"] == "no-store"
            assert not re.search(r"\son\w+=|<style|style=", response.text)
        assert "of your people" in (await site.http.get("/?lang=en")).text

    play(room, database, scene)


def test_she_reads_what_was_paid_for_her_own_insurer_in_sums(room: Room, database: Database) -> None:
    room.admin.execute(
        "insert into bank.batch (id, insurer, state, transfers, total, filed, digest, sent, sent_total, ended) values"
        " (255, 1, 4, 1, 125050, now(), sha256('a'), 1, 125050, now()),"
        " (256, 2, 4, 1, 7700, now(), sha256('b'), 1, 7700, now())"
    )
    room.admin.execute(
        "insert into bank.transfer (id, batch, establishment, account, amount, invoices, state, ended) values"
        " (1, 255, 601, 1, 125050, 9, 2, now()), (2, 256, 601, 1, 7700, 1, 2, now())"
    )
    room.admin.commit()

    async def scene(site: Site) -> None:
        text = plain(await site.http.get("/payments"))
        assert "1 250,50 € de virements pour votre compte" in text
        assert "0,00 € à virer pour votre compte" in text
        assert "TIERCE-00000000000000ff exécuté par la banque 9 1 250,50 € 0,00 €" in text.replace("  ", " ")
        assert "77,00" not in text
        rows = (await site.http.get("/payments/totals.csv")).text.splitlines()
        assert rows[0].startswith("reference,filed,state,invoices,cents")
        assert [(row.split(",")[0], row.split(",")[4]) for row in rows[1:]] == [("TIERCE-00000000000000ff", "125050")]

    play(room, database, scene)
