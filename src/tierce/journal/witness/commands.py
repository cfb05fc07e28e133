"""`tierce witness`: run a witness of somebody's log, beside and apart from whoever runs the log."""

import signal
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tierce.journal.note import parse_verifier_key, unverified_checkpoint
from tierce.journal.witness.cosignature import WitnessKey
from tierce.journal.witness.server import serve
from tierce.journal.witness.service import Witness
from tierce.kernel.clock import SystemClock
from tierce.kernel.durable import write_new
from tierce.kernel.errors import TierceError
from tierce.storage.command_line import refuse

KEY_FILE = "witness.key"
KEY_BYTES = 32

app = typer.Typer(add_completion=False, no_args_is_help=True)

Folder = Annotated[
    Path,
    typer.Argument(envvar="TIERCE_WITNESS", help="Dossier du témoin : clé et mémoire. / Its folder: key and memory."),
]
Name = Annotated[str, typer.Option(help="Nom du témoin, sans espace ni « + ». / The witness's name.")]
LogKeys = Annotated[
    list[str], typer.Option("--log-key", help="Clé publique du journal ; répétable. / The log's public line.")
]


@app.callback()
def witness() -> None:
    """Témoin : vérifier qu’un journal ne fait que croître. / Check that a log only grows, and cosign it."""


@app.command(epilog="Exemple / example:  tierce witness key /var/lib/tierce-witness --name assureur.example/temoin")
def key(folder: Folder, *, name: Name) -> None:
    """Créer la clé si elle manque, et écrire sa ligne publique. / Make the key if missing; print its public line."""
    try:
        file = folder / KEY_FILE
        if not file.exists():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_new(file, Ed25519PrivateKey.generate().private_bytes_raw())
        line = WitnessKey(name, _key(folder).public_key()).line
        WitnessKey.parse(line)
    except (TierceError, OSError) as error:
        refuse(error)
    typer.echo(line)


@app.command(
    "serve",
    epilog=(
        "Exemple / example:  "
        'tierce witness serve /var/lib/tierce-witness --name caisse.example --log-key "$(cat log.pub)"'
    ),
)
def serve_one(
    folder: Folder,
    *,
    name: Name,
    log_key: LogKeys,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port sur 127.0.0.1. / Loopback port.")] = 8110,
) -> None:
    """Servir `POST /add-checkpoint` jusqu’à l’arrêt. / Serve it until stopped."""
    try:
        made = Witness(folder, name, _key(folder), log_key, SystemClock())
        server = serve(made, port)
    except (TierceError, OSError) as error:
        refuse(error)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    with server:
        typer.echo(f"✓ http://127.0.0.1:{port}/add-checkpoint", err=True)
        server.serve_forever()


@app.command(
    epilog='Exemple / example:  tierce witness show /var/lib/tierce-witness --name x --log-key "$(cat log.pub)"'
)
def show(folder: Folder, *, name: Name, log_key: LogKeys) -> None:
    """Dire le dernier point de contrôle vu de chaque journal. / Print the last one seen of each log, as it is."""
    try:
        made = Witness(folder, name, _key(folder), log_key, SystemClock())
        for origin in dict.fromkeys(parse_verifier_key(line)[0] for line in log_key):
            note = made.last(origin)
            size = 0 if note is None else unverified_checkpoint(note).size
            typer.echo(f"{origin} : {size} lignes / entries", err=True)  # the note alone is output: it goes to a file
            if note is not None:
                typer.echo(note, nl=False)
    except (TierceError, OSError) as error:
        refuse(error)


def _key(folder: Path) -> Ed25519PrivateKey:
    data = (folder / KEY_FILE).read_bytes()
    if len(data) != KEY_BYTES:
        typer.echo(f"✗ {folder / KEY_FILE} n’a pas 32 octets / does not have 32 bytes", err=True)
        raise typer.Exit(2)
    return Ed25519PrivateKey.from_private_bytes(data)
