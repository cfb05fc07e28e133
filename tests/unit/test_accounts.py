"""What is taken for an account, when it may come into force, and what is sealed; nothing tells what was typed."""

import os
import re
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from stdnum import iban as outside

from tierce.billing.bank.errors import AccountFieldError, AccountSealError
from tierce.billing.bank.feed import COLUMNS
from tierce.billing.bank.model import Typed, masked
from tierce.billing.bank.rules import LENGTHS, checks, holds_iban, is_iban, read_account, read_holder, read_iban
from tierce.billing.bank.sealing import LONGEST, Opener, public_of, seal_iban
from tierce.kernel.clock import PARIS
from tierce.kernel.feed import names
from tierce.kernel.language import Language
from tierce.notices.deliveries.mail import plain
from tierce.notices.model import Operator
from tierce.notices.own.model import Mail, Moved, Told
from tierce.notices.own.rules import own_message
from tierce.policy import accounts as policy
from tierce.policy.accounts import LEAST_HOURS, due_at, is_settling, is_working
from tierce.storage.keys import BANK_KEY, EVERY_KEY

IBAN = "FR8999999000010000000000172"
REAL = "DE89370400440532013000"
"""The example of a German IBAN that standards print."""
OPERATOR = Operator("Rive Claire", "1 quai, 99000 Valbrume", "01 99 00 14 20", "M. Le Guen", "dpo@rive.example")


def test_an_invented_account_is_taken_here_and_refused_in_production_and_a_real_one_the_reverse() -> None:
    assert read_iban("fr89 9999 9000 0100 0000 0000 172", real=False) == IBAN
    assert read_iban(REAL, real=True) == REAL
    for typed, real in ((IBAN, True), (REAL, False)):
        with pytest.raises(AccountFieldError) as refused:
            read_iban(typed, real=real)
        assert refused.value.field == "iban"


@pytest.mark.parametrize(
    "typed",
    ["", "FR", "X" * 60, "FR8999999000010000000000173", IBAN[:-1], IBAN + "0", "US" + IBAN[2:], "ＦR89" + "9" * 23],
)
def test_what_is_no_account_is_refused_and_never_repeated(typed: str) -> None:
    with pytest.raises(AccountFieldError) as refused:
        read_account(typed, "SELARL des Tilleuls", real=False)
    said = f"{refused.value} {refused.value.reason} {refused.value.remedy}"
    assert not typed or len(typed) < 4 or typed not in said


def test_each_fault_of_an_account_is_told_as_itself() -> None:
    abroad = outside.calc_check_digits("US00" + "9" * 23)
    for typed, said in (
        ("FR89", "the form"),
        (f"US{abroad}" + "9" * 23, "not of the SEPA area"),
        (IBAN + "0", "missing, or there are too many"),
        (IBAN[:-1], "missing, or there are too many"),
        (IBAN[:-1] + "3", "check digits"),
        (REAL, "not of the kind"),
    ):
        with pytest.raises(AccountFieldError) as refused:
            read_iban(typed, real=False)
        assert said in refused.value.reason.en


def test_check_digits_are_those_of_a_reader_that_is_not_ours() -> None:
    for number in range(200):
        body = f"{number * 7919:023d}"
        for control in (f"{number % 97 + 2:02d}", f"{98 - int(body + '1527' + '00') % 97:02d}"):
            one = f"FR{control}{body}"
            assert checks(one) is outside.is_valid(one, check_country=False)


def test_what_billing_opens_may_be_anything_and_stops_it_not() -> None:
    for opened in ("", "FR", "FR !!0172", "FR89" + "é" * 23, IBAN.lower(), "XX" + IBAN[2:], IBAN[:-1]):
        assert not is_iban(opened)
    assert is_iban(IBAN)
    longer = "FR" + outside.calc_check_digits("FR00" + "9" * 24) + "9" * 24
    assert checks(longer)
    assert not is_iban(longer)


def test_a_holder_is_a_name_and_no_number() -> None:
    for typed in (
        "SELARL du 8 mai 1945", "Dr Anne-Lise O’Neil", "Pharmacie x", "Li", "a" * 70, "Cabinet 12345678",
    ):  # fmt: skip
        assert read_holder(f"  {typed} ") == " ".join(typed.split())
    for typed in ("", "x", "1" * 20, "Cabinet 123456789", "a" * 71, "<b>x</b>", "Anne 179044195001423", IBAN):
        with pytest.raises(AccountFieldError):
            read_holder(typed)


def test_a_sentence_that_holds_an_account_is_known_whatever_stands_between_its_characters() -> None:
    for said in (IBAN, "elle a lu fr89-9999 9000.0100 0000/0000 172, oui", f"compte:{REAL}"):
        assert holds_iban(said)
    for said in ("Le 12 mars 2026 à 14 h 30, elle a lu 0172.", "FR •••• 0172", "Rappel au 01 99 00 14 20."):
        assert not holds_iban(said)


def test_what_is_sealed_opens_at_its_establishment_alone_and_every_country_s_has_one_length() -> None:
    key, other = os.urandom(32), os.urandom(32)
    public = X25519PublicKey.from_public_bytes(bytes.fromhex(public_of(key)))
    sealed, opener = seal_iban(public, 101, IBAN), Opener(key)
    assert opener.iban(101, sealed) == IBAN
    assert Opener(other, key).iban(101, sealed) == IBAN
    for place, one, who in ((102, sealed, opener), (101, sealed[:-1] + b"\0", opener), (101, sealed, Opener(other))):
        with pytest.raises(AccountSealError):
            who.iban(place, one)
    assert len(seal_iban(public, 101, "NO9386011117947")) == len(sealed)
    assert max(LENGTHS.values()) <= LONGEST
    assert opener.twin(IBAN) == Opener(key, other).twin(IBAN) != Opener(other).twin(IBAN)


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        ("2026-11-24T10:00", "2026-11-27T10:00"),  # Tuesday, Friday
        ("2026-11-27T18:30", "2026-12-02T18:30"),  # a Friday evening: not before Wednesday
        ("2026-11-28T09:00", "2026-12-02T09:00"),
        ("2026-12-23T09:00", "2026-12-29T09:00"),  # over Christmas
        ("2027-03-25T09:00", "2027-03-31T09:00"),  # over Easter Monday, and the change of hour
        ("2026-05-12T09:00", "2026-05-18T09:00"),  # over Ascension day
    ],
)
def test_three_working_days_are_counted_over_weekends_and_holidays(asked: str, due: str) -> None:
    at = datetime.fromisoformat(asked).replace(tzinfo=PARIS)
    assert due_at(at) == datetime.fromisoformat(due).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("year", "closed"),
    [
        (2026, "01-01 04-06 05-01 05-08 05-14 05-25 07-14 11-11 12-25"),
        (2028, "04-17 05-01 05-08 05-25 06-05 07-14 08-15 11-01 12-25"),
    ],
)
def test_every_public_holiday_on_a_weekday_is_known_and_no_other_day(year: int, closed: str) -> None:
    """A day missed lets an account come into force before anybody was at work to stop it."""
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(366)]
    week = [day for day in days if day.weekday() < 5 and day.year == year]
    assert " ".join(f"{day:%m-%d}" for day in week if not is_working(day)) == closed


@pytest.mark.parametrize(
    "easter",
    ["1954-04-18", "1981-04-19", "2000-04-23", "2008-03-23", "2011-04-24", "2019-04-21", "2024-03-31", "2025-04-20",
     "2038-04-25", "2049-04-18", "2076-04-19", "2100-03-28", "2285-03-22"],
)  # fmt: skip
def test_easter_monday_is_no_working_day_and_good_friday_settles_nothing(easter: str) -> None:
    sunday = date.fromisoformat(easter)
    assert not is_working(sunday + timedelta(days=1))
    friday, thursday = sunday - timedelta(days=2), sunday - timedelta(days=3)
    assert is_working(friday)
    assert (is_settling(friday), is_settling(thursday)) == (False, True)


def test_a_transfer_settles_on_working_days_when_the_banks_exchange() -> None:
    days = {"2028-12-26": False, "2028-12-27": True, "2028-12-25": False, "2028-12-24": False, "2028-08-15": False}
    assert {day: is_settling(date.fromisoformat(day)) for day in days} == days


def test_the_days_are_never_fewer_than_the_hours_that_the_database_holds() -> None:
    for hour in range(0, 24 * 366, 5):
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
        assert due_at(at).astimezone(UTC) - at >= timedelta(hours=LEAST_HOURS)
        assert is_working(due_at(at).date())
    assert not is_working(date(2026, 4, 6))


def test_a_message_shows_the_masked_account_alone_has_no_link_and_names_the_day() -> None:
    asked = datetime(2026, 11, 27, 17, tzinfo=UTC)
    mail = Mail(
        b"0123456789", Told.ASKED, "claire@tilleuls.example", Language.FR, 0, False, "CABINET DES TILLEULS",
        Moved("FR", "0172", asked, due_at(asked)),
    )  # fmt: skip
    for language in Language:
        text = plain(own_message(OPERATOR, mail, asked.date()), language)
        assert masked("FR", "0172").replace(" ", "\u00a0") in text, "no line ends inside it"
        assert "http" not in text
        assert OPERATOR.called in text
    assert "2\u00a0décembre 2026 à\u00a018" in plain(own_message(OPERATOR, mail, asked.date()), Language.FR)


def test_no_repr_shows_an_account() -> None:
    assert IBAN not in f"{Typed(IBAN, 'x')!r}"
    assert names(COLUMNS) == ["establishment", "iban", "holder"]
    assert BANK_KEY in EVERY_KEY


def test_the_database_holds_the_bounds_that_the_policy_says() -> None:
    written = (files("tierce.storage") / "sql" / "bank.sql").read_text("utf-8")
    found = {
        name: re.findall(r"interval '(\d+ \w+)'|\) >= (\d+)", body)
        for name, body in re.findall(r"create or replace function (bank\.\w+)(.*?)\n(?:end )?\$\$;", written, re.S)
    }
    found = {name: [one or other for one, other in bounds] for name, bounds in found.items() if bounds}
    least = [f"{policy.LEAST_HOURS} hours"]
    assert found == {
        "bank.stopped": [
            f"{policy.SIGNED_IN_MINUTES} minutes",
            f"{policy.KNOWN_DEVICE_DAYS} days",
            "30 days",
            str(policy.ASKS_IN_30_DAYS),
        ],
        "bank.ask": least,
        "bank.take": least,
        "bank.oddities": [
            f"{policy.YOUNG_DEVICE_DAYS} days",
            f"{policy.HELD_DAYS} days",
            f"{policy.NEW_CLIENT_DAYS} days",
            f"{policy.CONTACT_DAYS} days",
            f"{policy.NEW_CLIENT_DAYS} days",
        ],
    }
