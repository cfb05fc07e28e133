"""The country's directory in the layouts of the Annuaire Santé and of FINESS, as an operator would download them."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Final

from tierce.directory.loads.columns import FINESS_PLACES
from tierce.kernel.care import Profession
from tierce.lab.country.block import Plan
from tierce.lab.country.carers import CIVIL, Activity, Establishment, make_activities
from tierce.lab.country.identifiers import luhn

ACTIVITIES_FILE: Final = "PS_LibreAcces_Personne_activite.txt"
SKILLS_FILE: Final = "PS_LibreAcces_SavoirFaire.txt"
PLACES_FILE: Final = "etalab-cs1100502-stock.csv"

_IDENTITY: Final = (
    "Type d'identifiant PP", "Identifiant PP", "Identification nationale PP",
)  # fmt: skip
_ACTIVITY_COLUMNS: Final = (
    *_IDENTITY, "Code civilité d'exercice", "Libellé civilité d'exercice", "Code civilité", "Libellé civilité",
    "Nom d'exercice", "Prénom d'exercice", "Code profession", "Libellé profession", "Code catégorie professionnelle",
    "Libellé catégorie professionnelle", "Code type savoir-faire", "Libellé type savoir-faire", "Code savoir-faire",
    "Libellé savoir-faire", "Code mode exercice", "Libellé mode exercice", "Numéro SIRET site", "Numéro SIREN site",
    "Numéro FINESS site", "Numéro FINESS établissement juridique", "Identifiant technique de la structure",
    "Raison sociale site", "Enseigne commerciale site", "Complément destinataire (coord. structure)",
    "Complément point géographique (coord. structure)", "Numéro Voie (coord. structure)",
    "Indice répétition voie (coord. structure)", "Code type de voie (coord. structure)",
    "Libellé type de voie (coord. structure)", "Libellé Voie (coord. structure)",
    "Mention distribution (coord. structure)", "Bureau cedex (coord. structure)", "Code postal (coord. structure)",
    "Code commune (coord. structure)", "Libellé commune (coord. structure)", "Code pays (coord. structure)",
    "Libellé pays (coord. structure)", "Téléphone (coord. structure)", "Téléphone 2 (coord. structure)",
    "Télécopie (coord. structure)", "Adresse e-mail (coord. structure)", "Code Département (structure)",
    "Libellé Département (structure)", "Ancien identifiant de la structure", "Autorité d'enregistrement",
    "Code secteur d'activité", "Libellé secteur d'activité", "Code section tableau pharmaciens",
    "Libellé section tableau pharmaciens", "Code rôle", "Libellé rôle", "Code genre activité",
    "Libellé genre activité",
)  # fmt: skip
_SKILL_COLUMNS: Final = (
    *_IDENTITY, "Nom d'exercice", "Prénom d'exercice", "Code profession", "Libellé profession",
    "Code catégorie professionnelle", "Libellé catégorie professionnelle", "Code type savoir-faire",
    "Libellé type savoir-faire", "Code savoir-faire", "Libellé savoir-faire",
)  # fmt: skip
_LEGAL_FROM: Final = 500_000
"""Legal entities have the FINESS numbers of invented establishments from here."""


def siret_of(finess: str) -> str:
    """Make the SIRET number of an invented establishment: it begins with 99, and so far no company's does."""
    return luhn(luhn(finess[:8]) + "0001")


def legal_of(finess: str) -> str:
    """Make the FINESS number of the legal entity of an invented establishment."""
    return luhn(f"99{_LEGAL_FROM + int(finess[2:8]) % _LEGAL_FROM:06d}")


def write_public_directory(folder: Path, plan: Plan) -> None:
    """Write the three files; transport companies are left out, as the national directory leaves them out."""
    folder.mkdir(parents=True)

    def activities() -> Iterator[Activity]:
        made = make_activities(Random(f"{plan.seed}/directory"), plan.professionals)
        return (one for one in made if one.profession is not Profession.TRANSPORT)

    _write(folder / ACTIVITIES_FILE, _ACTIVITY_COLUMNS, (_activity(one) for one in activities()))
    _write(folder / SKILLS_FILE, _SKILL_COLUMNS, (_skill(one) for one in activities() if CIVIL[one.profession][2]))
    with (folder / PLACES_FILE).open("w", encoding="utf-8", newline="") as file:
        file.write(f"finess;etalab;96;{plan.on.isoformat()}\n")
        told: set[str] = set()
        for one in activities():
            if one.establishment.finess not in told:
                told.add(one.establishment.finess)
                file.write(_place(one.establishment))


def _write(path: Path, columns: tuple[str, ...], rows: Iterable[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("|".join(columns) + "|\n")
        for row in rows:
            file.write("|".join(row.get(name, "") for name in columns) + "|\n")


def _who(one: Activity) -> dict[str, str]:
    code, label, skill, skill_label = CIVIL[one.profession]
    return {
        "Type d'identifiant PP": "8",
        "Identifiant PP": one.rpps,
        "Identification nationale PP": f"8{one.rpps}",
        "Nom d'exercice": one.family_name,
        "Prénom d'exercice": one.given_name,
        "Code profession": code,
        "Libellé profession": label,
        "Code catégorie professionnelle": "C",
        "Libellé catégorie professionnelle": "Civil",
        "Code type savoir-faire": "S" if skill else "",
        "Code savoir-faire": skill,
        "Libellé savoir-faire": skill_label,
    }


def _activity(one: Activity) -> dict[str, str]:
    place = one.establishment
    employed = one.profession is Profession.HOSPITAL
    siret = siret_of(place.finess)
    return _who(one) | {
        "Code mode exercice": "S" if employed else "L",
        "Numéro SIRET site": siret,
        "Numéro SIREN site": siret[:9],
        "Numéro FINESS site": place.finess,
        "Numéro FINESS établissement juridique": legal_of(place.finess),
        "Identifiant technique de la structure": f"R{place.finess}",
        "Raison sociale site": place.name,
        "Libellé commune (coord. structure)": place.town,
        "Autorité d'enregistrement": "ARS/ARS/ARS",
        "Code secteur d'activité": "SA01" if employed else "SA07",
        "Code section tableau pharmaciens": "A" if one.profession is Profession.PHARMACY else "",
        "Code genre activité": "GENR01",
    }


def _skill(one: Activity) -> dict[str, str]:
    return _who(one)


def _place(place: Establishment) -> str:
    row = {
        "structureet": "structureet",
        "nofinesset": place.finess,
        "nofinessej": legal_of(place.finess),
        "rs": place.name[:38],
        "rslongue": place.name,
        "ligneacheminement": f"99000 {place.town.upper()}",
        "siret": siret_of(place.finess),
    }
    return ";".join(row.get(name, "") for name in FINESS_PLACES) + "\n"
