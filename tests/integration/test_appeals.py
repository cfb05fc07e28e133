"""A held professional appeals in her own session, and another person than whoever placed the hold answers her."""

import json

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.rooms import Room, open_room
from tests.integration.signin_world import API, Desk, Play, reason
from tests.integration.sites_world import Site, play_office
from tests.integration.test_office_site import attack, form_of, plain
from tierce.identity.appeals.service import Appeals
from tierce.identity.errors import AppealRefusedError
from tierce.identity.service import Received
from tierce.journal.encoding import decode
from tierce.lab.standins.browser_key import BrowserKey
from tierce.policy.acts import Act
from tierce.policy.ladder import APPEAL_ANSWERED_WITHIN, Level
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration
SAID = "Je vaccine dans un foyer ce matin : ces résidents sont nouveaux pour moi."
PATH = "/v1/holds/appeal"
URL = API + PATH


@pytest.fixture
def admin(connect: Connect) -> psycopg.Connection:
    return connect(SUPERUSER, autocommit=True)


def by(key: BrowserKey, desk_: Desk, handle: str) -> Received:
    """A request that the session's key has signed."""
    at = desk_.clock.now().timestamp()
    return Received("POST", URL, b"", key.proof("POST", URL, handle=handle, at=at))


def hold_device(
    admin: psycopg.Connection, number: int, *, device: str = "(select max(device) from access.line)"
) -> None:
    """Hold the device that signed in last."""
    admin.execute(
        'insert into access.ladder (id, level, subject, rung, since, until, "by", reason) select'
        f" {number}, 2, {device}, 3, now() - interval '1 minute', now() + interval '1 day', 'watch', 'essai'".encode()
    )


def test_her_own_hold_is_told_and_appealed_once_in_her_session(play: Play, admin: psycopg.Connection) -> None:
    async def scene(desk_: Desk) -> None:
        opened = await desk_.open_session()
        key = opened["key"]
        await desk_.bind(opened, key)
        appeals, handle = Appeals(desk_.sessions), opened["handle"]
        assert await appeals.holds(handle) == []
        hold_device(admin, 31)
        hold_device(admin, 32, device="424242")
        (hold,) = await appeals.holds(handle)
        assert (hold.id, hold.level, hold.automatic, hold.said) == (31, Level.DEVICE, True, None)
        await appeals.appeal(handle, by(key, desk_, handle), 31, f"  {SAID}  ")
        (hold,) = await appeals.holds(handle)
        assert hold.said is not None
        assert hold.due == hold.said + APPEAL_ANSWERED_WITHIN
        for number in (31, 32, 0):
            with pytest.raises(AppealRefusedError):
                await appeals.appeal(handle, by(key, desk_, handle), number, SAID)

    play(scene)
    assert admin.execute("select said from access.appeal").fetchall() == [(SAID,)]
    acts = [decode(bytes(body)).act for (body,) in admin.execute("select body from journal.entry order by seq")]
    assert acts.count(Act.APPEAL_MAKE) == 1


def test_a_substitute_is_told_that_who_declared_her_is_held_and_may_appeal(
    play: Play, admin: psycopg.Connection
) -> None:
    async def scene(desk_: Desk) -> None:
        opened = await desk_.open_session()
        key = opened["key"]
        await desk_.bind(opened, key)
        handle = opened["handle"]
        hold_device(admin, 31, device="424242")
        assert (await desk_.send("GET", "/v1/holds", handle)).json()["holds"] == []
        admin.execute(
            "with made as (insert into directory.substitution (professional, replaces, establishment, profession,"
            " from_day, until_day, by, login, device) select a.professional, (select max(id) from"
            " directory.professional where id <> a.professional), a.establishment, a.profession, 0, 99999,"
            " 'professional', 77, 424242 from access.session s join directory.activity a on a.id = s.activity"
            " returning id) update directory.activity a set substitution = made.id from made, access.session s"
            " where a.id = s.activity"
        )
        (hold,) = (await desk_.send("GET", "/v1/holds", handle)).json()["holds"]
        assert (hold["id"], hold["on"]) == ("31", "replaced")
        body = json.dumps({"hold": "31", "said": SAID}).encode()
        assert (await desk_.send("POST", PATH, handle, key, body)).status_code == 204

    play(scene)


def test_a_stolen_cookie_alone_writes_no_appeal_and_the_owner_s_still_counts(
    play: Play, admin: psycopg.Connection
) -> None:
    body = json.dumps({"hold": "31", "said": SAID}).encode()

    async def scene(desk_: Desk) -> None:
        opened = await desk_.open_session()
        key = opened["key"]
        handle = opened["handle"]
        await desk_.bind(opened, key)
        hold_device(admin, 31)
        assert reason(await desk_.send("POST", PATH, handle, None, body)) == "proof_missing"
        assert reason(await desk_.send("POST", PATH, handle, BrowserKey(), body)) == "proof_other_key"
        assert admin.execute("select count(*) from access.appeal").fetchone() == (0,)
        assert (await desk_.send("POST", PATH, handle, key, body)).status_code == 204

    play(scene)


def test_a_session_without_a_key_may_appeal(play: Play, admin: psycopg.Connection) -> None:
    async def scene(desk_: Desk) -> None:
        opened = await desk_.open_keyless()
        keyless = json.dumps({"activity": opened["activities"][0]["id"]}).encode()
        bound = await desk_.send("POST", "/v1/session/activity", opened["handle"], None, keyless)
        assert bound.status_code == 200, bound.text
        hold_device(admin, 31)
        body = json.dumps({"hold": "31", "said": SAID}).encode()
        assert (await desk_.send("POST", PATH, opened["handle"], None, body)).status_code == 204

    play(scene)


@pytest.mark.parametrize(
    "said", ["", "non", "x" * 601, "ligne\x07ligne ligne", "mon patient 1 85 05 78 006 084 42 attend"]
)
def test_a_text_that_cannot_be_kept_is_refused_without_being_repeated(
    play: Play, admin: psycopg.Connection, said: str
) -> None:
    async def scene(desk_: Desk) -> None:
        opened = await desk_.open_session()
        await desk_.bind(opened)
        hold_device(admin, 31)
        with pytest.raises(AppealRefusedError) as refused:
            await Appeals(desk_.sessions).appeal(opened["handle"], Received("POST", URL, b"", None), 31, said)
        assert not said or said not in str(refused.value)

    play(scene)
    assert admin.execute("select count(*) from access.appeal").fetchone() == (0,)


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    opened = open_room(connect, keyring)
    attack(opened)
    opened.admin.execute(
        "insert into access.appeal (id, professional, hold, said, at, due) values (5, 501, 1, %s, %s, %s)",
        (SAID, opened.clock.now(), opened.clock.now() + APPEAL_ANSWERED_WITHIN),
    )
    opened.admin.execute("update access.ladder set until = now() + interval '1 day'")
    opened.admin.commit()
    return opened


def test_staff_lift_with_a_reason_that_she_reads(room: Room, database: Database) -> None:
    async def scene(site: Site) -> None:
        page = plain(await site.http.get("/appeals"))
        assert "1 professionnel attend une réponse" in page
        assert "Je vaccine dans un foyer" in page
        wrong = await site.http.post("/appeals/5", data=form_of(site, decision="lift", words=""))
        assert wrong.status_code == 422
        form = form_of(site, decision="lift", words="Le foyer a confirmé votre visite.")
        assert (await site.http.post("/appeals/5", data=form)).status_code == 303
        assert "Aucun recours n'attend" in plain(await site.http.get("/appeals"))
        assert (await site.http.post("/appeals/5", data=form)).status_code == 409

    play_office(room, database, scene)
    row = room.admin.execute(
        'select a.answer, a.lifted, a."by", h.lifted is not null, h.lifted_why from access.appeal a, access.ladder h'
    ).fetchone()
    assert row == (
        "Le foyer a confirmé votre visite.", True, "Hélène Vasseur", True, "Le foyer a confirmé votre visite.",
    )  # fmt: skip


def test_whoever_placed_a_hold_does_not_decide_to_keep_it(room: Room, database: Database) -> None:
    room.admin.execute("""update access.ladder set "by" = 'Hélène Vasseur'""")
    room.admin.commit()

    async def scene(site: Site) -> None:
        keep = form_of(site, decision="keep", words="Nous vérifions encore.")
        refused = await site.http.post("/appeals/5", data=keep)
        assert refused.status_code == 422
        assert "une autre personne décide de le maintenir" in refused.text

    play_office(room, database, scene)
    assert room.admin.execute("select answered from access.appeal").fetchone() == (None,)
