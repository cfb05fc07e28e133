"""The folder that a drill leaves: made or emptied at the beginning, and told at the end with what to do next."""

import shutil
from pathlib import Path
from typing import Final

from tierce.kernel.errors import FieldError
from tierce.kernel.language import Language, Phrase
from tierce.kernel.os_errors import os_reason

MARK: Final = ".tierce-drill"
"""In every folder that a drill fills: only such a one is emptied again."""
BASE_BYTES: Final = 1_500_000_000
"""Two databases with their logs, keys and the invented country, however few people are read."""
PERSON_BYTES: Final = 60_000
"""Of each person read: her rights and lines in the database, her letter or e-mail, her share of the pack."""


def prepare(folder: Path) -> None:
    """Make the folder, or empty one that an earlier drill left.

    Raises:
        FieldError: it holds something else, or cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        found = list(folder.iterdir())
        if found and not (folder / MARK).exists():
            raise FieldError(
                "--keep",
                Phrase(f"{folder} contient déjà autre chose.", f"{folder} holds something else already."),
                Phrase("Donnez un dossier neuf ou vide.", "Give a new or an empty folder."),
            )
        for one in found:
            if one.is_dir() and not one.is_symlink():
                shutil.rmtree(one)
            else:
                one.unlink()
        (folder / MARK).touch()
    except OSError as error:
        raise _unwritable("--keep", folder, error) from None


def check_room(home: Path, people: int) -> None:
    """Refuse to begin on a disk that would be full before the end.

    Raises:
        FieldError: too little is free there, or nothing can be written.
    """
    home = home.absolute()
    try:
        home.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(home).free
    except OSError as error:
        raise _unwritable("--home", home, error) from None
    needed = BASE_BYTES + people * PERSON_BYTES
    if free < needed:
        have, want = free / 1e9, needed / 1e9
        raise FieldError(
            "--home",
            Phrase(
                f"Il reste {have:.1f} Go sur le disque de {home} ; cet exercice en prend jusqu’à {want:.1f}.",
                f"{have:.1f} GB are free on the disk of {home}; this drill takes up to {want:.1f}.",
            ),
            Phrase(
                "Faites de la place, réduisez --people, ou donnez --home sur un autre disque.",
                "Make room, lower --people, or give --home on another disk.",
            ),
        )


def _unwritable(field: str, folder: Path, error: OSError) -> FieldError:
    why = os_reason(error)
    return FieldError(
        field,
        Phrase(f"On ne peut pas écrire dans {folder} ({why.fr}).", f"{folder} cannot be written ({why.en})."),
        Phrase("Donnez un dossier où vous pouvez écrire.", "Give a folder that you may write."),
    )


def where(folder: Path, language: Language) -> str:
    """Each thing that the drill left, where it is, and the next command for it."""
    shown = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    listed = sorted((folder / "insurers").glob("*.age"))
    amc = next((one.stem for one in listed if "-" not in one.stem), "AMC")
    batch = next((one.name for one in sorted((folder / "letters").glob("*.zip"))), "")
    rows: list[tuple[Phrase, str]] = []
    if batch:
        letters = f"python3 -m zipfile -e {shown}/letters/{batch} {shown}/letters/"
        rows.append((Phrase("Les lettres, une par personne, en PDF", "The letters, one a person, in PDF"), letters))
    rows += [
        (Phrase("Les messages, signés", "The e-mails, signed"), f"ls {shown}/mailbox/new"),
        (
            Phrase(
                f"La liste de l’organisme {amc} : ouvrir, rapprocher",
                f"The list of insurer {amc}: open it, match it",
            ),
            f"./dev tierce lab insurer {shown} {amc}",
        ),
        (
            Phrase(
                f"Le projet de notification à la CNIL, celui de {amc} ; notification.pdf est celui de l’opérateur",
                f"The draft for the CNIL, {amc}’s; notification.pdf is the operator’s own",
            ),
            f"xdg-open {shown}/cnil/notification-{amc}.pdf",
        ),
        (
            Phrase("Le dossier de preuves, à vérifier", "The evidence pack, to be verified"),
            f"cd {shown}/pack && python3 verify.py --keys keys.txt",
        ),
        (
            Phrase("La réponse de l’autre opérateur, signée", "The other operator’s answer, signed"),
            f'./dev tierce scope verify {shown}/indicators/answer.json --key "$(cat {shown}/indicators/key.txt)"',
        ),
    ]
    return "\n".join(f"\n{what[language]}\n    {command}" for what, command in rows)
