"""What a tiers payant card identifies its bearer by: the insurer's AMC number and the member number; and its way.

Neither is a secret, and neither shows itself: `repr` and `str` of a member number are masked, as a NIR's are.
"""

import re
from collections.abc import Iterable, Mapping
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
ROUTE_WORD: Final = re.compile(r"[A-Z0-9-]{1,10}", re.ASCII)
"""The shape of a type of convention and of a CSR, spaces gone; the length is our own bound."""


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


def parse_csr(text: str) -> str:
    """Read a secondary routing criterion (CSR): 1 to 10 letters, digits, hyphens; empty where the card bears none.

    Raises:
        IdentifierError: anything else.
    """
    compact = text.translate(_TYPED).upper()
    if compact and ROUTE_WORD.fullmatch(compact) is None:
        raise IdentifierError(
            "csr",
            Phrase("1 à 10 lettres, chiffres ou tirets sont attendus.",
                   "1 to 10 letters, digits or hyphens are expected."),
            Phrase("Recopiez le CSR de la carte, ou laissez vide si elle n’en porte pas.",
                   "Copy the CSR from the card, or leave it empty where the card bears none."),
        )  # fmt: skip
    return compact


@dataclass(frozen=True, slots=True)
class Route:
    """The three data of a card by which an invoice finds its insurer, as text; empty where the card bears none."""

    amc: str
    convention: str = ""
    csr: str = ""


def without_padding(number: str) -> str:
    """How AMC numbers and CSRs are compared: without leading zeros, which some software adds or drops."""
    return number.lstrip("0") or number[-1:]


class Routing:
    """Which insurer a card's AMC number and CSR lead to. All of it is public: nothing here depends on a person.

    Each insurer is known by its own AMC number. Its cards may print one that several insurers share; then the CSR
    tells them apart, and what is printed is declared in the insurers' file.
    """

    def __init__(self, printed: Mapping[str, Iterable[tuple[str, str]]]) -> None:
        """Take what each insurer's cards print, (AMC number, CSR), by its own number; none where that is all."""
        self.disputed: set[str] = set()
        """Own numbers of insurers that claim what is another's already."""
        self._found: dict[str, dict[str, str]] = {}
        for insurer, told in printed.items():
            for amc, csr in told:
                self._claim(insurer, amc, csr)
        for insurer in printed:
            if insurer not in self._found.get(without_padding(insurer), {}).values():
                self._claim(insurer, insurer, "")

    def _claim(self, insurer: str, amc: str, csr: str) -> None:
        if self._found.setdefault(without_padding(amc), {}).setdefault(without_padding(csr), insurer) != insurer:
            self.disputed.add(insurer)

    def owners(self, amc: str, csr: str) -> tuple[str, ...]:
        """The own numbers of whom a card may be of: none, one, or all that only another CSR could tell apart."""
        found = self._found.get(without_padding(amc), {})
        several = tuple(sorted(set(found.values())))
        if len(several) > 1 and (named := found.get(without_padding(csr))) is not None:
            return (named,)
        return several


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
