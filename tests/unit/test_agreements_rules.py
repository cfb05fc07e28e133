"""What an ask for an agreement must say, and what becomes of it; what an invoice of one is paid."""

import json
from dataclasses import replace
from datetime import date
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.test_billing_deciding import DAY, LAST, PRODUCT, TABLES, benefit, case, line, tariff
from tierce.billing.agreements.granting.model import Asking, Cover, Pending
from tierce.billing.agreements.granting.rules import grant
from tierce.billing.agreements.model import AgreementKind, AgreementState, Quoted
from tierce.billing.agreements.rules import (
    CANCELLABLE,
    REASONS,
    check_quoted,
    parse_agreement,
)
from tierce.billing.deciding.rules import decide, promised
from tierce.billing.errors import BillingFieldError
from tierce.billing.invoices.model import Found
from tierce.billing.invoices.rules import check_granted
from tierce.billing.model import InvoiceLine, InvoiceReason, InvoiceState
from tierce.billing.pricing.model import Formula, Measure, Past, Tables
from tierce.billing.pricing.store import tables_of
from tierce.billing.rules import NO_NUMBER, read_number, read_state
from tierce.kernel.care import Domain
from tierce.kernel.clock import day_of
from tierce.policy.agreements import AGREED, LINES_MAX
from tierce.policy.documents import DocumentKind

LINE: Final = {"item": "TO90", "quantity": 1, "price": 12_000, "amo": 3_000, "asked": 8_000}
UNTIL: Final = DAY + 183


def body(**fields: object) -> bytes:
    whole = {"engagement": "7K3M", "reference": "P-1", "kind": "quote", "lines": [LINE], **fields}
    return json.dumps({name: value for name, value in whole.items() if value is not None}).encode()


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        (b"\xff", "body"),
        (body(nir="1 79 04 41 950 014 23"), "nir"),
        (body(care_date="2026-11-27"), "care_date"),
        (body(engagement=None), "engagement"),
        (body(kind=None), "kind"),
        (body(kind="Quote"), "kind"),
        (body(kind="promise"), "kind"),
        (body(lines=[LINE] * (LINES_MAX + 1)), "lines"),
        (body(lines=[LINE, {**LINE, "price": "12,50"}]), "lines[2].price"),
        (body(reference="12-05-1969"), "reference"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(sent: bytes, field: str) -> None:
    with pytest.raises(BillingFieldError) as refused:
        parse_agreement(sent)
    assert refused.value.field == field
    assert refused.value.remedy.fr


def test_what_is_asked_for_is_read() -> None:
    read = parse_agreement(body(kind="request"))
    assert (read.kind, read.engagement, read.reference) == (AgreementKind.REQUEST, "7K3M", "P-1")
    assert read.lines == (InvoiceLine("TO90", 1, 12_000, 3_000, 8_000),)


def test_an_engagement_is_quoted_until_its_last_day_where_there_are_agreements() -> None:
    today = date(2026, 11, 28)
    for domain in Domain:
        for late in (0, 1):
            quoted = Quoted(Found.OWN, domain, day_of(today), day_of(today) - late, None, b"")
            if domain in AGREED and not late:
                check_quoted(quoted, today)
                continue
            with pytest.raises(BillingFieldError) as refused:
                check_quoted(quoted, today)
            assert refused.value.field == "engagement"


def asking(*lines: InvoiceLine, kind: AgreementKind = AgreementKind.REQUEST, is_open: bool = True) -> Asking:
    one = Pending(1, 101, 9, 1, Domain.OPTI, kind, DAY, lines)
    return Asking(one, Cover(PRODUCT, is_open), UNTIL)


def test_a_request_is_granted_until_a_day_and_a_quote_is_the_same_without() -> None:
    granted = grant(asking(line("LENS", 16_000), line("FRAME", 12_000)), TABLES)
    assert (granted.state, granted.reason, granted.dues) == (
        AgreementState.GRANTED,
        InvoiceReason.PARTLY,
        (10_000, 0),
    )
    assert granted.until_day == UNTIL
    last_day = replace(asking(line("LENS", 16_000)), contract_ended=DAY)
    assert grant(last_day, TABLES).state is AgreementState.GRANTED, "of the day on which the insurer leaves"
    quoted = grant(asking(line("LENS", 16_000), kind=AgreementKind.QUOTE), TABLES)
    assert (quoted.state, quoted.reason, quoted.dues, quoted.until_day) == (
        AgreementState.QUOTED,
        InvoiceReason.NONE,
        (10_000,),
        None,
    )


@pytest.mark.parametrize(
    ("of", "reason"),
    [
        (asking(line("LENS", 16_000), is_open=False), InvoiceReason.RIGHTS_ENDED),
        (asking(line("GLASS", 9_000)), InvoiceReason.ITEM_UNKNOWN),
        (asking(line("LENS", 16_000), line("BOX", 9_000)), InvoiceReason.NOT_IN_DOMAIN),
        (asking(line("FRAME", 9_000)), InvoiceReason.NO_BENEFIT),
        (replace(asking(line("LENS", 16_000)), contract_ended=DAY - 1), InvoiceReason.CONTRACT_ENDED),
        (replace(asking(line("LENS", 16_000)), granted=((("LENS", 1),),)), InvoiceReason.DUPLICATE),
    ],
)
def test_what_cannot_be_promised_is_refused_for_its_reason(of: Asking, reason: InvoiceReason) -> None:
    answer = grant(of, TABLES)
    assert (answer.state, answer.reason, sum(answer.dues)) == (AgreementState.REFUSED, reason, 0)
    assert REASONS[reason][1].fr


def reviewed_from(cents: int | None, item: str | None = "LENS") -> Tables:
    return tables_of(
        [tariff("LENS"), tariff("FRAME")],
        [replace(benefit(item, Formula(Measure.REAL)), review_from=cents),
         benefit("FRAME", Formula(Measure.REAL))],
        2,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "least", "waits"),
    [
        ((line("LENS", 16_000),), 10_000, True),
        ((line("LENS", 16_000),), 10_001, False),
        ((line("LENS", 11_000), line("LENS", 11_000)), 10_000, True),
        ((line("LENS", 11_000), line("FRAME", 30_000)), 10_000, False),
        ((line("LENS", 6_001),), 0, True),  # whatever it gives: one cent here
        ((line("LENS", 6_001, 0), line("FRAME", 9_000)), 0, False),
        ((line("LENS", 90_000),), None, False),
    ],
)
def test_a_request_waits_for_a_person_from_the_amount_that_its_benefit_says(
    lines: tuple[InvoiceLine, ...], least: int | None, waits: bool
) -> None:
    """The lines of one request count together: splitting one does not pass under the amount."""
    tables = reviewed_from(least)
    asked = grant(asking(*lines), tables)
    quoted = grant(asking(*lines, kind=AgreementKind.QUOTE), tables)
    assert (asked.state is AgreementState.UNDER_REVIEW, quoted.reason is InvoiceReason.TO_REVIEW) == (waits, waits)
    assert quoted.state is AgreementState.QUOTED, "a quote promises nothing: nobody is troubled for it"
    assert asked.dues == quoted.dues
    assert asked.until_day == UNTIL


def test_a_benefit_of_the_whole_domain_is_reviewed_by_all_that_it_gives() -> None:
    tables = reviewed_from(12_000, item=None)
    assert grant(asking(line("LENS", 18_000)), tables).state is AgreementState.UNDER_REVIEW
    assert grant(asking(line("LENS", 17_000), line("FRAME", 90_000)), tables).state is AgreementState.GRANTED


def test_a_grant_is_subject_to_what_the_benefits_that_give_anything_ask_for_each_once() -> None:
    asked_for = {
        "LENS": (DocumentKind.PRESCRIPTION, DocumentKind.SIGNED_QUOTE),
        "FRAME": (DocumentKind.SIGNED_QUOTE,),
    }
    tables = tables_of(
        [tariff("LENS"), tariff("FRAME")],
        [replace(benefit(item, Formula(Measure.REAL)), documents=kinds) for item, kinds in asked_for.items()],
        2,
    )
    lens, frame = line("LENS", 16_000), line("FRAME", 12_000)
    both = grant(asking(lens, frame), tables)
    assert (both.state, both.documents) == (AgreementState.SUBJECT_TO_DOCUMENTS, asked_for["LENS"])
    assert (both.reason, both.until_day) == (InvoiceReason.NONE, UNTIL)
    assert grant(asking(frame), tables).documents == asked_for["FRAME"]
    nothing = grant(asking(frame, line("LENS", 6_001, 0)), tables)
    assert nothing.documents == asked_for["FRAME"], "of the other line nothing is given"
    quote = grant(asking(lens, kind=AgreementKind.QUOTE), tables)
    assert (quote.state, quote.documents) == (AgreementState.QUOTED, asked_for["LENS"])
    both_ways = replace(benefit("LENS", Formula(Measure.REAL)), documents=asked_for["LENS"], review_from=0)
    reviewed = grant(asking(lens), tables_of([tariff("LENS")], [both_ways], 2))
    assert (reviewed.state, reviewed.documents) == (AgreementState.UNDER_REVIEW, asked_for["LENS"])
    assert grant(asking(lens, is_open=False), tables).documents == ()


def test_a_quote_may_repeat_a_grant() -> None:
    again = replace(asking(line("LENS", 16_000), kind=AgreementKind.QUOTE), granted=((("LENS", 1),),))
    assert grant(again, TABLES).state is AgreementState.QUOTED


def test_what_is_reserved_counts_in_every_window_that_one_of_its_days_is_in() -> None:
    """The cap on LENS is of 15,000 in 24 months."""
    two_years = 731
    for reserved, due in (
        (Past("LENS", DAY - 100, 1, 12_000, DAY + 83), 3_000),
        (Past("LENS", DAY - two_years - 100, 1, 12_000, DAY - two_years + 83), 3_000),
        (Past("LENS", DAY - two_years - 300, 1, 12_000, DAY - two_years - 100), 10_000),
        (Past("LENS", UNTIL + 700, 1, 12_000, UNTIL + 883), 3_000),
        (Past("LENS", UNTIL + two_years, 1, 12_000, UNTIL + two_years + 183), 10_000),
    ):
        answer = grant(replace(asking(line("LENS", 16_000)), history=(reserved,)), TABLES)
        assert answer.dues == (due,), reserved


def test_an_invoice_of_a_grant_is_paid_as_granted_or_less_where_less_is_asked_or_left() -> None:
    base = replace(case(line("LENS", 16_000)), granted={"LENS": ((1, 4_000),)}, product=None)
    whole = replace(base, invoice=replace(base.invoice, agreement=7))
    assert decide(whole, TABLES).dues == (4_000,)
    history = replace(whole, history=(Past("LENS", DAY, 1, 15_000),))
    assert decide(history, TABLES).dues == (4_000,), "its part of the cap was reserved"
    for lines, dues in (
        ((line("LENS", 16_000, 1_000),), (1_000,)),
        ((line("LENS", 9_000),), (3_000,)),
        ((line("LENS", 8_000), line("LENS", 16_000)), (2_000, 2_000)),
        ((InvoiceLine("GONE", 1, 9_000, 0, 9_000), line("LENS", 16_000)), (0, 4_000)),
    ):
        found = decide(replace(whole, invoice=replace(whole.invoice, lines=lines)), TABLES)
        assert found.dues == dues
        assert found.state is InvoiceState.ACCEPTED
    assert LAST > DAY


@given(
    st.lists(st.tuples(st.sampled_from(["LENS", "FRAME"]), st.integers(6_001, 90_000)), min_size=1, max_size=6),
    st.dictionaries(
        st.sampled_from(["LENS", "FRAME"]),
        st.lists(st.tuples(st.integers(1, 3), st.integers(0, 50_000)), min_size=1, max_size=3),
    ),
)
def test_no_code_is_paid_more_than_was_granted_for_so_many_units(
    sent: list[tuple[str, int]], granted: dict[str, list[tuple[int, int]]]
) -> None:
    base = case(*(line(item, price) for item, price in sent))
    lines = {item: tuple(each) for item, each in granted.items()}
    found = decide(replace(base, granted=lines, invoice=replace(base.invoice, agreement=7)), TABLES)
    for item in ("LENS", "FRAME"):
        paid = [due for (code, _), due in zip(sent, found.dues, strict=True) if code == item]
        each = sorted((due / units for units, due in granted.get(item, []) for _ in range(units)), reverse=True)
        assert sum(paid) <= sum(each[: len(paid)]) + 1e-6


def test_fewer_units_than_were_granted_are_paid_for_themselves_alone() -> None:
    """Two lenses were granted 80 euros: one, however dear, is paid 40."""
    base = replace(case(line("LENS", 32_000)), granted={"LENS": ((2, 8_000),)}, product=None)
    assert decide(replace(base, invoice=replace(base.invoice, agreement=7)), TABLES).dues == (4_000,)
    assert [promised(((1, 50), (1, 100), (3, 100)), units) for units in range(6)] == [0, 100, 150, 183, 216, 250]


def test_an_invoice_holds_the_codes_that_were_granted_and_no_more_of_each() -> None:
    granted = {"LENS": 2, "FRAME": 1}
    check_granted([line("LENS", 9_000), line("LENS", 9_000), line("FRAME", 9_000)], granted)
    for lines, field in (
        ([line("LENS", 9_000, quantity=3)], "lines[1].quantity"),
        ([line("FRAME", 9_000), line("FRAME", 9_000)], "lines[2].quantity"),
        ([line("LENS", 9_000), line("BOX", 9_000)], "lines[2].item"),
    ):
        with pytest.raises(BillingFieldError) as refused:
            check_granted(lines, granted)
        assert refused.value.field == field


def test_states_and_numbers_are_read() -> None:
    assert [read_state(AgreementState, text) for text in (None, "", "granted")] == [
        None,
        None,
        AgreementState.GRANTED,
    ]
    for text in ("Granted", "paid", "7"):
        with pytest.raises(BillingFieldError):
            read_state(AgreementState, text)
    assert {state.name for state in CANCELLABLE} == {
        "RECEIVED", "QUOTED", "GRANTED", "UNDER_REVIEW", "SUBJECT_TO_DOCUMENTS",
    }  # fmt: skip
    numbers = ("7", "", "x", "-7", "9" * 19, "9" * 20, "٧")
    assert [read_number(text) for text in numbers] == [7, *[NO_NUMBER] * 6]
