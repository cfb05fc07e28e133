"""`tierce notice aside`: messages that left to nobody, and the way out of each."""

from typing import Annotated

import msgspec
import typer

from tierce.kernel.clock import SystemClock
from tierce.kernel.errors import FieldError
from tierce.notices.aside import store
from tierce.notices.aside.model import Aside, Road
from tierce.notices.aside.rules import REASONS, ROADS, remedy
from tierce.notices.aside.service import take_up
from tierce.storage.command_line import Json, SettingsFile
from tierce.upkeep.notice.base import desk

LISTED_MAX = 10_000
_EPILOG = """Exemples / examples:
  tierce notice aside list --settings tierce.toml
  tierce notice aside again professional-0123456789abcdef0123 --by "Hélène Vasseur" --reason "relais réparé" --settings tierce.toml
  tierce notice aside settle insurer-1f4a --by "Hélène Vasseur" --reason "prévenu par téléphone" --settings tierce.toml"""  # noqa: E501 - an example that wraps cannot be copied
app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Les messages mis de côté, et comment en sortir. / Messages that were set aside, and the way out.",
)
Numbers = Annotated[list[str], typer.Argument(help="Numéros, de `list`. / Numbers, of `list`.")]
By = Annotated[str, typer.Option(help="Votre nom. / Your name.")]
Reason = Annotated[str, typer.Option(help="Pourquoi, en une phrase. / Why, in one sentence.")]


@app.command("list", epilog=_EPILOG)
def list_(
    *,
    settings: SettingsFile,
    road: Annotated[Road | None, typer.Option(help="Une voie seule. / One road alone.")] = None,
    json: Json = "",
) -> None:
    """Lister ce qui est mis de côté, sans nommer personne. / List what was set aside; nobody is named."""
    with desk(settings) as one:
        found = store.aside(one.connection, LISTED_MAX)
    found = [each for each in found if road in (None, each.road)]
    if json == "-":
        typer.echo(msgspec.json.encode([_values(each) for each in found]))
        return
    for each in found:
        code = f" ({each.code})" if each.code and each.code != each.why else ""
        said, why, way = ROADS[each.road], REASONS[each.why], remedy(each.road, each.why)
        typer.echo(f"{each.number}  {each.since:%Y-%m-%d %H:%M} UTC  {said.fr} / {said.en}")
        typer.echo(f"    {why.fr} / {why.en}{code}")
        typer.echo(f"    → {way.fr} / {way.en}")
    typer.echo(f"{len(found)} mis de côté / set aside", err=True)


@app.command(epilog=_EPILOG)
def again(numbers: Numbers, *, by: By, reason: Reason, settings: SettingsFile) -> None:
    """Réessayer dès le tour suivant. / Have them tried again from the next turn on."""
    _take_up(numbers, by, reason, settings, settle=False)


@app.command(epilog=_EPILOG)
def settle(numbers: Numbers, *, by: By, reason: Reason, settings: SettingsFile) -> None:
    """Classer : prévenu par un autre moyen. / Settle: told by another way; nothing leaves any more."""
    _take_up(numbers, by, reason, settings, settle=True)


def _take_up(numbers: list[str], by: str, reason: str, settings: SettingsFile, *, settle: bool) -> None:
    left = 0
    with desk(settings, pieces=True) as one:
        for number in numbers:
            try:
                take_up(one.connection, one.appender, SystemClock(), number, settle=settle, by=by, why=reason)
            except FieldError as error:
                if error.field != "number":
                    raise
                left += 1
                typer.echo(f"{number} : {error.reason.fr} ; {error.remedy.fr} / {error.reason.en}; {error.remedy.en}")
            else:
                typer.echo(f"✓ {number}")
    if left:
        raise typer.Exit(1)


def _values(one: Aside) -> dict[str, object]:
    way = remedy(one.road, one.why)
    return {
        "number": one.number, "road": one.road, "why": one.why, "code": one.code, "since": one.since,
        "incident": one.incident, "insurer": one.insurer, "remedy": way.en,
    }  # fmt: skip
