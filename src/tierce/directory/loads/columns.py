"""The columns of the directory file, named as in the open extraction of the Annuaire Santé where they exist."""

from typing import Final

from tierce.kernel.feed import Column, may, must

DIRECTORY: Final[tuple[Column, ...]] = (
    must(
        "Type d'identifiant PP",
        "0 | 8",
        "8",
        "8 : RPPS ; 0 : ancien ADELI.",
        "8: RPPS; 0: former ADELI.",
    ),
    must("Identifiant PP", "11 digits, Luhn", "99900000018", "Numéro RPPS.", "RPPS number."),
    must(
        "Identification nationale PP",
        "12 digits",
        "899900000018",
        "Type puis identifiant : la clé de Pro Santé Connect.",
        "Type then identifier: the key that Pro Santé Connect gives.",
    ),
    must("Nom d'exercice", "text, 1 to 80", "MORVAN", "Nom d’exercice.", "Professional family name."),
    must("Prénom d'exercice", "text, 1 to 80", "CLAIRE", "Prénom d’exercice.", "Professional given name."),
    may("Code profession", "code", "10", "Profession, nomenclature nationale.", "Profession, national code."),
    may("Libellé profession", "text", "Médecin", "Profession en clair.", "Profession in words."),
    may("Code savoir-faire", "code", "SM53", "Spécialité, nomenclature nationale.", "Specialty, national code."),
    may("Libellé savoir-faire", "text", "Médecine générale", "Spécialité en clair.", "Specialty in words."),
    must("Numéro FINESS site", "9 characters, Luhn", "990000010", "FINESS du lieu.", "FINESS of the place."),
    must(
        "Raison sociale site",
        "text, 1 to 120",
        "Cabinet médical des Tilleuls",
        "Raison sociale du lieu.",
        "Legal name of the place.",
    ),
    may("Enseigne commerciale site", "text", "Les Tilleuls", "Enseigne.", "Trade name, shown when filled."),
    must("Libellé commune (coord. structure)", "text, 1 to 80", "Valbrume", "Ville.", "Town."),
    must(
        "Profession Tierce",
        "one of our professions",
        "GP",
        "Notre profession pour cette activité ; n’existe pas dans l’extraction nationale.",
        "Our profession for this activity; absent from the national extraction.",
    ),
)
"""One line per professional, place and profession exercised there."""
