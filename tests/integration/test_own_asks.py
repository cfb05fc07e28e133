"""A professional's own list names nobody, and a lost answer is found again without being told twice."""

import asyncio
import json
from dataclasses import replace

import httpx
import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from tests.integration.depositing import hold
from tests.integration.desk import HANDLE, LATER, PAUL, STRANGER, UNCOVERED, URL, Counter, counter
from tests.integration.world import World, enrol
from tests.waiting import eventually
from tierce.gate.service import Gate
from tierce.identity.model import caller_of
from tierce.identity.oidc import digest
from tierce.identity.reading.store import session_by_handle
from tierce.kernel.care import Domain
from tierce.kernel.clock import SystemClock, date_of, paris_day
from tierce.policy.acts import Outcome
from tierce.policy.ladder import Level, Rung
from tierce.policy.seats import PROBATION_LIMIT, pack, settled_line
from tierce.rights.history import PAGE_ROWS, History, HistoryFilter, HistoryRow, Seats
from tierce.rights.rules import QUESTION_BYTES_MAX
from tierce.storage.keys import Keyring

KEY = {"Idempotency-Key": '"1b4e28ba-2fa1-11d2-883f-0016d3cca427"'}


def body_of(nir: str, **more: str) -> bytes:
    today = date_of(paris_day(SystemClock().now())).isoformat()
    return json.dumps({"nir": nir, "birth_date": "19800112", "domain": "MEDG", "care_date": today, **more}).encode()


async def send(
    desk: Counter, body: bytes, headers: dict[str, str], path: str = "/v1/rights", proof: bytes | None = None
) -> httpx.Response:
    """One signed request with headers of its own; the same proof again when one is given."""
    made = proof or desk.key.proof("POST", URL + path, handle=HANDLE, at=SystemClock().now().timestamp(), body=body)
    sent = {"Authorization": f"DPoP {HANDLE}", "DPoP": made.decode(), **headers}
    return await desk.http.post(path, content=body, headers=sent)


def lines(world: World) -> object:
    return world.scalar("select array_agg(get_byte(body, 4) order by seq) from journal.entry where kind < 5")


def test_a_lost_answer_is_found_again_and_never_told_twice(world: World, keyring: Keyring) -> None:
    async def run() -> list[httpx.Response]:
        async with counter(world, keyring) as desk:
            asked = body_of(PAUL)
            first = await send(desk, asked, KEY)
            again = await send(desk, asked, KEY)
            other = await send(desk, body_of(LATER), KEY)
            opened = await send(desk, b"{}", {}, f"/v1/history/{again.json()['engagement']}/revisit")
            return [first, again, other, opened]

    first, again, other, opened = asyncio.run(run())
    assert first.json()["shown"] is True
    assert again.json() == {
        "shown": False, "replayed": True, "outcome": "shown", "engagement": first.json()["engagement"], "ways": [],
    }  # fmt: skip
    assert len(again.content) == len(first.content)
    assert first.json()["insurer"] not in again.text
    assert (other.status_code, other.json()["field"]) == (422, "Idempotency-Key")
    assert opened.json() == first.json(), "opening it again is a revisit, and has a line of its own"
    assert lines(world) == [1, 1]
    assert world.scalar("select count(*) from journal.entry where kind = 4") == 1


@pytest.mark.parametrize("by_key", [True, False])
def test_a_session_that_was_ended_is_told_nothing_of_what_it_asked(
    world: World, keyring: Keyring, by_key: bool
) -> None:
    async def run() -> list[httpx.Response]:
        async with counter(world, keyring) as desk:
            asked, headers = body_of(PAUL), KEY if by_key else {}
            at = SystemClock().now().timestamp()
            proof = desk.key.proof("POST", URL + "/v1/rights", handle=HANDLE, at=at, body=asked)
            first = await send(desk, asked, headers, proof=proof)
            world.run("update access.session set revoked = now(), revoked_why = 'test'")
            return [first, *[await send(desk, asked, headers, proof=proof) for _ in range(2)]]

    first, *again = asyncio.run(run())
    assert first.json()["shown"] is True
    assert [(one.status_code, one.json()["code"]) for one in again] == [(401, "session_revoked")] * 2
    assert first.json()["engagement"] not in again[0].text


def test_what_was_not_shown_is_not_shown_again_whatever_the_reason(world: World, keyring: Keyring) -> None:
    async def run() -> list[httpx.Response]:
        async with counter(world, keyring) as desk:
            answers = []
            for nir in (STRANGER, UNCOVERED, PAUL, LATER):  # three places a day on a new device
                headers = {"Idempotency-Key": f"key-{nir[-4:]}"}
                answers += [await send(desk, body_of(nir), headers), await send(desk, body_of(nir), headers)]
            return answers

    answers = asyncio.run(run())
    again = [answers[place] for place in (1, 3, 7)]
    assert {one.json()["outcome"] for one in again} == {"not_shown"}
    assert len({one.content for one in again}) == 1
    assert answers[5].json()["outcome"] == "shown"
    assert len({len(one.content) for one in answers}) == 1
    assert lines(world) == [2, 13, 1, 4], "an ask that came before is not decided again"


def test_the_same_signed_request_twice_says_where_the_answer_is(world: World, keyring: Keyring) -> None:
    async def run() -> list[httpx.Response]:
        async with counter(world, keyring) as desk:
            asked = body_of(PAUL)
            at = SystemClock().now().timestamp()
            proof = desk.key.proof("POST", URL + "/v1/rights", handle=HANDLE, at=at, body=asked)
            first, again = [await send(desk, asked, {}, proof=proof) for _ in range(2)]
            path = f"/v1/history/{first.json()['engagement'].lower()}/revisit"  # typed as one likes
            escaped = path.replace("-", "%2D")  # one client escapes what another sends as it is
            proof = desk.key.proof("POST", URL + escaped, handle=HANDLE, at=at, body=b"{}")
            return [first, again, *[await send(desk, b"{}", {}, path, proof) for _ in range(2)]]

    first, again, opened, opened_again = asyncio.run(run())
    number = first.json()["engagement"]
    assert opened.json()["engagement"] == number
    for replayed in (again, opened_again):
        assert replayed.status_code == 200
        assert replayed.json()["engagement"] == number
        assert first.json()["insurer"] not in replayed.text
    assert lines(world) == [1, 8, 1, 8], "a proof used twice is a line of its own, and shows nothing"


def test_the_same_signed_request_at_once_is_answered_once_and_found_by_the_others(
    world: World, keyring: Keyring
) -> None:
    async def run() -> list[httpx.Response]:
        async with counter(world, keyring) as desk:
            asked = body_of(PAUL)
            at = SystemClock().now().timestamp()
            proof = desk.key.proof("POST", URL + "/v1/rights", handle=HANDLE, at=at, body=asked)
            return list(await asyncio.gather(*(send(desk, asked, {}, proof=proof) for _ in range(6))))

    answers = asyncio.run(run())
    assert [one.status_code for one in answers] == [200] * 6
    (shown,) = (one.json() for one in answers if one.json()["shown"])
    others = [one.json() for one in answers if not one.json()["shown"]]
    assert {one["engagement"] for one in others} == {shown["engagement"]}
    assert lines(world) == [1, 8, 8, 8, 8, 8]


def test_many_at_once_with_one_key_are_one_ask(world: World, keyring: Keyring) -> None:
    async def run() -> list[httpx.Response]:
        async with counter(world, keyring) as desk:
            return list(await asyncio.gather(*(send(desk, body_of(PAUL), KEY) for _ in range(12))))

    answers = [one.json() for one in asyncio.run(run())]
    assert sum(one["shown"] for one in answers) == 1
    assert lines(world) == [1]


def test_killed_after_the_commit_the_answer_is_found_again_and_before_it_nothing_is(
    world: World, keyring: Keyring
) -> None:
    """The client's connection never gets its answer: at `answer` the line is on disk, at `close` it is not."""
    fatal = ["close", "answer"]

    async def step(step_name: str) -> None:
        if fatal and step_name == fatal[0]:
            fatal.pop(0)
            raise psycopg.OperationalError

    gate = world.gate(step)

    async def run() -> list[httpx.Response]:
        async with counter(world, keyring, gate) as desk:
            answers = []
            for _ in range(3):
                await asyncio.to_thread(eventually, lambda: gate.open, "the gate takes another connection")
                answers.append(await send(desk, body_of(PAUL), KEY))
            return answers

    before, after, again = asyncio.run(run())
    assert (before.status_code, after.status_code) == (503, 503)
    assert fatal == []
    assert again.json()["outcome"] == "shown", "the second try was committed: its number is told, its content is not"
    assert lines(world) == [1]


@pytest.mark.parametrize("key", ["", '""', "a b", "k" * 65])
def test_a_key_that_is_none_is_refused_before_anything_is_looked_up(world: World, keyring: Keyring, key: str) -> None:
    async def run() -> httpx.Response:
        async with counter(world, keyring) as desk:
            return await send(desk, body_of(PAUL), {"Idempotency-Key": key})

    answer = asyncio.run(run())
    assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key")
    assert lines(world) is None


def test_a_key_belongs_to_its_line_of_places(world: World, keyring: Keyring) -> None:
    async def one_desk() -> httpx.Response:
        async with counter(world, keyring) as desk:
            answer = await send(desk, body_of(PAUL), KEY)
        world.run("update access.session set handle = sha256(handle)")
        return answer

    first, second = asyncio.run(one_desk()), asyncio.run(one_desk())
    assert first.json()["shown"] is second.json()["shown"] is True
    assert lines(world) == [1, 1]


async def _listed(
    world: World, keyring: Keyring, only: HistoryFilter, cursor: str | None = None, *, page_rows: int = PAGE_ROWS
) -> tuple[list[HistoryRow], str | None]:
    """A page of the list of whoever asked last."""
    async with AsyncConnectionPool(world.database.dsn("tierce_api"), min_size=1, max_size=1, open=False) as pool:
        async with pool.connection() as connection:
            found = await session_by_handle(connection, digest(HANDLE))
        assert found is not None
        return await History(pool, keyring, SystemClock(), page_rows).page(
            caller_of(found[0], signed=True), cursor, only
        )


def test_the_list_says_what_was_asked_and_why_nothing_was_shown_it_does_not(world: World, keyring: Keyring) -> None:
    async def run() -> None:
        async with counter(world, keyring) as desk:
            for place, nir in enumerate((PAUL, STRANGER, UNCOVERED, LATER)):
                await send(desk, body_of(nir, label=f"dossier {place}"), {})

    asyncio.run(run())
    rows, following = asyncio.run(_listed(world, keyring, HistoryFilter()))
    assert following is None
    assert [bool(row.engagement) for row in rows] == [False, False, False, True]
    assert [row.label for row in rows] == [None, None, None, "dossier 0"]
    shown, _ = asyncio.run(_listed(world, keyring, HistoryFilter(shown=True)))
    assert shown == rows[3:]
    today = date_of(paris_day(SystemClock().now()))
    for only, expected in [
        (HistoryFilter(domain=Domain.MEDG, first=today, last=today), rows),
        (HistoryFilter(domain=Domain.OPTI), []),
        (HistoryFilter(last=date_of(paris_day(SystemClock().now()) - 1)), []),
        (HistoryFilter(shown=False), rows[:3]),
    ]:
        assert asyncio.run(_listed(world, keyring, only))[0] == expected


def test_what_was_promised_stands_in_the_list_when_rights_are_closed_after_the_fact(
    world: World, keyring: Keyring
) -> None:
    """An insurer that ends a right late ends no engagement: the answer is shown no more, its number still serves."""

    async def run() -> list[httpx.Response]:
        async with counter(world, keyring) as desk:
            first = await send(desk, body_of(PAUL), {})
            ended = paris_day(SystemClock().now()) - 30
            world.run(f"update coverage.coverage set until_day = {ended} where person = 1")
            return [first, await send(desk, b"{}", {}, f"/v1/history/{first.json()['engagement']}/revisit")]

    first, opened = asyncio.run(run())
    assert opened.json()["shown"] is False
    (row,) = asyncio.run(_listed(world, keyring, HistoryFilter()))[0]
    assert (row.engagement, str(row.until)) == (first.json()["engagement"], first.json()["engagement_until"])


def test_pages_follow_one_another_without_a_hole(world: World, keyring: Keyring) -> None:
    async def run() -> None:
        async with counter(world, keyring) as desk:
            for nir in (PAUL, STRANGER, UNCOVERED, LATER, PAUL):
                await send(desk, body_of(nir), {})

    asyncio.run(run())
    seen, cursor = [], None
    for _ in range(3):
        rows, cursor = asyncio.run(_listed(world, keyring, HistoryFilter(), cursor, page_rows=2))
        seen += rows
    assert cursor is None
    assert len(seen) == 5
    assert seen == sorted(seen, key=lambda row: row.at, reverse=True)


def test_the_gate_s_role_reads_no_journal_line_but_by_these_two_functions(world: World) -> None:
    with world.database.connect("tierce_api") as connection:
        for table in ("journal.entry", "care.engagement"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"select * from {table}".encode())
            connection.rollback()
    assert isinstance(world.gate(), Gate)


@pytest.mark.parametrize(("age", "proofs", "new"), [(13, 1, True), (20, 0, True), (20, 1, False)])
def test_the_places_say_that_a_probation_goes_on_until_somebody_is_proved_present(
    world: World, keyring: Keyring, age: int, proofs: int, new: bool
) -> None:
    caller = enrol(world)
    today = paris_day(SystemClock().now())
    state = pack(replace(settled_line(caller.profession, today), since=today - age, proofs=proofs))
    world.run(f"update access.line set state = '\\x{state.hex()}' where id = {caller.line}")

    async def run() -> Seats:
        async with AsyncConnectionPool(world.database.dsn("tierce_api"), min_size=1, max_size=1, open=False) as pool:
            return await History(pool, keyring, SystemClock()).seats(caller)

    seats = asyncio.run(run())
    assert (seats.new_device, seats.limit == PROBATION_LIMIT) == (new, new)


def test_the_first_ask_after_a_session_ended_says_so_and_how_to_sign_in(world: World, keyring: Keyring) -> None:
    async def run() -> list[httpx.Response]:
        async with counter(world, keyring) as desk:
            stands = [await send(desk, body_of(PAUL), {}), await desk.ask(PAUL, "HOSP")]
            world.run("update access.session set revoked = now(), revoked_why = 'signed out'")
            return [*stands, await send(desk, body_of(PAUL), {}), await send(desk, body_of(PAUL), {})]

    shown, other_domain, first, second = asyncio.run(run())
    assert shown.json()["shown"] is True
    assert (other_domain.status_code, other_domain.json()["code"]) == (403, "not_allowed")
    for one in (first, second):
        assert (one.status_code, one.json()["code"]) == (401, "session_revoked")
        assert one.headers["www-authenticate"].startswith("DPoP ")


def test_what_was_refused_outright_is_asked_anew_with_its_key(world: World, keyring: Keyring) -> None:
    """Closed, or not confirmed yet: the remedy says to ask again, and the same question has the same key."""

    async def run() -> list[httpx.Response]:
        async with counter(world, keyring) as desk:
            hold(world, Level.DOMAIN, Domain.MEDG, SystemClock().now())
            world.run(f"update access.ladder set rung = {Rung.SUSPENDED.value}")
            closed = await send(desk, body_of(PAUL), KEY)
            world.run("update access.ladder set lifted = now()")
            reopened = [await send(desk, body_of(PAUL), KEY) for _ in range(2)]
            said = json.loads(body_of(LATER)) | {"presence": {"means": "confirmation"}}
            key = {"Idempotency-Key": "said-1"}
            unconfirmed = [await send(desk, json.dumps(said).encode(), key) for _ in range(2)]
            return [closed, *reopened, *unconfirmed]

    closed, shown, replayed, *unconfirmed = asyncio.run(run())
    assert (closed.status_code, closed.json()["code"]) == (503, "closed")
    assert shown.json()["shown"] is True
    assert replayed.json()["engagement"] == shown.json()["engagement"], "the answer, not the refusal before it"
    assert [one.json()["code"] for one in unconfirmed] == ["not_confirmed"] * 2
    assert lines(world) == [20, 1, 27, 27]


def test_whose_insurer_is_closed_is_told_again_as_whoever_is_unknown(world: World, keyring: Keyring) -> None:
    async def run() -> list[httpx.Response]:
        async with counter(world, keyring) as desk:
            hold(world, Level.INSURER, 1, SystemClock().now())
            world.run(f"update access.ladder set rung = {Rung.SUSPENDED.value}")
            sent = [(nir, {"Idempotency-Key": f"key-{nir[-4:]}"}) for nir in (PAUL, STRANGER) for _ in range(2)]
            return [await send(desk, body_of(nir), headers) for nir, headers in sent]

    closed, closed_again, unknown, unknown_again = asyncio.run(run())
    assert closed.content == unknown.content
    assert closed_again.content == unknown_again.content
    assert closed_again.json()["outcome"] == "not_shown"
    assert lines(world) == [20, 2]


def test_what_is_no_question_is_refused_before_anybody_is_asked_for(world: World, keyring: Keyring) -> None:
    async def run() -> list[httpx.Response]:
        async with counter(world, keyring) as desk:
            return [
                await desk.http.get("/v1/rights"),
                await desk.http.put("/v1/rights", content=body_of(PAUL)),
                await desk.http.get("/v1/history/0000-0000-0000-0/revisit"),
                await desk.http.post("/v1/rights", content=body_of(PAUL)),
                await send(desk, b" " * (QUESTION_BYTES_MAX + 1), {}),
                await send(desk, body_of(PAUL).ljust(QUESTION_BYTES_MAX + 1), {}),
                await send(desk, b" " * QUESTION_BYTES_MAX, {}),
                await send(desk, body_of(PAUL).ljust(QUESTION_BYTES_MAX), {}),
            ]

    *refused, asked = asyncio.run(run())
    assert [one.status_code for one in refused] == [405, 405, 405, 401, 413, 413, 422]
    assert asked.json()["shown"] is True
    assert lines(world) == [Outcome.RELEASED], "and nothing else is in the journal"
