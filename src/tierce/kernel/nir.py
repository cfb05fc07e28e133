"""What a person is keyed by: NIR of the rights holder, birth date, rank of birth.

None of the three ever shows itself: `repr` and `str` are masked, so that a log, a traceback or a careless
f-string holds nothing. The few places that may (sealing, the keyed index, a form filled for its owner) call
`reveal()`, which is easy to find with a search.

Sources: décret 82-103 of 22 January 1982, art. 4 (composition of the NIR); the key and the Corsican letters
as in python-stdnum's `stdnum.fr.nir`, which the tests use as an oracle. Where public sources disagree the
parser is lenient, and the docstring of the rule says so: a wrong refusal would cost somebody her care,
while a wrong acceptance only fails to find anybody.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from tierce.kernel.errors import IdentifierError
from tierce.kernel.language import Phrase

_MASK: Final = "•••"

SPACES: Final = " \t\u00a0\u2007\u2009\u202f"
"""What is seen as a space, in what is copied from a page or a printed document too."""
DASHES: Final = "\u2010\u2011\u2012\u2013"
"""What is seen as a hyphen and is another character."""

_SEPARATORS: Final = str.maketrans("", "", f".-{SPACES}{DASHES}")

_NIR_SHAPE: Final = re.compile(
    r"[1-8]"  # sex, or a provisional number
    r"[0-9]{2}"  # year of birth
    r"(?:0[1-9]|1[0-2]|2[0-9]|3[0-9]|4[0-2]|[5-9][0-9])"  # month, see Nir
    r"(?:2[AB]|0[1-9]|[1-9][0-9])[0-9]{3}"  # place of birth
    r"[0-9]{3}"  # order in the register
    r"[0-9]{2}",  # key
    re.ASCII,
)

_BIRTH_SHAPE: Final = re.compile(r"[0-9]{8}", re.ASCII)

YEAR_MIN: Final = 1880
YEAR_MAX: Final = 2100

# fmt: off
SYNTHETIC_DEPARTMENTS: Final = frozenset((
    "03", "05", "07", "08", "09", "12", "15", "18", "19", "23", "32", "36", "39", "41", "43",
    "46", "47", "48", "52", "53", "55", "58", "61", "65", "70", "79", "82", "88", "89", "90",
))
# fmt: on
"""The départements that invented people are born in: see `Nir.is_synthetic`."""

SYNTHETIC_CORSICA: Final = frozenset(("2A", "2B"))
"""Corsica, in which a few invented people born since 1976 are born too."""

_SYNTHETIC: Final = SYNTHETIC_DEPARTMENTS | SYNTHETIC_CORSICA

SYNTHETIC_COMMUNES: Final = range(950, 980)
"""The commune numbers that invented people are born in: see `Nir.is_synthetic`."""


def nir_key(body: str) -> int:
    """Compute the control key of the first 13 characters of a NIR, in 1 .. 97.

    The key is 97 less the remainder of the number by 97; for Corsica 2A is read as 19 and 2B as 18.
    """
    digits = body.replace("2A", "19", 1).replace("2B", "18", 1) if body[6:7] in {"A", "B"} else body
    return 97 - int(digits) % 97


def _nir_error(reason: Phrase, remedy: Phrase) -> IdentifierError:
    return IdentifierError("nir", reason, remedy)


@dataclass(frozen=True, slots=True, repr=False)
class Nir:
    """A social security number: 13 characters and their 2-digit key, checked; build it with `Nir.parse`.

    Accepted, leniently: first character 1 to 8 (1 and 2 are men and women; 3 to 8 have been given to numbers
    that are provisional or being registered, and public sources disagree which); month 01–12, or 20–42 and
    50–99, which stand for incomplete civil acts and crowded registers; any place (99 and a country abroad,
    97 and 98 overseas, 2A and 2B Corsica); any order number.
    """

    _text: str

    @classmethod
    def parse(cls, text: str) -> "Nir":
        """Read 15 characters, spaces, dots and hyphens allowed, letters of Corsica in either case.

        Raises:
            IdentifierError: wrong length, shape or key; the message never holds the value.
        """
        compact = text.translate(_SEPARATORS).upper()
        if len(compact) == 13:
            raise _nir_error(
                Phrase("la clé manque.", "the key is missing."),
                Phrase(
                    "Ajoutez les deux derniers chiffres, écrits après le numéro sur la carte.",
                    "Add the last two digits, printed after the number on the card.",
                ),
            )
        if len(compact) != 15:
            raise _nir_error(
                Phrase("15 caractères sont attendus, clé comprise.", "15 characters are expected, key included."),
                Phrase("Recopiez le numéro tel qu’il est sur la carte.", "Copy the number as it is on the card."),
            )
        if _NIR_SHAPE.fullmatch(compact) is None:
            raise _nir_error(
                Phrase("ce n’est pas la forme d’un NIR.", "this is not the shape of a NIR."),
                Phrase(
                    "Vérifiez le mois et le département ; seules les lettres 2A et 2B sont possibles.",
                    "Check the month and the département; the only letters possible are 2A and 2B.",
                ),
            )
        if nir_key(compact[:13]) != int(compact[13:]):
            raise _nir_error(
                Phrase("la clé ne correspond pas au numéro.", "the key does not match the number."),
                Phrase(
                    "Un chiffre est sans doute mal recopié : relisez le numéro et sa clé.",
                    "A digit was probably miscopied: read the number and its key again.",
                ),
            )
        return cls(compact)

    def reveal(self) -> str:
        """Return the 15 characters in clear: only to seal, to index, or to show their owner."""
        return self._text

    def is_synthetic(self) -> bool:
        """Tell whether the number was made for an invented person and can be no living one's.

        It is when the place of birth is a commune numbered 950 to 979 in one of thirty small départements of
        mainland France, or in Corsica under its letters. What is certain: INSEE's official geographic code of 2026,
        read with its former, associated and delegated communes (37,590 entries), numbers no commune of the mainland
        above 909, and none of those thirty départements above 586. What is reasoned: Corsica has fewer than four
        hundred communes, numbered likewise from 1; crowded registers and unknown places are said to receive numbers
        of their own, outside that code; no town of those départements ever came near the 999 births in a month that
        crowd a register, and 980 and above are left alone. Numbers 91 to 95 are left out because they stood for
        Algeria and Morocco too, 20 because it was all of Corsica until its letters came in 1976.
        """
        return self._text[5:7] in _SYNTHETIC and int(self._text[7:10]) in SYNTHETIC_COMMUNES

    def is_provisional(self) -> bool:
        """Tell whether the number starts otherwise than with 1 or 2, hence may change one day."""
        return self._text[0] not in "12"

    def __repr__(self) -> str:
        return f"Nir({_MASK})"

    def __str__(self) -> str:
        return _MASK


@dataclass(frozen=True, slots=True, repr=False)
class BirthDate:
    """A birth date as eight raw digits YYYYMMDD; build it with `BirthDate.parse`.

    It is not a calendar date: registers hold « lunar » dates, with a day or a month that no calendar has, and
    what the card says is what must match. Only the year is bounded, 1880 to 2100.
    """

    _digits: str

    @classmethod
    def parse(cls, text: str) -> "BirthDate":
        """Read eight digits, year first.

        Raises:
            IdentifierError: not eight digits, or a year that nobody covered can have been born in.
        """
        compact = text.translate(_SEPARATORS)
        if _BIRTH_SHAPE.fullmatch(compact) is None:
            raise IdentifierError(
                "birth_date",
                Phrase("huit chiffres sont attendus.", "eight digits are expected."),
                Phrase(
                    "Écrivez l’année, le mois et le jour : AAAAMMJJ.",
                    "Write year, month and day: YYYYMMDD.",
                ),
            )
        if not YEAR_MIN <= int(compact[:4]) <= YEAR_MAX:
            raise IdentifierError(
                "birth_date",
                Phrase(
                    f"l’année doit être entre {YEAR_MIN} et {YEAR_MAX}.",
                    f"the year must be between {YEAR_MIN} and {YEAR_MAX}.",
                ),
                Phrase(
                    "Écrivez l’année d’abord, avec quatre chiffres.",
                    "Write the year first, with four digits.",
                ),
            )
        return cls(compact)

    def reveal(self) -> str:
        """Return the eight digits in clear: only to seal, to index, or to show their owner."""
        return self._digits

    def as_date(self) -> date | None:
        """Return the calendar date, or None for a lunar date."""
        try:
            return date(int(self._digits[:4]), int(self._digits[4:6]), int(self._digits[6:]))
        except ValueError:
            return None

    def __repr__(self) -> str:
        return f"BirthDate({_MASK})"

    def __str__(self) -> str:
        return _MASK


def latest_birth(digits: str) -> str:
    """The latest day that eight raw digits may stand for: 31 December where month or day is not of the calendar.

    Whoever may still be a minor is written to through whoever represents her.
    """
    is_day = "01" <= digits[4:6] <= "12" and "01" <= digits[6:] <= "31"
    return digits if is_day else f"{digits[:4]}1231"


@dataclass(frozen=True, slots=True, repr=False)
class Rank:
    """The rank of birth, 1 to 9; build it with `Rank.parse`.

    It separates twins of one sex in the general scheme, and simply the beneficiaries of one holder in others:
    a rank above 1 does not mean a twin.
    """

    _number: int

    @classmethod
    def parse(cls, text: str | int) -> "Rank":
        """Read one digit, 1 to 9.

        Raises:
            IdentifierError: anything else.
        """
        compact = str(text).strip()
        if len(compact) != 1 or compact not in "123456789":
            raise IdentifierError(
                "rank",
                Phrase("le rang est un chiffre de 1 à 9.", "the rank is a digit from 1 to 9."),
                Phrase(
                    "Recopiez le rang de la carte ; sans indication, c’est 1.",
                    "Copy the rank from the card; where none is given it is 1.",
                ),
            )
        return cls(int(compact))

    def reveal(self) -> int:
        """Return the rank in clear: only to seal, to index, or to show its owner."""
        return self._number

    def __repr__(self) -> str:
        return f"Rank({_MASK})"

    def __str__(self) -> str:
        return _MASK


def normalise(nir: Nir, birth: BirthDate, rank: Rank) -> bytes:
    """Return the canonical bytes of a person's identifiers, version 1, for the keyed index.

    ``1|`` + the 13 characters of the NIR without its key + ``|`` + YYYYMMDD + ``|`` + rank, in ASCII. The
    key adds nothing once checked, so it is left out. A change of form takes a new leading number, since every
    index of the register depends on these bytes.
    """
    return f"1|{nir.reveal()[:13]}|{birth.reveal()}|{rank.reveal()}".encode("ascii")
