"""The theft at the first operator: over HTTP against the live gate, then in bulk where more people are asked for."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from random import Random

from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import Clock
from tierce.kernel.ids import DeviceId, InsurerId, PersonId, SessionId
from tierce.kernel.nir import BirthDate, Nir, Rank, normalise
from tierce.lab.country.population import read_identities
from tierce.lab.demo.attack import DOMAIN, TILLEULS
from tierce.lab.demo.stage import Stage
from tierce.lab.demo.store import professional_of
from tierce.lab.demo.visitors import Identity, enter
from tierce.lab.demo.wire import Wire
from tierce.lab.drill import store
from tierce.lab.drill.operators import Theft, disclosure
from tierce.storage.cluster import SUPERUSER
from tierce.storage.keys import Keyring, Purpose

TRIES = 400
INVOICES_EVERY = 500
"""Of the people written in bulk, one in so many had reimbursements shown too: another cohort, another letter."""
TWICE_EVERY = 50
"""One in so many was asked for twice."""


@dataclass(slots=True)
class Taken:
    """What the thief holds: the ground truth, known to him alone."""

    theft: Theft
    began: datetime
    over_http: int = 0
    in_bulk: int = 0
    tries: int = 0
    pairs: set[store.Pair] = field(default_factory=set)


async def steal(stage: Stage, clock: Clock, seed: int) -> Taken:
    """Relay Dr Morvan's sign-in, then try true identities until the device is held; only what is shown counts."""
    thief = await enter(stage.url("api"), stage.national_id("claire_morvan"), TILLEULS, clock, relayed=True)
    session = await thief.session()
    identities = sorted(set(read_identities(stage.country / "rights")))
    Random(f"{seed}/drill").shuffle(identities)
    with stage.database.connect(SUPERUSER) as admin:
        professional = professional_of(admin, stage.truth["story"]["claire_morvan"]["rpps"])
        place = store.establishment(admin, TILLEULS)
        names = {name: number for number, (_, name) in store.insurers(admin).items()}
    theft = Theft(professional, DeviceId(int(session["device"])), place, SessionId(77))
    taken = Taken(theft, clock.now())
    async with Wire(stage.url("api")) as wire:
        for who in identities[:TRIES]:
            said = await thief.ask(wire, who, DOMAIN, clock.now().date())
            taken.tries += 1
            if said.shown:
                taken.pairs |= _pairs(stage, who, names[str(said.content["insurer"])])
            elif said.status in {403, 429}:
                break
    taken.over_http = len(taken.pairs)
    return taken


def _pairs(stage: Stage, who: Identity, insurer: InsurerId) -> set[store.Pair]:
    """The person behind identifiers, found as an import finds her, never through the journal."""
    index = Keyring(stage.home / "keys", [Purpose.INDEX.value]).hash(Purpose.INDEX)
    key = str(index.uuid(normalise(Nir.parse(who[0]), BirthDate.parse(who[1]), Rank.parse(who[2]))))
    with stage.database.connect(SUPERUSER) as admin:
        return {(person, insurer) for person in store.people(admin, [key])}


def steal_in_bulk(stage: Stage, taken: Taken, people: int, clock: Clock, seed: int) -> None:
    """Write the lines that a thief would have left at a gate without bounds, signed by the real gate's key."""
    missing = people - len({person for person, _ in taken.pairs})
    if missing <= 0:
        return
    known = {person for person, _ in taken.pairs}
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
        lines = []
        for place, (person, insurer) in enumerate(drawn):
            more = DataCategory.REIMBURSEMENTS if place % INVOICES_EVERY == 0 else DataCategory.NONE
            lines.append(disclosure(taken.theft, person, insurer, now + timedelta(microseconds=place), more))
        lines += list(islice(lines, 0, None, TWICE_EVERY))
        store.write_lines(admin, Keyring(stage.home / "keys", ()).instance("api"), lines, now)
    taken.pairs |= set(drawn)
    taken.in_bulk = len(drawn)


def play(stage: Stage, clock: Clock, seed: int) -> Taken:
    """Play the part over HTTP."""
    return asyncio.run(steal(stage, clock, seed))
