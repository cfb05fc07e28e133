"""Use cases of the clocks: write a time, say that a duty is fulfilled, read what runs, close when nothing is late."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from psycopg import Connection

from tierce.identity.model import StaffCaller
from tierce.incidents import store as incident_rows
from tierce.incidents.clocks import rules, store
from tierce.incidents.clocks.model import Fulfilled, Running, State, Untold, Written
from tierce.incidents.errors import FormError, IncidentMissingError
from tierce.incidents.model import Incident
from tierce.incidents.register import store as register_rows
from tierce.incidents.register.model import Facts, Row, RowKind
from tierce.incidents.register.rules import REASON_CHARACTERS_MAX, check_reasons, is_list, listed_at
from tierce.incidents.register.service import Register
from tierce.incidents.rules import check_free_text
from tierce.incidents.severity.service import cohorts_in
from tierce.kernel.clock import from_micros, micros
from tierce.kernel.ids import IncidentId, InsurerId
from tierce.kernel.language import Phrase
from tierce.policy.clocks import Duty, Moment, Risk

OPERATOR_ALONE = frozenset({Moment.SIGNAL, Moment.CHECK, Moment.AWARE, Moment.PUBLIC})


def written_in(rows: Iterable[Row]) -> list[Written]:
    """The times that rows say, in the order they were written: written apart, or with the stage they are of."""
    return [written for row in rows if (written := _written(row)) is not None]


def _written(row: Row) -> Written | None:
    if row.kind is RowKind.TIME:
        moment, insurer, at = Moment(str(row.facts["moment"])), _insurer(row), row.whole("at")
    elif row.kind is RowKind.MOVE and row.facts["stage"] in OPERATOR_ALONE:
        moment, insurer, at = Moment(str(row.facts["stage"])), rules.OPERATOR, row.whole("happened")
    else:
        return None
    return Written(moment, insurer, from_micros(at), row.by, str(row.facts["why"]))


def _clock_of(found: Iterable[Running], duty: Duty, insurer: InsurerId) -> Running:
    clock = next((one for one in found if (one.rule.duty, one.insurer) == (duty, insurer)), None)
    if clock is None:
        raise FormError("duty", Phrase("Ce délai ne court pas ici.", "This delay does not run here."))
    return clock


def fulfilled_in(rows: Iterable[Row]) -> list[Fulfilled]:
    """The duties that rows say were fulfilled, or ended without that, and that no later row takes back."""
    found: list[Fulfilled] = []
    for row in rows:
        if row.kind is not RowKind.DUTY:
            continue
        duty, insurer = Duty(row.whole("duty")), _insurer(row)
        if row.facts.get("undone"):
            found = [one for one in found if (one.duty, one.insurer) != (duty, insurer)]
        else:
            reasons, where, text = (str(row.facts.get(fact, "")) for fact in ("reasons", "where", "text"))
            ended = bool(row.facts.get("ended"))
            at = from_micros(row.whole("at"))
            found.append(Fulfilled(duty, insurer, at, row.by, reasons, where, text, ended))
    return found


def risk_in(rows: Iterable[Row]) -> Risk | None:
    """The highest risk that people concluded, the last conclusion of each cohort counting.

    None while a cohort that was scored, or scored again since, waits for its conclusion: another's takes no clock
    away. A conclusion is of the list of its time: a later list asks for a new one.
    """
    last: dict[str, Risk | None] = {}
    for row in rows:
        if row.kind is RowKind.SEVERITY:
            last[str(row.facts["key"])] = None
        elif row.kind is RowKind.BRIDGE:
            last[str(row.facts["cohort"])] = Risk(row.whole("risk"))
        elif is_list(row):
            last = dict.fromkeys(last)
    concluded = [risk for risk in last.values() if risk is not None]
    return max(concluded) if concluded and len(concluded) == len(last) else None


def check_concluded(rows: Iterable[Row], field: str) -> None:
    """Refuse what would rest on a conclusion that was drawn from an earlier list.

    Raises:
        FormError: people concluded on some cohort, and a list came after.
    """
    if any(one.earlier for one in cohorts_in(rows)):
        reason = Phrase(
            "Une conclusion est d’une liste plus ancienne : concluez d’abord sur la plus récente, à la page de la"
            " gravité.",
            "A conclusion is of an earlier list: conclude on the newest first, on the page of severity.",
        )
        raise FormError(field, reason)


def _insurer(row: Row) -> InsurerId:
    return InsurerId(row.whole("insurer"))


def times_of(incident: Incident, rows: Sequence[Row]) -> dict[tuple[Moment, InsurerId], datetime]:
    """Every time known of an incident, those of its own row and of fulfilled duties included."""
    own = {(Moment.SIGNAL, rules.OPERATOR): incident.signal_at}
    if incident.aware_at is not None:
        own[Moment.AWARE, rules.OPERATOR] = incident.aware_at
    return rules.with_fulfilled({**own, **rules.moments_of(written_in(rows))}, fulfilled_in(rows))


def running_in(connection: Connection, number: IncidentId, rows: Sequence[Row], now: datetime) -> list[Running]:
    """Every clock of an incident as these rows of its register have it.

    Raises:
        IncidentMissingError: there is no such incident.
    """
    incident = incident_rows.incident(connection, number)
    if incident is None:
        raise IncidentMissingError
    scope = incident_rows.last_scope(connection, number)
    insurers = incident_rows.insurers_of(connection, scope) if scope else []
    sent = store.notices_sent(connection, number)
    times = {(Moment.NOTICE_SENT, insurer): at for insurer, at in sent.items() if at <= now}
    times |= times_of(incident, rows)
    day, done = rules.day_of_rules(times), fulfilled_in(rows)
    return rules.running(
        day, now, times, done, insurers=insurers, risk=risk_in(rows),
        changed=store.changed_since(connection, number),
        listed_at=listed_at(rows) or (scope.at if scope else None),
    )  # fmt: skip


def soonest(connection: Connection, now: datetime) -> datetime | None:
    """By when the next duty of any open incident is due, one that is late already included; None when none runs."""
    due = [
        clock.due
        for one in incident_rows.open_incidents(connection)
        for clock in running_in(connection, one.id, register_rows.rows(connection, one.id), now)
        if clock.due is not None and clock.state in {State.RUNNING, State.OVERDUE}
    ]
    return min(due, default=None)


class Clocks:
    """The clocks of one process, on its register."""

    def __init__(self, register: Register) -> None:
        """Read and write rows through `register`."""
        self.register = register

    def read(self, connection: Connection, number: IncidentId) -> list[Running]:
        """Every clock of an incident, at present.

        Raises:
            IncidentMissingError: there is no such incident.
        """
        return running_in(connection, number, self.register.rows(connection, number), self.register.clock.now())

    def at(self, connection: Connection, number: IncidentId, rows: Sequence[Row], now: datetime) -> list[Running]:
        """Every clock of an incident as these rows of its register have it, at a given instant.

        Raises:
            IncidentMissingError: there is no such incident.
        """
        return running_in(connection, number, rows, now)

    def write_time(
        self,
        connection: Connection,
        caller: StaffCaller,
        number: IncidentId,
        *,
        moment: Moment,
        at: datetime,
        why: str,
        insurer: InsurerId = rules.OPERATOR,
    ) -> Row:
        """Write one time: when, by whom, why. A correction is written the same way, and both stay.

        Raises:
            FormError: the time is in the future, out of order, or nothing says why, with reasons of a public notice.
        """
        said = check_reasons("why", why) if moment is Moment.PUBLIC else check_free_text("why", why)
        if moment in OPERATOR_ALONE and insurer != rules.OPERATOR:
            raise FormError(
                "insurer", Phrase("Cette heure est celle de l’opérateur.", "This time is the operator’s.")
            )

        def make(rows: list[Row], now: datetime) -> Facts:
            incident = incident_rows.incident(connection, number)
            assert incident is not None
            rules.check_time(moment, at, now, times_of(incident, rows), insurer)
            return {"moment": str(moment), "insurer": int(insurer), "at": micros(at), "why": said}

        return self.register.add(connection, caller, number, RowKind.TIME, make)

    def fulfil(
        self,
        connection: Connection,
        caller: StaffCaller,
        number: IncidentId,
        *,
        duty: Duty,
        at: datetime,
        reasons: str,
        insurer: InsurerId = rules.OPERATOR,
        where: str = "",
        text: str = "",
    ) -> Row:
        """Say that a duty was fulfilled at `at`; past its time, not without reasons; a public notice, with `where`.

        `text` is the digest of what was published.

        Raises:
            LateWithoutReasonsError: it was late, and no reasons are given.
            ReasonRefusedError: the reasons are generic.
            FormError: no such clock runs, or the time cannot be.
        """
        proof: dict[str, object] = {}
        if duty is Duty.PUBLIC:
            proof = {"where": check_free_text("where", where), "text": text}

        def make(rows: list[Row], now: datetime) -> Facts:
            found = running_in(connection, number, rows, now)
            clock = _clock_of(found, duty, insurer)
            rules.check_fulfilled(clock, at, now, reasons)
            late = clock.due is not None and at > clock.due
            said = check_reasons("reasons", reasons[: REASON_CHARACTERS_MAX + 1]) if late else ""
            return {"duty": int(duty), "insurer": int(insurer), "at": micros(at), "reasons": said, **proof}

        return self.register.add(connection, caller, number, RowKind.DUTY, make)

    def take_back(
        self,
        connection: Connection,
        caller: StaffCaller,
        number: IncidentId,
        *,
        duty: Duty,
        reasons: str,
        insurer: InsurerId = rules.OPERATOR,
    ) -> Row:
        """Say that a duty was not fulfilled after all: its clock runs again, and both rows stay.

        Raises:
            FormError: nobody said that it was fulfilled, or nothing says why it was not.
        """
        said = check_free_text("reasons", reasons, most=REASON_CHARACTERS_MAX)

        def make(rows: list[Row], now: datetime) -> Facts:
            if not any((one.duty, one.insurer) == (duty, insurer) for one in fulfilled_in(rows)):
                reason = Phrase(
                    "Rien ne dit que cette obligation est remplie.", "Nothing says that this duty is fulfilled."
                )
                raise FormError("duty", reason)
            facts = {"duty": int(duty), "insurer": int(insurer), "at": micros(now), "reasons": said}
            return {**facts, "undone": True}

        return self.register.add(connection, caller, number, RowKind.DUTY, make)

    def end(
        self,
        connection: Connection,
        caller: StaffCaller,
        number: IncidentId,
        *,
        duty: Duty,
        reasons: str,
        insurer: InsurerId = rules.OPERATOR,
    ) -> Row:
        """Say that a duty does not apply, or ends without being done, with a reasoning: its clock runs no more.

        It is said of the newest list: a list made later takes it back, and so does whoever says so.

        Raises:
            ReasonRefusedError: the reasons are generic.
            FormError: no such clock runs, it is done, insurers are on the list, or people wait for it.
        """
        said = check_reasons("reasons", reasons)

        def make(rows: list[Row], now: datetime) -> Facts:
            if insurer == rules.OPERATOR:
                check_concluded(rows, "duty")
            found = running_in(connection, number, rows, now)
            clock = _clock_of(found, duty, insurer)
            concerned = any(one.insurer != rules.OPERATOR for one in found)
            rules.check_ended(clock, self.untold(connection, number, found), insurers=concerned)
            return {"duty": int(duty), "insurer": int(insurer), "at": micros(now), "reasons": said, "ended": True}

        return self.register.add(connection, caller, number, RowKind.DUTY, make)

    def untold(self, connection: Connection, number: IncidentId, clocks: Iterable[Running]) -> Untold:
        """Whom the newest audience has not told, with the public notices that came out as these clocks have them."""
        return store.untold(connection, number, rules.published_at(clocks))

    def close(self, connection: Connection, caller: StaffCaller, number: IncidentId, why: str) -> Row:
        """Close the event in the register.

        Raises:
            FormError: nobody wrote who became aware, nor that it proved not to be a breach; a duty of the operator
                is neither done nor ended with its reasons; or somebody of the newest audience is not told.
            ReasonRefusedError: the reasoning is empty or generic.
        """
        incident = incident_rows.incident(connection, number)
        if incident is None:
            raise IncidentMissingError
        unless = (RowKind.EFFECTS, RowKind.ACTION, RowKind.DECISION) if incident.dismissed_at else ()
        check = self._may_close(connection, number)
        return self.register.close(connection, caller, number, why, check, unless)

    def _may_close(self, connection: Connection, number: IncidentId) -> Callable[[list[Row], datetime], None]:
        def check(rows: list[Row], now: datetime) -> None:
            incident = incident_rows.incident(connection, number)
            if incident is None:
                raise IncidentMissingError
            if incident.dismissed_at is not None:
                return
            if incident.aware_at is None:
                reason = Phrase(
                    "Écrivez d’abord qui a connu la violation, quand et pourquoi ; ou que ce n’en était pas une.",
                    "Write first who became aware of the breach, when and why; or that it was none.",
                )
                raise FormError("why", reason)
            check_concluded(rows, "why")
            own = [one for one in running_in(connection, number, rows, now) if one.insurer == rules.OPERATOR]
            rules.check_closing(own, self.untold(connection, number, own))

        return check
