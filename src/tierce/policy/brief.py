"""How long what lives minutes, or hours, is kept: the part of the table of retention that only the worker sees."""

from collections.abc import Mapping
from datetime import timedelta

from tierce.kernel.language import Phrase
from tierce.policy.kept import End, Hand, Kept, Rule

CHOICE = Phrase("choix de l’opérateur (RGPD, art. 5.1.e)", "the operator's choice (GDPR, art. 5(1)(e))")
CONTROL = Phrase(
    "CNIL, délibération 2021-122 : jusqu’à trois ans pour le contrôle interne des mésusages",
    "CNIL, deliberation 2021-122: up to three years for internal control against misuse",
)

BRIEF: Mapping[Kept, Rule] = {
    Kept.PROOFS: Rule(
        Phrase("preuves déjà servies d’un navigateur", "a browser's proofs, once used"),
        "access.proof",
        timedelta(minutes=10),
        Phrase("leur réception", "their receipt"),
        End.DELETED,
        Hand.WORKER,
        CHOICE,
    ),
    Kept.PENDING: Rule(
        Phrase(
            "connexions non finies ; fins dites par un fournisseur ; laissez-passer et défis de sessions, empreintes",
            "sign-ins unfinished; ends told by a provider; tickets and challenges of sessions, digests",
        ),
        "access.pending, access.told_over, access.ticket, access.key_challenge",
        timedelta(minutes=10),
        Phrase("leur début", "their start"),
        End.DELETED,
        Hand.WORKER,
        CHOICE,
    ),
    Kept.VOUCHED: Rule(
        Phrase("noms d’une session chez son fournisseur, empreintes", "a session's names at its provider, digests"),
        "access.vouched",
        timedelta(hours=5),
        Phrase("son ouverture", "its opening"),
        End.DELETED,
        Hand.WORKER,
        CHOICE,
    ),
    Kept.IMPORTS_LEFT: Rule(
        Phrase(
            "import que nul n’a mené à sa fin : lignes remises et refusées (il est dit laissé, ses comptes restent)",
            "an import that nobody took to its end: lines put off and refused (it is said left, its counts stay)",
        ),
        "registry.feed_later, registry.feed_refused, registry.feed_reason",
        timedelta(days=30),
        Phrase("son dernier pas", "its last step"),
        End.DELETED,
        Hand.JOB,
        Phrase(
            "son fichier n’est plus gardé ; tant qu’il court, nulle personne sans droit n’est effacée",
            "its file is kept no longer; while it is under way, no person without cover is deleted",
        ),
    ),
    Kept.TRACES: Rule(
        Phrase(
            "lieu et début d’identifiant, sous clé, d’une demande que la surveillance n’a pas encore lue",
            "keyed place and beginning of identifiers of an ask that the watch has not read yet",
        ),
        "access.trace",
        timedelta(minutes=10),
        Phrase("la demande", "the ask"),
        End.DELETED,
        Hand.WORKER,
        CHOICE,
    ),
}
