"""What an error of the database tells beside its message: of no row that whoever is refused may not read."""

import psycopg
import pytest

from tests.integration.test_claims_at_once import TODAY, Place, place
from tests.integration.test_roles_others import Process, line
from tierce.journal.model import EntryKind
from tierce.policy.acts import Act

__all__ = ["place"]
pytestmark = pytest.mark.integration
PERSON = 812_345_678
"""Whom the engagement is of: a number that is written nowhere else."""
KEEP = {
    EntryKind.INVOICE: "select care.keep_invoice(%(session)s, %(id)s, %(reference)s, 77, null, null, %(day)s,"
    " %(items)s, '{1}', %(prices)s::integer[], '{0}', '{1}', %(digest)s, %(entry)s)",
    EntryKind.AGREEMENT: "select care.keep_agreement(%(session)s, %(id)s, %(reference)s, 77, %(shape)s::smallint,"
    " %(items)s, '{1}', %(prices)s::integer[], '{0}', '{1}', %(digest)s, %(entry)s)",
}
WRONG: tuple[dict[str, object], ...] = (
    {"prices": [-9_000]}, {"prices": None}, {"digest": None}, {"digest": b"short"}, {"reference": "F" * 400},
    {"items": ["x" * 99]}, {"shape": None}, {"shape": 9},
)  # fmt: skip


def keep(place: Place, process: Process, kind: EntryKind, number: int, **wrong: object) -> None:
    """Send one with something of it wrong; not committed."""
    who, sent = place.caller, kind is EntryKind.INVOICE
    (entry,) = process.append(
        [line(kind, act=Act.INVOICE_SEND if sent else Act.AGREEMENT_ASK, professional=who.professional,
              establishment=who.establishment, reference=number)]
    )  # fmt: skip
    good = {
        "session": who.session, "id": number, "reference": f"F-{number}", "day": TODAY, "items": ["LENS"],
        "prices": [9_000], "digest": bytes(32), "entry": entry, "shape": 1,
    }  # fmt: skip
    process.connection.execute(KEEP[kind].encode(), {**good, **wrong})


def told(error: psycopg.Error) -> str:
    return f"{error} {error.diag.message_detail} {error.diag.message_hint}"


@pytest.mark.parametrize("kind", [EntryKind.INVOICE, EntryKind.AGREEMENT])
def test_no_refusal_tells_of_whom_an_invoice_or_an_agreement_is(place: Place, kind: EntryKind) -> None:
    place.world.run(f"update care.engagement set person = {PERSON}")
    thief, said = place.process(), dict[str, str]()
    for number, wrong in enumerate(WRONG, 90_001):
        try:
            keep(place, thief, kind, number, **wrong)
        except psycopg.Error as error:
            said[str(wrong)] = told(error)
        thief.connection.rollback()
    keep(place, thief, kind, 90_000)
    thief.connection.commit()
    table = "invoice" if kind is EntryKind.INVOICE else "agreement"
    for why in ("x" * 101, "", None):
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            thief.connection.execute(
                f"select care.cancel_{table}(%s, 90000, %s)".encode(), (place.caller.session, why)
            )
        said[str(why)] = told(refused.value)
        thief.connection.rollback()
    assert len(said) >= len(WRONG) + 1
    assert {wrong: each for wrong, each in said.items() if str(PERSON) in each} == {}
    row = f"select count(*) from care.{table} where person = {PERSON}"
    assert place.world.scalar(row) == 1, "it is hers, and nobody said so"
