"""How one adult is told: by which insurer's word of her, by which way, and why by none."""

from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, Final

import pytest

from tierce.incidents.clocks.rules import OPERATOR
from tierce.incidents.cohorts.model import Cohort
from tierce.kernel.ids import IncidentId, InsurerId, PersonId
from tierce.kernel.language import Language
from tierce.notices.audience.model import Channel, Pair, Why
from tierce.notices.audience.rules import AudienceDigest, binding, failed, is_professional, item_of, reader_of
from tierce.notices.contacts.model import Contact
from tierce.policy.reached import State

DAY: Final = date(2026, 3, 3)
SALT: Final = b"s" * 32
OAK, PINE = (Pair(PersonId(1), InsurerId(number), Cohort.INSURED) for number in (1, 2))
BARE: Final = Contact("Anne Aubry")
A, B = (replace(BARE, email=f"{name}@foyer.example") for name in "ab")
HOME: Final = ("1 rue A", "99000 X")
POSTAL: Final = replace(BARE, postal=HOME)
A_AT_HOME, B_AT_HOME = replace(A, postal=HOME), replace(B, postal=("2 rue B", "99000 X"))


@pytest.mark.parametrize(
    ("oak", "pine", "shared", "channel", "source", "why"),
    [
        (A, B, "", Channel.EMAIL, OAK, None),
        (None, B, "", Channel.EMAIL, PINE, None),
        (None, None, "", Channel.PUBLIC, OAK, Why.NO_CONTACT),
        (replace(A, former=True), B, "", Channel.EMAIL, PINE, None),  # she is insured there still
        (A, B_AT_HOME, "", Channel.EMAIL, PINE, None),  # a letter is possible if the message fails
        (replace(A, former=True), replace(B_AT_HOME, former=True), "", Channel.EMAIL, PINE, None),
        (A, replace(B_AT_HOME, former=True), "", Channel.EMAIL, OAK, None),
        (A, B, "a@foyer.example", Channel.EMAIL, PINE, None),
        (replace(A, email="A@Foyer.Example"), None, "a@foyer.example", Channel.PUBLIC, OAK, Why.SHARED_MAILBOX),
        (A, POSTAL, "a@foyer.example", Channel.POST, PINE, None),
        (A, BARE, "a@foyer.example", Channel.PUBLIC, OAK, Why.SHARED_MAILBOX),
        (BARE, replace(BARE, email="no mailbox"), "", Channel.PUBLIC, OAK, Why.NO_ADDRESS),
        (replace(A, adult_from=DAY), B, "", Channel.EMAIL, OAK, None),
        (A, replace(B, adult_from=DAY + timedelta(days=1)), "", Channel.PUBLIC, OAK, Why.MINOR_ALONE),
    ],
)
def test_whom_one_adult_is_told_by(
    oak: Contact | None, pine: Contact | None, shared: str, channel: Channel, source: Pair, why: Why | None
) -> None:
    given = {(pair.person, pair.insurer): one for pair, one in ((OAK, oak), (PINE, pine)) if one is not None}
    item = item_of(1, (OAK, PINE), given, {shared}, SALT, on=DAY, failed={})
    assert (item.channel, item.source, item.why) == (channel, source, why)
    own = given.get((source.person, source.insurer))
    assert item.binding == (binding(SALT, own) if own else bytes(16))
    assert item.postal is bool(own and own.postal and why is not Why.MINOR_ALONE)


@pytest.mark.parametrize(
    ("oak", "pine", "tried", "channel", "source", "why"),
    [
        (A_AT_HOME, B, {OAK: Why.RETURNED}, Channel.EMAIL, PINE, None),
        (A_AT_HOME, A, {OAK: Why.RETURNED}, Channel.PUBLIC, OAK, Why.RETURNED),
        (A_AT_HOME, POSTAL, {OAK: Why.RETURNED}, Channel.PUBLIC, OAK, Why.RETURNED),  # the same house
        (A, POSTAL, {OAK: Why.EMAIL_FAILED}, Channel.POST, PINE, None),
        (A, BARE, {OAK: Why.EMAIL_FAILED}, Channel.PUBLIC, OAK, Why.EMAIL_FAILED),
        (POSTAL, BARE, {OAK: Why.UNPRINTABLE}, Channel.PUBLIC, OAK, Why.UNPRINTABLE),
        (A, B, {OAK: Why.EMAIL_FAILED, PINE: Why.RETURNED}, Channel.PUBLIC, OAK, Why.EMAIL_FAILED),
        (replace(A, former=True), B, {OAK: Why.RETURNED, PINE: Why.EMAIL_FAILED}, Channel.PUBLIC, PINE,
         Why.EMAIL_FAILED),
    ],
)  # fmt: skip
def test_what_was_tried_in_vain_is_not_tried_again(
    oak: Contact, pine: Contact, tried: dict[Pair, Why], channel: Channel, source: Pair, why: Why | None
) -> None:
    given = {(OAK.person, OAK.insurer): oak, (PINE.person, PINE.insurer): pine}
    item = item_of(1, (OAK, PINE), given, (), SALT, on=DAY, failed=tried)
    assert (item.channel, item.source, item.why) == (channel, source, why)


@pytest.mark.parametrize(
    ("code", "language"), [("fr", Language.FR), ("en", Language.EN), ("EN-GB", Language.EN), ("de", Language.FR)]
)
def test_she_is_written_to_in_the_language_that_she_reads_or_else_in_french(code: str, language: Language) -> None:
    given = {(OAK.person, OAK.insurer): replace(A, language=code)}
    assert item_of(1, (OAK,), given, (), SALT, on=DAY, failed={}).language is language


def test_an_item_says_the_most_of_what_was_shown_and_whose_representative_reads() -> None:
    more = replace(PINE, cohort=Cohort.INVOICES)
    item = item_of(7, (OAK, more), {}, (), SALT, on=DAY, failed={})
    assert (item.number, item.cohort, item.pairs, item.represented) == (7, Cohort.INVOICES, (OAK, more), False)
    doctor = Pair(PersonId(501), OPERATOR, Cohort.PROFESSIONALS)
    given = {(OAK.person, OAK.insurer): replace(A_AT_HOME, representative="Éloi Aubry")}
    assert item_of(1, (OAK,), given, (), SALT, on=DAY, failed={}).represented
    readers = [reader_of(pair, given) for pair in (OAK, PINE, doctor)]
    assert [reader[0] for reader in readers] == ["representative", "herself", "professional"]
    found = [
        is_professional(pair)
        for pair in (doctor, replace(doctor, insurer=InsurerId(1)), replace(OAK, insurer=OPERATOR))
    ]
    assert found == [True, False, False]


def test_the_digest_that_two_approve_is_over_every_item_and_every_pair_left_to_the_letter() -> None:
    made = AudienceDigest(IncidentId(7), 2, b"d" * 32, SALT)
    given = {(PINE.person, PINE.insurer): replace(POSTAL, language="en", representative="Éloi Aubry")}
    items = [
        item_of(1, (PINE,), given, (), SALT, on=DAY, failed={}),
        item_of(2, (OAK, replace(PINE, cohort=Cohort.INVOICES)), {}, (), SALT, on=DAY, failed={}),
    ]
    for item in items:
        made.item(item)
    made.left(OAK, Why.NO_MANDATE)
    text = (
        f"tierce-audience-v1\n7 2 {'64' * 32} {'73' * 32}\n"
        f"1 {Cohort.INSURED} 2 0 en 1 1 1:2 {items[0].binding.hex()} 1:2:{Cohort.INSURED}\n"
        f"2 {Cohort.INVOICES} 3 3 fr 0 0 1:1 {'00' * 16} 1:1:{Cohort.INSURED} 1:2:{Cohort.INVOICES}\n"
        f"- 1:1:{Cohort.INSURED} 2\n"
    )
    assert made.digest() == sha256(text.encode()).digest()


def test_what_ties_an_item_to_contact_data_changes_with_each_part_of_it() -> None:
    parts = (
        A, replace(A, name="Anne Roy"), B, A_AT_HOME, replace(A_AT_HOME, postal=(*HOME, "FRANCE")),
        replace(A, language="en"), replace(A, representative="Éloi Aubry"), replace(A, former=True),
        replace(A, adult_from=DAY), replace(A, adult_from=DAY + timedelta(days=1)),
    )  # fmt: skip
    assert len({*(binding(SALT, one) for one in parts), binding(b"t" * 32, A)}) == len(parts) + 1


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({"representative": "ELOI AUBRY", "email": "A@FOYER.EXAMPLE", "name": "Tom Aubry"}, True),
        ({"representative": "Éloi Roy"}, False),
        ({"email": "b@foyer.example"}, False),
        ({"email": None}, False),
        ({"postal": ("2 rue B", "99000 X")}, False),
    ],
)
def test_two_are_told_in_one_letter_where_one_name_at_one_address_represents_both(
    other: dict[str, Any], *, same: bool
) -> None:
    second = Pair(PersonId(2), OAK.insurer, Cohort.INSURED)
    first = replace(A_AT_HOME, representative="Éloi Aubry")
    given = {(OAK.person, OAK.insurer): first, (second.person, second.insurer): replace(first, **other)}
    assert (reader_of(OAK, given) == reader_of(second, given)) is same


def test_a_message_that_failed_becomes_a_letter_or_is_the_public_notices() -> None:
    assert failed(postal=True) == (State.TO_PRINT, None)
    assert failed(postal=False) == (State.PUBLIC, Why.EMAIL_FAILED)
