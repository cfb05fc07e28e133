"""How legal delays are counted: pure, in real hours, whatever the weekend or the change of hour.

Regulation (EEC, Euratom) 1182/71 is argued to lengthen a delay that meets a weekend. Clocks here never count on
it: they run on plain hours, the earlier of both readings.
"""

import calendar
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

from tierce.incidents.clocks.model import Fulfilled, Running, State, Untold, Written
from tierce.incidents.errors import FormError
from tierce.kernel.clock import PARIS, start_of
from tierce.kernel.ids import InsurerId
from tierce.kernel.language import Phrase
from tierce.kernel.saying import count
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
    local = at.astimezone(PARIS)
    index = local.year * 12 + local.month - 1 + months
    year, month = index // 12, index % 12 + 1
    last = calendar.monthrange(year, month)[1]
    if local.day > last:
        return start_of(date(year, month, last) + timedelta(days=1))
    return datetime.combine(date(year, month, local.day), local.time(), PARIS).astimezone(UTC)


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
    changed: Mapping[InsurerId, datetime] = MappingProxyType({}),
    listed_at: datetime | None = None,
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
        changed: insurers of whom a list has more than their last notice, and since when.
        listed_at: when the newest list was made: an end without being done was said of the list before.
        table: the delays.
    """
    found: list[Running] = []
    done = [*_all_told(times, insurers, changed), *_standing(done, insurers, changed, listed_at)]
    for rule in rules_on(day, table):
        if rule.party is Party.OPERATOR and risk is not None and risk < rule.from_risk:
            continue
        parties = (OPERATOR,) if rule.party is Party.OPERATOR else insurers
        found.extend(_running(rule, party, now, times, done) for party in parties)
    return found


def _all_told(times: Times, insurers: Sequence[InsurerId], changed: Mapping[InsurerId, datetime]) -> list[Fulfilled]:
    """The duty to tell insurers, once each of them was sent its notice or received it: nobody has to write that.

    One of whom a list has more since counts once it was told of that list.
    """
    told = []
    for insurer in insurers:
        sent, since = times.get((Moment.NOTICE_SENT, insurer)), changed.get(insurer)
        at = sent if since is not None else sent or times.get((Moment.NOTICE_RECEIVED, insurer))
        if at is not None and (since is None or at >= since):
            told.append(at)
    if not told or len(told) < len(insurers):
        return []
    return [Fulfilled(Duty.NOTICE, OPERATOR, max(told), "", "")]


def _standing(
    done: Iterable[Fulfilled],
    insurers: Sequence[InsurerId],
    changed: Mapping[InsurerId, datetime],
    listed_at: datetime | None,
) -> list[Fulfilled]:
    """What is said of duties, without what a list made since takes back.

    An end without being done is of the list of its day; insurers on a list are told, whatever was written; and
    whoever wrote that all were told did not say so of a list that came after.
    """

    def stands(one: Fulfilled) -> bool:
        if one.ended and listed_at is not None and listed_at > one.at:
            return False
        if one.duty is not Duty.NOTICE:
            return True
        return not (one.ended and insurers) and not any(at > one.at for at in changed.values())

    return [one for one in done if stands(one)]


def _running(rule: ClockRule, insurer: InsurerId, now: datetime, times: Times, done: Sequence[Fulfilled]) -> Running:
    started, due = due_by(rule, times, insurer)
    said = next((one for one in reversed(done) if (one.duty, one.insurer) == (rule.duty, insurer)), None)
    if said is not None and said.ended:
        state = State.ENDED
    elif said is not None:
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


def check_ended(clock: Running, untold: Untold, *, insurers: bool) -> None:
    """Refuse that a duty ends without being done where it has not begun, is done, or somebody waits for it.

    Args:
        clock: the duty's.
        untold: whom the newest audience has not told.
        insurers: whether any is on the newest list: it is told.

    Raises:
        FormError: it says what to do instead.
    """
    if clock.started is None:
        reason = Phrase("Ce délai n’a pas commencé.", "This delay has not begun.")
        raise FormError("duty", reason)
    if clock.state in {State.DONE, State.DONE_LATE}:
        reason = Phrase(
            "Il est écrit que cette obligation est remplie : dites d’abord que ce n’était pas fait.",
            "It is written that this duty is fulfilled; say first that it was not.",
        )
        raise FormError("duty", reason)
    if clock.insurer != OPERATOR:
        return
    if clock.rule.duty is Duty.NOTICE and insurers:
        reason = Phrase(
            "Des organismes sont sur la liste : chacun est prévenu (RGPD, article 33, 2), et vous écrivez quand.",
            "Insurers are on the list: each is told (GDPR, article 33(2)), and you write when.",
        )
        raise FormError("duty", reason)
    if clock.rule.duty in {Duty.PERSONS, Duty.PUBLIC} and not untold.nobody:
        raise FormError("duty", _not_told(untold))


def published_at(own: Iterable[Running]) -> datetime | None:
    """When the last public notice came out; None where none did."""
    done = next((one.done for one in own if one.rule.duty is Duty.PUBLIC), None)
    return done.at if done is not None and not done.ended else None


def public_owed(own: Iterable[Running], waiting: int) -> bool:
    """Whether a public notice is owed: one was decided and none came out, or none was of so many adults who wait."""
    clock = next((one for one in own if one.rule.duty is Duty.PUBLIC), None)
    return clock is not None and (waiting > 0 or (clock.done is None and clock.started is not None))


def reached_all(own: Iterable[Running], untold: Untold) -> bool:
    """Whether nobody is owed a message or a letter any more: all had theirs, or the risk is not high."""
    return all(one.rule.duty is not Duty.PERSONS for one in own) or replace(untold, waiting=0).nobody


def check_closing(own: Sequence[Running], untold: Untold) -> None:
    """Refuse to close while the operator owes anything: each duty is done, or ends with its reasons.

    What somebody wrote of a duty stands beside what the counts say: nobody is told by a word.

    Raises:
        FormError: it says what is owed, and what to do instead.
    """
    late = [clock.rule.label for clock in own if clock.state is State.OVERDUE]
    if late:
        named = _named(late)
        reason = Phrase(
            f"Un délai est passé sans suite écrite : {named.fr}. Dites quand ce fut fait et pourquoi si tard, ou"
            " pourquoi cela prend fin sans être fait.",
            f"A delay has passed with nothing written: {named.en}. Say when it was done and why so late, or why it"
            " ends without being done.",
        )
        raise FormError("why", reason)
    if public_owed(own, untold.waiting):
        reason = Phrase(
            "Une annonce publique est due (RGPD, article 34, 3, c), et rien ne dit qu’elle a paru : sur la page de"
            " l’annonce, décidez-la, puis dites où et quand elle a paru ; ou figez de nouveau les destinataires si de"
            " nouvelles coordonnées arrivent ; ou concluez que le risque n’est pas élevé.",
            "A public notice is owed (GDPR, article 34(3)(c)), and nothing says that it came out: on the page of the"
            " notice, decide it, then say where and when it came out; or freeze the recipients again if contact data"
            " comes; or conclude that the risk is not high.",
        )
        raise FormError("why", reason)
    if not reached_all(own, untold):
        raise FormError("why", _not_told(untold))
    still = [clock.rule.label for clock in own if clock.state is State.RUNNING]
    if still:
        named = _named(still)
        reason = Phrase(
            f"Court encore : {named.fr}. Dites quand ce fut fait, ou pourquoi cela prend fin sans être fait.",
            f"Still running: {named.en}. Say when it was done, or why it ends without being done.",
        )
        raise FormError("why", reason)


def _named(labels: Iterable[Phrase]) -> Phrase:
    labels = list(labels)
    return Phrase(", ".join(one.fr for one in labels), ", ".join(one.en for one in labels))


_UNTOLD = (
    (
        Phrase("message ou lettre à finir", "message or letter to finish"),
        Phrase("messages ou lettres à finir", "messages or letters to finish"),
    ),
    (
        Phrase("personne sans annonce publique parue", "person without a public notice out"),
        Phrase("personnes sans annonce publique parue", "people without a public notice out"),
    ),
    (
        Phrase("message ou lettre revenu", "message or letter come back"),
        Phrase("messages ou lettres revenus", "messages or letters come back"),
    ),
    (
        Phrase("liste sans destinataires", "list without recipients"),
        Phrase("listes sans destinataires", "lists without recipients"),
    ),
)


def _not_told(untold: Untold) -> Phrase:
    named = _named(count(number, *words) for number, words in zip(astuple(untold), _UNTOLD, strict=True) if number)
    return Phrase(
        f"Des personnes ne sont pas prévenues : {named.fr}. Envoyez, postez ou publiez ce qui attend, figez de"
        " nouveau les destinataires, ou concluez que le risque n’est pas élevé.",
        f"People are not told: {named.en}. Send, post or publish what waits, freeze the recipients again, or conclude"
        " that the risk is not high.",
    )


def moments_of(written: Iterable[Written]) -> dict[tuple[Moment, InsurerId], datetime]:
    """The times in force, the last written of each."""
    return {(one.moment, one.insurer): one.at for one in written}


def with_fulfilled(times: Times, done: Sequence[Fulfilled]) -> dict[tuple[Moment, InsurerId], datetime]:
    """Add the times that a fulfilled duty is: the first notification starts the delay of what follows it."""
    first = {
        (Moment.INITIAL, one.insurer): one.at
        for one in done
        if not one.ended
        and (one.duty is Duty.FINANCIAL_INITIAL or (one.duty is Duty.AUTHORITY and one.insurer == OPERATOR))
    }
    sent = {(Moment.NOTICE_SENT, one.insurer): one.at for one in done if one.duty is Duty.NOTICE and not one.ended}
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
