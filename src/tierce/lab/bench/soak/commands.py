"""The command of the long run."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tierce.kernel.clock import SystemClock
from tierce.kernel.errors import TierceError
from tierce.kernel.language import Language
from tierce.lab.bench.errors import NOTHING
from tierce.lab.bench.giving import JsonTo, give
from tierce.lab.bench.soak.browsers import Told
from tierce.lab.bench.soak.model import Plan, Report
from tierce.lab.bench.soak.service import measure_soak
from tierce.lab.demo.steps import Steps

EPILOG = (
    "Exemples / examples:"
    "\n\n  tierce bench soak --browsers 20 --minutes 2"
    "\n\n  tierce bench soak --minutes 60 --json -"
)
_screen = Console(stderr=True, highlight=False)


def soak(
    *,
    browsers: Annotated[int, typer.Option(min=1, max=5_000, help="Browsers signed in at once.")] = 1_000,
    minutes: Annotated[float, typer.Option(min=0.1, max=1_440, help="How long, once all are signed in.")] = 60,
    think: Annotated[float, typer.Option(min=1, help="Seconds between two visits of a browser, on average.")] = 60,
    people: Annotated[int, typer.Option(min=2_000, help="People of the invented country.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Of whom is asked about, and when.")] = 1,
    json_to: JsonTo = None,
) -> None:
    """Run a whole installation under browsers at its portal, and say how the memory of each process grows."""
    work = Path("var/bench").absolute()
    work.mkdir(parents=True, exist_ok=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=_screen, disable=not _screen.is_terminal, transient=True) as shown:
            task = shown.add_task("signing in", total=1.0)

            def progress(share: float, told: Told) -> None:
                shown.update(task, completed=share, description=f"{len(told.pages) + len(told.asks):,} pages")

            plan = Plan(browsers, minutes, think, people, seed)
            report = measure_soak(plan, work, SystemClock(), Steps(_screen, Language.EN), progress)
    except TierceError as error:
        _screen.print(f"✗ {NOTHING}\n  {error}", markup=False)
        raise typer.Exit(1) from None
    _screen.print(_answers(report))
    _screen.print(_memory(report))
    give(report, json_to)


def _answers(report: Report) -> Table:
    table = Table("figure", "value", title="tierce bench soak")
    table.add_row("pages and questions", f"{report.pages + report.asks:,} in {report.minutes:g} min")
    table.add_row("a second", f"{report.pages_per_s:,}")
    table.add_row("a page, p50 and p99", f"{report.page_ms_p50:g} and {report.page_ms_p99:g} ms")
    table.add_row("a question, p50 and p99", f"{report.ask_ms_p50:g} and {report.ask_ms_p99:g} ms")
    table.add_row("people shown", f"{report.shown:,} of {report.asks:,} questions")
    table.add_row("sign-ins", f"{report.sign_ins:,}")
    for name, count in report.answers.items():
        table.add_row(name, f"{count:,}")
    return table


def _memory(report: Report) -> Table:
    table = Table("process", "start", "settled", "end", "most", "MiB an hour", title="memory of its own, MiB")
    for one in report.memory:
        figures = (one.at_start, one.settled, one.at_end, one.most)
        table.add_row(one.process, *(f"{figure:,.1f}" for figure in figures), f"{one.per_hour:+,.1f}")
    return table
