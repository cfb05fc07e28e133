"""Another account of an establishment: who may ask, what is told, who confirms, and when it comes into force."""

from dataclasses import replace

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from tests.integration.accounts_world import (
    BRUNO,
    HELENE,
    HOLDER,
    IBAN,
    OTHER_IBAN,
    At,
    Offices,
    Stored,
    account_in_force,
    arrive,
    known,
)
from tests.integration.conftest import Connect
from tests.integration.signin_world import MORVAN, TREASURER, Desk, Play, reason
from tierce.billing.bank.copying import open_copy
from tierce.billing.bank.errors import AccountMovedError
from tierce.billing.bank.model import AccountState, Oddity
from tierce.incidents.errors import FormError
from tierce.journal.encoding import decode
from tierce.journal.model import EntryKind
from tierce.kernel.ids import SessionId
from tierce.policy.acts import Act
from tierce.storage.keys import BANK_KEY, Keyring

pytestmark = pytest.mark.integration


@pytest.fixture
def offices(play: Play, connect: Connect, keyring: Keyring) -> Offices:
    return Offices.open_(connect, keyring)


def lines(admin: psycopg.Connection) -> list[tuple[Act, AccountState]]:
    rows = admin.execute("select body from journal.entry where kind = 23 order by seq").fetchall()
    found = [decode(bytes(row[0])) for row in rows]
    assert {one.kind for one in found} <= {EntryKind.ACCOUNT}
    return [(one.act, AccountState(one.activity)) for one in found]


def test_an_account_comes_into_force_after_its_days_and_a_call_and_the_old_one_serves_until_then(
    play: Play, offices: Offices, connect: Connect, keyring: Keyring
) -> None:
    async def scene(desk_: Desk) -> None:
        morvan = await known(desk_, offices.admin)
        asked = await morvan.ask(desk_)
        assert asked.status_code == 201, asked.text
        under_way = asked.json()["under_way"]
        assert (under_way["masked"], under_way["state"], under_way["own"]) == ("FR •••• 0172", "asked", True)
        assert IBAN[4:] not in asked.text.replace(" ", "")
        offices.told()
        assert offices.turn() == (1, 0, 0)
        offices.confirm()
        assert offices.turn() == (0, 0, 0)
        assert account_in_force(offices.billing, 101) is None
        offices.wait()
        assert offices.turn() == (0, 0, 1)
        first = account_in_force(offices.billing, 101)
        assert isinstance(first, Stored)
        assert offices.mover.opener.iban(101, first.sealed) == IBAN
        assert (first.tail, first.holder) == ("0172", HOLDER)
        (copy,) = offices.admin.execute("select copy from bank.account where id = %s", (first.id,)).fetchone() or ()
        assert open_copy([TREASURER], 101, first.id, copy) == IBAN
        # Another: the first serves until the very moment at which the second does.
        assert (await morvan.ask(desk_, OTHER_IBAN)).status_code == 201
        offices.told()
        offices.turn()
        offices.wait()
        assert offices.turn() == (0, 0, 0)
        assert account_in_force(offices.billing, 101) == first
        offices.confirm()
        assert offices.turn() == (0, 0, 1)
        second = account_in_force(offices.billing, 101)
        assert second is not None
        assert offices.mover.opener.iban(101, second.sealed) == OTHER_IBAN
        read = await morvan.read(desk_)
        assert (read["in_force"]["masked"], [one["state"] for one in read["over"]]) == ("FR •••• 0273", ["ended"])

    play(scene)
    moves = lines(offices.admin)
    once = [(Act.ACCOUNT_ASK, AccountState.ASKED), (Act.ACCOUNT_MOVE, AccountState.WAITING)]
    confirmed = [(Act.STAFF_ACCOUNT_CONFIRM, AccountState.WAITING)]
    assert sorted(moves) == sorted(
        2 * once
        + 2 * confirmed
        + 2 * [(Act.ACCOUNT_MOVE, AccountState.IN_FORCE)]
        + [(Act.ACCOUNT_MOVE, AccountState.ENDED)]
    )


def test_no_new_device_no_old_sign_in_and_nobody_but_a_manager_asks(play: Play, offices: Offices) -> None:
    async def scene(desk_: Desk) -> None:
        stranger = await arrive(desk_)
        assert reason(await stranger.ask(desk_)) == "account_new_device"
        # One that goes on with an older line is settled at once, and new all the same.
        offices.admin.execute("update access.device set created = now() - interval '400 days'")
        assert reason(await stranger.ask(desk_)) == "account_new_device"
        morvan = await known(desk_, offices.admin, days=13)
        assert reason(await morvan.ask(desk_)) == "account_new_device"
        offices.admin.execute("update access.device set created = now() - interval '15 days'")
        offices.admin.execute("update access.session set created = created - interval '16 minutes'")
        assert reason(await morvan.ask(desk_)) == "account_signed_in_long_ago"
        assert (await morvan.read(desk_))["stopped"] == "signed_in_long_ago"
        offices.admin.execute("update access.session set created = now()")
        offices.admin.execute("update directory.enrolment set manager = false")
        assert reason(await morvan.ask(desk_)) == "account_not_manager"
        # Alone there, she manages it.
        offices.admin.execute("delete from directory.enrolment where professional = 204")
        wrong = await morvan.ask(desk_, "not an iban")
        assert (wrong.status_code, wrong.json().get("field")) == (422, "iban"), wrong.text
        unsigned = await desk_.send("POST", "/v1/account", morvan.handle, None, b'{"iban":"x","holder":"y"}')
        assert unsigned.status_code == 401
        assert (await morvan.ask(desk_)).status_code == 201
        assert reason(await morvan.ask(desk_, OTHER_IBAN)) == "account_under_way"

    play(scene)


def test_a_hold_on_the_asker_stops_an_ask_and_suspends_one_that_was_made(play: Play, offices: Offices) -> None:
    hold = (
        'insert into access.ladder (id, level, subject, rung, since, until, "by", reason)'
        " select 1, 2, %s, 3, now(), now() + interval '1 day', 'watch', 'seats'"
    )

    async def scene(desk_: Desk) -> None:
        morvan = await known(desk_, offices.admin)
        assert (await morvan.ask(desk_)).status_code == 201
        offices.told()
        offices.turn()
        offices.confirm()
        offices.confirm(BRUNO)
        offices.wait()
        offices.admin.execute(hold, (morvan.device,))
        (ask,) = offices.desk.queue(offices.office)
        assert (ask.suspended, Oddity.HELD_LATELY in ask.odd) == (True, True)
        assert offices.turn() == (0, 0, 0)
        assert (await morvan.send(desk_, "/v1/account/stop")).json() == {"state": "withdrawn"}
        assert reason(await morvan.ask(desk_)) == "account_held"
        offices.admin.execute("update access.ladder set lifted = now()")
        assert (await morvan.ask(desk_)).status_code == 201

    play(scene)


def test_anybody_of_the_establishment_objects_in_one_act_and_everybody_there_is_told(
    play: Play, offices: Offices
) -> None:
    offices.admin.execute("update directory.professional set active = true where id = 204")

    async def scene(desk_: Desk) -> None:
        morvan = await known(desk_, offices.admin)
        await morvan.ask(desk_)
        offices.turn()
        query = "select professional, email, language from notice.own_mail where account is not null order by 1"
        assert offices.admin.execute(query).fetchall() == [
            (201, "claire@tilleuls.example", "fr"),
            (204, "luc@tilleuls.example", "en"),
        ]
        colleague = await _colleague(desk_, offices)
        session = (await desk_.send("GET", "/v1/session", colleague.handle)).json()
        assert session["account_asked"] == "FR •••• 0172"
        assert (await colleague.send(desk_, "/v1/account/stop")).json() == {"state": "refused"}
        assert reason(await colleague.send(desk_, "/v1/account/stop")) == "account_moved"
        assert (await desk_.send("GET", "/v1/session", morvan.handle)).json()["account_asked"] is None
        offices.wait()
        assert offices.turn() == (0, 0, 0)
        with pytest.raises(AccountMovedError):
            offices.confirm()

    play(scene)
    assert offices.states() == [AccountState.REFUSED]
    assert (Act.ACCOUNT_STOP, AccountState.REFUSED) in lines(offices.admin)


async def _colleague(desk_: Desk, offices: Offices) -> At:
    """Somebody else who works there: her session is moved to the place, as its provider does not vouch for it."""
    found = await arrive(desk_, MORVAN, place=1)
    offices.admin.execute(
        "update access.session set professional = 204, activity = (select id from directory.activity"
        " where professional = 204) where device = %s",
        (found.device,),
    )
    return found


def test_what_is_odd_takes_a_second_member_of_staff_and_nobody_confirms_twice(play: Play, offices: Offices) -> None:
    async def scene(desk_: Desk) -> None:
        morvan = await known(desk_, offices.admin, days=60)
        await morvan.ask(desk_)
        offices.turn()
        offices.wait()
        (ask,) = offices.desk.queue(offices.office)
        assert (set(ask.odd), ask.needed) == ({Oddity.NOBODY_TOLD, Oddity.YOUNG_DEVICE}, 2)
        offices.confirm()
        married = replace(HELENE, session=SessionId(9109), name="Hélène Le Goff", roles=frozenset({"operations"}))
        for again in (HELENE, married):
            with pytest.raises(AccountMovedError):
                offices.confirm(again)
        assert offices.turn() == (0, 0, 0), "by another session, name or role she is the same one"
        with pytest.raises(FormError) as refused:
            offices.confirm(BRUNO, said=f"Elle a lu {IBAN[:14]} {IBAN[14:]}.")
        assert refused.value.field == "said"
        offices.confirm(BRUNO)
        assert offices.turn() == (0, 0, 1)

    play(scene)


@pytest.mark.parametrize("back", [False, True])
def test_one_member_of_staff_and_one_professional_move_no_account_out_of_sight_of_the_others(
    play: Play, offices: Offices, back: bool
) -> None:
    """Operations end, or suspend, whoever would be told; the accomplice, alone there, asks; operations confirm."""

    def move(status: int) -> None:
        offices.admin.execute(
            "update directory.enrolment set status = %s, at = now() where professional = 204", (status,)
        )

    async def scene(desk_: Desk) -> None:
        accomplice = await known(desk_, offices.admin)
        move(3)
        assert (await accomplice.ask(desk_)).status_code == 201
        told = offices.admin.execute("select email from notice.own_mail where what = 1").fetchall()
        assert told == [("claire@tilleuls.example",)], "the accomplice alone"
        offices.told()
        offices.turn()
        if back:
            move(2)
        offices.wait()
        (ask,) = offices.desk.queue(offices.office)
        assert (set(ask.odd), ask.needed) == ({Oddity.SENT_AWAY}, 2)
        offices.confirm(BRUNO)
        assert offices.turn() == (0, 0, 0), "not by one of the staff alone"
        offices.confirm(HELENE)
        assert offices.turn() == (0, 0, 1)

    play(scene)


def test_an_application_refused_there_is_nothing_odd(play: Play, offices: Offices) -> None:
    async def scene(desk_: Desk) -> None:
        morvan = await known(desk_, offices.admin)
        offices.admin.execute(
            "insert into directory.enrolment (professional, establishment, status, by) values (202, 101, 1, 'x');"
            "update directory.enrolment set status = 4, at = now() where (professional, establishment) = (202, 101)"
        )
        await morvan.ask(desk_)
        offices.told()
        offices.turn()
        (ask,) = offices.desk.queue(offices.office)
        assert (set(ask.odd), ask.needed) == (set(), 1)

    play(scene)


def test_what_billing_opens_and_finds_to_be_something_else_is_refused(play: Play, offices: Offices) -> None:
    async def scene(desk_: Desk) -> None:
        morvan = await known(desk_, offices.admin)
        await morvan.ask(desk_)
        # A captured `api` shows the tail that staff will be told of, and seals another account.
        offices.admin.execute("update bank.account set tail = '0999'")
        assert offices.turn() == (0, 1, 0)
        read = await morvan.read(desk_)
        assert (read["under_way"], read["over"][0]["why"]["en"]) == (
            None, "what is sealed is not the IBAN that it says",
        )  # fmt: skip

    play(scene)


def test_each_role_reads_no_more_than_its_process_needs(play: Play, offices: Offices, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        await (await known(desk_, offices.admin)).ask(desk_)

    play(scene)
    every = ("api", "office", "persons", "insurers", "signer", "worker", "feed", "upkeep", "notices", "inspector")
    for role in (f"tierce_{one}" for one in every):
        connection = connect(role, autocommit=True)
        for query in (
            "select sealed from bank.account",
            "select twin from bank.account",
            "insert into bank.account (id) values (1)",
            "update bank.account set state = 3",
            "update bank.account set sealed = null",
            "delete from bank.account",
            "select bank.put_in_force(1)",
            "select bank.examined(1, null)",
        ):
            with pytest.raises(InsufficientPrivilege):
                connection.execute(query)
    for role, query in (
        ("tierce_api", "select tail from bank.account"),
        ("tierce_feed", "select tail from bank.account"),
        ("tierce_api", "select bank.confirm(1, 1, 'x', 1::smallint, 'x', 'x')"),
        ("tierce_office", "select bank.ask(1, 1, '', null, 'FR', '0172', 'x', now())"),
        ("tierce_office", "select email from notice.own_mail"),
        ("tierce_notices", "select holder from bank.account"),
        ("tierce_billing", "select copy from bank.account"),
        ("tierce_billing", "update bank.account set copy = null"),
        ("tierce_notices", "select copy from bank.account"),
        ("tierce_billing", "update bank.account set due = now()"),
        ("tierce_billing", "insert into bank.confirmation values (1, 1, 'x', 1, 'xx', 'x')"),
        ("tierce_billing", "select bank.confirm(1, 1, 'x', 1::smallint, 'x', 'x')"),
    ):
        with pytest.raises(InsufficientPrivilege):
            connect(role, autocommit=True).execute(query.encode())


def test_the_database_holds_the_days_whatever_api_says(play: Play, offices: Offices, connect: Connect) -> None:
    async def scene(desk_: Desk) -> None:
        morvan = await known(desk_, offices.admin)
        row = offices.admin.execute("select id from access.session where device = %s", (morvan.device,)).fetchone()
        assert row is not None
        taken = connect("tierce_api", autocommit=True).execute(
            "select bank.ask(%s, 7, 'x', null, 'FR', '0172', 'Voleur', now())", (row[0],)
        )
        assert taken.fetchone() == (0,)

    play(scene)
    found = offices.admin.execute("select due - asked from bank.account").fetchone()
    assert found is not None
    assert found[0].total_seconds() >= 72 * 3600


def test_no_page_line_or_table_of_the_dump_holds_the_account(play: Play, offices: Offices, keyring: Keyring) -> None:
    async def scene(desk_: Desk) -> None:
        await (await known(desk_, offices.admin)).ask(desk_)
        offices.turn()

    play(scene)
    tables = offices.admin.execute(
        "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname not in"
        " ('pg_catalog', 'information_schema')"
    ).fetchall()
    clear, digits = IBAN, IBAN[4:-4]
    for (table,) in tables:
        for (row,) in offices.admin.execute(f"select t::text from {table} t".encode()).fetchall():
            assert clear not in row
            assert digits not in row
            assert clear.encode().hex() not in row
    assert keyring.raw(BANK_KEY)
