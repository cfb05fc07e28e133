"""A child of whom two insurers tell under two parents' numbers: two people here, and one care is paid once."""

from collections.abc import Callable
from pathlib import Path

import pytest
from psycopg.errors import InsufficientPrivilege

from tests.integration.accounts_world import BRUNO, HELENE
from tests.integration.billing_world import TODAY, House
from tests.integration.conftest import Connect
from tests.integration.feeding import FIRST, Importer, rows_of, write_rows
from tierce.billing.model import InvoiceReason, InvoiceState
from tierce.billing.pricing.model import Measure
from tierce.billing.refusing.desk import RefusalDesk
from tierce.billing.refusing.errors import UndecidedMovedError
from tierce.billing.refusing.model import Obstacle, Ruling, Which
from tierce.billing.settlement.errors import SaidError
from tierce.journal.model import EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.policy.acts import Act
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration
OTHER_AMC = "99100002"
ACCEPTED, REFUSED, RECEIVED = InvoiceState.ACCEPTED.value, InvoiceState.REFUSED.value, InvoiceState.RECEIVED.value
COST = 14_000
"""What the compulsory scheme leaves of a lens here, in cents."""

CHILD, ANOTHER = (f"{body}{97 - int(body) % 97:02d}" for body in ("2180490955321", "2180490955322"))
"""Two numbers of her own that she might have."""

Row = dict[str, str]
Tell = Callable[..., tuple[int, int]]


@pytest.fixture
def house(connect: Connect, key_directory: Path, importer: Importer, country: Path) -> House:
    for amc in (FIRST, OTHER_AMC):
        importer.rights(country / "rights" / f"{amc}.csv", amc)
    made = House(connect, key_directory)
    made.admin.execute(
        "insert into directory.establishment (id, finess, name, town)"
        " values (101, '990000101', 'Optique des Remparts', 'Port-Sérac')"
    )
    made.admin.execute(
        "insert into registry.benefit (product, domain, item, measure, value, from_day, until_day, feed)"
        " select id, 6, 'LENS', %s, 0, 0, 40000, 1 from registry.product", (Measure.REAL.value,),
    )  # fmt: skip
    return made


@pytest.fixture
def tell(house: House, send: Callable[[Row], int], country: Path) -> Tell:
    """An insurer's line of a child of one of its members, the first or another: her number, and the insurer's."""

    def told(amc: str, of_member: int = 0, **changes: str) -> tuple[int, int]:
        parents = [
            row for row in rows_of(country / "rights" / f"{amc}.csv")
            if row["relationship"] == "holder" and row["status"] == "active" and "OPTI" in row["domains"].split()
            and row["own_nir"] == row["right_holder_nir"] and row["covered_from"] < "2026-09-01"
        ]  # fmt: skip
        parent = parents[of_member]
        before = {row[0] for row in house.admin.execute("select person from person.record").fetchall()}
        child = dict.fromkeys(parent, "") | {
            name: parent[name] for name in (
                "record_kind", "effective_on", "amc", "contract_number", "product_code", "right_holder_nir",
                "ins_oid", "domains", "covered_from", "covered_until", "priority", "status", "former_member",
            )
        } | {
            "member_number": f"E-{amc}-{len(before)}", "holder_member_number": parent["member_number"],
            "relationship": "child", "birth_date": "20180412", "birth_rank": "1", "sex": "F",
            "family_name": "MARCHAND", "given_names": "ZOÉ ANNE", "birth_place": "90955",
        } | changes  # fmt: skip
        assert send(child) == 1
        found = house.admin.execute("select distinct person, insurer from person.record").fetchall()
        (new,) = [row for row in found if row[0] not in before]
        return new

    return told


def test_one_care_of_a_child_whom_two_insurers_tell_of_under_two_parents_is_paid_once(
    house: House, tell: Tell
) -> None:
    one, other = tell(FIRST), tell(OTHER_AMC, family_name="MARCHAND LENOIR", given_names="ZOE")
    assert one[0] != other[0], "nothing says for sure that she is one"
    first = house.invoice(person=one[0], insurer=one[1], asked=COST)
    again = house.invoice(person=other[0], insurer=other[1], asked=COST)
    for _turn in range(3):
        house.deciding().turn(house.billing)
    assert house.stands(first)[::2] == (ACCEPTED, COST)
    assert house.stands(again)[::2] == (RECEIVED, 0), "a lens that cost 14,000 cents is not paid 28,000"


def decided(house: House) -> None:
    for _turn in range(3):
        assert house.deciding().turn(house.billing).failed == []


def why(house: House, number: int) -> Obstacle | None:
    [(told,)] = house.admin.execute("select undecided from care.invoice where id = %s", (number,)).fetchall()
    return None if told is None else Obstacle(told)


def test_the_second_insurer_s_part_is_paid_without_asking_anybody(house: House, tell: Tell) -> None:
    """Whoever sends the second what the first left is within the cost, whether they are one person or two."""
    one, other = tell(FIRST), tell(OTHER_AMC)
    first = house.invoice(person=one[0], insurer=one[1], asked=9_000)
    rest = house.invoice(person=other[0], insurer=other[1], asked=5_000)
    decided(house)
    assert [house.stands(number)[::2] for number in (first, rest)] == [(ACCEPTED, 9_000), (ACCEPTED, 5_000)]


@pytest.mark.parametrize("ruling", [Ruling.TWO_PEOPLE, Ruling.ONE_PERSON])
def test_two_of_the_staff_say_whether_they_are_one_and_it_is_decided_so(
    house: House, tell: Tell, connect: Connect, key_directory: Path, ruling: Ruling
) -> None:
    one, other = tell(FIRST), tell(OTHER_AMC)
    first = house.invoice(person=one[0], insurer=one[1], asked=10_000)
    again = house.invoice(person=other[0], insurer=other[1], asked=10_000)
    decided(house)
    assert (why(house, first), why(house, again)) == (None, Obstacle.ALIKE)
    office = connect("tierce_office", autocommit=True)
    appender = Appender.enrol(office, "office", Keyring(key_directory, []).instance("office"))
    desk, which = RefusalDesk(appender, SystemClock()), Which(EntryKind.INVOICE, again)
    shown = desk.one(office, which)
    [beside] = shown.alike
    [(reference,)] = house.admin.execute("select reference from care.invoice where id = %s", (first,)).fetchall()
    assert (beside.reference, beside.asked, beside.due) == (reference, 10_000, 10_000)
    assert shown.refusable(SystemClock().now()), "nobody waits ten days for it"
    said = str(ruling.value), "Le lieu l’a dit au téléphone."
    with pytest.raises(UndecidedMovedError):
        desk.refuse(office, HELENE, which, str(InvoiceReason.NOT_DECIDABLE.value), "Rien.")
    assert not desk.rule(office, HELENE, which, *said)
    with pytest.raises(SaidError):
        desk.rule(office, HELENE, which, *said)
    decided(house)
    assert house.stands(again)[0] == RECEIVED, "one of the staff alone says nothing"
    assert desk.rule(office, BRUNO, which, *said)
    decided(house)
    assert house.stands(again)[:3] == (
        (ACCEPTED, 0, 10_000) if ruling is Ruling.TWO_PEOPLE else (REFUSED, InvoiceReason.DUPLICATE.value, 0)
    )
    assert desk.one(office, which).ruled is ruling, "what was said stays to be read"
    lines = [(line.act, line.professional, line.person) for line in house.entries(22) if line.reference == again]
    assert lines[:2] == [(Act.STAFF_INVOICE_RULE, who.staff, 0) for who in (HELENE, BRUNO)]
    if ruling is Ruling.ONE_PERSON:
        rest = house.invoice(person=other[0], insurer=other[1], asked=COST - 10_000)
        decided(house)
        assert house.stands(rest)[::2] == (ACCEPTED, COST - 10_000), "what the first left, under another reference"


@pytest.mark.parametrize(
    ("at_the_other", "resembles"),
    [
        ({"family_name": "LENOIR"}, True),
        ({"given_names": "ZOËLIE", "birth_place": "99352"}, True),
        ({"own_nir": CHILD}, True),
        ({"sex": "M"}, False),
        ({"given_names": "ANNE"}, False),
        ({"birth_date": "20180413"}, False),
    ],
)
def test_who_resembles_whom(house: House, tell: Tell, at_the_other: Row, resembles: bool) -> None:
    one, other = tell(FIRST), tell(OTHER_AMC, **at_the_other)
    first = house.invoice(person=one[0], insurer=one[1], asked=COST)
    again = house.invoice(person=other[0], insurer=other[1], asked=COST)
    apart = house.invoice(person=other[0], insurer=other[1], asked=COST, day=TODAY - 1)
    decided(house)
    assert house.stands(first)[0] == house.stands(apart)[0] == ACCEPTED
    assert house.stands(again)[0] == (RECEIVED if resembles else ACCEPTED)


def test_whoever_has_a_number_of_her_own_at_both_is_two(house: House, tell: Tell) -> None:
    one, other = tell(FIRST, own_nir=CHILD), tell(OTHER_AMC, own_nir=ANOTHER)
    numbers = [house.invoice(person=who, insurer=by, asked=COST) for who, by in (one, other)]
    decided(house)
    assert [house.stands(number)[0] for number in numbers] == [ACCEPTED, ACCEPTED]


def test_one_insurer_s_twins_are_two_and_its_members_of_two_contracts_are_asked_about(
    house: House, tell: Tell
) -> None:
    one, twin = tell(FIRST), tell(FIRST, birth_rank="2", given_names="ZELIE")
    apart = tell(FIRST, 1)
    numbers = [house.invoice(person=who, insurer=by, asked=COST) for who, by in (one, twin, apart)]
    decided(house)
    assert [house.stands(number)[0] for number in numbers] == [ACCEPTED, ACCEPTED, RECEIVED]


def test_a_copy_told_before_is_marked_by_the_insurer_s_next_file(
    house: House, importer: Importer, country: Path, tmp_path: Path
) -> None:
    """As after an upgrade: a line that says the same as ever is read anew once."""
    house.admin.execute("update person.record set alike = null, borrowed = null")
    house.admin.execute("update coverage.coverage set digest = sha256('of the release before')")
    rows = rows_of(country / "rights" / f"{FIRST}.csv")
    importer.rights(write_rows(tmp_path / "again.csv", rows[::-1]), FIRST)
    [(unmarked, marked)] = house.admin.execute(
        "select count(*) filter (where alike is null), count(*) filter (where borrowed is not null)"
        " from person.record r join registry.insurer i on i.id = r.insurer and i.amc = %s", (FIRST,),
    ).fetchall()  # fmt: skip
    assert (unmarked, marked > 0) == (0, True)


def test_nobody_else_s_role_learns_who_resembles_whom(house: House, tell: Tell, connect: Connect) -> None:
    one, other = tell(FIRST), tell(OTHER_AMC)
    first = house.invoice(person=one[0], insurer=one[1], asked=COST)
    again = house.invoice(person=other[0], insurer=other[1], asked=COST)
    decided(house)
    ask = "select count(*) from care.alike_beside(%s)"
    assert house.billing.execute(ask, (again,)).fetchone() == (1,)
    assert house.billing.execute(ask, (first,)).fetchone() == (0,), "of one that is decided, nothing"
    office = connect("tierce_office", autocommit=True)
    assert office.execute("select count(*) from care.alike_shown(%s)", (first,)).fetchone() == (0,)
    for role in ("tierce_billing", "tierce_office", "tierce_api", "tierce_persons", "tierce_insurers"):
        for refused in ("select alike from person.record", "select care.alike_to(1)", "select care.may_be_one(1, 2)"):
            with pytest.raises(InsufficientPrivilege):
                connect(role, autocommit=True).execute(refused.encode())
