"""`tierce contract`: end an insurer's contract, take that back, delete what it had stored."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from psycopg import Connection

from tierce.feeds.commands import open_intake, people_of
from tierce.feeds.intake import Intake
from tierce.kernel.clock import PARIS, SystemClock
from tierce.kernel.durable import replace
from tierce.settings import load
from tierce.storage.command_line import Json, SettingsFile, refusing
from tierce.storage.keys import Keyring
from tierce.upkeep import lines
from tierce.upkeep.contract import store
from tierce.upkeep.contract.model import Ending
from tierce.upkeep.contract.service import Contracts
from tierce.upkeep.progress import bar

_EPILOG = """
Exemples / examples:

  tierce contract end 99100001 --by "Hélène Vasseur" --reason "Contrat résilié au 31 décembre" --settings tierce.toml

  tierce contract resume 99100001 --by "Hélène Vasseur" --reason "Contrat repris" --settings tierce.toml

  tierce contract status 99100001 --settings tierce.toml

  tierce contract delete 99100001 --into certificats --settings tierce.toml

Sortie / exit: 0 fait / done, 1 abandonné / given up, 2 refusé / refused.
"""

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Fin d’un contrat d’organisme. / The end of an insurer's contract.",
)

Amc = Annotated[str, typer.Argument(help="Numéro AMC de l’organisme. / The insurer's AMC number.")]
By = Annotated[str, typer.Option(help="Qui le dit. / Who says so.")]
Reason = Annotated[str, typer.Option(help="Pourquoi, en une phrase. / Why, in one sentence.")]
Yes = Annotated[bool, typer.Option("--yes", help="Ne pas demander. / Do not ask.")]


@app.callback()
def contract() -> None:
    """Fin d’un contrat d’organisme. / The end of an insurer's contract (docs/runbooks/end-a-contract.md)."""


@app.command(epilog=_EPILOG)
def end(amc: Amc, *, by: By, reason: Reason, yes: Yes = False, settings: SettingsFile) -> None:
    """Finir un contrat : ses droits cessent ce soir. / End a contract: its cover ends tonight."""
    with _desk(settings) as (_, contracts), _intake(settings) as intake:
        one = contracts.insurer(amc)
        covered = intake.covered(amc)
        typer.echo(f"{one.name} ({amc}) : {covered:,} personnes couvertes / people covered.")
        if not yes and not typer.confirm("Finir leurs droits ce soir ? / End their cover tonight?"):
            typer.echo("Rien n’est changé. / Nothing was changed.", err=True)
            raise typer.Exit(1)
        written = contracts.end(one, by, reason)
        with bar(one.name, intake.ahead(amc)) as advance:
            ended = intake.end_rights(amc, advance)
    word = "terminé / ended" if written else "déjà terminé / ended before"
    typer.echo(f"✓ contrat / contract {word} ; droits finis / cover ended: {ended:,}")
    typer.echo("  Se reprend jusqu’à la suppression / taken back until the deletion: `tierce contract resume`.")


@app.command(epilog=_EPILOG)
def resume(amc: Amc, *, by: By, reason: Reason, settings: SettingsFile) -> None:
    """Reprendre un contrat terminé. / Take the end of a contract back, or begin a new one."""
    with _desk(settings) as (_, contracts):
        one = contracts.insurer(amc)
        contracts.resume(one, by, reason)
    typer.echo(f"✓ {one.name} ({amc}) : contrat repris / contract resumed.")
    typer.echo("  Prenez la liste des organismes, puis son fichier complet / take in insurers, then its whole file.")


@app.command(epilog=_EPILOG)
def status(
    amc: Annotated[str, typer.Argument(help="Numéro AMC ; tous / AMC number; all.")] = "",
    *,
    settings: SettingsFile,
    json: Json = "",
) -> None:
    """Dire où en sont les contrats terminés. / Say where the contracts that ended stand."""
    with _desk(settings) as (connection, contracts):
        found = store.endings(connection, contracts.insurer(amc).id if amc else None)
        waiting = {
            one.insurer.amc: store.obstacles(connection, one.insurer.id) for one in found if one.deleting is None
        }
    if json == "-":
        rows = [
            {
                "insurer": one.insurer.amc,
                "ended": one.ended,
                "by": one.by,
                "reason": one.why,
                "deleting": one.deleting,
                "deleted": one.deleted,
                "people": one.people,
                "periods": one.periods,
                "obstacles": {each.what: each.number for each in waiting.get(one.insurer.amc, [])},
                "certificate": one.certificate and msgspec.Raw(one.certificate.encode()),
            }
            for one in found
        ]
        typer.echo(msgspec.json.encode(rows))
        return
    for one in found:
        typer.echo(
            f"{one.insurer.amc}  {one.insurer.name} — {one.ended.astimezone(PARIS):%Y-%m-%d}, {one.by} : {one.why}"
        )
        typer.echo(f"    {_stand(one, ready=not waiting.get(one.insurer.amc))}")
        for each in waiting.get(one.insurer.amc, []):
            typer.echo(f"    {each.said}")
    if not found:
        none = "Aucun contrat terminé. / No contract has ended."
        typer.echo(f"{amc} : son contrat n’a pas pris fin / its contract has not ended." if amc else none)


@app.command(epilog=_EPILOG)
def delete(
    amc: Amc,
    *,
    into: Annotated[Path, typer.Option(help="Dossier du certificat. / Folder of the certificate.")] = Path(),
    yes: Yes = False,
    settings: SettingsFile,
) -> None:
    """Supprimer ce que l’organisme avait confié. / Delete what the insurer had stored, its keys last; resumable."""
    with _desk(settings) as (_, contracts):
        one = contracts.insurer(amc)
        into.mkdir(parents=True, exist_ok=True)  # before anything is deleted, for the certificate to have its place
        path = into / f"certificat-contrat-{amc}.json"
        ending = contracts.ending(one)
        if ending is not None and ending.certificate is not None:
            replace(path, f"{ending.certificate}\n".encode())
            typer.echo(f"✓ {path} (déjà fait / done before)")
            return
        if not yes:  # whoever is asked is told first of what is in the way; the deletion itself looks again
            contracts.deletable(one)
        typer.echo(
            f"{one.name} ({amc}) : ses personnes, leurs droits et ses clés. / Its people, their cover, its keys."
        )
        if not yes and not typer.confirm("Supprimer, sans retour ? / Delete, for good?"):
            typer.echo("Rien n’est supprimé. / Nothing was deleted.", err=True)
            raise typer.Exit(1)
        with bar(one.name) as advance:
            text = contracts.delete(one, advance)
        replace(path, f"{text}\n".encode())
    typer.echo(f"✓ {path}")
    typer.echo(
        "  Relancez / restart: api, office, persons, notices (leur mémoire garde les clés / they hold the keys)."
    )


def _stand(one: Ending, *, ready: bool) -> str:
    if one.deleted is not None:
        return (
            f"supprimé le {one.deleted.astimezone(PARIS):%Y-%m-%d} / deleted: {one.people:,} personnes / people,"
            f" {one.periods:,} périodes / periods"
        )
    if one.deleting is not None:
        return f"suppression interrompue à {one.people:,} : relancez / deletion stopped: run `tierce contract delete`"
    return "prêt / ready: `tierce contract delete`" if ready else "à supprimer, après / to be deleted, after:"


@contextmanager
def _intake(settings: Path) -> Iterator[Intake]:
    """What ends rights, as the role of feeds: it seals again what it shortens."""
    read = load(settings)
    with closing(open_intake(read.connection(), read.key_directory(), people_of(read.mode))) as intake:
        yield intake


@contextmanager
def _desk(settings: Path) -> Iterator[tuple[Connection, Contracts]]:
    with refusing():
        read = load(settings)
        key = Keyring(read.key_directory(), ()).instance(lines.INSTANCE)
        with read.connection().connect(lines.ROLE) as connection:
            yield connection, Contracts(connection, lines.enrol(read, connection), key, SystemClock())
