"""Two processes at one invoice or agreement at once: one of them is kept, and the other is told so."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.integration.accounts_world import BRUNO, HELENE
from tests.integration.billing_world import GIVES, TODAY, House
from tests.integration.test_refusals import GONE, SAID, Refusing, refusing
from tests.integration.test_refusals_agreements import NOBODY, stands, tried
from tests.waiting import eventually
from tierce.billing.agreements.model import AgreementState
from tierce.billing.model import InvoiceState
from tierce.billing.pricing.model import Measure
from tierce.billing.refusing.errors import UndecidedMovedError
from tierce.billing.refusing.model import Which
from tierce.journal.model import EntryKind
from tierce.policy.acts import Act

__all__ = ["refusing"]
pytestmark = pytest.mark.integration


def waits_for_a_lock(house: House) -> bool:
    found = house.admin.execute("select count(*) from pg_stat_activity where wait_event_type = 'Lock'").fetchone()
    return found is not None and found[0] > 0


def undecided(refusing: Refusing, kind: EntryKind) -> tuple[Which, Callable[[], int]]:
    """One that two may refuse, of which cover has come since, and where it stands."""
    house = refusing.house
    if kind is EntryKind.INVOICE:
        number = refusing.gone()
        refusing.tried()
        house.admin.execute("update care.invoice set person = %s where id = %s", (house.person, number))
        return Which(kind, number), lambda: int(house.stands(number)[0])
    number = house.agreement(person=NOBODY)
    tried(refusing)
    house.admin.execute("update care.agreement set person = %s where id = %s", (house.person, number))
    return Which(kind, number), lambda: stands(house.admin, number)[0]


def turn(house: House, kind: EntryKind, step: Callable[[str], None]) -> None:
    if kind is EntryKind.INVOICE:
        house.deciding().turn(house.billing, step)
    else:
        house.granting().turn(house.billing, step)


GOOD = {EntryKind.INVOICE: InvoiceState.ACCEPTED.value, EntryKind.AGREEMENT: AgreementState.GRANTED.value}
BAD = {EntryKind.INVOICE: InvoiceState.REFUSED.value, EntryKind.AGREEMENT: AgreementState.REFUSED.value}


@pytest.mark.parametrize("kind", GOOD)
def test_what_is_being_decided_is_not_refused(refusing: Refusing, kind: EntryKind) -> None:
    which, state = undecided(refusing, kind)
    assert not refusing.desk.refuse(refusing.office, HELENE, which, GONE, SAID)
    refused: list[Future[bool]] = []
    with ThreadPoolExecutor() as pool:

        def meanwhile(step: str) -> None:
            if step == "commit":
                refused.append(pool.submit(refusing.desk.refuse, refusing.office, BRUNO, which, GONE, SAID))
                eventually(lambda: waits_for_a_lock(refusing.house), "the second word waits for the decision")

        turn(refusing.house, kind, meanwhile)
        with pytest.raises(UndecidedMovedError):
            refused[0].result()
    assert state() == GOOD[kind]
    acts = [one.act for one in refusing.house.entries(kind.value)]
    assert acts.count(Act.STAFF_INVOICE_REFUSE) == 1, "what is not kept leaves no line"


@pytest.mark.parametrize("kind", GOOD)
def test_what_is_being_refused_is_not_decided(refusing: Refusing, kind: EntryKind) -> None:
    which, state = undecided(refusing, kind)
    assert not refusing.desk.refuse(refusing.office, HELENE, which, GONE, SAID)
    decided: list[threading.Thread] = []
    with refusing.office.transaction():
        assert refusing.desk.refuse(refusing.office, BRUNO, which, GONE, SAID)
        decided.append(threading.Thread(target=turn, args=(refusing.house, kind, lambda _step: None)))
        decided[0].start()
        eventually(lambda: waits_for_a_lock(refusing.house), "the decision waits for the second word")
    decided[0].join()
    assert state() == BAD[kind]
    decisions = {Act.INVOICE_DECIDE, Act.AGREEMENT_DECIDE}
    assert not decisions & {one.act for one in refusing.house.entries(kind.value)}


def test_a_file_of_benefits_that_comes_during_a_turn_prices_what_the_next_one_decides(refusing: Refusing) -> None:
    """Each is priced by one edition, which is kept with it, whatever is taken in beside."""
    house = refusing.house
    house.admin.execute("update registry.benefit set cap_months = null, cap_cents = null")
    first, second = house.invoice(), house.invoice(item="LENS", day=TODAY - 1)

    def meanwhile(step: str) -> None:
        if step == "line":
            house.admin.execute(
                "insert into registry.benefit (product, domain, item, measure, value, from_day, until_day, feed)"
                " select distinct product, 6, null, %s, %s, 1, 40000, 2 from registry.benefit",
                (Measure.FIXED.value, GIVES // 2),
            )

    house.deciding().turn(house.billing, meanwhile)
    third = house.invoice(day=TODAY - 2)
    house.deciding().turn(house.billing)
    assert [house.stands(one)[2] for one in (first, second, third)] == [GIVES, GIVES, GIVES // 2]
    editions = house.admin.execute(
        "select edition from care.invoice where id = any(%s) order by at", ([first, second, third],)
    ).fetchall()
    assert editions[0] == editions[1] < editions[2]
