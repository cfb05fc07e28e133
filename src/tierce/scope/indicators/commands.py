"""`tierce scope indicators` and `tierce scope verify`."""

from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tierce.journal.errors import KeyFormatError
from tierce.journal.note import verifier_key
from tierce.journal.service import LOG_ORIGIN, Appender
from tierce.kernel.clock import SystemClock
from tierce.kernel.errors import TierceError
from tierce.policy.acts import Act
from tierce.scope.indicators.model import Answer, Kind, Verdict
from tierce.scope.indicators.rules import read_question
from tierce.scope.indicators.service import answer
from tierce.scope.indicators.signing import check, sign
from tierce.scope.service import Export
from tierce.scope.store import seen_until
from tierce.storage.command_line import By, Host, Keys, Name, Origin, Port, Secrets, Segments, refuse
from tierce.storage.database import Database
from tierce.storage.keys import Keyring, Purpose
from tierce.storage.networks import pseudonyms

ROLE = "tierce_office"
KEY_NAME = "office"

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, show_default=False)]

ANSWER_EPILOG = """
Exemple / example:

  tierce scope indicators received.jsonl --by "Marc Tessier" --secrets etc/secrets --keys etc/keys \\
    --segments var/segments > answer.json

received.jsonl, une ligne par indicateur / one indicator a line (docs/reference/scope-indicators.md):

  {"format":"tierce-indicators-v1"}

  {"kind":"network","value":"192.0.2.0/24","from":"2026-11-01T00:00:00+01:00","until":"2026-11-08T00:00:00+01:00"}

Sortie / exit: 0 répondu / answered; 2 refusé, rien n’est écrit / refused, nothing is written.
"""
CHECK_EPILOG = """
Exemple / example:

  tierce scope verify answer.json --key "journal.example+1a2b3c4d+AQ…" --question received.jsonl

Sortie / exit: 0 tient / holds; 1 ne tient pas / does not hold; 2 la ligne de la clé n’en est pas une / not a key.
"""


def indicators(
    *,
    file: File,
    by: By,
    secrets: Secrets,
    keys: Keys,
    segments: Segments,
    origin: Origin = LOG_ORIGIN,
    host: Host = "127.0.0.1",
    port: Port = 5432,
    name: Name = "tierce",
) -> None:
    """Répondre aux indicateurs d’un autre opérateur, signé. / Answer another operator's indicators, signed."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    screen = Console(stderr=True)
    try:
        question = read_question(file.read_bytes())
        needed = [Purpose.NETWORK.value] if any(one.kind is Kind.NETWORK for one in question.indicators) else []
        ring = Keyring(keys, needed)
        key = ring.instance(KEY_NAME)
        database = Database(host, port, name, secrets)
        with database.connect(ROLE) as writing:
            export = Export(Appender.enrol(writing, KEY_NAME, key), SystemClock(), by)
        with database.connect(ROLE) as connection:
            seen = seen_until(connection, SystemClock().now())
        with (
            database.connect(ROLE) as connection,
            Progress(*columns, console=screen, disable=not screen.is_terminal, transient=True) as progress,
            connection.transaction(),
        ):
            task = progress.add_task("journal")
            made = answer(
                connection,
                segments,
                question,
                lambda address: pseudonyms(ring, address),
                SystemClock().now(),
                writing=seen,
                operator=origin,
                say=lambda _what, done, of: progress.update(task, completed=done, total=of),
            )
        signed = sign(made, key)
        with database.connect(ROLE) as writing:
            export.note(writing, Act.SCOPE_ANSWER, sha256(signed).digest())
    except (TierceError, OSError, psycopg.Error) as error:
        refuse(error, code=2)
    typer.echo(signed, nl=False)
    typer.echo(f"{_counts(made)}\nclé / key: {verifier_key(origin, key.public_key())}", err=True)


def verify(
    *,
    file: File,
    key: Annotated[
        str, typer.Option(help="Ligne de la clé, reçue par une autre voie. / The key's line, got another way.")
    ],
    question: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Le fichier envoyé. / The file that was sent."),
    ] = None,
) -> None:
    """Vérifier une réponse signée. / Check a signed answer."""
    try:
        read = check(file.read_bytes(), key, question.read_bytes() if question else None)
    except KeyFormatError as error:
        typer.echo(f"✗ --key : {error}", err=True)
        raise typer.Exit(2) from None
    except TierceError as error:
        refuse(error, code=1)
    typer.echo(f"✓ {read.operator}, {read.at} : {_counts(read)}")


def _counts(read: Answer) -> str:
    counted = Counter(one.verdict for one in read.indicators)
    words = {
        Verdict.TOUCHED: "touché / touched",
        Verdict.NOT_TOUCHED: "non touché / not touched",
        Verdict.CANNOT_TELL: "indécidable / cannot tell",
    }
    return ", ".join(f"{counted[one]} {words[one]}" for one in Verdict)
