"""Every outcome of a question: one answer before presence is proved, the reason after; two ways to name a person."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from psycopg_pool import AsyncConnectionPool

from tests.integration.desk import BIRTH, PAUL, STRANGER, Counter, counter, fill, named
from tests.integration.world import World, make_world
from tests.waiting import eventually
from tierce.identity.service import Pool
from tierce.kernel.card import MemberNumber, normalise_card
from tierce.kernel.care import Domain
from tierce.kernel.clock import SystemClock, date_of, paris_day
from tierce.kernel.ids import EstablishmentId, InsurerId, PersonId
from tierce.kernel.nir import BirthDate
from tierce.policy.acts import Outcome
from tierce.policy.seats import DAY_LIMITS, new_line, pack
from tierce.presence.plugins import Verified
from tierce.registry.records import CoverageRecord, encode_record
from tierce.rights.reasons import REASONS
from tierce.rights.rules import ANSWER_BYTES, parse_question
from tierce.rights.service import Rights, Shelf
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.insurer_keys import load_sealer, make_insurer_keys
from tierce.storage.keys import Compartment, Keyring
from tierce.web.repeating import rereading

TODAY = paris_day(SystemClock().now())
CARD = {"amc": "99000001", "member_number": "M-1"}
"""What Paul's card says."""
SECOND = {"amc": "99000002", "member_number": "Z-9"}

WAYS: Mapping[Outcome, tuple[str, dict[str, Any]]] = {
    Outcome.UNKNOWN: ("select", {"nir": STRANGER}),
    Outcome.NOT_COVERED: ("delete from coverage.coverage where person = 1", {}),
    Outcome.ENDED: (f"update coverage.coverage set until_day = {TODAY - 1} where person = 1", {}),
    Outcome.FUTURE: (f"update coverage.coverage set from_day = {TODAY + 1} where person = 1", {}),
    Outcome.NOT_ELIGIBLE: ("update coverage.coverage set domains = 2 where person = 1", {}),
    Outcome.NOT_CONTRACTED: ("update registry.insurer set listed_domains = 1 where id = 1", {}),
    Outcome.NO_OTHER_PAYER: ("select", {"payer": 2}),
}


@pytest.fixture
def world(database: Database, keyring: Keyring) -> World:
    made = make_world(database)
    fill(made, keyring)
    made.run("insert into registry.insurer (id, amc, name) values (2, '99000002', 'Prévoyance du Test')")
    birth = BirthDate.parse(BIRTH)
    for card in (CARD, SECOND):
        who = normalise_card(card["amc"], MemberNumber.parse(card["member_number"]), birth)
        named(made, keyring, who, 1)
    return made


def question(**fields: object) -> dict[str, Any]:
    """A question about Paul, today, by NIR unless a card is given."""
    way = {} if "amc" in fields else {"nir": PAUL}
    return {"birth_date": BIRTH, "domain": "MEDG", "care_date": date_of(TODAY).isoformat(), **way, **fields}


def covered_by_a_second(world: World, keyring: Keyring, person: int = 1, *route: str) -> None:
    """A person is covered by a second insurer too, with a real sealed record."""
    record = CoverageRecord(1, 2, "P2", "C2", "Z-9", "Z-9", 1, 0xFFF, 0, 40_000, 2, 1, False, None, 0, 1, *route)
    insurer = InsurerId(2)
    with world.database.connect(SUPERUSER) as admin:
        make_insurer_keys(admin, keyring, [insurer])
        admin.execute(
            "insert into registry.product (id, insurer, code, name, responsible)"
            " overriding system value values (2, 2, 'P2', 'Complément', false)"
        )
        admin.execute("insert into registry.guarantee values (2, 1, 'TM', 'co-payment')")
        sealed = load_sealer(admin, keyring, [Compartment.COVERAGE]).seal(
            Compartment.COVERAGE, insurer, PersonId(person), encode_record(record)
        )
        admin.execute("insert into coverage.coverage values (%s, 2, 8, 4095, 0, 40000, 2, 'd', %s)", (person, sealed))


class Wallet:
    """A verifier as an operator would install it; its proofs name the person, their own number follows."""

    def __init__(self) -> None:
        self.read: dict[str, bytes] = {}
        self.asked = 0

    async def verify(self, proof: str, _place: EstablishmentId) -> Verified | None:
        self.asked += 1
        return Verified(self.read[proof], proof) if proof in self.read else None


async def present(desk: Counter, wallet: Wallet, fields: dict[str, Any]) -> dict[str, Any]:
    """Ask with a proof of presence that a verifier accepts."""
    proof = f"proof {len(wallet.read)}"
    wallet.read[proof] = parse_question(json.dumps(fields).encode(), date_of(TODAY)).who.canonical()
    told = await desk.post("/v1/rights", {**fields, "presence": {"means": "wallet", "proof": proof}})
    assert len(told.content) == ANSWER_BYTES
    body: dict[str, Any] = told.json()
    return body


@pytest.mark.parametrize("outcome", list(WAYS))
def test_the_reason_is_told_only_once_presence_is_proved(world: World, keyring: Keyring, outcome: Outcome) -> None:
    statement, fields = WAYS[outcome]
    world.run(statement)

    async def run() -> tuple[bytes, bytes, list[dict[str, Any]]]:
        wallet = Wallet()
        async with counter(world, keyring, verifiers={"wallet": wallet}) as desk:
            uniform = (await desk.post("/v1/rights", question(nir=STRANGER))).content
            before = (await desk.post("/v1/rights", question(**fields))).content
            return uniform, before, [await present(desk, wallet, question(**fields)) for _ in range(2)]

    uniform, before, proved = asyncio.run(run())
    assert before == uniform
    reason = REASONS[outcome]
    for body in proved:
        assert body == {
            "shown": False,
            "ways": [],
            "reason": {
                "code": outcome.name.lower(),
                "detail": {"fr": reason.sentence.fr, "en": reason.sentence.en},
                "remedy": {"fr": reason.remedy.fr, "en": reason.remedy.en},
            },
        }
    codes = world.scalar("select array_agg(get_byte(body, 4)::integer order by seq) from journal.entry")
    assert codes == [Outcome.UNKNOWN.value, *[outcome.value] * 3]


def test_what_a_verifier_does_not_accept_is_an_attempt_and_after_the_last_one_it_is_asked_no_more(
    world: World, keyring: Keyring
) -> None:
    async def run() -> list[str]:
        wallet = Wallet()
        async with counter(world, keyring, verifiers={"wallet": wallet}) as desk:
            wallet.read["hers"] = parse_question(json.dumps(question()).encode(), date_of(TODAY)).who.canonical()
            left = DAY_LIMITS[desk.caller.profession].attempts - 2
            line = replace(new_line(desk.caller.profession, TODAY), attempts=left)
            world.run(f"update access.line set state = '\\x{pack(line).hex()}' where id = {desk.caller.line}")
            codes = []
            for nir, proof in ((PAUL, "made up"), (STRANGER, "hers"), (PAUL, "hers"), (PAUL, "hers")):
                wallet.asked = 0
                told = await desk.post(
                    "/v1/rights", {**question(nir=nir), "presence": {"means": "wallet", "proof": proof}}
                )
                codes.append(f"{told.json()['code']} {wallet.asked}")
            return codes

    assert asyncio.run(run()) == ["proof_refused 1", "proof_of_another 1", "out_of_attempts 1", "out_of_attempts 0"]


def test_a_reason_that_was_told_is_in_the_journal_as_a_disclosure_of_one_insurer(
    world: World, keyring: Keyring
) -> None:
    world.run(WAYS[Outcome.ENDED][0])

    async def run() -> None:
        wallet = Wallet()
        async with counter(world, keyring, verifiers={"wallet": wallet}) as desk:
            await desk.post("/v1/rights", question())
            await present(desk, wallet, question())

    asyncio.run(run())
    # insurer and categories: nothing was told before presence; guarantees of insurer 1 after.
    lines = world.scalar(
        "select array_agg(array[journal.u16(body, 60), journal.u16(body, 90)] order by seq) from journal.entry"
    )
    assert lines == [[0, 0], [1, 16]]


def test_a_person_is_found_by_her_card_with_the_right_birth_date_alone(world: World, keyring: Keyring) -> None:
    async def run() -> list[Any]:
        async with counter(world, keyring) as desk:
            tries = (
                CARD,
                {**CARD, "member_number": "m-1"},
                {**CARD, "birth_date": "19800113"},
                {**CARD, "amc": "99000003"},
                {**SECOND, "amc": "99000001"},
            )
            return [await desk.post("/v1/rights", question(**one)) for one in tries]

    responses = asyncio.run(run())
    assert [response.json()["shown"] for response in responses] == [True, True, False, False, False]
    assert len({response.content for response in responses[2:]}) == 1
    assert {len(response.content) for response in responses} == {ANSWER_BYTES}
    answer = responses[0].json()
    assert set(answer) == {
        "shown", "domain", "covered_from", "covered_until", "guarantee", "responsible", "insurer", "priority",
        "other_payer",
        "engagement", "engagement_until", "route",
    }  # fmt: skip
    assert (answer["responsible"], answer["other_payer"]) == (True, False)
    assert answer["route"] == {"amc": "99000001", "convention": "", "csr": ""}, "its own number"
    assert answer["engagement_until"] == date_of(TODAY + 92).isoformat()
    assert "M-1" not in responses[0].text
    assert BIRTH not in responses[0].text


def test_two_insurers_of_one_number_are_told_apart_by_the_csr_and_without_it_nothing_is_told(
    world: World, keyring: Keyring
) -> None:
    """One member number and birth date, two people: whoever is asked about, a missing CSR is the same refusal."""
    shared = {"amc": "99000900", "member_number": "M-1"}
    covered_by_a_second(world, keyring, 2, shared["amc"], "C1", "004")
    named(world, keyring, normalise_card("99000002", MemberNumber.parse("M-1"), BirthDate.parse(BIRTH)), 2)
    world.run("insert into registry.printed values (1, '99000900', '003'), (2, '99000900', '004')")

    async def run() -> tuple[list[Any], list[Any]]:
        async with counter(world, keyring) as desk:
            told = [{**shared, "csr": csr} for csr in ("003", "4")]
            told.append({**shared, "amc": "0099000900", "csr": "004"})
            told.append({**shared, "csr": "004", "birth_date": "19800113"})
            # Of both insurers, of the second alone, of nobody; without a CSR, and with one of nobody's.
            untold = [shared, {**shared, "member_number": "Z-9"}, {**shared, "member_number": "NOBODY"}]
            untold += [{**one, "csr": "005"} for one in untold]
            return (
                [await desk.post("/v1/rights", question(**one)) for one in told],
                [await desk.post("/v1/rights", question(**one)) for one in untold],
            )

    told, untold = asyncio.run(run())
    assert [one.json().get("insurer") for one in told] == ["Mutuelle du Test", *["Prévoyance du Test"] * 2, None]
    assert told[1].json()["route"] == {"amc": "99000900", "convention": "C1", "csr": "004"}
    assert {len(one.content) for one in told} == {ANSWER_BYTES}
    assert {one.status_code for one in untold} == {422}
    assert len({(one.content, str(one.headers)) for one in untold}) == 1
    assert untold[0].json()["field"] == "csr"
    assert world.scalar("select count(*) from journal.entry") == len(told), "no line, no seat, no attempt"


def test_an_answer_for_care_long_past_can_still_be_quoted(world: World, keyring: Keyring) -> None:
    """A late invoice is why such care may be asked about: its number must not have lapsed when it is given."""
    days = {-400: 92, -1: 92, 0: 92, 30: 122}

    async def run() -> list[Any]:
        async with counter(world, keyring) as desk:
            told = [question(care_date=date_of(TODAY + ago).isoformat()) for ago in days]
            return [(await desk.post("/v1/rights", one)).json() for one in told]

    answers = asyncio.run(run())
    assert [one["engagement_until"] for one in answers] == [date_of(TODAY + n).isoformat() for n in days.values()]


def test_an_insurer_may_guarantee_for_fewer_days_and_what_was_told_keeps_its_own(
    world: World, keyring: Keyring
) -> None:
    days = {-400: 30, 0: 30, 30: 60}

    async def run() -> tuple[list[Any], list[Any]]:
        async with counter(world, keyring) as desk:
            told = [question(care_date=date_of(TODAY + ago).isoformat()) for ago in days]
            before = (await desk.post("/v1/rights", question())).json()
            world.run("update registry.insurer set engagement_days = 30 where id = 1")
            answers = [(await desk.post("/v1/rights", one)).json() for one in told]
            world.run("update registry.insurer set engagement_days = 183 where id = 1")
            again = [await desk.post(f"/v1/history/{one['engagement']}/revisit", {"domain": one["domain"]})
                     for one in (before, answers[0])]  # fmt: skip
            return answers, [one.json() for one in again] + [(await desk.post("/v1/rights", question())).json()]

    answers, others = asyncio.run(run())
    assert [one["engagement_until"] for one in answers] == [date_of(TODAY + n).isoformat() for n in days.values()]
    # Opened again, an answer keeps its day; a first one has the domain's days where the insurer's would be more.
    assert [one["engagement_until"] for one in others] == [date_of(TODAY + n).isoformat() for n in (92, 30, 92)]


def test_two_ways_to_name_one_person_take_two_places_and_tell_no_link(world: World, keyring: Keyring) -> None:
    """Were the two pairs one, a seat that is not taken would tell that a NIR and a card are one person's."""

    async def run() -> list[Any]:
        async with counter(world, keyring) as desk:
            return [await desk.post("/v1/rights", question(**one)) for one in ({}, CARD, {}, CARD)]

    assert [response.json()["shown"] for response in asyncio.run(run())] == [True] * 4
    assert world.scalar("select count(*) from access.pair") == 2
    assert world.scalar("select array_agg(journal.u16(body, 62) order by seq) from journal.entry") == [4, 3, 3, 3]
    assert world.scalar("select count(distinct person) from journal.entry") == 1


def test_the_other_insurer_is_shown_by_the_same_question_and_named_by_its_own_line(
    world: World, keyring: Keyring
) -> None:
    covered_by_a_second(world, keyring)

    async def run() -> list[Any]:
        async with counter(world, keyring) as desk:
            tries: tuple[dict[str, Any], ...] = ({}, {"payer": 2}, CARD, SECOND, {**SECOND, "payer": 2})
            return [(await desk.post("/v1/rights", question(**one))).json() for one in tries]

    answers = asyncio.run(run())
    first, second = "Mutuelle du Test", "Prévoyance du Test"
    assert [answer["insurer"] for answer in answers] == [first, second, first, second, first]
    assert all(answer["other_payer"] for answer in answers)
    assert [answer["priority"] for answer in answers] == [1, 2, 1, 2, 1], (
        "by a card too, whose insurer may be the second"
    )
    assert len({answer["engagement"] for answer in answers}) == 5
    assert world.scalar("select array_agg(journal.u16(body, 60) order by seq) from journal.entry") == [1, 2, 1, 2, 1]
    # One place for each set of identifiers; the other payer of a known pair takes none.
    assert world.scalar("select array_agg(journal.u16(body, 62) order by seq) from journal.entry") == [4, 4, 3, 2, 2]


def test_a_guarantee_told_anew_words_the_answers_that_follow(world: World, keyring: Keyring) -> None:
    """By a file of insurers, while the process runs; and it goes on after the database was away for a moment."""
    said = ["100 % du tarif de base", "rien"]

    async def play() -> list[str]:
        found = []
        pool: Pool = AsyncConnectionPool(world.database.dsn("tierce_api"), min_size=1, max_size=2, open=False)
        async with pool:

            async def reload() -> Shelf:
                async with pool.connection() as connection:
                    return await Shelf.load(connection, keyring)

            rights = Rights(world.gate(), keyring, await reload(), SystemClock(), reload)

            def changed(before: str) -> str:
                now = rights.shelf.guarantees[1, Domain.MEDG].fr
                return now if now != before else ""

            async with rereading(rights, every=0.05):
                for told in said:
                    before = rights.shelf.guarantees[1, Domain.MEDG].fr
                    world.run(f"update registry.guarantee set formula_fr = '{told}' where product = 1")
                    world.run("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'tierce_api'")
                    found.append(await asyncio.to_thread(eventually, partial(changed, before), "new words"))
        return found

    assert asyncio.run(play()) == said
