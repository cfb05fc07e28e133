"""`tierce lab population`: write a synthetic country to a folder."""

import os
import time
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

from tierce.kernel.clock import SystemClock, date_of, paris_day
from tierce.lab.country.population import Format, Plan, write_country
from tierce.storage.command_line import Json

_EPILOG = """
Exemples / examples:

  tierce lab population --persons 20000 --insurers 84 --seed 1 --out /tmp/country

  tierce lab population --persons 2000 --seed 7 --on 2026-11-23 --out /tmp/small --json -

  tierce lab population --persons 1000000 --format parquet --public-directory --out /tmp/million
"""

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def lab() -> None:
    """Le laboratoire : pays inventé, attaques, mesures. / The laboratory: invented country, attacks, measurements."""


@app.command("population", epilog=_EPILOG)
def population(
    *,
    out: Annotated[Path, typer.Option(help="Dossier à créer. / Folder to create.")],
    persons: Annotated[int, typer.Option(help="Personnes inventées. / Invented people.")] = 20_000,
    insurers: Annotated[int, typer.Option(help="Organismes inventés, 1 à 84. / Invented insurers.")] = 84,
    professionals: Annotated[int, typer.Option(help="Professionnels inventés. / Professionals.")] = 600,
    seed: Annotated[int, typer.Option(help="Même graine, mêmes octets. / Same seed, same bytes.")] = 1,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Jour décrit ; aujourd’hui par défaut. / Day described."),
    ] = None,
    processes: Annotated[
        int, typer.Option(help="Processus ; mêmes octets quel que soit leur nombre. / Processes; bytes are the same.")
    ] = 0,
    form: Annotated[Format, typer.Option("--format", help="Fichiers de droits. / Rights files.")] = Format.CSV,
    public_directory: Annotated[
        bool, typer.Option("--public-directory", help="Annuaire Santé et FINESS aussi. / Public layouts too.")
    ] = False,
    json: Json = "",
) -> None:
    """Écrit un pays inventé : organismes, droits, annuaire. / Write an invented country to files."""
    day: date = on.date() if on else date_of(paris_day(SystemClock().now()))
    console = Console(stderr=True)
    started = time.perf_counter()
    try:
        plan = Plan(persons=persons, insurers=insurers, seed=seed, on=day, professionals=professionals)
        with Progress(
            "{task.description}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
        ) as bar:
            task = bar.add_task("Pays inventé / invented country", total=persons)
            truth = write_country(
                plan,
                out,
                lambda made: bar.update(task, completed=made),
                processes=processes or len(os.sched_getaffinity(0)),
                form=form,
                public=public_directory,
            )
    except (ValueError, FileExistsError) as error:
        raise typer.BadParameter(str(error)) from None
    seconds = time.perf_counter() - started
    if json == "-":
        summary = {key: truth[key] for key in ("seed", "on", "persons", "lines", "insurers", "counts", "directory")}
        rate = {"seconds": round(seconds, 3), "persons_per_s": round(persons / seconds)}
        typer.echo(msgspec.json.encode({**summary, **rate}))
    else:
        console.print(
            f"{truth['persons']} personnes, {truth['lines']} lignes, {seconds:.1f} s, "
            f"{persons / seconds:,.0f} personnes/s → {out}"
        )
