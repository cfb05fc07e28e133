"""The theft, against live gates: a sign-in relayed, then a machine stolen with its key; in bulk what is beyond them.

Everything over HTTP goes through the gate of a running platform, which shows what its rules let it show. What is
written beforehand is history alone: a machine of long standing, and the people whom its hospital already knows.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from typing import Final

from tierce.kernel.care import Domain, Profession
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import PARIS, Clock, paris_day
from tierce.kernel.ids import DeviceId, InsurerId, PersonId, SessionId
from tierce.kernel.nir import BirthDate, Nir, Rank, normalise
from tierce.lab.country.population import read_identities
from tierce.lab.demo.attack import DOMAIN, REMPARTS, TILLEULS, customers
from tierce.lab.demo.stage import Stage
from tierce.lab.demo.store import professional_of
from tierce.lab.demo.visitors import Asker, Identity, enter
from tierce.lab.demo.wire import Wire
from tierce.lab.drill import store
from tierce.lab.drill.lines import Theft, disclosure
from tierce.lab.live.play import covered
from tierce.lab.live.store import settle_device
from tierce.storage.cluster import SUPERUSER
from tierce.storage.keys import Keyring, Purpose
from tierce.storage.pairs import pair_number

VICTIM: Final = "claire_morvan"
HOSPITAL: Final = "Centre hospitalier de Valbrume"
TRIES: Final = 400
STRANGERS: Final = 120
"""People never seen at the hospital whom the thief asks for at its machine."""
LIVE_MOST: Final = 900
"""People read over HTTP at most: nearly all that the gate shows one hospital machine in a day."""
REFUSED: Final = frozenset({403, 429})
INVOICES_EVERY: Final = 500
"""Of the people written in bulk, one in so many had reimbursements shown too: another cohort, another letter."""
TWICE_EVERY: Final = 50
"""One in so many was asked for twice."""


@dataclass(slots=True)
class Taken:
    """What the thief holds: the ground truth, known to him alone."""

    began: datetime
    devices: list[DeviceId] = field(default_factory=list)
    theft: Theft | None = None
    """The stolen machine's account, device and place."""
    over_http: int = 0
    in_bulk: int = 0
    tries: int = 0
    honest: int = 0
    """Answers shown meanwhile to people at work, the victim among them."""
    history: int = 0
    """People whom the hospital knew beforehand."""
    pairs: set[store.Pair] = field(default_factory=set)


class Thief:
    """Asks one by one at one operator and keeps what is shown, by the identifiers that he typed."""

    def __init__(self, stage: Stage, clock: Clock, seed: int) -> None:
        """Nothing is asked yet."""
        self.stage, self._clock, self._seed = stage, clock, seed
        self._index = Keyring(stage.home / "keys", [Purpose.INDEX.value]).hash(Purpose.INDEX)
        self._shown: list[tuple[str, str]] = []
        self.tries = 0

    async def relayed(self) -> DeviceId:
        """Relay Dr Morvan's sign-in, as in January 2024, and try true identities until refused outright."""
        stage = self.stage
        asker = await enter(stage.url("api"), stage.national_id(VICTIM), TILLEULS, self._clock, relayed=True)
        identities = sorted(set(read_identities(stage.country / "rights")))
        Random(f"{self._seed}/drill").shuffle(identities)
        await self.ask(asker, identities[:TRIES], DOMAIN, TRIES)
        return await _device(asker)

    async def ask(self, asker: Asker, people: Iterable[Identity], domain: str, most: int) -> None:
        """Ask for people one by one until `most` were shown or the door closes."""
        wanted, today = len(self._shown) + most, self._clock.now().astimezone(PARIS).date()
        async with Wire(self.stage.url("api")) as wire:
            for who in people:
                if len(self._shown) >= wanted:
                    return
                said = await asker.ask(wire, who, domain, today)
                self.tries += 1
                if said.shown:
                    self._shown.append((self._key(who), str(said.content["insurer"])))
                elif said.status in REFUSED:
                    return

    def pairs(self) -> set[store.Pair]:
        """Person and insurer of all that was shown, found as an import finds them, never through the journal."""
        with self.stage.database.connect(SUPERUSER) as admin:
            numbers = {name: number for number, (_, name) in store.insurers(admin).items()}
            people = store.people(admin, [key for key, _ in self._shown])
        return {(person, numbers[name]) for key, name in self._shown for person in people[key]}

    def _key(self, who: Identity) -> str:
        return str(self._index.uuid(canonical(who)))


def canonical(who: Identity) -> bytes:
    """Identifiers as every keyed number takes them."""
    return normalise(Nir.parse(who[0]), BirthDate.parse(who[1]), Rank.parse(who[2]))


async def _device(asker: Asker) -> DeviceId:
    return DeviceId(int((await asker.session())["device"]))


async def play(stage: Stage, people: int, clock: Clock, seed: int) -> Taken:
    """Play everything over HTTP at the first operator; only what is shown counts."""
    thief, taken = Thief(stage, clock, seed), Taken(clock.now())
    taken.devices.append(await thief.relayed())
    taken.honest = await _at_work(stage, clock)
    left = people - len(thief.pairs())
    if left > 0:
        await _machine(thief, taken, left, clock, seed)
    taken.pairs, taken.tries = thief.pairs(), thief.tries
    taken.over_http = len(taken.pairs)
    return taken


async def _machine(thief: Thief, taken: Taken, wanted: int, clock: Clock, seed: int) -> None:
    """Her machine at the hospital, stolen with its key: strangers first, then the hospital's own patients."""
    stage, day = thief.stage, paris_day(clock.now())
    asker = await enter(stage.url("api"), stage.national_id(VICTIM), HOSPITAL, clock)
    device = await _device(asker)
    people = sorted(covered(stage, Domain.HOSP, clock.now().astimezone(PARIS).date()))
    Random(f"{seed}/hospital").shuffle(people)
    strangers, known = people[:STRANGERS], people[STRANGERS : STRANGERS + wanted]
    with stage.database.connect(SUPERUSER) as admin:
        professional = professional_of(admin, stage.truth["story"][VICTIM]["rpps"])
        place = store.establishment(admin, HOSPITAL)
        settle_device(admin, device, Profession.HOSPITAL, day)
        key = Keyring(stage.home / "keys", [Purpose.PAIR.value]).hash(Purpose.PAIR)
        pairs = [pair_number(key, place, canonical(who)) for who in known]
        store.remember_pairs(admin, pairs, day)
    taken.devices.append(device)
    taken.history = len(known)
    taken.theft = Theft(professional, device, place, SessionId(77))
    await thief.ask(asker, [*strangers, *known], Domain.HOSP.name, wanted)


async def _at_work(stage: Stage, clock: Clock) -> int:
    """Meanwhile Dr Morvan serves a patient on her own machine, and an optician her customers: on no list."""
    shown, today = 0, clock.now().astimezone(PARIS).date()
    patient = stage.person("paul_lenoir")
    paul = (patient["nir"], patient["birth_date"], str(patient["rank"]))
    served = ((VICTIM, TILLEULS, DOMAIN, [paul]), ("nadia_ferrand", REMPARTS, "OPTI", customers(stage)))
    async with Wire(stage.url("api")) as wire:
        for who, place, domain, people in served:
            asker = await enter(stage.url("api"), stage.national_id(who), place, clock)
            for one in people:
                shown += (await asker.ask(wire, one, domain, today)).shown
    return shown


def steal_in_bulk(stage: Stage, taken: Taken, people: int, clock: Clock, seed: int) -> None:
    """Write the lines that a thief would have left at a gate without bounds, signed by the real gate's key."""
    known = {person for person, _ in taken.pairs}
    missing = people - len(known)
    if missing <= 0 or taken.theft is None:
        return
    with stage.database.connect(SUPERUSER) as admin:
        drawn: list[store.Pair] = []
        chosen: set[PersonId] = set()
        for person, insurer in store.pairs(admin, f"{seed}/bulk"):
            if person in known:
                continue
            if person not in chosen and len(chosen) == missing:
                break
            chosen.add(person)
            drawn.append((person, insurer))
        now = clock.now()
        lines = [
            disclosure(taken.theft, person, insurer, now + timedelta(microseconds=place), _more(place))
            for place, (person, insurer) in enumerate(drawn)
        ]
        lines += list(islice(lines, 0, None, TWICE_EVERY))
        store.write_lines(admin, Keyring(stage.home / "keys", ()).instance("api"), lines, now)
    taken.pairs |= set(drawn)
    taken.in_bulk = len(drawn)


def _more(place: int) -> DataCategory:
    return DataCategory.REIMBURSEMENTS if place % INVOICES_EVERY == 0 else DataCategory.NONE


def by_insurer(pairs: Iterable[store.Pair]) -> dict[InsurerId, int]:
    """Pairs counted by insurer."""
    found: dict[InsurerId, int] = {}
    for _, insurer in pairs:
        found[insurer] = found.get(insurer, 0) + 1
    return found
