"""What waits of a history, whether an incident concerns her, and what becomes of what she asks."""

from datetime import UTC, datetime, timedelta

import pytest

from tierce.incidents.cohorts.model import Cohort
from tierce.incidents.model import Purpose
from tierce.journal.model import Entry, EntryKind
from tierce.kernel.categories import DataCategory, each
from tierce.kernel.clock import micros
from tierce.kernel.ids import ActivityId, IncidentId, InsurerId, PersonId
from tierce.persons.concerned.advice import advice
from tierce.persons.concerned.model import Answer, Row
from tierce.persons.concerned.rules import answers
from tierce.persons.discretion import AUTHORITY, AUTHORITY_WAITS, waits
from tierce.persons.errors import AnswerRefusedError, RequestRefusedError
from tierce.persons.requests.model import OUTCOME_WORDS, SUBJECTS, RequestKind, RequestOutcome
from tierce.persons.requests.rules import check_answer, kind_asked, month_after, receipt
from tierce.policy.acts import Act

AT = datetime(2026, 3, 3, 9, 12, tzinfo=UTC)


@pytest.mark.parametrize("kind", [EntryKind.STAFF_ACT, EntryKind.EXPORT])
def test_a_reading_for_an_authority_waits_and_no_other(kind: EntryKind) -> None:
    assert Purpose.AUTHORITY_REQUEST.value == AUTHORITY

    def line(purpose: int, of: EntryKind = kind) -> Entry:
        return Entry(
            kind=of, act=Act.STAFF_PERSON_SHOW, time_us=micros(AT), person=PersonId(1), activity=ActivityId(purpose)
        )

    assert waits(line(AUTHORITY), AT + AUTHORITY_WAITS - timedelta(seconds=1))
    assert not waits(line(AUTHORITY), AT + AUTHORITY_WAITS)
    assert not waits(line(1), AT)
    assert not waits(line(AUTHORITY, EntryKind.DISCLOSURE), AT)


def row(*, whole: bool | None, insurer: int | None = None, confirmed: bool = False) -> Row:
    return Row(
        incident=IncidentId(7),
        day=AT.date(),
        signal_at=AT,
        listed_at=None if whole is None else AT,
        whole=whole,
        insurer=None if insurer is None else InsurerId(insurer),
        confirmed=confirmed,
        categories=DataCategory.INSURER if insurer else DataCategory.NONE,
        first_at=AT if insurer else None,
        last_at=AT if insurer else None,
    )


def test_i6_no_is_said_of_a_whole_list_alone() -> None:
    said = {
        "whole": answers([row(whole=True)], {}),
        "holes": answers([row(whole=False)], {}),
        "no list": answers([row(whole=None)], {}),
        "possible": answers([row(whole=True, insurer=1)], {}),
        "read": answers([row(whole=False, insurer=1, confirmed=True), row(whole=False, insurer=2)], {}),
    }
    assert {name: one.answer for name, (one,) in said.items()} == {
        "whole": Answer.NO,
        "holes": Answer.NOT_ESTABLISHED,
        "no list": Answer.NOT_ESTABLISHED,
        "possible": Answer.NOT_ESTABLISHED,
        "read": Answer.YES,
    }
    assert [shown.insurer for shown in said["read"][0].shown] == [1]
    assert {name: one.cohort for name, (one,) in said.items() if one.cohort} == {"read": Cohort.INSURED.value}


def test_i6_advice_speaks_of_what_was_shown_and_never_of_a_password() -> None:
    every = DataCategory(sum(one.value for one in DataCategory))
    text = " ".join(f"{one.fr} {one.en}" for one in advice(every)).casefold()
    assert "mot de passe" not in text
    assert "password" not in text
    assert advice(DataCategory.NONE) == ()
    for category in each(every & ~DataCategory.BANK):
        assert not any("banque" in one.fr for one in advice(category)), category
    assert any("banque" in one.fr for one in advice(DataCategory.BANK))


@pytest.mark.parametrize(
    ("made", "due"),
    [("2026-01-31T10:00", "2026-02-28T10:00"), ("2026-12-15T10:00", "2027-01-15T10:00")],
)
def test_a_request_is_due_one_calendar_month_later(made: str, due: str) -> None:
    at = datetime.fromisoformat(f"{made}+01:00")
    assert month_after(at).isoformat() == f"{due}:00+01:00"


def test_a_request_is_chosen_and_answered_in_written_words_by_whoever_decides() -> None:
    assert {kind for kind, _ in SUBJECTS.values()} == set(RequestKind)
    assert set(OUTCOME_WORDS) == set(RequestOutcome)
    assert receipt(1_234_567_890_123) == "2345-6789-0123"
    with pytest.raises(RequestRefusedError):
        kind_asked("my neighbour")
    assert [kind_asked(subject) for subject in ("origin", "birth", "all")] == list(RequestKind)
    assert check_answer(RequestKind.ACCESS, "copy", forwarded=False) is RequestOutcome.COPY
    assert check_answer(RequestKind.ERASURE, "erased", forwarded=True) is RequestOutcome.ERASED
    for kind, word, forwarded in (
        (RequestKind.ERASURE, "erased", False),
        (RequestKind.ERASURE, "copy", True),
        (RequestKind.ACCESS, "sure", True),
    ):
        with pytest.raises(AnswerRefusedError):
            check_answer(kind, word, forwarded=forwarded)
