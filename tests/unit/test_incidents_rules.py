"""The scope's rules on small journals written by hand."""

import pytest

from tierce.incidents.errors import CriteriaError
from tierce.incidents.model import Batch, Criteria, Gap, GapKind, JournalLine, Rule, Status, TreeHead
from tierce.incidents.rules import (
    by_insurer,
    canonical_lines,
    compute_scope,
    find_gaps,
    rule_text,
    slice_digest,
)
from tierce.journal.model import Entry, EntryKind
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import DeviceId, EntrySeq, InsurerId, PersonId, ProfessionalId
from tierce.policy.acts import Outcome

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


def test_the_owners_own_patients_are_not_the_thiefs() -> None:
    lines = [line(256, 1, device=OWNER), line(257, 2)]
    assert [one.person for one in compute_scope(criteria(), lines, TREE).exposures] == [2]
    whole = compute_scope(criteria(whole_account=True), lines, TREE)
    assert [(one.person, rule_text(one.rules)) for one in whole.exposures] == [
        (1, "professional"),
        (2, "device+professional"),
    ]


def test_a_person_with_two_contracts_is_at_each_insurer_whose_copy_was_read() -> None:
    scope = compute_scope(criteria(), [line(256, 1, 3), line(257, 1, 3, at=200), line(258, 1, 8)], TREE)
    assert [(one.insurer, one.entries, one.first_us, one.last_us) for one in scope.exposures] == [
        (3, 2, 100, 200),
        (8, 1, 100, 100),
    ]
    assert scope.persons == 1
    assert [(one.insurer, one.persons, one.entries) for one in by_insurer(scope.exposures)] == [
        (3, 1, 2),
        (8, 1, 1),
    ]
    assert all(one.status is Status.CONFIRMED and one.rules == {Rule.DEVICE} for one in scope.exposures)


def test_a_line_that_names_nobody_is_counted_and_never_dropped() -> None:
    scope = compute_scope(criteria(), [line(256, 0)], TREE)
    assert (scope.exposures, scope.unattributed, scope.entries) == ((), 1, 1)


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (Criteria(frozenset(), frozenset(), frozenset(), 0, 1), "name at least one"),
        (Criteria(frozenset({DOCTOR}), frozenset(), frozenset(), 5, 5), "later end"),
        (Criteria(frozenset({DOCTOR}), frozenset(), frozenset(), -1, 5), "later end"),
    ],
)
def test_criteria_that_name_nothing_are_refused(wrong: Criteria, word: str) -> None:
    with pytest.raises(CriteriaError, match=word):
        compute_scope(wrong, [], TREE)


def test_canonical_lines_are_frozen() -> None:
    scope = compute_scope(criteria(), [line(256, 2)], TREE, [Gap(GapKind.NEVER_COMMITTED, 7, 8, 0)])
    text = "".join(canonical_lines(scope.criteria, TREE, scope.exposures, scope.gaps, scope.unattributed))
    assert text == (
        "tierce-scope-v1\n"
        f"tree 4 {'00' * 32}\n"
        "window 0 1000\n"
        "device 66\n"
        "gap 7 8 0 never committed\n"
        "unattributed 0\n"
        "2 1 24 100 100 1 device confirmed\n"
    )


def test_an_insurers_digest_ignores_what_other_insurers_have() -> None:
    lines = [line(256, 1, 3), line(257, 2, 8)]
    scope = compute_scope(criteria(), lines, TREE)
    alone = [one for one in scope.exposures if one.insurer == 3]
    three = InsurerId(3)
    assert slice_digest(scope.digest, three, scope.exposures) == slice_digest(scope.digest, three, alone)
    assert slice_digest(scope.digest, three, alone) != slice_digest(scope.digest, InsurerId(8), alone)


def batch(block: int, minute: int, signed: int = 3, found: int = 3) -> Batch:
    return Batch(block=block, at_us=minute * MINUTE_US, signed=signed, found=found)


def test_holes_that_touch_the_window_are_listed() -> None:
    batches = [batch(1, 10), batch(4, 12), batch(5, 30), batch(7, 31), batch(9, 90)]
    found = find_gaps(batches, 29 * MINUTE_US, 40 * MINUTE_US)
    assert found == [
        Gap(GapKind.NEVER_COMMITTED, 6, 6, 0),
        Gap(GapKind.NEVER_COMMITTED, 8, 8, 0),
    ]


def test_a_block_with_fewer_lines_than_it_signed_is_listed() -> None:
    found = find_gaps([batch(1, 10, 3, 2), batch(2, 90, 3, 0)], 0, 20 * MINUTE_US)
    assert found == [Gap(GapKind.LINES_MISSING, 1, 1, 1)]
