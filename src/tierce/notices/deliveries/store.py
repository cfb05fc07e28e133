"""Rows of attempts: an item's state moves in the transaction that writes the step that moved it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection

from tierce.incidents.cohorts.model import Cohort
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import IncidentId, InsurerId, PersonId
from tierce.kernel.language import Language
from tierce.notices.audience.model import Audience, Pair, Why
from tierce.notices.deliveries.model import Step
from tierce.notices.deliveries.rules import ATTEMPTS_MAX
from tierce.notices.professional_letter import UsedAccount
from tierce.policy.reached import State

SENDABLE = (State.UNSENT, State.TO_SEND)
PRINTABLE = (State.UNPRINTED, State.TO_PRINT)
"""What waits, in the order in which it is tried: what was set aside comes first, so that nothing is tried twice."""


@dataclass(frozen=True, slots=True)
class Pending:
    """An item that waits, as it is stored."""

    number: int
    language: Language
    postal: bool
    source: Pair
    binding: bytes
    token: bytes
    state: State
    attempts: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt: its steps, where the item stands after it, and when it may be tried again."""

    number: int
    step: Step
    code: str
    state: State
    why: Why | None = None
    due: datetime | None = None


_PENDING = """
    select number, language, postal, person, insurer, cohort, binding, token, state, attempts
    from notice.item where audience = %s and state = %s and number > %s and coalesce(due, '-infinity') <= %s
    order by number limit %s"""


def pending(
    connection: Connection, audience: Audience, state: State, at: datetime, after: int, at_most: int
) -> list[Pending]:
    """Items in one state that may be tried at `at`, in order, after a number."""
    rows = connection.execute(_PENDING, (audience.id, state.value, after, at, at_most)).fetchall()
    return [
        Pending(
            row[0], Language(row[1]), row[2], Pair(PersonId(row[3]), InsurerId(row[4]), Cohort(row[5])),
            bytes(row[6]), bytes(row[7]), State(row[8]), row[9],
        )
        for row in rows
    ]  # fmt: skip


def waiting(connection: Connection, audience: Audience, state: State) -> int:
    """How many items are in a state."""
    row = connection.execute(
        "select count(*) from notice.item where audience = %s and state = %s", (audience.id, state.value)
    ).fetchone()
    assert row is not None
    return int(row[0])


def pairs_of(connection: Connection, audience: Audience, numbers: Collection[int]) -> dict[int, tuple[Pair, ...]]:
    """What each item tells of, in the order in which it was frozen."""
    found: dict[int, list[Pair]] = {}
    for number, person, insurer, cohort in connection.execute(
        "select item, person, insurer, cohort from notice.item_pair where audience = %s and item = any(%s)",
        (audience.id, list(numbers)),
    ):
        found.setdefault(number, []).append(Pair(PersonId(person), InsurerId(insurer), Cohort(cohort)))
    return {number: tuple(sorted(pairs)) for number, pairs in found.items()}


def used_accounts(
    connection: Connection, audience: Audience, professionals: Collection[int]
) -> dict[PersonId, UsedAccount]:
    """What was done with each professional's account, as the list has it."""
    rows = connection.execute(
        "select professional, categories, first_at, last_at, entries from incident.exposed_professional"
        " where incident = %s and revision = %s and professional = any(%s)",
        (audience.incident, audience.revision, list(professionals)),
    ).fetchall()
    return {PersonId(row[0]): UsedAccount(DataCategory(row[1]), row[2], row[3], row[4]) for row in rows}


_ADVANCE = (
    "select notice.advance(%s, %s, %s, %s, %s::smallint, %s, %s::smallint, %s::smallint, %s, %s::smallint[], %s,"
    " %s::smallint, %s::smallint)"
)


def advance(
    connection: Connection,
    audience: Audience,
    at: datetime,
    ended: Outcome | None,
    begun: tuple[Pending, Step] | None,
) -> bool:
    """Write in one commit what came of an attempt, and that another begins: that item is in doubt from here.

    False when the other is not to be tried: it stands elsewhere by now, or somebody stopped the messages.
    """
    item, step = begun or (None, None)
    row = connection.execute(
        _ADVANCE,
        (
            audience.id, audience.incident, at,
            *_outcome_values(ended, [State.DOUBTFUL]),
            item and item.number, step and step.value, item and item.state.value,
        ),
        prepare=True,
    ).fetchone()  # fmt: skip
    assert row is not None
    return bool(row[0])


def end(connection: Connection, audience: int, outcome: Outcome, at: datetime, before: Sequence[State]) -> bool:
    """Write what came of an item that was in one of the states `before`; False when it was not."""
    row = connection.execute(
        _ADVANCE, (audience, 0, at, *_outcome_values(outcome, before), None, None, None), prepare=True
    ).fetchone()
    assert row is not None
    return bool(row[0])


def set_aside(
    connection: Connection, audience: Audience, item: Pending, step: Step, state: State, at: datetime
) -> bool:
    """Set one item aside with its reason; False when it stands elsewhere by now, or there already."""
    return item.state is not state and end(
        connection, audience.id, Outcome(item.number, step, "", state), at, [item.state]
    )


def _outcome_values(outcome: Outcome | None, before: Sequence[State]) -> tuple[object, ...]:
    if outcome is None:
        return (None,) * 7
    return (
        outcome.number, outcome.step.value, outcome.code[:24], outcome.state.value,
        outcome.why and outcome.why.value, outcome.due, [one.value for one in before],
    )  # fmt: skip


def lock(connection: Connection, incident: IncidentId) -> bool:
    """Keep other senders and printers of an incident away, until this connection ends."""
    row = connection.execute(
        "select pg_try_advisory_lock(hashtextextended('tierce-messages', %s))", (incident,)
    ).fetchone()
    assert row is not None
    return bool(row[0])


def unlock(connection: Connection, incident: IncidentId) -> None:
    """Let others send and print again."""
    connection.execute("select pg_advisory_unlock(hashtextextended('tierce-messages', %s))", (incident,))


@dataclass(frozen=True, slots=True)
class Sent:
    """The item of a token: of which incident and audience, where it stands, whether a letter to her is possible."""

    incident: IncidentId
    audience: int
    number: int
    state: State
    postal: bool


def by_token(connection: Connection, token: bytes) -> Sent | None:
    """The item with a token."""
    row = connection.execute(
        "select a.incident, i.audience, i.number, i.state, i.postal from notice.item i"
        " join notice.audience a on a.id = i.audience where i.token = %s",
        (token,),
    ).fetchone()
    return Sent(IncidentId(row[0]), row[1], row[2], State(row[3]), row[4]) if row else None


def other_of(connection: Connection, token: bytes, notice: int) -> IncidentId | None:
    """Of which incident a message that is no item's is, 0 for none; None when there is no such message."""
    row = connection.execute("select notice.other_of(%s, %s)", (token, notice)).fetchone()
    return None if row is None or row[0] is None else IncidentId(row[0])


def other_came_back(connection: Connection, token: bytes, notice: int, status: str) -> bool:
    """Write that such a message came back; False when that changes nothing."""
    row = connection.execute(
        "select notice.other_came_back(%s, %s, %s, %s)", (token, notice, status, ATTEMPTS_MAX)
    ).fetchone()
    return row == (True,)


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch of letters: one file, when it was taken and when it was posted."""

    number: int
    letters: int
    sha256: bytes
    made_at: datetime
    posted_at: datetime | None = None
    posted_by: str | None = None
    taken_at: datetime | None = None
    taken_by: str | None = None
    """By whom its file was taken last."""


def batches(connection: Connection, audience: Audience) -> list[Batch]:
    """The batches of letters of an audience, in order."""
    rows = connection.execute(
        "select number, letters, sha256, made_at, posted_at, posted_by, taken_at, taken_by from notice.letter_batch"
        " where audience = %s order by number",
        (audience.id,),
    ).fetchall()
    return [Batch(row[0], row[1], bytes(row[2]), *row[3:]) for row in rows]


def insert_batch(connection: Connection, audience: Audience, batch: Batch, numbers: Sequence[int]) -> None:
    """Store a batch, and that its letters are printed, in the caller's transaction."""
    connection.execute(
        "insert into notice.letter_batch (audience, number, letters, sha256, made_at) values (%s, %s, %s, %s, %s)",
        (audience.id, batch.number, batch.letters, batch.sha256, batch.made_at),
    )
    connection.execute(
        "with those as (update notice.item set state = %(printed)s, batch = %(batch)s where audience = %(audience)s"
        " and number = any(%(numbers)s) and state = any(%(waiting)s) returning number)"
        " insert into notice.step (audience, item, at, step, code)"
        " select %(audience)s, number, %(at)s, %(step)s, %(batch)s::text from those",
        {
            "audience": audience.id,
            "batch": batch.number,
            "numbers": list(numbers),
            "at": batch.made_at,
            "printed": State.PRINTED.value,
            "waiting": [state.value for state in PRINTABLE],
            "step": Step.PRINTED.value,
        },
    )


def take_batch(
    connection: Connection, audience: Audience, number: int, at: datetime, by: str, *, again: bool
) -> bool:
    """Write that the file of a batch is taken; False when somebody took it already, unless `again`."""
    row = connection.execute(
        "select notice.take_batch(%s, %s, %s, %s, %s)", (audience.id, number, at, by, again)
    ).fetchone()
    assert row is not None
    return bool(row[0])


def post_batch(connection: Connection, audience: Audience, number: int, at: datetime, by: str) -> int | None:
    """Write that a batch was posted; how many letters it held, or None when it was already, or is not there."""
    row = connection.execute("select notice.post_batch(%s, %s, %s, %s)", (audience.id, number, at, by)).fetchone()
    assert row is not None
    return None if row[0] is None else int(row[0])


def posted_items(connection: Connection, audience: Audience) -> dict[int, Pair]:
    """The first pair of each item whose letter was posted: its reference is made from it."""
    found: dict[int, Pair] = {}
    for number, person, insurer, cohort in connection.execute(
        "select p.item, p.person, p.insurer, p.cohort from notice.item_pair p join notice.item i"
        " on i.audience = p.audience and i.number = p.item where p.audience = %s and i.state = %s",
        (audience.id, State.POSTED.value),
    ):
        pair = Pair(PersonId(person), InsurerId(insurer), Cohort(cohort))
        found[number] = min(found.get(number, pair), pair)
    return found
