"""One invoice in one sentence; pure."""

from tierce.kernel.language import Phrase
from tierce.kernel.saying import say_date, say_instant
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
