"""The file for the bank: held to the published schema, the same bytes each time, read alike by a library not ours."""

import re
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sepaxml import SepaTransfer
from xmlschema import XMLSchema, XMLSchemaValidationError

from tierce.billing.settlement.model import TWO_SAY, Credit, Payer, Word
from tierce.billing.settlement.pain import (
    NAMESPACE,
    cents,
    execution_day,
    message_id,
    plain_name,
    reference,
    write_file,
)
from tierce.kernel.clock import PARIS
from tierce.policy.claims import INVOICED_DAYS, QUOTED_DAYS
from tierce.policy.kept import Kept
from tierce.policy.retention import keep_days
from tierce.policy.transfers import APPROVERS, CONTEST_DAYS, RECOVERED_PERCENT

VERSION = "pain.001.001.09"
SCHEMA = XMLSchema(str(files("sepaxml") / "schemas" / f"{VERSION}.xsd"))
"""As ISO 20022 publishes it, brought by a library that is not ours."""
NS = {"p": NAMESPACE}
PAYER = Payer("Rive Claire Tiers Payant", "FR5699999000010000000000475", Path("payments"), "age1")
ONE = Credit(2**63 - 1, 12_345, "SELARL des Tilleuls", "FR8999999000010000000000172")
FRIDAY = datetime(2026, 11, 27, 23, 30, tzinfo=PARIS)

credits_of = st.lists(
    st.builds(
        Credit, st.integers(1, 2**63 - 1), st.integers(1, 10**9), st.text(min_size=1, max_size=90),
        st.sampled_from([ONE.iban, "FR7899999000010000000000273", "DE89370400440532013000"]),
    ),
    min_size=1, max_size=5,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(paid=credits_of, batch=st.integers(1, 2**63 - 1), day=st.integers(0, 12_000))
def test_whatever_is_paid_the_file_holds_to_the_published_schema(paid: list[Credit], batch: int, day: int) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day, seconds=day)
    written = write_file(batch, at, PAYER, paid)
    SCHEMA.validate(written.decode())
    root = ElementTree.XML(written)
    amounts = [str(one.text) for one in root.iterfind(".//p:InstdAmt", NS)]
    assert amounts == [cents(one.amount) for one in paid]
    assert root.findtext(".//p:GrpHdr/p:CtrlSum", None, NS) == cents(sum(one.amount for one in paid))
    assert root.findtext(".//p:GrpHdr/p:NbOfTxs", None, NS) == str(len(paid))
    assert write_file(batch, at, PAYER, paid) == written, "the same batch is the same file"


def test_the_schema_that_files_are_held_to_refuses_what_is_wrong() -> None:
    written = write_file(1, FRIDAY, PAYER, [ONE])
    for right, wrong in ((b"123.45", b"123.456789"), (b">TRF<", b">OTHER<"), (b"FR8999999", b"fr")):
        assert right in written
        with pytest.raises(XMLSchemaValidationError):
            SCHEMA.validate(written.replace(right, wrong).decode())


def test_a_library_that_is_not_ours_writes_the_same_payment() -> None:
    theirs = SepaTransfer(
        {"name": PAYER.name, "IBAN": PAYER.iban, "batch": True, "currency": "EUR"}, schema=VERSION, clean=True
    )
    theirs.add_payment(
        {
            "name": ONE.holder, "IBAN": ONE.iban, "amount": ONE.amount, "execution_date": date(2026, 11, 27),
            "description": f"TIERS PAYANT {reference(ONE.transfer)}", "endtoend_id": reference(ONE.transfer),
        }
    )  # fmt: skip
    ours, other = (ElementTree.XML(one) for one in (write_file(1, FRIDAY, PAYER, [ONE]), theirs.export()))
    drawn = {"MsgId", "CreDtTm", "PmtInfId", "DbtrAgt"}  # which the library draws, or leaves empty
    assert _leaves(ours, drawn) == _leaves(other, drawn)


def _leaves(node: ElementTree.Element, without: set[str], path: str = "") -> list[tuple[str, str | None]]:
    name = node.tag.removeprefix(f"{{{NAMESPACE}}}")
    if name in without:
        return []
    if not len(node):
        return [(path + name, node.text)]
    return [leaf for child in node for leaf in _leaves(child, without, f"{path}{name}/")]


def test_names_are_written_in_letters_that_every_bank_takes() -> None:
    assert plain_name("SELARL L’Œil & Cœur – Élodie Ñandù") == "SELARL L'OEil + Coeur - Elodie Nandu"
    assert plain_name("株式会社") == "?"
    assert len(plain_name("x" * 90)) == 70


def test_a_file_is_carried_out_on_a_day_on_which_banks_work() -> None:
    assert execution_day(FRIDAY) == date(2026, 11, 27)
    assert execution_day(datetime(2026, 11, 28, 9, tzinfo=PARIS)) == date(2026, 11, 30)
    assert execution_day(datetime(2026, 12, 25, 9, tzinfo=PARIS)) == date(2026, 12, 28)
    assert execution_day(datetime(2028, 12, 25, 9, tzinfo=PARIS)) == date(2028, 12, 27), (
        "banks are shut the day after"
    )
    assert execution_day(datetime(2027, 3, 26, 9, tzinfo=PARIS)) == date(2027, 3, 30), "and on Good Friday"
    assert execution_day(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) == date(2027, 1, 4), "a new year, in Paris"


def test_numbers_are_short_enough_for_a_bank_and_an_account_is_shown_by_no_repr() -> None:
    assert len(message_id(2**63 - 1)) <= 35
    assert len(reference(2**63 - 1)) <= 35
    assert ONE.iban not in repr(ONE)
    assert PAYER.iban not in repr(PAYER)


def test_the_database_recovers_within_what_the_policy_says() -> None:
    written = (files("tierce.storage") / "sql" / "recoveries.sql").read_text("utf-8")
    assert f"share_percent constant integer := {RECOVERED_PERCENT};" in written
    assert f"contest_days constant integer := {CONTEST_DAYS};" in written
    assert f"if n < {APPROVERS} and not (of_what = 2 and r.approved is null) then" in written
    assert 0 < RECOVERED_PERCENT < 100, "a transfer of nothing is none"


def test_the_database_keeps_what_was_paid_for_as_long_as_it_may_be_invoiced_again() -> None:
    written = (files("tierce.storage") / "sql" / "retention.sql").read_text("utf-8")
    assert f"invoiced_days constant integer := {INVOICED_DAYS};" in written
    assert f"quoted_days constant integer := {QUOTED_DAYS}; " in written
    assert keep_days()[Kept.COVERAGE] >= INVOICED_DAYS, "cover outlives the last invoice that may come of it"


def test_the_database_wants_two_for_what_the_policy_says() -> None:
    written = (files("tierce.storage") / "sql" / "settlement.sql").read_text("utf-8")
    found = re.search(r"if of_what in \(([\d, ]+)\) and \(select count.*?\) < (\d+) then", written, re.S)
    assert found is not None
    assert frozenset(Word(int(one)) for one in found[1].split(",")) == TWO_SAY
    assert int(found[2]) == APPROVERS
