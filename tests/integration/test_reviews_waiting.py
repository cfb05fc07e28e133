"""Requests that benefits leave to a person of the insurer: what is reserved meanwhile, and what silence does."""

from pathlib import Path

import psycopg
import pytest

from tests.integration.billing_world import GIVES, TODAY, House
from tests.integration.signin_world import reason
from tests.integration.test_agreements import LENS, At, Place, at_desk, house
from tierce.billing.agreements.granting import store
from tierce.billing.model import InvoiceReason
from tierce.kernel.clock import date_of
from tierce.policy.acts import Act
from tierce.policy.agreements import REVIEW_DAYS
from tierce.web.api.agreements import AGREEMENTS

__all__ = ["at_desk", "house"]
pytestmark = pytest.mark.integration
TWO = [{**LENS, "quantity": 2, "price": 40_000, "amo": 12_000, "asked": 9_000}]


@pytest.fixture(autouse=True)
def reviewed(house: House) -> None:
    """Whatever a product gives, a person of the insurer decides."""
    house.admin.execute("update registry.benefit set review_from = 0")


def test_a_request_waits_with_all_that_the_rules_give_reserved_and_its_place_reads_the_day_alone(
    at_desk: At, house: House
) -> None:
    async def scene(place: Place) -> None:
        quote = await place.read(f"/{await place.asked(kind='quote')}")
        assert (quote["state"]["code"], quote["reason"]["code"], quote["due"]) == ("quoted", "to_review", GIVES)
        number = await place.asked()
        one = await place.read(f"/{number}")
        assert (one["state"]["code"], one["due"], one["care_until"], one["reason"]) == ("under_review", *[None] * 3)
        assert one["lines"] == [{"n": 1, **LENS, "due": None}]
        assert one["answer_by"] == date_of(TODAY + REVIEW_DAYS).isoformat()
        assert [row["id"] for row in (await place.read("?state=under_review"))["rows"]] == [number]
        assert place.reserved() == GIVES
        assert (await place.invoice(number)).json()["field"] == "agreement", "nothing is promised yet"
        same = await place.read(f"/{await place.asked()}")
        assert same["reason"]["code"] == "duplicate"
        rest = await place.asked(lines=TWO)
        assert (await place.stands(rest), place.reserved()) == (("under_review", None), 6_000)
        assert (await place.cancel(number)).status_code == 200
        assert place.reserved() == 2_000

    at_desk(scene)


@pytest.mark.parametrize("whose", ["time", "contract"])
def test_what_nobody_answered_is_refused_with_its_reason_and_was_free_since_midnight(
    at_desk: At, house: House, whose: str
) -> None:
    async def scene(place: Place) -> None:
        number = await place.asked()
        house.admin.execute("update care.agreement set answer_by = %s", (TODAY,))
        assert house.granting().turn(house.billing).unanswered == 0, "its last day is not over"
        if whose == "time":
            house.admin.execute("update care.agreement set answer_by = %s, care_day = care_day", (TODAY - 1,))
            assert place.reserved() == 0, "whether `billing` ran or not"
        else:
            house.admin.execute(
                "insert into registry.ending (insurer, ended, ended_by, why) values (%s, now() - interval '2 days',"
                " 'direction', 'contrat fini')",
                (house.insurer,),
            )
        assert house.granting().turn(house.billing).unanswered == 1
        one = await place.read(f"/{number}")
        why = "not_reviewed" if whose == "time" else "contract_ended"
        assert (one["state"]["code"], one["reason"]["code"], one["due"]) == ("refused", why, 0)
        assert (one["lines"][0]["due"], one["answer_by"], place.reserved()) == (0, None, 0)
        assert one["reason"]["remedy"]["fr"]
        assert reason(await place.cancel(number)) == "agreement_settled"
        assert house.granting().turn(house.billing).unanswered == 0

    at_desk(scene)
    decided = [one for one in house.entries(25) if one.act is Act.AGREEMENT_DECIDE]
    assert [one.person for one in decided] == [0, 0], "left to a person, then refused"


def test_billing_leaves_no_request_without_an_answer_before_its_time_and_no_quote_at_all(
    at_desk: At, house: House
) -> None:
    async def scene(place: Place) -> None:
        number = int(await place.asked())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            house.billing.execute("select care.refuse_unanswered(%s, 1)", (number,))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            house.billing.execute("select care.decide_review('\\x00', %s, '{1}', 0::smallint, 1)", (number,))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            house.billing.execute("update care.agreement set state = 3 where id = %s", (number,))
        house.admin.execute("update care.agreement set answer_by = %s", (TODAY - 1,))
        with pytest.raises(psycopg.errors.CheckViolation):
            house.billing.execute("select care.refuse_unanswered(%s, 1)", (number,))
        quote = (await place.send(kind="quote")).json()["id"]
        with pytest.raises(psycopg.errors.CheckViolation):
            house.billing.execute(
                "select care.decide_agreement(%s, 8::smallint, 0::smallint, 1, '{1}', %s, 0::smallint, 1)",
                (int(quote), TODAY),
            )

    at_desk(scene)


def test_an_insurer_whose_request_is_under_review_is_not_deleted(at_desk: At, house: House) -> None:
    async def scene(place: Place) -> None:
        await place.asked()
        house.admin.execute(
            "insert into registry.ending (insurer, ended_by, why) values (%s, 'direction', 'x')", (house.insurer,)
        )
        found = house.admin.execute("select what, number from registry.ending_obstacles(%s)", (house.insurer,))
        assert ("agreements", 1) in found.fetchall()

    at_desk(scene)


def test_the_database_holds_the_same_term() -> None:
    sql = (Path(__file__).parents[2] / "src/tierce/storage/sql/agreements.sql").read_text("utf-8")
    assert f"review_days constant integer := {REVIEW_DAYS};" in sql
    assert {one.value for one in InvoiceReason} >= set(range(21, 28))
    assert AGREEMENTS


def test_when_an_insurer_left_is_asked_once_a_turn_however_many_requests_wait(at_desk: At, house: House) -> None:
    async def scene(place: Place) -> None:
        await place.asked()
        await place.asked(lines=TWO)
        with house.admin.transaction():
            house.admin.execute("set local track_functions = 'all'")
            assert store.unanswered(house.admin, TODAY, 0, 100) == []
            calls = "select calls from pg_stat_xact_user_functions where funcname = 'contract_ended'"
            assert house.admin.execute(calls).fetchall() == [(1,)]

    at_desk(scene)
