"""`tierce lab run`: play a scenario against the gate's rules and print what was learned, and the bound."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tierce.kernel.errors import TierceError
from tierce.kernel.language import Language
from tierce.lab.arena.causes import Cause
from tierce.lab.arena.crowd import Hindered, Sharing
from tierce.lab.arena.parts import Parts, without
from tierce.lab.attackers.scenario import load_attackers, load_scenario, names
from tierce.lab.behaviour.model import PRESENCE
from tierce.lab.errors import LabError
from tierce.lab.league.table import league
from tierce.lab.report.page import write_report
from tierce.lab.report.words import number
from tierce.lab.runs.figures import Figures, Run, figures_of
from tierce.lab.runs.runner import Options, play
from tierce.storage.command_line import Json

SEEDS_MAX: Final = 1_000
_EPILOG = """
Exemples / examples:

  tierce lab run enumeration --seeds 20 --json -

  tierce lab run amelipro-2022 --seeds 5 --report /tmp/amelipro

  tierce lab run list-replay --presence half --without evidence

  tierce lab run honest-year --causes --devices 3

  tierce lab run mine.toml --attackers mine.py --seeds 3
"""

_LEAGUE_EPILOG = """
Exemples / examples:

  tierce lab league list-replay --seeds 3

  tierce lab league amelipro-2022 --json -
"""

app = typer.Typer(add_completion=False)
_screen = Console(stderr=True, highlight=False)


@app.command("run", epilog=_EPILOG)
def run(
    *,
    name: Annotated[str, typer.Argument(help="Scénario, ou fichier .toml. / Scenario, or a .toml file.")],
    seeds: Annotated[int, typer.Option(min=1, max=SEEDS_MAX, help="Tirages. / Draws.")] = 5,
    first_seed: Annotated[int, typer.Option(min=0, help="Première graine. / First seed.")] = 1,
    presence: Annotated[
        str, typer.Option(help="today, half, full : preuves. / Share that proves presence.")
    ] = "today",
    twins: Annotated[bool, typer.Option("--twins", help="Jumeaux leurres. / Sex-flipped decoys.")] = False,
    without_part: Annotated[
        str, typer.Option("--without", help="Laisse une partie de la règle. / Leave one part of the rule out.")
    ] = "",
    attackers: Annotated[Path | None, typer.Option(help="Vos attaquants (.py). / Attackers of your own.")] = None,
    report: Annotated[Path | None, typer.Option(help="Dossier du rapport HTML. / Folder of the report.")] = None,
    lang: Annotated[Language, typer.Option(help="Langue du rapport d’abord. / Language shown first.")] = Language.FR,
    processes: Annotated[int, typer.Option(min=0, help="0 : un par processeur. / 0 for one a processor.")] = 0,
    professionals: Annotated[
        int, typer.Option(min=1, max=40, help="Professionnels par lieu. / Professionals at one place.")
    ] = 1,
    devices: Annotated[int, typer.Option(min=1, max=40, help="Postes de chacun. / Devices of each of them.")] = 1,
    causes: Annotated[
        bool, typer.Option("--causes", help="Pourquoi on demande une preuve. / Why proofs are asked.")
    ] = (False),
    json: Json = "",
) -> None:
    """Jouer une attaque contre la règle. / Play an attack against the rule."""
    try:
        if attackers is not None:
            load_attackers(attackers)
        scenario = load_scenario(name)
        options = Options(
            seeds, first_seed, _presence(presence), _parts(without_part, twins=twins),
            processes or len(os.sched_getaffinity(0)), attackers, sharing=Sharing(professionals, devices),
        )  # fmt: skip
        with _bar() as bar:
            task = bar.add_task(scenario.title[lang], total=None)
            played = play(scenario, options, lambda done, total: bar.update(task, completed=done, total=total))
        figures = figures_of(played)
        if report is not None:
            write_report(report, scenario, options, played, figures, lang)
    except TierceError as error:
        _screen.print(f"tierce lab run: {error}", markup=False)
        raise typer.Exit(1) from None
    if json == "-":
        typer.echo(msgspec.json.encode(figures).decode())
    else:
        _screen.print(table_of(scenario.title[lang], figures, played))
    if causes:
        _screen.print(causes_of(played.hindered))


@app.command("league", epilog=_LEAGUE_EPILOG)
def league_table(
    *,
    name: Annotated[str, typer.Argument(help="Scénario. / Scenario.")] = "list-replay",
    seeds: Annotated[int, typer.Option(min=1, max=SEEDS_MAX, help="Tirages. / Draws.")] = 3,
    lang: Annotated[Language, typer.Option(help="Langue du tableau. / Language of the table.")] = Language.FR,
    processes: Annotated[int, typer.Option(min=0, help="0 : un par processeur. / 0 for one a processor.")] = 0,
    json: Json = "",
) -> None:
    """Comparer la règle à d’autres limites. / Compare the rule with other limits."""
    try:
        scenario = load_scenario(name)
        if not scenario.stolen:
            msg = f"scenario {name} robs nobody: a league table needs a theft"
            raise LabError(msg)
        with _bar() as bar:
            task = bar.add_task("ligue / league", total=None)
            options = Options(seeds, processes=processes or len(os.sched_getaffinity(0)))
            rows = league(scenario, options, lambda done, total: bar.update(task, completed=done, total=total))
    except TierceError as error:
        _screen.print(f"tierce lab league: {error}", markup=False)
        raise typer.Exit(1) from None
    if json == "-":
        typer.echo(msgspec.json.encode({"scenario": name, "days": scenario.days, "rows": rows}).decode())
        return
    heads = ("règle", "par identité", "en tout", "gêne, ‰"), ("rule", "per identity", "in all", "hindrance, ‰")
    table = Table(*heads[lang is Language.EN], title=scenario.title[lang])
    for row in rows:
        hindered = "≈ 0" if row.step_ups_per_1000 is None else f"{row.step_ups_per_1000:g}"
        told = row.name_fr if lang is Language.FR else row.name_en
        table.add_row(told, number(row.people_per_identity, lang), number(row.people_total, lang), hindered)
    _screen.print(table)


@app.command("scenarios", epilog="Exemple / example:  tierce lab scenarios")
def scenarios() -> None:
    """Nommer les scénarios. / Name the scenarios."""
    table = Table("nom / name", "français", "English")
    for name in names():
        title = load_scenario(name).title
        table.add_row(name, title.fr, title.en)
    Console().print(table)


def table_of(title: str, figures: Figures, played: Run) -> Table:
    """The figures for a terminal."""
    table = Table(title=title, show_header=False)
    told = msgspec.to_builtins(figures)
    hindered = told.pop("step_ups_per_1000")
    for key, value in told.items():
        table.add_row(key, "∞" if value is None else f"{value:g}")
    table.add_section()
    for who, value in hindered.items():
        count = played.hindered.get(who)
        table.add_row(f"step_ups_per_1000 {who}", f"{value:g}" if count else "–")
    if played.neighbours:
        table.add_section()
        for who, count in played.neighbours.items():
            table.add_row(f"neighbours' step_ups_per_1000 {who}", f"{count.per_1000:.2f}")
            table.add_row(f"  of them for a shared line {who}", f"{count.per_1000_of(Cause.SHARED):.2f}")
    return table


def causes_of(hindered: Mapping[str, Hindered]) -> Table:
    """Proofs asked, of a thousand honest asks, by cause and profession."""
    table = Table("cause, ‰", *hindered, title="Pourquoi une preuve est demandée / Why a proof is asked")
    for cause in Cause:
        told = [f"{each.per_1000_of(cause):.2f}" if each.causes[cause] else "" for each in hindered.values()]
        if any(told):
            table.add_row(cause.value, *told)
    table.add_section()
    table.add_row("in all", *(f"{each.per_1000:.2f}" for each in hindered.values()))
    table.add_row("settled devices", *(f"{each.settled_per_1000:.2f}" for each in hindered.values()))
    table.add_row("held wrongly", *(str(each.false_holds) for each in hindered.values()))
    table.add_row("login-device years", *(f"{each.days / 365.25:.0f}" for each in hindered.values()))
    return table


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=_screen,
    )  # fmt: skip


def _presence(told: str) -> str:
    if told not in PRESENCE:
        msg = f"--presence: one of {', '.join(PRESENCE)} is needed"
        raise LabError(msg)
    return told


def _parts(left_out: str, *, twins: bool) -> Parts:
    return replace(without(left_out) if left_out else Parts(), twins=twins)
