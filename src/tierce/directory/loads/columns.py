"""The columns of the directory's files: the operator's own, the national extraction's, those of FINESS."""

from typing import Final

from tierce.kernel.feed import Column, may, must

_KIND: Final = must(
    "Type d'identifiant PP", "0 | 8", "8", "8 : RPPS ; 0 : ancien ADELI.", "8: RPPS; 0: former ADELI."
)
_NUMBER: Final = must("Identifiant PP", "11 digits, Luhn", "99900000011", "Numéro RPPS.", "RPPS number.")
_NATIONAL: Final = must(
    "Identification nationale PP",
    "12 digits",
    "899900000011",
    "Type puis identifiant : la clé de Pro Santé Connect.",
    "Type then identifier: the key that Pro Santé Connect gives.",
)
_FAMILY: Final = must("Nom d'exercice", "text, 1 to 80", "MORVAN", "Nom d’exercice.", "Professional family name.")
_GIVEN: Final = must("Prénom d'exercice", "text, 1 to 80", "CLAIRE", "Prénom d’exercice.", "Professional given name.")
_TOWN: Final = "Libellé commune (coord. structure)"

DIRECTORY: Final[tuple[Column, ...]] = (
    _KIND,
    _NUMBER,
    _NATIONAL,
    _FAMILY,
    _GIVEN,
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
    must(_TOWN, "text, 1 to 80", "Valbrume", "Ville.", "Town."),
    must(
        "Profession Tierce",
        "one of our professions",
        "GP",
        "Notre profession pour cette activité ; n’existe pas dans l’extraction nationale.",
        "Our profession for this activity; absent from the national extraction.",
    ),
)
"""The operator's own file: one line per professional, place and profession exercised there."""

NATIONAL: Final[tuple[Column, ...]] = (
    _KIND,
    _NUMBER,
    _NATIONAL,
    _FAMILY,
    _GIVEN,
    must("Code profession", "code, or empty", "10", "Profession (G15).", "Profession (G15)."),
    must(
        "Code catégorie professionnelle", "code, or empty", "C", "Civil, étudiant… (R09).", "Civil, student… (R09)."
    ),
    must("Code savoir-faire", "code, or empty", "SM53", "Spécialité (R38).", "Specialty (R38)."),
    must("Code mode exercice", "code, or empty", "L", "Libéral, salarié… (R23).", "Self-employed, employed… (R23)."),
    must("Numéro SIRET site", "14 digits, or empty", "99000000100018", "SIRET du lieu.", "SIRET of the place."),
    must("Numéro FINESS site", "9 characters, or empty", "990000010", "FINESS du lieu.", "FINESS of the place."),
    must(
        "Numéro FINESS établissement juridique",
        "9 characters, or empty",
        "990000028",
        "FINESS de l’entité juridique.",
        "FINESS of the legal entity.",
    ),
    must(
        "Identifiant technique de la structure",
        "text, or empty",
        "R99000000001",
        "Numéro de la structure dans l’annuaire.",
        "The directory's own number of the structure.",
    ),
    must("Raison sociale site", "text, or empty", "Les Tilleuls", "Raison sociale du lieu.", "Legal name."),
    must("Enseigne commerciale site", "text, or empty", "Les Tilleuls", "Enseigne.", "Trade name."),
    must(_TOWN, "text, or empty", "Valbrume", "Ville.", "Town."),
    must("Code secteur d'activité", "code, or empty", "SA07", "Secteur (R02).", "Sector (R02)."),
    must("Code section tableau pharmaciens", "code, or empty", "A", "Section (G05).", "Section (G05)."),
    may("Code rôle", "code, or empty", "FON-01", "Rôle (R21), gardé sans être lu.", "Role (R21), kept, not read."),
    may(
        "Code genre activité",
        "code, or empty",
        "GENR01",
        "Genre, dont remplacement (R22).",
        "Kind, substitute or not.",
    ),
)
"""`PS_LibreAcces_Personne_activite` of the Annuaire Santé; a line may tell of no structure."""

SKILLS: Final[tuple[Column, ...]] = (
    _KIND,
    _NUMBER,
    _NATIONAL,
    must("Code savoir-faire", "code", "SM53", "Spécialité ou compétence.", "Specialty or skill."),
    may("Code type savoir-faire", "code", "S", "Nature du savoir-faire.", "Kind of skill."),
)
"""`PS_LibreAcces_SavoirFaire`: every skill of a professional."""

FINESS: Final[tuple[Column, ...]] = (
    must("nofinesset", "9 characters, Luhn", "990000010", "FINESS du site.", "FINESS of the site."),
    must("nofinessej", "9 characters, Luhn", "990000028", "FINESS de l’entité juridique.", "Legal entity's FINESS."),
    must("rs", "text, 1 to 120", "CABINET DES TILLEULS", "Raison sociale courte.", "Short name."),
    must("rslongue", "text, or empty", "CABINET MEDICAL DES TILLEULS", "Raison sociale.", "Long name, when filled."),
    must("ligneacheminement", "text", "99000 VALBRUME", "Code postal et ville.", "Postcode and town."),
    must("categetab", "code, or empty", "603", "Catégorie.", "Category."),
    must("siret", "14 digits, or empty", "99000000100018", "SIRET.", "SIRET."),
)
"""The open extraction of FINESS (lines `structureet`), with a header or without one."""

FINESS_PLACES: Final = (
    "structureet", "nofinesset", "nofinessej", "rs", "rslongue", "complrs", "compldistrib", "numvoie", "typvoie",
    "voie", "compvoie", "lieuditbp", "commune", "departement", "libdepartement", "ligneacheminement", "telephone",
    "telecopie", "categetab", "libcategetab", "categagretab", "libcategagretab", "siret", "codeape", "codemft",
    "libmft", "codesph", "libsph", "dateouv", "dateautor", "datemaj", "numuai",
)  # fmt: skip
"""The order of the published file, which has no header of its own: its first line only says what it is."""
