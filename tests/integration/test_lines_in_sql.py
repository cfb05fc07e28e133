"""What the database computes of lines by itself is what the policy says: rolls, sizes, numbers, probation."""

import random
from dataclasses import replace

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.world import make_world
from tierce.kernel.care import Profession
from tierce.kernel.clock import SystemClock, paris_day
from tierce.policy.ladder import Level
from tierce.policy.lines import COMMON, COMMON_B_PERCENT, place_of
from tierce.policy.seats import (
    PROBATION_LIMIT,
    SEAT_DAYS,
    SEATS,
    Line,
    SeatConstants,
    cap_of,
    effective_limit,
    new_line,
    on_probation,
    pack,
    roll,
)
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database

pytestmark = pytest.mark.integration
RULE = SeatConstants(600, COMMON_B_PERCENT, 2_400, probation=False)


@pytest.fixture
def admin(database: Database, connect: Connect) -> psycopg.Connection:
    """The superuser, on a small register."""
    make_world(database, people=1)
    return connect(SUPERUSER, autocommit=True)


def any_line(chance: random.Random) -> Line:
    """A common line with any history."""
    day = chance.randrange(20_000, 20_040)
    return Line(
        day=day, since=day - 100, limit=RULE.a, today=chance.randrange(90), attempts=0, known=0,
        weeks=chance.randrange(61), freed_256=chance.randrange(256 * 60), freed_week=chance.randrange(-40, 60),
        refused=0, seats=tuple(chance.randrange(9) for _ in range(SEAT_DAYS)), proofs=1,
    )  # fmt: skip


def test_a_common_line_rolls_as_the_policy_does(admin: psycopg.Connection) -> None:
    chance = random.Random(7)
    for _ in range(200):
        line = any_line(chance)
        to_day = line.day + chance.choice([-3, 0, 1, 2, 6, 7, 8, 29, 30, 31, 59, 60, 61, 200])
        stored = (Level.VENDOR.value, 1, line.day, line.weeks, RULE.a, RULE.top, 0, line.freed_256, line.freed_week,
                  line.today, list(line.seats), None)  # fmt: skip
        row = admin.execute(
            "with l as (select gate.roll_common(row(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::integer[],"
            " %s::timestamptz, 0)::gate.common, %s) as line)"
            " select (line).day, (line).weeks, (line).freed_256, (line).freed_week, (line).today, (line).seats,"
            " gate.limit_common(line), gate.free_common(line) from l",
            (*stored, to_day),
        ).fetchone()
        assert row is not None
        rolled = roll(line, RULE, to_day)
        limit = min(RULE.top, RULE.a + 4 * RULE.b_percent * rolled.freed_256 // 25_600)
        free = max(0, min(limit - rolled.open, cap_of(limit) - rolled.today))
        assert row[0] == rolled.day
        # The policy lets a line asleep keep its age in weeks; so does the database.
        assert row[1:5] == (rolled.weeks, rolled.freed_256, rolled.freed_week, rolled.today)
        assert tuple(row[5][(day % SEAT_DAYS)] for day in range(SEAT_DAYS)) == rolled.seats
        assert row[6:] == (limit, free)


@pytest.mark.parametrize("profession", list(Profession))
def test_an_establishment_s_line_has_the_number_that_the_gate_asks_for(
    admin: psycopg.Connection, profession: Profession
) -> None:
    for establishment in (1, 2**62 + 12_345, 2**63 - 1):
        row = admin.execute("select access.place_of(%s, %s)", (establishment, profession.value)).fetchone()
        assert row == (place_of(establishment, profession),)
        assert 0 < place_of(establishment, profession) < 2**63


def test_probation_is_read_from_the_bytes_as_the_policy_reads_it(admin: psycopg.Connection) -> None:
    chance = random.Random(3)
    for _ in range(60):
        since = 20_000 + chance.randrange(30)
        line = replace(new_line(Profession.GP, since), day=20_020, proofs=chance.randrange(2))
        row = admin.execute("select access.on_probation(%s, 20020)", (pack(line),)).fetchone()
        assert row == (on_probation(line),)
        assert (effective_limit(line) == PROBATION_LIMIT) == on_probation(line)


def test_a_common_line_is_sized_by_who_works_with_it(admin: psycopg.Connection) -> None:
    today = paris_day(SystemClock().now())
    admin.execute(
        "insert into directory.professional select n, n::text, null, 'A', 'B', 1 from generate_series(1, 400) n"
    )
    admin.execute("insert into access.login select n, n, now() from generate_series(1, 400) n")
    # 300 for long, 50 new, 50 gone; all twice, with two pieces of software of one vendor.
    admin.execute(
        "insert into access.clientele select s, n, 1, 9, 1, %s - case when n > 350 then 3 else 90 end,"
        " %s - case when n <= 50 then 60 else 1 end from generate_series(1, 400) n, generate_series(1, 2) s",
        (today, today),
    )
    a, top = SEATS[Profession.GP].a, SEATS[Profession.GP].top
    for level, subject in ((Level.SOFTWARE, 1), (Level.VENDOR, 9), (Level.CELL, 1), (Level.NATION, 0)):
        whole, new = (cap_of(a), cap_of(PROBATION_LIMIT) - 1) if level >= Level.CELL else (a, PROBATION_LIMIT)
        row = admin.execute(
            "with l as (select gate.size_common(row(%s, %s, %s, 0, 0, 0, 0, 0, 0, 0, array_fill(0, array[30]),"
            " now(), 0)::gate.common, %s) as line) select (line).a, (line).top, (line).clients from l",
            (level.value, subject, today, today),
        ).fetchone()
        size = COMMON[level]
        assert row == (
            max(size.base, (300 * whole + 50 * new) * size.percent // 100),
            max(size.base, 350 * top * size.percent // 100),
            350,
        )


def test_nobody_but_the_gate_draws_and_no_table_is_touched(connect: Connect, admin: psycopg.Connection) -> None:
    api = connect("tierce_api", autocommit=True)
    lend = "select * from gate.lend(array[6]::smallint[], array[1::bigint], array[8], array[0], array[0])"
    assert api.execute(lend).fetchone() == (paris_day(SystemClock().now()), [8])
    for statement in ("select * from gate.common", "update gate.common set today = 0", "delete from gate.given_back",
                      "select * from access.presented", "select * from access.clientele"):  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            api.execute(statement.encode())
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connect("tierce_office", autocommit=True).execute(lend)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        api.execute(lend.replace("[6]", "[8]"))
