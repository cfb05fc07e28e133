"""`tierce journal`: verify the whole journal, print and check proofs, print the log's public key."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress

from tierce.journal.note import parse_verifier_key, verifier_key
from tierce.journal.segments.commands import REDACT_EPILOG, SEAL_EPILOG, TILES_EPILOG, redact, seal, tiles
from tierce.journal.service import LOG_KEY_NAME, LOG_ORIGIN, prove
from tierce.journal.standing import record
from tierce.journal.tiles.folder import LogFolder
from tierce.journal.verifier.check import Journal
from tierce.journal.verifier.check import verify as verify_journal
from tierce.journal.verifier.model import MEANS, Report
from tierce.journal.verifier.proof import check_proof
from tierce.journal.witness.cosignature import WitnessKey
from tierce.kernel.errors import TierceError
from tierce.kernel.ids import EntrySeq
from tierce.storage.command_line import Host, Json, Keys, Log, Name, Origin, Port, Secrets, refuse
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

ROLE = "tierce_office"

app = typer.Typer(add_completion=False, no_args_is_help=True)

LogKey = Annotated[
    str,
    typer.Option(
        envvar="TIERCE_LOG_KEY",
        help="Clé publique du journal, gardée hors de la base. / The log's public key line, kept elsewhere.",
    ),
]


app.command(epilog=SEAL_EPILOG)(seal)
app.command(epilog=REDACT_EPILOG)(redact)
app.command(epilog=TILES_EPILOG)(tiles)


@app.callback()
def journal() -> None:
    """Vérifier le journal et prouver ses lignes. / Verify the journal and prove its lines."""


@app.command(epilog="Exemple / example:  tierce journal key --keys etc/keys > log.pub")
def key(*, keys: Keys, origin: Origin = LOG_ORIGIN) -> None:
    """Écrire la clé publique du journal, à garder ailleurs. / Print the log's public key, to be kept elsewhere."""
    try:
        private = Keyring(keys, ()).instance(LOG_KEY_NAME)
    except TierceError as error:
        refuse(error)
    typer.echo(verifier_key(origin, private.public_key()))


@app.command(
    epilog=(
        "Exemple / example:  "
        'tierce journal verify --secrets etc/secrets --log-key "$(cat log.pub)" --log var/log --segments var/segments'
    )
)
def verify(
    *,
    secrets: Secrets,
    log_key: LogKey,
    log: Log,
    segments: Annotated[
        Path | None,
        typer.Option(
            envvar="TIERCE_SEGMENTS_FOLDER", help="Dossier des segments scellés. / Folder of sealed segments."
        ),
    ] = None,
    kept: Annotated[
        list[Path] | None,
        typer.Option(exists=True, dir_okay=False, help="Point de contrôle gardé. / A checkpoint kept elsewhere."),
    ] = None,
    retired: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Clés d’avant, log-retired.pub. / The log's earlier keys."),
    ] = None,
    witness: Annotated[
        list[str] | None,
        typer.Option(help="Clé publique d’un témoin, donnée par lui. / A witness's public line, given by it."),
    ] = None,
    host: Host = "127.0.0.1",
    port: Port = 5432,
    name: Name = "tierce",
    signatures: Annotated[
        int,
        typer.Option("--signatures", min=1, help="Signature d’un lot sur N ; 1 : tous. / Of one batch in N."),
    ] = 1,
    processes: Annotated[
        int, typer.Option(min=0, max=64, help="Processus ; 0 : un par processeur. / 0: one a processor.")
    ] = 0,
    json: Json = "",
) -> None:
    """Tout relire ; sortie 0 intact, 1 altéré, 2 refusé. / Read it all; exit 0 intact, 1 altered, 2 refused."""
    try:
        parse_verifier_key(log_key)
        for line in witness or []:
            WitnessKey.parse(line)
        notes = [path.read_text("utf-8") for path in kept or []]
        earlier = [one for one in (retired.read_text("utf-8") if retired else "").splitlines() if one.strip()]
        journal = Journal(Database(host, port, name, secrets).dsn(ROLE), log, segments)
        with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as shown:
            bar = shown.add_task("vérification / verification", total=None)
            report = verify_journal(
                journal,
                log_key,
                notes,
                earlier,
                witnesses=witness or [],
                sample=signatures,
                processes=processes or len(os.sched_getaffinity(0)),
                progress=lambda leaves: shown.update(bar, advance=leaves),
            )
        with Database(host, port, name, secrets).connect(ROLE) as connection:
            record(connection, report)
    except TierceError as error:
        refuse(error)
    if json == "-":
        typer.echo(msgspec.json.encode(_as_object(report)))
    _print(report)
    raise typer.Exit(0 if report.intact else 1)


@app.command(
    epilog="Exemple / example:  tierce journal proof 123456 --secrets etc/secrets --log var/log > 123456.proof"
)
def proof(
    *,
    seq: Annotated[int, typer.Argument(help="Numéro de la ligne. / The entry's number.")],
    secrets: Secrets,
    log: Log,
    host: Host = "127.0.0.1",
    port: Port = 5432,
    name: Name = "tierce",
) -> None:
    """Écrire la preuve d’une ligne (JSON). / Print the proof file of an entry."""
    try:
        with Database(host, port, name, secrets).connect(ROLE) as connection:
            made = prove(connection, LogFolder(log), EntrySeq(seq))
    except TierceError as error:
        refuse(error)
    typer.echo(made.to_json(), nl=False)


@app.command(epilog='Exemple / example:  tierce journal check 123456.proof --log-key "$(cat log.pub)"')
def check(*, file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)], log_key: LogKey) -> None:
    """Vérifier une preuve, sans base de données. / Check a proof file; no database is needed."""
    try:
        proved = check_proof(file.read_bytes(), log_key)
    except TierceError as error:
        refuse(error, code=1)
    typer.echo(
        f"✓ La ligne {proved.seq} est la feuille {proved.index} d’un journal de {proved.size} lignes. / "
        f"Entry {proved.seq} is leaf {proved.index} of a log of {proved.size}."
    )


def _as_object(report: Report) -> dict[str, Any]:
    return {"intact": report.intact, **msgspec.to_builtins(report)}


def _print(report: Report) -> None:
    for one in report.findings:
        places = (("seq", one.seq), ("index", one.index), ("block", one.block))
        where = ", ".join(f"{label} {value}" for label, value in places if value is not None)
        typer.echo(f"{one.severity.value:5} {one.code} [{where}] {MEANS[one.code]} / {one.message}", err=True)
    verdict = "intact / intact" if report.intact else "ALTÉRÉ / ALTERED"
    typer.echo(
        f"Journal {verdict} : {report.entries} lignes / entries, {report.leaves} feuilles / leaves, "
        f"{report.checkpoints} points de contrôle / checkpoints, {report.signatures} signatures / {report.batches}, "
        f"{report.waiting} en attente / waiting ; "
        f"racine / root {report.root}",
        err=True,
    )
    for name, size in report.cosigned.items():
        typer.echo(f"{name} : contresigné jusqu’à / cosigned up to {size}", err=True)
