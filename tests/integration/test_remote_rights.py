"""An insurer that keeps its people itself, asked on the way: two lines around the call, one slot for everybody."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from tests.fhir_examples import by_card, faults_of
from tests.integration.desk import BIRTH, HANDLE, PAUL, URL, fill
from tests.integration.fresh import as_superuser
from tests.integration.remote_world import AMC, COVERED, REMOTE, TODAY, Way, card, on_the_way
from tests.integration.signin_world import free_port
from tests.integration.world import World, make_world
from tierce.kernel.clock import SystemClock, date_of
from tierce.kernel.ids import PersonId
from tierce.lab.standins.insurer import Mood
from tierce.policy.acts import Outcome
from tierce.policy.remote import ANSWER_SECONDS, ASKS_MAX, FAILURE_SECONDS, FAILURES_MAX, SLOT_SECONDS, SWEEP_SECONDS
from tierce.policy.seats import PROBATION_LIMIT, cap_of
from tierce.registry.records import decode_coverage
from tierce.rights.rules import ANSWER_BYTES
from tierce.settings import OperatorSettings
from tierce.storage.database import Database
from tierce.storage.insurer_keys import load_sealer
from tierce.storage.keys import Compartment, Keyring, Sealer
from tierce.web.fhir.eligibility import ANSWER_BYTES as FHIR_BYTES
from tierce.web.fhir.names import ELIGIBILITY_PATH
from tierce.web.status.answering import Answering
from tierce.web.status.page import StatusPage

pytestmark = pytest.mark.integration
T = TypeVar("T")
CODES = "select array_agg(array[kind::integer, get_byte(body, 4)] order by seq) from journal.entry"
ASKED = [26, Outcome.ASKED.value]


@pytest.fixture
def world(database: Database, keyring: Keyring) -> World:
    made = make_world(database)
    fill(made, keyring)
    return made


def run(world: World, keyring: Keyring, use: Callable[[Way], Awaitable[T]]) -> T:
    async def whole() -> T:
        async with on_the_way(world, keyring) as way:
            return await use(way)

    return asyncio.run(whole())


def test_an_answer_has_two_lines_an_engagement_and_words_that_the_insurer_declared(
    world: World, keyring: Keyring
) -> None:
    async def use(way: Way) -> tuple[object, list[dict[str, object]]]:
        return (await way.ask(csr="7", label="AB")).json(), way.insurer.asked

    told, asked = run(world, keyring, use)
    assert isinstance(told, dict)
    assert told["shown"] is True
    assert told["insurer"] == "Prévoyance du Lac"
    assert told["guarantee"] == {"fr": "TM loin", "en": "far co-payment"}
    assert told["route"] == {"amc": AMC, "convention": "C1", "csr": "7"}
    assert (told["covered_from"], told["covered_until"]) == (COVERED["from"], COVERED["until"])
    assert told["engagement_until"] == date_of(TODAY + 92).isoformat()
    [ask] = asked
    assert set(ask) == {"v", "ask", "iat", "amc", "csr", "member_number", "birth_date", "domain", "care_date"}
    assert ask["ask"] != told["engagement"]
    assert world.scalar(CODES) == [ASKED, [1, Outcome.RELEASED.value]]
    assert world.scalar("select count(distinct person) from journal.entry where person <> 0") == 1
    assert world.scalar("select count(distinct substring(body from 121)) from journal.entry") == 1, "one mark"
    assert world.scalar("select count(*)::text || max(label) from care.engagement") == "1AB"
    assert world.scalar("select array_agg(domains) from coverage.coverage where insurer = 2") == [0], (
        "her number alone"
    )
    assert world.scalar("select count(*) from care.asking") == 0
    with as_superuser(world.database) as admin:
        rows = admin.execute(
            "select person, sealed from coverage.coverage where insurer = 2"
            " union all select person, sealed from coverage.answered"
        ).fetchall()
        sealer = load_sealer(admin, keyring, [Compartment.COVERAGE])
    opened = [
        decode_coverage(sealer.open_(Compartment.COVERAGE, REMOTE, PersonId(who), bytes(it))) for who, it in rows
    ]
    assert [one.member_number for one in opened] == ["A-1"] * 2, (
        "whoever tells her insurer of an incident can name her"
    )
    assert world.scalar("select count(*) from person.record where insurer = 2") == 0


def test_unknown_ended_refused_silent_and_lying_are_one_answer_at_one_time(world: World, keyring: Keyring) -> None:
    async def use(way: Way) -> tuple[list[bytes], list[str], list[float], list[int]]:
        told, heads, times, calls = [], [], [], []
        moods = [Mood.FAILING, Mood.GARBAGE, Mood.FORGED]
        for member, mood in (
            ("N-1", Mood.WELL),
            ("E-1", Mood.WELL),
            *((f"A-{n}", mood) for n, mood in enumerate(moods, 1)),
        ):
            way.insurer.mood, begun = mood, way.hand.at
            answer = await way.ask(member)
            told.append(answer.content)
            heads.append(str(answer.headers))
            times.append(way.hand.at - begun)
            calls.append(len(way.insurer.asked))
        way.insurer.mood = Mood.WELL
        assert way.desk.caller.profession
        for _ in range(3):  # no place is left: refused without a call
            answer = await way.ask("A-2")
            told.append(answer.content)
            heads.append(str(answer.headers))
            calls.append(len(way.insurer.asked))
        return told, heads, times, calls

    assert cap_of(PROBATION_LIMIT) <= 5
    told, heads, times, calls = run(world, keyring, use)
    assert len(set(told)) == 1
    assert len(set(heads)) == 1
    assert {len(one) for one in told} == {ANSWER_BYTES}
    assert set(times) == {SLOT_SECONDS}
    assert calls[-1] == cap_of(PROBATION_LIMIT)
    codes = world.scalar(CODES)
    assert isinstance(codes, list)
    assert codes.count(ASKED) == cap_of(PROBATION_LIMIT)
    assert [2, Outcome.OUT_OF_SEATS.value] in codes


def test_a_new_device_has_an_insurer_asked_about_five_people_whoever_they_are(world: World, keyring: Keyring) -> None:
    async def use(way: Way) -> tuple[int, int]:
        for n in range(12):
            await way.ask(f"X-{n}")
        first = len(way.insurer.asked)
        await way.ask("X-0")  # a known pair takes no other seat
        return first, len(way.insurer.asked)

    cap = cap_of(PROBATION_LIMIT)
    assert run(world, keyring, use) == (cap, cap + 1)
    assert world.scalar("select drawn from access.line where establishment is null") == cap
    assert world.scalar("select count(*) from person.asked") == cap, "who was refused has no number"


@pytest.mark.parametrize("mood", [Mood.DOWN, Mood.HUGE, Mood.SQUEEZED, Mood.ELSEWHERE, Mood.MIXED, Mood.FORGED])
def test_what_cannot_be_used_is_written_as_no_answer_and_after_five_the_insurer_is_away(
    world: World, keyring: Keyring, mood: Mood
) -> None:
    async def use(way: Way) -> tuple[list[int], int, str, str]:
        way.insurer.mood = mood
        statuses = []
        for _ in range(FAILURES_MAX):  # one line of seats, so one failure a minute
            way.hand.move(way.hand.at + FAILURE_SECONDS)
            statuses.append((await way.ask()).status_code)
        away = await way.ask("never asked before")
        calls = len(way.insurer.asked)
        assert way.said_away == [2]
        way.insurer.mood = Mood.WELL
        way.hand.move(way.hand.at + FAILURE_SECONDS)
        tried = await way.ask()
        await way.insurers.sweep()
        return statuses, calls, away.json().get("code"), str(tried.json()["shown"])

    statuses, calls, code, shown = run(world, keyring, use)
    assert set(statuses) == {200}
    assert calls == FAILURES_MAX
    assert (code, shown) == ("insurer_away", "True")
    assert world.scalar("select count(*) from journal.entry where get_byte(body, 4) = 33") == FAILURES_MAX
    assert world.scalar("select array[answered, failed] from registry.remote_day") == [1, FAILURES_MAX]


def test_the_status_page_names_whoever_does_not_answer_and_no_more_once_it_does(
    world: World, keyring: Keyring, tmp_path: Path
) -> None:
    clock = SystemClock()
    page = StatusPage(tmp_path, OperatorSettings("a", "b", "c", "d", "e"), clock, Answering(free_port(), clock))
    name = "Prévoyance du Lac"

    def written() -> str:
        with world.database.connect("tierce_worker") as connection:
            page.write(connection)
        return (tmp_path / "index.html").read_text()

    async def use(way: Way) -> list[bool]:
        said = [name in written()]
        way.insurer.mood = Mood.DOWN
        for _ in range(FAILURES_MAX):
            way.hand.move(way.hand.at + FAILURE_SECONDS)
            await way.ask()
        await way.insurers.sweep()
        said.append(name in written())
        way.insurer.mood = Mood.WELL
        way.hand.move(way.hand.at + FAILURE_SECONDS)
        await way.ask()
        await way.insurers.sweep()
        return [*said, name in written()]

    assert run(world, keyring, use) == [False, True, False]
    over = f"update registry.remote_state set away_until = now() - interval '{{}} s' where insurer = {REMOTE}"
    world.run(over.format(2 * SWEEP_SECONDS - 20))
    assert ">Des organismes ne répondent pas</h1>" in written(), "another ask may be trying just now"
    world.run(over.format(2 * SWEEP_SECONDS + 1))
    assert name not in written(), "nobody has asked for it since: nothing is known"
    world.run(over.format(0))
    world.run("update registry.remote set ended = now(), ended_by = 'x', ended_why = 'x'")
    assert name not in written(), "it is asked no more"


def test_what_it_says_amiss_of_somebody_closes_it_to_nobody(world: World, keyring: Keyring) -> None:
    async def use(way: Way) -> tuple[list[int], bool]:
        way.insurer.covered = {**way.insurer.covered, ("A-2", BIRTH): {**COVERED, "product": "R9"}}
        statuses = [(await way.ask("A-2")).status_code for _ in range(FAILURES_MAX + 1)]
        return statuses, (await way.ask("A-1")).json()["shown"]

    assert run(world, keyring, use) == ([200] * (FAILURES_MAX + 1), True)
    assert world.scalar("select count(*) from journal.entry where get_byte(body, 4) = 33") == FAILURES_MAX + 1


def test_whoever_repeats_a_number_of_which_it_fails_closes_it_to_nobody_and_a_full_house_is_busy(
    world: World, keyring: Keyring
) -> None:
    async def use(way: Way) -> tuple[list[int], bool, list[tuple[int, str]]]:
        way.insurer.mood = Mood.FAILING
        statuses = [(await way.ask("A-2")).status_code for _ in range(FAILURES_MAX + 2)]
        way.insurer.mood = Mood.WELL
        shown = (await way.ask("A-1")).json()["shown"]
        [lane] = way.insurers._lanes.values()
        lane.breaker.under_way += ASKS_MAX
        full = await way.desk.post("/v1/rights", card("A-1"))
        return statuses, shown, [(full.status_code, full.json()["code"])]

    statuses, shown, full = run(world, keyring, use)
    assert statuses == [200] * (FAILURES_MAX + 2)
    assert shown is True
    assert full == [(503, "busy")]


def test_what_nobody_foresaw_is_no_answer_and_its_type_alone_is_said(
    world: World, keyring: Keyring, caplog: pytest.LogCaptureFixture
) -> None:
    """An insurer loses its key between the ask and the answer: nothing can be sealed of what it says."""

    async def use(way: Way) -> list[tuple[int, bool]]:
        way.insurer.mood = Mood.SLOW
        asked = asyncio.create_task(way.desk.post("/v1/rights", card("A-1")))
        await way.insurer.heard.wait()
        sealer, without = way.desk.rights.shelf.sealer, Sealer({})
        without._ciphers = {place: key for place, key in sealer._ciphers.items() if place[1] != REMOTE}
        way.desk.rights.shelf.sealer = without
        way.insurer.woken.set()
        await way.hand.somebody(ANSWER_SECONDS, 2)  # the call is over, and what came waits to be written
        way.hand.move(ANSWER_SECONDS)
        await way.insurers.settled()
        way.hand.move(SLOT_SECONDS)
        lost = await asked
        way.insurer.mood, calls = Mood.WELL, len(way.insurer.asked)
        alone = await way.desk.post("/v1/rights", card("A-1"))
        assert len(way.insurer.asked) == calls, "nobody is asked of whom nothing could be kept"
        both = await asyncio.gather(way.desk.ask(PAUL), way.desk.post("/v1/rights", card("A-1")))
        return [(lost.status_code, lost.json()["shown"]), (alone.status_code, False),
                *((one.status_code, one.json().get("shown", False)) for one in both)]  # fmt: skip

    assert run(world, keyring, use) == [(200, False), (503, False), (200, True), (503, False)]
    assert world.scalar("select count(*) from journal.entry where get_byte(body, 4) = 33") == 1
    assert "something unforeseen came of it: SealBrokenError" in caplog.text


def test_while_it_is_closed_a_replay_does_not_tell_whom_anybody_asked_about(world: World, keyring: Keyring) -> None:
    async def use(way: Way) -> list[list[tuple[int, bytes]]]:
        assert (await way.ask("A-1")).json()["shown"]
        world.run(
            "insert into access.ladder (id, level, subject, rung, since, until, by, reason)"
            " values (1, 8, 2, 4, now(), now() + interval '1 hour', 'test', 'test')"
        )
        return [[await twice(way, member) for _ in range(2)] for member in ("A-1", "N-9")]

    async def twice(way: Way, member: str) -> tuple[int, bytes]:
        body = json.dumps(card(member)).encode()
        at = SystemClock().now().timestamp()
        proof = way.desk.key.proof("POST", URL + "/v1/rights", handle=HANDLE, at=at, body=body)
        headers = {"Authorization": f"DPoP {HANDLE}", "DPoP": proof.decode(), "Idempotency-Key": f"once-{member}"}
        asked = way.desk.http.post("/v1/rights", content=body, headers=headers)
        told = await way.told(asyncio.create_task(asked))
        return told.status_code, told.content

    known, unknown = run(world, keyring, use)
    assert known == unknown


def test_an_insurer_that_is_slow_hinders_nobody_and_nobody_is_told_of_it(world: World, keyring: Keyring) -> None:
    async def use(way: Way) -> tuple[bool, bool, list[float]]:
        way.insurer.mood = Mood.SLOW
        asked = asyncio.create_task(way.desk.post("/v1/rights", card("A-1")))
        await way.hand.somebody(SLOT_SECONDS)
        await way.insurer.heard.wait()
        hosted = (await way.desk.ask(PAUL)).json()["shown"]  # answered while the other one waits
        assert not asked.done()
        way.hand.move(ANSWER_SECONDS)
        await way.insurers.settled()
        assert not asked.done()
        way.hand.move(SLOT_SECONDS)
        return hosted, (await asked).json()["shown"], sorted(set(way.hand.waited))

    served, shown, waited = run(world, keyring, use)
    assert served
    assert shown is False
    assert waited == [ANSWER_SECONDS, SLOT_SECONDS]
    assert world.scalar("select count(*) from care.asking") == 0


def test_in_fhir_it_is_the_same_ask_in_the_same_slot(world: World, keyring: Keyring) -> None:
    async def use(way: Way) -> tuple[list[httpx.Response], list[float], list[int]]:
        told, times, calls = [], [], []
        for member in ("A-1", "N-1", "E-1", *(f"X-{n}" for n in range(cap_of(PROBATION_LIMIT)))):
            asked = by_card() | {"servicedDate": date_of(TODAY).isoformat()}
            words = json.dumps(asked).replace("99000001", AMC).replace("M-1", member)
            begun = way.hand.at
            question = way.desk.post(ELIGIBILITY_PATH, json.loads(words))
            told.append(await way.told(asyncio.create_task(question)))
            times.append(way.hand.at - begun)
            calls.append(len(way.insurer.asked))
        return told, times, calls

    (shown, *hidden), times, calls = run(world, keyring, use)
    assert faults_of(shown.json()) == []
    assert (shown.json()["outcome"], shown.json()["insurance"][0]["inforce"]) == ("complete", True)
    assert len({(one.status_code, str(one.headers.raw), one.content) for one in hidden}) == 1
    assert {len(one.content) for one in (shown, *hidden)} == {FHIR_BYTES}
    assert set(times) == {SLOT_SECONDS}
    assert calls[-1] == cap_of(PROBATION_LIMIT) < len(calls), "the last ones were refused, and nobody was called"
