"""N4 from the insurers' own site: its notice, list, report and key; nothing of another insurer, whatever is tried."""

import asyncio
import re
import tomllib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pyrage
import pytest

from tests.integration.asks import AT
from tests.integration.conftest import Connect
from tests.integration.rooms import CAPES, HELENE, OAK, dismiss
from tests.integration.sites_world import HANDLE, Site, insurers_site, office_site, put_ticket
from tests.integration.telling_world import World, listed, open_world, opened_incident
from tests.integration.test_incidents_register import REASONS
from tierce.identity.oidc import Realm, digest
from tierce.identity.sites.forms import form_token
from tierce.incidents.states.model import Stage
from tierce.incidents.states.service import States
from tierce.insurers.breaches.rules import CHANNELS, OUTCOMES, fingerprint, read_report
from tierce.kernel.ids import IncidentId, InsurerId
from tierce.notices.contacts.columns import COLUMNS
from tierce.policy.acts import Act
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.web.insurers.site import HERE as INSURERS

pytestmark = pytest.mark.integration

OTHER_HANDLE = "t" * 43


@pytest.fixture
def world(connect: Connect, keyring: Keyring, tmp_path: Path) -> World:
    return open_world(connect, keyring, tmp_path)


def play(
    world: World, database: Database, scene: Callable[[Site], Awaitable[None]], insurer: InsurerId = OAK
) -> None:
    async def whole() -> None:
        async with insurers_site(world.room, database, insurer) as site:
            await scene(site)

    asyncio.run(whole())


def told(world: World) -> int:
    """Both insurers told, with a list each; the incident's number."""
    incident = opened_incident(world)
    for insurer in (OAK, CAPES):
        world.recipient(insurer)
    world.telling.turn(world.notices, world.box, world.hand_over)
    return incident.id


def plain(response: httpx.Response, status: int = 200) -> str:
    assert response.status_code == status, response.text[:2000]
    text = re.sub(r"<[^>]+>", " ", response.text).replace("\u00a0", " ").replace("\u202f", " ").replace("&#39;", "'")
    return re.sub(r"\s+", " ", text.replace("’", "'"))


async def post(site: Site, path: str, **fields: str) -> httpx.Response:
    return await site.http.post(path, data={"form_token": form_token(HANDLE), **fields})


async def send_report(site: Site, number: int, text: str) -> httpx.Response:
    files = {"report": ("rapport.csv", text.encode(), "text/csv")}
    return await site.http.post(f"/incidents/{number}/report", data={"form_token": form_token(HANDLE)}, files=files)


def one(world: World, query: str) -> tuple[object, ...] | None:
    found = world.room.admin.execute(query.encode()).fetchone()
    world.room.admin.rollback()
    return found


def test_an_insurer_nobody_of_whom_is_on_the_list_any_more_reads_that(world: World, database: Database) -> None:
    number = told(world)
    listed(world, IncidentId(number), AT + timedelta(seconds=5))
    world.telling.turn(world.notices, world.box, world.hand_over)

    async def scene(site: Site) -> None:
        assert "plus aucun de vos assurés" in plain(await site.http.get("/incidents"))
        assert "none of your people any more" in plain(await site.http.get("/incidents?lang=en"))
        assert "Plus aucun assuré de" in plain(await site.http.get(f"/incidents/{number}?lang=fr"))

    play(world, database, scene, CAPES)

    async def office() -> None:
        async with office_site(world.room, database) as site:
            text = plain(await site.http.get(f"/incidents/{number}/insurers"))
            assert "Prévoyance des Deux Caps 0" in re.sub(r" avenant \S+| aucun mandat écrit", "", text)

    asyncio.run(office())


def test_she_acknowledges_takes_her_list_and_reports_what_adds_up(world: World, database: Database) -> None:
    number = told(world)

    async def scene(site: Site) -> None:
        text = plain(await site.http.get("/incidents"))
        assert "se lit avant sa notification" in text
        assert "Lesquels de mes assurés, quelles données ?" in text
        assert "Accusé de réception attendu" in text
        assert "Inès Vidal" in text
        text = plain(await site.http.get(f"/incidents/{number}"))
        assert "Qu'ai-je à notifier ?" in text
        assert "Vos assurés concernés : 2 personnes." in text
        answer = await post(site, f"/incidents/{number}/acknowledge", revision="1")
        assert answer.status_code == 303
        assert "par Camille Rouvray" in plain(await site.http.get(f"/incidents/{number}"))
        (listed,) = one(world, "select id from notice.hand_over where insurer = 1") or ()
        taken = await post(site, f"/lists/{listed}")
        assert taken.status_code == 200, taken.text[:500]
        opened = pyrage.decrypt(taken.content, [world.recipients[OAK]]).decode()
        assert opened.count("A-00004") == 2
        assert "Z-9" not in opened
        head = "row,value,count,hour\n"
        wrong = await send_report(site, number, head + "outcome,matched,1,\n")
        assert "ne font pas le compte" in plain(wrong, 422)
        wrong = await send_report(site, number, head + "outcome,matched,deux,\n")
        text = plain(wrong, 422)
        assert "Ligne 2" in text
        assert "deux" not in text.partition("Ligne 2")[2][:80]
        with database.connect("tierce_insurers") as thief:  # a sixth count is nobody's, and none counts as nothing
            handle, line = one(
                world,
                "select s.handle, max(e.seq) from access.insurer_session s, journal.entry e"
                " where e.kind = 16 and get_byte(e.body, 2) = 208 group by s.handle",
            ) or (b"", 0)
            report = "select notice.report_in(%s, %s, 5, %s, %s::bigint[], '{X}', '{}', '{}', '{}')"
            for counts in ([0, 0, 0, 0, 0, 1], [1, None, 0, 0, 0], [1]):
                with pytest.raises(psycopg.errors.CheckViolation), thief.transaction():
                    thief.execute(report, (handle, line, number, counts))
        sent = "outcome,matched,1,\nunexplained,7K2M-9QXA-0D4T,,\ntold,email,1,2026-03-03T12:20+01:00\n"
        assert (await send_report(site, number, head + sent)).status_code == 303
        assert "Prévenus 1" in plain(await site.http.get(f"/incidents/{number}"))
        draft = (await site.http.get(f"/incidents/{number}/draft.json")).json()
        assert draft["values"]["people_count"]["content"][:2] == [2, 2]
        text = plain(await site.http.get(f"/incidents/{number}/draft"))
        assert "Mutuelle du Grand Chêne" in text
        assert "Vingt mille demandes" not in text  # staff typed it, and may have named another insurer

    play(world, database, scene)
    acts = [
        int(row[0])
        for row in world.room.admin.execute(
            "select get_byte(body, 2) from journal.entry where kind = 16 order by seq"
        ).fetchall()
    ]
    for act in (Act.INSURER_NOTICE_READ, Act.INSURER_ACKNOWLEDGED, Act.HAND_OVER_TAKEN, Act.INSURER_REPORTED):
        assert act.value in acts
    told_now = world.room.admin.execute("select channel, people from notice.told_count").fetchall()
    assert told_now == [("email", 1)]


def test_the_report_that_her_page_shows_is_one_that_is_taken(world: World, database: Database) -> None:
    number = told(world)

    async def scene(site: Site) -> None:
        page = await site.http.get(f"/incidents/{number}")
        (example,) = re.findall(r'<pre class="command">([^<]*)</pre>', page.text)
        report = read_report(example.encode(), datetime(2027, 1, 1, tzinfo=UTC))
        assert {word for word in OUTCOMES if word not in plain(page)} == set()
        assert {word for word in CHANNELS if word not in plain(page)} == set()
        assert (report.matched, len(report.unexplained), len(report.told)) == (412, 1, 2)

    play(world, database, scene)


def test_the_columns_that_her_page_names_for_contact_data_are_those_that_are_read() -> None:
    words = tomllib.loads((INSURERS / "words_incidents.toml").read_text("utf-8"))["lend.how_columns"]
    known = {one.name for one in COLUMNS}
    for said in words.values():
        named = set(re.findall(r"[a-z_0-9]+", said)) & known
        assert named >= {one.name for one in COLUMNS if one.required}
        assert known - named == {"rank", *(f"address_{number}" for number in range(2, 6))}


def test_n4_an_insurer_learns_nothing_of_another_from_its_own_site(world: World, database: Database) -> None:
    number = told(world)
    (other,) = one(world, "select id from notice.hand_over where insurer = 2") or ()
    (key,) = one(world, "select id from notice.recipient where insurer = 2") or ()

    async def scene(site: Site) -> None:
        for path in (
            "/incidents",
            f"/incidents/{number}",
            f"/incidents/{number}/draft",
            "/key",
            f"/incidents/{number}?insurer=2",
            "/incidents?amc=99100002&lang=en",
        ):
            text = (await site.http.get(path)).text
            assert not re.search(r"Deux Caps|deuxcaps|99100002|Z-9", text), path
        refused = await post(site, f"/lists/{other}")
        assert refused.status_code == 404
        assert b"age-encryption" not in refused.content
        assert (await post(site, f"/key/{key}/confirm")).status_code == 422
        assert (await site.http.get("/incidents/12345")).status_code == 404

    play(world, database, scene)
    site_role = world.room.admin.execute("select 1")
    assert site_role is not None
    handle = digest(HANDLE)
    with database.connect("tierce_insurers") as role:
        for query in (
            "select * from notice.hand_over",
            "select * from notice.hand_over_piece",
            "select * from notice.report",
            "select * from notice.recipient",
            "select * from notice.insurer_notice",
            "select * from contact.contact",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                role.execute(query.encode())
            role.rollback()
        assert role.execute("select notice.piece(%s, %s, 0)", (handle, other)).fetchone() in {None, (None,)}
        rows = role.execute("select recipient from notice.own_recipients(%s)", (handle,)).fetchall()
        assert [row[0] for row in rows] == [str(world.recipients[OAK].to_public())]
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="no committed line"):
            role.execute("select * from notice.own_notices(%s, 1)", (handle,))


def test_a_key_is_proved_by_its_holder_and_confirmed_by_somebody_else(world: World, database: Database) -> None:
    mine = pyrage.x25519.Identity.generate()

    async def scene(site: Site) -> None:
        assert "Ce n'est pas une clé publique age" in plain(await post(site, "/key", recipient="age1zzz"), 422)
        page = (await post(site, "/key", recipient=str(mine.to_public()))).text
        sealed = re.search(r"-----BEGIN AGE.*?END AGE ENCRYPTED FILE-----", page, re.S)
        path = re.search(r"/key/\d+/prove", page)
        assert sealed is not None
        assert path is not None
        answer = pyrage.decrypt(sealed[0].encode(), [mine]).decode()
        assert (await post(site, path[0], answer="0" * 32)).status_code == 422
        assert (await post(site, path[0], answer=answer)).status_code == 303
        own = path[0].replace("prove", "confirm")
        assert "vous l'avez proposée" in plain(await post(site, own), 422)
        world.room.admin.execute(
            "insert into access.insurer_session (id, bound, handle, insurer, staff, name, created, expires)"
            " values (980, sha256('key'), %s, 1, 981, 'Bastien Royer', now(), now() + interval '9 minutes')",
            (digest(OTHER_HANDLE),),
        )
        put_ticket(world.room.admin, Realm.INSURERS, 980, OTHER_HANDLE)
        world.room.admin.commit()
        hers = {site.cookie: OTHER_HANDLE, site.ticket_cookie: OTHER_HANDLE}
        site.http.cookies.update(hers)
        cookie = "; ".join(f"{name}={value}" for name, value in hers.items())
        second = await site.http.post(own, data={"form_token": form_token(OTHER_HANDLE)}, headers={"cookie": cookie})
        assert second.status_code == 303, plain(second, second.status_code)

    play(world, database, scene)
    rows = world.room.admin.execute(
        "select recipient, confirmed_name from notice.recipient where confirmed_at is not null"
    ).fetchall()
    assert rows == [(str(mine.to_public()), "Bastien Royer")]


def test_n4_no_list_is_encrypted_to_a_key_that_the_site_alone_put_there(world: World, database: Database) -> None:
    """Whoever holds the insurers' process makes up two people; the office, by telephone, is the third."""
    opened_incident(world)
    world.telling.turn(world.notices, world.box)
    world.recipient(OAK)
    world.room.admin.execute("update notice.recipient set vouched_at = null")
    world.room.admin.commit()
    with database.connect("tierce_insurers") as role, pytest.raises(psycopg.errors.InsufficientPrivilege):
        role.execute("update notice.recipient set vouched_at = now()")
    with database.connect("tierce_notices") as role, pytest.raises(psycopg.errors.InsufficientPrivilege):
        role.execute("update notice.recipient set vouched_at = now()")
    assert world.telling.turn(world.notices, world.box, world.hand_over).handed_over == 0

    async def office() -> None:
        async with office_site(world.room, database) as site:
            (number,) = one(world, "select id from incident.incident") or ()
            path = f"/incidents/{number}/insurers"
            page = await site.http.get(path)
            key = str(world.recipients[OAK].to_public())
            assert fingerprint(key) in plain(page)
            assert "Inès Vidal, DPO · 01 99 00 20 01" in plain(page)
            refused = await post(site, f"{path}/keys/{100 + OAK}", spoken_with_1=" ")
            assert "n'a pas été mise en service" in plain(refused, 422)
            done = await post(site, f"{path}/keys/{100 + OAK}", spoken_with_1="Inès Vidal, DPO")
            assert done.status_code == 303, plain(done, done.status_code)
            assert fingerprint(key) not in plain(await site.http.get(path))
            again = await post(site, f"{path}/keys/{100 + OAK}", spoken_with_1="Inès Vidal, DPO")
            assert again.status_code == 422

    asyncio.run(office())
    assert world.telling.turn(world.notices, world.box, world.hand_over).handed_over == 1
    kept = one(world, "select vouched_name, spoken_with, vouched_entry > 0 from notice.recipient") or ()
    assert kept == ("Hélène Vasseur", "Inès Vidal, DPO", True)


def test_what_proved_to_be_no_breach_is_said_to_whoever_was_told_that_it_was_one(
    world: World, database: Database
) -> None:
    number = told(world)
    incident = IncidentId(number)
    counted = "sur la liste d'une violation"

    async def scene(site: Site) -> None:
        assert counted in plain(await site.http.get("/activity"))
        assert "Pas une violation" not in plain(await site.http.get("/incidents"))
        first = '<button type="submit">'
        assert (await site.http.get(f"/incidents/{number}")).text.count(first) == 1, "what comes next, and no other"
        checked = AT + timedelta(minutes=1)
        States(world.room.clocks.register).move(
            world.room.office, HELENE, incident, stage=Stage.CHECK, happened=checked
        )
        dismiss(world.room, incident, REASONS)
        assert counted not in plain(await site.http.get("/activity"))
        assert "Pas une violation, selon l'opérateur" in plain(await site.http.get("/incidents"))
        page = plain(await site.http.get(f"/incidents/{number}"))
        assert "l'opérateur tient que cet incident n'est pas une violation" in page
        assert "restent vôtres" in page
        assert first not in (await site.http.get(f"/incidents/{number}")).text, "nothing is asked of it any more"

    play(world, database, scene)
