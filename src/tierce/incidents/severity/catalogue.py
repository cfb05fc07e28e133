"""Earlier public leaks as attributes, what they reach, and what can be done with it; versioned with the program.

Leaks are named by what they were; docs/reference/severity.md gives names, dates and sources. Never a record.
"""

from collections.abc import Iterable

from tierce.incidents.severity.model import Leak
from tierce.kernel.categories import DataCategory as D
from tierce.kernel.language import Phrase

CATALOGUE_VERSION = "2026-11-26"

LEAKS: tuple[Leak, ...] = (
    Leak(
        "portail-sante-2022",
        Phrase("portail de l’assurance maladie, mars 2022", "portal of the compulsory scheme, March 2022"),
        D.CIVIL_STATUS | D.NIR | D.GUARANTEES,
        510_000,
    ),
    Leak(
        "emploi-2024",
        Phrase("organisme public de l’emploi, février 2024", "public employment body, February 2024"),
        D.CIVIL_STATUS | D.NIR | D.BIRTH_DATE | D.EMAIL | D.PHONE | D.POSTAL_ADDRESS,
        36_820_828,
    ),
    Leak(
        "telecom-2024",
        Phrase("opérateur de télécommunications, octobre 2024", "telecommunications operator, October 2024"),
        D.CIVIL_STATUS | D.EMAIL | D.PHONE | D.POSTAL_ADDRESS | D.BANK,
        24_000_000,
    ),
)

KEYS: tuple[D, ...] = (D.NIR, D.CIVIL_STATUS | D.BIRTH_DATE, D.EMAIL)
"""What joins two files: the NIR, name with birth date, the e-mail address."""

_CONTACT = (D.EMAIL, D.PHONE, D.POSTAL_ADDRESS)

CAPABILITIES: tuple[tuple[tuple[D, ...], Phrase], ...] = (
    (
        tuple(contact | D.INSURER | D.NIR for contact in _CONTACT),
        Phrase(
            "envoyer un faux message de remboursement crédible, au nom de votre complémentaire",
            "send a convincing false refund message in your insurer’s name",
        ),
    ),
    (
        (D.NIR | D.CIVIL_STATUS | D.POSTAL_ADDRESS,),
        Phrase(
            "usurper une identité, ou récupérer un compte en répondant à des questions",
            "take somebody’s identity, or recover an account by answering questions",
        ),
    ),
    (
        (D.CIVIL_STATUS | D.BANK,),
        Phrase("présenter un faux prélèvement ou un faux virement", "present a false debit or a false transfer"),
    ),
    (
        (D.PROFESSIONAL_RECORD | D.BANK,),
        Phrase(
            "faire payer les remboursements d’un professionnel sur un autre compte",
            "have a professional’s reimbursements paid to another account",
        ),
    ),
    (
        (D.MEDICAL, D.REIMBURSEMENTS),
        Phrase("révéler ou monnayer des soins reçus", "reveal, or sell, care that was received"),
    ),
)
"""Any of the sets on the left gives the capability on the right."""


def reached(own: D, leaks: Iterable[Leak]) -> tuple[D, list[Leak]]:
    """What a thief who also has these leaks can know: own attributes and those joined to them, until nothing adds."""
    waiting, found = list(leaks), own
    used: list[Leak] = []
    while True:
        joined = [leak for leak in waiting if any(key in found and key in leak.attributes for key in KEYS)]
        if not joined:
            return found, used
        for leak in joined:
            found |= leak.attributes
            used.append(leak)
            waiting.remove(leak)


def capabilities(attributes: D) -> tuple[Phrase, ...]:
    """What can be done with a set of attributes, to be told to the people as a likely consequence."""
    return tuple(phrase for sets, phrase in CAPABILITIES if any(each in attributes for each in sets))
