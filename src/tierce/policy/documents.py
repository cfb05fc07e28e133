"""Which documents an insurer may make a prior agreement subject to, and what is declared of each.

`storage/sql/documents.sql` holds the same numbers, whatever is sent. All of them are the operator's choice: no text
gives any. No document is ever held here: its kind, its date, its prescriber and the digest of the file are declared,
so that the file can be compared by whoever has reason to ask its keeper for it.
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Final

from tierce.kernel.care import Domain, Profession
from tierce.kernel.language import Phrase


class DocumentKind(IntEnum):
    """A kind of document. Numbers are stored, and `1 << (number - 1)` in sets: never moved, never reused."""

    PRESCRIPTION = 1
    """« Ordonnance »: it has a prescriber."""
    SIGNED_QUOTE = 2
    """« Devis signé »: by the person cared for, or whoever represents her."""
    MAKER_INVOICE = 3
    """« Facture du fabricant »: of lenses, a prosthesis or a hearing aid made for one person."""

    @property
    def code(self) -> str:
        """Its word in files and messages."""
        return self.name.lower()


DOCUMENT_LABELS: Final[Mapping[DocumentKind, Phrase]] = {
    DocumentKind.PRESCRIPTION: Phrase("ordonnance", "prescription"),
    DocumentKind.SIGNED_QUOTE: Phrase("devis signé", "signed quote"),
    DocumentKind.MAKER_INVOICE: Phrase("facture du fabricant", "maker’s invoice"),
}
VALID_DAYS: Final[Mapping[DocumentKind, int]] = {
    DocumentKind.PRESCRIPTION: 1_826,
    DocumentKind.SIGNED_QUOTE: 183,
    DocumentKind.MAKER_INVOICE: 183,
}
"""How old one may be on the day on which it is declared. Five years is the most for which glasses are made on one
prescription; whoever is young has less, and neither her age nor her care is looked at here."""
PRESCRIBED: Final = frozenset({DocumentKind.PRESCRIPTION})
"""Kinds that a prescriber signed."""
PRESCRIBERS: Final = frozenset(
    {
        Profession.GP,
        Profession.SPECIALIST,
        Profession.DENTIST,
        Profession.RADIOLOGY,
        Profession.HOSPITAL,
        Profession.MIDWIFE,
        Profession.ORTHOPTIST,
    }
)
"""Professions one of whom signs a prescription, whether or not she still practises."""
OWN_CARE: Final = frozenset({Domain.DENT, Domain.HOSP})
"""Domains whose professionals give care on their own prescription; elsewhere whoever sells it did not prescribe."""
DECLARE_DAYS: Final = 30
"""How long what is granted subject to documents is reserved: the last day to declare them is the thirtieth after."""
DECLARED_MAX: Final = 10
"""Declarations for one agreement, corrections included."""
LINE_DECLARED_A_DAY: Final = 180
"""Declarations of one line of seats in a civil day: three for each agreement that it may ask for."""
PLACE_DECLARED_A_DAY: Final = 720


def bits_of(kinds: Iterable[DocumentKind]) -> int:
    """A set of kinds as it is stored."""
    bits = 0
    for kind in kinds:
        bits |= 1 << (kind - 1)
    return bits


def kinds_of(bits: int) -> tuple[DocumentKind, ...]:
    """The kinds of a stored set, in the order of their numbers."""
    return tuple(kind for kind in DocumentKind if bits & 1 << (kind - 1))


def named(kinds: Iterable[DocumentKind]) -> Phrase:
    """« ordonnance, devis signé »."""
    labels = [DOCUMENT_LABELS[kind] for kind in kinds]
    return Phrase(", ".join(one.fr for one in labels), ", ".join(one.en for one in labels))
