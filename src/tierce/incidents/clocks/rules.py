"""How legal delays are counted: pure, in real hours, whatever the weekend or the change of hour.

Regulation (EEC, Euratom) 1182/71 is argued to lengthen a delay that meets a weekend. Clocks here never count on
it: they run on plain hours, the earlier of both readings.
"""

import calendar
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from tierce.incidents.clocks.model import Fulfilled, Running, State, Written
from tierce.incidents.errors import FormError
from tierce.kernel.clock import PARIS, start_of
from tierce.kernel.ids import InsurerId
from tierce.kernel.language import Phrase
from tierce.policy.clocks import CLOCKS, ClockRule, Duty, Moment, Party, Risk, Standing, Start

OPERATOR = InsurerId(0)
"""In place of an insurer, for what the operator owes or wrote of itself."""
Times = Mapping[tuple[Moment, InsurerId], datetime]

_ORDER = (Moment.SIGNAL, Moment.CHECK, Moment.AWARE)


class LateWithoutReasonsError(FormError):
    """A duty was fulfilled past its time and nothing says why: GDPR article 33(1) wants the reasons."""


def rules_on(day: date, table: Iterable[ClockRule] = CLOCKS) -> list[ClockRule]:
    """The delays that hold on a day, in the order of the table; one that is proposed, or has no first day, never."""
    return [
        rule
        for rule in table
        if rule.standing is not Standing.PROPOSED
        and rule.begins is not None
        and rule.begins <= day
        and (rule.ends is None or day < rule.ends)
    ]


def due_of(start: Start, at: datetime) -> datetime | None:
    """When a delay that starts at `at` ends; None for *without undue delay*.

    Hours are real ones. A month ends at the same time of the Paris day with the same number; where the month is too
    short, with its last day.
    """
    at = at.astimezone(UTC)  # a Paris time plus 72 hours would follow the wall clock across a change of hour
    if start.hours is not None:
        return at + timedelta(hours=start.hours)
    if start.months is not None:
        return _months_after(at, start.months)
    return None


def _months_after(at: datetime, months: int) -> datetime:
    day = at.astimezone(PARIS).date()
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    last = calendar.monthrange(year, month)[1]
    if day.day > last:
        return start_of(date(year, month, last) + timedelta(days=1))
    target = date(year, month, day.day)
    return min(start_of(target) + (at - start_of(day)), start_of(target + timedelta(days=1)))


def due_by(rule: ClockRule, times: Times, insurer: InsurerId) -> tuple[datetime | None, datetime | None]:
    """(since when a rule's clock runs, when it ends): the earliest end of those of its starts that are known."""
    found = [
        (times[key], due_of(start, times[key])) for start in rule.starts if (key := (start.moment, insurer)) in times
    ]
    if not found:
        return None, None
    ends = [(due, begun) for begun, due in found if due is not None]
    if not ends:
        return min(begun for begun, _ in found), None
    due, begun = min(ends)
    return begun, due


def running(
    day: date,
    now: datetime,
    times: Times,
    done: Sequence[Fulfilled],
    *,
    insurers: Sequence[InsurerId],
    risk: Risk | None,
    table: Iterable[ClockRule] = CLOCKS,
) -> list[Running]:
    """Every clock of an incident: the operator's, then each insurer's.

    Args:
        day: the day of awareness (that of the signal before it): it chooses the rules.
        now: the present.
        times: the times known, the operator's under OPERATOR.
        done: duties said to be fulfilled.
        insurers: those whose people are concerned.
        risk: what the operator concluded; None while it did not, and then every clock of its own is shown. Each
            insurer concludes for itself: its clocks are shown whatever the operator did.
        table: the delays.
    """
    found: list[Running] = []
    done = [*_all_told(times, insurers), *done]
    for rule in rules_on(day, table):
        if rule.party is Party.OPERATOR and risk is not None and risk < rule.from_risk:
            continue
        parties = (OPERATOR,) if rule.party is Party.OPERATOR else insurers
        found.extend(_running(rule, party, now, times, done) for party in parties)
    return found


def _all_told(times: Times, insurers: Sequence[InsurerId]) -> list[Fulfilled]:
    """The duty to tell insurers, once each of them was sent its notice or received it: nobody has to write that."""
    told = [times.get((Moment.NOTICE_SENT, one)) or times.get((Moment.NOTICE_RECEIVED, one)) for one in insurers]
    known = [at for at in told if at is not None]
    if not known or len(known) < len(insurers):
        return []
    return [Fulfilled(Duty.NOTICE, OPERATOR, max(known), "", "")]


def _running(rule: ClockRule, insurer: InsurerId, now: datetime, times: Times, done: Sequence[Fulfilled]) -> Running:
    started, due = due_by(rule, times, insurer)
    said = next((one for one in reversed(done) if (one.duty, one.insurer) == (rule.duty, insurer)), None)
    if said is not None:
        state = State.DONE_LATE if due is not None and said.at > due else State.DONE
    elif started is None:
        state = State.WAITING
    else:
        state = State.OVERDUE if due is not None and now > due else State.RUNNING
    return Running(rule, insurer, started, due, said, state)


def check_time(moment: Moment, at: datetime, now: datetime, times: Times, insurer: InsurerId) -> None:
    """Refuse a time in the future, or out of the order signal, check, awareness, sent, received.

    Raises:
        FormError: with the field `at`.
    """
    if at > now:
        raise FormError("at", Phrase("Cette heure est à venir.", "This time is in the future."))
    if moment in {Moment.NOTICE_SENT, Moment.NOTICE_RECEIVED} and (Moment.AWARE, OPERATOR) not in times:
        reason = Phrase(
            "Écrivez d’abord qui a connu la violation, quand et pourquoi : une notification vient après.",
            "Write first who became aware of the breach, when and why; a notice comes after.",
        )
        raise FormError("at", reason)
    order = _ORDER if moment in _ORDER else (Moment.AWARE, Moment.NOTICE_SENT, Moment.NOTICE_RECEIVED)
    if moment not in order:
        return
    place = order.index(moment)
    for other in order:
        key = (other, OPERATOR if other in _ORDER else insurer)
        if key not in times or other is moment:
            continue
        early = order.index(other) < place and at < times[key]
        late = order.index(other) > place and at > times[key]
        if early or late:
            reason = Phrase(
                "Ces heures ne se suivent pas : signal, vérification, connaissance, envoi, réception.",
                "These times are out of order: signal, check, awareness, sent, received.",
            )
            raise FormError("at", reason)


def check_fulfilled(clock: Running, at: datetime, now: datetime, reasons: str) -> None:
    """Refuse to close a duty before it began, in the future, or past its time without reasons.

    Raises:
        LateWithoutReasonsError: it is late, and no reasons are given.
        FormError: the time cannot be.
    """
    if at > now:
        raise FormError("at", Phrase("Cette heure est à venir.", "This time is in the future."))
    if clock.started is None:
        reason = Phrase(
            "Ce délai n’a pas commencé : écrivez d’abord l’heure d’où il court.",
            "This delay has not begun; write first the time it runs from.",
        )
        raise FormError("at", reason)
    if at < clock.started:
        reason = Phrase("Cette heure précède le début du délai.", "This time is before the delay began.")
        raise FormError("at", reason)
    if clock.due is not None and at > clock.due and not reasons.strip():
        reason = Phrase(
            "Le délai est passé : écrivez pourquoi, la CNIL demande les motifs du retard.",
            "The delay has passed; write why, the authority asks for the reasons.",
        )
        raise LateWithoutReasonsError("reasons", reason)


def public_owed(own: Iterable[Running], waiting: int) -> bool:
    """Whether a public notice is owed and none came out: one was decided, or nothing else reaches so many adults."""
    clock = next((one for one in own if one.rule.duty is Duty.PUBLIC), None)
    return clock is not None and clock.done is None and (waiting > 0 or clock.started is not None)


def check_published(own: Iterable[Running], waiting: int) -> None:
    """Refuse to close while a public notice is owed.

    Raises:
        FormError: it says what to do instead.
    """
    if public_owed(own, waiting):
        reason = Phrase(
            "Une annonce publique est due (RGPD, article 34, 3, c), et rien ne dit qu’elle a paru : sur la page de"
            " l’annonce, décidez-la, puis dites où et quand elle a paru ; ou figez de nouveau les destinataires si de"
            " nouvelles coordonnées arrivent ; ou concluez que le risque n’est pas élevé.",
            "A public notice is owed (GDPR, article 34(3)(c)), and nothing says that it came out: on the page of the"
            " notice, decide it, then say where and when it came out; or freeze the recipients again if contact data"
            " comes; or conclude that the risk is not high.",
        )
        raise FormError("why", reason)


def moments_of(written: Iterable[Written]) -> dict[tuple[Moment, InsurerId], datetime]:
    """The times in force, the last written of each."""
    return {(one.moment, one.insurer): one.at for one in written}


def with_fulfilled(times: Times, done: Iterable[Fulfilled]) -> dict[tuple[Moment, InsurerId], datetime]:
    """Add the times that a fulfilled duty is: the first notification starts the delay of what follows it."""
    first = {
        (Moment.INITIAL, one.insurer): one.at
        for one in done
        if one.duty is Duty.FINANCIAL_INITIAL or (one.duty is Duty.AUTHORITY and one.insurer == OPERATOR)
    }
    sent = {(Moment.NOTICE_SENT, one.insurer): one.at for one in done if one.duty is Duty.NOTICE}
    return {**first, **sent, **times}


def day_of_rules(times: Times) -> date:
    """The Paris day that chooses the rules: that of awareness, of the signal before it."""
    at = times.get((Moment.AWARE, OPERATOR)) or times[Moment.SIGNAL, OPERATOR]
    return at.astimezone(PARIS).date()


def duty_of(number: str) -> Duty:
    """Read a duty from a form.

    Raises:
        FormError: there is none by this number.
    """
    found = next((one for one in Duty if str(one.value) == number), None)
    if found is None:
        raise FormError("duty", Phrase("Choisissez une obligation.", "Choose a duty."))
    return found
