"""The decision table as a page that a data protection officer can read; every cell is decided by the gate itself.

The pages docs/reference/decision-matrix.*.md are what this renders; a test compares them, so that no rule changes
without the page changing with it. `tierce policy show` prints them.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tierce.gate.matrix_assistants import assistants_part
from tierce.gate.matrix_words import ACTS, FIELD_WORDS, OUTCOMES, PAGE, REASONS, SITUATIONS, STAFF_WORDS
from tierce.gate.model import Ask, Decision, Read, Refuse, Release, Standing, StepUp
from tierce.gate.rules import PAIR_OPEN, decide
from tierce.identity.model import Assurance, Caller
from tierce.kernel.care import DOMAIN_LABELS, PROFESSION_LABELS, Domain, Profession
from tierce.kernel.categories import DataCategory, each
from tierce.kernel.ids import (
    NOBODY,
    ActivityId,
    DeviceId,
    EstablishmentId,
    InsurerId,
    LineId,
    LoginId,
    PersonId,
    ProfessionalId,
    SessionId,
    SoftwareId,
    VendorId,
)
from tierce.kernel.language import Language
from tierce.policy.acts import Act, Outcome, Presence
from tierce.policy.allowed import LEVEL_MIN, SHOWN
from tierce.policy.digest import policy_digest
from tierce.policy.ladder import RUNG_LABELS, Level, Rung
from tierce.policy.lines import COMMON, PLACE_DESKS_MAX, PLACE_UNSEEN, PLACE_WHOLE_DESKS, POOLS
from tierce.policy.rights import CARE_WINDOWS, ENGAGEMENT_DAYS
from tierce.policy.seats import (
    DAY_LIMITS,
    DECLARED,
    DECLARED_MISSES_PERCENT,
    MISS_DAYS,
    PROBATION_DAYS,
    PROBATION_LIMIT,
    SEAT_DAYS,
    SEATS,
    Line,
    cap_of,
    settled_line,
)
from tierce.policy.staff import ROLE_LABELS, StaffRole, roles_of

_DAY = 20_003
_FRESH = Read(
    live=True, fresh=True, rung=0, person=PersonId(1), insurer=InsurerId(1), until_day=_DAY, pair=1, pair_state=0,
    pair_day=0, seen_day=0, seen_line=0, from_day=_DAY, standing=Standing.COVERED, others=False, engaged_until=0,
)  # fmt: skip
_FULL_PLACE = replace(PLACE_UNSEEN, day=_DAY)
_KNOWN = replace(_FRESH, pair_state=PAIR_OPEN, pair_day=_DAY)


@dataclass(frozen=True, slots=True)
class _Situation:
    """Whom an ask is about, and what the line has left."""

    name: str
    read: Read
    presence: Presence = Presence.NONE
    full: bool = False
    """Every count of the day is at its limit, attempts excepted."""
    place_full: bool = False
    common: bool = True


_CASES = (
    _Situation("first", _FRESH),
    _Situation("first_full", _FRESH, full=True),
    _Situation("first_place", _FRESH, place_full=True),
    _Situation("first_common", _FRESH, common=False),
    _Situation("known", _KNOWN),
    _Situation("known_full", _KNOWN, full=True),
    _Situation("present", _FRESH, Presence.CONFIRMED, full=True),
    _Situation("unknown", replace(_FRESH, person=NOBODY, insurer=InsurerId(0), standing=Standing.NONE)),
    _Situation("not_covered", replace(_FRESH, insurer=InsurerId(0), standing=Standing.NONE)),
    _Situation("ended", replace(_FRESH, standing=Standing.ENDED)),
    _Situation("future", replace(_FRESH, standing=Standing.FUTURE)),
    _Situation("not_eligible", replace(_FRESH, standing=Standing.NOT_ELIGIBLE)),
    _Situation("not_contracted", replace(_FRESH, standing=Standing.NOT_CONTRACTED)),
    _Situation("no_other_payer", replace(_FRESH, insurer=InsurerId(0), standing=Standing.NO_OTHER_PAYER)),
    _Situation(
        "present_unknown",
        replace(_FRESH, person=NOBODY, insurer=InsurerId(0), standing=Standing.NONE),
        Presence.CONFIRMED,
        full=True,
    ),
    _Situation("present_ended", replace(_FRESH, standing=Standing.ENDED), Presence.CONFIRMED, full=True),
    _Situation("insurer_closed", replace(_FRESH, closed=Level.INSURER)),
)

Grid = tuple[tuple[Decision, ...], ...]


def _line(profession: Profession, *, full: bool = False) -> Line:
    line = settled_line(profession, _DAY)
    if not full:
        return line
    return replace(line, today=cap_of(line.limit), known=DAY_LIMITS[profession].known)


def _ask(
    profession: Profession,
    act: Act,
    domain: Domain,
    *,
    signed: bool = True,
    level: int = LEVEL_MIN,
    presence: Presence = Presence.NONE,
) -> Ask:
    caller = Caller(
        ProfessionalId(1), LoginId(1), EstablishmentId(1), ActivityId(1), profession, SoftwareId(1), VendorId(1),
        SessionId(1), DeviceId(1), LineId(1), Assurance(level, signed), bytes(16),
    )  # fmt: skip
    return Ask(caller, act, domain, _DAY, None, 1, None, None, presence=presence)


def _shown(profession: Profession, act: Act, domain: Domain) -> DataCategory:
    """What the gate shows of a covered person when nothing stands in the way; nothing when it refuses."""
    decision = decide(_ask(profession, act, domain), _FRESH, _line(profession), _DAY).decision
    return decision.fields if isinstance(decision, Release) else DataCategory.NONE


def _grid(profession: Profession, act: Act, domain: Domain, *, signed: bool) -> Grid:
    """Every situation on every rung."""
    return tuple(
        tuple(
            decide(
                _ask(profession, act, domain, signed=signed, presence=case.presence),
                replace(case.read, rung=rung.value),
                _line(profession, full=case.full),
                _DAY,
                _FULL_PLACE if case.place_full else PLACE_UNSEEN,
                common=case.common,
            ).decision
            for rung in Rung
        )
        for case in _CASES
    )


def _plain_refusals(profession: Profession, act: Act, domain: Domain) -> dict[str, Decision]:
    """What is refused before anybody is looked up, whoever is asked for."""
    line, ask = _line(profession), _ask(profession, act, domain)
    other = next(one for one in Domain if not _shown(profession, act, one))
    spent = replace(line, attempts=DAY_LIMITS[profession].attempts)
    return {
        "session": decide(ask, replace(_KNOWN, live=False), line, _DAY).decision,
        "proof": decide(ask, replace(_KNOWN, fresh=False), line, _DAY).decision,
        "attempts": decide(ask, _KNOWN, spent, _DAY).decision,
        "domain": decide(_ask(profession, act, other), _KNOWN, line, _DAY).decision,
        "level": decide(_ask(profession, act, domain, level=LEVEL_MIN - 1), _KNOWN, line, _DAY).decision,
        "closed": decide(ask, replace(_KNOWN, closed=Level.DOMAIN), line, _DAY).decision,
    }


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _table(head: list[str], rows: list[list[object]]) -> Iterator[str]:
    yield _row(*head)
    yield _row(*["---"] * len(head))
    for row in rows:
        yield _row(*row)
    yield ""


def _fields(fields: DataCategory, language: Language) -> str:
    return ", ".join(FIELD_WORDS[one][language] for one in each(fields))


def _cell(decision: Decision, language: Language) -> str:
    if isinstance(decision, Release):
        return f"**{OUTCOMES[Outcome.RELEASED][language]}**"
    key = (
        "refused"
        if isinstance(decision, Refuse)
        else "precise"
        if isinstance(decision, StepUp) and decision.precise
        else "step_up"
    )
    word = PAGE[key][language]
    return f"{word} · {OUTCOMES[decision.outcome][language]}"


def _who_asks_what(language: Language) -> Iterator[str]:
    rows: list[list[object]] = []
    for profession in Profession:
        by_fields: dict[DataCategory, set[Domain]] = defaultdict(set)
        acts: dict[Domain, list[str]] = defaultdict(list)
        for act in Act:
            for domain in Domain:
                if fields := _shown(profession, act, domain):
                    by_fields[fields].add(domain)
                    acts[domain].append(ACTS[act][language])
        for fields, domains in by_fields.items():
            done = sorted({", ".join(acts[domain]) for domain in domains})
            names = ", ".join(f"{DOMAIN_LABELS[one][language]} ({one.name})" for one in sorted(domains))
            name = PROFESSION_LABELS[profession][language]
            rows.append([name, names, " / ".join(done), _fields(fields, language)])
    yield from _table([PAGE[key][language] for key in ("profession", "domains", "acts", "fields")], rows)


def _situations(language: Language) -> Iterator[str]:
    groups: dict[tuple[Grid, Grid], list[tuple[Profession, Act, Domain]]] = defaultdict(list)
    for profession in Profession:
        for act in SHOWN:
            for domain in Domain:
                if _shown(profession, act, domain):
                    signed, unsigned = (_grid(profession, act, domain, signed=each_way) for each_way in (True, False))
                    groups[signed, unsigned].append((profession, act, domain))
    everybody = len(groups) == 1
    for (signed, unsigned), members in groups.items():
        names = sorted({PROFESSION_LABELS[profession][language] for profession, _, _ in members})
        yield f"{PAGE['everybody'][language] if everybody else ', '.join(names)}."
        yield ""
        for title, grid in (("signed", signed), ("unsigned", unsigned)):
            yield f"### {PAGE[title][language]}"
            yield ""
            head = [PAGE["person"][language], *(RUNG_LABELS[rung][language] for rung in Rung)]
            rows: list[list[object]] = [
                [SITUATIONS[case.name][language], *(_cell(decision, language) for decision in line)]
                for case, line in zip(_CASES, grid, strict=True)
            ]
            yield from _table(head, rows)


def _refusals(language: Language) -> Iterator[str]:
    told: dict[str, set[str]] = defaultdict(set)
    for profession in Profession:
        for act in SHOWN:
            domain = next(one for one in Domain if _shown(profession, act, one))
            for reason, decision in _plain_refusals(profession, act, domain).items():
                told[reason].add(_cell(decision, language))
    rows: list[list[object]] = [
        [REASONS[reason][language], " / ".join(sorted(cells))] for reason, cells in told.items()
    ]
    yield from _table([PAGE["reason"][language], PAGE["answer"][language]], rows)


def _numbers(language: Language) -> Iterator[str]:
    rows: list[list[object]] = []
    for profession in Profession:
        seats, limits, second = SEATS[profession], DAY_LIMITS[profession], DECLARED[profession]
        rows.append(
            [
                PROFESSION_LABELS[profession][language],
                f"{PROBATION_LIMIT} ({cap_of(PROBATION_LIMIT)})",
                f"{seats.a} ({cap_of(seats.a)})",
                f"{seats.top} ({cap_of(seats.top)})",
                f"{second.a}–{second.top} ({cap_of(second.a)}–{cap_of(second.top)})",
                f"{limits.known} ({limits.known_on_probation})",
                limits.attempts,
            ]
        )
    keys = ("profession", "seats_new", "seats_base", "seats_top", "seats_declared", "known_day", "attempts_day")
    yield from _table([PAGE[key][language] for key in keys], rows)


def _common(language: Language) -> Iterator[str]:
    rows: list[list[object]] = [
        [
            PAGE[f"line_{level.value}"][language],
            f"{size.base:_}".replace("_", " "),
            f"{size.percent} %",
            PAGE["line_pool" if level in POOLS else "line_seats"][language],
        ]
        for level, size in COMMON.items()
    ]
    yield from _table([PAGE[key][language] for key in ("line", "line_base", "line_share", "line_of")], rows)


def _windows(language: Language) -> Iterator[str]:
    rows: list[list[object]] = [
        [f"{DOMAIN_LABELS[domain][language]} ({domain.name})", window.past, window.ahead, ENGAGEMENT_DAYS[domain]]
        for domain, window in CARE_WINDOWS.items()
    ]
    yield from _table([PAGE[key][language] for key in ("domains", "past", "ahead", "engaged")], rows)


def _staff(language: Language) -> Iterator[str]:
    rows: list[list[object]] = []
    for act in Act:
        held = roles_of(act)
        if held:
            name = STAFF_WORDS[act][language] if act in STAFF_WORDS else act.name
            rows.append([name, *("✓" if role in held else "–" for role in StaffRole)])
    yield from _table([PAGE["staff_act"][language], *(ROLE_LABELS[role][language] for role in StaffRole)], rows)


def render(language: Language) -> str:
    """The whole page, in Markdown."""
    numbers = PAGE["numbers_intro"][language].format(
        probation=PROBATION_DAYS, seat=SEAT_DAYS, miss=MISS_DAYS, percent=DECLARED_MISSES_PERCENT
    )
    lines = [f"# {PAGE['title'][language]}", "", PAGE["intro"][language], ""]
    lines += [f"## {PAGE['who'][language]}", "", *_who_asks_what(language)]
    lines += [f"## {PAGE['before'][language]}", "", PAGE["before_intro"][language], "", *_refusals(language)]
    lines += [f"## {PAGE['then'][language]}", "", PAGE["then_intro"][language], "", *_situations(language)]
    lines += [f"## {PAGE['windows'][language]}", "", PAGE["windows_intro"][language], "", *_windows(language)]
    lines += [f"## {PAGE['numbers'][language]}", "", numbers, "", *_numbers(language)]
    common = PAGE["lines_intro"][language].format(whole=PLACE_WHOLE_DESKS, desks=PLACE_DESKS_MAX)
    lines += [f"## {PAGE['lines'][language]}", "", common, "", *_common(language)]
    lines += assistants_part(language)
    lines += [f"## {PAGE['staff'][language]}", "", PAGE["staff_intro"][language], "", *_staff(language)]
    lines += [f"{PAGE['digest'][language]} `{policy_digest().hex()}`.", ""]
    return "\n".join(lines)
