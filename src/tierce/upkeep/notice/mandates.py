"""`tierce notice mandate`: who writes to each insurer's people, in writing."""

from typing import Annotated

import msgspec
import typer
from rich.console import Console

from tierce.kernel.clock import PARIS, SystemClock
from tierce.notices.mandates import store
from tierce.notices.mandates.model import LABELS, Mandate, Written
from tierce.notices.mandates.service import write_mandate
from tierce.notices.store import insurers
from tierce.storage.command_line import Json, SettingsFile, whole_table
from tierce.upkeep.notice.base import Insurer, day_of_text, desk

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Qui écrit aux assurés de chaque organisme. / Who writes to each insurer's people.",
)


@app.command(
    epilog=(
        "Exemple / example:  tierce notice mandate write operator-sends --insurer 99100001"
        ' --document "Avenant 3, art. 7" --from 2026-01-01 --settings tierce.toml'
    )
)
def write(
    mandate: Annotated[Mandate, typer.Argument(help="Qui écrit. / Who writes.")],
    *,
    insurer: Insurer,
    document: Annotated[str, typer.Option(help="Le papier signé, par sa référence. / The signed paper's reference.")],
    from_: Annotated[str, typer.Option("--from", help="Premier jour, AAAA-MM-JJ. / First day.")],
    settings: SettingsFile,
    until: Annotated[str, typer.Option(help="Dernier jour, s’il est écrit. / Last day, if written.")] = "",
) -> None:
    """Noter un mandat écrit ; une ligne du journal le dit. / Write a mandate down; a journal line says so."""
    with desk(settings) as one:
        write_mandate(
            one.connection,
            one.appender,
            SystemClock(),
            insurer=one.insurer(insurer),
            mandate=mandate,
            document=document,
            from_day=day_of_text(from_, "from"),
            until_day=day_of_text(until, "until") if until else None,
        )
    typer.echo(f"✓ {insurer} : {LABELS[mandate].fr} / {LABELS[mandate].en}")


@app.command("list", epilog="Exemple / example:  tierce notice mandate list --settings tierce.toml")
def list_(*, settings: SettingsFile, json: Json = "") -> None:
    """Lister les mandats, et ceux qui manquent. / List the mandates, and the insurers that have none."""
    today = SystemClock().now().astimezone(PARIS).date()
    with desk(settings) as one:
        names = insurers(one.connection)
        found = store.written(one.connection)
        held = {number: store.mandate_of(one.connection, number, today) for number in names}
    missing = sorted(amc for number, (amc, _) in names.items() if held[number] is None)
    if json == "-":
        rows = [_row(names[each.insurer][0], each) for each in found]
        typer.echo(msgspec.json.encode({"mandates": rows, "without": missing}))
        return
    table = whole_table("AMC", "organisme / insurer", "mandat / mandate", "document", "du / from", "au / until")
    for each in found:
        amc, name = names[each.insurer]
        until = each.until_day.isoformat() if each.until_day else ""
        table.add_row(amc, name, each.mandate.value, each.document, each.from_day.isoformat(), until)
    Console().print(table)
    if missing:
        typer.echo(f"sans mandat aujourd’hui / without one today: {', '.join(missing)}", err=True)


def _row(amc: str, one: Written) -> dict[str, object]:
    return {
        "amc": amc,
        "mandate": one.mandate.value,
        "document": one.document,
        "from": one.from_day.isoformat(),
        "until": one.until_day.isoformat() if one.until_day else None,
    }
