"""The part of the decision page on sessions that may do less: an assistant's, and one whose account is suspended."""

from collections.abc import Iterator, Mapping

from tierce.kernel.language import Language, Phrase
from tierce.policy.acts import Act
from tierce.policy.assistants import ASSISTANTS_MAX, LAST_DAY_MAX, PASSKEYS_MAX, may_assistant
from tierce.policy.ladder import may_suspended

TITLE = Phrase(
    "Ce que peuvent un assistant et un compte suspendu", "What an assistant and a suspended account may do"
)
INTRO = Phrase(
    "Un assistant est désigné par un professionnel pour un lieu, {days} jours au plus, {most} à la fois, chacun avec "
    "{keys} clés d’accès au plus. Ses demandes prennent les places du professionnel : les tableaux ci-dessus valent "
    "pour eux tous ensemble. Un compte suspendu l’est quels que soient l’appareil et la session.",
    "An assistant is named by a professional for one place, for {days} days at most, {most} at once, each with "
    "{keys} passkeys at most. Their asks take the professional's seats: the tables above hold for all of them "
    "together. A suspended account is so whatever the device and session.",
)
SUSPENDED = Phrase("compte suspendu", "suspended account")
ACT, OPEN = Phrase("Acte", "Act"), Phrase("assistant", "assistant")
WORDS: Mapping[Act, Phrase] = {
    Act.RIGHTS_ASK: Phrase("demander", "ask"),
    Act.RIGHTS_REVISIT: Phrase("rouvrir", "reopen"),
    Act.SESSION_READ: Phrase(
        "lire ses sessions, appareils et places, et le code du lieu",
        "read one's sessions, devices and seats, and the place's code",
    ),
    Act.HOLDS_READ: Phrase("lire ce qui freine le compte", "read what holds the account"),
    Act.SESSION_REVOKE: Phrase("fermer ses sessions", "end one's sessions"),
    Act.DEVICE_ENROL: Phrase("lier la clé de son navigateur", "bind one's browser's key"),
    Act.DEPOSIT_MAKE: Phrase("déposer pendant une coupure", "deposit while closed"),
    Act.DEPOSIT_READ: Phrase("lire un reçu", "read a receipt"),
    Act.INVOICE_SEND: Phrase("envoyer une facture", "send an invoice"),
    Act.INVOICE_READ: Phrase("lire les factures du lieu", "read the place's invoices"),
    Act.INVOICE_CANCEL: Phrase("annuler une facture", "cancel an invoice"),
    Act.AGREEMENT_ASK: Phrase("demander un accord préalable", "ask for a prior agreement"),
    Act.AGREEMENT_READ: Phrase("lire les accords du lieu", "read the place's agreements"),
    Act.AGREEMENT_CANCEL: Phrase("annuler un accord", "cancel an agreement"),
    Act.AGREEMENT_DOCUMENT: Phrase("déclarer une pièce d’un accord", "declare a document of an agreement"),
    Act.DEVICE_NAME: Phrase("nommer un appareil", "name a device"),
    Act.DEVICE_CODE: Phrase("faire confirmer son appareil", "have one's device confirmed"),
    Act.DEVICE_CONTINUE: Phrase("confirmer un appareil", "confirm a device"),
    Act.DEVICE_SEPARATE: Phrase("retirer un appareil", "take a device off"),
    Act.ASSISTANT_NAME: Phrase("désigner un assistant", "name an assistant"),
    Act.ASSISTANT_END: Phrase("mettre fin à un assistant", "end an assistant"),
    Act.ASSISTANT_READ: Phrase("lire qui peut agir pour le professionnel", "read who may act for the professional"),
    Act.SUBSTITUTE_DECLARE: Phrase("déclarer un remplaçant", "declare a substitute"),
    Act.SUBSTITUTE_END: Phrase("arrêter un remplacement", "end a substitution"),
    Act.ENROLMENT_MOVE: Phrase("inscrire un confrère", "enrol a colleague"),
    Act.APPEAL_MAKE: Phrase("contester un frein", "appeal a hold"),
    Act.ACCOUNT_READ: Phrase("lire le compte bancaire, masqué", "read the bank account, masked"),
    Act.ACCOUNT_ASK: Phrase("demander un autre compte bancaire", "ask for another bank account"),
    Act.ACCOUNT_STOP: Phrase("arrêter cette demande", "stop such an ask"),
    Act.TRANSFER_READ: Phrase("lire les virements et reprises", "read transfers and recoveries"),
}


def assistants_part(language: Language) -> Iterator[str]:
    """The section, in Markdown."""
    yield f"## {TITLE[language]}"
    yield ""
    yield INTRO[language].format(days=LAST_DAY_MAX, most=ASSISTANTS_MAX, keys=PASSKEYS_MAX)
    yield ""
    yield f"| {ACT[language]} | {OPEN[language]} | {SUSPENDED[language]} |"
    yield "| --- | --- | --- |"
    for act, words in WORDS.items():
        opened = " | ".join("✓" if may(act) else "–" for may in (may_assistant, may_suspended))
        yield f"| {words[language]} | {opened} |"
    yield ""
