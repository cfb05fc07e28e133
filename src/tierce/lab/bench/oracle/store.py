"""The population of the oracle test: people not covered for each reason, desks that are full, held or used up."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, LiteralString

from psycopg import Connection, sql

from tierce.kernel.ids import new_id
from tierce.lab.bench.store import LINE_AGE_DAYS, index_of
from tierce.lab.bench.traffic import place_of
from tierce.policy.acts import Outcome
from tierce.policy.ladder import Level, Rung
from tierce.policy.seats import DAY_LIMITS, SEATS, Line, cap_of, new_line, pack
from tierce.storage.keys import Keyring

STRICT_INSURER: Final = 99
"""Lists whom it is contracted with for every domain, and is contracted with nobody."""
_NO_DESK_S_DOMAIN: Final = 1 << 11
"""Transport, which no desk of the measurement asks about."""


def uncover(connection: Connection, keyring: Keyring, people: Sequence[int], day: int) -> None:
    """Take their cover from these people, a fifth for each reason; as many rows are left as a real register has."""
    connection.execute(
        "insert into registry.insurer (id, amc, name, listed_domains)"
        " values (%s, '99999999', 'Mutuelle stricte', 4095)",
        (STRICT_INSURER,),
    )
    connection.execute(
        "create temporary table uncovered on commit drop as"
        " select k.person, a.reason from unnest(%s::uuid[], %s::integer[]) a(idx, reason)"
        " join person.key k using (idx)",
        ([index_of(keyring, number) for number in people], [number % 5 for number in people]),
    )
    connection.execute("delete from coverage.coverage c using uncovered u where c.person = u.person and u.reason = 0")
    changes: tuple[tuple[LiteralString, tuple[int, ...]], ...] = (
        ("from_day = %s, until_day = %s", (day - 400, day - 40)),
        ("from_day = %s, until_day = %s", (day + 40, day + 400)),
        ("domains = %s", (_NO_DESK_S_DOMAIN,)),
        ("insurer = %s", (STRICT_INSURER,)),
    )
    for reason, (change, values) in enumerate(changes, start=1):
        connection.execute(
            sql.SQL(
                "update coverage.coverage c set {} from uncovered u where c.person = u.person and u.reason = %s"
            ).format(sql.SQL(change)),
            (*values, reason),
        )


def leave_no_seat(connection: Connection, desks: Sequence[int], day: int) -> None:
    """Use up these desks' cap of the day."""
    _set_lines(connection, desks, day, lambda line, desk: replace(line, today=cap_of(SEATS[place_of(desk)[0]].a)))


def use_up_known(connection: Connection, desks: Sequence[int], day: int) -> None:
    """Use up these desks' known people of the day."""
    _set_lines(connection, desks, day, lambda line, desk: replace(line, known=DAY_LIMITS[place_of(desk)[0]].known))


def _set_lines(connection: Connection, desks: Sequence[int], day: int, change: Callable[[Line, int], Line]) -> None:
    states = []
    for desk in desks:
        line = replace(new_line(place_of(desk)[0], day), since=day - LINE_AGE_DAYS)
        states.append(pack(change(line, desk)))
    connection.execute(
        "update access.line l set state = a.state from unnest(%s::integer[], %s::bytea[]) a(activity, state)"
        " join access.session s on s.activity = a.activity where l.id = s.line",
        ([desk + 1 for desk in desks], states),
    )


def hold(connection: Connection, desks: Sequence[int]) -> None:
    """Put these desks on the rung where presence alone is shown, by one hold of an establishment they are moved to.

    A ladder holds few rows at a time, so a hundred holds would not measure what an installation does.
    """
    row = connection.execute("select establishment from directory.activity where id = %s", (desks[0] + 1,)).fetchone()
    assert row is not None
    connection.execute(
        "update directory.activity set establishment = %s where id = any(%s)", (row[0], [desk + 1 for desk in desks])
    )
    connection.execute(
        "update directory.enrolment e set establishment = t.establishment from directory.activity t"
        " where t.professional = e.professional and t.id = any(%s)",
        ([desk + 1 for desk in desks],),
    )
    connection.execute(
        "insert into access.line (id, establishment, profession, created_day)"
        " select distinct access.place_of(t.establishment, t.profession), t.establishment, t.profession, 0"
        " from directory.activity t where t.id = any(%s) on conflict do nothing",
        ([desk + 1 for desk in desks],),
    )
    connection.execute(
        "insert into access.ladder (id, level, subject, rung, since, until, by, reason)"
        " values (%s, %s, %s, %s, now(), now() + interval '1 day', 'bench', 'bench')",
        (new_id(), Level.ESTABLISHMENT.value, row[0], Rung.PRESENCE_ONLY.value),
    )


def outcomes(connection: Connection) -> Counter[Outcome]:
    """Count the asks of the journal by outcome."""
    rows = connection.execute(
        "select get_byte(body, 4), count(*) from journal.entry where kind in (1, 2, 3, 4) group by 1"
    ).fetchall()
    return Counter({Outcome(number): count for number, count in rows})
