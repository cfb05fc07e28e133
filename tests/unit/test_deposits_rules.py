"""What a deposit is worth: each thing takes the guarantee away, nothing adds, and nothing depends on a person."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tierce.deposits.errors import DepositFieldError, ReceiptUnknownError
from tierce.deposits.model import Choice, Insurer, Signer, Typed, Worth
from tierce.deposits.receipts import print_receipt, read_receipt
from tierce.deposits.rules import CHECKS, Case, check_label, judge, parse_deposit, promise
from tierce.kernel.care import Domain, Profession
from tierce.kernel.clock import day_of
from tierce.lab.country.identifiers import make_nir
from tierce.policy.deposits import (
    AMOUNT_MAX,
    GUARANTEED_A_DAY,
    REASON_LABELS,
    SESSION_FOR,
    STATE_LABELS,
    UP_TO_MAX,
    DepositReason,
    DepositState,
)

TODAY = date(2026, 3, 3)
MOMENT = timedelta(seconds=1)
NOW = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
NIR = make_nir("F", 1988, 2, "41951", 14)
BODY = {
    "nir": NIR, "birth_date": "19880229", "rank": 1, "amc": "99100001", "member": "A1204",
    "valid_until": "2026-12-31", "domain": "OPTI", "care_date": "2026-03-03", "amount": "59,90",
    "request": "first-sending",
}  # fmt: skip
DAY = day_of(TODAY)
OAK = Insurer(1, "99100001", "Mutuelle du Grand Chêne", (Choice(1, Domain.OPTI, 150_00, DAY - 30, DAY + 30),))
INSURERS = {OAK.amc: OAK}
SIGNER = Signer(
    1, 2, 3, Profession.OPTICIAN, 4, 1, 5, 6, bytes(16), NOW - timedelta(hours=1), None, bytes(32), False, True
)
GUARANTEED = Worth(DepositState.GUARANTEED, DepositReason.NONE)
PLAIN = Case(
    parse_deposit(json.dumps(BODY).encode(), TODAY), NOW, GUARANTEED, proved=True, signer=SIGNER,
    guaranteed_today=0, repeated=False,
)  # fmt: skip


def typed(**changed: object) -> Typed:
    return parse_deposit(json.dumps({**BODY, **changed}).encode(), TODAY)


def test_a_deposit_reads_what_the_card_shows_and_its_repr_shows_nothing() -> None:
    found = typed(label="P. L.")
    assert (found.amount, found.domain, found.member) == (59_90, Domain.OPTI, "A1204")
    assert repr(found) == "Typed(...)"
    assert [typed(amount=text).amount for text in ("0,01", f"{AMOUNT_MAX // 100}", "59.90 €")] == [
        1,
        AMOUNT_MAX,
        59_90,
    ]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"nir": NIR[:-1] + "0"}, "nir"),
        ({"birth_date": "1988"}, "birth_date"),
        ({"rank": 0}, "rank"),
        ({"amc": "12"}, "amc"),
        ({"member": ""}, "member"),
        ({"member": "A" * 21}, "member"),
        ({"valid_until": "demain"}, "valid_until"),
        ({"domain": "ZZZZ"}, "domain"),
        ({"care_date": "2026-03-04"}, "care_date"),
        ({"amount": "0"}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"amount": str(AMOUNT_MAX)}, "amount"),
        ({"amount": f"{AMOUNT_MAX // 100},01"}, "amount"),
        ({"label": NIR}, "label"),
        ({"label": "a" * 41}, "label"),
        ({"label": "1" * 13}, "label"),
        ({"care_date": "2026-01-01"}, "care_date"),
        ({"valid_until": "2023-12-23"}, "valid_until"),
        ({"valid_until": "2036-04-20"}, "valid_until"),
        ({"label": "a\nb"}, "label"),
        ({"request": "x"}, "request"),
        ({"more": 1}, "more"),
        ({"1790441": 1}, "body"),
        ({"amount": 59.9}, "amount"),
        ({"nir": 7}, "nir"),
    ],
)
def test_a_wrong_field_is_named_and_its_value_never_repeated(changed: dict[str, object], field: str) -> None:
    with pytest.raises(DepositFieldError) as caught:
        typed(**changed)
    assert caught.value.field == field
    said = f"{caught.value} {caught.value.reason.fr} {caught.value.remedy.fr}"
    assert NIR not in said
    assert caught.value.reason.fr != caught.value.reason.en


def test_the_first_and_last_days_that_a_deposit_may_bear_are_taken() -> None:
    assert typed(care_date="2026-01-02", label="1" * 12).care_date == TODAY - timedelta(days=60)
    assert typed(valid_until="2023-12-24").valid_until == TODAY - timedelta(days=800)
    assert typed(valid_until="2036-04-19").valid_until == TODAY + timedelta(days=3_700)


@pytest.mark.parametrize(
    ("changed", "fr", "en"),
    [
        ({"amc": "12"}, "Écrivez 8 à 10 chiffres, comme sur la carte.", "Write 8 to 10 digits, as on the card."),
        ({"amount": "0"}, f"{AMOUNT_MAX // 100} au plus.", f"at most {AMOUNT_MAX // 100}."),
    ],
)
def test_a_remedy_says_in_each_language_what_to_write(changed: dict[str, object], fr: str, en: str) -> None:
    with pytest.raises(DepositFieldError) as caught:
        typed(**changed)
    assert caught.value.remedy.fr.endswith(fr)
    assert caught.value.remedy.en.endswith(en)


@pytest.mark.parametrize("sent", ['{"label": "é"}'.encode("latin-1"), b"x", b"[]", 9000 * b"["])
def test_a_body_that_is_none_is_refused_whatever_its_bytes(sent: bytes) -> None:
    with pytest.raises(DepositFieldError) as caught:
        parse_deposit(sent, TODAY)
    assert caught.value.field == "body"


@pytest.mark.parametrize("label", ["L. 12/03/1950", "1 84 05 2A 950 012", "184052b950012", "19500312"])
def test_a_label_that_names_somebody_is_refused_at_the_counter_and_not_after(label: str) -> None:
    taken = typed(label=label)
    with pytest.raises(DepositFieldError) as caught:
        check_label(taken)
    assert caught.value.field == "label"
    assert label not in str(caught.value)
    check_label(typed(label="P. L. dossier 4417"))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, DepositReason.NONE),
        ({"amount": "150.00"}, DepositReason.NONE),
        ({"amount": "150.01"}, DepositReason.ABOVE),
        ({"amc": "99100009"}, DepositReason.INSURER_UNKNOWN),
        ({"domain": "PHAR"}, DepositReason.NO_CHOICE),
        ({"label": f" {'a' * 40} "}, DepositReason.NONE),
        ({"valid_until": "2026-03-03"}, DepositReason.NONE),
        ({"valid_until": "2026-03-02"}, DepositReason.CARD_ENDED),
        ({"care_date": "2026-02-28"}, DepositReason.NONE),
        ({"care_date": "2026-02-27"}, DepositReason.CARE_DATE),
    ],
)
def test_what_is_promised_at_once(changed: dict[str, object], reason: DepositReason) -> None:
    assert promise(typed(**changed), NOW, INSURERS, signed=True).reason is reason


@pytest.mark.parametrize(
    ("care", "days_before", "reason"),
    [
        ("2026-03-03", 0, DepositReason.NONE),
        ("2026-03-02", 0, DepositReason.CARE_DATE),
        ("2026-03-02", 1, DepositReason.NONE),
        ("2026-02-27", 9, DepositReason.CARE_DATE),  # never more than the policy
    ],
)
def test_an_insurer_may_guarantee_fewer_days_after_the_care(
    care: str, days_before: int, reason: DepositReason
) -> None:
    oak = replace(OAK, choices=(replace(OAK.choices[0], days_before=days_before),))
    assert promise(typed(care_date=care), NOW, {oak.amc: oak}, signed=True).reason is reason


def test_a_number_that_two_insurers_print_guarantees_by_its_csr_alone() -> None:
    oak, elm = (
        replace(OAK, printed=(("99100900", "003"),)),
        Insurer(2, "99100002", "Orme", (), (("99100900", "017"),)),
    )
    told = {
        csr: promise(typed(amc="0099100900", csr=csr), NOW, {one.amc: one for one in (oak, elm)}, signed=True).reason
        for csr in ("3", "017", "", "004")
    }
    assert list(told.values()) == [
        DepositReason.NONE, DepositReason.NO_CHOICE, DepositReason.INSURER_UNKNOWN, DepositReason.INSURER_UNKNOWN
    ]  # fmt: skip


def test_without_a_signature_or_a_choice_nothing_is_promised() -> None:
    assert promise(typed(), NOW, INSURERS, signed=False).reason is DepositReason.UNSIGNED
    past = replace(OAK, choices=(Choice(1, Domain.OPTI, 150_00, DAY - 30, DAY - 1),))
    assert promise(typed(), NOW, {OAK.amc: past}, signed=True).reason is DepositReason.NO_CHOICE


def test_of_two_choices_the_higher_counts_on_the_days_that_it_covers() -> None:
    low, high = OAK.choices[0], replace(OAK.choices[0], up_to=300_00, days_before=0)
    both = {OAK.amc: replace(OAK, choices=(low, high))}
    assert promise(typed(amount="300.00"), NOW, both, signed=True) == GUARANTEED
    late = promise(typed(amount="300.00", care_date="2026-03-02"), NOW, both, signed=True)
    assert late.reason is DepositReason.ABOVE


def test_a_choice_above_the_bound_of_one_false_deposit_counts_for_the_bound() -> None:
    generous = replace(OAK, choices=(Choice(1, Domain.OPTI, 10 * UP_TO_MAX, DAY, DAY),))
    at_bound, above = f"{UP_TO_MAX // 100}.00", f"{UP_TO_MAX // 100}.01"
    assert promise(typed(amount=at_bound), NOW, {OAK.amc: generous}, signed=True) == GUARANTEED
    assert promise(typed(amount=above), NOW, {OAK.amc: generous}, signed=True).reason is DepositReason.ABOVE


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (PLAIN, DepositReason.NONE),
        (replace(PLAIN, proved=False), DepositReason.SESSION),
        (replace(PLAIN, signer=None), DepositReason.SESSION),
        (replace(PLAIN, signer=replace(SIGNER, at_work=False)), DepositReason.SESSION),
        (replace(PLAIN, signer=replace(SIGNER, revoked=NOW - timedelta(seconds=1))), DepositReason.SESSION),
        (replace(PLAIN, signer=replace(SIGNER, revoked=NOW)), DepositReason.SESSION),
        (replace(PLAIN, signer=replace(SIGNER, revoked=NOW + timedelta(seconds=1))), DepositReason.NONE),
        (replace(PLAIN, signer=replace(SIGNER, created=NOW)), DepositReason.NONE),
        (replace(PLAIN, signer=replace(SIGNER, created=NOW - SESSION_FOR)), DepositReason.NONE),
        (replace(PLAIN, signer=replace(SIGNER, created=NOW - SESSION_FOR - MOMENT)), DepositReason.SESSION),
        (replace(PLAIN, signer=replace(SIGNER, created=NOW + timedelta(seconds=1))), DepositReason.SESSION),
        (replace(PLAIN, signer=replace(SIGNER, held=True)), DepositReason.HELD),
        (replace(PLAIN, signer=replace(SIGNER, profession=Profession.GP)), DepositReason.NOT_ALLOWED),
        (replace(PLAIN, repeated=True), DepositReason.REPEATED),
        (replace(PLAIN, guaranteed_today=GUARANTEED_A_DAY[Profession.OPTICIAN] - 1), DepositReason.NONE),
        (replace(PLAIN, guaranteed_today=GUARANTEED_A_DAY[Profession.OPTICIAN]), DepositReason.DAY_FULL),
    ],
)  # fmt: skip
def test_what_takes_a_guarantee_away(case: Case, reason: DepositReason) -> None:
    expected = GUARANTEED if reason is DepositReason.NONE else Worth(DepositState.ON_CARD, reason)
    assert judge(case) == expected


@pytest.mark.parametrize("reason", [one for one in DepositReason if one is not DepositReason.NONE])
def test_nothing_ever_adds_to_what_was_promised(reason: DepositReason) -> None:
    promised = Worth(DepositState.ON_CARD, reason)
    for case in (PLAIN, replace(PLAIN, signer=None), replace(PLAIN, repeated=True)):
        assert judge(replace(case, promised=promised)) == promised, "nor changes what the counter was told"


def test_every_reason_and_state_has_its_words_and_every_profession_its_number() -> None:
    assert set(REASON_LABELS) == set(DepositReason)
    assert set(STATE_LABELS) == set(DepositState)
    assert set(GUARANTEED_A_DAY) == set(Profession)
    assert len(CHECKS) == 5


def test_a_receipt_is_read_back_however_it_is_typed_and_no_other_is() -> None:
    key, number = bytes(range(32)), (0xABCDEF << 38) + 7
    printed = print_receipt(key, number)
    for text in (printed, printed.lower(), printed.replace("-", " "), f" {printed.replace('-', '')} "):
        assert read_receipt(key, text) == number
    for text in ("", "D-", printed[2:], printed[:-1] + ("0" if printed[-1] != "0" else "1"), "E" + printed[1:]):
        with pytest.raises(ReceiptUnknownError):
            read_receipt(key, text)
    neighbours = {print_receipt(key, number + step)[:6] for step in range(50)}
    assert len(neighbours) > 40, "the next number cannot be guessed from this one"
