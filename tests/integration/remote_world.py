"""An insurer that keeps its people itself, played by its stand-in, and a clock of slots that a test winds by hand."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.integration.desk import BIRTH, Counter, counter
from tests.integration.fresh import as_superuser
from tests.integration.world import World
from tierce.gate.service import Gate
from tierce.identity.service import Pool
from tierce.kernel.clock import SystemClock, date_of, paris_day
from tierce.kernel.ids import InsurerId
from tierce.lab.standins.insurer import StandIn
from tierce.policy.remote import ANSWER_BYTES_MAX, ANSWER_SECONDS, CALLS_MAX, SLOT_SECONDS
from tierce.rights.remote.service import Insurers
from tierce.rights.remote.store import Answers
from tierce.storage.database import Database
from tierce.storage.insurer_keys import make_insurer_keys
from tierce.storage.keys import Keyring
from tierce.web.upstream import Upstream

T = TypeVar("T")
REMOTE = InsurerId(2)
AMC = "99000002"
TODAY = paris_day(SystemClock().now())
COVERED: dict[str, object] = {
    "answer": "covered", "product": "R1", "from": date_of(TODAY - 30).isoformat(),
    "until": date_of(TODAY + 30).isoformat(), "priority": 1, "convention": "C1",
}  # fmt: skip
PEOPLE: dict[tuple[str, str], Mapping[str, object]] = {
    ("A-1", BIRTH): COVERED,
    ("A-2", BIRTH): COVERED,
    ("E-1", BIRTH): {"answer": "ended"},
}


class Place(Protocol):
    """Whatever has a database."""

    @property
    def database(self) -> Database:
        """Its database."""
        ...


@dataclass
class Hand:
    """A clock that stands until a test moves it."""

    at: float = 0.0
    waited: list[float] = field(default_factory=list)
    """Every instant that somebody waited for."""
    _moved: asyncio.Event = field(default_factory=asyncio.Event)
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self) -> float:
        """The time on it."""
        return self.at

    async def until(self, at: float) -> None:
        """Wait until the hand stands there."""
        self.waited.append(at)
        self._came.set()
        while self.at < at:
            await self._moved.wait()

    def move(self, to: float) -> None:
        """Put the hand there."""
        self.at = to
        self._moved.set()
        self._moved = asyncio.Event()

    async def somebody(self, at: float, count: int = 1) -> None:
        """Wait until so many wait for that instant."""
        while self.waited.count(at) < count:
            self._came.clear()
            await self._came.wait()


@dataclass
class Way:
    """A professional's desk, whose asks about one insurer's people leave for its stand-in."""

    desk: Counter
    insurer: StandIn
    insurers: Insurers
    hand: Hand
    said_away: list[int]

    async def ask(self, member: str = "A-1", **more: object) -> httpx.Response:
        """Ask about whoever a card of theirs names, and be answered at the end of the slot."""
        return await self.told(asyncio.create_task(self.desk.post("/v1/rights", card(member, **more))))

    async def told(self, asked: "asyncio.Task[T]") -> T:
        """Wind the hand to the slot of an ask that has just left, and wait for what it says."""
        begun, waited = self.hand.at, self.hand.waited
        answer, slot = begun + ANSWER_SECONDS, begun + SLOT_SECONDS
        before = waited.count(answer)
        waiting = asyncio.create_task(self.hand.somebody(slot, 1 + waited.count(slot)))
        await asyncio.wait({asked, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            if self.insurers.under_way:
                await self.hand.somebody(answer, before + 2)  # the call is over, and what came waits to be written
            self.hand.move(answer)
            await self.insurers.settled()
            assert not asked.done(), "nothing leaves before its slot"
            self.hand.move(slot)
        waiting.cancel()
        return await asked


def card(member: str, **more: object) -> dict[str, Any]:
    """A question by a card of the remote insurer, today."""
    return {
        "amc": AMC, "member_number": member, "birth_date": BIRTH, "domain": "MEDG",
        "care_date": date_of(TODAY).isoformat(), **more,
    }  # fmt: skip


def declare(place: Place, keyring: Keyring, url: str, public: bytes, insurer: int = REMOTE, amc: str = AMC) -> None:
    """An insurer with two products, R1 and R2, which keeps its people itself."""
    with as_superuser(place.database) as admin:
        admin.execute(
            "insert into registry.insurer (id, amc, name) values (%s, %s, 'Prévoyance du Lac')", (insurer, amc)
        )
        make_insurer_keys(admin, keyring, [InsurerId(insurer)])
        for product, code, words in ((10 + insurer, "R1", "loin"), (20 + insurer, "R2", "près")):
            admin.execute(
                "insert into registry.product (id, insurer, code, name, responsible)"
                " overriding system value values (%s, %s, %s, 'Lointaine', true)",
                (product, insurer, code),
            )
            admin.execute(
                "insert into registry.guarantee values (%s, 1, %s, %s)",
                (product, f"TM {words}", {"loin": "far co-payment", "près": "near co-payment"}[words]),
            )
        admin.execute("select registry.declare_remote(%s::smallint, %s, %s, 'test', 'test')", (insurer, url, public))


@asynccontextmanager
async def on_the_way(
    world: World,
    keyring: Keyring,
    *,
    gate: Gate | None = None,
    verifiers: Any = None,  # noqa: ANN401 - of `counter`
) -> AsyncIterator[Way]:
    """A desk and an insurer; the operator's key is the instance's."""
    operator: Ed25519PrivateKey = world.key
    insurer = StandIn(operator.public_key().public_bytes_raw(), dict(PEOPLE))
    hand, said, made = Hand(), list[int](), list[Insurers]()
    async with insurer.serving():
        declare(world, keyring, insurer.url, insurer.public)

        def insurers(of_gate: Gate, pool: Pool) -> Insurers:
            made.append(
                Insurers(
                    Answers(pool, world.instance, operator, SystemClock()), operator, SystemClock(), client,
                    pause=of_gate.apart, say_away=said.append, ticks=hand,
                )
            )  # fmt: skip
            return made[0]

        async with counter(world, keyring, gate, verifiers, insurers) as desk:
            yield Way(desk, insurer, made[0], hand, said)


def client() -> Upstream:
    """The connections to one insurer, as the process opens them."""
    return Upstream(
        connections=CALLS_MAX, whole_seconds=ANSWER_SECONDS, whole_bytes=ANSWER_BYTES_MAX, plain=True,
        follow_redirects=False, trust_env=False,
    )  # fmt: skip
