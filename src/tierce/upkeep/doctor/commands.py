"""`tierce doctor`: look at everything, say what is wrong and how to mend it."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
import psycopg
import typer

from tierce.kernel.clock import SystemClock
from tierce.kernel.errors import TierceError
from tierce.kernel.language import Language, Phrase
from tierce.settings import Settings, SettingsError, load
from tierce.storage.command_line import Json, SettingsFile
from tierce.upkeep.doctor import base, files, lines, lookups, outside, standbys
from tierce.upkeep.doctor.model import Finding, Grade, bad, good
from tierce.upkeep.progress import bar

app = typer.Typer(add_completion=False)
_MARKS = {Grade.GOOD: "✓", Grade.WARNING: "!", Grade.BAD: "✗"}


def examine(file: Path) -> list[Finding]:
    """Look at everything that the settings file leads to."""
    try:
        settings = load(file)
    except SettingsError as error:
        remedy = Phrase("corrigez le fichier de réglages", "correct the settings file")
        return [bad("settings", str(file), error.why, remedy)]
    return [good("settings", str(file), "les réglages se lisent", "the settings can be read"), *examine_all(settings)]


def examine_all(settings: Settings) -> list[Finding]:
    """Look at everything that the settings lead to."""
    clock = SystemClock()
    steps: dict[str, Callable[[], list[Finding]]] = {
        "keys": lambda: files.keys(settings, lookups.unused(settings)),
        "ages": lambda: files.replaced(settings, clock),
        "secrets": lambda: files.secrets(settings),
        "state": lambda: files.state(settings),
        "room": lambda: files.room(settings),
        "roles": lambda: base.reach(settings),
        "locks": lambda: base.locks(settings),
        "standbys": lambda: standbys.followed(settings),
        "database": lambda: base.inside(settings, clock),
        "lines": lambda: lines.sampled(settings),
        "sites": lambda: outside.ports(settings),
        "certificates": lambda: outside.certificates(settings, clock),
        "names": lambda: outside.names(settings),
        "providers": lambda: outside.providers(settings, clock),
        "relay": lambda: outside.relay(settings),
    }
    found: list[Finding] = []
    with bar("doctor", len(steps)) as advance:
        for name, step in steps.items():
            found += _looked(name, step)
            advance(1)
    return found


def _looked(name: str, step: Callable[[], list[Finding]]) -> list[Finding]:
    """What a step finds; one that cannot look says so, and the others look all the same."""
    try:
        return step()
    except (OSError, psycopg.Error, TierceError) as error:
        kind = type(error).__name__
        said = Phrase(f"n’a pas pu être regardé ({kind})", f"could not be looked at ({kind})")
        remedy = Phrase(
            "réparez d’abord les autres constats, et lancez la commande en tant que root",
            "mend the other findings first, and run this command as root",
        )
        return [bad("not-looked", name, said, remedy)]


@app.command(
    epilog=(
        "Exemples / examples:"
        "\n\n  tierce doctor --settings /etc/tierce/tierce.toml"
        "\n\n  tierce doctor --settings /etc/tierce/tierce.toml --lang en"
        "\n\n  tierce doctor --settings /etc/tierce/tierce.toml --json -"
        "\n\nSortie / exit: 0 tout va bien / all is well, 1 à surveiller / warnings, 2 à réparer / to mend."
    )
)
def doctor(
    *,
    settings: SettingsFile,
    lang: Annotated[Language, typer.Option(help="Langue. / Language.")] = Language.FR,
    json: Json = "",
) -> None:
    """Dire ce qui ne va pas, et comment le réparer. / Say what is wrong, and how to mend it."""
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
