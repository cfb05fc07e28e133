"""What a pack gives of a list: the lines of confirmed pairs, drawn by the list alone, and each insurer's digest."""

from dataclasses import replace

from tierce.incidents.pack.model import Line
from tierce.incidents.pack.rules import drawn, rests_on, slices
from tierce.journal.encoding import encode
from tierce.journal.model import Entry, EntryKind
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import DeviceId, InsurerId, PersonId, ProfessionalId
from tierce.notices.slices.rules import slice_for
from tierce.policy.acts import Act, Outcome
from tierce.scope.model import Criteria, Exposure, Status
from tierce.scope.rules import exposure_line

LIST = b"l" * 32
OAK, ELM = InsurerId(1), InsurerId(2)


def exposure(person: int, insurer: InsurerId, status: Status = Status.CONFIRMED) -> Exposure:
    return Exposure(PersonId(person), insurer, DataCategory.INSURER, 1, 2, 3, frozenset(), status)


CONFIRMED = [exposure(person, insurer) for person in range(1, 41) for insurer in (OAK, ELM)]
ROWS = [exposure_line(one) for one in CONFIRMED]
OTHERS = [exposure_line(exposure(99, OAK, status)) for status in (Status.POSSIBLE, Status.EXCLUDED)]


def test_each_insurers_digest_is_that_of_its_own_confirmed_lines() -> None:
    parts = [slice_for(LIST, one, "", CONFIRMED) for one in (OAK, ELM)]
    assert slices(LIST, [*ROWS, *OTHERS]) == {one.insurer: one.digest for one in parts if one}


def test_the_lines_given_are_drawn_by_the_list_and_by_nothing_else() -> None:
    found = drawn(LIST, ROWS + OTHERS, 10)
    assert len(found) == 10
    assert found == sorted(found) == drawn(LIST, [*OTHERS, *reversed(ROWS)], 10)
    assert set(found) < set(drawn(LIST, ROWS, 11))
    assert found != drawn(b"m" * 32, ROWS, 10)
    assert drawn(LIST, ROWS + OTHERS) == sorted((one.person, one.insurer) for one in CONFIRMED)


def test_a_pair_rests_on_a_line_that_released_it_under_the_criteria_alone() -> None:
    thief = DeviceId(10)
    entry = Entry(
        kind=EntryKind.DISCLOSURE, act=Act.RIGHTS_ASK, outcome=Outcome.RELEASED, time_us=100,
        professional=ProfessionalId(5), device=thief, person=PersonId(7), insurer=OAK,
        categories=DataCategory.INSURER, policy=bytes(16),
    )  # fmt: skip
    clause = Criteria(frozenset(), frozenset({thief}), frozenset(), 0, 1_000)

    def rests(one: Entry, pair: tuple[int, int] = (7, 1)) -> bool:
        return rests_on(clause, Line(256, 0, encode(one)), {pair})

    assert rests(entry)
    assert not rests(entry, (7, 2))
    assert not rests(entry, (8, 1))
    assert not rests(replace(entry, device=DeviceId(11)))
    assert not rests(replace(entry, time_us=1_000))
    refused = replace(entry, kind=EntryKind.REFUSAL, outcome=Outcome.OUT_OF_SEATS, categories=DataCategory.NONE)
    assert not rests(refused), "she was asked for, and nothing was released"
