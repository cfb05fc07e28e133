"""A professional is e-mailed of whoever gets in under her name: each way in, bounded, through a killed sender."""

from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.forks import killed, tierce
from tests.integration.conftest import Connect
from tests.integration.messages_world import kept
from tests.integration.signin_world import Desk, Play, fill_directory
from tests.integration.test_assistants import at_work, enrolled, name, rows
from tests.integration.test_identity_continuing import at, send, settled
from tests.integration.test_messages_killed import settings
from tests.mailbox import mailbox
from tests.waiting import eventually
from tierce.lab.standins.browser_key import BrowserKey
from tierce.notices.deliveries.rules import ATTEMPTS_MAX
from tierce.notices.own.model import Told
from tierce.policy.own_mail import OWN_MAILS_A_DAY
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database

pytestmark = pytest.mark.integration
CONTACT = (
    "insert into directory.contact (professional, email, language, at, by)"
    " values (201, '{}', 'fr', now() - interval '1 year', 'x')"
)
ADDRESS = "claire@tilleuls.example"
SENT = "update notice.own_mail set begun = now(), ended = now(), how = 'sent' where due <= now() and ended is null"


def on_file(connect: Connect, address: str = ADDRESS) -> psycopg.Connection:
    admin = connect(SUPERUSER, autocommit=True)
    admin.execute(CONTACT.format(address).encode())
    return admin


def told(connect: Connect) -> list[Any]:
    return rows(connect, "select what, times, email, how from notice.own_mail order by first, what")


def test_each_way_in_is_told_to_the_address_on_file_and_what_waits_takes_in_the_next(
    play: Play, connect: Connect
) -> None:
    on_file(connect)

    async def scene(desk_: Desk) -> None:
        doctor = await settled(desk_, connect)
        assert told(connect) == [(Told.DEVICE, 1, ADDRESS, None)]
        abandoned = await desk_.open_session(key=BrowserKey())
        await at(desk_, await desk_.open_session(key=doctor.key))
        assert told(connect) == [(Told.DEVICE, 1, ADDRESS, None)], "no new device"
        await at(desk_, await desk_.open_session(key=abandoned["key"]))
        assert told(connect)[-1] == (Told.DEVICE, 2, ADDRESS, None), "one that was left before hides no device"
        key = await enrolled(desk_, doctor)
        await at_work(desk_, key)
        expected = [(Told.DEVICE, 2, ADDRESS, None), (Told.CODE, 1, ADDRESS, None), (Told.PASSKEY, 1, ADDRESS, None)]
        assert told(connect) == expected, "an assistant's browser is told of by its passkey alone"
        (number,) = rows(connect, "select id from access.assistant")[0]
        assert (await send(desk_, doctor, f"/v1/assistants/{number}/code")).status_code == 201
        await at(desk_, await desk_.open_session())
        assert [row[:2] for row in told(connect)] == [(Told.DEVICE, 3), (Told.CODE, 2), (Told.PASSKEY, 1)]
        seen = rows(connect, "select place, software, device is null from notice.own_mail where what = 5")
        assert seen == [("Cabinet médical des Tilleuls", None, True)], "of two devices, neither"

    play(scene)


def test_a_thief_who_makes_codes_all_day_fills_no_mailbox_and_hides_none(play: Play, connect: Connect) -> None:
    admin = on_file(connect)

    async def scene(desk_: Desk) -> None:
        doctor = await settled(desk_, connect)
        for _ in range(OWN_MAILS_A_DAY):
            assert (await name(desk_, doctor)).status_code == 201
            admin.execute(SENT.encode())
        for _ in range(4):
            assert (await name(desk_, doctor)).status_code == 201
            admin.execute(SENT.encode())
        codes = rows(
            connect,
            "select times, how, due - min(due) over () >= interval '1 day' from notice.own_mail where what = 3"
            " order by due",
        )
        assert codes == [(1, "sent", False)] * OWN_MAILS_A_DAY + [(4, None, True)]
        await at(desk_, await desk_.open_session())
        assert told(connect)[-1] == (Told.DEVICE, 1, ADDRESS, None), "another kind does not wait for these"

    play(scene)


def test_without_an_address_a_row_says_so_and_how_often(play: Play, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        doctor = await settled(desk_, connect)
        await name(desk_, doctor)
        await name(desk_, doctor)
        assert told(connect) == [(Told.DEVICE, 1, None, "unaddressed"), (Told.CODE, 2, None, "unaddressed")]

    play(scene)


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("tierce_api", f"update directory.contact set email = '{ADDRESS}'"),
        ("tierce_api", "select email from directory.contact"),
        ("tierce_api", "update notice.own_mail set ended = now()"),
        ("tierce_api", "select notice.tell_own(201, 5::smallint, '', null, null)"),
        ("tierce_office", "select email from notice.own_mail"),
        ("tierce_notices", "update notice.own_mail set email = 'x@thief.example'"),
    ],
)
def test_no_session_changes_the_address_and_no_role_more_than_its_process_needs(
    connect: Connect, role: str, statement: str
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connect(role, autocommit=True).execute(statement.encode())


def test_killed_after_the_relay_took_it_and_before_it_was_noted_it_leaves_once_more_the_same(
    connect: Connect, tmp_path: Path, database: Database, key_directory: Path
) -> None:
    fill_directory(database)
    admin, inbox = on_file(connect, f"hold-end-{ADDRESS}"), tmp_path / "mailbox"
    admin.execute("select notice.tell_own(201, 4::smallint, 'Cabinet des Tilleuls', null, null)")
    with mailbox(inbox) as port:
        path = settings(tmp_path, database, key_directory, port)
        command = ("notice", "run", "--once", "--settings", path)
        with killed(*command):
            eventually((inbox / "held").exists, "the relay has the message and has not said so", seconds=60)
        assert rows(connect, "select begun is null, ended from notice.own_mail") == [(False, None)]
        (inbox / "go").touch()
        done = tierce(*command)
        assert done.returncode == 0, done.stderr
        assert rows(connect, "select how, attempts from notice.own_mail") == [("sent", 2)]
        messages = [message_from_bytes(one.read_bytes(), policy=policy.default) for one in kept(inbox)]
    assert messages
    assert len({str(one["Message-ID"]) for one in messages}) == 1
    text = str(messages[0].get_content())
    assert "Cabinet des Tilleuls" in text
    assert "http" not in text


def test_a_message_that_cannot_be_written_keeps_none_behind_it_and_fails_the_turn(
    connect: Connect, tmp_path: Path, database: Database, key_directory: Path
) -> None:
    fill_directory(database)
    admin = on_file(connect)
    for what in (4, 5):
        admin.execute("select notice.tell_own(201, %s::smallint, 'Cabinet des Tilleuls', null, null)", (what,))
    admin.execute(
        "update notice.own_mail set latest = '9999-12-31 23:59:59+00', at = at - interval '1 h' where what = 4"
    )
    with mailbox(tmp_path / "mailbox") as port:
        path = settings(tmp_path, database, key_directory, port)
        done = tierce("notice", "run", "--once", "--settings", path)
    assert done.returncode != 0
    assert "Tilleuls" not in done.stderr
    assert rows(connect, "select what, how, attempts from notice.own_mail order by what") == [
        (4, None, 1),
        (5, "sent", 1),
    ]
    admin.execute("update notice.own_mail set attempts = %s, due = now() where what = 4", (ATTEMPTS_MAX - 1,))
    with mailbox(tmp_path / "mailbox") as port:
        path = settings(tmp_path, database, key_directory, port)
        assert tierce("notice", "run", "--once", "--settings", path).returncode != 0
        assert tierce("notice", "run", "--once", "--settings", path).returncode == 0, "set aside, it is tried no more"
    assert rows(connect, "select how, code, attempts from notice.own_mail where what = 4") == [
        ("unwritten", "unwritten", ATTEMPTS_MAX)
    ]


def test_a_message_at_which_the_relay_hangs_up_each_time_is_tried_six_times_ever_later_and_then_told(
    connect: Connect, tmp_path: Path, database: Database, key_directory: Path
) -> None:
    fill_directory(database)
    admin = on_file(connect, f"drop-{ADDRESS}")
    admin.execute("select notice.tell_own(201, 4::smallint, 'Cabinet des Tilleuls', null, null)")
    waits = []
    with mailbox(tmp_path / "mailbox") as port:
        path = settings(tmp_path, database, key_directory, port)
        for _ in range(ATTEMPTS_MAX):
            assert tierce("notice", "run", "--once", "--settings", path).returncode == 0
            waits += rows(connect, "select ceil(extract(epoch from due - now()) / 60)::integer from notice.own_mail")
            admin.execute("update notice.own_mail set due = now()")
    assert waits[:-1] == [(5,), (10,), (20,), (40,), (80,)]
    assert rows(connect, "select how, code, attempts from notice.own_mail") == [("refused", "lost", ATTEMPTS_MAX)]


def test_whoever_holds_the_api_s_password_opens_no_session_on_a_new_device_that_she_is_not_told_of(
    connect: Connect, database: Database
) -> None:
    """No sign-in, no process: straight on the database, where the triggers are all that tells her."""
    fill_directory(database)
    on_file(connect)
    thief = connect("tierce_api", autocommit=True)
    thief.execute("insert into access.device (id, thumbprint, created) values (9, sha256('thief'), now())")
    thief.execute("insert into access.login (id, professional, created) values (8, 201, now())")
    columns = "id, handle, site, login, professional, acr, device, software, network, created, expires"
    values = "7, sha256('mine'), 1, 8, 201, 2, 9, 1, '\\x{}', now(), now() + interval '1 hour'".format("00" * 16)
    for born in ("activity", "assistant", "line"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            thief.execute(
                f"insert into access.session ({columns}, {born})"
                f" select {values}, id from directory.activity where professional = 201 limit 1".encode()
            )
    thief.execute(f"insert into access.session ({columns}) values ({values})".encode())
    assert told(connect) == []
    thief.execute(
        "update access.session set activity = (select min(id) from directory.activity where professional = 201)"
    )
    assert told(connect) == [(Told.DEVICE, 1, ADDRESS, None)]


def test_another_address_is_told_at_the_one_before(connect: Connect) -> None:
    """Whoever of the staff puts her own there is else told in the professional's stead of all that follows."""
    with connect(SUPERUSER) as admin:
        admin.execute(
            "insert into directory.professional (id, national_id, family_name, given_name, profession)"
            " values (201, '810001234567', 'A', 'B', 1)"
        )
    admin = on_file(connect)
    admin.execute("update directory.contact set email = email, language = 'en'")
    assert told(connect) == []
    admin.execute("update directory.contact set email = 'mule@ailleurs.example'")
    assert told(connect) == [(Told.ADDRESS, 1, ADDRESS, None)]
    admin.execute("update directory.contact set email = null")
    assert told(connect)[1:] == [(Told.ADDRESS, 1, "mule@ailleurs.example", None)]
    admin.execute("update directory.contact set email = 'claire@tilleuls.example'")
    assert len(told(connect)) == 2, "there was none before"
