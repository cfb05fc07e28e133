"""One care that a deposit and an answer both promise is paid once; an answer guarantees what its receipt does not."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.integration.billing_world import GIVES, TODAY, House
from tests.integration.conftest import Connect
from tests.integration.depositing import OAK, Shop, card, open_shop, optician, person
from tests.integration.feeding import FIRST, Importer
from tests.integration.fresh import as_superuser
from tests.integration.world import World, make_world
from tierce.billing.deciding.model import Turn
from tierce.billing.model import InvoiceReason, InvoiceState
from tierce.kernel.card import MemberNumber, normalise_card
from tierce.kernel.nir import BirthDate, Nir, Rank, normalise
from tierce.storage.database import Database
from tierce.storage.keys import Keyring, Purpose

pytestmark = pytest.mark.integration
ACCEPTED, REFUSED = InvoiceState.ACCEPTED.value, InvoiceState.REFUSED.value
DUPLICATE, NOT_GUARANTEED = InvoiceReason.DUPLICATE.value, InvoiceReason.NOT_GUARANTEED.value
NIR_PAIR, CARD_PAIR = 41, 42


@pytest.fixture
def house(connect: Connect, key_directory: Path, importer: Importer, country: Path) -> House:
    importer.rights(country / "rights" / f"{FIRST}.csv", FIRST)
    made = House(connect, key_directory)
    made.admin.execute("update care.deposit set pair = %s, card_pair = %s where number = 7", (NIR_PAIR, CARD_PAIR))
    return made


def _answer(house: House, pair: int) -> int:
    """What an answer to the same place promises, about the person whom it typed so."""
    number = house.engagement(house.person, house.insurer)
    house.admin.execute("update care.engagement set pair = %s where seq = %s", (pair, number))
    return number


@pytest.mark.parametrize("pair", [NIR_PAIR, CARD_PAIR])
@pytest.mark.parametrize("receipt_first", [True, False])
def test_the_same_care_by_a_receipt_and_by_an_answer_is_paid_once(
    house: House, pair: int, *, receipt_first: bool
) -> None:
    answer = _answer(house, pair)
    sent = [house.invoice(deposit=7) if first else house.invoice(quotes=answer) for first in
            (receipt_first, not receipt_first)]  # fmt: skip
    house.admin.execute("update care.invoice set at = now() + interval '1 minute' where id = %s", (sent[1],))
    done = house.deciding().turn(house.billing)
    assert done == Turn(accepted=1, refused=1)
    assert house.stands(sent[0])[2] == (5_000 if receipt_first else GIVES)
    assert house.stands(sent[1])[:2] == (REFUSED, DUPLICATE)


@pytest.mark.parametrize(("clock", "counts"), [("00:00:01", 1), ("01:30", 1), ("23:59:59 yesterday", 0)])
@pytest.mark.parametrize("day", ["2026-07-14", "2026-10-25", "2026-03-29"])
def test_the_care_of_a_night_is_compared_from_midnight_in_paris(
    house: House, day: str, clock: str, counts: int
) -> None:
    """No invoice is of a day that has not begun; one of that very night is, on days of a clock change too."""
    answer = _answer(house, NIR_PAIR)
    by_answer, by_receipt = house.invoice(quotes=answer), house.invoice(deposit=7)
    at = f"{day} {clock.split(maxsplit=1)[0]}"
    house.admin.execute(
        "update care.invoice set care_day = %s::date - date '1970-01-01',"
        " at = (%s::timestamp - make_interval(days => %s)) at time zone 'Europe/Paris' where id = any(%s)",
        (day, at, int("yesterday" in clock), [by_answer, by_receipt]),
    )
    found = house.admin.execute("select care.beside_by_pair(%s)", (by_receipt,)).fetchall()
    assert found == [(by_answer,)] * counts


def test_somebody_elses_care_of_the_day_is_none_of_it(house: House) -> None:
    answer = _answer(house, NIR_PAIR + CARD_PAIR)
    by_receipt, by_answer = house.invoice(deposit=7), house.invoice(quotes=answer)
    house.deciding().turn(house.billing)
    assert [house.stands(one)[2] for one in (by_receipt, by_answer)] == [5_000, GIVES]


def test_what_an_answer_paid_of_the_care_is_off_the_deposits_amount_whatever_the_codes(house: House) -> None:
    """The deposit's amount is the insurer's whole share of that day's care."""
    by_answer = house.invoice(quotes=_answer(house, NIR_PAIR))
    house.deciding().turn(house.billing)
    assert house.stands(by_answer)[2] == GIVES
    rest = house.invoice(deposit=7, item="REST", asked=9_000 - GIVES)
    house.deciding().turn(house.billing)
    assert house.stands(rest)[2] == 9_000 - GIVES
    more = house.invoice(deposit=7, item="MORE", asked=1)
    house.deciding().turn(house.billing)
    assert house.stands(more)[:2] == (REFUSED, NOT_GUARANTEED)


def test_what_a_deposit_paid_draws_the_caps_of_whom_it_was_of(house: House) -> None:
    house.invoice(deposit=7)
    house.deciding().turn(house.billing)
    later = house.invoice(quotes=_answer(house, CARD_PAIR), day=TODAY - 1)
    house.deciding().turn(house.billing)
    assert house.stands(later)[2] == 1_000, "of 6,000 cents, 5,000 were paid by the receipt"


# -- at the counter ------------------------------------------------------------------------------------------------


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


@pytest.fixture
def shop(world: World, keyring: Keyring, tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(world, keyring, tmp_path / "spool")
    yield opened
    opened.spool.close()


def _resolved(shop: Shop, connect: Connect, body: bytes) -> tuple[int, int | None, int | None]:
    who = optician(shop.world)
    receipt = asyncio.run(shop.leave(who, body))
    shop.counter.turn()
    resolver = shop.resolver(connect("tierce_worker"))
    while (done := resolver.turn()).taken or done.resolved:
        pass
    with as_superuser(shop.world.database) as admin:
        row = admin.execute(
            "select establishment, pair, card_pair from care.deposit where number = %s", (shop.number(receipt),)
        ).fetchone()
    assert row is not None
    return row


def test_a_deposit_is_known_as_the_gate_knows_an_ask_of_the_place(
    shop: Shop, keyring: Keyring, connect: Connect
) -> None:
    place, pair, card_pair = _resolved(shop, connect, card(3))
    typed = json.loads(card(3))
    key, birth = keyring.hash(Purpose.PAIR), BirthDate.parse(typed["birth_date"])
    head = place.to_bytes(8, "big")
    assert pair == key.int64(head + normalise(Nir.parse(person(3)["nir"]), birth, Rank.parse(1)))
    assert card_pair == key.int64(head + normalise_card(OAK.amc, MemberNumber.parse(typed["member"]), birth))


def test_a_member_number_that_no_ask_could_name_has_no_pair(shop: Shop, connect: Connect) -> None:
    _place, pair, card_pair = _resolved(shop, connect, card(3, member="A.1/2"))
    assert pair is not None
    assert card_pair is None


def test_the_worker_reads_no_pair_back_and_no_answer(connect: Connect) -> None:
    with connect("tierce_worker", autocommit=True) as worker:
        for query in (
            "select pair from care.deposit", "select card_pair from care.deposit", "select * from care.deposit",
            "select pair from care.engagement", "select key from access.pair", "select care.pairs_of(1)",
            "select care.beside_by_pair(1)",
        ):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                worker.execute(query.encode())
