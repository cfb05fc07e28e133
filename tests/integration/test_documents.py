"""Agreements granted subject to documents, over HTTP: reserved, declared, corrected, granted, or over in time."""

import asyncio
from datetime import timedelta
from hashlib import sha256

import pytest

from tests.integration.billing_world import GIVES, TODAY, House
from tests.integration.documents_world import ANOTHER, DAY, FILE, PRESCRIBER, body, declare, prescribing
from tests.integration.reviews_world import reviewer
from tests.integration.signin_world import reason
from tests.integration.test_agreements import LENS, At, Place, at_desk, house
from tierce.billing.model import InvoiceReason
from tierce.insurers.reviews.model import Answer
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import date_of
from tierce.lab.country.identifiers import make_rpps
from tierce.policy.acts import Act
from tierce.policy.agreements import GRANT_DAYS
from tierce.policy.documents import (
    DECLARE_DAYS,
    DECLARED_MAX,
    LINE_DECLARED_A_DAY,
    PLACE_DECLARED_A_DAY,
    DocumentKind,
)

__all__ = ["at_desk", "house"]
pytestmark = pytest.mark.integration
TWO = [{**LENS, "quantity": 2, "price": 40_000, "amo": 12_000, "asked": 9_000}]


@pytest.fixture(autouse=True)
def subject(house: House) -> None:
    """Whatever a product gives is subject to a prescription and a signed quote."""
    prescribing(house)


def states(house: House) -> list[tuple[int, int]]:
    return house.admin.execute("select state, reason from care.agreement order by at").fetchall()


def test_a_grant_waits_for_its_documents_with_its_share_reserved_and_the_last_one_makes_it(
    at_desk: At, house: House
) -> None:
    async def scene(place: Place) -> None:
        quote = await place.read(f"/{await place.asked(kind='quote')}")
        assert (quote["state"]["code"], quote["documents_by"], quote["due"]) == ("quoted", None, GIVES)
        assert [one["kind"]["code"] for one in quote["documents"]] == ["prescription", "signed_quote"]
        number = await place.asked()
        one = await place.read(f"/{number}")
        assert (one["state"]["code"], one["due"]) == ("subject_to_documents", GIVES)
        assert one["care_until"] == date_of(TODAY + GRANT_DAYS).isoformat()
        assert one["documents_by"] == date_of(TODAY + DECLARE_DAYS).isoformat()
        assert [one["declared"] for one in one["documents"]] == [None, None]
        assert place.reserved() == GIVES
        assert (await place.read(f"/{await place.asked()}"))["reason"]["code"] == "duplicate"
        refused = (await place.invoice(number)).json()
        assert refused["field"] == "agreement"
        assert "ordonnance, devis signé" in str(refused)
        first = await declare(place, number)
        assert (first.status_code, first.json()["state"]["code"]) == (201, "subject_to_documents")
        assert first.json()["documents"][0]["declared"]["sha256"] == FILE
        assert first.json()["documents"][0]["declared"]["prescriber"] == PRESCRIBER
        refused = (await place.invoice(number)).json()
        assert "devis signé" in str(refused)
        assert "ordonnance" not in str(refused)
        last = await declare(place, number, body("signed_quote"))
        assert (last.status_code, last.json()["state"]["code"], last.json()["due"]) == (201, "granted", GIVES)
        assert (last.json()["documents_by"], place.reserved()) == (None, GIVES)
        assert (await place.invoice(number)).status_code == 201
        place.decide()
        assert (await place.stands(number))[0] == "invoiced"
        assert reason(await declare(place, number, body(sha256="ab" * 32))) == "no_document_awaited"

    at_desk(scene)
    lines = [one for one in house.entries(25) if one.act is Act.AGREEMENT_DOCUMENT]
    assert [(one.person, one.categories) for one in lines] == [(0, DataCategory.NONE)] * 2


def test_a_wrong_declaration_is_corrected_by_another_and_nothing_of_it_goes(at_desk: At, house: House) -> None:
    async def scene(place: Place) -> None:
        number = await place.asked()
        wrong = body(prescriber=ANOTHER)
        assert (await declare(place, number, wrong)).status_code == 201
        assert (await declare(place, number, wrong)).status_code == 201, "a lost answer is found again"
        assert (await declare(place, number)).json()["documents"][0]["declared"]["prescriber"] == PRESCRIBER
        granted = await declare(place, number, body("signed_quote"))
        assert granted.json()["state"]["code"] == "granted"
        other = sha256(b"the right scan").hexdigest()
        late = await declare(place, number, body("signed_quote", sha256=other.upper()))
        assert (late.json()["state"]["code"], late.json()["documents"][1]["declared"]["sha256"]) == ("granted", other)

    at_desk(scene)
    kept = house.admin.execute("select n, kind, prescriber from care.agreement_document order by n").fetchall()
    assert kept == [(1, 1, 8_802), (2, 1, 8_801), (3, 2, None), (4, 2, None)]
    assert [one.act for one in house.entries(25)].count(Act.AGREEMENT_DOCUMENT) == 4


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (b"{}", "kind"), (body("passport"), "kind"), (body("maker_invoice"), "kind"), (body(nir="1"), "nir"),
        (body(dated=DAY + timedelta(days=1)), "dated"), (body(dated=DAY - timedelta(days=1_827)), "dated"),
        (body("signed_quote", dated=DAY - timedelta(days=184)), "dated"),
        (body("signed_quote", prescriber=PRESCRIBER), "prescriber"), (body(prescriber=None), "prescriber"),
        (body(prescriber=PRESCRIBER[:-1] + "x"), "prescriber"), (body(prescriber=make_rpps(77)), "prescriber"),
        (body(sha256="abc"), "sha256"), (body(sha256=sha256(b"").hexdigest()), "sha256"),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_named_with_its_remedy_and_leaves_no_line(
    at_desk: At, house: House, said: bytes, field: str
) -> None:
    async def scene(place: Place) -> None:
        number = await place.asked()
        refused = await declare(place, number, said)
        assert (refused.status_code, refused.json()["field"]) == (422, field), refused.text
        assert refused.json()["remedy"]

    at_desk(scene)
    assert Act.AGREEMENT_DOCUMENT not in {one.act for one in house.entries(25)}


def test_nobody_who_gives_the_care_prescribed_it_but_where_that_is_how_it_is_given(at_desk: At, house: House) -> None:
    async def scene(place: Place) -> None:
        number = await place.asked()
        own = make_rpps(4)
        house.admin.execute("update directory.professional set rpps = %s where id = 201", (own,))
        refused = await declare(place, number, body(prescriber=own))
        assert refused.json()["field"] == "prescriber"
        house.admin.execute("update directory.professional set profession = 7 where id = 8801")
        assert (await declare(place, number)).json()["field"] == "prescriber", "an optician prescribes nothing"
        house.admin.execute("update care.agreement set professional = 8802")
        assert (await declare(place, number, body(prescriber=ANOTHER))).json()["field"] == "prescriber"
        house.admin.execute("update care.agreement set domain = 4")
        assert (await declare(place, number, body(prescriber=own))).status_code == 201

    at_desk(scene)


def test_what_nobody_declared_in_time_is_over_with_its_reason_and_was_free_since_midnight(
    at_desk: At, house: House
) -> None:
    async def scene(place: Place) -> None:
        number = await place.asked()
        assert (await declare(place, number)).status_code == 201
        house.admin.execute("update care.agreement set documents_by = %s", (TODAY,))
        assert house.granting().turn(house.billing).expired == 0, "its last day is not over"
        assert place.reserved() == GIVES
        house.admin.execute("update care.agreement set documents_by = %s", (TODAY - 1,))
        assert place.reserved() == 0, "whether `billing` ran or not"
        assert reason(await declare(place, number, body("signed_quote"))) == "no_document_awaited"
        assert house.granting().turn(house.billing).expired == 1
        one = await place.read(f"/{number}")
        assert (one["state"]["code"], one["reason"]["code"]) == ("expired", "documents_missing")
        assert one["reason"]["remedy"]["fr"]
        assert reason(await place.cancel(number)) == "agreement_settled"
        assert house.granting().turn(house.billing).expired == 0
        assert await place.stands(await place.asked()) == ("subject_to_documents", GIVES), "it may be asked again"

    at_desk(scene)
    assert [one.act for one in house.entries(25)].count(Act.AGREEMENT_END) == 1


@pytest.mark.parametrize("at", ["end"])
def test_killed_as_it_ends_it_is_over_once_with_one_line(at_desk: At, house: House, at: str) -> None:
    async def scene(place: Place) -> None:
        await place.asked()
        house.admin.execute("update care.agreement set documents_by = %s", (TODAY - 1,))

        def stop(step: str) -> None:
            if step == at:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            house.granting().turn(house.billing, stop)
        assert states(house) == [(9, InvoiceReason.PARTLY)]
        assert house.granting().turn(house.billing).expired == 1

    at_desk(scene)
    assert states(house) == [(6, InvoiceReason.DOCUMENTS_MISSING)]
    assert [one.act for one in house.entries(25)].count(Act.AGREEMENT_END) == 1


def test_what_a_person_grants_is_subject_to_the_same_documents(at_desk: At, house: House) -> None:
    house.admin.execute("update registry.benefit set review_from = 0")

    async def scene(place: Place) -> None:
        number = await place.asked()
        one = await place.read(f"/{number}")
        assert (one["state"]["code"], one["documents"], one["documents_by"]) == ("under_review", [], None)
        assert reason(await declare(place, number)) == "no_document_awaited"
        she = reviewer(house)
        assert she.read(int(number)).documents == (DocumentKind.PRESCRIPTION, DocumentKind.SIGNED_QUOTE)
        she.decide(int(number), Answer((1_500,), InvoiceReason.PRICE_TOO_HIGH))
        one = await place.read(f"/{number}")
        assert (one["state"]["code"], one["reason"]["code"]) == ("subject_to_documents", "price_too_high")
        assert (one["due"], place.reserved()) == (1_500, 1_500)
        assert one["documents_by"] == date_of(TODAY + DECLARE_DAYS).isoformat()
        await declare(place, number)
        assert (await declare(place, number, body("signed_quote"))).json()["due"] == 1_500
        refused = await place.asked(lines=TWO)
        she.read(int(refused))
        she.decide(int(refused), Answer((0,), InvoiceReason.EXCLUDED))
        one = await place.read(f"/{refused}")
        assert (one["state"]["code"], one["documents"]) == ("refused", [])

    at_desk(scene)


def test_a_line_that_is_given_nothing_asks_for_no_document_and_one_may_be_taken_back(
    at_desk: At, house: House
) -> None:
    house.admin.execute("update registry.benefit set documents = 0")
    house.admin.execute(
        "insert into registry.benefit (product, domain, item, measure, value, cap_months, cap_cents, from_day,"
        " until_day, feed, documents) select product, domain, 'LENS', measure, value, 24, 6000, 0, 40000, 1, 4"
        " from registry.benefit"
    )

    async def scene(place: Place) -> None:
        number = await place.asked()
        (document,) = (await place.read(f"/{number}"))["documents"]
        assert document["kind"]["code"] == DocumentKind.MAKER_INVOICE.code
        assert (await place.cancel(number)).status_code == 200
        assert place.reserved() == 0
        assert reason(await declare(place, number, body("maker_invoice"))) == "no_document_awaited"
        again = await place.asked()
        assert (await declare(place, again, body("maker_invoice"))).json()["state"]["code"] == "granted"

    at_desk(scene)


def test_so_many_are_declared_for_one_agreement_and_no_more(at_desk: At, house: House) -> None:
    async def scene(place: Place) -> None:
        number = await place.asked()
        for one in range(DECLARED_MAX):
            assert (await declare(place, number, body(sha256=f"{one:064x}"))).status_code == 201
        assert reason(await declare(place, number, body(sha256="f" * 64))) == "documents_used_up"
        lines = [one for one in house.entries(25) if one.act is Act.AGREEMENT_DOCUMENT]
        assert len(lines) == DECLARED_MAX, "what is refused leaves no line"
        assert reason(await declare(place, "5")) == "agreement_unknown"
        house.admin.execute("update care.agreement set establishment = 103")
        assert reason(await declare(place, number)) == "agreement_unknown"

    at_desk(scene)


@pytest.mark.parametrize("subject", ["place", "asker", "act"])
def test_a_held_place_or_asker_declares_nothing_and_nor_does_anybody_once_asking_is_closed(
    at_desk: At, house: House, subject: str
) -> None:
    async def scene(place: Place) -> None:
        number = await place.asked()
        level, whom = {
            "place": (3, "101"), "asker": (4, "7"), "act": (11, "250"),
        }[subject]  # fmt: skip
        if subject == "asker":
            house.admin.execute(
                "insert into access.line (id, login, device, professional, profession, created_day, state)"
                " select 77, login, device, professional, 7, created_day, state from access.line limit 1"
            )
            house.admin.execute("update care.agreement set line = 77")
        house.admin.execute(
            'insert into access.ladder (id, level, subject, rung, since, until, "by", reason) values'
            f" (1, {level}, {whom}, 4, now() - interval '1 minute', now() + interval '1 hour', 'x', 'y')".encode()
        )
        refused = await declare(place, number)
        assert (refused.status_code, reason(refused)) == ((503, "closed") if subject == "act" else (403, "held"))

    at_desk(scene)


FILLED = """
    with others as (insert into care.agreement (id, establishment, professional, line, reference, kind, engagement,
            person, insurer, domain, care_day, until_day, price, amo, asked, digest, entry, state, documents,
            documents_by)
        select 9000 + n, establishment, professional, line, 'Q-' || n, 2, 1, 1, insurer, 6, care_day, until_day, 9, 0,
            9, digest, 1, 9, 7, documents_by
        from care.agreement, generate_series(1, %(agreements)s) n returning id, establishment, line)
    insert into care.agreement_document (agreement, n, kind, dated, digest, establishment, professional, line, entry)
    select o.id, n, 2, 1, sha256('x'), o.establishment, 201, case when %(own)s then o.line else 7 end, 1
    from others o, generate_series(1, 10) n"""


@pytest.mark.parametrize("whose", ["line", "place"])
def test_so_many_are_declared_in_a_day_by_one_and_by_all_of_a_place(at_desk: At, house: House, whose: str) -> None:
    most = LINE_DECLARED_A_DAY if whose == "line" else PLACE_DECLARED_A_DAY

    async def scene(place: Place) -> None:
        number = await place.asked()
        house.admin.execute(FILLED, {"agreements": most // 10, "own": whose == "line"})
        assert reason(await declare(place, number)) == "documents_used_up"
        house.admin.execute("update care.agreement_document set at = now() - interval '1 day' where agreement = 9001")
        assert (await declare(place, number)).status_code == 201, "they are those of a day"

    at_desk(scene)


def test_two_declared_at_once_make_one_grant_and_the_bound_holds_however_many_come_at_once(
    at_desk: At, house: House
) -> None:
    async def scene(place: Place) -> None:
        number = await place.asked()
        both = await asyncio.gather(declare(place, number), declare(place, number, body("signed_quote")))
        assert [one.status_code for one in both] == [201, 201]
        assert (await place.stands(number))[0] == "granted"
        many = [declare(place, number, body(sha256=f"{one:064x}")) for one in range(1, DECLARED_MAX + 3)]
        told = sorted(one.status_code for one in await asyncio.gather(*many))
        assert told == [201] * (DECLARED_MAX - 2) + [429] * 4

    at_desk(scene)
    kept = house.admin.execute("select array_agg(n order by n) from care.agreement_document").fetchone()
    assert kept == (list(range(1, DECLARED_MAX + 1)),)
    assert [one.act for one in house.entries(25)].count(Act.AGREEMENT_DOCUMENT) == DECLARED_MAX
