"""One attacker on the live platform: the targets he asks for become people of the invented country."""

import asyncio
import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Final

import httpx
import numpy as np

from tierce.kernel.care import Domain, Profession
from tierce.kernel.clock import PARIS, SystemClock, paris_day
from tierce.kernel.ids import DeviceId
from tierce.kernel.loopback import NO_TLS
from tierce.lab.attackers.protocol import ATTACKERS, Answer, Rest, Target, Thief, View
from tierce.lab.attackers.scenario import Scenario, StolenDevice
from tierce.lab.demo.attack import REMPARTS, TILLEULS
from tierce.lab.demo.stage import Stage
from tierce.lab.demo.store import held_since
from tierce.lab.demo.visitors import RIGHTS, TICKET, Asker, Identity, enter
from tierce.lab.demo.wire import Wire
from tierce.lab.errors import LabError
from tierce.lab.live import store
from tierce.policy.allowed import DOMAINS
from tierce.policy.seats import DAY_LIMITS
from tierce.storage.cluster import SUPERUSER

VICTIMS: Final = {Profession.GP: ("claire_morvan", TILLEULS), Profession.OPTICIAN: ("nadia_ferrand", REMPARTS)}
"""Who is robbed on the stage, by profession; each a person of its story."""
WATCH_SECONDS: Final = 3.0
"""How long the watch is given, after the last ask, to hold the device."""
REFUSED: Final = frozenset({401, 403, 429})


@dataclass(slots=True)
class Taken:
    """What one identity gave on the live platform in one day."""

    profession: str
    asks: int = 0
    people: set[Identity] = field(default_factory=set)
    held: bool = False


class Blind(View):
    """A live thief sees what the platform tells him and nothing else."""

    def places(self) -> int:
        """Not told beforehand.

        Raises:
            LabError: always.
        """
        msg = "this attacker works out the gate's state: it cannot be played live"
        raise LabError(msg)

    def worth_after(self, firsts: int, misses: int) -> float:
        """Never told.

        Raises:
            LabError: always.
        """
        return float(self.places() + firsts + misses)


async def rob(stage: Stage, scenario: Scenario, profession: Profession, seed: int) -> Taken:
    """Play one day of the scenario's attacker with one stolen identity."""
    clock = SystemClock()
    who, place = VICTIMS[profession]
    api = stage.url("api")
    asker = await enter(api, stage.national_id(who), place, clock, relayed=scenario.device is not StolenDevice.OWN)
    device = DeviceId(int((await asker.session())["device"]))
    day = paris_day(clock.now())
    if scenario.device is StolenDevice.OWN:
        with stage.database.connect(SUPERUSER) as connection:
            store.settle_device(connection, device, profession, day)
    thief = Thief(profession, 0, np.random.default_rng([seed]), dict(scenario.options), 1, Blind())
    game = _Game(stage, scenario, asker, clock.now().astimezone(PARIS).date(), profession, seed)
    taken = Taken(profession.name.lower())
    async with Wire(api) as wire:
        await game.play(wire, thief, taken)
    taken.held = await _held(stage, device)
    return taken


class _Game:
    """The attacker's moves turned into requests."""

    def __init__(
        self, stage: Stage, scenario: Scenario, asker: Asker, today: date, profession: Profession, seed: int
    ) -> None:
        self._scenario = scenario
        self._asker = asker
        self._api = stage.url("api")
        self._today = today
        self._profession = profession
        self._domain = DOMAINS[profession][0]
        people = sorted(covered(stage, self._domain, today))
        Random(f"{seed}/live").shuffle(people)
        self._people: Iterator[Identity] = iter(people)
        self._pause = 1 / scenario.options.get("per_second", 20.0)

    async def play(self, wire: Wire, thief: Thief, taken: Taken) -> None:
        """Send what the attacker yields until he rests, or the day's attempts are used up."""
        attack = ATTACKERS[self._scenario.attacker](thief)
        answer: Answer | None = None
        async with httpx.AsyncClient(trust_env=False, verify=NO_TLS) as http:
            for _ in range(DAY_LIMITS[self._profession].attempts + 20):
                move = attack.send(answer) if answer is not None else next(attack)
                if isinstance(move, Rest):
                    return
                identity = self._identity(move)
                status, shown = await self._ask(wire, identity)
                taken.asks += 1
                if shown:
                    taken.people.add(identity)
                stopped = status in REFUSED
                answer = Answer(shown, 0 if stopped else await self._places(http))
                await asyncio.sleep(self._pause)

    async def _ask(self, wire: Wire, identity: Identity) -> tuple[int, bool]:
        if self._scenario.signed:
            said = await self._asker.ask(wire, identity, self._domain.name, self._today)
            return said.status, said.shown
        question = {
            "nir": identity[0], "birth_date": identity[1], "rank": int(identity[2]), "domain": self._domain.name,
            "care_date": self._today.isoformat(),
        }  # fmt: skip
        head = {"authorization": f"DPoP {self._asker.handle}"}
        status, content = await wire.post(RIGHTS, json.dumps(question).encode(), head)
        return status, status == 200 and json.loads(content)["shown"] is True

    async def _places(self, http: httpx.AsyncClient) -> int:
        headers = {"authorization": f"DPoP {self._asker.handle}", TICKET: await self._asker.ticket(http)}
        response = await http.get(self._api + "/v1/seats", headers=headers)
        if response.status_code != 200:
            return 0
        told: dict[str, int] = response.json()
        return max(0, min(told["limit"] - told["open"], told["cap_today"] - told["today"]))

    def _identity(self, target: Target) -> Identity:
        """A covered person of the country, or the same one with another year of birth: nobody."""
        nir, born, rank = next(self._people)
        return (nir, born, rank) if target.found else (nir, f"{int(born[:4]) - 40}{born[4:]}", rank)


def covered(stage: Stage, domain: Domain, today: date) -> set[Identity]:
    """People of the country whom a right covers for a domain today, as a list that leaked would name them."""
    found = set()
    for path in sorted((stage.country / "rights").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                until = row["covered_until"] or "9999-12-31"
                if domain.name in row["domains"].split() and row["covered_from"] <= today.isoformat() <= until:
                    found.add((row["right_holder_nir"], row["birth_date"], row["birth_rank"]))
    return found


async def _held(stage: Stage, device: DeviceId) -> bool:
    with stage.database.connect("tierce_office", autocommit=True) as connection:
        for _ in range(int(WATCH_SECONDS * 10)):
            if held_since(connection, device) is not None:
                return True
            await asyncio.sleep(0.1)
    return False
