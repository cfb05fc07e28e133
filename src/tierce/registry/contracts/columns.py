"""The columns of the contracts' file, from which the published page is rendered."""

from typing import Final

from tierce.kernel.feed import may, must

CONTRACTS: Final = (
    must("amc", "8 to 10 digits", "99100001", "Numéro AMC de l’organisme.", "The insurer's AMC number."),
    must(
        "party",
        "profession | establishment | professional",
        "establishment",
        "Avec qui : toute une profession, un établissement, ou un professionnel où qu’il exerce.",
        "With whom: a whole profession, an establishment, or a professional wherever she works.",
    ),
    must(
        "number",
        "profession's code, FINESS, or national identifier",
        "990000001",
        "Code de la profession, numéro FINESS, ou identifiant national du professionnel.",
        "The profession's code, the FINESS number, or the professional's national identifier.",
    ),
    must("domain", "code", "OPTI", "Domaine de soins.", "Domain of care."),
    must("contracted_from", "date YYYY-MM-DD", "2026-01-01", "Premier jour de la convention.", "First day."),
    may(
        "contracted_until",
        "date YYYY-MM-DD",
        "2026-12-31",
        "Dernier jour, compris ; vide : sans terme.",
        "Last day, included; empty: no end.",
    ),
)
"""Contracts between insurers and professionals: one line per insurer, party, domain and first day."""
