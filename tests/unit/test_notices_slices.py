"""An insurer's part of a list: its own people alone, counted once; and what of a past is said as one stay."""

from datetime import UTC, datetime, timedelta

import pytest

from tierce.incidents.rules import slice_head
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import InsurerId, PersonId
from tierce.notices.rules import is_complete, last_stay
from tierce.notices.slices.model import Member
from tierce.notices.slices.rules import References, emptied, records, slice_for
from tierce.notices.telling.model import ContactPoint
from tierce.notices.telling.rules import TEST_EVERY, is_test_due
from tierce.scope.model import HARMLESS, Exposure, Gap, GapKind, Status
from tierce.scope.rules import digest_of, exposure_line

OAK, PINE, NOBODYS = InsurerId(1), InsurerId(2), InsurerId(3)
LIST = b"l" * 32
SECOND_US = 1_000_000
NOW = datetime(2026, 3, 3, 9, 12, tzinfo=UTC)


def exposure(person: int, insurer: InsurerId, first: int, last: int, *, categories: int = 1) -> Exposure:
    return Exposure(
        PersonId(person), insurer, DataCategory(categories), first * SECOND_US, last * SECOND_US, 2, frozenset(),
        Status.CONFIRMED,
    )  # fmt: skip


ROWS = [
    exposure(1, OAK, 50, 60, categories=1),
    exposure(1, PINE, 10, 99, categories=8),
    exposure(2, OAK, 40, 70, categories=2),
    exposure(3, OAK, 45, 65, categories=1),
]


def test_an_insurers_part_counts_its_own_people_and_shows_their_first_and_last_moment() -> None:
    part = slice_for(LIST, OAK, "Chêne", ROWS)
    assert part is not None
    own = [f"{exposure_line(one)}\n" for one in ROWS if one.insurer == OAK]
    assert (part.persons, part.entries, part.categories) == (3, 6, DataCategory(3))
    assert (part.first_at.timestamp(), part.last_at.timestamp()) == (40, 70)
    assert part.digest == digest_of([slice_head(LIST, OAK), *own])
    assert slice_for(LIST, OAK, "Chêne", [one for one in ROWS if one.insurer == OAK]) == part
    assert slice_for(LIST, NOBODYS, "Personne", ROWS) is None
    assert emptied(LIST, NOBODYS, "Personne", 4).digest == digest_of([slice_head(LIST, NOBODYS)])


def test_each_record_has_the_cohort_of_its_own_categories() -> None:
    insured, medical = int(DataCategory.INSURER | DataCategory.GUARANTEES), int(DataCategory.MEDICAL)
    members = [
        (Member(5, insured, 60, 61, 1, None), ("A-1", 0)), (Member(6, medical, 60, 119, 1, None), ("A-2", 2)),
        (Member(7, insured, 120, 120, 3, None), ("A-3", 0)),
    ]  # fmt: skip
    found = [line.rstrip("\n").split(",")[1:] for line in records(References(LIST, OAK), members)]
    assert found == [
        ["A-1", "", str(insured), "insured", "1970-01-01T00:01:00Z", "1970-01-01T00:01:01Z", "1"],
        ["A-2", "2", str(medical), "invoices", "1970-01-01T00:01:00Z", "1970-01-01T00:01:59Z", "1"],
        ["A-3", "", str(insured), "insured", "1970-01-01T00:02:00Z", "1970-01-01T00:02:00Z", "3"],
    ]


@pytest.mark.parametrize("kind", list(GapKind))
def test_nothing_else_is_said_only_when_no_line_is_missing_or_nobodys(kind: GapKind) -> None:
    gap = Gap(kind, 0, SECOND_US, 1)
    assert is_complete([], 0)
    assert not is_complete([], 1)
    assert is_complete([gap], 0) is (kind in HARMLESS)
    assert not is_complete([gap], 1)


def test_stays_that_touch_are_one_and_the_last_is_told() -> None:
    def stay(since: int, until: int) -> tuple[datetime, datetime]:
        return NOW + timedelta(hours=since), NOW + timedelta(hours=until)

    assert last_stay([]) is None
    assert last_stay([stay(0, 1)]) == stay(0, 1)
    assert last_stay([stay(3, 4), stay(0, 1)]) == stay(3, 4)
    assert last_stay([stay(1, 2), stay(0, 1)]) == stay(0, 2)
    assert last_stay([stay(0, 9), stay(1, 2)]) == stay(0, 9)


def test_a_contact_is_tested_each_quarter() -> None:
    contact = ContactPoint(1, OAK, 1, "N", "", "n@exemple.invalid", "")
    assert is_test_due(contact, NOW)
    for ago, due in ((TEST_EVERY, False), (TEST_EVERY + timedelta(seconds=1), True), (timedelta(), False)):
        tested = ContactPoint(1, OAK, 1, "N", "", "n@exemple.invalid", "", NOW - ago)
        assert is_test_due(tested, NOW) is due
