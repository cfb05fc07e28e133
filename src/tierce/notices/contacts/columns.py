"""The columns of a file of contact data lent; docs/reference/contacts-lent.md prints them."""

from typing import Final

from tierce.kernel.feed import Column, may, must, names

ADDRESS_LINES: Final = 6
COLUMNS: Final[tuple[Column, ...]] = (
    may(
        "reference",
        "XXXX-XXXX-XXXX",
        "7K2M-9QXA-0D4T",
        "Référence de la personne dans la liste remise ; ou bien member_number.",
        "The person's reference in the list handed over; or else member_number.",
    ),
    may(
        "member_number",
        "text, 1 to 20 of A-Z 0-9 -",
        "A-0000417",
        "Numéro d’adhérent du bénéficiaire, tel que dans vos droits.",
        "The beneficiary's member number, as in your rights file.",
    ),
    may(
        "rank",
        "1 to 9",
        "1",
        "Rang de naissance ; s’il est donné, il doit être celui de vos droits.",
        "Rank of birth; where it is given, it must be that of your rights file.",
    ),
    must(
        "birth_date",
        "8 digits YYYYMMDD",
        "19840512",
        "Date de naissance, telle que dans vos droits : dit qui est mineur ; celle d’un adulte n’est pas gardée.",
        "Birth date, as in your rights file: tells who is a minor; an adult's is not kept.",
    ),
    must("name", "text, 1 to 120", "Paul Lenoir", "Nom auquel écrire.", "Name to write to."),
    may("email", "text, up to 254", "paul.lenoir@exemple.invalid", "Adresse électronique.", "E-mail address."),
    *(
        may(
            f"address_{number}",
            "text, up to 60",
            "12 rue des Tilleuls" if number == 1 else "",
            f"Ligne {number} de l’adresse postale, sans le nom.",
            f"Line {number} of the postal address, without the name.",
        )
        for number in range(1, ADDRESS_LINES + 1)
    ),
    may("language", "two letters", "fr", "Langue lue ; fr si vide.", "Language read; fr when empty."),
    may(
        "representative",
        "text, up to 120",
        "",
        "Représentant légal d’un mineur ou d’un majeur protégé, à cette même adresse.",
        "Legal representative of a minor or protected adult, at this same address.",
    ),
    may("former", "yes | no", "no", "Ancien adhérent.", "Former member."),
)
"""An e-mail address or a first line of address must be there: a person who cannot be written to is not lent."""

HEADER: Final = tuple(names(COLUMNS))
