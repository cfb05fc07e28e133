"""`tierce scope`: who was exposed, to what, when; what changed between two lists; another operator's indicators."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tierce.journal.segments.sealed import SealedLog
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.kernel.errors import TierceError
from tierce.policy.acts import Act
from tierce.scope import store
from tierce.scope.criteria import Registers, read_criteria
from tierce.scope.engine.store import Said, write_list
from tierce.scope.files import check_list, differences, head_of, rows_of
from tierce.scope.indicators.commands import ANSWER_EPILOG, CHECK_EPILOG, KEY_NAME, indicators, verify
from tierce.scope.model import SETTLE, Status
from tierce.scope.rules import is_over
from tierce.scope.service import Export, computed
from tierce.storage.command_line import By, Host, Json, Keys, Name, Port, Secrets, Segments, refuse
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

ROLE = "tierce_office"

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_show_locals=False)
_screen = Console(stderr=True, highlight=False)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False)]


@app.callback(invoke_without_command=False)
def scope() -> None:
    """Qui a été exposé, à quoi, quand. / Who was exposed, to what, when."""


@app.command(
    epilog=(
        'Exemple / example:  tierce scope run vol.toml --by "Marc Tessier" --secrets etc/secrets --keys etc/keys'
        " --segments var/segments --into listes"
    )
)
def run(
    *,
    criteria: File,
    by: By,
    secrets: Secrets,
    keys: Keys,
    segments: Segments,
    into: Annotated[Path, typer.Option(help="Dossier des listes. / Folder of lists.")] = Path("scopes"),
    host: Host = "127.0.0.1",
    port: Port = 5432,
    name: Name = "tierce",
    json: Json = "",
) -> None:
    """Écrire la liste des personnes, nommée par son empreinte. / Write the list of people, named by its digest.

    Une ligne du journal dit qui l’a fait. / A line of the journal says who did it.

    """
    database = Database(host, port, name, secrets)
    try:
        with database.connect(ROLE) as connection, database.connect(ROLE) as writing, progress() as say:
            appender = Appender.enrol(writing, KEY_NAME, Keyring(keys, ()).instance(KEY_NAME))
            export = Export(appender, SystemClock(), by)
            registers = Registers(
                lambda level, subject, rung: store.ladder_windows(connection, level, subject, rung),
                lambda rpps: store.professionals(connection, rpps),
                lambda names: store.staff(connection, names, SealedLog(segments)),
            )
            clauses = read_criteria(criteria, registers)
            connection.rollback()
            now = SystemClock().now()
            seen = store.seen_until(connection, now)
            connection.rollback()
            with connection.transaction(), computed(connection, segments, clauses, now - SETTLE, say) as engine:
                path, digest = write_list(engine, into, lambda made: export.note(writing, Act.SCOPE_FILE, made))
                totals, head = engine.totals(), engine.head
    except TierceError as error:
        refuse(error)
    nobody_else = head.whole and is_over(clauses, seen)
    found: dict[str, object] = {
        "file": str(path),
        "digest": digest.hex(),
        "tree_size": head.tree.size,
        "gaps": len(head.gaps),
        "unattributed": head.unattributed,
        "nobody_else": nobody_else,
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
        "Personne d’autre n’a été lu selon ces critères. / Nobody else was read under these criteria."
        if nobody_else
        else "Nous ne pouvons pas dire que personne d’autre n’a été lu. / We cannot say that nobody else was read."
    )


@app.command(epilog="Exemple / example:  tierce scope diff listes/3f…e1.scope listes/9a…07.scope")
def diff(*, before: File, after: File, json: Json = "") -> None:
    """Ce qui change d’une liste à l’autre : +, -, ~. / What changes between two lists: added, removed, changed."""
    counted: Counter[str] = Counter()
    try:
        for one in differences(before, after):
            counted[one.sign] += 1
            if json != "-":
                typer.echo(f"{one.sign} {one.line}")
    except TierceError as error:
        refuse(error)
    if json == "-":
        found = {"added": counted["+"], "removed": counted["-"], "changed": counted["~"]}
        typer.echo(msgspec.json.encode({"before": before.stem, "after": after.stem, **found}))
    else:
        typer.echo(f"+{counted['+']} -{counted['-']} ~{counted['~']}", err=True)


@app.command(epilog="Exemple / example:  tierce scope show listes/3f…e1.scope --head 5")
def show(*, file: File, head: Annotated[int, typer.Option(min=0, help="Lignes à montrer. / Rows.")] = 20) -> None:
    """Vérifier une liste et en montrer le début. / Check a list and show how it begins."""
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
        refuse(error)
    typer.echo(", ".join(f"{status} {count}" for status, count in sorted(counted.items())), err=True)


app.command(epilog=ANSWER_EPILOG)(indicators)
app.command(epilog=CHECK_EPILOG)(verify)


@contextmanager
def progress() -> Iterator[Said]:
    """Show a bar for each stage of a list on a terminal's error output; call what it gives with each step."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_screen, disable=not _screen.is_terminal, transient=True) as bars:
        tasks = {}

        def say(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=of)
            bars.update(tasks[what], completed=done, total=of)

        yield say
