"""An insurer's contract ends while something is promised: what can be paid no more is over; its place reads why."""

from collections.abc import Callable

import pytest

from tests.integration.billing_world import TODAY, House
from tests.integration.documents_world import declare, prescribing
from tests.integration.signin_world import reason
from tests.integration.test_agreements import At, Place, at_desk, house
from tierce.billing.model import InvoiceReason, InvoiceState
from tierce.kernel.clock import date_of
from tierce.policy.acts import Act

__all__ = ["at_desk", "house"]
pytestmark = pytest.mark.integration


def ended(house: House, days: int) -> None:
    house.admin.execute(
        "insert into registry.ending (insurer, ended, ended_by, why) values (%s, now() - %s * interval '1 day',"
        " 'direction', 'contrat fini')",
        (house.insurer, days),
    )


def in_the_way(house: House) -> dict[str, int]:
    rows = house.admin.execute("select what, number from registry.ending_obstacles(%s::smallint)", (house.insurer,))
    return dict(rows.fetchall())


@pytest.mark.parametrize("subject", [prescribing, None])
def test_a_grant_of_care_after_the_contract_s_end_is_over_at_once_and_its_place_reads_why(
    at_desk: At, house: House, subject: Callable[[House], None] | None
) -> None:
    if subject is not None:
        subject(house)

    async def scene(place: Place) -> None:
        number = await place.asked()
        assert place.reserved() > 0
        ended(house, 2)
        assert in_the_way(house)["agreements"] == 1
        assert house.granting().turn(house.billing).expired == 1
        one = await place.read(f"/{number}")
        assert (one["state"]["code"], one["reason"]["code"], place.reserved()) == ("expired", "contract_ended", 0)
        assert one["reason"]["remedy"]["fr"]
        assert one["ended_at"] is not None
        assert (await place.invoice(number)).json()["field"] == "agreement"
        assert reason(await declare(place, number)) == "no_document_awaited"
        assert "agreements" not in in_the_way(house)
        assert house.granting().turn(house.billing).expired == 0

    at_desk(scene)
    assert [one.act for one in house.entries(25)].count(Act.AGREEMENT_END) == 1


def test_a_grant_of_which_an_invoice_waits_is_over_once_that_one_is_refused(at_desk: At, house: House) -> None:
    async def scene(place: Place) -> None:
        number = await place.asked()
        sent = (await place.invoice(number)).json()["id"]
        ended(house, 2)
        assert house.granting().turn(house.billing).expired == 0, "an invoice quotes it"
        place.decide()
        assert house.stands(int(sent))[:2] == (InvoiceState.REFUSED.value, InvoiceReason.CONTRACT_ENDED.value)
        assert house.granting().turn(house.billing).expired == 1
        assert await place.stands(number) == ("expired", 4_000)

    at_desk(scene)


def test_a_grant_that_began_before_tells_the_contract_s_last_day_and_is_invoiced_of_no_other(
    at_desk: At, house: House
) -> None:
    async def scene(place: Place) -> None:
        number = await place.asked()
        house.admin.execute("update care.agreement set care_day = care_day - 20")
        ended(house, 2)
        assert house.granting().turn(house.billing).expired == 0
        last = date_of(TODAY - 2).isoformat()
        one = await place.read(f"/{number}")
        assert (one["state"]["code"], one["care_until"]) == ("granted", last)
        late = await place.invoice(number)
        assert (late.status_code, late.json()["field"]) == (422, "care_date"), late.text
        sent = await place.invoice(number, care_date=last)
        assert sent.status_code == 201, "care that was given before is sent afterwards"
        place.decide()
        assert house.stands(int(sent.json()["id"]))[::2] == (InvoiceState.ACCEPTED.value, 4_000)

    at_desk(scene)
