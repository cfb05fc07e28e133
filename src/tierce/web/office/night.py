"""The incident as one page that a tired person reads at night: what to decide, then clocks, people, counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from psycopg import Connection

from tierce.incidents.borders.model import AUTHORITY_LABELS, RESIDENCE_LABELS
from tierce.incidents.borders.service import border_in
from tierce.incidents.clocks.model import EVERYBODY_TOLD, Running
from tierce.incidents.clocks.model import State as ClockState
from tierce.incidents.clocks.rules import OPERATOR
from tierce.incidents.clocks.service import times_of
from tierce.incidents.clocks.store import changed_since
from tierce.incidents.cohorts import store as cohort_rows
from tierce.incidents.cohorts.model import COHORT_LABELS, Cohort, CohortCount
from tierce.incidents.cohorts.rules import in_two
from tierce.incidents.model import Incident, InsurerCount, ScopeSummary
from tierce.incidents.night.model import Known, Part, Sum
from tierce.incidents.night.rules import conclusions_owed, next_decision
from tierce.incidents.register.model import Row, RowKind
from tierce.incidents.register.rules import listed_at, missing
from tierce.incidents.severity.service import cohorts_in
from tierce.incidents.statements.rules import standing as standing_statements
from tierce.incidents.statements.service import statements_in
from tierce.incidents.states.model import STEPS, Stage
from tierce.incidents.states.rules import standing
from tierce.incidents.states.service import WRITTEN_HERE, moves_in
from tierce.incidents.store import scopes
from tierce.kernel.categories import LABELS
from tierce.kernel.ids import IncidentId, InsurerId
from tierce.kernel.language import Phrase
from tierce.notices.audience import store as audiences
from tierce.notices.audience.model import STATE_LABELS, WHY_LABELS, Why
from tierce.notices.counted.service import counts_shown
from tierce.notices.insurer_notice import category_names
from tierce.notices.telling.store import standings
from tierce.policy.clocks import Moment
from tierce.policy.reached import State
from tierce.web.office.site import OfficeSite

INSURED = (Cohort.INSURED, Cohort.INVOICES)
CLOCK_SHAPES = {
    ClockState.WAITING: "quiet",
    ClockState.RUNNING: "info",
    ClockState.OVERDUE: "attention",
    ClockState.DONE: "good",
    ClockState.DONE_LATE: "attention",
    ClockState.ENDED: "quiet",
}


@dataclass(frozen=True, slots=True)
class CohortRow:
    """One cohort as the page shows it."""

    count: CohortCount
    label: Phrase
    data: Phrase
    ours: bool
    """The operator itself answers for it."""
    not_concerned: Phrase | None


class NoticeState(StrEnum):
    """What became of an insurer's newest notice; the words are keys of the page's."""

    RECEIVED = "received"
    SENT = "sent"
    REFUSED = "refused"
    WAITING = "waiting"


TOLD = {NoticeState.RECEIVED, NoticeState.SENT}
NOTICE_SHAPES = {
    NoticeState.RECEIVED: "good",
    NoticeState.SENT: "info",
    NoticeState.REFUSED: "attention",
    NoticeState.WAITING: "quiet",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """How far one insurer was told: since when, and which of its contacts was warned last."""

    state: NoticeState
    at: datetime | None = None
    step: int = 0


def night_values(
    site: OfficeSite,
    connection: Connection,
    incident: Incident,
    scope: ScopeSummary | None,
    counts: list[InsurerCount],
) -> dict[str, object]:
    """What the page shows above the list, read in one transaction."""
    rows = site.clocks.register.rows(connection, incident.id)
    clocks = site.clocks.read(connection, incident.id)
    stands = standing(moves_in(incident, rows, scope.at if scope else None))
    times = times_of(incident, rows)
    notices = _notices(connection, incident.id, counts, times)
    cohorts = cohort_rows.cohorts(connection, incident.id, scope.revision) if scope else []
    scored = cohorts_in(rows)
    known = Known(
        standing=stands,
        clocks=tuple(clocks),
        listed_at=(listed_at(rows) or scope.at) if scope else None,
        insurers=len(counts),
        told=sum(one.state in TOLD for one in notices.values()),
        open_cohorts=conclusions_owed(
            [one.bridge is not None for one in scored], sum(bool(one.persons) for one in cohorts)
        ),
        lacking=len(missing(rows)),
        untold=EVERYBODY_TOLD if incident.dismissed_at else site.clocks.untold(connection, incident.id, clocks),
    )
    own = [clock for clock in clocks if clock.insurer == OPERATOR]
    return {
        "next": next_decision(known),
        "known": known,
        "stands": stands,
        "steps": STEPS,
        "stages": [one for one in STEPS if one in WRITTEN_HERE and one in stands.next],
        "clocks": own,
        "clock_shapes": CLOCK_SHAPES,
        "notice_shapes": NOTICE_SHAPES,
        "their_clocks": _their_clocks(clocks),
        "cohorts": [_cohort_row(one, rows, scope) for one in cohorts],
        "in_two": in_two(cohorts, scope.persons) if scope and cohorts else 0,
        "sums": [*_sums(scope, counts, cohorts, notices), *_messages(connection, incident.id)],
        "notices": notices,
        "border": border_in(rows),
        "residences": RESIDENCE_LABELS,
        "authorities": AUTHORITY_LABELS,
        "changes": _changes(connection, scope),
        "again": _again(connection, rows, scope),
    }


def _their_clocks(clocks: list[Running]) -> dict[ClockState, int]:
    found: dict[ClockState, int] = {}
    for clock in clocks:
        if clock.insurer != OPERATOR:
            found[clock.state] = found.get(clock.state, 0) + 1
    return found


def _cohort_row(one: CohortCount, rows: list[Row], scope: ScopeSummary | None) -> CohortRow:
    said = [
        statement.category
        for statement in standing_statements(statements_in(rows), scope, [one])
        if statement.cohort is one.cohort
    ]
    excluded = None
    if said:
        excluded = Phrase(", ".join(LABELS[each].fr for each in said), ", ".join(LABELS[each].en for each in said))
    return CohortRow(
        one, COHORT_LABELS[one.cohort], category_names(one.categories), one.cohort is Cohort.PROFESSIONALS, excluded
    )


def _sums(
    scope: ScopeSummary | None,
    counts: list[InsurerCount],
    cohorts: list[CohortCount],
    notices: Mapping[InsurerId, Notice],
) -> list[Sum]:
    """Counts whose parts make the whole: people and pairs by cohort, insurers by their notice."""
    if scope is None:
        return []
    found = []
    if cohorts:
        both, by = in_two(cohorts, scope.persons), {one.cohort: one for one in cohorts}
        found = [
            Sum(
                Phrase("Personnes lues", "People read"), scope.persons,
                (
                    *(Part(COHORT_LABELS[each], by[each].persons - both) for each in INSURED),
                    Part(Phrase("dans les deux", "in both"), both),
                ),
            ),
            Sum(
                Phrase("Personnes, comptées par organisme", "People, counted by insurer"),
                sum(one.persons for one in counts),
                tuple(Part(COHORT_LABELS[each], by[each].pairs) for each in INSURED),
            ),
        ]  # fmt: skip
    states = [one.state for one in notices.values()]
    found.append(
        Sum(
            Phrase("Organismes concernés", "Insurers concerned"), len(counts),
            (
                Part(Phrase("avis reçu", "notice received"), states.count(NoticeState.RECEIVED)),
                Part(
                    Phrase("avis parti, pas encore reçu", "notice sent, not received yet"),
                    states.count(NoticeState.SENT), "#insurers",
                ),
                Part(
                    Phrase("avis refusé par le serveur", "notice refused by the server"),
                    states.count(NoticeState.REFUSED), "#insurers",
                ),
                Part(Phrase("pas encore prévenus", "not told yet"), states.count(NoticeState.WAITING), "#insurers"),
            ),
        )
    )  # fmt: skip
    return found


def _messages(connection: Connection, number: IncidentId) -> list[Sum]:
    """What becomes of each exposed pair and adult of the newest audience; nothing before one is frozen."""
    audience = audiences.newest(connection, number)
    if audience is None:
        return []
    (found, as_of), page = counts_shown(connection, audience), f"/incidents/{number}/messages"
    ours = Phrase("à l’opérateur d’écrire", "for the operator to write")
    return [
        Sum(
            Phrase("Personnes (par organisme) et professionnels", "People (by insurer) and professionals"),
            found.exposed,
            (
                Part(ours, found.matched + found.unmatched, page),
                Part(WHY_LABELS[Why.INSURER_SENDS], found.insurer_sends),
                Part(WHY_LABELS[Why.NO_MANDATE], found.no_mandate, page),
                Part(WHY_LABELS[Why.ALREADY_TOLD], found.already_told),
            ),
            as_of,
        ),
        Sum(
            Phrase("Adultes à prévenir", "Adults to tell"),
            found.adults,
            tuple(Part(STATE_LABELS[state], found.states.get(state, 0), page) for state in State),
            as_of,
        ),
    ]


def _notices(
    connection: Connection,
    number: IncidentId,
    counts: list[InsurerCount],
    times: Mapping[tuple[Moment, InsurerId], datetime],
) -> dict[InsurerId, Notice]:
    """How far each insurer of the list was told, by what was sent from here and by the times that people wrote.

    One of whom the list has more than its last notice waits for the next.
    """
    known, changed = standings(connection, number), changed_since(connection, number)
    found = {}
    for insurer in (one.insurer for one in counts):
        one = known.get(insurer)
        sent = [warning for warning in one.warnings if warning.sent_at is not None] if one else []
        received = times.get((Moment.NOTICE_RECEIVED, insurer)) or (one.acknowledged_at if one else None)
        written = times.get((Moment.NOTICE_SENT, insurer))
        since = changed.get(insurer)
        if since is not None and (written is None or written < since):
            refused = one is not None and any(warning.failed for warning in one.warnings)
            found[insurer] = Notice(NoticeState.REFUSED if refused else NoticeState.WAITING)
        elif received is not None:
            found[insurer] = Notice(NoticeState.RECEIVED, received)
        elif sent:
            found[insurer] = Notice(NoticeState.SENT, sent[-1].sent_at, sent[-1].step)
        elif written is not None:
            found[insurer] = Notice(NoticeState.SENT, written)
        elif one is not None and any(warning.failed for warning in one.warnings):
            found[insurer] = Notice(NoticeState.REFUSED, step=one.warnings[-1].step)
        else:
            found[insurer] = Notice(NoticeState.WAITING)
    return found


def _changes(connection: Connection, scope: ScopeSummary | None) -> dict[str, int] | None:
    """What changed since the list before: pairs added, gone, with other categories; None for a first list."""
    if scope is None or scope.revision == 1:
        return None
    rows = cohort_rows.differences(connection, IncidentId(scope.incident), scope.revision)
    return {
        "added": sum(one.added for one in rows),
        "gone": sum(one.gone for one in rows),
        "changed": sum(one.changed for one in rows),
    }


def _again(connection: Connection, rows: list[Row], scope: ScopeSummary | None) -> tuple[int, datetime] | None:
    """How many more people the list has that was made again by itself, and when the one before was made."""
    lists = [row for row in rows if row.kind is RowKind.MOVE and row.facts["stage"] == str(Stage.SCOPED)]
    if scope is None or not lists or "changed" not in lists[-1].facts:
        return None
    before = scopes(connection, IncidentId(scope.incident))[-2]
    return scope.persons - before.persons, before.at


def stage_named(text: str) -> Stage | None:
    """Read a stage from a form."""
    return next((one for one in WRITTEN_HERE if str(one) == text), None)
