"""Lines of contact data lent, and the page that describes them; when the next contact is warned; reports."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.feed_table import as_markdown
from tierce.insurers.breaches.rules import fingerprint, read_report
from tierce.kernel.errors import FieldError
from tierce.kernel.ids import IncidentId, InsurerId, PersonId
from tierce.notices.contacts.columns import COLUMNS
from tierce.notices.contacts.model import Contact
from tierce.notices.contacts.rules import Key, read_line
from tierce.notices.contacts.service import People
from tierce.notices.contacts.store import decode, encode
from tierce.notices.deliveries.model import Verdict
from tierce.notices.deliveries.rules import ATTEMPTS_MAX, FIRST_WAIT, wait_after
from tierce.notices.rules import letter_reference
from tierce.notices.slices.rules import Moments, References
from tierce.notices.telling.model import ContactPoint, InsurerWarning, WarningKind
from tierce.notices.telling.rules import ESCALATE_AFTER, after_refusal, next_contact

PAGE = Path(__file__).parents[2] / "docs/reference/contacts-lent.md"
NOW = datetime(2026, 3, 3, 9, 12, tzinfo=UTC)
CHAIN = [ContactPoint(n, InsurerId(1), n, f"N{n}", "", f"n{n}@exemple.invalid", "") for n in (1, 2)]


DAY = date(2026, 3, 3)
CELLS = {
    "member_number": "A-1", "name": "Paul Lenoir", "email": "p@exemple.invalid", "address_1": "12 rue",
    "birth_date": "19840512",
}  # fmt: skip


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
        ({"address_2": "１８００５１４９９９００１"}, "address_2"),
        ({"address_2": "1 80 05 2a 999 001"}, "address_2"),
        ({"representative": "x" * 121}, "representative"), ({"birth_date": ""}, "birth_date"),
        ({"birth_date": "1984-05-12"}, "birth_date"), ({"birth_date": "20990101"}, "birth_date"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_and_its_value_is_not(changed: dict[str, str], field: str) -> None:
    read_line(CELLS, DAY)
    with pytest.raises(FieldError) as refused:
        read_line(CELLS | changed, DAY)
    assert refused.value.field == field
    value = changed.get(field, "")
    assert not value or value not in str(refused.value)


def test_what_may_be_left_empty_has_its_default_and_each_cell_says_its_own() -> None:
    _, bare = read_line(CELLS | {"email": ""}, DAY)
    assert bare == Contact("Paul Lenoir", None, ("12 rue",))
    full = {"address_1": "", "language": "en", "former": "yes", "representative": "Rose Aubry", "rank": "9"}
    key, contact = read_line(CELLS | full, DAY)
    assert contact == Contact("Paul Lenoir", "p@exemple.invalid", (), "en", "Rose Aubry", former=True)
    assert (key.reference, key.member_number, key.rank) == ("", "A-1", 9)
    assert read_line(CELLS | {"former": "no"}, DAY)[1].former is False


@pytest.mark.parametrize(
    ("birth", "adult_from"),
    [
        ("19840512", None), ("20080303", None), ("20080304", date(2026, 3, 4)), ("20080400", date(2026, 12, 31)),
        ("20120229", date(2030, 3, 1)), ("20200431", date(2038, 5, 1)),
    ],
)  # fmt: skip
def test_i5_of_a_birth_date_the_day_of_majority_is_kept_of_a_minor_alone(birth: str, adult_from: date | None) -> None:
    _, contact = read_line(CELLS | {"birth_date": birth}, DAY)
    assert contact.adult_from == adult_from
    assert contact.is_alone(DAY) is (adult_from is not None)
    _, named = read_line(CELLS | {"birth_date": birth, "representative": "Rose Aubry"}, DAY)
    assert not named.is_alone(DAY)
    assert adult_from is None or not contact.is_alone(adult_from)


def test_a_contact_comes_back_and_its_size_tells_a_class_alone() -> None:
    small = Contact("Paul", "p@exemple.invalid")
    large = Contact("Paul", "p@exemple.invalid", ("x" * 60,) * 6, "en", "Rose", former=True, adult_from=DAY)
    assert (decode(encode(small)), decode(encode(large))) == (small, large)
    assert len(encode(small)) == len(encode(Contact("Paul Marie Lenoir-Aubry", "plus.long@exemple.invalid"))) == 192
    assert "Paul" not in repr(small)


def test_references_in_bulk_are_those_of_letters() -> None:
    bulk = References(b"x" * 32, InsurerId(7))
    for person in (1, 2**40 + 3, 2**63 - 1):
        assert bulk.of(person) == letter_reference(b"x" * 32, PersonId(person), InsurerId(7))


def test_i4_a_member_number_of_two_people_is_no_adult_s_name_unless_something_else_says_which() -> None:
    references = References(b"x" * 32, InsurerId(7))
    people = People([references])
    for person, number, rank in ((1, "F-1", 0), (2, "F-1", 0), (3, "F-2", 1), (4, "F-2", 2), (5, "F-3", 0)):
        people.add(PersonId(person), number, rank)
    assert people.find(Key("", "F-1", 0)) is None
    assert people.find(Key("", "F-1", 1)) is None
    assert [people.find(Key(references.of(one), "F-1", 0)) for one in (1, 2, 3)] == [1, 2, None]
    assert [people.find(Key("", "F-2", rank)) for rank in (0, 1, 2, 3)] == [None, 3, 4, None]
    assert [people.find(Key("", "F-3", rank)) for rank in (0, 1)] == [5, 5]


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
    assert next_contact([warned(1, 1, sent=None, tries=ATTEMPTS_MAX)], CHAIN, NOW) == CHAIN[1]
    waits = warned(1, 1, sent=None, tries=ATTEMPTS_MAX - 1)
    assert next_contact([waits], CHAIN, NOW + ESCALATE_AFTER - timedelta(seconds=1)) is None
    assert next_contact([waits], CHAIN, NOW + ESCALATE_AFTER) == CHAIN[1]
    assert next_contact([warned(None, 1, sent=None, tries=0)], CHAIN, NOW) == CHAIN[0]
    assert next_contact([warned(9, 1, sent=None, tries=0)], CHAIN, NOW) == CHAIN[0], (
        "whom the insurer replaced meanwhile"
    )
    assert next_contact([warned(9, 1, sent=NOW)], CHAIN, NOW) is None


def test_an_email_to_an_insurer_is_tried_again_as_messages_to_people_are() -> None:
    for tries in range(ATTEMPTS_MAX - 1):
        wait = wait_after(tries + 1)
        assert wait is not None
        for verdict in (Verdict.RETRY, Verdict.SLOW_DOWN):
            assert after_refusal(verdict, tries, NOW) == (tries + 1, NOW + wait)
    assert after_refusal(Verdict.RETRY, ATTEMPTS_MAX - 1, NOW)[0] == ATTEMPTS_MAX
    assert after_refusal(Verdict.GIVE_UP, 0, NOW)[0] == ATTEMPTS_MAX
    assert after_refusal(Verdict.HALT, 2, NOW) == (2, NOW + FIRST_WAIT)


HEAD = "row,value,count,hour\n"


def test_a_report_of_a_french_spreadsheet_is_read() -> None:
    text = "\ufeffRow;Value;Count;Hour\r\noutcome;matched;10;\r\ntold;email;4;2026-03-03T09:05+00:00\r\n;;;\r\n"
    report = read_report(text.encode(), NOW)
    assert (report.matched, [one.people for one in report.told]) == (10, [4])


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
        ("told,email,1,0001-01-01T00:00+14:00\n", "hour", 2),
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
