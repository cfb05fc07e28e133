"""What the hot path reads of a request before anything is known of the caller: its bytes, its headers, its end."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import pytest

from tierce.gate.errors import GateBusyError, GateClosedError, GateError
from tierce.identity.errors import ProofReason, ProofRefusedError
from tierce.journal.errors import EngagementFormatError
from tierce.kernel.language import Phrase
from tierce.rights.errors import QuestionError
from tierce.rights.rules import QUESTION_BYTES_MAX
from tierce.web.api import hot, problems
from tierce.web.api.problems import Problem
from tierce.web.arriving import Arrivals

Message = MutableMapping[str, Any]
HALF = QUESTION_BYTES_MAX // 2


def coming(*messages: Message) -> Callable[[], Awaitable[Message]]:
    """A request that sends these messages; one that is read further fails the test."""
    waiting = list(messages)

    async def receive() -> Message:
        return waiting.pop(0)

    return receive


def part(size: int, *, more: bool = False) -> Message:
    return {"type": "http.request", "body": b"x" * size, "more_body": more}


def read(*messages: Message, method: str = "POST") -> bytes | Problem:
    return asyncio.run(hot._read({"method": method}, coming(*messages)))


@pytest.mark.parametrize(
    ("messages", "found"),
    [
        ([part(0)], b""),
        ([part(QUESTION_BYTES_MAX)], b"x" * QUESTION_BYTES_MAX),
        ([part(QUESTION_BYTES_MAX + 1)], problems.TOO_LARGE),
        ([part(HALF, more=True), part(HALF, more=True), part(0)], b"x" * 2 * HALF),
        ([part(HALF, more=True), part(HALF, more=True), part(1, more=True)], problems.TOO_LARGE),
        ([part(HALF, more=True), {"type": "http.disconnect"}], problems.TOO_SLOW),
        ([{"type": "http.request"}], b""),
    ],
)
def test_a_question_is_read_whole_and_no_further_than_its_bound(
    messages: list[Message], found: bytes | Problem
) -> None:
    assert read(*messages) == found


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "post"])
def test_no_other_method_reads_a_body(method: str) -> None:
    assert read(method=method) == problems.METHOD


def test_a_header_that_is_repeated_is_no_valid_value() -> None:
    scope = {
        "headers": [
            (b"authorization", b"DPoP a"), (b"cookie", b"c"), (b"dpop", b"one"), (b"authorization", b"DPoP b"),
            (b"idempotency-key", b"k"),
        ]
    }  # fmt: skip
    given = hot._given(scope)
    assert given == {b"authorization": b"DPoP a, DPoP b", b"dpop": b"one", b"idempotency-key": b"k"}
    for name in (b"authorization", b"dpop"):
        assert hot.header(scope, name) == given[name]
    assert hot.header(scope, b"x-other") is None
    assert hot._given({"headers": []}) == {}


def test_a_body_that_does_not_come_is_given_up_and_one_that_comes_is_not() -> None:
    """Meanwhile no batch waits for it, and it is counted again at its end, however it ends."""
    begun, counted = asyncio.Event(), [1]

    def leave() -> None:
        counted.append(counted[-1] - 1)

    def enter() -> None:
        counted.append(counted[-1] + 1)

    async def wait(seconds: float, event: asyncio.Event, soon: float = 60.0) -> None:
        with hot._Within(seconds, min(soon, seconds), leave, enter, Arrivals()):
            begun.set()
            await event.wait()

    async def play() -> None:
        never, there = asyncio.Event(), asyncio.Event()
        there.set()
        with pytest.raises(TimeoutError):
            await wait(0.0, never)
        assert counted == [1, 0, 1]
        await wait(60.0, there)
        assert counted == [1, 0, 1], "what is there at once is never left out"
        asyncio.get_running_loop().call_later(0.02, never.set)
        await wait(60.0, never, soon=0.0)
        assert counted == [1, 0, 1, 0, 1]
        never.clear()
        begun.clear()
        stopped = asyncio.ensure_future(wait(60.0, never))
        await begun.wait()
        stopped.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stopped

    asyncio.run(play())


def test_of_asks_that_linger_the_oldest_gives_way_to_one_more() -> None:
    async def play() -> list[str]:
        lingering, never, there, ends = Arrivals(most=2), asyncio.Event(), asyncio.Event(), list[str]()
        paused, both = list[int](), asyncio.Event()

        def pause() -> None:
            paused.append(1)
            if len(paused) == 2:
                both.set()

        async def send(name: str, seconds: float, event: asyncio.Event) -> None:
            try:
                with hot._Within(seconds, 0.0, pause, never.clear, lingering):
                    await event.wait()
                ends.append(f"{name} came")
            except TimeoutError:
                ends.append(f"{name} was let go")

        first = asyncio.ensure_future(send("first", 60.0, never))
        second = asyncio.ensure_future(send("second", 60.0, there))
        await both.wait()
        await send("third", 0.05, never)
        there.set()
        await asyncio.gather(first, second)
        return ends

    assert asyncio.run(play()) == ["first was let go", "third was let go", "second came"]


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (GateBusyError(), problems.BUSY),
        (GateClosedError(), problems.CLOSED),
        (GateError(), problems.NOT_ANSWERED),
    ],
)
def test_an_error_of_the_gate_has_its_own_words(error: Exception, problem: Problem) -> None:
    assert hot.as_problem(error) == problem


def test_an_error_of_what_was_sent_names_the_field_and_one_of_identity_none() -> None:
    asked = hot.as_problem(QuestionError("nir", Phrase("faux.", "wrong."), Phrase("Corrigez.", "Correct it.")))
    number = hot.as_problem(EngagementFormatError("x"))
    for found, field in ((asked, "nir"), (number, "engagement")):
        assert (found.status, (found.extra or {}).get("field")) == (422, field)
    assert hot.as_problem(ProofRefusedError(ProofReason.NOT_BOUND)).status == 401
