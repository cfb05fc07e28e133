"""The scope's rules on small journals written by hand."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from tierce.incidents.errors import FreeTextError
from tierce.incidents.rules import (
    FREE_TEXT_CHARACTERS_MAX,
    account_criteria,
    check_free_text,
    crockford,
    incident_reference,
)
from tierce.journal.model import Entry, EntryKind
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import from_micros
from tierce.kernel.ids import DeviceId, EntrySeq, IncidentId, InsurerId, PersonId, ProfessionalId, StaffId
from tierce.notices.slices.rules import slice_for
from tierce.policy.acts import Outcome
from tierce.scope.errors import CriteriaError
from tierce.scope.holes import find_holes_of
from tierce.scope.model import (
    HARMLESS,
    Batch,
    Beat,
    Criteria,
    Doubt,
    Gap,
    GapKind,
    JournalLine,
    Rule,
    Status,
    TreeHead,
)
from tierce.scope.rules import (
    LOST_BLOCKS,
    Holes,
    canonical_lines,
    compute_scope,
    find_holes,
    is_over,
    judge,
    rule_text,
    silences,
)
from tierce.scope.sources import Blocks

TREE = TreeHead(size=4, root=bytes(32))
THIEF = DeviceId(66)
OWNER = DeviceId(11)
DOCTOR = ProfessionalId(5)
MINUTE_US = 60_000_000


def line(seq: int, person: int, insurer: int = 1, *, device: DeviceId = THIEF, at: int = 100) -> JournalLine:
    entry = Entry(
        kind=EntryKind.DISCLOSURE,
        outcome=Outcome.RELEASED,
        time_us=at,
        professional=DOCTOR,
        device=device,
        person=PersonId(person),
        insurer=InsurerId(insurer),
        categories=DataCategory.INSURER | DataCategory.GUARANTEES,
    )
    return JournalLine(EntrySeq(seq), entry)


def criteria(*, whole_account: bool = False) -> Criteria:
    return Criteria(
        professionals=frozenset({DOCTOR}) if whole_account else frozenset(),
        devices=frozenset({THIEF}),
        sessions=frozenset(),
        from_us=0,
        until_us=1_000,
    )


STAFF = frozenset({StaffId(5)})
OF_STAFF = Criteria(frozenset(), frozenset(), frozenset(), 0, 1_000, staff=STAFF)


def test_the_owners_own_patients_are_not_the_thiefs() -> None:
    lines = [line(256, 1, device=OWNER), line(257, 2)]
    assert [one.person for one in compute_scope([criteria()], lines, TREE).exposures] == [2]
    whole = compute_scope([criteria(whole_account=True)], lines, TREE)
    assert [(one.person, rule_text(one.rules)) for one in whole.exposures] == [
        (1, "professional"),
        (2, "device+professional"),
    ]


def test_a_person_with_two_contracts_is_at_each_insurer_whose_copy_was_read() -> None:
    scope = compute_scope([criteria()], [line(256, 1, 3), line(257, 1, 3, at=200), line(258, 1, 8)], TREE)
    assert [(one.insurer, one.entries, one.first_us, one.last_us) for one in scope.exposures] == [
        (3, 2, 100, 200),
        (8, 1, 100, 100),
    ]
    assert {one.person for one in scope.exposures} == {1}
    parts = [slice_for(scope.digest, InsurerId(insurer), "", scope.exposures) for insurer in (3, 8)]
    assert [(one.insurer, one.persons, one.entries) for one in parts if one] == [(3, 1, 2), (8, 1, 1)]
    assert all(one.status is Status.CONFIRMED and one.rules == {Rule.DEVICE} for one in scope.exposures)


def test_a_line_that_names_nobody_is_counted_and_never_dropped() -> None:
    scope = compute_scope([criteria()], [line(256, 0)], TREE)
    assert (scope.exposures, scope.head.unattributed, scope.head.whole) == ((), 1, False)


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (Criteria(frozenset(), frozenset(), frozenset(), 0, 1), "name at least one"),
        (Criteria(frozenset({DOCTOR}), frozenset(), frozenset(), 5, 5), "later end"),
        (Criteria(frozenset({DOCTOR}), frozenset(), frozenset(), -1, 5), "later end"),
        (replace(criteria(), staff=STAFF), "keep them apart"),
        (replace(OF_STAFF, ladder=True), "keep them apart"),
    ],
)
def test_criteria_that_name_nothing_are_refused(wrong: Criteria, word: str) -> None:
    with pytest.raises(CriteriaError, match=word):
        compute_scope([wrong], [], TREE)
    with pytest.raises(CriteriaError, match="no clause"):
        compute_scope([], [], TREE)


SAID = DataCategory.INSURER


@pytest.mark.parametrize(
    ("clause", "kind", "outcome", "categories", "at", "status"),
    [
        (criteria(), EntryKind.DISCLOSURE, Outcome.RELEASED, SAID, 100, Status.CONFIRMED),
        (criteria(), EntryKind.REVISIT, Outcome.RELEASED, SAID, 100, Status.CONFIRMED),
        (criteria(), EntryKind.DISCLOSURE, Outcome.ENDED, SAID, 100, Status.EXCLUDED),
        (criteria(), EntryKind.REFUSAL, Outcome.OUT_OF_SEATS, SAID, 100, Status.EXCLUDED),
        (criteria(), EntryKind.MISS, Outcome.ENDED, SAID, 100, Status.CONFIRMED),  # told why, for she was there
        (criteria(), EntryKind.MISS, Outcome.ENDED, DataCategory.NONE, 100, Status.EXCLUDED),
        (criteria(), EntryKind.STAFF_ACT, Outcome.DONE, SAID, 100, None),
        (criteria(), EntryKind.DISCLOSURE, Outcome.RELEASED, SAID, 0, Status.CONFIRMED),
        (criteria(), EntryKind.DISCLOSURE, Outcome.RELEASED, SAID, 999, Status.CONFIRMED),
        (criteria(), EntryKind.DISCLOSURE, Outcome.RELEASED, SAID, 1_000, None),
        (criteria(), EntryKind.REFUSAL, Outcome.OUT_OF_SEATS, SAID, 1_000, None),
        (OF_STAFF, EntryKind.STAFF_ACT, Outcome.DONE, SAID, 100, Status.CONFIRMED),
        (OF_STAFF, EntryKind.EXPORT, Outcome.DONE, SAID, 100, Status.CONFIRMED),
        (OF_STAFF, EntryKind.STAFF_ACT, Outcome.DONE, DataCategory.NONE, 100, None),
        (OF_STAFF, EntryKind.DISCLOSURE, Outcome.RELEASED, SAID, 100, None),
    ],
)
def test_what_each_kind_of_line_makes_of_the_person_it_names(
    clause: Criteria, kind: EntryKind, outcome: Outcome, categories: DataCategory, at: int, status: Status | None
) -> None:
    entry = replace(line(256, 1, at=at).entry, kind=kind, outcome=outcome, categories=categories)
    found = judge([clause], JournalLine(EntrySeq(256), entry), Holes())
    rules = frozenset({Rule.STAFF if clause.staff else Rule.DEVICE})
    assert found == (None if status is None else (status, rules))


def test_an_ask_outside_the_window_that_showed_nothing_is_out_of_scope_and_so_is_nobody_s() -> None:
    refused = replace(line(256, 0).entry, kind=EntryKind.REFUSAL, outcome=Outcome.OUT_OF_SEATS)
    assert judge([criteria()], JournalLine(EntrySeq(256), refused), Holes()) is None


def test_canonical_lines_are_frozen() -> None:
    holes = Holes((Gap(GapKind.NEVER_COMMITTED, 7, 8, 0),))
    scope = compute_scope([criteria()], [line(256, 2)], TREE, holes)
    assert "".join(canonical_lines(scope.head, scope.exposures)) == (
        "tierce-scope-v2\n"
        f"tree 4 {'00' * 32}\n"
        "window 0 1000\n"
        "device 66\n"
        "gap 7 8 0 never committed\n"
        "unattributed 0\n"
        "2 1 24 100 100 1 device confirmed\n"
    )


def test_an_insurers_digest_ignores_what_other_insurers_have() -> None:
    lines = [line(256, 1, 3), line(257, 2, 8)]
    scope = compute_scope([criteria()], lines, TREE)
    alone = [one for one in scope.exposures if one.insurer == 3]
    part, other = (slice_for(scope.digest, InsurerId(insurer), "", scope.exposures) for insurer in (3, 8))
    assert part is not None
    assert other is not None
    assert part == slice_for(scope.digest, InsurerId(3), "", alone)
    assert part.digest != other.digest


def batch(block: int, minute: int, signed: int = 3, found: int = 3) -> Batch:
    return Batch(block=block, at_us=minute * MINUTE_US, signed=signed, found=found)


def window(from_minute: int, until_minute: int) -> Criteria:
    return Criteria(frozenset({DOCTOR}), frozenset(), frozenset(), from_minute * MINUTE_US, until_minute * MINUTE_US)


def test_holes_that_touch_the_window_are_listed() -> None:
    batches = [batch(1, 10), batch(4, 12), batch(5, 30), batch(7, 31), batch(9, 90)]
    for windows in ([window(29, 40)], [window(29, 40), window(200, 210)]):
        assert find_holes(batches, windows).gaps == (
            Gap(GapKind.NEVER_COMMITTED, 6, 6, 0),
            Gap(GapKind.NEVER_COMMITTED, 8, 8, 0),
        )


@pytest.mark.parametrize(
    ("late_us", "listed"), [(0, True), (MINUTE_US, True), (MINUTE_US + 1, False), (-MINUTE_US, True)]
)
def test_a_hole_is_listed_to_the_minute_on_either_side_of_a_window(late_us: int, *, listed: bool) -> None:
    """Of a window from minute 30 to minute 40."""
    after, before = 40 * MINUTE_US + late_us, 30 * MINUTE_US - late_us
    for low, high in ((after, 90 * MINUTE_US), (0, before)):
        batches = [Batch(1, low, 3, 3), Batch(3, high, 3, 3)]
        assert bool(find_holes(batches, [window(30, 40)]).gaps) is listed
    for at in (after, before):
        assert bool(find_holes([Batch(1, at, 3, 2)], [window(30, 40)]).gaps) is listed


@pytest.mark.parametrize(("back_us", "doubted"), [(2 * MINUTE_US, False), (2 * MINUTE_US + 1, True)])
def test_a_clock_is_in_doubt_from_two_minutes_back_and_by_the_window_alone(back_us: int, *, doubted: bool) -> None:
    ahead = Batch(2, 30 * MINUTE_US + back_us, 3, 3)
    found = find_holes([batch(1, 30), ahead, batch(3, 30), batch(4, 50)], [window(0, 60)])
    assert set(found.doubts) == ({2, 3} if doubted else set())
    assert [gap.kind for gap in found.gaps] == ([GapKind.CLOCK] if doubted else [])
    for windows, meets in (((0, 30), True), ((0, 29), False), ((32, 33), True), ((33, 40), False)):
        assert bool(find_holes([batch(1, 30), ahead, batch(3, 30)], [window(*windows)]).doubts) is (meets and doubted)


@pytest.mark.parametrize(
    ("minutes", "stretches"),
    [
        ((10, 30, 12, 40, 60, 42), [(2, 3, 12, 30), (5, 6, 42, 60)]),
        ((10, 30, 12, 40, 22), [(2, 5, 12, 40)]),
        ((30, 28.5, 27), [(1, 1, 27, 30), (3, 3, 27, 30)]),  # the one between is within two minutes of both
    ],
)
def test_a_stretch_in_doubt_is_a_gap_from_its_earliest_time_to_its_latest(
    minutes: tuple[float, ...], stretches: list[tuple[int, int, float, float]]
) -> None:
    batches = [Batch(block, round(at * MINUTE_US), 3, 3) for block, at in enumerate(minutes, 1)]
    found = find_holes(batches, [window(0, 90)])
    assert found.gaps == tuple(Gap(GapKind.CLOCK, first, last, 0) for first, last, _, _ in stretches)
    times = [(gap.from_us / MINUTE_US, gap.until_us / MINUTE_US) for gap in found.gaps]
    assert times == [(low, high) for _, _, low, high in stretches]


def test_blocks_that_cannot_be_read_and_lines_taken_away_are_listed_around_the_window_alone() -> None:
    batches = [batch(1, 10, found=1), batch(2, 30), batch(3, 31, found=1), batch(4, 90)]
    assert find_holes(batches, [window(29, 40)], unreadable=[2, 4]).gaps == (
        Gap(GapKind.UNREADABLE, 2, 2, 0),
        Gap(GapKind.LINES_MISSING, 3, 3, 2),
    )


def test_who_was_shown_under_one_insurer_is_not_told_that_another_showed_nothing() -> None:
    refused = replace(line(256, 1, 3).entry, kind=EntryKind.REFUSAL, outcome=Outcome.OUT_OF_SEATS)
    lines = [JournalLine(EntrySeq(256), refused), line(257, 1, 8)]
    assert [(one.insurer, one.status) for one in compute_scope([criteria()], lines, TREE).exposures] == [
        (8, Status.CONFIRMED)
    ]
    assert [one.status for one in compute_scope([criteria()], lines[:1], TREE).exposures] == [Status.EXCLUDED]
    again = JournalLine(EntrySeq(258), replace(refused, insurer=InsurerId(8)))
    for both in ([lines[1], again], [again, lines[1]]):
        (one,) = compute_scope([criteria()], both, TREE).exposures
        assert (one.insurer, one.status, one.entries) == (8, Status.CONFIRMED, 1), "once shown, she was shown"


def test_a_window_is_over_once_no_clock_and_no_open_transaction_may_write_in_it() -> None:
    windows = [window(0, 10), window(0, 20)]
    moments = {minute: from_micros(minute * MINUTE_US) for minute in (12, 21, 22)}
    assert [is_over(windows, at) for at in moments.values()] == [False, False, True]
    assert not is_over(windows, moments[22], moments[21])
    assert is_over(windows, moments[22], from_micros(30 * MINUTE_US))


def test_numbers_left_out_for_lines_that_a_restore_lost_are_no_batches_that_were_given_up() -> None:
    """`tierce restore accept-loss` leaves that many out: what those lines showed did leave, nobody knows to whom."""
    for missing, kind in ((LOST_BLOCKS - 1, GapKind.NEVER_COMMITTED), (LOST_BLOCKS, GapKind.LOST)):
        batches = [batch(5, 30), batch(6 + missing, 34)]
        holes = find_holes(batches, [window(29, 40)])
        assert holes.gaps == (Gap(kind, 6, 5 + missing, 0),)
        blocks = Blocks(
            *(np.array(column, np.int64) for column in ((5, 6 + missing), (30 * MINUTE_US, 34 * MINUTE_US)))
        )
        assert find_holes_of(None, (), blocks, [window(29, 40)]).gaps == list(holes.gaps), "and so over columns"
        assert (kind in HARMLESS) == (kind is GapKind.NEVER_COMMITTED)
        assert [holes.near(at * MINUTE_US) for at in (28, 29, 32, 35, 36)] == [False, True, True, True, False]


def alive(instance: int, *minutes: float) -> list[Beat]:
    return [Beat(instance, round(one * MINUTE_US), instance * 1_000 + round(one), 60) for one in minutes]


def silent(first: int, last: int) -> Gap:
    return Gap(GapKind.SILENT, first, last, 0)


def test_an_instance_that_missed_more_than_three_signs_of_life_was_silent() -> None:
    beats = alive(1, 10, 11, 14, 17.01, 18) + alive(2, *range(10, 40))
    found = find_holes([], [window(0, 30)], beats=beats)
    assert found.gaps == (silent(1_014, 1_017), silent(1_018, 2_039))
    assert [(gap.from_us / MINUTE_US, gap.until_us / MINUTE_US) for gap in found.gaps] == [(14, 17.01), (18, 39)]
    assert find_holes([], [window(0, 10)], beats=beats).gaps == ()
    for back, missed in ((13, []), (13 + 1 / MINUTE_US, [silent(1_010, 1_013)])):
        assert silences(alive(1, 10, back), [window(0, 30)]) == missed
    (found_last,) = silences(alive(1, *range(10, 22)) + alive(2, 10, 20), [window(0, 30)])
    assert found_last.until_us == 20 * MINUTE_US, "it came back before the other's last"


def test_a_silence_is_listed_for_a_day_and_by_what_happened_around_the_window_alone() -> None:
    day = 24 * 60
    beats = alive(1, 10) + alive(2, *range(10, 4 * day))
    (found,) = find_holes([], [window(day, 2 * day)], beats=beats).gaps
    assert found.until_us == (10 + day) * MINUTE_US
    for late, listed in ((11, 1), (12, 0)):
        assert len(find_holes([], [window(day + late, 2 * day)], beats=beats).gaps) == listed
    assert find_holes([], [window(2 * day, 3 * day)], beats=beats).gaps == ()
    for alone in (alive(1, 10), alive(1, 10, 3 * day)):
        assert find_holes([], [window(0, 30)], beats=alone).gaps == (), "nobody else says that time went by"


def test_whoever_was_asked_for_in_a_silence_is_possible_and_nobody_else_is() -> None:
    holes = find_holes([], [window(0, 60)], beats=alive(1, 10, 20))
    asks = [refused(9 << 8, 1, 15 * MINUTE_US), refused(9 << 8 | 1, 2, 40 * MINUTE_US)]
    scope = compute_scope([window(0, 60)], asks, TREE, holes)
    assert [(one.person, one.status) for one in scope.exposures] == [(1, Status.POSSIBLE), (2, Status.EXCLUDED)]
    assert scope.head.whole


def test_a_block_with_fewer_lines_than_it_signed_is_listed() -> None:
    found = find_holes([batch(1, 10, 3, 2), batch(2, 90, 3, 0)], [window(0, 20)])
    assert found.gaps == (Gap(GapKind.LINES_MISSING, 1, 1, 1),)


def test_a_clock_that_went_back_puts_both_sides_in_doubt() -> None:
    batches = [batch(1, 10), batch(2, 30), batch(3, 12), batch(4, 13)]
    found = find_holes(batches, [window(20, 25)])
    assert found.gaps == (Gap(GapKind.CLOCK, 2, 4, 0),)
    scope = compute_scope([window(20, 25)], [line(3 << 8, 1, at=12 * MINUTE_US), line(1 << 8, 2)], TREE, found)
    assert [(one.person, one.status) for one in scope.exposures] == [(1, Status.POSSIBLE)]
    assert not scope.head.whole
    assert find_holes([batch(1, 10), batch(2, 9), batch(3, 11)], [window(0, 60)]).gaps == ()


def refused(seq: int, person: int, at: int) -> JournalLine:
    shown = line(seq, person, 0, at=at).entry
    entry = replace(shown, kind=EntryKind.REFUSAL, outcome=Outcome.OUT_OF_SEATS, categories=DataCategory.NONE)
    return JournalLine(EntrySeq(seq), entry)


def test_who_was_asked_for_without_an_answer_is_excluded_or_possible_near_a_hole() -> None:
    holes = find_holes([batch(1, 10), batch(3, 10), batch(4, 50)], [window(0, 60)])
    lines = [refused(256, 1, 10 * MINUTE_US), refused(4 << 8, 2, 50 * MINUTE_US), refused(257, 3, 10 * MINUTE_US)]
    lines.append(line(258, 3, at=10 * MINUTE_US))
    scope = compute_scope([window(0, 60)], lines, TREE, holes)
    assert [(one.person, one.insurer, one.status) for one in scope.exposures] == [
        (1, 0, Status.POSSIBLE),
        (2, 0, Status.EXCLUDED),
        (3, 0, Status.POSSIBLE),
        (3, 1, Status.CONFIRMED),
    ]


def test_beside_what_hides_lines_nobody_is_excluded_and_beside_the_rest_she_is() -> None:
    """A clock in doubt hides no line; what is said of a whole list is of no minute of it."""
    hiding = {
        kind for kind in GapKind
        if judge(
            [window(0, 60)], refused(256, 1, 10 * MINUTE_US),
            Holes((Gap(kind, 2, 2, 0, 10 * MINUTE_US, 10 * MINUTE_US),)),
        ) == (Status.POSSIBLE, frozenset({Rule.PROFESSIONAL}))
    }  # fmt: skip
    assert hiding == {
        GapKind.NEVER_COMMITTED, GapKind.LOST, GapKind.SILENT, GapKind.LINES_MISSING, GapKind.UNREADABLE,
    }  # fmt: skip


def test_the_three_cohorts_of_2024_are_three_criteria() -> None:
    """The insured; professionals, whose bank details a screen showed; a few people with transport invoices."""
    base = window(0, 60)
    insured = replace(base, categories=DataCategory.GUARANTEES)
    bank = replace(base, categories=DataCategory.BANK)
    invoices = replace(base, categories=DataCategory.MEDICAL | DataCategory.REIMBURSEMENTS)
    shown = {1: DataCategory.GUARANTEES, 2: DataCategory.BANK, 3: DataCategory.REIMBURSEMENTS | DataCategory.NIR}
    lines = [
        JournalLine(EntrySeq(256 + person), replace(line(256, person).entry, categories=categories))
        for person, categories in shown.items()
    ]
    found = [
        [one.person for one in compute_scope([cohort], lines, TREE).exposures] for cohort in (insured, bank, invoices)
    ]
    assert found == [[1], [2], [3]]
    assert compute_scope([insured], lines, TREE).digest != compute_scope([bank], lines, TREE).digest


def test_the_thiefs_devices_are_looked_for_under_every_account_and_else_the_account_is() -> None:
    told_apart = account_criteria(ProfessionalId(9), frozenset({DeviceId(4)}), 1, 2)
    assert told_apart == Criteria(frozenset(), frozenset({DeviceId(4)}), frozenset(), 1, 2)
    whole = account_criteria(ProfessionalId(9), frozenset(), 1, 2)
    assert whole == Criteria(frozenset({ProfessionalId(9)}), frozenset(), frozenset(), 1, 2)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "Nothing"), (" \n ", "Nothing"), ("x" * (FREE_TEXT_CHARACTERS_MAX + 1), "Longer"),
        ("un\u0007deux", "control"), ("vu 1 84 05 75 116 001", "security"),
        ("vu 184.05.2A.004-012 ce jour", "security"),
        ("1840519004012", "security"), ("１８４０５１９００４０１２", "security"),
    ],
)  # fmt: skip
def test_what_staff_write_names_nobody(text: str, word: str) -> None:
    with pytest.raises(FreeTextError) as refused:
        check_free_text("why", text)
    assert refused.value.field == "why"
    assert word in refused.value.reason.en


def test_what_staff_write_is_kept_trimmed() -> None:
    assert (
        check_free_text("why", "  Appel du\n 12/03/2026, 06 12 34 56 78.") == "Appel du 12/03/2026, 06 12 34 56 78."
    )
    assert len(check_free_text("why", "x" * FREE_TEXT_CHARACTERS_MAX)) == FREE_TEXT_CHARACTERS_MAX


def test_numbers_are_written_in_crockfords_letters() -> None:
    assert crockford(bytes([0xFF] * 4), 6) == "ZZZZZZ"
    assert crockford((10 << 5 | 18).to_bytes(2, "big"), 3) == "0AJ"
    assert incident_reference(IncidentId(32**4 + 31), date(2027, 3, 3)) == "I-20270303-000Z"


def test_a_line_bears_every_criterion_that_gives_its_smallest_status() -> None:
    device, account = criteria(), replace(criteria(whole_account=True), devices=frozenset())
    one = line(256, 1)
    both = frozenset({Rule.DEVICE, Rule.PROFESSIONAL})
    assert (
        judge([device, account], one, Holes()) == judge([account, device], one, Holes()) == (Status.CONFIRMED, both)
    )
    doubtful = Holes(doubts={1: Doubt(1, 0, 5_000)})
    later = replace(account, from_us=2_000, until_us=3_000)
    for clauses in ([device, later], [later, device]):
        assert judge(clauses, one, doubtful) == (Status.CONFIRMED, frozenset({Rule.DEVICE})), (
            "not what makes it possible alone"
        )
    assert judge([later], one, doubtful) == (Status.POSSIBLE, frozenset({Rule.PROFESSIONAL}))
    assert judge([later], one, Holes()) is None
    stay = replace(device, ladder=True)
    assert judge([stay], one, Holes()) == (Status.CONFIRMED, frozenset({Rule.LADDER}))
    assert judge([stay], line(257, 2, device=OWNER), Holes()) is None, "another device, while that one stood there"


@pytest.mark.parametrize(
    ("doubt", "status"),
    [((0, 1_999), None), ((0, 2_000), Status.POSSIBLE), ((2_999, 9_000), Status.POSSIBLE), ((3_000, 9_000), None)],
)
def test_a_line_of_a_block_in_doubt_is_possible_where_its_time_may_fall_in_the_window(
    doubt: tuple[int, int], status: Status | None
) -> None:
    clause = replace(criteria(), from_us=2_000, until_us=3_000)
    found = judge([clause], line(256, 1), Holes(doubts={1: Doubt(1, *doubt)}))
    assert (found and found[0]) == status
