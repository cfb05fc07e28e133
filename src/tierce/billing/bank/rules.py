"""Whether what was typed is an account that may be paid to; pure. Nothing here repeats what it refuses."""

import re
from collections.abc import Mapping
from typing import Final, Never

from tierce.billing.bank.errors import AccountFieldError
from tierce.billing.bank.model import Typed
from tierce.kernel.language import Phrase

LENGTHS: Final[Mapping[str, int]] = {
    "AD": 24, "AL": 28, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20,
    "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GI": 23, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26, "IT": 27,
    "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MT": 31, "NL": 18, "NO": 15,
    "PL": 28, "PT": 25, "RO": 24, "RS": 22, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "VA": 22,
}  # fmt: skip
"""Countries to which a SEPA transfer goes, and how long an IBAN is there (ISO 13616's register)."""
INVENTED: Final = re.compile(r"FR\d{2}99999")
"""A bank code that exists nowhere: tests and demonstrations use it, and production refuses it."""
HOLDER_CHARS: Final = (2, 70)
"""A transfer's message has room for seventy."""
_SPACES: Final = re.compile(r"[\s\u00a0\u202f.-]")
_SHAPE: Final = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", re.ASCII)
_HOLDER: Final = re.compile(r"[^\W_](?:[^\W_]|[ '’.,&()/+-])*")
_DIGITS_MAX: Final = 8
"""« SELARL du 8 mai 1945 » passes; a NIR, a telephone number or an account does not."""


def read_account(iban: str, holder: str, *, real: bool) -> Typed:
    """Read what was typed; `real` says whether accounts of this installation are real ones.

    Raises:
        AccountFieldError: which field, why, what to do; never with its value.
    """
    return Typed(read_iban(iban, real=real), read_holder(holder))


def read_iban(typed: str, *, real: bool) -> str:
    """A normalised IBAN.

    Raises:
        AccountFieldError.
    """
    found = _SPACES.sub("", typed).upper()
    if not _SHAPE.fullmatch(found):
        _refuse("iban", "ce n’est pas la forme d’un IBAN.", "this has not the form of an IBAN.",
                "Recopiez-le du relevé d’identité bancaire : deux lettres, deux chiffres, puis le compte.",
                "Copy it from the bank's statement: two letters, two digits, then the account.")  # fmt: skip
    length = LENGTHS.get(found[:2])
    if length is None:
        _refuse("iban", "ce pays n’est pas de l’espace SEPA.", "this country is not of the SEPA area.",
                "Donnez un compte tenu dans l’espace SEPA.", "Give an account held in the SEPA area.")  # fmt: skip
    if len(found) != length:
        _refuse("iban", "il manque des caractères, ou il y en a trop pour ce pays.",
                "characters are missing, or there are too many for this country.",
                "Comptez-les sur le relevé, sans les espaces.",
                "Count them on the statement, without the spaces.")  # fmt: skip
    if not checks(found):
        _refuse("iban", "ses deux chiffres de contrôle ne conviennent pas : un caractère est faux.",
                "its two check digits do not fit: a character is wrong.",
                "Relisez-le caractère par caractère.", "Read it again character by character.")  # fmt: skip
    if bool(INVENTED.match(found)) is real:
        _refuse("iban", "cet IBAN n’est pas de la sorte qui est admise ici.",
                "this IBAN is not of the kind that is accepted here.",
                "Les comptes inventés n’entrent pas en production, ni les vrais ailleurs.",
                "Invented accounts never enter production, nor real ones anything else.")  # fmt: skip
    return found


def is_iban(text: str) -> bool:
    """Whether a text is a normalised IBAN of the SEPA area, whole."""
    return _SHAPE.fullmatch(text) is not None and LENGTHS.get(text[:2]) == len(text) and checks(text)


def checks(iban: str) -> bool:
    """Whether the check digits of a well-formed IBAN hold (ISO 7064, MOD 97-10)."""
    turned = iban[4:] + iban[:4]
    return int("".join(str(int(each, 36)) for each in turned)) % 97 == 1


def holds_iban(text: str) -> bool:
    """Whether a sentence holds an account, however its characters stand apart."""
    compact = re.sub(r"[\W_]", "", text, flags=re.ASCII).upper()
    for at in range(len(compact)):
        part = compact[at : at + LENGTHS.get(compact[at : at + 2], 0)]
        if sum(each.isdigit() for each in part) > _DIGITS_MAX and is_iban(part):
            return True
    return False


def read_holder(typed: str) -> str:
    """The holder's name as printed, on one line.

    Raises:
        AccountFieldError.
    """
    found = " ".join(typed.split())
    least, most = HOLDER_CHARS
    if not least <= len(found) <= most or not _HOLDER.fullmatch(found):
        _refuse("holder", "ce nom ne peut pas être gardé tel quel.", "this name cannot be kept as it stands.",
                f"Recopiez le titulaire du relevé, de {least} à {most} caractères, lettres et chiffres.",
                f"Copy the holder from the statement, {least} to {most} characters, letters and digits.")  # fmt: skip
    if sum(each.isdigit() for each in found) > _DIGITS_MAX:
        _refuse("holder", "il contient un numéro.", "it holds a number.",
                "N’écrivez que le nom du titulaire.", "Write the holder's name alone.")  # fmt: skip
    return found


def _refuse(field: str, fr: str, en: str, remedy_fr: str, remedy_en: str) -> Never:
    raise AccountFieldError(field, Phrase(fr, en), Phrase(remedy_fr, remedy_en))
