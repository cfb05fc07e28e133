"""How long each class of data is kept, counted from what, on what ground, and what happens at the end.

The one table: the retention job reads it, the database is given the durations of what the job may
delete (`upkeep.keep`), and docs/privacy/retention.md is rendered from it. A duration without a legal text
behind it is the operator's choice under article 5(1)(e) of the GDPR, and says so; an operator with
another analysis changes this table.
"""

from collections.abc import Mapping
from datetime import timedelta

from tierce.kernel.language import Phrase
from tierce.policy.accounts import KEPT as _ACCOUNTS
from tierce.policy.brief import BRIEF as _BRIEF
from tierce.policy.brief import CHOICE as _CHOICE
from tierce.policy.brief import CONTROL as _CONTROL
from tierce.policy.claims import CLAIMED as _CLAIMED
from tierce.policy.claims import CLAIMS as _CLAIMS
from tierce.policy.claims import INVOICED_DAYS as _INVOICED_DAYS
from tierce.policy.deposits import KEPT_DAYS
from tierce.policy.kept import End, Hand, Kept, Rule
from tierce.policy.own_mail import KEPT as _OWN_MAILS
from tierce.policy.seats import PROVED_DAYS
from tierce.policy.segments import HOT_DAYS, JOURNAL_DAYS
from tierce.policy.transfers import PAID as _PAID


def _days(number: int) -> timedelta:
    return timedelta(days=number)


INCIDENT_LOOKS_BACK = _days(365)
"""How far before its signal an incident may have to look."""

HALF_YEAR = _days(184)
"""The longest six months: what the authority wants kept for six is not removed a few days before."""
_LOGGING = Phrase(
    "CNIL, délibération 2021-122 du 14 octobre 2021 : six mois à un an",
    "CNIL, deliberation 2021-122 of 14 October 2021: six months to one year",
)
_DOCUMENTED = Phrase(
    "RGPD, art. 33.5 : toute violation est documentée", "GDPR, art. 33(5): each breach is documented"
)
_ENDED = Phrase("leur fin", "their end")

RETENTION: Mapping[Kept, Rule] = {
    **_BRIEF,
    **_CLAIMED,
    **_OWN_MAILS,
    **_ACCOUNTS,
    **_PAID,
    Kept.CARDS_USED: Rule(
        Phrase("numéros des cartes dynamiques déjà servies", "numbers of dynamic cards, once used"),
        "presence.spent, presence.spoken",
        _days(2),
        Phrase("leur lecture", "their reading"),
        End.DELETED,
        Hand.WORKER,
        _CHOICE,
    ),
    Kept.ANSWERS: Rule(
        Phrase("réponses d’une personne sur sa présence", "a person's answers about her presence"),
        "presence.answer",
        _days(365),
        Phrase("la réponse", "the answer"),
        End.DELETED,
        Hand.WORKER,
        _LOGGING,
    ),
    Kept.PROVED: Rule(
        Phrase("preuves de présence reçues", "proofs of presence received"),
        "presence.proof",
        _days(PROVED_DAYS),
        Phrase("leur réception", "their receipt"),
        End.DELETED,
        Hand.WORKER,
        _CHOICE,
    ),
    Kept.SESSIONS: Rule(
        Phrase("sessions des professionnels", "professionals' sessions"),
        "access.session, access.device_code",
        _days(365),
        _ENDED,
        End.DELETED,
        Hand.JOB,
        _LOGGING,
        held=True,
    ),
    Kept.STAFF_SESSIONS: Rule(
        Phrase("sessions du personnel", "staff sessions"),
        "access.staff_session",
        _days(365),
        _ENDED,
        End.DELETED,
        Hand.JOB,
        _LOGGING,
        held=True,
    ),
    Kept.PERSON_SESSIONS: Rule(
        Phrase("sessions des personnes couvertes", "sessions of persons covered"),
        "access.person_session",
        HALF_YEAR,
        _ENDED,
        End.DELETED,
        Hand.JOB,
        _LOGGING,
        held=True,
    ),
    Kept.INSURER_SESSIONS: Rule(
        Phrase("sessions du personnel des assureurs", "sessions of insurers' staff"),
        "access.insurer_session",
        _days(365),
        _ENDED,
        End.DELETED,
        Hand.JOB,
        _LOGGING,
        held=True,
    ),
    Kept.DEVICES: Rule(
        Phrase("appareils sans session et leurs places", "devices without a session, and their seats"),
        "access.device, access.device_name, access.continued, access.line, access.evidence, access.clientele",
        _days(365),
        Phrase("leur dernier usage", "their last use"),
        End.DELETED,
        Hand.JOB,
        _LOGGING,
        held=True,
    ),
    Kept.UNEXPLAINED: Rule(
        Phrase(
            "réponses que rien n’expliquait (cartes déclarées lues comprises), leur compte par"
            " professionnel, leurres demandés, signalements déjà"
            " comptés, appareils à leur limite",
            "answers that nothing explained (cards declared read included), their count by"
            " professional, decoys asked for, reports already"
            " counted, devices at their limit",
        ),
        "access.unexplained, access.overdue, access.unexplained_day, access.decoy_hit, access.accused,"
        " access.saturated",
        _days(60),
        Phrase("la réponse", "the answer"),
        End.DELETED,
        Hand.WORKER,
        _CHOICE,
    ),
    Kept.APPEALS: Rule(
        Phrase("recours des professionnels retenus", "appeals of held professionals"),
        "access.appeal",
        _days(1095),
        Phrase("la réponse donnée", "the answer given"),
        End.DELETED,
        Hand.JOB,
        _CONTROL,
        held=True,
    ),
    Kept.ALERTS: Rule(
        Phrase("alertes reçues d’autres opérateurs, et envoyées", "alerts received from other operators, and sent"),
        "access.alert, access.peer_set, access.alert_told, access.alert_out",
        _days(365),
        Phrase("leur réception", "their receipt"),
        End.DELETED,
        Hand.JOB,
        _LOGGING,
    ),
    Kept.OPEN_PAIRS: Rule(
        Phrase("mémoire d’un patient vu, jamais prouvé présent", "memory of a patient seen, never proved present"),
        "access.pair",
        _days(60),
        Phrase("la dernière vue", "the last view"),
        End.DELETED,
        Hand.JOB,
        Phrase(
            "sans effet au-delà de trente jours ; choix de l’opérateur (RGPD, art. 5.1.e)",
            "of no effect after thirty days; the operator's choice (GDPR, art. 5(1)(e))",
        ),
    ),
    Kept.PROVED_PAIRS: Rule(
        Phrase("mémoire d’un patient prouvé présent", "memory of a patient proved present"),
        "access.pair, access.presented",
        _days(PROVED_DAYS),
        Phrase("la dernière vue", "the last view"),
        End.DELETED,
        Hand.JOB,
        _CHOICE,
    ),
    Kept.LABELS: Rule(
        Phrase("repère saisi par le professionnel", "label typed by the professional"),
        "care.engagement.label",
        _days(365),
        Phrase("la réponse", "the answer"),
        End.BLANKED,
        Hand.JOB,
        _CHOICE,
    ),
    Kept.ENGAGEMENTS: Rule(
        Phrase(
            "engagements de paiement, et ce qu’un organisme interrogé en direct a répondu avec eux",
            "payment engagements, and what an insurer asked on the way answered with them",
        ),
        "care.engagement, coverage.answered",
        _days(822),
        Phrase("leur dernier jour de validité", "their last valid day"),
        End.DELETED,
        Hand.JOB,
        _CLAIMS,
        held=True,
    ),
    Kept.PERSONS: Rule(
        Phrase(
            "état civil, NIR et index d’une personne sans plus aucun droit",
            "civil status, NIR and indexes of a person without any coverage left",
        ),
        "person.record, person.family, person.member, person.key, person.former_key, person.trait, person.asked",
        _days(0),
        Phrase("l’effacement de son dernier droit", "the deletion of her last coverage"),
        End.DELETED,
        Hand.JOB,
        Phrase("RGPD, art. 5.1.e et 28.3.g", "GDPR, art. 5(1)(e) and 28(3)(g)"),
        held=True,
    ),
    Kept.CONTRACTS_ENDED: Rule(
        Phrase(
            "tout ce qu’un organisme avait confié, sa fin de contrat écrite, et les clés qui l’ouvrent",
            "all that an insurer had stored, once the end of its contract is written, and the keys that open it",
        ),
        "person.record, person.family, person.member, person.key, person.former_key, person.trait, person.asked, "
        "coverage.coverage, coverage.answered,"
        " registry.insurer_key, registry.door, registry.convention, registry.deposit_choice, registry.printed",
        _days(30),
        Phrase("la fin du contrat", "the end of the contract"),
        End.DELETED,
        Hand.CONTRACT,
        Phrase(
            "RGPD, art. 28.3.g ; délai pour se raviser : choix", "GDPR, art. 28(3)(g); time to think again: a choice"
        ),
        held=True,
    ),
    Kept.ASSISTANTS: Rule(
        Phrase(
            "noms des assistants d’un professionnel, dont l’accès est fini (leurs clés d’accès : la nuit d’après)",
            "names of a professional's assistants whose access is over (their passkeys: in the night after)",
        ),
        "access.assistant, access.assistant_code, access.passkey, access.passkey_challenge",
        _days(1095),
        _ENDED,
        End.DELETED,
        Hand.JOB,
        _CONTROL,
        held=True,
    ),
    Kept.LADDER: Rule(
        Phrase("suspensions levées ou échues", "holds lifted or run out"),
        "access.ladder",
        _days(1095),
        _ENDED,
        End.DELETED,
        Hand.JOB,
        _CONTROL,
        held=True,
    ),
    Kept.IMPORTS: Rule(
        Phrase("comptes des fichiers reçus", "counts of the files received"),
        "registry.feed",
        _days(1095),
        Phrase("leur prise en compte", "their intake"),
        End.DELETED,
        Hand.JOB,
        _CONTROL,
    ),
    Kept.REPORTS: Rule(
        Phrase("signalements « ce n’était pas moi »", "reports “it was not me”"),
        "notice.person_report",
        _days(1095),
        Phrase("le signalement", "the report"),
        End.DELETED,
        Hand.JOB,
        _CONTROL,
        held=True,
    ),
    Kept.RIGHTS_REQUESTS: Rule(
        Phrase("demandes d’accès, de correction, d’effacement", "requests of access, correction, erasure"),
        "notice.rights_request, notice.request_slip, notice.request_reply",
        _days(1095),
        Phrase("la réponse", "the answer"),
        End.DELETED,
        Hand.JOB,
        _CONTROL,
    ),
    Kept.WISHES: Rule(
        Phrase(
            "souhaits d’être prévenu finis (adresse effacée le jour même) et premières consultations annoncées",
            "wishes to be told that ended (address erased at once), and first look-ups told",
        ),
        "notice.wish, notice.first_look",
        _days(365),
        Phrase("leur fin ; l’envoi", "their end; the sending"),
        End.DELETED,
        Hand.JOB,
        _CHOICE,
    ),
    Kept.BILLED: Rule(
        Phrase(
            "soins facturés au nom d’une personne : jour et lieu", "care billed in a person's name: day and place"
        ),
        "care.billed",
        _days(822),
        Phrase("leur réception", "their receipt"),
        End.DELETED,
        Hand.JOB,
        _CLAIMS,
        held=True,
    ),
    Kept.MESSAGES: Rule(
        Phrase(
            "messages aux personnes : à qui, par quel canal, chaque essai, le texte (restent les comptes du dossier)",
            "messages to people: to whom, by which channel, each attempt, and the text (the pack's counts stay)",
        ),
        "notice.item, notice.item_pair, notice.step, notice.message",
        _days(1095),
        Phrase("leur préparation, et la fin de la conservation de l’incident", "their making, and the hold's end"),
        End.DELETED,
        Hand.JOB,
        Phrase(
            "prouver que chacun fut prévenu (RGPD, art. 5.2) ; durée au choix de l’opérateur",
            "to prove that each was told (GDPR, art. 5(2)); the duration is the operator's choice",
        ),
        held=True,
    ),
    Kept.CLIENT_CONTACTS: Rule(
        Phrase("comment écrire à un professionnel client", "how to write to a professional who is a client"),
        "directory.contact",
        _days(365),
        Phrase("la fin de sa dernière inscription", "the end of her last enrolment"),
        End.DELETED,
        Hand.JOB,
        _CHOICE,
        held=True,
    ),
    Kept.LETTERS: Rule(
        Phrase("fichiers de lettres imprimées (noms et adresses)", "files of printed letters (names and addresses)"),
        "files",
        _days(30),
        Phrase(
            "leur remise à la poste, ou leur impression quand elles sont à refaire",
            "their posting, or their printing where they are planned again",
        ),
        End.DELETED,
        Hand.JOB,
        _CHOICE,
    ),
    Kept.JOURNAL: Rule(
        Phrase(
            "lignes du journal, par segments entiers (restent leurs empreintes salées et les signatures)",
            "journal lines, by whole segments (their salted hashes and the signatures stay)",
        ),
        "journal.entry, files",
        _days(JOURNAL_DAYS),
        Phrase("la plus récente du segment", "the latest of the segment"),
        End.DELETED,
        Hand.SEALER,
        _CONTROL,
        held=True,
    ),
    Kept.JOURNAL_HOT: Rule(
        Phrase(
            "lignes du journal dans la base, une fois scellées et relues",
            "journal lines in the database, once sealed and read back",
        ),
        "journal.entry",
        _days(HOT_DAYS),
        Phrase("la plus récente du segment", "the latest of the segment"),
        End.DELETED,
        Hand.SEALER,
        _CHOICE,
    ),
    Kept.INCIDENTS: Rule(
        Phrase("incidents, listes des personnes, notifications", "incidents, lists of people, notices"),
        "incident, notice.insurer_notice",
        None,
        Phrase("sans objet", "does not apply"),
        End.KEPT,
        Hand.NOBODY,
        _DOCUMENTED,
    ),
    Kept.DIRECTORY: Rule(
        Phrase(
            "annuaire des professionnels (public), son passé, inscriptions et remplacements",
            "directory of professionals (public), its past, enrolments and substitutions",
        ),
        "directory, directory.past, directory.enrolment, directory.substitution",
        None,
        Phrase("sans objet", "does not apply"),
        End.KEPT,
        Hand.NOBODY,
        Phrase(
            "nomme qui a consulté, aussi longtemps que le journal", "names who asked, as long as the journal does"
        ),
    ),
    Kept.BACKUPS: Rule(
        Phrase("sauvegardes de la base", "backups of the database"),
        "files",
        _days(35),
        Phrase("leur date, quand une plus récente est entière", "their date, once a newer one is whole"),
        End.DELETED,
        Hand.BACKUP,
        _CHOICE,
    ),
    Kept.PROCESS_LOGS: Rule(
        Phrase("journaux techniques, sans donnée personnelle", "process logs, without personal data"),
        "journald",
        HALF_YEAR,
        Phrase("leur écriture", "their writing"),
        End.DELETED,
        Hand.OPERATOR,
        _LOGGING,
    ),
    Kept.RECEIVED: Rule(
        Phrase(
            "fichiers reçus des organismes et des registres (droits, conventions, annuaire, présence)",
            "files received from insurers and registers (rights, contracts, directory, presence)",
        ),
        "files",
        _days(30),
        Phrase("leur arrivée dans le dossier", "their arrival in the folder"),
        End.DELETED,
        Hand.OPERATOR,
        Phrase(
            "reprendre un fichier interrompu, répondre à qui l’envoya ; choix de l’opérateur (RGPD, art. 5.1.e)",
            "to resume one interrupted and answer whoever sent it; the operator's choice (GDPR, art. 5(1)(e))",
        ),
    ),
    Kept.REJECTS: Rule(
        Phrase("listes de lignes refusées, sans valeur", "lists of refused lines, without values"),
        "files",
        _days(30),
        Phrase("leur date", "their date"),
        End.DELETED,
        Hand.OPERATOR,
        _CHOICE,
    ),
    Kept.DEPOSIT_ROWS: Rule(
        Phrase(
            "dépôts résolus, sans ce qui fut saisi : montant, lieu, nombres à clé de la personne pour ce lieu ; plus "
            "longtemps, tant qu’une facture qui cite leur reçu est gardée",
            "resolved deposits, without what was typed: amount, place, keyed numbers of the person at that place; "
            "longer, while an invoice that quotes their receipt is kept",
        ),
        "care.deposit",
        _days(_INVOICED_DAYS),  # by whom it is known, the same care is not invoiced again by an answer
        Phrase("leur résolution", "their resolution"),
        End.DELETED,
        Hand.JOB,
        _CLAIMS,
    ),
    Kept.SOFTWARE: Rule(
        Phrase("logiciels d’éditeurs et leurs clés publiques", "vendors' software and its public keys"),
        "access.client, directory.software",
        None,
        Phrase("sans objet", "does not apply"),
        End.KEPT,
        Hand.NOBODY,
        Phrase(
            "ne nomme personne ; dit par quel logiciel est venue une demande du journal",
            "names nobody; says by which software an ask of the journal came",
        ),
    ),
    Kept.COUNTS: Rule(
        Phrase("comptes par assureur, sans identité", "counts by insurer, without identity"),
        "registry.people_count, registry.shown_count",
        None,
        Phrase("sans objet", "does not apply"),
        End.KEPT,
        Hand.NOBODY,
        Phrase("des nombres seuls, tenus à jour", "numbers alone, kept up to date"),
    ),
    Kept.DEPOSITS: Rule(
        Phrase("ce qui est saisi dans un dépôt, scellé", "what is typed in a deposit, sealed"),
        "care.deposit.sealed, care.deposit.label",
        _days(KEPT_DAYS),
        Phrase("sa réception", "its receipt"),
        End.BLANKED,
        Hand.WORKER,
        _CHOICE,
    ),
}  # fmt: skip - one row is one thought; spread over ten lines each the table cannot be read

JOB_CLASSES = tuple(kept for kept, rule in RETENTION.items() if rule.hand is Hand.JOB)
"""In the order in which the job goes: a person after her coverage, a device after its sessions."""


def keep_days() -> dict[int, int]:
    """The durations that the database is given, in days, by class."""
    found = {}
    for kept in (*JOB_CLASSES, Kept.CONTRACTS_ENDED):
        keep = RETENTION[kept].keep
        assert keep is not None
        found[kept.value] = keep.days
    return found
