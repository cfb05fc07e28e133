"""What a measurement found, as the one JSON object that its command gives."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

JsonTo = Annotated[
    str | None, typer.Option("--json", help="Write one JSON object to this file, or to standard output for -.")
]


def give(report: object, json_to: str | None) -> None:
    """Write it to a file, to standard output for "-", or nowhere for None."""
    if json_to == "-":
        typer.echo(msgspec.json.encode(report).decode())
    elif json_to is not None:
        Path(json_to).write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
