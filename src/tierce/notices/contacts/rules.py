"""Reading one line of contact data lent: pure. An error names the field and the remedy, never the value."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from tierce.kernel.errors import FieldError
from tierce.kernel.labels import holds_nir
from tierce.kernel.language import Phrase
from tierce.notices.contacts.columns import ADDRESS_LINES
from tierce.notices.contacts.model import Contact
from tierce.notices.rules import majority

REFERENCE: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}")
_MEMBER: Final = re.compile(r"[A-Z0-9-]{1,20}")
_EMAIL: Final = re.compile(
    r"[^\s@<>(),;:\"\[\]\\]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_BIRTH: Final = re.compile(r"(18[5-9]|19\d|20\d)\d{5}")
_LANGUAGE: Final = re.compile(r"[a-z]{2}")
NAME_CHARACTERS_MAX, ADDRESS_CHARACTERS_MAX, EMAIL_CHARACTERS_MAX = 120, 60, 254


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """Whom a line is about: the reference of her record in the hand-over, or her member number and perhaps rank."""

    reference: str
    member_number: str
    rank: int

    def __repr__(self) -> str:
        return "Key(•••)"


def by_name(names: Sequence[str], cells: Sequence[str]) -> Mapping[str, str]:
    """Give each cell of a line the name of its column.

    Raises:
        FieldError: there are more or fewer: an address cut at its comma would give each the next one's name.
    """
    if len(cells) != len(names):
        raise FieldError(
            "(line)",
            Phrase("Le nombre de champs n’est pas celui de l’en-tête.", "The number of fields is not the header's."),
            Phrase(
                "Mettez entre guillemets un texte qui contient le séparateur.",
                "Put a text that holds the separator in quotes.",
            ),
        )
    return dict(zip(names, cells, strict=True))


def read_line(cells: Mapping[str, str], on: date) -> tuple[Key, Contact]:
    """Read one line, on a day: of a birth date nothing is kept but the day of majority of somebody who is a minor.

    Raises:
        FieldError: a field does not have the form of its column.
    """
    contact = Contact(
        name=_text(cells, "name", NAME_CHARACTERS_MAX, required=True),
        email=_email(cells.get("email", "").strip()),
        postal=_postal(cells),
        language=_language(cells.get("language", "").strip()),
        representative=_text(cells, "representative", NAME_CHARACTERS_MAX) or None,
        former=_yes(cells.get("former", "").strip()),
        adult_from=_adult_from(cells.get("birth_date", "").strip(), on),
    )
    if contact.email is None and not contact.postal:
        raise FieldError(
            "email",
            Phrase("Ni adresse électronique ni adresse postale.", "Neither an e-mail nor a postal address."),
            Phrase("Donnez l’une des deux, ou retirez la ligne.", "Give one of the two, or leave the line out."),
        )
    return _key(cells), contact


def _key(cells: Mapping[str, str]) -> Key:
    reference, member = cells.get("reference", "").strip().upper(), cells.get("member_number", "").strip()
    if reference and not REFERENCE.fullmatch(reference):
        raise FieldError(
            "reference",
            Phrase("Ce n’est pas une référence.", "This is not a reference of the list."),
            Phrase("Recopiez la colonne reference de cette liste.", "Copy the reference column of that list."),
        )
    if member and not _MEMBER.fullmatch(member):
        raise FieldError(
            "member_number",
            Phrase("Ce n’est pas un numéro d’adhérent.", "This is not a member number."),
            Phrase("Donnez-le tel que dans vos droits.", "Give it as in your rights file."),
        )
    if not reference and not member:
        raise FieldError(
            "reference",
            Phrase("La personne n’est pas désignée.", "The person is not named."),
            Phrase("Donnez reference ou member_number.", "Give reference or member_number."),
        )
    rank = cells.get("rank", "").strip()
    if rank and not re.fullmatch(r"[1-9]", rank):
        raise FieldError(
            "rank",
            Phrase("Le rang va de 1 à 9.", "A rank is 1 to 9."),
            Phrase("Corrigez-le, ou laissez vide.", "Correct it, or leave it empty."),
        )
    return Key(reference, member, int(rank or 0))


def _text(cells: Mapping[str, str], field: str, most: int, *, required: bool = False) -> str:
    text = " ".join(cells.get(field, "").split())
    if required and not text:
        raise FieldError(
            field, Phrase("Rien n’est écrit.", "Nothing is written."), Phrase("Remplissez-le.", "Fill it in.")
        )
    if len(text) > most or not text.isprintable():
        raise FieldError(
            field,
            Phrase(f"Plus de {most} caractères, ou illisible.", f"Over {most} characters, or not readable."),
            Phrase("Raccourcissez, ou retirez le caractère.", "Shorten it, or take the character out."),
        )
    if holds_nir(text):
        raise FieldError(
            field,
            Phrase("Semble contenir un numéro de sécurité sociale.", "Seems to hold a social security number."),
            Phrase("Retirez-le : il ne sert pas à écrire.", "Take it out: it is not needed to write to anybody."),
        )
    return text


def _postal(cells: Mapping[str, str]) -> tuple[str, ...]:
    lines = [_text(cells, f"address_{number}", ADDRESS_CHARACTERS_MAX) for number in range(1, ADDRESS_LINES + 1)]
    return tuple(line for line in lines if line)


def _email(text: str) -> str | None:
    if not text:
        return None
    if len(text) > EMAIL_CHARACTERS_MAX or not _EMAIL.fullmatch(text):
        raise FieldError(
            "email",
            Phrase("Ce n’est pas une adresse électronique.", "This is not an e-mail address."),
            Phrase("Corrigez-la, ou laissez vide.", "Correct it, or leave it empty."),
        )
    return text


def _language(text: str) -> str:
    if text and not _LANGUAGE.fullmatch(text):
        raise FieldError(
            "language",
            Phrase("Une langue a deux lettres minuscules.", "A language is two small letters."),
            Phrase("Écrivez par exemple fr.", "Write fr, for instance."),
        )
    return text or "fr"


def _adult_from(text: str, on: date) -> date | None:
    if not _BIRTH.fullmatch(text) or int(text[:4]) > on.year:
        raise FieldError(
            "birth_date",
            Phrase("Ce n’est pas une date de naissance.", "This is not a birth date."),
            Phrase(
                "Donnez huit chiffres, AAAAMMJJ, comme dans vos droits.",
                "Give eight digits, YYYYMMDD, as in your rights file.",
            ),
        )
    found = majority(text)
    return found if on < found else None


def _yes(text: str) -> bool:
    if text not in {"", "yes", "no"}:
        raise FieldError(
            "former", Phrase("Ni yes ni no.", "Neither yes nor no."), Phrase("Écrivez yes ou no.", "Write yes or no.")
        )
    return text == "yes"
