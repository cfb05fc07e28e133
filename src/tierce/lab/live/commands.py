"""`tierce lab live`: an attacker against every process of the platform, over HTTP, beside his simulation."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from tierce.kernel.care import Profession
from tierce.kernel.errors import TierceError
from tierce.kernel.language import Language, Phrase
from tierce.lab.arena.theft import Loot
from tierce.lab.attackers.scenario import Scenario, StolenDevice, load_scenario
from tierce.lab.behaviour.model import NAMES
from tierce.lab.demo.stage import open_stage
from tierce.lab.demo.steps import Steps
from tierce.lab.errors import BoundExceededError, LabError
from tierce.lab.live.play import VICTIMS, Taken, rob
from tierce.lab.runs.runner import Options, play
from tierce.policy.seats import PROBATION_LIMIT, SEATS, cap_of
from tierce.storage.command_line import Json

PERSONS: Final = 3_000
INSURERS: Final = 8
SIMULATED: Final = 30
"""Identities of each profession in the simulation that a live one is compared with."""
_EPILOG = """
Exemples / examples:

  tierce lab live enumeration --json -

  tierce lab live aitm --home /tmp/live
"""
_ROB = Phrase("le vol, sur la plateforme entière", "the theft, on the whole platform")
_SIMULATE = Phrase("le même, simulé", "the same, simulated")

app = typer.Typer(add_completion=False)


class Compared(msgspec.Struct, frozen=True):
    """One identity robbed live for a day, and the first day of its simulation."""

    profession: str
    live_people: int
    live_asks: int
    live_held: bool
    simulated_people_median: float
    simulated_people_max: int
    simulated_held_share: float
    bound: int
    """What the live device may draw in a day: the day's cap of its base seats, or that of probation."""


@app.command("live", epilog=_EPILOG)
def live(
    *,
    name: Annotated[str, typer.Argument(help="Scénario. / Scenario.")],
    seed: Annotated[int, typer.Option(min=0, help="Graine. / Seed.")] = 1,
    home: Annotated[Path, typer.Option(help="Dossier de l’installation. / Folder.")] = Path("var/live"),
    lang: Annotated[Language, typer.Option(help="fr, en.")] = Language.FR,
    json: Json = "",
) -> None:
    """Jouer une attaque contre la plateforme entière. / Play an attack against the whole platform."""
    screen = Console(stderr=True, highlight=False)
    try:
        compared = _compare(load_scenario(name), seed, home, Steps(screen, lang))
    except TierceError as error:
        screen.print(f"tierce lab live: {error}", markup=False)
        raise typer.Exit(1) from None
    if json == "-":
        typer.echo(msgspec.json.encode({"scenario": name, "days": 1, "identities": compared}).decode())
        return
    table = Table("", *(one.profession for one in compared))
    for key in msgspec.structs.fields(Compared)[1:]:
        table.add_row(key.name, *(str(getattr(one, key.name)) for one in compared))
    screen.print(table)


def _compare(scenario: Scenario, seed: int, home: Path, steps: Steps) -> list[Compared]:
    robbed = [who for who in VICTIMS if who in scenario.stolen]
    if not robbed or scenario.device is StolenDevice.DORMANT or scenario.declared:
        msg = f"scenario {scenario.name} cannot be played live: it robs nobody of the stage's story in a day"
        raise LabError(msg)
    with open_stage(home, steps, persons=PERSONS, insurers=INSURERS) as stage, steps.step(_ROB):
        taken = [asyncio.run(rob(stage, scenario, who, seed)) for who in robbed]
    with steps.step(_SIMULATE):
        loots = _simulated(scenario, robbed, seed)
    return [_side_by_side(who, scenario, one, loots[NAMES[who]]) for who, one in zip(robbed, taken, strict=True)]


def _simulated(scenario: Scenario, robbed: list[Profession], seed: int) -> dict[str, list[Loot]]:
    one_day = replace(scenario, days=1, session_days=1, honest={}, stolen=dict.fromkeys(robbed, SIMULATED))
    run = play(one_day, Options(first_seed=seed, processes=len(os.sched_getaffinity(0))), lambda _done, _all: None)
    return {NAMES[who]: [loot for loot in run.every if loot.profession == NAMES[who]] for who in robbed}


def _bound_of(who: Profession, scenario: Scenario) -> int:
    if not scenario.signed:
        return 0
    return cap_of(SEATS[who].a if scenario.device is StolenDevice.OWN else PROBATION_LIMIT)


def _side_by_side(who: Profession, scenario: Scenario, taken: Taken, loots: list[Loot]) -> Compared:
    people = [loot.people for loot in loots]
    bound = _bound_of(who, scenario)
    if len(taken.people) > bound:
        msg = f"live, {NAMES[who]}: {len(taken.people)} people learned, the bound is {bound}"
        raise BoundExceededError(msg)
    return Compared(
        NAMES[who], len(taken.people), taken.asks, taken.held, float(median(people)), max(people),
        round(sum(loot.hold_day >= 0 for loot in loots) / len(loots), 2), bound,
    )  # fmt: skip
