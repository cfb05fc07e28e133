"""Properties of the scope: nobody lost, nobody added, and the digest depends on the content alone."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tierce.journal.model import Entry, EntryKind
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import DeviceId, EntrySeq, InsurerId, PersonId, ProfessionalId, SessionId
from tierce.notices.slices.rules import slice_for
from tierce.policy.acts import Outcome
from tierce.scope.model import Criteria, JournalLine, Status, TreeHead
from tierce.scope.rules import Scope, compute_scope

TREE = TreeHead(size=1_000, root=b"r" * 32)
FROM_US, UNTIL_US = 1_000, 2_000

entries = st.builds(
    Entry,
    kind=st.sampled_from([EntryKind.DISCLOSURE, EntryKind.REVISIT, EntryKind.REFUSAL, EntryKind.MISS]),
    outcome=st.sampled_from([Outcome.RELEASED, Outcome.UNKNOWN, Outcome.OUT_OF_SEATS]),
    time_us=st.sampled_from([999, 1_000, 1_001, 1_500, 1_999, 2_000]),
    professional=st.sampled_from([ProfessionalId(1), ProfessionalId(2), ProfessionalId(3)]),
    device=st.sampled_from([DeviceId(10), DeviceId(20)]),
    session=st.sampled_from([SessionId(100), SessionId(200)]),
    person=st.integers(0, 6).map(PersonId),
    insurer=st.integers(1, 3).map(InsurerId),
    categories=st.integers(0, 31).map(DataCategory),
)
journals = st.lists(entries, max_size=40).map(
    lambda found: [JournalLine(EntrySeq(256 + place), entry) for place, entry in enumerate(found)]
)
criteria_sets = st.builds(
    Criteria,
    professionals=st.frozensets(st.sampled_from([ProfessionalId(1), ProfessionalId(2)]), min_size=1),
    devices=st.frozensets(st.just(DeviceId(10))),
    sessions=st.frozensets(st.just(SessionId(200))),
    from_us=st.just(FROM_US),
    until_us=st.just(UNTIL_US),
)


def truth(criteria: Criteria, lines: list[JournalLine]) -> set[tuple[int, int]]:
    """The pairs that were really read, said in the plainest way."""
    pairs: set[tuple[int, int]] = set()
    for line in lines:
        entry = line.entry
        released = entry.kind in (EntryKind.DISCLOSURE, EntryKind.REVISIT) and entry.outcome == Outcome.RELEASED
        reason_told = entry.kind == EntryKind.MISS and entry.categories != DataCategory.NONE
        if not (released or reason_told):
            continue
        if not FROM_US <= entry.time_us < UNTIL_US or entry.person == 0:
            continue
        if (
            entry.professional in criteria.professionals
            or entry.device in criteria.devices
            or entry.session in criteria.sessions
        ):
            pairs.add((entry.person, entry.insurer))
    return pairs


def pairs_of(scope: Scope) -> set[tuple[int, int]]:
    return {(one.person, one.insurer) for one in scope.exposures if one.status is Status.CONFIRMED}


def entries_of(scope: Scope) -> int:
    """The released lines that the list rests on, those that name nobody included."""
    confirmed = (one.entries for one in scope.exposures if one.status is Status.CONFIRMED)
    return sum(confirmed) + scope.head.unattributed


@given(criteria_sets, journals)
def test_everybody_read_is_on_the_list_and_nobody_else(criteria: Criteria, lines: list[JournalLine]) -> None:
    scope = compute_scope([criteria], lines, TREE)
    assert pairs_of(scope) == truth(criteria, lines)


@given(criteria_sets, journals, st.data())
def test_the_order_of_the_journal_does_not_change_the_digest(
    criteria: Criteria, lines: list[JournalLine], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(lines))
    assert compute_scope([criteria], shuffled, TREE) == compute_scope([criteria], lines, TREE)


@given(criteria_sets, journals, st.data())
def test_one_more_category_changes_the_digest(
    criteria: Criteria, lines: list[JournalLine], data: st.DataObject
) -> None:
    scope = compute_scope([criteria], lines, TREE)
    in_scope = [place for place, line in enumerate(lines) if truth(criteria, [line])]
    if not in_scope:
        return
    place = data.draw(st.sampled_from(in_scope))
    altered = list(lines)
    altered[place] = replace(
        lines[place], entry=replace(lines[place].entry, categories=lines[place].entry.categories | 64)
    )
    assert compute_scope([criteria], altered, TREE).digest != scope.digest


@given(criteria_sets, journals)
def test_insurers_counts_add_up_to_the_list(criteria: Criteria, lines: list[JournalLine]) -> None:
    scope = compute_scope([criteria], lines, TREE)
    told = [one for one in scope.exposures if one.status is Status.CONFIRMED]
    counts = [slice_for(scope.digest, insurer, "", told) for insurer in {one.insurer for one in told}]
    assert sum(one.persons for one in counts if one) == len(told)
    assert sum(one.entries for one in counts if one) + scope.head.unattributed == entries_of(scope)


@given(criteria_sets, journals)
def test_every_matching_line_is_counted_once(criteria: Criteria, lines: list[JournalLine]) -> None:
    scope = compute_scope([criteria], lines, TREE)
    nobody = [
        line for line in lines if truth(criteria, [replace(line, entry=replace(line.entry, person=PersonId(9)))])
    ]
    assert entries_of(scope) == len(nobody)
    assert scope.head.unattributed == len([line for line in nobody if line.entry.person == 0])
