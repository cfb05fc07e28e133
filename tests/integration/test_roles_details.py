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


@pytest.mark.parametrize(("name", "word"), [("Vasseur", "x" * 301), ("Vasseur", ""), ("V" * 101, "a reason")])
def test_no_refusal_of_staff_s_prints_what_is_sealed_of_an_account(place: Place, name: str, word: str) -> None:
    place.world.run(
        "insert into bank.account (id, establishment, sealed, country, tail, holder, origin, due)"
        f" values (7, {place.caller.establishment}, 'what billing alone opens', 'FR', '0172', 'SELARL', 2, now())"
    )
    office = place.connect("tierce_office")
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        office.execute("select bank.refuse(7, %s, %s)", (name, word))
    said = told(refused.value)
    assert "sealed" not in said
    assert b"what billing alone opens".hex() not in said
    assert "0172" not in said


TAKE = "select access.take_alert(1::smallint, gen_random_uuid(), 1::smallint, %s, %s, now(), now(), %s::smallint)"


@pytest.mark.parametrize(("alert", "confidence"), [(None, 1), (9, None), (7, 1)])
def test_an_alert_that_cannot_be_kept_is_refused_whomever_it_names(
    place: Place, alert: int | None, confidence: int | None
) -> None:
    """Whoever holds tierce_peers is told alike of whom the directory has and of nobody, though it rolls back."""
    place.world.run(
        "insert into access.alert_peer (id, name, issuer, keys, why) overriding system value"
        " values (1, 'Rive', 'https://rive.example', 'keys', 'convention');"
        "insert into access.alert (id, professional, operator, at, by, confidence)"
        " values (7, 1, 'Autre', now(), 'Hélène', 1)"
    )
    place.world.run(f"update directory.professional set rpps = '10001234567' where id = {place.caller.professional}")
    thief, answers = place.connect("tierce_peers"), set[str]()
    for rpps in ("10001234567", "10009999999"):
        try:
            thief.execute(TAKE, (rpps, alert, confidence))
            answers.add("kept")
        except psycopg.Error as error:
            answers.add(told(error))
        thief.rollback()
    assert len(answers) == 1
    assert "kept" not in answers
