"""A Claim is an invoice or an agreement in other words, and names nobody; what is decided of it is told back."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fhir_examples import Json, claim, faults_of
from tierce.billing.agreements.model import AgreementKind, AgreementState, OwnAgreement, OwnDocument
from tierce.billing.agreements.rules import parse_agreement
from tierce.billing.errors import BillingFieldError
from tierce.billing.invoices.model import OwnInvoice, OwnLine
from tierce.billing.invoices.rules import parse_invoice
from tierce.billing.model import InvoiceLine, InvoiceReason, InvoiceState
from tierce.kernel.care import Domain
from tierce.kernel.language import Phrase
from tierce.policy.documents import DocumentKind
from tierce.web.fhir import names
from tierce.web.fhir.claims import agreement_response, invoice_response, read_claim
from tierce.web.fhir.errors import ElementError, Issue

TODAY = date(2026, 11, 25)


def read(resource: Json) -> Json:
    found: Json = json.loads(read_claim(json.dumps(resource).encode()).body)
    return found


def asked_before(use: str = "preauthorization") -> Json:
    """The same care, asked for beforehand."""
    found = claim() | {"use": use}
    del found["item"][0]["servicedDate"]
    return found


def test_the_page_s_claim_is_an_invoice_of_v1() -> None:
    line = {"item": "XOPTIB", "quantity": 1, "price": 12_000, "amo": 12, "asked": 8_000}
    assert read(claim()) == {
        "reference": "F-2026-31", "engagement": "7K3M-9QXD-V2T8P-C", "care_date": "2026-11-25", "lines": [line],
    }  # fmt: skip
    assert parse_invoice(read_claim(json.dumps(claim()).encode()).body, TODAY).asked == 8_000


@pytest.mark.parametrize(("use", "kind"), [("preauthorization", "REQUEST"), ("predetermination", "QUOTE")])
def test_what_is_asked_before_the_care_is_an_agreement_of_v1(use: str, kind: str) -> None:
    assert faults_of(asked_before(use)) == []
    sought = parse_agreement(read_claim(json.dumps(asked_before(use)).encode()).body)
    assert (sought.kind.name, sought.reference) == (kind, "F-2026-31")


@pytest.mark.parametrize(
    ("number", "field", "value"),
    [("D-123", "receipt", "D-123"), ("agreement-77", "agreement", "77"), ("7K3M", "engagement", "7K3M")],
)
def test_the_number_says_what_it_is(number: str, field: str, value: str) -> None:
    asked = claim()
    asked["insurance"][0]["preAuthRef"] = [number]
    assert read(asked)[field] == value


@given(cents=st.integers(0, 9_999_999))
def test_every_cent_survives(cents: int) -> None:
    asked = claim()
    text = f"{cents // 100}.{cents % 100:02d}"
    raw = json.dumps(asked).replace('"value": 120.0', f'"value": {text}')
    assert json.loads(read_claim(raw.encode()).body)["lines"][0]["price"] == cents
    response = invoice_response(replace(INVOICE, asked=cents))
    told = json.loads(msgspec.json.encode(response), parse_float=str)
    assert told["adjudication"][0]["amount"]["value"] == text


def line(change: Callable[[Json], object]) -> Callable[[Json], object]:
    return lambda asked: change(asked["item"][0])


WRONG: list[tuple[Callable[[Json], object], str, Issue]] = [
    (lambda c: c.update(status="draft"), "Claim.status", Issue.CODE),
    (lambda c: c.update(use="guess"), "Claim.use", Issue.CODE),
    (lambda c: c.update(patient={"reference": "Patient/1"}), "Claim.patient.reference", Issue.STRUCTURE),
    (lambda c: c.update(patient={"identifier": {"value": "x"}}), "Claim.patient.identifier", Issue.STRUCTURE),
    (lambda c: c.update(diagnosis=[]), "Claim.diagnosis", Issue.STRUCTURE),
    (lambda c: c.update(contained=[]), "Claim.contained", Issue.STRUCTURE),
    (lambda c: c.pop("identifier"), "Claim.identifier", Issue.REQUIRED),
    (lambda c: c.pop("insurance"), "Claim.insurance", Issue.REQUIRED),
    (lambda c: c["insurance"][0].pop("preAuthRef"), "Claim.insurance[0].preAuthRef", Issue.REQUIRED),
    (lambda c: c["insurance"][0].update(preAuthRef=["a", "b"]), "Claim.insurance[0].preAuthRef", Issue.STRUCTURE),
    (lambda c: c["insurance"][0].update(coverage={"reference": "Coverage/1"}),
     "Claim.insurance[0].coverage.reference", Issue.STRUCTURE),
    (lambda c: c.pop("item"), "Claim.item", Issue.REQUIRED),
    (lambda c: c.update(item=c["item"] * 41), "Claim.item", Issue.STRUCTURE),
    (lambda c: c["item"].append({**c["item"][0], "servicedDate": "2026-11-24"}), "Claim.item[1].servicedDate",
     Issue.VALUE),
    (line(lambda one: one.pop("servicedDate")), "Claim.item[0].servicedDate", Issue.REQUIRED),
    (line(lambda one: one.pop("net")), "Claim.item[0].net", Issue.REQUIRED),
    (line(lambda one: one["net"].update(value="200")), "Claim.item[0].net.value", Issue.STRUCTURE),
    (line(lambda one: one["net"].update(value=1e300)), "Claim.item[0].net.value", Issue.VALUE),
    (line(lambda one: one["net"].update(value=1.005)), "Claim.item[0].net.value", Issue.VALUE),
    (line(lambda one: one["net"].update(currency="USD")), "Claim.item[0].net.currency", Issue.CODE),
    (line(lambda one: one["quantity"].update(value=1.5)), "Claim.item[0].quantity.value", Issue.VALUE),
    (line(lambda one: one["extension"].pop()), "Claim.item[0].extension", Issue.REQUIRED),
    (line(lambda one: one["extension"].append(one["extension"][0])), "Claim.item[0].extension[2]", Issue.STRUCTURE),
    (line(lambda one: one["productOrService"]["coding"][0].update(system="x")),
     "Claim.item[0].productOrService.coding", Issue.REQUIRED),
]  # fmt: skip


@pytest.mark.parametrize(("change", "path", "issue"), WRONG)
def test_what_is_wrong_is_named_by_its_path(change: Callable[[Json], object], path: str, issue: Issue) -> None:
    asked = claim()
    change(asked)
    with pytest.raises(ElementError) as caught:
        read_claim(json.dumps(asked).encode())
    assert (caught.value.field, caught.value.issue) == (path, issue)


def test_a_number_too_long_to_compute_with_is_refused_at_once() -> None:
    raw = json.dumps(claim()).replace('"value": 120.0', '"value": 1E+999999999')
    with pytest.raises(ElementError) as caught:
        read_claim(raw.encode())
    assert caught.value.field == "Claim.item[0].net.value"


def test_what_the_rules_refuse_is_placed_by_its_line() -> None:
    for change, path in (
        (line(lambda one: one["net"].update(value=0)), "Claim.item[0].net"),
        (line(lambda one: one["net"].update(value=80)), "Claim.item[0].extension"),
        (line(lambda one: one["productOrService"]["coding"][0].update(code="é")), "Claim.item[0].productOrService"),
        (line(lambda one: one.update(servicedDate="2026-11-31")), "Claim.item[0].servicedDate"),
        (lambda c: c["identifier"][0].update(value="!"), "Claim.identifier[0].value"),
    ):  # fmt: skip
        asked = claim()
        change(asked)
        claimed = read_claim(json.dumps(asked).encode())
        with pytest.raises(BillingFieldError) as caught:
            parse_invoice(claimed.body, TODAY)
        assert claimed.placed(caught.value).field == path


def test_an_agreement_quotes_an_answer_alone_and_has_no_day() -> None:
    quoting = asked_before()
    quoting["insurance"][0]["preAuthRef"] = ["D-123"]
    dated = claim() | {"use": "preauthorization"}
    for asked, path in ((quoting, "Claim.insurance[0].preAuthRef[0]"), (dated, "Claim.item[0].servicedDate")):
        with pytest.raises(ElementError) as caught:
            read_claim(json.dumps(asked).encode())
        assert caught.value.field == path


AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
LINES = (OwnLine(1, InvoiceLine("LENS", 1, 20_000, 6_000, 5_000), 4_000),)
INVOICE = OwnInvoice(
    id=7, reference="F-1", quotes="7K3M", by="engagement", label=None, domain=Domain.OPTI, care_date=TODAY, at=AT,
    state=InvoiceState.RECEIVED, reason=InvoiceReason.NONE, price=20_000, amo=6_000, asked=5_000, due=None,
    decided=None, cancelled=None, cancelled_why=None, said=None, cancellable=True,
)  # fmt: skip
AGREEMENT = OwnAgreement(
    id=9, reference="P-1", kind=AgreementKind.REQUEST, engagement="7K3M", label=None, domain=Domain.DENT,
    first_day=TODAY, last_day=date(2027, 2, 1), at=AT, state=AgreementState.GRANTED, reason=InvoiceReason.PARTLY,
    price=20_000, amo=6_000, asked=5_000, due=4_000, answer_by=None, documents_by=None, decided=AT, ended=None,
    cancelled_why=None, invoice=None, invoiced_as=None, cancellable=True, said=None, lines=LINES,
)  # fmt: skip


def as_sent(resource: dict[str, Any]) -> Json:
    found: Json = json.loads(msgspec.json.encode(resource))
    return found


@pytest.mark.parametrize("state", list(InvoiceState))
@pytest.mark.parametrize("reason", [InvoiceReason.NONE, InvoiceReason.PARTLY, InvoiceReason.NO_BENEFIT])
def test_an_invoice_in_every_state_is_fhir(state: InvoiceState, reason: InvoiceReason) -> None:
    decided = state is not InvoiceState.RECEIVED
    one = replace(INVOICE, state=state, reason=reason, due=4_000 if decided else None, lines=LINES)
    told = as_sent(invoice_response(one, (Phrase("double", "twice"),)))
    assert faults_of(told) == []
    assert (told["outcome"], told["use"]) == ("complete" if decided else "queued", "claim")
    assert told["extension"] == [{"url": names.STATE, "valueCode": state.name.lower()}]
    assert "7K3M" not in json.dumps(told)


def test_what_staff_wrote_of_an_agreement_that_nothing_decides_is_a_note() -> None:
    gone = replace(AGREEMENT, state=AgreementState.REFUSED, reason=InvoiceReason.COVER_GONE, due=0, said="Plus rien.")
    told = as_sent(agreement_response(gone))
    assert faults_of(told) == []
    assert [note["text"] for note in told["processNote"]] == ["Plus rien."]


@pytest.mark.parametrize("state", list(AgreementState))
@pytest.mark.parametrize("kind", list(AgreementKind))
def test_an_agreement_in_every_state_is_fhir_and_once_granted_is_quoted_by_its_id(
    state: AgreementState, kind: AgreementKind
) -> None:
    told = as_sent(agreement_response(replace(AGREEMENT, state=state, kind=kind)))
    assert faults_of(told) == []
    assert told.get("preAuthRef") == (
        told["id"] if state in {AgreementState.GRANTED, AgreementState.INVOICED} else None
    )
    outcomes = {
        AgreementState.RECEIVED: "queued",
        AgreementState.UNDER_REVIEW: "queued",
        AgreementState.SUBJECT_TO_DOCUMENTS: "partial",
    }
    assert told["outcome"] == outcomes.get(state, "complete")
    assert told["item"][0]["adjudication"][1]["amount"] == {"value": 40.0, "currency": "EUR"}


def test_one_granted_subject_to_documents_names_those_that_nobody_declared_and_gives_nothing_to_quote() -> None:
    declared = OwnDocument(DocumentKind.PRESCRIPTION, TODAY, "99900000012", bytes(32), AT)
    one = replace(
        AGREEMENT, state=AgreementState.SUBJECT_TO_DOCUMENTS, documents_by=date(2026, 12, 25),
        documents=(declared, OwnDocument(DocumentKind.SIGNED_QUOTE)),
    )  # fmt: skip
    told = as_sent(agreement_response(one))
    assert faults_of(told) == []
    (note,) = told["processNote"]
    assert "25/12/2026" in note["text"]
    assert "devis signé" in note["text"]
    assert "ordonnance" not in note["text"]
    assert "preAuthRef" not in told
    assert told["adjudication"][1]["amount"]["value"] == 40.0


def test_one_under_review_says_by_when_it_is_answered_and_no_amount() -> None:
    one = replace(
        AGREEMENT, state=AgreementState.UNDER_REVIEW, reason=InvoiceReason.NONE, due=None, decided=None,
        last_day=None, answer_by=date(2026, 12, 9), lines=(replace(LINES[0], due=None),),
    )  # fmt: skip
    told = as_sent(agreement_response(one))
    assert faults_of(told) == []
    assert "09/12/2026" in told["processNote"][0]["text"]
    assert [len(found["adjudication"]) for found in (told, told["item"][0])] == [1, 1]
    assert "preAuthPeriod" not in told
