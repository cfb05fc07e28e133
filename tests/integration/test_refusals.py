"""An invoice that nothing decides is refused once two of the staff say the same; one that may be decided never."""

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.errors import CheckViolation, InsufficientPrivilege

from tests.integration.accounts_world import BRUNO, HELENE, IBAN
from tests.integration.billing_world import TODAY, House
from tests.integration.conftest import Connect
from tests.integration.feeding import FIRST, Importer
from tierce.billing.model import BY_STAFF, InvoiceReason, InvoiceState
from tierce.billing.refusing.desk import RefusalDesk
from tierce.billing.refusing.errors import UndecidedMissingError, UndecidedMovedError
from tierce.billing.refusing.model import REASON_LABELS, Obstacle, Which
from tierce.billing.settlement.errors import SaidError
from tierce.identity.model import StaffCaller
from tierce.incidents.errors import FormError
from tierce.journal.model import EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.policy.acts import Act
from tierce.policy.invoices import UNDECIDED_DAYS
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration
RECEIVED, REFUSED, ACCEPTED = (
    state.value for state in (InvoiceState.RECEIVED, InvoiceState.REFUSED, InvoiceState.ACCEPTED)
)
GONE = str(InvoiceReason.COVER_GONE.value)
SAID = "Le fichier de l’organisme ne vient plus."


def invoice(number: int) -> Which:
    return Which(EntryKind.INVOICE, number)


class Refusing:
    """A house of which some invoices cannot be decided, and the staff."""

    def __init__(self, house: House, office: psycopg.Connection, keyring: Keyring) -> None:
        self.house = house
        house.admin.execute(
            "insert into directory.establishment (id, finess, name, town)"
            " values (101, '990000101', 'Optique des Remparts', 'Port-Sérac') on conflict do nothing"
        )
        self.office = office
        self.desk = RefusalDesk(Appender.enrol(office, "office", keyring.instance("office")), SystemClock())

    def gone(self, day: int = TODAY - 10) -> int:
        """An invoice of somebody of whom no cover is held."""
        return self.house.invoice(day=day, person=12, quotes=self.house.engagement(12, self.house.insurer))

    def tried(self, days: int = UNDECIDED_DAYS) -> None:
        """Have `billing` try, that many days ago."""
        self.house.deciding().turn(self.house.billing)
        self.house.admin.execute(
            "update care.invoice set undecided_since = undecided_since - make_interval(days => %s)"
            " where state = 1 and undecided is not null", (days,),
        )  # fmt: skip

    def why(self, number: int) -> int | None:
        row = self.house.admin.execute("select undecided from care.invoice where id = %s", (number,)).fetchone()
        assert row is not None
        return None if row[0] is None else int(row[0])

    def both(self, number: int, reason: str = GONE) -> None:
        assert not self.desk.refuse(self.office, HELENE, invoice(number), reason, SAID)
        assert self.desk.refuse(self.office, BRUNO, invoice(number), reason, SAID)


@pytest.fixture
def refusing(connect: Connect, key_directory: Path, keyring: Keyring, importer: Importer, country: Path) -> Refusing:
    importer.rights(country / "rights" / f"{FIRST}.csv", FIRST)
    return Refusing(House(connect, key_directory), connect("tierce_office", autocommit=True), keyring)


def test_billing_says_why_it_cannot_decide_one_and_no_more_once_it_can(refusing: Refusing) -> None:
    house = refusing.house
    spoiled, _ = house.covered(1)
    house.admin.execute(
        "update coverage.coverage set sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1) where person = %s",
        (spoiled,),
    )
    cover, sealed = refusing.gone(), house.invoice(person=spoiled, day=TODAY - 9)
    number, failed = house.invoice(day=TODAY - 8), house.invoice(day=TODAY - 7)
    house.admin.execute(
        "delete from care.engagement where seq = (select engagement from care.invoice where id = %s)", (number,)
    )
    house.admin.execute(f"alter table care.invoice add constraint odd check (id <> {failed} or state = 1)".encode())
    behind = refusing.gone()
    refusing.tried()
    assert [refusing.why(one) for one in (cover, sealed, number, failed)] == [
        Obstacle.COVER_GONE, Obstacle.UNOPENED, Obstacle.NUMBER_GONE, Obstacle.FAILED,
    ]  # fmt: skip
    assert refusing.why(behind) == Obstacle.COVER_GONE, (
        "what would decide it is looked for before what goes before it"
    )
    listed = refusing.desk.listed(refusing.office)
    assert {one.which.number for one in listed} == {cover, sealed, number, failed, behind}
    assert listed[0].found == 5
    house.admin.execute("alter table care.invoice drop constraint odd")
    refusing.tried(0)
    assert house.stands(failed)[0] == ACCEPTED
    with pytest.raises(UndecidedMissingError):
        refusing.desk.one(refusing.office, invoice(failed))


def test_it_takes_two_people_who_say_the_same_after_days_each_with_a_line(refusing: Refusing) -> None:
    number = refusing.gone()
    refusing.tried(UNDECIDED_DAYS - 1)
    with pytest.raises(UndecidedMovedError):
        refusing.desk.refuse(refusing.office, HELENE, invoice(number), GONE, SAID)
    assert refusing.house.entries(22) == [], "what is not kept leaves no line"
    refusing.tried(1)
    for reason, said in (("1", SAID), ("", SAID), (GONE, " "), (GONE, f"Payé sur {IBAN}."), (GONE, "x" * 301)):
        with pytest.raises(FormError):
            refusing.desk.refuse(refusing.office, HELENE, invoice(number), reason, said)
    assert not refusing.desk.refuse(refusing.office, HELENE, invoice(number), GONE, SAID)
    with pytest.raises(SaidError):
        refusing.desk.refuse(refusing.office, HELENE, invoice(number), GONE, SAID)
    other = str(InvoiceReason.INSURER_GONE.value)
    assert not refusing.desk.refuse(refusing.office, BRUNO, invoice(number), other, SAID), (
        "another reason is not the same"
    )
    assert refusing.house.stands(number)[0] == RECEIVED
    assert refusing.desk.refuse(refusing.office, BRUNO, invoice(number), GONE, SAID)
    assert refusing.house.stands(number) == (REFUSED, InvoiceReason.COVER_GONE.value, 0, 0)
    lines = refusing.house.entries(22)
    assert [(one.act, one.professional, one.reference, one.person) for one in lines] == [
        (Act.STAFF_INVOICE_REFUSE, who, number, 0) for who in (HELENE.staff, BRUNO.staff, BRUNO.staff)
    ]
    shown = refusing.desk.one(refusing.office, invoice(number))
    assert (shown.waits, [one.said for one in shown.words]) == (False, [SAID, SAID])
    with pytest.raises(UndecidedMovedError):
        refusing.desk.refuse(refusing.office, HELENE, invoice(number), other, SAID)
    with pytest.raises(UndecidedMissingError):
        refusing.desk.refuse(refusing.office, HELENE, invoice(5), GONE, SAID)


def test_whoever_holds_the_office_s_role_refuses_nothing_that_may_be_decided(
    refusing: Refusing, connect: Connect
) -> None:
    decidable, gone = refusing.house.invoice(), refusing.gone()
    thief = connect("tierce_office", autocommit=True)
    words = "select care.refuse_undecided(22::smallint, %s, 9::smallint, %s, 'X', 'Rien.', %s)"
    for number in (decidable, gone):
        for staff in (1, 2):
            assert thief.execute(words, (number, staff, 1)).fetchone() == (2,), (
                "`billing` never said that it could not"
            )
    for stolen in (
        "select care.note_undecided(22::smallint, 1, 2::smallint)",
        f"update care.invoice set undecided = 2, undecided_since = '2020-01-01' where id = {decidable}",
        f"insert into care.refusal_word (invoice, staff, name, reason, said) values ({gone}, 1, 'X', 9, 'Rien.')",
        f"update care.invoice set state = 3 where id = {gone}",
    ):
        with pytest.raises(InsufficientPrivilege):
            thief.execute(stolen.encode())
    refusing.tried()
    assert refusing.house.stands(decidable)[0] == ACCEPTED
    assert thief.execute(words, (decidable, 1, 1)).fetchone() == (2,)
    with pytest.raises(CheckViolation, match="own line"):
        thief.execute(words, (gone, 1, 1))
    with pytest.raises(CheckViolation, match="written reason"):
        thief.execute("select care.refuse_undecided(22::smallint, %s, 1::smallint, 1, 'X', 'Rien.', 1)", (gone,))
    for role in ("tierce_billing", "tierce_api", "tierce_persons", "tierce_insurers"):
        with pytest.raises(InsufficientPrivilege):
            connect(role, autocommit=True).execute(words, (gone, 1, 1))


def test_what_it_quotes_is_free_again_and_its_place_sends_it_anew(refusing: Refusing) -> None:
    house = refusing.house
    house.admin.execute("alter table care.invoice add constraint odd check (state <> 2 or due <> 8999)")
    first = house.invoice(deposit=7, asked=8_999)
    second = house.invoice(deposit=7, item="OTHER", asked=4_000)
    refusing.tried()
    assert refusing.why(first) == Obstacle.FAILED
    assert house.stands(second)[0] == ACCEPTED
    refusing.both(first, str(InvoiceReason.NOT_DECIDABLE.value))
    again = house.invoice(deposit=7, asked=5_000)
    house.deciding().turn(house.billing)
    assert house.stands(again) == (ACCEPTED, 0, 5_000, 5_000)


def test_cover_that_was_kept_for_it_goes_once_it_is_refused(refusing: Refusing, connect: Connect) -> None:
    house = refusing.house
    number = house.invoice(day=TODAY - 10)
    house.admin.execute("delete from care.engagement where person = %s", (house.person,))
    refusing.tried()
    assert refusing.why(number) == Obstacle.NUMBER_GONE
    kept = "select care.is_to_price(%s, %s::smallint)"
    assert house.admin.execute(kept, (house.person, house.insurer)).fetchone() == (True,)
    refusing.both(number, str(InvoiceReason.NUMBER_GONE.value))
    assert house.admin.execute(kept, (house.person, house.insurer)).fetchone() == (False,)
    house.admin.execute("update care.invoice set at = '2015-01-01', decided = '2015-01-01' where id = %s", (number,))
    connect("tierce_upkeep", autocommit=True).execute("select upkeep.forget(72, 1000, true)")
    assert house.admin.execute("select count(*) from care.refusal_word").fetchone() == (0,)


def test_the_database_has_the_policy_s_reasons_and_days(refusing: Refusing) -> None:
    assert set(REASON_LABELS) == set(BY_STAFF)
    number = refusing.gone()
    refusing.tried(0)
    one = refusing.desk.one(refusing.office, invoice(number))
    assert (one.refusable_from - one.since).days == UNDECIDED_DAYS
    assert not one.refusable(one.refusable_from.replace(year=2020))


@given(st.lists(st.tuples(st.sampled_from([HELENE, BRUNO]), st.sampled_from(BY_STAFF), st.sampled_from("ab"))))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_said_it_is_refused_when_two_different_people_last_said_the_same(
    refusing: Refusing, said: list[tuple[StaffCaller, InvoiceReason, str]]
) -> None:
    number = refusing.gone()
    refusing.tried()
    stands: dict[int, tuple[InvoiceReason, str]] = {}
    for caller, reason, text in said:
        if refusing.house.stands(number)[0] == REFUSED:
            break
        try:
            done = refusing.desk.refuse(refusing.office, caller, invoice(number), str(reason.value), text)
        except SaidError:
            assert stands[caller.staff] == (reason, text)
            continue
        stands[caller.staff] = (reason, text)
        assert done == (len(stands) == 2 and len(set(stands.values())) == 1)
    assert (refusing.house.stands(number)[0] == REFUSED) == (len(stands) == 2 and len(set(stands.values())) == 1)


def test_a_crowd_that_nothing_decides_is_tried_a_part_a_turn_after_all_that_is_new(refusing: Refusing) -> None:
    house = refusing.house
    quotes = house.engagement(house.person, house.insurer)
    stuck = [house.invoice(day=TODAY - 30 + n, quotes=quotes, item="LENS" if n < 1 else f"LENS{n}") for n in range(3)]
    house.admin.execute("update care.engagement set seq = seq - 1 where seq = %s", (quotes,))
    deciding = replace(house.deciding(), again_max=1)
    assert deciding.turn(house.billing).uncovered == 3, "each is tried as it comes"
    house.admin.execute("update care.engagement set seq = seq + 1 where seq = %s", (quotes - 1,))
    new = house.invoice(day=TODAY)
    seen: list[tuple[int, ...]] = []

    def note(step: str) -> None:
        if step == "keep":
            seen.append(tuple(one for one in (*stuck, new) if house.stands(one)[0] == RECEIVED))

    assert deciding.turn(house.billing, note).decided == 2, "the new one, and one of the others"
    assert new in seen[0]
    assert new not in seen[1], "which comes after it"
    assert [deciding.turn(house.billing).decided for _ in range(3)] == [1, 1, 0]
