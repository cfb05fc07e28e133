"""Whatever is declared of a document: what is read has its form, what holds is within its dates; no value is told."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from hashlib import sha256
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from tierce.billing.agreements.documents.model import Awaits, Declared, Prescriber, Subject
from tierce.billing.agreements.documents.rules import check_declared, read_declared, repeats
from tierce.billing.agreements.model import OwnDocument
from tierce.billing.errors import BillingFieldError
from tierce.kernel.care import Domain, Profession
from tierce.kernel.luhn import is_rpps
from tierce.lab.country.identifiers import make_rpps
from tierce.policy.documents import (
    OWN_CARE,
    PRESCRIBED,
    PRESCRIBERS,
    VALID_DAYS,
    DocumentKind,
    bits_of,
    kinds_of,
)

TODAY: Final = date(2026, 11, 29)
FIELDS: Final = {"kind", "dated", "prescriber", "sha256", "body"}
KINDS: Final = st.sampled_from(DocumentKind)
PRESCRIBING: Final = st.none() | st.builds(Prescriber, st.integers(1, 3), st.sampled_from(sorted(Profession)))
"""Whoever declares, whoever asked, somebody else, of any profession; or nobody that the directory knows."""
SETS: Final = st.sets(KINDS).map(lambda kinds: tuple(sorted(kinds)))


@given(SETS)
def test_a_set_of_kinds_is_stored_and_read_again(kinds: tuple[DocumentKind, ...]) -> None:
    assert kinds_of(bits_of(kinds)) == kinds


def refusal(of: Callable[[], object]) -> BillingFieldError | None:
    """The refusal of something, if it is refused."""
    try:
        of()
    except BillingFieldError as error:
        return error
    return None


@given(st.binary(max_size=200))
def test_bytes_that_are_no_declaration_are_refused_by_field(sent: bytes) -> None:
    refused = refusal(lambda: read_declared(sent))
    assert refused is not None
    assert refused.field in FIELDS
    assert refused.remedy.fr != refused.remedy.en


TYPED: Final = st.one_of(st.text(max_size=70), st.integers(), st.none(), KINDS.map(lambda kind: kind.code))


@given(st.dictionaries(st.sampled_from(["kind", "dated", "prescriber", "sha256", "name"]), TYPED))
def test_a_refusal_names_a_field_and_never_repeats_what_was_typed(sent: dict[str, object]) -> None:
    refused = refusal(lambda: read_declared(json.dumps(sent).encode()))
    assert refused is not None, "no digest is drawn by chance"
    assert refused.field in {*FIELDS, "name"}, "what is not known is named too"
    said = f"{refused} {refused.reason.fr} {refused.remedy.fr}"
    assert not any(isinstance(text, str) and len(text) > 20 and text in said for text in sent.values())


@given(KINDS, st.dates(), st.integers(0, 999_999), st.binary(min_size=1, max_size=40))
def test_a_declaration_reads_as_it_was_written_however_its_digits_are_spaced(
    kind: DocumentKind, dated: date, number: int, file: bytes
) -> None:
    rpps, digest = make_rpps(number), sha256(file)
    sent: dict[str, object] = {
        "kind": kind.code, "dated": dated.isoformat(), "sha256": digest.hexdigest().upper(),
    }  # fmt: skip
    if kind in PRESCRIBED:
        sent["prescriber"] = f"{rpps[:3]} {rpps[3:]}"
    read = read_declared(json.dumps(sent).encode())
    assert read == Declared(kind, dated, rpps if kind in PRESCRIBED else None, digest.digest())
    assert read.prescriber is None or is_rpps(read.prescriber)
    told = OwnDocument(kind, dated, read.prescriber, digest.digest())
    assert repeats(read, [told])
    assert not repeats(read, [OwnDocument(kind)])


@given(SETS, KINDS, st.integers(-3_000, 30), st.sampled_from(sorted(Domain)), PRESCRIBING)
def test_what_holds_is_awaited_within_its_dates_and_signed_by_somebody_who_may(
    kinds: tuple[DocumentKind, ...], kind: DocumentKind, days: int, domain: Domain, prescriber: Prescriber | None
) -> None:
    subject = Subject(Awaits.YES, domain, kinds, asked_by=2)
    one = Declared(kind, TODAY + timedelta(days=days), "99900000012" if kind in PRESCRIBED else None, bytes(32))
    refused = refusal(lambda: check_declared(one, subject, prescriber, 1, TODAY))
    signed = kind not in PRESCRIBED or (
        prescriber is not None and prescriber.profession in PRESCRIBERS and (prescriber.id == 3 or domain in OWN_CARE)
    )
    holds = kind in kinds and -VALID_DAYS[kind] <= days <= 0 and signed
    assert (refused is None) == holds
    if refused is not None:
        assert refused.field in FIELDS
        assert refused.remedy.fr != refused.remedy.en
