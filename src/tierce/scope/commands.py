"""`tierce scope`: who was exposed, to what, when; what changed between two lists; another operator's indicators."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tierce.journal.note import verifier_key
from tierce.kernel.clock import SystemClock
from tierce.kernel.errors import TierceError
from tierce.scope import store
from tierce.scope.criteria import read_criteria
from tierce.scope.engine import Said, write_list
from tierce.scope.files import check_list, differences, head_of, rows_of
from tierce.scope.indicators import (
    FORMAT,
    Answer,
    Answers,
    Register,
    Verdict,
    clause_of,
    read_indicators,
    sign,
    verdict_of,
    verify,
)
from tierce.scope.model import Status
from tierce.scope.service import SETTLE, computed
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

ROLE = "tierce_office"
KEY_NAME = "office"
ORIGIN = "tierce-indicators"

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_show_locals=False)
_screen = Console(stderr=True, highlight=False)

Secrets = Annotated[
    Path, typer.Option(envvar="TIERCE_SECRETS", help="Dossier des mots de passe. / Folder of the roles' passwords.")
]
Keys = Annotated[Path, typer.Option(envvar="TIERCE_KEYS", help="Dossier des clés. / Folder of the key files.")]
Segments = Annotated[
    Path, typer.Option(envvar="TIERCE_SEGMENTS", help="Dossier des segments scellés. / Folder of sealed segments.")
]
Host = Annotated[str, typer.Option(envvar="TIERCE_DATABASE_HOST", help="PostgreSQL.")]
Port = Annotated[int, typer.Option(envvar="TIERCE_DATABASE_PORT", help="PostgreSQL.")]
Name = Annotated[str, typer.Option(envvar="TIERCE_DATABASE_NAME", help="Base de données. / Database.")]
Json = Annotated[str, typer.Option("--json", help="« - » : un objet JSON sur la sortie. / One JSON object.")]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False)]


@app.callback(invoke_without_command=False)
def scope() -> None:
    """Qui a été exposé, à quoi, quand. / Who was exposed, to what, when."""


@app.command()
def run(
    *,
    criteria: File,
    secrets: Secrets,
    segments: Segments,
    into: Annotated[Path, typer.Option(help="Dossier des listes. / Folder of lists.")] = Path("scopes"),
    host: Host = "127.0.0.1",
    port: Port = 5432,
    name: Name = "tierce",
    json: Json = "",
) -> None:
    """Écrire la liste des personnes, nommée par son empreinte. / Write the list of people, named by its digest.

    Exemples / Examples: tierce scope run vol.toml --secrets etc/secrets --segments var/segments --into listes
    """
    try:
        with (
            Database(host, port, name, secrets).connect(ROLE) as connection,
            _progress() as say,
        ):
            clauses = read_criteria(
                criteria,
                lambda level, subject, rung: store.ladder_windows(connection, level, subject, rung),
                lambda rpps: store.professionals(connection, rpps),
            )
            connection.rollback()
            settled = SystemClock().now() - SETTLE
            with connection.transaction(), computed(connection, segments, clauses, settled, say) as engine:
                path, digest = write_list(engine, into)
                totals, head = engine.totals(), engine.head
    except TierceError as error:
        _refuse(error)
    found: dict[str, object] = {
        "file": str(path),
        "digest": digest.hex(),
        "tree_size": head.tree.size,
        "gaps": len(head.gaps),
        "unattributed": head.unattributed,
        "nobody_else": head.whole,
        **{one.name.lower(): total.persons for one, total in totals.items()},
    }
    if json == "-":
        typer.echo(msgspec.json.encode(found))
        return
    typer.echo(
        f"{totals[Status.CONFIRMED].persons} confirmées / confirmed, {totals[Status.POSSIBLE].persons} possibles /"
        f" possible, {totals[Status.EXCLUDED].persons} exclues / excluded : {path}"
    )
    typer.echo(
        "Personne d'autre n'a été lu selon ces critères. / Nobody else was read under these criteria."
        if head.whole
        else "Nous ne pouvons pas dire que personne d'autre n'a été lu. / We cannot say that nobody else was read."
    )


@app.command()
def diff(*, before: File, after: File, json: Json = "") -> None:
    """Ce qui change d'une liste à l'autre : +, -, ~. / What changes between two lists: added, removed, changed.

    Exemple / Example: tierce scope diff listes/3f…e1.scope listes/9a…07.scope
    """
    counted: Counter[str] = Counter()
    try:
        for one in differences(before, after):
            counted[one.sign] += 1
            if json != "-":
                typer.echo(f"{one.sign} {one.line}")
    except TierceError as error:
        _refuse(error)
    if json == "-":
        found = {"added": counted["+"], "removed": counted["-"], "changed": counted["~"]}
        typer.echo(msgspec.json.encode({"before": before.stem, "after": after.stem, **found}))
    else:
        typer.echo(f"+{counted['+']} -{counted['-']} ~{counted['~']}", err=True)


@app.command()
def show(*, file: File, head: Annotated[int, typer.Option(min=0, help="Lignes à montrer. / Rows.")] = 20) -> None:
    """Vérifier une liste et en montrer le début. / Check a list and show how it begins.

    Exemple / Example: tierce scope show listes/3f…e1.scope --head 5
    """
    try:
        check_list(file)
        for line in head_of(file):
            typer.echo(line)
        counted: Counter[str] = Counter()
        for place, line in enumerate(rows_of(file)):
            counted[line.rpartition(" ")[2]] += 1
            if place < head:
                typer.echo(line)
    except TierceError as error:
        _refuse(error)
    typer.echo(", ".join(f"{status} {count}" for status, count in sorted(counted.items())), err=True)


@app.command()
def indicators(
    *,
    file: File,
    secrets: Secrets,
    keys: Keys,
    segments: Segments,
    host: Host = "127.0.0.1",
    port: Port = 5432,
    name: Name = "tierce",
) -> None:
    """Répondre aux indicateurs d'un autre opérateur, signé. / Answer another operator's indicators, signed.

    Exemple / Example: tierce scope indicators recus.toml --secrets secrets --keys keys --segments segments
    """
    now = SystemClock().now()
    try:
        asked = read_indicators(file)
        key = Keyring(keys, ()).instance(KEY_NAME)
        with Database(host, port, name, secrets).connect(ROLE) as connection, _progress() as say:
            register = Register(
                lambda rpps: store.professionals(connection, [rpps]).get(rpps),
                lambda finess: store.establishments(connection, [finess]).get(finess),
            )
            found: list[Answer] = []
            size, root = 0, b""
            for place, one in enumerate(asked.indicator, start=1):
                say("indicators", place - 1, len(asked.indicator))
                clause = clause_of(one, register)
                connection.rollback()
                if isinstance(clause, str):
                    found.append(Answer(place, Verdict.CANNOT_TELL, clause, 0))
                    continue
                with connection.transaction(), computed(connection, segments, [clause], now - SETTLE) as engine:
                    lines = engine.totals()[Status.CONFIRMED].entries + engine.head.unattributed
                    kept = store.kept_from(connection)
                    found.append(verdict_of(place, clause, engine.head, lines, kept))
                    size, root = engine.head.tree.size, engine.head.tree.root
    except TierceError as error:
        _refuse(error)
    answers = Answers(FORMAT, asked.reference, now.isoformat(timespec="seconds"), size, root.hex(), found)
    typer.echo(sign(answers, ORIGIN, key), nl=False)
    typer.echo(f"clé / key: {verifier_key(ORIGIN, key.public_key())}", err=True)


@app.command("verify")
def verify_(
    *, file: File, key: Annotated[str, typer.Option(help="Clé reçue par une autre voie. / Key got another way.")]
) -> None:
    """Vérifier une réponse signée. / Check a signed answer.

    Exemple / Example: tierce scope verify reponse.json --key "tierce-indicators+…"
    """
    try:
        read = verify(file.read_bytes(), key)
    except TierceError as error:
        _refuse(error, code=1)
    counted = Counter(one.verdict for one in read.answers)
    typer.echo(f"✓ {read.at}: " + ", ".join(f"{one.value} {counted[one]}" for one in Verdict))


@contextmanager
def _progress() -> Iterator[Said]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_screen, disable=not _screen.is_terminal, transient=True) as progress:
        tasks = {}

        def say(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=of)
            progress.update(tasks[what], completed=done, total=of)

        yield say


def _refuse(error: TierceError, code: int = 2) -> NoReturn:
    typer.echo(f"✗ {error}", err=True)
    raise typer.Exit(code) from None
