"""One invoice in one sentence; pure."""

from tierce.kernel.care import DOMAIN_LABELS, Domain
from tierce.kernel.language import Phrase
from tierce.kernel.saying import say_date, say_euros, say_instant
from tierce.persons.billed.model import Billed


def sentence(one: Billed) -> Phrase:
    """Say one invoice: when the care was, where, and what is odd about it.

    « Soins du 24 novembre 2026 : Optique des Remparts (Port-Sérac) les a facturés à votre nom. »
    """
    day = say_date(one.care_day)
    said = Phrase(
        f"Soins du {day.fr}\u00a0: {one.place} les a facturés à votre nom.",
        f"Care of {day.en}: {one.place} billed it in your name.",
    )
    if one.domain is not None and one.claimed is not None:
        said = _told(one, one.domain, one.claimed, day)
    if not one.asked:
        said = Phrase(
            f"{said.fr} Personne n’y avait demandé vos droits.",
            f"{said.en} Nobody there had asked about your rights.",
        )
    if one.withdrawn is not None:
        at = say_instant(one.withdrawn)
        said = Phrase(
            f"{said.fr} Cette facture a été retirée {at.fr}.", f"{said.en} This invoice was taken back {at.en}."
        )
    return said


def _told(one: Billed, domain: Domain, claimed: int, day: Phrase) -> Phrase:
    """Say an invoice that the place sent to us, with what it asks and what became of it."""
    label, asked = DOMAIN_LABELS[domain], say_euros(claimed)
    said = Phrase(
        f"Soins du {day.fr}\u00a0({label.fr})\u00a0: {one.place} demande {asked.fr} à votre complémentaire.",
        f"Care of {day.en} ({label.en}): {one.place} asks your insurer for {asked.en}.",
    )
    if one.paid is not None:
        paid = say_euros(one.paid)
        return Phrase(f"{said.fr} {paid.fr} ont été payés.", f"{said.en} {paid.en} was paid.")
    if one.refused:
        return Phrase(f"{said.fr} Rien n’a été payé.", f"{said.en} Nothing was paid.")
    return said
