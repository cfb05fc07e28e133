"""The command of the return."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tierce.kernel.clock import SystemClock
from tierce.kernel.errors import TierceError
from tierce.kernel.language import Language
from tierce.lab.bench.errors import NOTHING
from tierce.lab.bench.giving import JsonTo, give
from tierce.lab.bench.returning.model import Plan, Report
from tierce.lab.bench.returning.service import measure_return
from tierce.lab.demo.steps import Steps
from tierce.policy.returning import SIGN_INS_A_SECOND, SIGN_INS_MOST

EPILOG = (
    "Exemples / examples:"
    "\n\n  tierce bench return --professionals 100"
    "\n\n  tierce bench return --professionals 400 --sign-ins 1000 --json -"
)
_screen = Console(stderr=True, highlight=False)


def come_back(
    *,
    professionals: Annotated[int, typer.Option(min=1, max=5_000, help="Who come back in the same moment.")] = 400,
    inside: Annotated[int, typer.Option(min=1, max=1_000, help="Who are in already, and work.")] = 30,
    sign_ins: Annotated[
        int, typer.Option(min=1, max=SIGN_INS_MOST, help="Sign-ins that the portal lets begin each second.")
    ] = SIGN_INS_A_SECOND,
    think: Annotated[float, typer.Option(min=1, help="Seconds between two visits of one who is in, on average.")] = 5,
    calm: Annotated[float, typer.Option(min=1, max=600, help="Seconds of work before they come.")] = 20,
    people: Annotated[int, typer.Option(min=2_000, help="People of the invented country.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Of whom is asked about, and when.")] = 1,
    json_to: JsonTo = None,
) -> None:
    """Let everybody sign in at once, and say what those who were in felt of it, and when the last one was in."""
    work = Path("var/bench").absolute()
    work.mkdir(parents=True, exist_ok=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    plan = Plan(professionals, inside, sign_ins, think, calm, people, seed)
    try:
        with Progress(*columns, console=_screen, disable=not _screen.is_terminal, transient=True) as shown:
            task = shown.add_task("signed in", total=professionals)

            def progress(signed_in: int) -> None:
                shown.update(task, completed=signed_in)

            report = measure_return(plan, work, SystemClock(), Steps(_screen, Language.EN), progress)
    except TierceError as error:
        _screen.print(f"✗ {NOTHING}\n  {error}", markup=False)
        raise typer.Exit(1) from None
    _screen.print(_table(report))
    give(report, json_to)


def _table(report: Report) -> Table:
    table = Table("figure", "before", "during", title="tierce bench return")
    both = (report.before, report.during)
    table.add_row("seconds", *(f"{one.seconds:g}" for one in both))
    table.add_row("pages and questions of those in", *(f"{one.pages + one.asks:,}" for one in both))
    table.add_row("a page, p50 and p99, ms", *(f"{one.page_ms_p50:g}, {one.page_ms_p99:g}" for one in both))
    table.add_row("a question, p50 and p99, ms", *(f"{one.ask_ms_p50:g}, {one.ask_ms_p99:g}" for one in both))
    table.add_row("signed in", "", f"{report.came_in:,} of {report.professionals:,}")
    table.add_row("sign-ins a second", "", f"{report.sign_ins_per_s:g}")
    table.add_row("had to wait for a turn", "", f"{report.given_a_turn:,}")
    table.add_row("half were in after, the last after", "", f"{report.in_s_p50:g} s, {report.last_in_s:g} s")
    table.add_row("once let in, p50 and p99, ms", "", f"{report.signing_in_ms_p50:g}, {report.signing_in_ms_p99:g}")
    for name, count in report.answers.items():
        table.add_row(name, "", f"{count:,}")
    return table
