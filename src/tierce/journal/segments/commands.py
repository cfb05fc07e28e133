"""`tierce journal seal`, `tierce journal redact` and `tierce journal tiles`."""

from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from tierce import __version__
from tierce.journal import store
from tierce.journal.following import Follower
from tierce.journal.kept import retired_log_keys
from tierce.journal.segments.asking import ask_redaction
from tierce.journal.segments.check import SealedLeaves
from tierce.journal.segments.sealed import SealedLog
from tierce.journal.segments.sealing import Sealer
from tierce.journal.service import LOG_KEY_NAME, LOG_ORIGIN, Appender
from tierce.journal.tiles.folder import LogFolder
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import EntrySeq, staff_id
from tierce.policy.digest import policy_digest
from tierce.policy.segments import REDACTIONS, RedactionReason
from tierce.storage import heartbeat
from tierce.storage.command_line import By, Host, Json, Keys, Log, Name, Port, Secrets, Segments, refusing
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

SEAL_EPILOG = """
Exemples / examples:

Chaque nuit, par deploy/ / each night, by deploy/:

  tierce journal seal --secrets etc/secrets --keys etc/keys --log var/log --segments var/segments

Ce qui est là, sans attendre / what is there, without waiting:

  tierce journal seal --now --json - --secrets etc/secrets --keys etc/keys --log var/log --segments var/segments

Sortie / exit: 0 fait, ou rien à faire / done, or nothing to do; 2 refusé / refused.
"""
REDACT_EPILOG = """
Deux personnes lancent la même commande, chacune sous son nom.
/ Two people run the same command, each under her name.

  tierce journal redact 123456 --reason erasure --by "Hélène Vasseur" --secrets etc/secrets --keys etc/keys --segments var/segments

  tierce journal redact 123456 --reason erasure --by "Marc Tessier" --secrets etc/secrets --keys etc/keys --segments var/segments

Puis / then: `tierce journal seal`.
"""  # noqa: E501 - an example is copied as it stands, on one line

TILES_EPILOG = """
Le service worker est arrêté ; le dossier est là, vide ou entier jusqu’où il va.
/ The worker is stopped; the folder is there, empty or whole as far as it goes.

  systemctl stop tierce-worker && tierce journal tiles --secrets etc/secrets --keys etc/keys --log var/log --segments var/segments

Sortie / exit: 0 les tuiles donnent la racine signée / the tiles give the signed root; 2 refusé / refused.
"""  # noqa: E501 - an example is copied as it stands, on one line


def seal(
    *,
    secrets: Secrets,
    keys: Keys,
    log: Log,
    segments: Segments,
    now: Annotated[bool, typer.Option("--now", help="Sceller même peu. / Seal however little there is.")] = False,
    host: Host = "127.0.0.1",
    port: Port = 5432,
    name: Name = "tierce",
    json: Json = "",
) -> None:
    """Sceller ce qui est fini, retirer ce qui est dû. / Seal what is finished, remove what is due."""
    screen = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with refusing():
        key = Keyring(keys, ()).instance("worker")
        with (
            Database(host, port, name, secrets).connect("tierce_worker") as connection,
            Progress(*columns, console=screen, disable=not screen.is_terminal, transient=True) as progress,
        ):
            task = progress.add_task("…")
            sealer = Sealer(
                connection,
                segments,
                LogFolder(log),
                Appender.enrol(connection, "worker", key),
                SystemClock(),
                policy_digest(),
                reached=lambda step: progress.update(task, description=step),
            )
            done = sealer.run(now=now)
            heartbeat.job_ended(connection, "seal", __version__)
    if json == "-":
        typer.echo(msgspec.json.encode(done).decode())
    typer.echo(
        f"✓ {done.sealed} segments scellés / sealed ({done.entries} lignes / entries), {done.redacted} caviardées / "
        f"redacted, {done.dropped} retirées de la base / dropped from the database, "
        f"{done.ended} segments échus / ended",
        err=True,
    )


def redact(
    *,
    seq: Annotated[int, typer.Argument(help="Numéro de la ligne. / The entry's number.")],
    reason: Annotated[str, typer.Option(help="decision, wrong-person, erasure.")],
    by: By,
    secrets: Secrets,
    keys: Keys,
    segments: Segments,
    host: Host = "127.0.0.1",
    port: Port = 5432,
    name: Name = "tierce",
) -> None:
    """Demander qu’une ligne perde sa personne ; à deux. / Ask that a line lose its person; it takes two people."""
    chosen = {one.name.lower().replace("_", "-"): one for one in RedactionReason}.get(reason)
    if chosen is None:
        every = ", ".join(f"{one.name.lower().replace('_', '-')} ({REDACTIONS[one].what.fr})" for one in REDACTIONS)
        typer.echo(f"✗ --reason : choisir parmi / choose among: {every}", err=True)
        raise typer.Exit(2)
    if not any(letter.isalpha() for letter in by):
        typer.echo(
            "✗ --by : donnez votre nom, comme à `tierce ladder` / give your name, as to `tierce ladder`", err=True
        )
        raise typer.Exit(2)
    with refusing():
        key, database = Keyring(keys, ()).instance("upkeep"), Database(host, port, name, secrets)
        with database.connect("tierce_upkeep") as connection, database.connect("tierce_office") as reader:
            asked = ask_redaction(
                connection,
                reader,
                SealedLog(segments),
                Appender.enrol(connection, "upkeep", key),
                SystemClock(),
                policy_digest(),
                seq=EntrySeq(seq),
                reason=chosen,
                author=staff_id(f"command:{by.strip()}"),
            )
    if asked.wanted:
        typer.echo(
            f"✓ Noté à la ligne {asked.line} : il manque {asked.wanted} personne. / "
            f"Noted in line {asked.line}: {asked.wanted} more person must ask."
        )
    else:
        typer.echo(
            f"✓ Noté à la ligne {asked.line} : le prochain scellement le fera. / "
            f"Noted in line {asked.line}: the next sealing will do it."
        )


def tiles(
    *,
    secrets: Secrets,
    keys: Keys,
    log: Log,
    segments: Segments,
    host: Host = "127.0.0.1",
    port: Port = 5432,
    name: Name = "tierce",
    json: Json = "",
) -> None:
    """Refaire les tuiles perdues, des lignes et des segments. / Make lost tiles again, from entries and segments."""
    screen = Console(stderr=True)
    with refusing():
        key = Keyring(keys, ()).instance(LOG_KEY_NAME)
        with (
            Database(host, port, name, secrets).connect("tierce_worker") as connection,
            Progress(console=screen, disable=not screen.is_terminal, transient=True) as progress,
        ):
            leaves, sealed = store.leaf_count(connection), SealedLeaves(connection, segments)
            connection.commit()
            bar = progress.add_task("tuiles / tiles", total=leaves)

            def shown(size: int) -> None:
                progress.update(bar, completed=size)

            # It writes no row, so that the worker of another machine may sequence meanwhile.
            Follower(
                connection,
                LOG_ORIGIN,
                (key.public_key(), *retired_log_keys(keys)),
                LogFolder(log),
                sealed=sealed,
                progress=shown,
            ).load()
    if json == "-":
        typer.echo(msgspec.json.encode({"leaves": leaves}).decode())
    typer.echo(f"✓ {leaves} lignes, racine signée retrouvée / entries, the signed root found again", err=True)
