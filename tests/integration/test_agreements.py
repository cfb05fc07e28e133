"""Prior agreements on PostgreSQL, over HTTP: asked for, decided, invoiced, over; of one's own place alone."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.integration.billing_world import GIVES, TODAY, House
from tests.integration.conftest import Connect
from tests.integration.feeding import FIRST, Importer
from tests.integration.signin_world import Desk, Play, reason
from tierce.billing.agreements.granting import store
from tierce.billing.agreements.model import AgreementState
from tierce.journal.engagement import format_engagement
from tierce.kernel.clock import date_of
from tierce.kernel.ids import EntrySeq
from tierce.lab.standins.browser_key import BrowserKey
from tierce.policy.acts import Act
from tierce.policy.agreements import AGREED, ENGAGEMENT_MAX, GRANT_DAYS, LINE_A_DAY, LINES_MAX, PLACE_A_DAY
from tierce.policy.invoices import MISSED_A_DAY
from tierce.storage.database import Database
from tierce.storage.keys import Keyring, Purpose
from tierce.storage.version import read_sql
from tierce.web.api.agreements import AGREEMENTS
from tierce.web.api.invoices import INVOICES

pytestmark = pytest.mark.integration
LENS = {"item": "LENS", "quantity": 1, "price": 20_000, "amo": 6_000, "asked": 5_000}


class Place:
    """A professional at her desk, and what she sends; process `billing` beside her."""

    def __init__(self, desk: Desk, house: House, key: bytes, handle: str, own: BrowserKey) -> None:
        self.desk, self.house, self.handle, self.own, self._key = desk, house, handle, own, key
        self.engagement = self.printed(house.engagement(house.person, house.insurer))
        self.sent = 0

    def printed(self, number: int) -> str:
        return format_engagement(self._key, EntrySeq(number))

    def body(self, **fields: object) -> bytes:
        self.sent += 1
        whole = {"engagement": self.engagement, "reference": f"P-{self.sent}", "kind": "request", "lines": [LENS]}
        return json.dumps(whole | fields).encode()

    async def send(self, body: bytes | None = None, /, **fields: object) -> httpx.Response:
        return await self.desk.send("POST", AGREEMENTS, self.handle, self.own, body or self.body(**fields))

    async def asked(self, **fields: object) -> str:
        """Ask, have it decided; its number."""
        told = await self.send(**fields)
        assert told.status_code == 201, told.text
        assert self.house.granting().turn(self.house.billing).failed == []
        return str(told.json()["id"])

    async def invoice(self, agreement: str | None, /, **fields: object) -> httpx.Response:
        self.sent += 1
        day = date_of(TODAY).isoformat()
        whole = {"agreement": agreement, "reference": f"F-{self.sent}", "care_date": day, "lines": [LENS]}
        body = json.dumps({name: value for name, value in (whole | fields).items() if value is not None}).encode()
        return await self.desk.send("POST", INVOICES, self.handle, self.own, body)

    async def read(self, path: str = "") -> dict[str, Any]:
        told: dict[str, Any] = (await self.desk.send("GET", AGREEMENTS + path, self.handle)).json()
        return told

    async def cancel(self, number: str, of: str = AGREEMENTS) -> httpx.Response:
        body = json.dumps({"why": "erreur de saisie"}).encode()
        return await self.desk.send("POST", f"{of}/{number}/cancel", self.handle, self.own, body)

    def decide(self) -> None:
        assert self.house.deciding().turn(self.house.billing).failed == []

    async def stands(self, number: str) -> tuple[str, int | None]:
        one = await self.read(f"/{number}")
        return one["state"]["code"], one["due"]

    def reserved(self) -> int:
        row = self.house.admin.execute(
            "select coalesce(sum(due), 0) from care.reserved(%s, %s::smallint, 6::smallint)",
            (self.house.person, self.house.insurer),
        ).fetchone()
        return int(row[0]) if row else 0


Scene = Callable[[Place], Awaitable[None]]
At = Callable[[Scene], None]


@pytest.fixture
def house(connect: Connect, key_directory: Path, importer: Importer, country: Path) -> House:
    importer.rights(country / "rights" / f"{FIRST}.csv", FIRST)
    return House(connect, key_directory)


@pytest.fixture
def at_desk(house: House, play: Play, keyring: Keyring) -> At:
    """Play a scene at the desk of a professional who signed in."""

    def run(scene: Scene) -> None:
        async def whole(desk: Desk) -> None:
            opened = await desk.open_session()
            own = opened["key"]
            assert (await desk.bind(opened, own, place=0)).status_code == 200
            await scene(Place(desk, house, keyring.raw(Purpose.ENGAGEMENT.value), opened["handle"], own))

        play(whole)

    return run


def test_the_whole_way_from_a_quote_to_an_invoice_and_each_step_is_a_line_that_names_nobody(
    at_desk: At, house: House
) -> None:
    async def scene(place: Place) -> None:
        quote = await place.asked(kind="quote")
        assert (await place.stands(quote), place.reserved()) == (("quoted", GIVES), 0)
        body = place.body()
        first = await place.send(body)
        assert (first.json()["state"]["code"], first.json()["due"]) == ("received", None)
        house.granting().turn(house.billing)
        again = await place.send(body)
        assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
        assert (
            reason(await place.send(place.body(reference=first.json()["reference"], kind="quote")))
            == "agreement_reference_used"
        )
        number = first.json()["id"]
        one = await place.read(f"/{number}")
        assert (one["state"]["code"], one["reason"]["code"], one["due"]) == ("granted", "partly", GIVES)
        assert one["lines"] == [{"n": 1, **LENS, "due": GIVES}]
        assert one["care_until"] == date_of(TODAY + GRANT_DAYS).isoformat()
        assert place.reserved() == GIVES
        sent = await place.invoice(number)
        assert sent.status_code == 201, sent.text
        assert reason(await place.cancel(number)) == "agreement_settled"
        place.decide()
        one = await place.read(f"/{number}")
        assert (one["state"]["code"], one["invoice"]["id"]) == ("invoiced", sent.json()["id"])
        invoice = (await place.desk.send("GET", f"{INVOICES}/{sent.json()['id']}", place.handle)).json()
        assert (invoice["agreement"], invoice["engagement"], invoice["due"]) == (number, None, GIVES)
        assert (await place.invoice(number)).json()["field"] == "agreement"
        (only,) = (await place.read("?state=quoted"))["rows"]
        assert only["id"] == quote

    at_desk(scene)
    entries = house.entries(25)
    assert {one.act for one in entries} == {Act.AGREEMENT_ASK, Act.AGREEMENT_DECIDE, Act.AGREEMENT_READ}
    assert {one.person for one in entries} == {0}
    assert len([one for one in entries if one.act is Act.AGREEMENT_DECIDE]) == 2


def test_what_a_deposit_paid_of_hers_is_no_longer_granted(at_desk: At, house: House) -> None:
    """The cap is of 6,000, and a grant is invoiced without a look at it: what a receipt was paid was paid twice."""

    async def scene(place: Place) -> None:
        house.admin.execute("update care.deposit set pair = 1 where number = 7")
        paid = house.invoice(deposit=7, asked=5_000)
        place.decide()
        assert house.stands(paid)[2] == 5_000
        assert await place.stands(await place.asked()) == ("granted", 1_000)

    at_desk(scene)


def test_a_grant_reserves_its_part_of_a_cap_until_it_is_taken_back_or_over(at_desk: At, house: House) -> None:
    """The cap is of 6,000: what one is granted, another and an invoice of the person no longer get."""
    two = [{**LENS, "quantity": 2, "price": 40_000, "amo": 12_000, "asked": 9_000}]

    async def scene(place: Place) -> None:
        first = await place.asked()
        assert await place.stands(await place.asked()) == ("refused", 0), "the same is granted already"
        rest = await place.asked(lines=two)
        assert (await place.stands(rest), place.reserved()) == (("granted", 2_000), 6_000)
        beside = house.invoice(day=TODAY - 1)
        place.decide()
        assert house.stands(beside)[:3] == (3, 5, 0), "nothing is left of the cap"
        assert (await place.cancel(rest)).status_code == 200
        assert place.reserved() == GIVES
        beside = house.invoice(day=TODAY - 2)
        place.decide()
        assert house.stands(beside)[2] == 2_000
        house.admin.execute("update care.agreement set until_day = %s, care_day = %s where id = %s",
                            (TODAY - 1, TODAY - 9, first))  # fmt: skip
        assert place.reserved() == 0, "free since midnight, whether `billing` ran or not"
        assert (await place.invoice(first)).json()["field"] == "agreement"
        assert house.granting().turn(house.billing).expired == 1
        assert await place.stands(first) == ("expired", GIVES)
        assert house.granting().turn(house.billing).expired == 0
        assert await place.stands(await place.asked(lines=two)) == ("granted", 4_000)

    at_desk(scene)
    assert [one.act for one in house.entries(25)].count(Act.AGREEMENT_END) == 1


def test_what_was_granted_is_paid_though_rights_close_and_cover_is_gone(at_desk: At, house: House) -> None:
    async def scene(place: Place) -> None:
        number = await place.asked()
        house.admin.execute("delete from coverage.coverage where person = %s", (house.person,))
        house.admin.execute("update care.agreement set care_day = %s", (TODAY - 9,))
        sent = (await place.invoice(number, care_date=date_of(TODAY - 1).isoformat())).json()["id"]
        house.admin.execute("update care.agreement set until_day = %s", (TODAY - 1,))
        assert house.granting().turn(house.billing).expired == 0, "an invoice of it waits"
        place.decide()
        assert house.stands(int(sent))[0::2] == (2, GIVES)
        uncovered = await place.send()
        assert uncovered.status_code == 201
        assert house.granting().turn(house.billing).uncovered == 1

    at_desk(scene)


def test_an_ask_for_somebody_whose_rights_have_closed_is_refused_with_what_to_do(at_desk: At, house: House) -> None:
    async def scene(place: Place) -> None:
        house.admin.execute(
            "update coverage.coverage set until_day = %s where person = %s", (TODAY - 1, house.person)
        )
        one = await place.read(f"/{await place.asked()}")
        assert (one["state"]["code"], one["reason"]["code"]) == ("refused", "rights_ended")
        assert one["reason"]["remedy"]["fr"]

    at_desk(scene)


def test_of_somebody_with_several_periods_the_one_that_is_open_decides_and_no_other_is_read(
    at_desk: At, house: House
) -> None:
    """Periods that are over come first in the table, as they do after a file."""
    house.admin.execute(
        "insert into coverage.coverage (person, insurer, contract, domains, from_day, until_day, digest, sealed)"
        " select person, insurer, contract, domains, from_day - n * 100, from_day - n * 100 + 50, digest,"
        " 'none of ours' from coverage.coverage, generate_series(1, 3) n where person = %s and insurer = %s",
        (house.person, house.insurer),
    )
    house.admin.execute(
        "update coverage.coverage set priority = priority where person = %s and sealed <> 'none of ours'",
        (house.person,),
    )

    async def scene(place: Place) -> None:
        assert await place.stands(await place.asked()) == ("granted", GIVES)

    at_desk(scene)


REJECTED = """
    with b as (insert into bank.batch (id, insurer, state, transfers, total, approved, ended)
               values (9, %(insurer)s, 5, 1, 9, now(), now()) returning id),
    t as (insert into bank.transfer (id, batch, establishment, account, amount, invoices, state, ended)
          select 9, id, 101, 1, 9, 1, 4, now() from b returning id)
    insert into bank.paid_invoice (transfer, invoice, due) select id, %(invoice)s, 9 from t"""


def test_an_invoice_that_is_refused_or_taken_back_gives_its_agreement_back(at_desk: At, house: House) -> None:
    async def scene(place: Place) -> None:
        number = await place.asked()
        await place.invoice(None, engagement=place.engagement, lines=[{**LENS, "asked": 1}])
        twice = (await place.invoice(number)).json()["id"]
        place.decide()
        assert house.stands(int(twice))[:2] == (3, 1), "the same care of the same day"
        assert (await place.stands(number))[0] == "granted"
        less = {**LENS, "price": 10_000, "asked": 1_500}
        yesterday = date_of(TODAY - 1).isoformat()
        house.admin.execute("update care.agreement set care_day = %s", (TODAY - 5,))
        taken = (await place.invoice(number, lines=[less], care_date=yesterday)).json()["id"]
        place.decide()
        assert ((await place.stands(number))[0], house.stands(int(taken))[2]) == ("invoiced", 1_500)
        assert place.reserved() == 2_500, "what is left may be given back with the rest"
        house.admin.execute("update care.invoice set state = 5 where id = %s", (taken,))
        assert place.reserved() == 0, "and is free once the transfer is ordered"
        house.admin.execute("update care.invoice set state = 2 where id = %s", (taken,))
        assert (await place.cancel(taken, INVOICES)).status_code == 200
        assert ((await place.stands(number))[0], place.reserved()) == ("granted", GIVES)
        for state, care, day in ((2, 3, TODAY - 1), (7, 4, TODAY + 9), (2, 2, TODAY + 9)):
            house.admin.execute("update care.agreement set state = 3, ended = null, until_day = %s", (TODAY,))
            last = (await place.invoice(number, care_date=date_of(TODAY - care).isoformat())).json()["id"]
            place.decide()
            house.admin.execute("update care.agreement set until_day = %s", (day,))
            house.admin.execute("update care.invoice set state = %s where id = %s", (state, last))
            if care == 2:  # ordered once, by a batch that the bank rejected
                house.admin.execute(REJECTED, {"invoice": last, "insurer": house.insurer})
                assert place.reserved() == 0
            assert (await place.cancel(last, INVOICES)).status_code == 200
            assert (await place.stands(number))[0] == "expired"

    at_desk(scene)


def test_an_invoice_holds_no_more_than_was_granted(at_desk: At, house: House) -> None:
    async def scene(place: Place) -> None:
        number = await place.asked()
        for lines, field in (
            ([LENS, {**LENS, "item": "FRAME"}], "lines[2].item"), ([LENS, LENS], "lines[2].quantity"),
            ([{**LENS, "quantity": 2}], "lines[1].quantity"),
        ):  # fmt: skip
            refused = await place.invoice(number, lines=lines)
            assert (refused.status_code, refused.json()["field"]) == (422, field)
        for fields in ({"engagement": place.engagement}, {"agreement": None}):
            assert (await place.invoice(number, **fields)).status_code == 422
        assert (await place.invoice(number, care_date=date_of(TODAY - 1).isoformat())).json()["field"] == "care_date"
        waiting = (await place.send(reference="P-99")).json()["id"]
        assert (await place.invoice(waiting)).json()["field"] == "agreement", "it is not granted"

    at_desk(scene)
    assert house.admin.execute("select count(*) from care.invoice").fetchone() == (0,)


def test_numbers_that_are_not_its_own_are_one_answer_and_are_counted_with_those_of_invoices(
    at_desk: At, house: House
) -> None:
    async def scene(place: Place) -> None:
        theirs = house.engagement(house.person, house.insurer)
        house.admin.execute("update care.engagement set establishment = 103 where seq = %s", (theirs,))
        numbers = (place.printed(theirs), place.printed(2**40), "AAAA-AAAA-AAAAA-A", "")
        assert len({(await place.send(engagement=number)).content for number in numbers}) == 1
        number = await place.asked()
        house.admin.execute("update care.agreement set establishment = 103")
        said = {(await place.invoice(one)).content for one in (number, "5", "x")}
        assert len(said) == 1
        assert reason(await place.cancel(number)) == "agreement_unknown"
        assert (await place.read())["rows"] == []
        for _ in range(MISSED_A_DAY - len(numbers) - 3):
            assert (await place.send(engagement="x")).status_code == 422
        assert reason(await place.send()) == "numbers_used_up"
        assert reason(await place.invoice(number)) == "numbers_used_up"
        other = await place.desk.open_session()  # on another new machine of hers, of the same line of seats
        assert other["key"].thumbprint != place.own.thumbprint
        assert (await place.desk.bind(other, place=0)).status_code == 200
        place.handle, place.own = other["handle"], other["key"]
        assert reason(await place.send()) == "numbers_used_up"

    at_desk(scene)


def test_how_many_quote_one_engagement_and_where_there_are_any_is_bounded(at_desk: At, house: House) -> None:
    async def scene(place: Place) -> None:
        assert (await place.send(lines=[LENS] * (LINES_MAX + 1))).json()["field"] == "lines"
        for _ in range(ENGAGEMENT_MAX):
            assert (await place.send(kind="quote")).status_code == 201
        assert reason(await place.send(kind="quote")) == "agreements_used_up"
        for change, field in (("domain = 3", "engagement"), (f"until_day = {TODAY - 1}", "engagement")):
            number = house.engagement(house.person, house.insurer)
            house.admin.execute(f"update care.engagement set {change} where seq = {number}".encode())
            refused = await place.send(engagement=place.printed(number))
            assert (refused.status_code, refused.json()["field"]) == (422, field)
        house.admin.execute(
            'insert into access.ladder (id, level, subject, rung, since, until, "by", reason) values'
            " (1, 11, 250, 4, now() - interval '1 minute', now() + interval '1 hour', 'x', 'y')"
        )
        assert (await place.send()).status_code == 503

    at_desk(scene)


@pytest.mark.parametrize("at", ["line", "keep", "commit"])
def test_killed_at_any_step_each_is_decided_once_with_one_line(at_desk: At, house: House, at: str) -> None:
    async def scene(place: Place) -> None:
        numbers = [(await place.send(kind="quote")).json()["id"] for _ in range(2)]

        def stop(step: str) -> None:
            if step == at:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            house.granting().turn(house.billing, stop)
        assert [(await place.stands(one))[0] for one in numbers] == ["received", "received"]
        assert house.granting().turn(house.billing).quoted == 2

    at_desk(scene)
    assert [one.act for one in house.entries(25)].count(Act.AGREEMENT_DECIDE) == 2


def test_two_that_decide_at_once_decide_one_each_and_nobody_decides_again(at_desk: At, house: House) -> None:
    async def scene(place: Place) -> None:
        number = int((await place.send()).json()["id"])
        other = house.connect("tierce_billing")
        cover = "select count(*) from care.cover_of_agreement(%s)"
        assert house.billing.execute(cover, (number,)).fetchone() == (1,)
        assert store.taken_up(other, number) is not None
        house.admin.execute("set lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            house.admin.execute("select * from care.take_up_agreement(%s)", (number,))
        other.rollback()
        house.granting().turn(house.billing)
        assert store.taken_up(other, number) is None
        assert house.billing.execute(cover, (number,)).fetchone() == (0,), "nothing of her once it is decided"
        entry = house.admin.execute("select entry from care.agreement").fetchone()
        again = "select care.decide_agreement(%s, 4::smallint, 5::smallint, 1, array[0], null, 0::smallint, %s)"
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="waits"):
            house.billing.execute(again, (number, entry[0] if entry else 0))
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="over"):
            house.billing.execute("select care.end_agreement(%s, 1)", (number,))

    at_desk(scene)


def test_whatever_is_sent_none_is_kept_without_its_line_nor_decided_but_by_billing(
    at_desk: At, house: House, database: Database
) -> None:
    async def scene(place: Place) -> None:
        assert (await place.send()).status_code == 201

    at_desk(scene)
    session, entry, seq, number = house.admin.execute(
        "select s.id, a.entry, a.engagement, a.id from access.session s, care.agreement a"
    ).fetchone() or (0, 0, 0, 0)
    keep = (
        "select care.keep_agreement(%s, 5, 'P-9', %s, 1::smallint, '{LENS}', '{1}', '{9000}', '{0}', '{1}', %s, %s)"
    )
    with database.connect("tierce_api") as stolen, pytest.raises(psycopg.errors.CheckViolation):
        stolen.execute(keep, (session, seq, bytes(32), entry))
    with database.connect("tierce_api") as stolen, pytest.raises(psycopg.errors.InsufficientPrivilege):
        stolen.execute(keep, (session, 5, bytes(32), entry))
    for role, statement in (
        *((role, f"select 1 from {table}") for role in ("tierce_api", "tierce_office", "tierce_worker")
          for table in ("care.agreement", "care.agreement_line")),
        ("tierce_api", "select care.decide_agreement(1, 3::smallint, 0::smallint, 1, array[1], 1, 0::smallint, 1)"),
        ("tierce_api", "select * from care.cover_of_agreement(1)"),
        ("tierce_billing", "update care.agreement set state = 1"),
        ("tierce_billing", "update care.agreement_line set due = 1"),
        ("tierce_billing", "delete from care.agreement"),
    ):  # fmt: skip
        with database.connect(role) as other, pytest.raises(psycopg.errors.InsufficientPrivilege):
            other.execute(statement.encode())
    with pytest.raises(psycopg.errors.CheckViolation):
        house.billing.execute(
            "select care.decide_agreement(%s, 3::smallint, 0::smallint, 1, array[5000], %s, 0::smallint, %s)",
            (number, TODAY + GRANT_DAYS + 1, entry),
        )


def test_the_database_holds_the_figures_of_the_policy() -> None:
    text = read_sql("agreements.sql")
    for name, number in (
        ("lines_max", LINES_MAX), ("line_a_day", LINE_A_DAY), ("place_a_day", PLACE_A_DAY),
        ("of_one_engagement", ENGAGEMENT_MAX), ("grant_days", GRANT_DAYS),
    ):  # fmt: skip
        assert f"{name} constant integer := {number};" in text
    agreed = ",".join(str(domain.value) for domain in sorted(AGREED))
    assert f"agreed constant smallint[] := '{{{agreed}}}';" in text
    assert f"care.hindrance(of_session, {Act.AGREEMENT_ASK.value})" in text
    assert AgreementState.QUOTED + 1 == AgreementState.GRANTED
