"""`tierce doctor`: look at everything, say what is wrong and how to mend it."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from tierce.kernel.clock import SystemClock
from tierce.kernel.errors import TierceError
from tierce.kernel.language import Language, Phrase
from tierce.settings import load
from tierce.upkeep.doctor import base, files, outside
from tierce.upkeep.doctor.model import Finding, Grade, bad, good
from tierce.upkeep.progress import bar
from tierce.web.names import SETTINGS_VARIABLE

app = typer.Typer(add_completion=False)
_MARKS = {Grade.GOOD: "✓", Grade.WARNING: "!", Grade.BAD: "✗"}


def examine(file: Path) -> list[Finding]:
    """Look at everything that the settings file leads to."""
    clock = SystemClock()
    try:
        settings = load(file)
    except TierceError as error:
        remedy = Phrase("corrigez le fichier de réglages", "correct the settings file")
        return [bad("settings", str(file), Phrase(str(error), str(error)), remedy)]
    steps: tuple[Callable[[], list[Finding]], ...] = (
        lambda: [good("settings", str(file), "les réglages se lisent", "the settings can be read")],
        lambda: files.keys(settings),
        lambda: files.secrets(settings),
        lambda: files.state(settings),
        lambda: files.room(settings),
        lambda: base.reach(settings),
        lambda: base.inside(settings, clock),
        lambda: outside.ports(settings),
        lambda: outside.certificates(settings, clock),
        lambda: outside.names(settings),
        lambda: outside.providers(settings, clock),
    )
    found: list[Finding] = []
    with bar("doctor", len(steps)) as advance:
        for step in steps:
            found += step()
            advance(1)
    return found


@app.command(epilog="Examples:  tierce doctor --settings /etc/tierce/tierce.toml   ·   … --lang en   ·   … --json -")
def doctor(
    *,
    settings: Annotated[Path, typer.Option(help="Fichier de réglages. / Settings file.", envvar=SETTINGS_VARIABLE)],
    lang: Annotated[Language, typer.Option(help="Langue. / Language.")] = Language.FR,
    json: Annotated[str, typer.Option(help="« - » : un objet JSON. / One JSON object.")] = "",
) -> None:
    """Dire ce qui ne va pas et comment le réparer. / Exit 0 all is well, 1 warnings, 2 something is wrong."""
    found = examine(settings)
    worst = max(one.grade for one in found)
    if json == "-":
        said = [
            {
                "code": one.code,
                "grade": one.grade.name.lower(),
                "subject": one.subject,
                "said": one.said[lang],
                "remedy": None if one.remedy is None else one.remedy[lang],
            }
            for one in found
        ]
        typer.echo(msgspec.json.encode({"grade": worst.name.lower(), "findings": said}))
    else:
        for one in found:
            typer.echo(
                f"{_MARKS[one.grade]} {one.subject} : {one.said[lang]}"
                if lang is Language.FR
                else f"{_MARKS[one.grade]} {one.subject}: {one.said[lang]}"
            )  # fmt: skip - the colon differs
            if one.remedy is not None:
                typer.echo(f"    → {one.remedy[lang]}")
    raise typer.Exit(worst.value)
