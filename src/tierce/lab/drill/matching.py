"""`tierce lab insurer`: be an insurer of a drill that was played: open its list with its key, match it, compare."""

import csv
import io
from pathlib import Path
from typing import Annotated, NoReturn

import pyrage
import typer

from tierce.kernel.errors import FieldError
from tierce.kernel.language import Phrase
from tierce.lab.drill.insurers import key_of, of_file

SHOWN = 5
"""Records printed of a list, to see what they look like."""
_EPILOG = """
Exemple / example:

  tierce lab insurer var/exercice 99100001

Sortie / exit: 0 les comptes concordent / the counts agree; 1 ils diffèrent / they differ; 2 rien n’a été lu / nothing
was read.
"""


def insurer(
    *,
    folder: Annotated[Path, typer.Argument(help="Le dossier que l’exercice a laissé. / The drill's folder.")],
    amc: Annotated[str, typer.Argument(help="Numéro AMC d’un organisme prévenu. / AMC number of an insurer told.")],
) -> None:
    """Ouvrir la liste d’un organisme avec sa clé, la rapprocher de son fichier, et comparer au compte rendu.

    / Open an insurer's list with its key, match it with its own file, and compare with what it reported.
    """
    try:
        head, records = opened(folder, amc)
        own = of_file(_file(folder, f"{amc}-rights.csv"))
        reported = _reported(_file(folder, f"{amc}-report.csv"))
    except FieldError as error:
        _refuse(error)
    matched = sum(key_of(row) in own for row in records)
    typer.echo(head)
    for row in records[:SHOWN]:
        typer.echo("  ".join(f"{name} {row[name]}" for name in ("reference", "member_number", "cohort", "entries")))
    if len(records) > SHOWN:
        typer.echo(f"… {len(records) - SHOWN} de plus / more")
    said = reported.get("matched", 0)
    agree = matched == said and sum(reported.values()) == len(records)
    typer.echo(
        f"\n{'✓' if agree else '✗'} {len(records)} enregistrements / records, {matched} retrouvés dans son fichier /"
        f" matched in its own file ; compte rendu / reported: {said}"
    )
    raise typer.Exit(0 if agree else 1)


def opened(folder: Path, amc: str) -> tuple[str, list[dict[str, str]]]:
    """The head and the records of an insurer's list, decrypted with its own key.

    Raises:
        FieldError: the list or the key is not there, or the key is another insurer's.
    """
    sealed, key = _file(folder, f"{amc}.age"), _file(folder, f"{amc}.key")
    try:
        identity = pyrage.x25519.Identity.from_str(key.read_text("utf-8").strip())
        plain = pyrage.decrypt(sealed.read_bytes(), [identity]).decode()
    except (pyrage.DecryptError, pyrage.IdentityError, UnicodeDecodeError):
        raise FieldError(
            key.name,
            Phrase("Cette clé n’ouvre pas cette liste.", "This key does not open this list."),
            Phrase("Reprenez la clé de cet organisme.", "Take this insurer's own key."),
        ) from None
    head, _, body = plain.partition("\n\n")
    return head, list(csv.DictReader(io.StringIO(body)))


def _file(folder: Path, name: str) -> Path:
    path = folder / "insurers" / name
    if path.is_file():
        return path
    there = sorted(one.stem for one in (folder / "insurers").glob("*.age") if "-" not in one.stem)
    if there:
        few = ", ".join(there[:SHOWN])
        remedy = Phrase(f"Organismes prévenus : {few}.", f"Insurers told: {few}.")
        raise FieldError("amc", Phrase(f"{path} n’existe pas.", f"{path} does not exist."), remedy)
    raise FieldError(
        "folder",
        Phrase(f"{folder} n’est pas le dossier d’un exercice.", f"{folder} is not the folder of a drill."),
        Phrase("Jouez-en un : tierce drill --keep DOSSIER.", "Play one: tierce drill --keep FOLDER."),
    )


def _reported(path: Path) -> dict[str, int]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["value"]: int(row["count"]) for row in csv.DictReader(file) if row["row"] == "outcome"}


def _refuse(error: FieldError) -> NoReturn:
    typer.echo(
        f"✗ {error.field} : {error.reason.fr} {error.remedy.fr} / {error.reason.en} {error.remedy.en}", err=True
    )
    raise typer.Exit(2) from None


app = typer.Typer(add_completion=False)
app.command("insurer", epilog=_EPILOG)(insurer)
