"""Lines of contact data lent, and the page that describes them; when the next contact is warned; reports."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tierce.insurers.breaches.rules import fingerprint, read_report
from tierce.kernel.errors import FieldError
from tierce.kernel.feed import as_markdown
from tierce.kernel.ids import IncidentId, InsurerId, PersonId
from tierce.notices.contacts.columns import COLUMNS
from tierce.notices.contacts.model import Contact
from tierce.notices.contacts.rules import read_line
from tierce.notices.contacts.store import decode, encode
from tierce.notices.rules import letter_reference
from tierce.notices.slices.rules import Moments, References
from tierce.notices.telling.model import ContactPoint, InsurerWarning, WarningKind
from tierce.notices.telling.rules import ESCALATE_AFTER, TRIES_MAX, next_contact, next_try

PAGE = Path(__file__).parents[2] / "docs/reference/contacts-lent.md"
NOW = datetime(2026, 3, 3, 9, 12, tzinfo=UTC)
CHAIN = [ContactPoint(n, InsurerId(1), n, f"N{n}", "", f"n{n}@exemple.invalid", "") for n in (1, 2)]


def test_the_page_prints_the_columns() -> None:
    assert as_markdown(COLUMNS) in PAGE.read_text("utf-8")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"), ({"name": "x" * 121}, "name"), ({"name": "a\u0000b"}, "name"),
        ({"email": "a@b"}, "email"), ({"email": "", "address_1": ""}, "email"), ({"rank": "0"}, "rank"),
        ({"member_number": "", "reference": ""}, "reference"), ({"reference": "ABCD-EFGH-IJKL"}, "reference"),
        ({"member_number": "A 1"}, "member_number"), ({"language": "français"}, "language"),
        ({"former": "oui"}, "former"), ({"address_2": "1800514999001 23"}, "address_2"),
        ({"representative": "x" * 121}, "representative"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_and_its_value_is_not(changed: dict[str, str], field: str) -> None:
    cells = {"member_number": "A-1", "name": "Paul Lenoir", "email": "p@exemple.invalid", "address_1": "12 rue"}
    read_line(cells)
    with pytest.raises(FieldError) as refused:
        read_line(cells | changed)
    assert refused.value.field == field
    value = changed.get(field, "")
    assert not value or value not in str(refused.value)


def test_a_contact_comes_back_and_its_size_tells_a_class_alone() -> None:
    small = Contact("Paul", "p@exemple.invalid")
    large = Contact("Paul", "p@exemple.invalid", ("x" * 60,) * 6, "en", "Rose", former=True)
    assert (decode(encode(small)), decode(encode(large))) == (small, large)
    assert len(encode(small)) == len(encode(Contact("Paul Marie Lenoir-Aubry", "plus.long@exemple.invalid"))) == 192
    assert "Paul" not in repr(small)


def test_references_in_bulk_are_those_of_letters() -> None:
    bulk = References(b"x" * 32, InsurerId(7))
    for person in (1, 2**40 + 3, 2**63 - 1):
        assert bulk.of(person) == letter_reference(b"x" * 32, PersonId(person), InsurerId(7))


def test_moments_are_utc_to_the_second() -> None:
    moments = Moments()
    for at in (NOW, NOW + timedelta(seconds=59), NOW + timedelta(hours=15), NOW - timedelta(days=900)):
        assert moments.of(int(at.timestamp())) == at.strftime("%Y-%m-%dT%H:%M:%SZ")


def warned(contact: int | None, step: int, *, sent: datetime | None, tries: int = 1) -> InsurerWarning:
    kind = WarningKind.NOTICE
    return InsurerWarning(step, IncidentId(5), 1, InsurerId(1), step, contact, kind, NOW, tries, sent, None)


def test_the_next_contact_is_warned_when_the_last_had_its_time_or_cannot_be_reached() -> None:
    first = warned(1, 1, sent=NOW)
    assert next_contact([first], CHAIN, NOW + ESCALATE_AFTER - timedelta(seconds=1)) is None
    assert next_contact([first], CHAIN, NOW + ESCALATE_AFTER) == CHAIN[1]
    assert next_contact([first, warned(2, 2, sent=NOW)], CHAIN, NOW + timedelta(days=9)) is None
    assert next_contact([warned(1, 1, sent=None, tries=TRIES_MAX)], CHAIN, NOW) == CHAIN[1]
    assert next_contact([warned(1, 1, sent=None, tries=TRIES_MAX - 1)], CHAIN, NOW + timedelta(days=1)) is None
    assert next_contact([warned(None, 1, sent=None, tries=0)], CHAIN, NOW) == CHAIN[0]


def test_an_email_is_tried_again_later_each_time() -> None:
    waits = [next_try(NOW, tries) - NOW for tries in range(1, 8)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(minutes=1), timedelta(minutes=30))


HEAD = "row,value,count,hour\n"


def test_a_report_is_counts_and_references_alone() -> None:
    text = (
        f"{HEAD}outcome,matched,10,\noutcome,minors,2,\nunexplained,7K2M-9QXA-0D4T,,\nunexplained,7K2M-9QXA-0D4T,,\n"
        "told,email,4,2026-03-03T09:05+00:00\ntold,email,3,2026-03-03T10:05+01:00\n"
    )
    report = read_report(text.encode(), NOW)
    assert (report.matched, report.minors, report.unexplained) == (10, 2, ("7K2M-9QXA-0D4T",))
    assert report.total == 13
    (told,) = report.told
    assert (told.channel, told.people, told.hour) == ("email", 7, NOW.replace(minute=0))


@pytest.mark.parametrize(
    ("rows", "field", "line"),
    [
        ("outcome,matched,-1,\n", "count", 2), ("outcome,trouvés,1,\n", "row", 2),
        ("unexplained,Paul,,\n", "value", 2),
        ("outcome,matched,1,\ntold,email,1,2026-03-03T09:05\n", "hour", 3),
        ("told,email,1,2026-03-04T09:05Z\n", "hour", 2),
        ("told,pigeon,1,2026-03-03T09:05Z\n", "row", 2),
    ],
)  # fmt: skip
def test_a_wrong_row_is_named_by_its_line(rows: str, field: str, line: int) -> None:
    with pytest.raises(FieldError) as refused:
        read_report((HEAD + rows).encode(), NOW)
    assert refused.value.field == field
    assert f"Line {line}" in refused.value.reason.en
    assert "Paul" not in str(refused.value)
    with pytest.raises(FieldError):
        read_report(b"\xff\xfe", NOW)


def test_two_people_compare_a_key_by_twenty_characters() -> None:
    assert fingerprint("age1x") != fingerprint("age1y")
    assert len(fingerprint("age1x").replace(" ", "")) == 20
