"""What a tiers payant card identifies its bearer by: the insurer's AMC number and the member number.

Neither is a secret, and neither shows itself: `repr` and `str` of a member number are masked, as a NIR's are.
"""

import re
from dataclasses import dataclass
from typing import Final

from tierce.kernel.errors import IdentifierError
from tierce.kernel.language import Phrase
from tierce.kernel.nir import DASHES, SPACES, BirthDate

_TYPED: Final = str.maketrans(dict.fromkeys(SPACES) | dict.fromkeys(DASHES, "-"))
AMC: Final = re.compile(r"[0-9]{8,10}", re.ASCII)
"""The shape of an AMC number."""
MEMBER: Final = re.compile(r"[A-Z0-9-]{1,20}", re.ASCII)
"""The shape of a member number, spaces gone."""


def parse_amc(text: str) -> str:
    """Read an AMC number: 8 to 10 digits, kept as text for its leading zeros; spaces are allowed.

    Raises:
        IdentifierError: anything else.
    """
    compact = text.translate(_TYPED)
    if AMC.fullmatch(compact) is None:
        raise IdentifierError(
            "amc",
            Phrase("huit à dix chiffres sont attendus.", "eight to ten digits are expected."),
            Phrase("Recopiez le numéro AMC de la carte.", "Copy the AMC number from the card."),
        )
    return compact


@dataclass(frozen=True, slots=True, repr=False)
class MemberNumber:
    """The number an insurer knows a beneficiary by; build it with `MemberNumber.parse`."""

    _text: str

    @classmethod
    def parse(cls, text: str) -> "MemberNumber":
        """Read 1 to 20 letters, digits and hyphens; spaces and either case are allowed.

        Raises:
            IdentifierError: anything else; the message never holds the value.
        """
        typed = text.translate(_TYPED)
        compact = typed.upper()
        # In capitals, some letters of other scripts are letters of ours: one number would be written in two ways.
        if not typed.isascii() or MEMBER.fullmatch(compact) is None:
            raise IdentifierError(
                "member_number",
                Phrase("1 à 20 lettres, chiffres ou tirets sont attendus.",
                       "1 to 20 letters, digits or hyphens are expected."),
                Phrase("Recopiez le numéro d’adhérent de la carte.", "Copy the member number from the card."),
            )  # fmt: skip
        return cls(compact)

    def reveal(self) -> str:
        """Return the number in clear: only to seal or to index."""
        return self._text

    def __repr__(self) -> str:
        return "MemberNumber(•••)"

    def __str__(self) -> str:
        return "•••"


def normalise_card(amc: str, member: MemberNumber, birth: BirthDate) -> bytes:
    """Return the canonical bytes of a card's identifiers, for the same keyed index as `normalise`.

    ``card|1|`` + AMC number + ``|`` + member number + ``|`` + YYYYMMDD, in ASCII. The birth date is part of the
    index, so that a number with a wrong date finds nobody, as a wrong NIR does: there is no second comparison
    that could take another time or be tried alone.
    """
    return f"card|1|{amc}|{member.reveal()}|{birth.reveal()}".encode("ascii")
