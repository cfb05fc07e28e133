"""A page of her space reads a few of the journal's lines, however many others there are."""

from dataclasses import replace
from hashlib import sha256

import pytest

from tests.integration.asks import ask, write_asks
from tests.integration.conftest import Connect
from tests.integration.rooms import open_room, signed_in
from tierce.identity.model import PersonCaller
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import PersonId, SessionId
from tierce.persons.rules import own_line
from tierce.policy.acts import Act
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration

ANNE = PersonCaller(PersonId(3), SessionId(952))
HANDLE = sha256(b"anne's opaque handle").digest()
OTHERS = 3_000
FEW = 40
READINGS = (
    "select * from gate.person_self(%s)",
    "select * from gate.person_history(%s, 9223372036854775807, 50)",
    "select * from gate.person_concerned(%s)",
    "select gate.person_of(%s)",
    "select * from presence.asked(%s)",
    "select * from notice.own_billed(%s, 200)",
    "select * from notice.own_messages(%s)",
    "select * from notice.own_wishes(%s)",
)


def test_each_reading_of_her_space_reads_a_few_lines_of_a_long_journal(connect: Connect, keyring: Keyring) -> None:
    room = open_room(connect, keyring)
    others = [ask(4 + number) for number in range(OTHERS)]
    for first in range(0, OTHERS, 64):
        write_asks(room.admin, keyring, others[first : first + 64])
    room.admin.execute(
        "insert into access.person_session (id, bound, handle, person, created, expires)"
        " values (%s, sha256('key'), %s, %s, now(), now() + interval '1 hour')",
        (ANNE.session, HANDLE, ANNE.person),
    )
    room.admin.execute("analyze journal.entry, journal.batch")
    room.admin.commit()
    lines = [replace(signed_in(), professional=ANNE.person, person=ANNE.person, session=ANNE.session)]
    lines.append(own_line(ANNE, Act.PERSON_CONCERNED, SystemClock().now()))
    with room.persons_site.transaction():
        room.persons._appender.write(room.persons_site, lines)

    def read() -> int:
        room.persons_site.execute("select pg_stat_force_next_flush()")
        room.admin.rollback()
        row = room.admin.execute(
            "select seq_tup_read + idx_tup_fetch from pg_stat_all_tables"
            " where schemaname = 'journal' and relname = 'entry'"
        ).fetchone()
        assert row is not None
        return int(row[0])

    for reading in READINGS:
        room.persons_site.execute("select 1")
        before = read()
        for _ in range(7):  # a plan that is kept is made after five
            room.persons_site.execute(reading.encode(), (HANDLE,)).fetchall()
        assert read() - before < 7 * FEW, reading
