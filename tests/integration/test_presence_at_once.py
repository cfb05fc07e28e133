"""What a person may do so many times a day holds over several sessions of hers at once."""

import asyncio
from hashlib import sha256

import psycopg
import pytest

from tests.integration.at_once import while_open
from tests.integration.desk import PAUL, counter
from tests.integration.presenting import presenting
from tests.integration.world import World, enrol
from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock, micros
from tierce.kernel.ids import PersonId, SessionId
from tierce.policy.acts import Act, Outcome
from tierce.policy.presence import CARDS_A_DAY, CONFIRMATIONS_A_DAY
from tierce.presence.errors import TooManyCardsError
from tierce.storage.cluster import SUPERUSER
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration
SECOND = "another session of person 1".ljust(43, ".")


def sign_in_again(world: World, keyring: Keyring) -> None:
    """Open a second session of person 1, with its line."""
    world.run(
        "insert into access.person_session (id, bound, handle, person, created, expires)"
        f" values (1001, sha256('key'), sha256('{SECOND}'), 1, now(), now() + interval '30 minutes')"
    )
    line = Entry(
        kind=EntryKind.IDENTITY, act=Act.PERSON_SESSION_OPEN, outcome=Outcome.DONE, person=PersonId(1),
        time_us=micros(SystemClock().now()), professional=1, session=SessionId(1001),
    )  # fmt: skip
    with world.database.connect("tierce_persons") as connection:
        Appender.enrol(connection, "persons", keyring.instance("persons")).append(connection, [line])


def test_two_sessions_at_once_say_yes_six_times_a_day_together(world: World, keyring: Keyring) -> None:
    def answer(connection: psycopg.Connection, handle: str, seq: int) -> int:
        row = connection.execute(
            "select refused from presence.answer_ask(%s, %s, true)", (sha256(handle.encode()).digest(), seq)
        ).fetchone()
        assert row is not None
        return int(row[0])

    async def two_asks() -> None:
        async with counter(world, keyring) as desk:
            await desk.ask(PAUL)
            await desk.ask(PAUL)

    asyncio.run(two_asks())
    seqs = world.scalar("select array_agg(seq order by seq) from journal.entry where kind < 4")
    assert isinstance(seqs, list)
    with presenting(world, keyring) as cards:
        sign_in_again(world, keyring)
        with world.database.connect(SUPERUSER) as admin:
            for number in range(CONFIRMATIONS_A_DAY - 1):
                caller = enrol(world)
                admin.execute(
                    "insert into presence.answer (seq, person, establishment, professional, yes, at, until)"
                    " values (%s, 1, %s, %s, true, now(), now())",
                    (number, caller.establishment, caller.professional),
                )
        with (
            world.database.connect("tierce_persons") as one,
            world.database.connect("tierce_persons", autocommit=True) as other,
        ):
            assert answer(one, cards.handles[1], seqs[0]) == 0
            assert while_open(world.database, one, lambda: answer(other, SECOND, seqs[1])).result() == 2


def test_two_sessions_at_once_have_the_day_s_cards_together(world: World, keyring: Keyring) -> None:
    with presenting(world, keyring) as cards:
        sign_in_again(world, keyring)
        place = enrol(world).establishment
        code = cards.code(place)
        for _ in range(CARDS_A_DAY - 1):
            cards.signer.mint(cards.connection, cards.handles[1], code)
        with (
            world.database.connect("tierce_signer") as one,
            world.database.connect("tierce_signer", autocommit=True) as other,
        ):
            cards.signer.mint(one, cards.handles[1], code)
            late = while_open(world.database, one, lambda: cards.signer.mint(other, SECOND, code))
            with pytest.raises(TooManyCardsError):
                late.result()
