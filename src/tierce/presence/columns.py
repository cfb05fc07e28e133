"""The columns of a peer's file of invoiced care, from which the published page is rendered."""

from typing import Final

from tierce.kernel.feed import may, must

REPORTS: Final = (
    must(
        "evidence",
        "1 to 64 letters, digits, - or _",
        "FSE-2026-11-25-000417",
        "Numéro de la pièce chez l’émetteur : il ne sert qu’une fois.",
        "The document's number at the peer: it serves once.",
    ),
    must(
        "kind",
        "proof | withdrawal",
        "proof",
        "proof : les soins ont été facturés. withdrawal : la pièce de ce numéro est retirée.",
        "proof: the care was invoiced. withdrawal: the document of this number is taken back.",
    ),
    may("finess", "9 characters", "990000001", "Établissement des soins.", "Where the care took place."),
    may("nir", "15 characters", "…", "NIR de l’ouvrant droit.", "NIR of the rights holder."),
    may("birth_date", "YYYYMMDD", "19890212", "Date de naissance, comme sur la carte.", "As on the card."),
    may("rank", "1 to 9", "1", "Rang ; vide : 1.", "Rank; empty: 1."),
    may("care_date", "date YYYY-MM-DD", "2026-11-24", "Jour des soins.", "Day of care."),
)
"""Care that was invoiced: one line per document. A withdrawal has its number alone."""
