"""What an invoice must say, and what is the same care; sums by property."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierce.billing.agreements.rules import BY_A_PERSON
from tierce.billing.agreements.rules import REASONS as AGREEMENT_REASONS
from tierce.billing.errors import BillingFieldError
from tierce.billing.invoices.model import Beside, Found, Quoted, Sent
from tierce.billing.invoices.rules import (
    CANCELLABLE,
    DECIDED,
    REASONS,
    check_documents,
    check_granted,
    check_quoted,
    not_own,
    parse_invoice,
    repeated,
)
from tierce.billing.model import InvoiceLine, InvoiceReason, InvoiceState
from tierce.billing.rules import NO_NUMBER, read_number, read_state, read_why, same_care
from tierce.kernel.care import Domain
from tierce.kernel.clock import day_of
from tierce.kernel.ids import MAX_ID
from tierce.policy.documents import DocumentKind
from tierce.policy.invoices import LINE_MAX, LINES_MAX, QUANTITY_MAX, REFERENCE_MAX
from tierce.web.portal.invoice_form import Row, cents_of, euros_of, field_of, read_form, typed_form

TODAY = date(2026, 11, 28)
LINE = {"item": "TO90", "quantity": 1, "price": 12_000, "amo": 3_000, "asked": 8_000}
NIR = "1 79 04 41 950 014 23"


def body(**fields: object) -> bytes:
    whole = {"engagement": "7K3M", "reference": "F-1", "care_date": "2026-11-27", "lines": [LINE], **fields}
    return json.dumps({name: value for name, value in whole.items() if value is not None}).encode()


def refusal(sent: bytes) -> BillingFieldError:
    with pytest.raises(BillingFieldError) as refused:
        parse_invoice(sent, TODAY)
    assert refused.value.remedy.fr
    assert refused.value.remedy.en
    return refused.value


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        (b"\xff", "body"),
        (b"[]", "body"),
        (body(nir=NIR), "nir"),
        (body(**{NIR: 1}), "body"),
        (body()[:-1] + b', "reference": "F-2"}', "reference"),
        (body().replace(b'"asked"', b'"asked": 1, "asked"'), "lines[1].asked"),
        (body(lines=None), "lines"),
        (body(lines="x"), "lines"),
        (body(lines=[]), "lines"),
        (body(lines=[LINE] * (LINES_MAX + 1)), "lines"),
        (body(lines=[LINE, {**LINE, "price": "12,50"}]), "lines[2].price"),
        (body(lines=[LINE, {**LINE, "price": 12.5}]), "lines[2].price"),
        (body(lines=[{name: LINE[name] for name in ("item", "price", "amo")}]), "lines[1].asked"),
        (body(lines=[LINE, LINE, {**LINE, "name": "x"}]), "lines[3].name"),
        (body(lines=[LINE, 7]), "lines[2]"),
        (body(lines=[{**LINE, "item": "to90"}]), "lines[1].item"),
        (body(lines=[{**LINE, "quantity": 0}]), "lines[1].quantity"),
        (body(lines=[{**LINE, "quantity": QUANTITY_MAX + 1}]), "lines[1].quantity"),
        (body(lines=[{**LINE, "price": -1, "amo": 0, "asked": 0}]), "lines[1].price"),
        (body(lines=[{**LINE, "price": 0, "amo": 0, "asked": 0}]), "lines[1].price"),
        (body(lines=[{**LINE, "amo": -1}]), "lines[1].amo"),
        (body(lines=[{**LINE, "price": LINE_MAX + 1}]), "lines[1].price"),
        (body(lines=[LINE, {**LINE, "asked": 9_001}]), "lines[2].asked"),
        (body(lines=[{**LINE, "asked": 0}]), "lines[1].asked"),
        (body(engagement=None), "engagement"),
        (body(receipt="D-7K3M"), "receipt"),
        (body(reference=""), "reference"),
        (body(reference="F" * (REFERENCE_MAX + 1)), "reference"),
        (body(reference="Élodie"), "reference"),
        (body(reference=NIR.replace(" ", "")), "reference"),
        (body(reference="12-05-1969"), "reference"),
        (body(care_date="28/11/2026"), "care_date"),
        (body(care_date="2026-11-29"), "care_date"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_never_repeated(sent: bytes, field: str) -> None:
    refused = refusal(sent)
    assert refused.field == field
    assert NIR.replace(" ", "") not in str(refused)
    assert "to90" not in str(refused)


@pytest.mark.parametrize(
    "fields",
    [
        {"care_date": "2026-11-28"},  # today
        {"reference": "F" * REFERENCE_MAX},
        {"reference": "7"},
        {"lines": [{**LINE, "quantity": QUANTITY_MAX}] * LINES_MAX},
        {"lines": [{**LINE, "price": 1, "amo": 0, "asked": 1}]},
        {"lines": [{**LINE, "price": LINE_MAX, "amo": LINE_MAX - 1, "asked": 1}]},
        {"engagement": None, "receipt": "D-7K3M"},
        {"engagement": None, "agreement": "7"},
    ],
)
def test_what_stands_at_a_bound_is_taken(fields: dict[str, Any]) -> None:
    sent = parse_invoice(body(**fields), TODAY)
    assert (sent.care_day, sent.reference) == (
        day_of(date.fromisoformat(fields.get("care_date", "2026-11-27"))), fields.get("reference", "F-1"),
    )  # fmt: skip
    lines = [{"item": one.item, "quantity": one.quantity, "price": one.price, "amo": one.amo, "asked": one.asked}
             for one in sent.lines]  # fmt: skip
    assert lines == fields.get("lines", [LINE])


@given(st.lists(st.tuples(st.integers(1, LINE_MAX), st.data()), min_size=1, max_size=LINES_MAX))
def test_the_sums_of_an_invoice_are_those_of_its_lines_and_fit(drawn: list[tuple[int, st.DataObject]]) -> None:
    lines: list[dict[str, Any]] = []
    for price, data in drawn:
        amo = data.draw(st.integers(0, price))
        lines.append({"item": "AB", "price": price, "amo": amo, "asked": price - amo})
    if not any(line["asked"] for line in lines):
        assert refusal(body(lines=lines)).field == "lines[1].asked"
        return
    sent = parse_invoice(body(lines=lines), TODAY)
    assert sent.asked == sum(line["asked"] for line in lines) < 2**31
    assert all(one.amo + one.asked <= one.price for one in sent.lines)


NOW = day_of(TODAY)
QUOTED = Quoted(
    Found.OWN, Domain.OPTI, NOW - 5, NOW, NOW + 9, most=9_000, guaranteed=True, invoice=None, digest=b""
)  # fmt: skip
ENGAGEMENT = Sent("7K3M", None, None, "F-1", NOW, (InvoiceLine("AB", 1, 9_000, 0, 9_000),))
RECEIPT = replace(ENGAGEMENT, engagement=None, receipt="D-7K3M")
AGREEMENT = replace(ENGAGEMENT, engagement=None, agreement="7")


@pytest.mark.parametrize(
    ("sent", "quoted", "later", "field"),
    [
        (ENGAGEMENT, QUOTED, 0, None),
        (replace(ENGAGEMENT, care_day=NOW - 5), QUOTED, 0, None),
        (replace(ENGAGEMENT, care_day=NOW - 6), QUOTED, 0, "care_date"),
        (replace(ENGAGEMENT, care_day=NOW + 1), QUOTED, 0, "care_date"),
        (ENGAGEMENT, QUOTED, 9, None),  # the last day on which it may be quoted
        (ENGAGEMENT, QUOTED, 10, "engagement"),
        (RECEIPT, QUOTED, 10, "receipt"),
        (ENGAGEMENT, replace(QUOTED, most=8_999), 0, "lines"),
        (ENGAGEMENT, replace(QUOTED, most=None), 0, None),
        (RECEIPT, replace(QUOTED, guaranteed=False), 0, "receipt"),
        (AGREEMENT, QUOTED, 0, None),
        (AGREEMENT, replace(QUOTED, guaranteed=False), 0, "agreement"),
    ],
)
def test_what_is_quoted_holds_for_its_days_until_its_last_and_for_its_amount(
    sent: Sent, quoted: Quoted, later: int, field: str | None
) -> None:
    if field is None:
        check_quoted(sent, quoted, TODAY + timedelta(days=later))
        return
    with pytest.raises(BillingFieldError) as refused:
        check_quoted(sent, quoted, TODAY + timedelta(days=later))
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("sent", "quoted", "said"),
    [
        (AGREEMENT, replace(QUOTED, guaranteed=False), "cette prise en charge n’est pas accordée"),
        (RECEIPT, replace(QUOTED, guaranteed=False), "ce dépôt n’est pas garanti"),
        (replace(ENGAGEMENT, care_day=NOW - 6), QUOTED, "du 23 novembre 2026 au 28 novembre 2026."),
        (replace(ENGAGEMENT, care_day=NOW - 6), replace(QUOTED, first_day=NOW), "les soins du 28 novembre 2026."),
    ],
)
def test_a_refusal_gives_the_reason_and_the_days_of_what_was_quoted(sent: Sent, quoted: Quoted, said: str) -> None:
    with pytest.raises(BillingFieldError) as refused:
        check_quoted(sent, quoted, TODAY)
    assert said in f"{refused.value.reason.fr} {refused.value.remedy.fr}".replace("\u00a0", " ")
    assert sent.care_day == NOW or ("from" in refused.value.remedy.en) == (quoted.first_day < quoted.last_day)


def test_several_numbers_are_not_told_as_none_nor_too_many_of_a_code_as_another_code() -> None:
    several, none = refusal(body(receipt="D-7K3M", agreement="7")), refusal(body(engagement=None))
    assert (several.field, several.reason.en) == ("agreement", "the invoice quotes several numbers")
    assert (none.field, none.reason.en) == ("engagement", "the invoice quotes no number")
    lines = [InvoiceLine("AB", 1, 9_000, 0, 9_000), InvoiceLine("CD", 2, 9_000, 0, 9_000)]
    check_granted(lines, {"AB": 1, "CD": 2})
    for granted, field in (({"AB": 1, "CD": 1}, "lines[2].quantity"), ({"CD": 2}, "lines[1].item")):
        with pytest.raises(BillingFieldError) as refused:
            check_granted(lines, granted)
        assert refused.value.field == field
        assert ("fewer" in refused.value.reason.en) == field.endswith("quantity")


@pytest.mark.parametrize(
    ("sent", "field"), [(ENGAGEMENT, "engagement"), (RECEIPT, "receipt"), (AGREEMENT, "agreement")]
)
def test_a_number_that_is_nobody_s_is_refused_by_the_name_of_what_was_quoted(sent: Sent, field: str) -> None:
    assert not_own(sent).field == field


def test_what_is_granted_subject_to_documents_is_not_invoiced_before_they_are_declared() -> None:
    check_documents(None, [])
    with pytest.raises(BillingFieldError, match="agreement") as refused:
        check_documents(NOW, [DocumentKind.PRESCRIPTION])
    assert "28 novembre 2026" in refused.value.remedy.fr.replace("\u00a0", " ")


ITEMS = st.lists(st.tuples(st.sampled_from(["AB", "CD", "EF"]), st.integers(1, 9)), max_size=6)


@given(ITEMS, st.randoms())
def test_the_same_care_is_the_same_however_its_lines_are_cut_or_ordered(
    items: list[tuple[str, int]], chance: object
) -> None:
    cut = [(item, 1) for item, quantity in items for _ in range(quantity)]
    chance.shuffle(cut)  # type: ignore[attr-defined]  # random.Random
    assert same_care(items, cut)
    assert not same_care(items, [*cut, ("GH", 1)])
    assert not same_care(items, [(item, 2 * quantity) for item, quantity in items]) or not items
    beside = [Beside("F-1", tuple(cut)), Beside("F-2", (("GH", 1),))]
    lines = [InvoiceLine(item, quantity, 1, 0, 1) for item, quantity in items]
    assert repeated(lines, beside) == ("F-1",)


def test_a_reason_names_nobody_and_every_outcome_has_its_words() -> None:
    assert read_why(b'{"why": "  erreur  de saisie "}') == "erreur de saisie"
    for text in ("", "x" * 101, NIR, "12/05/1969"):
        with pytest.raises(BillingFieldError, match="why"):
            read_why(json.dumps({"why": text}).encode())
    assert [read_why(json.dumps({"why": "x" * long}).encode()) for long in (1, 100)] == ["x", "x" * 100]
    with pytest.raises(BillingFieldError):
        read_why(b"{}")
    waits = {InvoiceReason.TO_REVIEW, InvoiceReason.NOT_REVIEWED, InvoiceReason.DOCUMENTS_MISSING}
    of_agreements = waits | set(BY_A_PERSON)
    assert set(REASONS) == set(InvoiceReason) - {InvoiceReason.NONE} - of_agreements
    assert set(AGREEMENT_REASONS) == set(InvoiceReason) - {InvoiceReason.NONE}
    assert [read_state(InvoiceState, text) for text in (None, "", "paid")] == [None, None, InvoiceState.PAID]


def test_each_state_is_cancelled_or_decided_as_its_name_says() -> None:
    assert {one.name for one in CANCELLABLE} == {"RECEIVED", "ACCEPTED", "RETURNED"}
    assert {one.name for one in DECIDED} == {"ACCEPTED", "REFUSED", "ORDERED", "PAID", "RETURNED"}
    assert [read_number(text) for text in (str(MAX_ID), str(MAX_ID + 1), "0" * 18 + "7", "0" * 19 + "7")] == [
        MAX_ID, NO_NUMBER, 7, NO_NUMBER,
    ]  # fmt: skip


@given(st.integers(0, 99_999_999))
def test_what_is_typed_in_euros_is_sent_in_cents_and_shown_again(cents: int) -> None:
    assert cents_of(euros_of(cents)) == cents
    assert cents_of(f" {cents // 100}.{cents % 100:02d} € ") == cents


def test_the_plain_form_sends_what_the_signed_one_says() -> None:
    fields = {"quotes": "7K3M", "reference": "F-1", "care_date": "2026-11-27"}
    for place, row in enumerate(
        [("to90", "1", "120", "30,0", "80"), ("", "1", "", "", ""), ("AB", "x", "a", "", "1")], 1
    ):
        for name, text in zip(("item", "quantity", "price", "amo", "asked"), row, strict=True):
            fields[f"{name}-{place}"] = text
    assert len(typed_form(fields).rows) == 3
    form, signed = read_form(fields)
    assert len(form.rows) == 2, "a line left empty is not sent"
    assert json.loads(signed.body)["lines"][0] == LINE
    assert refusal(signed.body).field == "lines[2].price"
    again, _ = read_form({"body": signed.body.decode()})
    assert again.rows[1] == Row("AB", "x", "a", "", "1,00")
    assert field_of("lines[2].price") == "price-2"
    assert read_form({"body": "[]"})[0].rows == ()
    assert re.fullmatch(r"quotes", field_of("receipt"))
    deposit, sent = read_form({**fields, "quotes": "d-7K3M"})
    assert (deposit.quotes, json.loads(sent.body)["receipt"]) == ("d-7K3M", "d-7K3M")
    assert read_form({**fields, "reference": NIR.replace(" ", "")})[0].kept().reference == ""
