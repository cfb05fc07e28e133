"""Requests that wait for a person of an insurer, and people of that insurer who read and answer them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

import psycopg

from tests.integration.billing_world import TODAY, House
from tierce.identity.model import InsurerCaller
from tierce.insurers.lines import InsurerLines
from tierce.insurers.reviews.model import Answer, Review
from tierce.insurers.reviews.service import Reviews
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import InsurerId, SessionId, StaffId, new_id
from tierce.storage.keys import Keyring


@dataclass(frozen=True)
class Reviewer:
    """Somebody of an insurer's staff with a session, on a connection of the site's role."""

    connection: psycopg.Connection
    caller: InsurerCaller
    handle: bytes
    reviews: Reviews

    def read(self, number: int) -> Review:
        return self.reviews.read(self.connection, self.caller, self.handle, number)

    def decide(self, number: int, answer: Answer) -> None:
        self.reviews.decide(self.connection, self.caller, self.handle, number, answer)


def reviewer(
    house: House, staff: int = 971, insurer: int | None = None, step: Callable[[], None] | None = None
) -> Reviewer:
    """Open a session of one of an insurer's staff, as a completed sign-in would have."""
    own, session = insurer or house.insurer, new_id()
    handle, now = sha256(str(session).encode()).digest(), SystemClock().now()
    house.admin.execute(
        "insert into access.insurer_session (id, bound, handle, insurer, staff, name, created, expires)"
        " values (%s, sha256('key'), %s, %s, %s, 'Camille', %s, %s)",
        (session, handle, own, staff, now, now + timedelta(minutes=30)),
    )
    connection = house.connect("tierce_insurers", autocommit=True)
    appender = Appender.enrol(connection, "insurers", Keyring(house.keys, ["coverage"]).instance("insurers"))
    lines = InsurerLines(appender, SystemClock(), bytes(16))
    caller = InsurerCaller(StaffId(staff), SessionId(session), "Camille", InsurerId(own), "99100001", "A")
    return Reviewer(connection, caller, handle, Reviews(lines) if step is None else Reviews(lines, step=step))


def left_to_a_person(house: House, number: int, insurer: int | None = None, most: int = 4_000) -> int:
    """A request that waits for a person, as `billing` leaves one: two lines, of which the second has nothing."""
    house.admin.execute(
        "insert into directory.establishment (id, finess, name, town)"
        " values (101, '990000101', 'Optique', 'Valbrume') on conflict do nothing"
    )
    house.admin.execute(
        "insert into care.agreement (id, establishment, professional, line, reference, kind, engagement, person,"
        " insurer, domain, care_day, until_day, answer_by, price, amo, asked, digest, at, entry, state, due)"
        " values (%s, 101, 201, 1, %s, 2, 1, %s, %s, 6, %s, %s, %s, 40000, 12000, 9000, sha256('i'),"
        " now() - interval '1 day' + %s * interval '1 second', 1, 8, %s)",
        (number, f"R-{number}", house.person, insurer or house.insurer, TODAY, TODAY + 183, TODAY + 10, number, most),
    )
    house.admin.execute(
        "insert into care.agreement_line (agreement, n, item, quantity, price, amo, asked, due)"
        " values (%s, 1, 'LENS', 1, 20000, 6000, 5000, %s), (%s, 2, 'FRAME', 1, 20000, 6000, 4000, 0)",
        (number, most, number),
    )
    return number


def stands(house: House, number: int) -> tuple[int, int, int, list[int]]:
    """State, reason, what is promised, and of each line."""
    row = house.admin.execute(
        "select a.state, a.reason, a.due, array_agg(l.due order by l.n) from care.agreement a"
        " join care.agreement_line l on l.agreement = a.id where a.id = %s group by a.id",
        (number,),
    ).fetchone()
    assert row is not None
    return row[0], row[1], row[2], row[3]
