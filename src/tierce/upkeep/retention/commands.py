"""`tierce retention`: remove what is past its duration, say what would be, print the page."""

from typing import Annotated

import msgspec
import typer

from tierce import __version__
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.policy.digest import policy_digest
from tierce.policy.kept import Kept
from tierce.policy.retention import RETENTION
from tierce.settings import load
from tierce.storage import heartbeat
from tierce.storage.command_line import Json, SettingsFile, refusing
from tierce.storage.keys import Keyring
from tierce.upkeep.progress import bar
from tierce.upkeep.retention import page as retention_page
from tierce.upkeep.retention.service import Retention

ROLE = "tierce_upkeep"
INSTANCE = "upkeep"

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Durées de conservation. / Remove what is past its duration."
)


@app.callback()
def retention() -> None:
    """Durées de conservation. / Remove what is past its duration (docs/privacy/retention.md)."""


@app.command(
    epilog=(
        "Exemples / examples:"
        "\n\n  tierce retention run --settings tierce.toml --dry-run"
        "\n\n  tierce retention run --settings tierce.toml --json -"
    )
)
def run(
    *,
    settings: SettingsFile,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Compter sans rien retirer. / Count, remove nothing.")
    ] = False,
    json: Json = "",
) -> None:
    """Retirer ce qui a dépassé sa durée. / Remove what is past its duration; safe to stop and to run again."""
    with refusing("la conservation s’est arrêtée / retention stopped"):
        read = load(settings)
        key = Keyring(read.key_directory(), ()).instance(INSTANCE)
        with read.connection().connect(ROLE) as connection, bar("conservation / retention") as advance:
            appender, folder = Appender.enrol(connection, INSTANCE, key), read.letters_directory()
            job = Retention(connection, appender, SystemClock(), policy_digest(), folder)
            counts = job.due() if dry_run else job.run(lambda _kept, rows: advance(rows))
            if not dry_run:
                heartbeat.job_ended(connection, "retention", __version__)
    if json == "-":
        typer.echo(msgspec.json.encode({"dry_run": dry_run, "rows": {kept.name: n for kept, n in counts.items()}}))
        return
    _print(counts, dry_run=dry_run)


@app.command(epilog="Exemple / example:  tierce retention page > docs/privacy/retention.md")
def page() -> None:
    """Écrire la page du tableau. / Print the page of the table."""
    typer.echo(retention_page.render(), nl=False)


def _print(counts: dict[Kept, int], *, dry_run: bool) -> None:
    for kept, rows in counts.items():
        if rows:
            what = RETENTION[kept].what
            typer.echo(f"{rows:>10,}  {what.fr} / {what.en}")
    total = sum(counts.values())
    said = "seraient retirées / would be removed" if dry_run else "retirées / removed"
    typer.echo(f"{total:>10,}  lignes / rows {said}")
