"""The command of the bench of notices: its parts, one after the other."""

from dataclasses import asdict
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from tierce.kernel.errors import TierceError
from tierce.lab.bench.errors import NOTHING
from tierce.lab.bench.notices.messages import measure_messages
from tierce.lab.bench.notices.records import NATIONAL, SMALL, measure_records

EPILOG = (
    "Exemples / examples:"
    "\n\n  tierce bench notices --json -"
    "\n\n  tierce bench notices --national --processes 2 --json -"
)
_screen = Console(stderr=True, highlight=False)


def notices(
    *,
    number: Annotated[int, typer.Option("--notices", min=1_000, help="Records of notices.")] = SMALL,
    national: Annotated[bool, typer.Option("--national", help="33 million records.")] = False,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Processes that prepare.")] = 2,
    emails: Annotated[int, typer.Option(min=1, help="Messages sent into a mail server of this machine.")] = 3_000,
    letters: Annotated[int, typer.Option(min=1, help="Letters printed.")] = 600,
    connections: Annotated[int, typer.Option(min=1, max=64, help="Connections to the mail server.")] = 8,
    json: Annotated[str, typer.Option("--json", help="« - » : one JSON object on the output.")] = "",
) -> None:
    """Measure notices: records for 84 insurers, signed messages, printed letters."""
    try:
        with _screen.status("records") as status:
            report = measure_records(NATIONAL if national else number, processes, status.update)
            sent = measure_messages(emails, letters, connections, status.update)
    except TierceError as error:
        _screen.print(f"✗ {NOTHING}\n  {error}", markup=False)
        raise typer.Exit(1) from None
    figures = {**asdict(sent), **asdict(report)}
    if json == "-":
        typer.echo(msgspec.json.encode(figures))
        return
    table = Table("figure", "value")
    for name, value in figures.items():
        table.add_row(name, f"{value:,}")
    Console().print(table)
