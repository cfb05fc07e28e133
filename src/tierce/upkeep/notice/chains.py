"""`tierce notice chain`: whom to warn at each insurer, in order, and the quarterly tests of that chain."""

import csv
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from tierce.kernel.clock import PARIS, SystemClock
from tierce.kernel.errors import FieldError
from tierce.kernel.feed import delimiter_of
from tierce.kernel.ids import InsurerId
from tierce.kernel.language import Phrase
from tierce.kernel.mailbox import is_mailbox
from tierce.notices.lines import notice_line
from tierce.notices.store import insurers
from tierce.notices.telling import store
from tierce.notices.telling.model import ContactPoint
from tierce.notices.telling.rules import is_test_due
from tierce.policy.acts import Act
from tierce.storage.command_line import Json, SettingsFile, whole_table
from tierce.upkeep.notice.base import Desk, Insurer, desk, telling_of

CHAIN_MAX = 9
FIELDS = ("name", "role", "email", "phone")
app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Qui prévenir chez chaque organisme, dans quel ordre. / Whom to warn at each insurer, in what order.",
)


@app.command(
    "set", epilog="Exemple / example:  tierce notice chain set chain.csv --insurer 99100001 --settings tierce.toml"
)
def set_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV: name,role,email,phone.")],
    *,
    insurer: Insurer,
    settings: SettingsFile,
) -> None:
    """Remplacer la chaîne de contacts d’un organisme. / Put an insurer's chain in the place of another."""
    with desk(settings) as one:
        number = one.insurer(insurer)
        chain = [
            ContactPoint(0, number, place, cells["name"], cells["role"], cells["email"], cells["phone"])
            for place, cells in enumerate(read_chain(file), start=1)
        ]
        now = SystemClock().now()
        with one.connection.transaction():
            line = notice_line(one.appender, Act.NOTICE_MANDATE, now, insurer=number)
            one.appender.write(one.connection, [line])
            store.put_chain(one.connection, number, chain, now)
    typer.echo(f"✓ {insurer} : {len(chain)} contacts")


def read_chain(file: Path) -> list[dict[str, str]]:
    """Read the chain.

    Raises:
        FieldError: a line has no name or no e-mail address, or there are none or more than nine.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            header = opened.readline()
            reader = csv.DictReader(chain([header], opened), delimiter=delimiter_of(header))
            found = [row for row in reader if any(row.values())]
    except (UnicodeDecodeError, csv.Error):
        raise FieldError(
            "file",
            Phrase("Ce n’est pas un CSV en UTF-8.", "This is not CSV in UTF-8."),
            Phrase("Enregistrez-le en CSV, UTF-8.", "Save it as CSV, UTF-8."),
        ) from None
    if missing := [name for name in FIELDS if name not in (reader.fieldnames or ())]:
        raise FieldError(
            missing[0],
            Phrase("Ligne 1 : cette colonne manque.", "Line 1: this column is missing."),
            Phrase(f"Écrivez en tête : {','.join(FIELDS)}.", f"Write as the first line: {','.join(FIELDS)}."),
        )
    if cut := next((line for line, row in enumerate(found, start=2) if None in row or None in row.values()), None):
        raise FieldError(
            "file",
            Phrase(f"Ligne {cut} : le nombre de champs n’est pas celui de l’en-tête.",
                   f"Line {cut}: the number of fields is not the header's."),
            Phrase("Mettez entre guillemets un texte qui contient le séparateur.",
                   "Put a text that holds the separator in quotes."),
        )  # fmt: skip
    rows = [{name: row[name].strip() for name in FIELDS} for row in found]
    for line, row in enumerate(rows, start=2):
        for name in ("name", "email"):
            if not row[name] or (name == "email" and not is_mailbox(row[name])):
                raise FieldError(
                    name,
                    Phrase(f"Ligne {line} : manque ou ne convient pas.", f"Line {line}: missing or not one."),
                    Phrase("Corrigez la ligne.", "Correct the line."),
                )
    if not 1 <= len(rows) <= CHAIN_MAX:
        raise FieldError(
            "file",
            Phrase("De 1 à 9 contacts.", "From 1 to 9 contacts."),
            Phrase("Retirez ou ajoutez des lignes.", "Take lines out, or add some."),
        )
    return rows


@app.command("list", epilog="Exemple / example:  tierce notice chain list --settings tierce.toml")
def list_(*, settings: SettingsFile, json: Json = "") -> None:
    """Lister les chaînes, et les essais à refaire. / List the chains, and the tests that are due."""
    now = SystemClock().now()
    with desk(settings) as one:
        names, found = insurers(one.connection), store.chains(one.connection)
    rows = [
        (names[contact.insurer][0], contact, is_test_due(contact, now))
        for chain in found.values()
        for contact in chain
    ]
    if json == "-":
        said = [{"amc": amc, "position": each.position, "test_due": due} for amc, each, due in rows]
        typer.echo(msgspec.json.encode(said))
        return
    table = whole_table("AMC", "", "nom / name", "fonction / role", "e-mail", "tél.", "essai / test")
    for amc, each, due in rows:
        tested = f"{each.tested_at.astimezone(PARIS):%Y-%m-%d}" if each.tested_at else "–"
        mark = f"{tested} !" if due else tested
        table.add_row(amc, str(each.position), each.name, each.role, each.email, each.phone, mark)
    Console().print(table)


@app.command("test", epilog="Exemple / example:  tierce notice chain test --insurer 99100001 --settings tierce.toml")
def try_chains(
    *,
    settings: SettingsFile,
    insurer: Annotated[str, typer.Option(help="Numéro AMC ; tous / AMC number; all.")] = "",
) -> None:
    """Écrire les essais dus, qui partent au tour suivant. / Write the tests that are due, for the next turn."""
    with desk(settings, pieces=True) as one:
        chosen = [one.insurer(insurer)] if insurer else list(insurers(one.connection))
        made = _test(one, chosen)
    typer.echo(f"✓ {made} essais / tests")


def _test(one: Desk, chosen: Iterable[InsurerId]) -> int:
    telling = telling_of(one)
    return sum(telling.test(one.connection, number) > 0 for number in chosen)
