"""Reads one line of a directory file, or says which field is wrong and what to do; judges a day's difference."""

import re
from collections.abc import Mapping
from typing import Final, NoReturn

from tierce.directory.loads.model import ActivityLine, Difference, PlaceLine, SkillLine
from tierce.kernel.care import Profession
from tierce.kernel.clock import date_of
from tierce.kernel.errors import FieldError
from tierce.kernel.language import Phrase
from tierce.kernel.luhn import is_rpps, luhn_holds
from tierce.policy.directory import (
    DIFFERENCES_MIN,
    ENDED_PERCENT_MAX,
    NEW_PERCENT_MAX,
    REFUSED_PERCENT_MAX,
    RENAMED_PERCENT_MAX,
)
from tierce.policy.professions import activity_profession, base_profession

_ADELI: Final = re.compile(r"[0-9A-Z]{9}", re.ASCII)
_FINESS: Final = re.compile(r"[0-9][0-9AB][0-9]{7}", re.ASCII)
_SIRET: Final = re.compile(r"[0-9]{14}", re.ASCII)
_STRUCTURE: Final = re.compile(r"[0-9A-Za-z]{1,20}", re.ASCII)
_CODE: Final = re.compile(r"[0-9A-Za-z/_-]{0,12}", re.ASCII)
_POSTCODE: Final = re.compile(r"^[0-9]{5}\s+", re.ASCII)
_POST_OFFICE: Final = "356000000"
"""The one SIREN whose establishments have numbers without a Luhn key."""
_TOWN: Final = "Libellé commune (coord. structure)"


def read_identity(row: Mapping[str, str]) -> tuple[str, str | None]:
    """Read the national identifier of a line, and the RPPS number when it is one.

    Raises:
        FieldError: the number has not its form or its key, or the three columns contradict each other.
    """
    kind, number = row["Type d'identifiant PP"], row["Identifiant PP"]
    if kind not in {"0", "8"}:
        _refuse("Type d'identifiant PP", "type inconnu.", "unknown type.", "Écrivez 8 (RPPS).", "Write 8 (RPPS).")
    of_rpps = kind == "8"
    if of_rpps and not is_rpps(number):
        _refuse("Identifiant PP", "ce n’est pas un numéro RPPS : 11 chiffres, clé comprise.",
                "this is not an RPPS number: 11 digits, key included.",
                "Recopiez le numéro de l’annuaire.", "Copy the number from the directory.")  # fmt: skip
    if not of_rpps and _ADELI.fullmatch(number) is None:
        _refuse("Identifiant PP", "ce n’est pas un numéro ADELI.", "this is not an ADELI number.",
                "Recopiez les 9 caractères.", "Copy its 9 characters.")  # fmt: skip
    if row["Identification nationale PP"] != f"{kind}{number}":
        _refuse("Identification nationale PP", "elle n’est pas le type suivi de l’identifiant.",
                "it is not the type followed by the identifier.",
                "Vérifiez les trois premières colonnes.", "Check the first three columns.")  # fmt: skip
    return f"{kind}{number}", number if of_rpps else None


def named_professional(row: Mapping[str, str]) -> str | None:
    """The national identifier that a refused line names; None when it cannot be told, or when it names two."""
    told = (row["Identification nationale PP"], row["Type d'identifiant PP"] + row["Identifiant PP"])
    named = {one for one in told if _is_national(one)}
    return named.pop() if len(named) == 1 else None


def _is_national(number: str) -> bool:
    if number[:1] == "8":
        return is_rpps(number[1:])
    return number[:1] == "0" and _ADELI.fullmatch(number[1:]) is not None


def named_place(row: Mapping[str, str]) -> str | None:
    """What the establishment of a refused line of FINESS is known by; None when it cannot be told."""
    try:
        return f"F{_finess(row, 'nofinesset', needed=True)}"
    except FieldError:
        return None


def read_activity(row: Mapping[str, str]) -> ActivityLine:
    """Read one line of the operator's own file; `row` holds every column, empty where the file had none.

    Raises:
        FieldError: the first field that cannot be accepted, with a remedy.
    """
    national_id, rpps = read_identity(row)
    finess = _finess(row, "Numéro FINESS site", needed=True)
    if row["Profession Tierce"] not in Profession.__members__:
        allowed = " ".join(Profession.__members__)
        _refuse("Profession Tierce", "profession inconnue.", "unknown profession.",
                f"Écrivez : {allowed}.", f"Write one of: {allowed}.")  # fmt: skip
    shown = "Enseigne commerciale site" if row["Enseigne commerciale site"] else "Raison sociale site"
    profession = Profession[row["Profession Tierce"]]
    return ActivityLine(
        national_id=national_id,
        rpps=rpps,
        family_name=_filled(row, "Nom d'exercice", 80),
        given_name=_filled(row, "Prénom d'exercice", 80),
        base=profession,
        place=PlaceLine(finess, None, None, None, _filled(row, shown, 120), _filled(row, _TOWN, 80)),
        profession=profession,
        profession_code=_code(row, "Code profession"),
        skill_code=_code(row, "Code savoir-faire"),
    )


def read_national(row: Mapping[str, str]) -> ActivityLine:
    """Read one line of the national extraction.

    Raises:
        FieldError: as `read_activity`.
    """
    national_id, rpps = read_identity(row)
    code, mode = _code(row, "Code profession"), _code(row, "Code mode exercice")
    sector, kind = _code(row, "Code secteur d'activité"), _code(row, "Code genre activité")
    skill, category = _code(row, "Code savoir-faire"), _code(row, "Code catégorie professionnelle")
    base = base_profession(code, skill, _code(row, "Code section tableau pharmaciens"), category, sector)
    return ActivityLine(
        national_id=national_id,
        rpps=rpps,
        family_name=_filled(row, "Nom d'exercice", 80),
        given_name=_filled(row, "Prénom d'exercice", 80),
        base=base,
        place=_place(row),
        profession=activity_profession(base, code, mode, sector, kind),
        profession_code=code,
        category_code=category,
        skill_code=skill,
        mode_code=mode,
        sector_code=sector,
        role_code=_code(row, "Code rôle"),
        kind_code=kind,
    )


def _place(row: Mapping[str, str]) -> PlaceLine | None:
    """The structure of a line; None when it tells of none."""
    finess = _finess(row, "Numéro FINESS site")
    legal = _finess(row, "Numéro FINESS établissement juridique")
    siret = _siret(row, "Numéro SIRET site")
    field = "Identifiant technique de la structure"
    structure = row[field] or None
    if structure is not None and _STRUCTURE.fullmatch(structure) is None:
        _refuse(field, "ce n’est pas un numéro de structure.", "this is not a structure's number.",
                "Recopiez-le de l’annuaire.", "Copy it from the directory.")  # fmt: skip
    if finess is None and siret is None and structure is None:
        return None
    shown = "Enseigne commerciale site" if row["Enseigne commerciale site"].strip() else "Raison sociale site"
    name = _filled(row, shown, 200, needed=False) or "Lieu sans nom"
    return PlaceLine(finess, legal, siret, structure, name[:120], _filled(row, _TOWN, 80, needed=False))


def read_skill(row: Mapping[str, str]) -> SkillLine:
    """Read one line of the file of skills.

    Raises:
        FieldError: as `read_activity`.
    """
    national_id, _ = read_identity(row)
    code = _code(row, "Code savoir-faire")
    if not code:
        _refuse("Code savoir-faire", "vide.", "empty.", "Écrivez le code.", "Write the code.")
    return SkillLine(national_id, code)


def read_establishment(row: Mapping[str, str]) -> PlaceLine:
    """Read one establishment of FINESS.

    Raises:
        FieldError: as `read_activity`.
    """
    finess = _finess(row, "nofinesset", needed=True)
    town = _POSTCODE.sub("", _filled(row, "ligneacheminement", 80))
    shown = "rslongue" if row["rslongue"].strip() else "rs"
    return PlaceLine(
        finess,
        _finess(row, "nofinessej"),
        _siret(row, "siret"),
        None,
        _filled(row, shown, 200)[:120],
        town,
        _code(row, "categetab"),
    )


def _finess(row: Mapping[str, str], field: str, *, needed: bool = False) -> str | None:
    value = row[field]
    if not value and not needed:
        return None
    if _FINESS.fullmatch(value) is None or (value.isdigit() and not luhn_holds(value)):
        _refuse(field, "ce n’est pas un numéro FINESS : 9 caractères, clé comprise.",
                "this is not a FINESS number: 9 characters, key included.",
                "Recopiez le numéro du répertoire.", "Copy the number from the register.")  # fmt: skip
    return value


def _siret(row: Mapping[str, str], field: str) -> str | None:
    value = row[field]
    if not value:
        return None
    if _SIRET.fullmatch(value) is None or not (luhn_holds(value) or value.startswith(_POST_OFFICE)):
        _refuse(field, "ce n’est pas un numéro SIRET : 14 chiffres, clé comprise.",
                "this is not a SIRET number: 14 digits, key included.",
                "Recopiez le numéro du répertoire.", "Copy the number from the register.")  # fmt: skip
    return value


def _code(row: Mapping[str, str], field: str) -> str:
    value = row[field].strip()
    if _CODE.fullmatch(value) is None:
        _refuse(field, "ce n’est pas un code de nomenclature.", "this is not a code.",
                "Recopiez le code de l’annuaire.", "Copy the code from the directory.")  # fmt: skip
    return value


def _filled(row: Mapping[str, str], field: str, length_max: int, *, needed: bool = True) -> str:
    value = row[field].strip()
    if not value and not needed:
        return ""
    if not 1 <= len(value) <= length_max or not value.isprintable():
        _refuse(field, "vide, trop long ou caractère non imprimable.", "empty, too long or not printable.",
                f"Écrivez 1 à {length_max} caractères.", f"Write 1 to {length_max} characters.")  # fmt: skip
    return value


def _refuse(field: str, fr: str, en: str, remedy_fr: str, remedy_en: str) -> NoReturn:
    raise FieldError(field, Phrase(fr, en), Phrase(remedy_fr, remedy_en))


def abnormal(found: Difference) -> list[Phrase]:
    """Say what of a day's difference is abnormally large; empty when nothing is.

    Shares are of what is listed now; a first load adds everything and is not suspected for it. A refused line that
    names nobody may be of anybody whom the file would end: then nothing ends unlooked at. Nor does a file of a day
    before the last one go in unlooked at: it would list again whoever was struck off since.
    """
    judged = (
        (found.ended, found.listed, ENDED_PERCENT_MAX, "activités finiraient", "would end"),
        (found.professionals_ended, found.professionals, ENDED_PERCENT_MAX,
         "professionnels ou lieux partiraient", "professionals or places would leave"),
        (found.renamed, found.professionals, RENAMED_PERCENT_MAX, "changeraient de nom", "would change their name"),
        (found.new, found.listed, NEW_PERCENT_MAX, "activités seraient nouvelles", "activities would be new"),
        (found.professionals_new, found.professionals, NEW_PERCENT_MAX,
         "professionnels ou lieux seraient nouveaux", "professionals or places would be new"),
        (found.refused, found.lines, REFUSED_PERCENT_MAX, "lignes sont refusées", "lines cannot be read"),
    )  # fmt: skip
    said = [
        Phrase(f"{count} sur {whole} {fr} (plus de {most} %)", f"{count} of {whole} {en} (more than {most} %)")
        for count, whole, most, fr, en in judged
        if whole and count > DIFFERENCES_MIN and count * 100 > whole * most
    ]
    ending = found.ended + found.professionals_ended
    if found.nobody and ending:
        said.append(Phrase(
            f"{found.nobody} lignes refusées ne disent pas de qui elles sont, et {ending} inscriptions finiraient",
            f"{found.nobody} refused lines name nobody that can be told, and {ending} rows would end",
        ))  # fmt: skip
    if found.last is not None and found.day < found.last:
        of, last = date_of(found.day).isoformat(), date_of(found.last).isoformat()
        said.append(Phrase(
            f"le fichier est du {of}, et celui du {last} est déjà pris",
            f"the file is of {of}, and that of {last} has been taken",
        ))  # fmt: skip
    return said
