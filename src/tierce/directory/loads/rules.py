"""Reads one line of the directory, or says which field is wrong and what to do about it."""

import re
from collections.abc import Mapping
from typing import Final, NoReturn

from tierce.directory.loads.model import ActivityLine
from tierce.kernel.care import Profession
from tierce.kernel.errors import FieldError
from tierce.kernel.language import Phrase

_RPPS: Final = re.compile(r"[0-9]{11}", re.ASCII)
_ADELI: Final = re.compile(r"[0-9A-Z]{9}", re.ASCII)
_FINESS: Final = re.compile(r"[0-9][0-9AB][0-9]{7}", re.ASCII)


def luhn_holds(digits: str) -> bool:
    """Tell whether the last digit is the Luhn key of the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 if place % 2 == 0 else 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def read_activity(row: Mapping[str, str]) -> ActivityLine:
    """Read one line of the directory; `row` holds every column, empty where the file had none.

    Raises:
        FieldError: the first field that cannot be accepted, with a remedy.
    """
    kind, number = row["Type d'identifiant PP"], row["Identifiant PP"]
    if kind not in {"0", "8"}:
        _refuse("Type d'identifiant PP", "type inconnu.", "unknown type.", "Écrivez 8 (RPPS).", "Write 8 (RPPS).")
    is_rpps = kind == "8"
    if is_rpps and not (_RPPS.fullmatch(number) and luhn_holds(number)):
        _refuse("Identifiant PP", "ce n’est pas un numéro RPPS : 11 chiffres, clé comprise.",
                "this is not an RPPS number: 11 digits, key included.",
                "Recopiez le numéro de l’annuaire.", "Copy the number from the directory.")  # fmt: skip
    if not is_rpps and _ADELI.fullmatch(number) is None:
        _refuse("Identifiant PP", "ce n’est pas un numéro ADELI.", "this is not an ADELI number.",
                "Recopiez les 9 caractères.", "Copy its 9 characters.")  # fmt: skip
    if row["Identification nationale PP"] != f"{kind}{number}":
        _refuse("Identification nationale PP", "elle n’est pas le type suivi de l’identifiant.",
                "it is not the type followed by the identifier.",
                "Vérifiez les trois premières colonnes.", "Check the first three columns.")  # fmt: skip
    finess = row["Numéro FINESS site"]
    if _FINESS.fullmatch(finess) is None or (finess.isdigit() and not luhn_holds(finess)):
        _refuse("Numéro FINESS site", "ce n’est pas un numéro FINESS : 9 caractères, clé comprise.",
                "this is not a FINESS number: 9 characters, key included.",
                "Recopiez le numéro du répertoire.", "Copy the number from the register.")  # fmt: skip
    if row["Profession Tierce"] not in Profession.__members__:
        allowed = " ".join(Profession.__members__)
        _refuse("Profession Tierce", "profession inconnue.", "unknown profession.",
                f"Écrivez : {allowed}.", f"Write one of: {allowed}.")  # fmt: skip
    shown = "Enseigne commerciale site" if row["Enseigne commerciale site"] else "Raison sociale site"
    return ActivityLine(
        national_id=f"{kind}{number}",
        rpps=number if is_rpps else None,
        family_name=_filled(row, "Nom d'exercice", 80),
        given_name=_filled(row, "Prénom d'exercice", 80),
        finess=finess,
        establishment_name=_filled(row, shown, 120),
        town=_filled(row, "Libellé commune (coord. structure)", 80),
        profession=Profession[row["Profession Tierce"]],
    )


def _filled(row: Mapping[str, str], field: str, length_max: int) -> str:
    value = row[field].strip()
    if not 1 <= len(value) <= length_max or not value.isprintable():
        _refuse(field, "vide, trop long ou caractère non imprimable.", "empty, too long or not printable.",
                f"Écrivez 1 à {length_max} caractères.", f"Write 1 to {length_max} characters.")  # fmt: skip
    return value


def _refuse(field: str, fr: str, en: str, remedy_fr: str, remedy_en: str) -> NoReturn:
    raise FieldError(field, Phrase(fr, en), Phrase(remedy_fr, remedy_en))
