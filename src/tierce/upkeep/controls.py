"""`tierce controls`: what was promised, what holds it, how it stands now and how it stood on a past day."""

from datetime import date, datetime
from typing import Annotated

import msgspec
import psycopg
import typer

from tierce import __version__
from tierce.controls import store
from tierce.controls.errors import RulesMissingError, SnapshotMissingError
from tierce.controls.model import Standing
from tierce.controls.rules import looked, overdue
from tierce.controls.service import Controls
from tierce.controls.table import controls
from tierce.journal.service import Appender
from tierce.kernel.clock import PARIS, SystemClock
from tierce.kernel.errors import TierceError
from tierce.settings import load
from tierce.storage.command_line import Json, SettingsFile, refuse
from tierce.storage.granted import printed_digest
from tierce.storage.keys import Keyring

ROLE, INSTANCE = "tierce_worker", "worker"
_EPILOG = """
Exemples / examples:

  tierce controls list

  tierce controls check --settings tierce.toml --json -

  tierce controls show --on 2026-11-20 --settings tierce.toml

  tierce controls snapshot --settings tierce.toml

  tierce controls rules --settings tierce.toml

  tierce controls rules 6f1c… --settings tierce.toml > politique.json

Sortie / exit: 0 tout tient / everything holds, 1 une mesure ne tient pas / one does not, 2 refusé / refused.
"""
_MARKS = {Standing.HOLDS: "✓", Standing.FAILS: "✗", Standing.UNKNOWN: "?"}

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_show_locals=False)


@app.callback()
def root() -> None:
    """Les mesures promises. / Promised measures."""


@app.command("list", epilog=_EPILOG)
def list_() -> None:
    """Dire chaque mesure, ce qui la tient, qui en répond et pour quand. / Say each measure and what holds it."""
    day = SystemClock().now().astimezone(PARIS).date()
    for one in controls():
        late = " ✗ en retard / overdue" if one.overdue(day) else ""
        typer.echo(f"{one.key}  {one.measure.fr} / {one.measure.en}")
        typer.echo(f"    {one.owner} · {one.due.isoformat()}{late}")
        for test in one.tests:
            typer.echo(f"    {test}")
        if one.live:
            typer.echo(f"    chaque jour / every day : {one.live}")
        if one.missing:
            typer.echo(f"    pas encore / not yet : {one.missing.fr} / {one.missing.en}")


@app.command(epilog=_EPILOG)
def check(*, settings: SettingsFile, json: Json = "") -> None:
    """Regarder maintenant ce qui tient. / Look now at what holds."""
    try:
        with load(settings).connection().connect(ROLE) as connection:
            readings = store.readings(connection, SystemClock().now())
    except (TierceError, psycopg.OperationalError) as error:
        refuse(error)
    found = looked(readings, printed_digest())
    late = overdue(controls(), readings.at.astimezone(PARIS).date())
    wrong = bool(late) or any(one.standing is Standing.FAILS for one in found)
    if json == "-":
        told = {one.live: {"standing": str(one.standing), "said": one.said.en} for one in found}
        typer.echo(msgspec.json.encode({"checks": told, "overdue": [one.key for one in late]}))
    else:
        for one in found:
            typer.echo(f"{_MARKS[one.standing]} {one.live} : {one.said.fr} / {one.said.en}")
        for control in late:
            typer.echo(f"✗ {control.key} : {control.due.isoformat()} est passé / has passed")
    if wrong:
        raise typer.Exit(1)


@app.command(epilog=_EPILOG)
def show(
    *,
    on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Le jour, à Paris. / The day, in Paris.")],
    settings: SettingsFile,
) -> None:
    """Ouvrir le relevé d’un jour, tel qu’il fut signé. / Open a day's snapshot, as it was signed."""
    try:
        with load(settings).connection().connect(ROLE) as connection:
            found = store.on(connection, date(on.year, on.month, on.day))
        if found is None:
            raise SnapshotMissingError
    except (TierceError, psycopg.OperationalError) as error:
        refuse(error)
    typer.echo(found.note, nl=False)


@app.command(epilog=_EPILOG)
def snapshot(*, settings: SettingsFile) -> None:
    """Prendre le relevé du jour, si ce n’est fait. / Take the day's snapshot, unless it was taken."""
    try:
        read = load(settings)
        key = Keyring(read.key_directory(), ()).instance(INSTANCE)
        with read.connection().connect(ROLE) as connection:
            taking = Controls(Appender.enrol(connection, INSTANCE, key), key, SystemClock(), __version__)
            taken = taking.step(connection)
    except (TierceError, psycopg.OperationalError) as error:
        refuse(error)
    if taken is None:
        typer.echo("le relevé d’aujourd’hui est pris / today's snapshot is taken")
        return
    typer.echo(f"{taken.day.isoformat()} : {taken.holding} tiennent / hold, {taken.failing} non / do not")


@app.command(epilog=_EPILOG)
def rules(
    digest: Annotated[
        str, typer.Argument(help="L’empreinte, ou son début. / The digest, or how it begins.", show_default=False)
    ] = "",
    *,
    settings: SettingsFile,
) -> None:
    """Dire quelles règles furent en vigueur, ou le texte de l’une. / Say which rules were in force, or one's text."""
    try:
        with load(settings).connection().connect(ROLE) as connection:
            found = [one for one in store.kept_rules(connection) if one.digest.hex().startswith(digest.lower())]
            if digest and len(found) != 1:
                raise RulesMissingError
            text = store.rules_text(connection, found[0].digest) if digest else None
    except (TierceError, psycopg.OperationalError) as error:
        refuse(error)
    if text is not None:  # these bytes alone: SHA-256 of them begins with the digest
        typer.echo(text, nl=False)
        return
    for one in found:
        since = one.since.astimezone(PARIS).isoformat(timespec="seconds")
        typer.echo(f"{one.digest.hex()}  {since}  ligne / line {one.entry}")
    if not found:
        typer.echo("aucune : un worker les garde dès son départ / none: a worker keeps them as it starts")
