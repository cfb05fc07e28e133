"""An agreement that nothing decides ends as an invoice does: two of the staff refuse it; its place may ask again."""

from dataclasses import replace

import psycopg
import pytest
from psycopg.errors import CheckViolation, InsufficientPrivilege

from tests.integration.accounts_world import BRUNO, HELENE
from tests.integration.billing_world import House
from tests.integration.conftest import Connect
from tests.integration.signin_world import reason
from tests.integration.test_agreements import At, Place, at_desk, house
from tests.integration.test_refusals import GONE, SAID, Refusing, refusing
from tierce.billing.agreements.model import AgreementState
from tierce.billing.model import InvoiceReason
from tierce.billing.refusing.errors import UndecidedMissingError, UndecidedMovedError
from tierce.billing.refusing.model import Obstacle, Which
from tierce.billing.settlement.errors import SaidError
from tierce.journal.model import EntryKind
from tierce.policy.acts import Act
from tierce.policy.invoices import UNDECIDED_DAYS
from tierce.storage.keys import Keyring

__all__ = ["at_desk", "house", "refusing"]
pytestmark = pytest.mark.integration
RECEIVED, GRANTED, REFUSED = (
    state.value for state in (AgreementState.RECEIVED, AgreementState.GRANTED, AgreementState.REFUSED)
)
NOBODY = 12
"""Of whom no cover is held."""


def agreement(number: int) -> Which:
    return Which(EntryKind.AGREEMENT, number)


@pytest.fixture
def office(house: House, connect: Connect, keyring: Keyring) -> Refusing:
    """The staff beside a place that asks over HTTP."""
    return Refusing(house, connect("tierce_office", autocommit=True), keyring)


def tried(refusing: Refusing, days: int = UNDECIDED_DAYS) -> None:
    """Have `billing` try, that many days ago."""
    refusing.house.granting().turn(refusing.house.billing)
    refusing.house.admin.execute(
        "update care.agreement set undecided_since = undecided_since - make_interval(days => %s)"
        " where state = 1 and undecided is not null", (days,),
    )  # fmt: skip


def stands(admin: psycopg.Connection, number: int) -> tuple[int, int, int, int | None]:
    row = admin.execute(
        "select a.state, a.reason, a.due, l.due from care.agreement a"
        " join care.agreement_line l on l.agreement = a.id where a.id = %s", (number,),
    ).fetchone()  # fmt: skip
    assert row is not None
    return row[0], row[1], row[2], row[3]


def test_billing_says_why_it_cannot_decide_one_and_no_more_once_it_can(refusing: Refusing) -> None:
    house = refusing.house
    spoiled, _ = house.covered(1, house.insurer)
    house.admin.execute(
        "update coverage.coverage set sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1) where person = %s",
        (spoiled,),
    )
    sealed, failed, gone = house.agreement(person=spoiled), house.agreement(), house.agreement(person=NOBODY)
    house.admin.execute(f"alter table care.agreement add constraint odd check (id <> {failed} or state = 1)".encode())
    tried(refusing)
    found = refusing.desk.listed(refusing.office)
    assert {one.which: one.obstacle for one in found} == {
        agreement(sealed): Obstacle.UNOPENED,
        agreement(failed): Obstacle.FAILED,
        agreement(gone): Obstacle.COVER_GONE,
    }
    assert found[0].found == 3
    invoice = refusing.gone()
    refusing.tried(30)
    assert refusing.desk.listed(refusing.office)[0].which == Which(EntryKind.INVOICE, invoice), (
        "what waits longest comes first, whichever it is"
    )
    house.admin.execute("alter table care.agreement drop constraint odd")
    tried(refusing, 0)
    assert stands(house.admin, failed)[0] == GRANTED
    with pytest.raises(UndecidedMissingError):
        refusing.desk.one(refusing.office, agreement(failed))


def test_it_takes_two_people_who_say_the_same_after_days_each_with_a_line(refusing: Refusing) -> None:
    number = refusing.house.agreement(person=NOBODY)
    tried(refusing, UNDECIDED_DAYS - 1)
    with pytest.raises(UndecidedMovedError):
        refusing.desk.refuse(refusing.office, HELENE, agreement(number), GONE, SAID)
    tried(refusing, 1)
    with pytest.raises(UndecidedMissingError):
        refusing.desk.refuse(refusing.office, HELENE, Which(EntryKind.INVOICE, number), GONE, SAID)
    assert refusing.house.entries(25) == refusing.house.entries(22) == [], "what is not kept leaves no line"
    assert not refusing.desk.refuse(refusing.office, HELENE, agreement(number), GONE, SAID)
    with pytest.raises(SaidError):
        refusing.desk.refuse(refusing.office, HELENE, agreement(number), GONE, SAID)
    assert stands(refusing.house.admin, number)[0] == RECEIVED
    assert refusing.desk.refuse(refusing.office, BRUNO, agreement(number), GONE, SAID)
    assert stands(refusing.house.admin, number) == (REFUSED, InvoiceReason.COVER_GONE.value, 0, 0)
    lines = refusing.house.entries(25)
    assert [(one.act, one.professional, one.reference, one.person) for one in lines] == [
        (Act.STAFF_INVOICE_REFUSE, who, number, 0) for who in (HELENE.staff, BRUNO.staff)
    ]
    shown = refusing.desk.one(refusing.office, agreement(number))
    assert (shown.waits, [one.said for one in shown.words]) == (False, [SAID, SAID])
    with pytest.raises(UndecidedMovedError):
        refusing.desk.refuse(refusing.office, HELENE, agreement(number), GONE, "Autre chose.")


def test_a_word_on_an_invoice_is_none_on_an_agreement_of_the_same_number(refusing: Refusing) -> None:
    house = refusing.house
    number, invoice = house.agreement(person=NOBODY), refusing.gone()
    house.admin.execute("alter table care.agreement_line drop constraint agreement_line_agreement_fkey")
    house.admin.execute("update care.agreement set id = %s where id = %s", (invoice, number))
    house.admin.execute("update care.agreement_line set agreement = %s where agreement = %s", (invoice, number))
    tried(refusing)
    refusing.tried()
    assert not refusing.desk.refuse(refusing.office, HELENE, Which(EntryKind.INVOICE, invoice), GONE, SAID)
    assert not refusing.desk.refuse(refusing.office, BRUNO, agreement(invoice), GONE, SAID)
    assert (stands(house.admin, invoice)[0], house.stands(invoice)[0]) == (RECEIVED, 1)
    assert [one.staff for one in refusing.desk.one(refusing.office, agreement(invoice)).words] == [BRUNO.staff]
    assert refusing.desk.refuse(refusing.office, HELENE, agreement(invoice), GONE, SAID)
    assert (stands(house.admin, invoice)[0], house.stands(invoice)[0]) == (REFUSED, 1)


def test_whoever_holds_the_office_s_role_refuses_nothing_that_may_be_decided(
    refusing: Refusing, connect: Connect
) -> None:
    decidable, gone = refusing.house.agreement(), refusing.house.agreement(person=NOBODY)
    thief = connect("tierce_office", autocommit=True)
    words = "select care.refuse_undecided(25::smallint, %s, 9::smallint, %s, 'X', 'Rien.', %s)"
    for number in (decidable, gone):
        for staff in (1, 2):
            assert thief.execute(words, (number, staff, 1)).fetchone() == (2,), (
                "`billing` never said that it could not"
            )
    for stolen in (
        f"select care.note_undecided(25::smallint, {decidable}, 2::smallint)",
        f"update care.agreement set undecided = 2, undecided_since = '2020-01-01' where id = {decidable}",
        f"insert into care.refusal_word (agreement, staff, name, reason, said) values ({gone}, 1, 'X', 9, 'Rien.')",
        f"update care.agreement set state = 4 where id = {gone}",
    ):
        with pytest.raises(InsufficientPrivilege):
            thief.execute(stolen.encode())
    tried(refusing)
    refusing.tried()
    own = refusing.gone()
    refusing.tried()
    assert stands(refusing.house.admin, decidable)[0] == GRANTED
    assert thief.execute(words, (decidable, 1, 1)).fetchone() == (2,)
    with pytest.raises(CheckViolation, match="own line"):
        thief.execute(words, (gone, 1, 1))
    assert not refusing.desk.refuse(refusing.office, HELENE, Which(EntryKind.INVOICE, own), GONE, SAID)
    (line,) = refusing.house.admin.execute("select seq from journal.entry where kind = 22").fetchall()
    with pytest.raises(CheckViolation, match="own line"):
        thief.execute(words, (gone, HELENE.staff, line[0]))
    for role in ("tierce_billing", "tierce_api", "tierce_persons", "tierce_insurers"):
        with pytest.raises(InsufficientPrivilege):
            connect(role, autocommit=True).execute(words, (gone, 1, 1))


def test_a_crowd_that_nothing_decides_is_tried_a_part_a_turn_after_all_that_is_new(refusing: Refusing) -> None:
    house = refusing.house
    stuck = [house.agreement(person=NOBODY, kind=1) for _ in range(3)]
    granting = replace(house.granting(), again_max=1)
    assert granting.turn(house.billing).uncovered == 3, "each is tried as it comes"
    house.admin.execute("update care.agreement set person = %s where person = %s", (house.person, NOBODY))
    new = house.agreement()
    seen: list[tuple[int, ...]] = []

    def note(step: str) -> None:
        if step == "keep":
            waits = (one for one in (*stuck, new) if stands(house.admin, one)[0] == RECEIVED)
            seen.append(tuple(waits))

    done = granting.turn(house.billing, note)
    assert (done.granted, done.quoted) == (1, 1), "the new one, and one of the others"
    assert new in seen[0]
    assert new not in seen[1], "which comes after it"
    assert [granting.turn(house.billing).quoted for _ in range(3)] == [1, 1, 0]


def test_its_place_reads_why_and_asks_again_and_nothing_stays_kept_for_it(at_desk: At, office: Refusing) -> None:
    house = office.house
    kept = "select care.is_to_price(%s, %s::smallint)"

    async def scene(place: Place) -> None:
        body = place.body()
        number = (await place.send(body)).json()["id"]
        house.admin.execute("update care.agreement set person = %s where id = %s", (NOBODY, number))
        tried(office)
        assert (await place.read(f"/{number}"))["said"] is None
        assert house.admin.execute(kept, (NOBODY, house.insurer)).fetchone() == (True,)
        assert not office.desk.refuse(office.office, HELENE, agreement(int(number)), GONE, SAID)
        assert office.desk.refuse(office.office, BRUNO, agreement(int(number)), GONE, SAID)
        told = await place.read(f"/{number}")
        assert (told["state"]["code"], told["reason"]["code"], told["said"]) == ("refused", "cover_gone", SAID)
        assert (told["due"], told["cancellable"], told["lines"][0]["due"]) == (0, False, 0)
        assert reason(await place.cancel(number)) == "agreement_settled"
        assert (await place.send(body)).json()["id"] == number, "the same bytes are the same agreement, refused"
        assert house.admin.execute(kept, (NOBODY, house.insurer)).fetchone() == (False,)
        again = await place.asked()
        assert await place.stands(again) == ("granted", 4_000)

    at_desk(scene)
    house.admin.execute("update care.agreement set at = '2015-01-01', decided = '2015-01-01' where state = 4")
    house.connect("tierce_upkeep", autocommit=True).execute("select upkeep.forget(77, 1000, true)")
    assert house.admin.execute("select count(*) from care.refusal_word").fetchone() == (0,)
