"""The attack of January 2024 played twice at the same time, without a gate and against Tierce.

The thief has Dr Morvan's password, and a sign-in that she let through on her phone; his browser has a key of its
own. He holds true identities and tries them at speed. Elsewhere an optician works. What each learned is counted
from the answers it was given, nothing else.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random
from time import perf_counter
from typing import Final

import httpx

from tierce.kernel.clock import PARIS, Clock
from tierce.kernel.ids import DeviceId
from tierce.kernel.loopback import NO_TLS
from tierce.lab.country.population import read_identities
from tierce.lab.demo.errors import DemoError
from tierce.lab.demo.paying import bill
from tierce.lab.demo.stage import SEED, Stage
from tierce.lab.demo.visitors import Asker, Identity, enter
from tierce.lab.demo.wire import Wire

TRIES: Final = 20_000
SECONDS_MAX: Final = 60.0
CONNECTIONS: Final = 16
"""Requests under way at once, for each of the two sides."""
NO_DEVICE: Final = DeviceId(0)
PATIENT_PLACE: Final = 5
OPTICIAN_EVERY_SECONDS: Final = 0.5
OPTICIAN_PEOPLE: Final = 3
"""Different people whom the optician asks about, again and again: her customers of the hour."""
DOMAIN: Final = "MEDG"
TILLEULS, REMPARTS = "Cabinet médical des Tilleuls", "Optique des Remparts"


@dataclass(slots=True)
class Side:
    """What one of the two sides has answered so far; numbers of asks count from 1."""

    asked: int = 0
    learned: set[Identity] = field(default_factory=set)
    last_learned: tuple[int, float] = (0, 0.0)
    """Number of the last ask that told anything, and seconds since the start."""
    refused_from: tuple[int, float] | None = None
    """First ask refused outright, once the day's attempts were used up or the access suspended."""
    ended: float | None = None
    """Seconds the side took for all its asks."""
    statuses: dict[int, int] = field(default_factory=dict)
    clocked: list[tuple[float, int]] = field(default_factory=list)
    """Seconds since the start at each ask's answer, in order."""

    def hear(self, who: Identity, status: int, seconds: float, *, shown: bool) -> None:
        """Note one answer."""
        self.asked += 1
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.clocked.append((seconds, self.asked))
        if shown:
            self.learned.add(who)
            self.last_learned = (self.asked, seconds)
        elif status in {403, 429} and self.refused_from is None:
            self.refused_from = (self.asked, seconds)

    def asked_at(self, seconds: float) -> int:
        """How many asks were answered `seconds` after the start."""
        return next((number for at, number in reversed(self.clocked) if at <= seconds), 0)


@dataclass(slots=True)
class Served:
    """What the optician elsewhere was answered during the attack."""

    asked: int = 0
    shown: int = 0
    seconds_max: float = 0.0


@dataclass(slots=True)
class Attack:
    """The state of the attack, read by whoever shows it."""

    tries: int
    unprotected: Side = field(default_factory=Side)
    tierce: Side = field(default_factory=Side)
    optician: Served = field(default_factory=Served)
    device: DeviceId = NO_DEVICE
    """The thief's browser."""
    began: datetime | None = None
    held: datetime | None = None
    """When the watch held that browser."""
    billed: tuple[Asker, str] | None = None
    """The optician elsewhere, and the number of the invoice that she sent as it began."""

    @property
    def held_at(self) -> tuple[int, float] | None:
        """Asks answered when the watch held the thief's browser, and seconds since the start."""
        if self.held is None or self.began is None:
            return None
        after = (self.held - self.began).total_seconds()
        return self.tierce.asked_at(after), after

    @property
    def over(self) -> bool:
        """Whether both sides are done."""
        return self.unprotected.ended is not None and self.tierce.ended is not None


def true_identities(stage: Stage, tries: int, patient: Identity) -> list[Identity]:
    """People of the country in an order drawn at random, the doctor's own patient among the very first.

    The patient is known to the practice and takes no place: to begin with him is the best that a thief can do.
    """
    found = sorted(set(read_identities(stage.country / "rights")) - {patient})
    Random(f"{SEED}/attack").shuffle(found)
    found.insert(PATIENT_PLACE, patient)
    return found[:tries]


async def play(stage: Stage, attack: Attack, clock: Clock, watch: Callable[[], Coroutine[None, None, None]]) -> None:
    """Play both sides and the optician until every identity was tried or SECONDS_MAX passed.

    `watch` runs beside, for instance to show the state; it ends by itself when the attack is over.
    """
    patient = stage.person("paul_lenoir")
    whole = true_identities(stage, attack.tries, (patient["nir"], patient["birth_date"], str(patient["rank"])))
    today = clock.now().astimezone(PARIS).date()
    optician = await enter(stage.url("api"), stage.national_id("nadia_ferrand"), REMPARTS, clock)
    thief = await enter(stage.url("api"), stage.national_id("claire_morvan"), TILLEULS, clock, relayed=True)
    attack.device = DeviceId(int((await thief.session())["device"]))
    cookie = await _open_unprotected(stage)
    # Paul is one of the three whom a new device may see for the first time in a day.
    served = customers(stage)[: OPTICIAN_PEOPLE - 1]
    attack.billed = optician, await bill(stage, optician, today)
    attack.began = clock.now()
    start = perf_counter()
    async with asyncio.TaskGroup() as group:
        group.create_task(watch())
        group.create_task(_side(attack.unprotected, whole, start, _unprotected(stage, cookie, today)))
        group.create_task(_side(attack.tierce, whole, start, _against(stage, thief, today)))
        group.create_task(_serve(stage, attack, optician, served, today))


Ask = Callable[[Wire, Identity], Awaitable[tuple[int, bool]]]


async def _side(side: Side, whole: Sequence[Identity], start: float, make: tuple[str, Ask]) -> None:
    """Try every identity over several connections at once."""
    url, ask = make
    left: Iterator[Identity] = iter(whole)

    async def work() -> None:
        async with Wire(url) as wire:
            for who in left:
                if perf_counter() - start > SECONDS_MAX:
                    break
                status, shown = await ask(wire, who)
                side.hear(who, status, perf_counter() - start, shown=shown)

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    side.ended = perf_counter() - start


def _against(stage: Stage, thief: Asker, today: date) -> tuple[str, Ask]:
    async def ask(wire: Wire, who: Identity) -> tuple[int, bool]:
        said = await thief.ask(wire, who, DOMAIN, today)
        return said.status, said.shown

    return stage.url("api"), ask


async def _open_unprotected(stage: Stage) -> str:
    body = {"user": "morvan", "password": "volé"}
    async with httpx.AsyncClient(trust_env=False, verify=NO_TLS) as http:
        response = await http.post(stage.url("unprotected") + "/login", json=body)
        return response.headers["set-cookie"].partition(";")[0]


def _unprotected(stage: Stage, cookie: str, today: date) -> tuple[str, Ask]:
    async def ask(wire: Wire, who: Identity) -> tuple[int, bool]:
        question = {
            "nir": who[0], "birth_date": who[1], "rank": int(who[2]),
            "domain": DOMAIN, "care_date": today.isoformat(),
        }  # fmt: skip
        status, content = await wire.post("/rights", json.dumps(question).encode(), {"cookie": cookie})
        return status, status == 200 and json.loads(content)["shown"] is True

    return stage.url("unprotected"), ask


def customers(stage: Stage) -> list[Identity]:
    """People of the story whom the optician serves: covered for glasses today."""
    found = []
    for role, told in stage.truth["story"].items():
        if told.get("status") == "active" and "OPTI" in told["domains"] and role != "paul_lenoir":
            first = told["members"][0]
            found.append((first["nir"], first["birth_date"], str(first["rank"])))
    if len(found) < OPTICIAN_PEOPLE:
        msg = (
            "l’histoire du pays a trop peu de gens couverts pour des lunettes / "
            "the country's story has too few people covered for glasses"
        )
        raise DemoError(msg)
    return found[:OPTICIAN_PEOPLE]


async def _serve(stage: Stage, attack: Attack, optician: Asker, people: list[Identity], today: date) -> None:
    """The optician asks about her customers, one every OPTICIAN_EVERY_SECONDS, as long as the attack lasts."""
    served = attack.optician
    async with Wire(stage.url("api")) as wire:
        while not attack.over:
            asked = perf_counter()
            said = await optician.ask(wire, people[served.asked % len(people)], "OPTI", today)
            served.asked += 1
            served.shown += said.shown
            served.seconds_max = max(served.seconds_max, perf_counter() - asked)
            await asyncio.sleep(OPTICIAN_EVERY_SECONDS)
