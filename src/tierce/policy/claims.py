"""What is kept for as long as somebody may claim to be paid: invoices, agreements and what becomes of them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from tierce.kernel.language import Phrase
from tierce.policy.agreements import GRANT_DAYS
from tierce.policy.kept import End, Hand, Kept, Rule
from tierce.policy.rights import CARE_WINDOWS, ENGAGEMENT_DAYS, TWO_YEARS

INVOICED_DAYS: Final = TWO_YEARS + max(ENGAGEMENT_DAYS.values())
"""How old care may be that is invoiced: asked about two years later, quoted as long as that answer holds.

`storage/sql/retention.sql` keeps what was paid for as long, and longer where a cap counts it; tested equal.
"""
QUOTED_DAYS: Final = max(CARE_WINDOWS[domain].ahead + days for domain, days in ENGAGEMENT_DAYS.items())
"""How long after an answer its engagement may be quoted. Cover that an insurer closed since, however far back, still
prices what was promised before: `storage/sql/retention.sql` waits as long after the file's day; tested equal.
"""
CLAIMS = Phrase(
    "prescription de deux ans (Code de la mutualité, L. 221-11 ; Code des assurances, L. 114-1 ; Code de la sécurité "
    "sociale, L. 932-13, pour une institution de prévoyance ; à confirmer), plus trois mois",
    "two-year limitation (Code de la mutualité, L. 221-11; Code des assurances, L. 114-1; Code de la sécurité "
    "sociale, L. 932-13, for a provident institution; to confirm), plus three months",
)
CLAIMED: Mapping[Kept, Rule] = {
    Kept.COVERAGE: Rule(
        Phrase(
            f"droits terminés, et que nul fichier n’a dits depuis {QUOTED_DAYS} jours ; plus longtemps, tant qu’une "
            "facture ou une prise en charge de la personne attend sa décision",
            f"coverage that has ended, and that no file told of for {QUOTED_DAYS} days; longer, while an invoice or "
            "an agreement of the person waits to be decided",
        ),
        "coverage.coverage",
        timedelta(days=INVOICED_DAYS),
        Phrase("leur dernier jour", "their last day"),
        End.DELETED,
        Hand.JOB,
        Phrase(
            "dernière facture possible de soins de leur dernier jour : demandée deux ans après, citée aussi "
            f"longtemps que vaut la réponse ; {CLAIMS.fr}",
            "the last invoice that may come of care on their last day: asked about two years later, quoted for as "
            f"long as the answer holds; {CLAIMS.en}",
        ),
        held=True,
    ),
    Kept.INVOICES: Rule(
        Phrase(
            "factures envoyées par les lieux de soins, leurs lignes, et qui du bureau les refuse ; payées, aussi "
            "longtemps que les mêmes soins peuvent être facturés de nouveau ou comptés dans un plafond de "
            "l’organisme",
            "invoices sent by places of care, their lines, and who of the staff refuses one; once paid, for as "
            "long as the same care may be invoiced again or counts against a cap of the insurer",
        ),
        "care.invoice, care.invoice_line, care.invoice_missed, care.refusal_word",
        timedelta(days=822),
        Phrase("leur décision, ou leur annulation", "their decision, or their cancellation"),
        End.DELETED,
        Hand.JOB,
        Phrase(
            f"{CLAIMS.fr} ; choix de l’opérateur (RGPD, art. 5.1.e), à confronter à ses obligations comptables",
            f"{CLAIMS.en}; the operator's choice (GDPR, art. 5(1)(e)), to be held against its accounting duties",
        ),
        held=True,
    ),
    Kept.AGREEMENTS: Rule(
        Phrase(
            "prises en charge demandées par les lieux de soins, leurs lignes, les pièces déclarées, et qui du bureau "
            "les refuse",
            "prior agreements that places of care asked for, their lines, the documents declared, and who of the "
            "staff refuses one",
        ),
        "care.agreement, care.agreement_line, care.agreement_document, care.refusal_word",
        timedelta(days=822),
        Phrase(
            "leur refus, leur facture, leur fin ou leur annulation",
            "their refusal, their invoice, their end or their cancellation",
        ),
        End.DELETED,
        Hand.JOB,
        Phrase(
            f"{CLAIMS.fr} ; choix de l’opérateur (RGPD, art. 5.1.e)",
            f"{CLAIMS.en}; the operator's choice (GDPR, art. 5(1)(e))",
        ),
        held=True,
    ),
    Kept.QUOTES: Rule(
        Phrase(
            "devis demandés par les lieux de soins, et leurs lignes",
            "quotes that places of care asked for, and their lines",
        ),
        "care.agreement, care.agreement_line",
        timedelta(days=GRANT_DAYS),
        Phrase("leur réponse, ou leur annulation", "their answer, or their cancellation"),
        End.DELETED,
        Hand.JOB,
        Phrase(
            "un devis ne promet et ne réserve rien : il est gardé aussi longtemps que vaudrait une prise en charge ; "
            "choix de l’opérateur (RGPD, art. 5.1.e)",
            "a quote promises and reserves nothing: it is kept as long as an agreement would hold; the operator's "
            "choice (GDPR, art. 5(1)(e))",
        ),
        held=True,
    ),
    Kept.REVIEWS_READ: Rule(
        Phrase(
            "qui, chez un organisme, a lu quelle demande à examiner",
            "who of an insurer's staff read which request to review",
        ),
        "care.review_read",
        timedelta(days=31),
        Phrase("la lecture", "the reading"),
        End.DELETED,
        Hand.JOB,
        Phrase(
            "compter les lectures du jour ; le journal les garde (RGPD, art. 5.1.e)",
            "to count the day's readings; the journal keeps them (GDPR, art. 5(1)(e))",
        ),
    ),
}
