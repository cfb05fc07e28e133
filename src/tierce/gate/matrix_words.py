"""The words of the decision page, in both languages."""

from collections.abc import Mapping

from tierce.kernel.categories import LABELS, DataCategory
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act, Outcome

ACTS: Mapping[Act, Phrase] = {
    Act.RIGHTS_ASK: Phrase("demander", "ask"),
    Act.RIGHTS_REVISIT: Phrase("rouvrir", "reopen"),
}

FIELD_WORDS: Mapping[DataCategory, Phrase] = {
    **LABELS,
    DataCategory.INSURER: Phrase("nom de la complémentaire", "name of the insurer"),
}

OUTCOMES: Mapping[Outcome, Phrase] = {
    Outcome.RELEASED: Phrase("montré", "shown"),
    Outcome.UNKNOWN: Phrase("inconnu", "unknown"),
    Outcome.NOT_COVERED: Phrase("non couvert", "not covered"),
    Outcome.OUT_OF_SEATS: Phrase("plus de place", "no seat left"),
    Outcome.PLACE_FULL: Phrase("plus de place dans l’établissement", "no seat left in the establishment"),
    Outcome.COMMON_FULL: Phrase("plus de place commune", "no common seat left"),
    Outcome.ASKED: Phrase("organisme interrogé", "insurer asked"),
    Outcome.NOT_ANSWERED: Phrase("organisme sans réponse", "insurer did not answer"),
    Outcome.KNOWN_LIMIT: Phrase("limite des personnes connues", "limit of known people"),
    Outcome.OUT_OF_ATTEMPTS: Phrase("plus d’essai", "no attempt left"),
    Outcome.HELD: Phrase("freiné", "held"),
    Outcome.NOT_ALLOWED: Phrase("non permis", "not allowed"),
    Outcome.UNSIGNED: Phrase("non signé", "unsigned"),
    Outcome.ENDED: Phrase("droits fermés", "rights closed"),
    Outcome.FUTURE: Phrase("droits futurs", "future rights"),
    Outcome.NOT_ELIGIBLE: Phrase("domaine non couvert", "domain not covered"),
    Outcome.NOT_CONTRACTED: Phrase("non conventionné", "not contracted"),
    Outcome.NO_OTHER_PAYER: Phrase("pas d’autre organisme", "no other insurer"),
    Outcome.CLOSED: Phrase("fermé", "closed"),
}

SITUATIONS: Mapping[str, Phrase] = {
    "first": Phrase("jamais vue ici, une place est libre", "never seen here, a seat is free"),
    "first_full": Phrase("jamais vue ici, aucune place libre", "never seen here, no seat is free"),
    "first_place": Phrase(
        "jamais vue ici, une place est libre, aucune dans l’établissement",
        "never seen here, a seat is free, none in the establishment",
    ),
    "first_common": Phrase(
        "jamais vue ici, une place est libre, aucune chez l’éditeur ou dans le pays",
        "never seen here, a seat is free, none at the vendor or in the nation",
    ),
    "known": Phrase("connue de l’établissement, sous la limite du jour", "known here, under the day's limit"),
    "known_full": Phrase("connue de l’établissement, limite du jour atteinte", "known here, the day's limit reached"),
    "present": Phrase("présence prouvée (confirmée ou mieux)", "presence proved (confirmed or better)"),
    "unknown": Phrase("inconnue du registre, une place est libre", "unknown to the register, a seat is free"),
    "not_covered": Phrase(
        "connue du registre, sans droits, une place est libre", "registered, no cover, a seat is free"
    ),
    "ended": Phrase("droits fermés au jour des soins, une place est libre", "rights closed that day, a seat is free"),
    "future": Phrase("droits pas encore ouverts, une place est libre", "rights not yet open, a seat is free"),
    "not_eligible": Phrase("domaine non couvert, une place est libre", "domain not covered, a seat is free"),
    "not_contracted": Phrase(
        "couverte, professionnel non conventionné, une place est libre",
        "covered, professional not contracted, a seat is free",
    ),
    "no_other_payer": Phrase(
        "second organisme demandé, il n’y en a pas, une place est libre",
        "second insurer asked for, none covers, a seat is free",
    ),
    "present_unknown": Phrase("présence prouvée, inconnue du registre", "presence proved, unknown to the register"),
    "present_ended": Phrase("présence prouvée, droits fermés", "presence proved, rights closed"),
    "insurer_closed": Phrase(
        "couverte par un organisme fermé, une place est libre", "covered by a closed insurer, a seat is free"
    ),
}

REASONS: Mapping[str, Phrase] = {
    "session": Phrase("la session est finie ou révoquée", "the session has ended or was revoked"),
    "proof": Phrase("la signature a déjà servi", "the signature was used before"),
    "attempts": Phrase("les essais du jour sont épuisés", "the day's attempts are used up"),
    "domain": Phrase("le domaine n’est pas celui de la profession", "the domain is not the profession's"),
    "level": Phrase("la connexion est trop faible", "the sign-in is too weak"),
    "closed": Phrase(
        "le pays, le site, l’acte ou le domaine est fermé (un dépôt reste possible)",
        "the nation, the site, the act or the domain is closed (a deposit may be made)",
    ),
}

STAFF_WORDS: Mapping[Act, Phrase] = {
    Act.STAFF_LIVE: Phrase("lire le direct, les comptes, l’échelle", "read the live list, accounts, the ladder"),
    Act.STAFF_POOLS: Phrase("lire les réserves communes", "read lines and pools that many share"),
    Act.STAFF_PERSON_SHOW: Phrase("lire le nom d’une personne exposée", "read an exposed person's name"),
    Act.STAFF_LADDER_MOVE: Phrase("freiner, lever un frein, fermer, rouvrir", "hold, lift a hold, close, open again"),
    Act.STAFF_INCIDENT_OPEN: Phrase("ouvrir un incident, l’établir", "open an incident, establish it"),
    Act.STAFF_SCOPE: Phrase("établir et lire la liste d’un incident", "draw up and read an incident's list"),
    Act.STAFF_NOTICE_SHOW: Phrase("lire la notification d’un assureur", "read an insurer's notice"),
    Act.STAFF_LETTER_SHOW: Phrase("lire la lettre d’une personne", "read a person's letter"),
    Act.STAFF_DIRECTORY: Phrase("lire l’annuaire et qui est client", "read the directory and who is a client"),
    Act.STAFF_FEEDS: Phrase("lire ce que sont devenus les fichiers", "read what became of files"),
    Act.ENROLMENT_MOVE: Phrase("inscrire un client, le suspendre, y mettre fin", "enrol, suspend or end a client"),
    Act.SUBSTITUTE_DECLARE: Phrase("déclarer un remplaçant", "declare a substitute"),
    Act.SUBSTITUTE_END: Phrase("arrêter un remplacement", "end a substitution"),
    Act.STAFF_ACCESS_END: Phrase("fermer la session d’un professionnel", "end a professional's session"),
    Act.STAFF_ASSISTANT_END: Phrase("mettre fin à un assistant", "end a professional's assistant"),
    Act.STAFF_RELEASE_ASK: Phrase(
        "demander de rouvrir à beaucoup (une autre personne confirme)",
        "ask to reopen to many (another person confirms)",
    ),
    Act.STAFF_APPEAL_ANSWER: Phrase("répondre au recours d’un professionnel", "answer a professional's appeal"),
    Act.STAFF_TIME: Phrase("écrire une heure d’un incident", "write a time of an incident"),
    Act.STAFF_DUTY: Phrase("dire une obligation remplie", "say that a duty is fulfilled"),
    Act.STAFF_SEVERITY: Phrase("coter la gravité d’une population", "score a cohort's severity"),
    Act.STAFF_BRIDGE: Phrase("conclure sur les articles 33 et 34", "conclude on articles 33 and 34"),
    Act.STAFF_REGISTER: Phrase("écrire au registre des violations", "write in the register of breaches"),
    Act.STAFF_REGISTER_EXPORT: Phrase("exporter le registre des violations", "export the register of breaches"),
    Act.STAFF_BREACH_FORM: Phrase("remplir le formulaire CNIL", "fill in the CNIL form"),
    Act.STAFF_BREACH_FORM_EXPORT: Phrase("exporter le formulaire CNIL", "export the CNIL form"),
    Act.STAFF_BREACH_CLOSE: Phrase("clore ou rouvrir une violation", "close or reopen a breach"),
    Act.STAFF_MESSAGE_WRITE: Phrase(
        "figer le texte des messages d’un incident", "freeze the text of an incident's messages"
    ),
    Act.STAFF_MESSAGE_APPROVE: Phrase(
        "approuver des messages (deux personnes différentes)", "approve messages (two different people)"
    ),
    Act.STAFF_MESSAGE_STOP: Phrase(
        "arrêter ou reprendre un envoi de messages", "stop or resume a sending of messages"
    ),
    Act.STAFF_LETTERS_TAKE: Phrase("prendre un lot de lettres", "take a batch of letters"),
    Act.STAFF_LETTERS_POSTED: Phrase("noter un lot de lettres posté", "write that a batch of letters was posted"),
    Act.STAFF_AUDIENCE: Phrase(
        "lire les destinataires en comptes et les textes", "read the audience in counts, and the texts"
    ),
    Act.STAFF_INCIDENT_MOVE: Phrase("écrire qu’un incident a franchi une étape", "write that an incident moved on"),
    Act.STAFF_HOLD_RELEASE: Phrase("finir la conservation d’un incident", "end an incident's legal hold"),
    Act.STAFF_REPORT_ANSWER: Phrase("répondre à « ce n’était pas moi »", "answer “it was not me”"),
    Act.STAFF_REQUEST_ANSWER: Phrase(
        "transmettre une demande d’une personne, y répondre", "forward a person's request, answer it"
    ),
    Act.STAFF_SECRECY: Phrase(
        "écrire un secret demandé par une autorité", "write a secrecy that an authority asks for"
    ),
    Act.STAFF_RECIPIENT: Phrase(
        "mettre en service la clé d’un organisme, comparée au téléphone",
        "put an insurer's key in use, once compared by telephone",
    ),
    Act.STAFF_PACK: Phrase("sortir le dossier de preuves d’un incident", "take out an incident's evidence pack"),
    Act.STAFF_INSPECTION: Phrase("contrôler : comptes et délais, personne", "inspect: counts and delays, nobody"),
    Act.STAFF_ACCOUNT_CONFIRM: Phrase(
        "confirmer le compte bancaire d’un établissement, après un appel",
        "confirm an establishment's bank account, after a call",
    ),
    Act.STAFF_BATCH_APPROVE: Phrase(
        "approuver ou refuser un lot de virements", "approve or refuse a batch of transfers"
    ),
    Act.STAFF_BATCH_LIST: Phrase(
        "emporter la liste de contrôle d’un lot de virements", "take out the list that checks a batch of transfers"
    ),
    Act.STAFF_BATCH_SETTLE: Phrase(
        "écrire ce que la banque a fait d’un lot de virements", "write what the bank did of a batch of transfers"
    ),
    Act.STAFF_RECOVERY: Phrase(
        "récupérer ce qui a été payé sans être dû, ou y renoncer",
        "recover what was paid and is not due, or give it up",
    ),
    Act.STAFF_INVOICE_REFUSE: Phrase(
        "refuser une facture ou une prise en charge que rien ne permet de décider",
        "refuse an invoice or a prior agreement that nothing decides",
    ),
    Act.STAFF_INVOICE_RULE: Phrase(
        "dire si deux personnes au nom de qui les mêmes soins sont facturés n’en font qu’une",
        "say whether two people in whose names the same care is invoiced are one",
    ),
    Act.STAFF_ACCOUNT_REFUSE: Phrase(
        "refuser le compte bancaire d’un établissement", "refuse an establishment's bank account"
    ),
    Act.STAFF_ALERT: Phrase("noter l’alerte d’un autre opérateur", "enter another operator's alert"),
    Act.STAFF_ALERT_SEND: Phrase("prévenir d’autres opérateurs d’un compte", "tell other operators of an account"),
    Act.STAFF_ALERT_ASIDE: Phrase("écarter l’alerte d’un autre opérateur", "set another operator's alert aside"),
}

PAGE: Mapping[str, Phrase] = {
    "staff": Phrase("Au bureau : quel rôle, quels actes", "In the office: which role, which acts"),
    "staff_intro": Phrase(
        "Chaque page du bureau nomme un acte ; celle dont aucun rôle tenu ne permet l’acte est refusée, et le refus "
        "dit quel rôle l’ouvre.",
        "Each page of the office names an act; one whose act none of the roles held may carry out is refused, and "
        "the refusal says which role opens it.",
    ),
    "staff_act": Phrase("Acte", "Act"),
    "title": Phrase("Ce que la porte décide", "What the gate decides"),
    "intro": Phrase(
        "Cette page est produite par les règles mêmes qui décident (`tierce policy show`) ; un test échoue si elles "
        "changent sans elle. Un professionnel connecté demande si *une* personne est couverte pour *un* domaine de "
        "soins ; voici ce qu’il obtient.",
        "This page is made by the very rules that decide (`tierce policy show`); a test fails when they change "
        "without it. A signed-in professional asks whether *one* person is covered for *one* domain of care; this is "
        "what comes back.",
    ),
    "who": Phrase("Qui peut demander quoi, et ce qui est montré", "Who may ask what, and what is shown"),
    "profession": Phrase("Profession", "Profession"),
    "domains": Phrase("Domaines", "Domains"),
    "acts": Phrase("Actes", "Acts"),
    "fields": Phrase("Montré, rien d’autre", "Shown, nothing else"),
    "before": Phrase("Refusé avant de chercher qui que ce soit", "Refused before anybody is looked up"),
    "before_intro": Phrase(
        "Ces refus ne dépendent pas de la personne demandée : ils sont dits tels quels.",
        "These refusals do not depend on the person asked for: they are told as they are.",
    ),
    "reason": Phrase("Raison", "Reason"),
    "answer": Phrase("Réponse", "Answer"),
    "then": Phrase("Sinon, selon la personne et l’échelle", "Otherwise, by person and ladder"),
    "then_intro": Phrase(
        "Colonnes : le barreau le plus haut où se trouvent l’identifiant, l’appareil, l’établissement, la profession "
        "ou le pays. « Preuve » : rien n’est montré, une preuve de présence est demandée, et la réponse est la même, "
        "à l’octet près, quelle que soit la raison ; la raison après le point ne s’écrit qu’au journal. « Raison "
        "dite » : rien n’est montré, et la raison est dite parce que la présence est prouvée. « Refus » : "
        "la raison est dite. « Montré » : ce que la première table donne.",
        "Columns: the highest rung on which the login, device, establishment, profession or nation stands. “Proof”: "
        "nothing is shown, a proof of presence is asked for, and the answer is the same to the byte whatever the "
        "reason; the reason after the dot is written in the journal alone. “Reason told”: nothing is shown, and "
        "the reason is told because presence is proved. “Refused”: the reason is told. “Shown”: "
        "what the first table gives.",
    ),
    "everybody": Phrase(
        "La même table pour toutes les professions, pour demander comme pour rouvrir",
        "The same table for every profession, to ask and to reopen",
    ),
    "signed": Phrase("Demande signée par la clé du navigateur", "Ask signed by the browser's key"),
    "unsigned": Phrase("Demande non signée", "Unsigned ask"),
    "person": Phrase("Personne", "Person"),
    "refused": Phrase("Refus", "Refused"),
    "step_up": Phrase("Preuve", "Proof"),
    "precise": Phrase("Raison dite", "Reason told"),
    "windows": Phrase("Le jour des soins", "The day of care"),
    "windows_intro": Phrase(
        "Jusqu’où le jour des soins peut être d’aujourd'hui, et jusqu’à quand après lui (après la réponse, s’il est "
        "passé) le numéro d’engagement peut être porté sur la facture, en jours, par domaine ; un organisme peut en "
        "dire moins.",
        "How far from today the day of care may be, and how long after it (after the answer, when it is over) the "
        "engagement number may be quoted on the invoice, in days, by domain; an insurer may say fewer.",
    ),
    "past": Phrase("Passé", "Past"),
    "ahead": Phrase("À venir", "Ahead"),
    "engaged": Phrase("Engagement", "Engagement"),
    "numbers": Phrase("Les nombres", "The numbers"),
    "numbers_intro": Phrase(
        "Par appareil d’un identifiant. Une place est prise par une personne jamais vue ici et non prouvée, ou "
        "par un identifiant inconnu ; elle se libère par une preuve de présence, ou après {seat} jours, {miss} "
        "pour un identifiant inconnu. Entre parenthèses : au plus par jour. Un appareil est nouveau {probation} "
        "jours, et jusqu’à ce qu’une présence y ait été prouvée ; tant que dure cet essai, les autres appareils "
        "nouveaux de l’identifiant partagent ses places. Une carte lue par un logiciel certifié prend une place "
        "déclarée d’abord, la sienne et celle du lieu (la somme de ses postes), puis l’une des autres ; une lecture "
        "déclarée qui ne trouve personne n’en prend aucune, jusqu’à {percent} % des tentatives du jour.",
        "For each device of a login. A seat is taken by a person never seen here and not proved, or by an unknown "
        "identifier; it is free again by proof of presence, or after {seat} days, {miss} for an unknown "
        "identifier. In brackets: at most in a day. A device is new for {probation} days, and until presence was "
        "proved there; while that probation lasts, further new devices of the login share its seats. A card read "
        "by certified software takes a declared seat first, hers and the place's (the sum over its desks), then one "
        "of the others; a declared reading that finds nobody takes none, up to {percent} % of the day's attempts.",
    ),
    "lines": Phrase("Les places communes", "The common seats"),
    "lines_intro": Phrase(
        "La même place est prise, et rendue par la preuve, sur chacune des lignes que touche la demande ; si l’une "
        "est pleine, une preuve de présence est demandée, rien de plus. Établissement : la somme de ses postes, "
        "chacun des {whole} premiers professionnels inscrits comptant entier, chaque autre pour moitié, {desks} au "
        "plus. Ailleurs : une part de la somme des professionnels qui y ont travaillé depuis soixante jours, jamais "
        "moins que la base. Ces tailles sont des hypothèses, à réajuster.",
        "The same seat is taken, and given back by proof, on each of the lines that the ask touches; when one is "
        "full, a proof of presence is asked for, no more. Establishment: the sum over its desks, each of the first "
        "{whole} professionals enrolled counting whole, each further one half, {desks} at most. Elsewhere: a share "
        "of the sum over the professionals who worked there in the last sixty days, never below the base. These "
        "sizes are assumptions, to be refitted.",
    ),
    "line": Phrase("Ligne", "Line"),
    "line_base": Phrase("Base", "Base"),
    "line_share": Phrase("Part", "Share"),
    "line_of": Phrase("De quoi", "Of what"),
    "line_seats": Phrase("places sans preuve, un tiers par jour", "seats without proof, a third in a day"),
    "line_pool": Phrase(
        "places prises par jour ; rien n’y est rendu", "seats taken in a day; nothing is given back to it"
    ),
    "line_5": Phrase("logiciel", "software"),
    "line_6": Phrase("éditeur", "vendor"),
    "line_7": Phrase("département et profession", "département and profession"),
    "line_9": Phrase("pays", "nation"),
    "seats_new": Phrase("Places, appareil nouveau (par jour)", "Seats, new device (a day)"),
    "seats_base": Phrase("Places sans preuve (par jour)", "Seats without proof (a day)"),
    "seats_top": Phrase("Places au plus (par jour)", "Seats at most (a day)"),
    "seats_declared": Phrase("Places déclarées, sans preuve–au plus (par jour)",
                             "Declared seats, without proof–at most (a day)"),
    "known_day": Phrase(
        "Personnes connues par jour (appareil nouveau)", "Known people a day (new device)"
    ),
    "attempts_day": Phrase("Essais par jour", "Attempts a day"),
    "digest": Phrase("Empreinte de cette politique, écrite dans chaque ligne du journal :",
                     "Digest of this policy, written in each line of the journal:"),
}  # fmt: skip
