"""How the operator writes to its own clients, taken from a file: whole, or not at all."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from psycopg import Connection

from tierce.directory.errors import ContactsRefusedError, ProfessionalUnknownError
from tierce.directory.model import Actor
from tierce.directory.service import Clients
from tierce.kernel.errors import FieldError
from tierce.kernel.feed import Column, Rejection, may, must, names
from tierce.kernel.language import Language, Phrase

LINES: Final = 6
COLUMNS: Final[tuple[Column, ...]] = (
    must("number", "8 + RPPS, or 0 + ADELI", "899900000011", "Identifiant national.", "National identifier."),
    may("email", "text, up to 254", "cabinet@exemple.invalid", "Adresse électronique.", "E-mail address."),
    *(
        may(
            f"address_{line}",
            "text",
            "4 rue des Merles" if line == 1 else "",
            f"Ligne {line} de l’adresse postale, sans le nom.",
            f"Line {line} of the postal address, without the name.",
        )
        for line in range(1, LINES + 1)
    ),
    may("language", "fr | en", "fr", "Langue des messages ; fr si vide.", "Language of messages; fr when empty."),
)


def take_contacts(
    clients: Clients,
    connection: Connection,
    actor: Actor,
    file: Path,
    *,
    refuse: Callable[[Rejection], None],
    progress: Callable[[int], None],
) -> int:
    """Keep how to write to each client of a CSV file, in one transaction; gives how many.

    Args:
        clients: the operator's clients.
        connection: of role tierce_office, in autocommit mode.
        actor: who takes it.
        file: UTF-8, with a header; columns are read by name.
        refuse: is told each line that cannot be taken, with its field and remedy.
        progress: called with 1 for each line read.

    Raises:
        FieldError: the header is not that of the columns, or the file is not UTF-8.
        ContactsRefusedError: a line was refused: nothing of the file is kept.
    """
    taken = refused = 0
    with connection.transaction():
        for line, cells in _lines(file):
            progress(1)
            try:
                _keep(clients, connection, actor, cells)
            except FieldError as error:
                refuse(Rejection.of(line, error))
                refused += 1
            else:
                taken += 1
        if refused:
            raise ContactsRefusedError(refused)
    return taken


def _keep(clients: Clients, connection: Connection, actor: Actor, cells: dict[str, str]) -> None:
    try:
        found = clients.find(connection, cells["number"])
    except ProfessionalUnknownError:
        raise FieldError(
            "number",
            Phrase("L’annuaire ne connaît pas ce numéro.", "The directory does not know this number."),
            Phrase("Vérifiez-le, ou chargez l’annuaire.", "Check it, or load the directory."),
        ) from None
    language = cells["language"] or Language.FR.value
    if language not in {one.value for one in Language}:
        raise FieldError(
            "language", Phrase("Ni fr ni en.", "Neither fr nor en."), Phrase("Écrivez fr ou en.", "Write fr or en.")
        )
    postal = tuple(line for line in (cells[f"address_{number}"] for number in range(1, LINES + 1)) if line)
    if not cells["email"] and not postal:
        raise FieldError(
            "email",
            Phrase("Ni adresse électronique ni adresse postale.", "Neither an e-mail nor a postal address."),
            Phrase("Donnez l’une des deux, ou retirez la ligne.", "Give one of the two, or leave the line out."),
        )
    clients.write_contact(connection, actor, found, email=cells["email"] or None, postal=postal, language=language)


def _lines(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    wanted = names(COLUMNS)
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened, strict=True)
            if "number" not in (reader.fieldnames or ()) or set(reader.fieldnames or ()) - set(wanted):
                raise FieldError(
                    "header",
                    Phrase("L’en-tête n’a pas les colonnes attendues.", "The header has not the columns expected."),
                    Phrase(f"Écrivez : {','.join(wanted)}.", f"Write: {','.join(wanted)}."),
                )
            for row in reader:
                yield reader.line_num, {name: " ".join((row.get(name) or "").split()) for name in wanted}
    except (UnicodeDecodeError, csv.Error):
        raise FieldError(
            "file",
            Phrase("Ce n’est pas un fichier CSV en UTF-8.", "This is not a CSV file in UTF-8."),
            Phrase("Enregistrez-le en CSV UTF-8, séparé par des virgules.", "Save it as CSV UTF-8, with commas."),
        ) from None
