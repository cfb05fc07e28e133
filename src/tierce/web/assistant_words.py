"""What a refusal about assistants says, in both languages."""

from collections.abc import Mapping

from tierce.identity.assistants.errors import AssistantReason
from tierce.kernel.language import Phrase

Told = tuple[Phrase, Phrase]

ASSISTANT: Mapping[AssistantReason, Told] = {
    AssistantReason.PLACE: (
        Phrase("Cette session ne peut désigner personne ici.", "This session can name nobody here."),
        Phrase(
            "Connectez-vous vous-même au portail, pour un lieu où vous exercez en votre nom.",
            "Sign in to the portal yourself, for a place where you practise in your own name.",
        ),
    ),
    AssistantReason.DEVICE: (
        Phrase("Cet appareil est nouveau : il ne désigne personne.", "This device is new: it names nobody."),
        Phrase(
            "Faites-le depuis un appareil que vous utilisez déjà, ou confirmez celui-ci dans « Postes et sessions ».",
            "Do it from a device you already use, or confirm this one under “Devices and sessions”.",
        ),
    ),
    AssistantReason.HELD: (
        Phrase(
            "Votre compte, votre poste ou votre logiciel est retenu : vous n’ajoutez personne.",
            "Your account, device or software is held: you add nobody.",
        ),
        Phrase(
            "Voyez « Mon accès est-il freiné ? », ou appelez l’opérateur.",
            "See “Is my access held?”, or call the operator.",
        ),
    ),
    AssistantReason.DAYS: (
        Phrase("Ce dernier jour ne convient pas.", "This last day does not do."),
        Phrase("Donnez un jour d’aujourd’hui à un an.", "Give a day from today to a year from now."),
    ),
    AssistantReason.TOO_MANY: (
        Phrase("Vingt assistants sont déjà désignés ici.", "Twenty assistants are named here already."),
        Phrase(
            "Mettez fin à l’un d’eux ; il compte encore un jour s’il vient d’être désigné.",
            "End one of them; one who was just named still counts for a day.",
        ),
    ),
    AssistantReason.NOT_FOUND: (
        Phrase("Aucun de vos assistants n’a ce numéro ici.", "None of your assistants has this number here."),
        Phrase("Relisez la liste : elle a pu changer.", "Read the list again: it may have changed."),
    ),
    AssistantReason.PASSKEYS: (
        Phrase("Cet assistant a déjà trois clés d’accès.", "This assistant has three passkeys already."),
        Phrase(
            "Mettez-y fin et désignez-le à nouveau : ses anciennes clés ne serviront plus.",
            "End and name the assistant again: the old passkeys will serve no more.",
        ),
    ),
    AssistantReason.SIGN_IN: (
        Phrase(
            "Votre connexion date de plus d’un quart d’heure.", "You signed in more than a quarter of an hour ago."
        ),
        Phrase(
            "Déconnectez-vous, connectez-vous de nouveau, puis désignez-le aussitôt.",
            "Sign out, sign in again, then name the assistant at once.",
        ),
    ),
    AssistantReason.CODE: (
        Phrase("Ce code n’est pas valable, ou il a expiré.", "This code is not valid, or has expired."),
        Phrase(
            "Demandez-en un autre au professionnel ; il dure dix minutes et ne sert qu’une fois.",
            "Ask the professional for another; it serves ten minutes, and once.",
        ),
    ),
    AssistantReason.NETWORK: (
        Phrase(
            "Ce code ne sert que sur le réseau d’où il a été demandé.",
            "This code serves only on the network that it was asked from.",
        ),
        Phrase(
            "Reliez les deux appareils au réseau du lieu de soins, puis demandez un autre code.",
            "Put both devices on the network of the place of care, then ask for another code.",
        ),
    ),
    AssistantReason.STATE: (
        Phrase("Cette étape a expiré, ou a commencé ailleurs.", "This step has expired, or began elsewhere."),
        Phrase("Recommencez depuis le début.", "Start again from the beginning."),
    ),
    AssistantReason.ADDRESS: (
        Phrase(
            "L’adresse de ce portail est un nombre : aucun navigateur n’y fait de clé d’accès.",
            "This portal’s address is a number: no browser makes a passkey there.",
        ),
        Phrase("Ouvrez-le par son nom, ou appelez l’opérateur.", "Open it by its name, or call the operator."),
    ),
    AssistantReason.PASSKEY: (
        Phrase(
            "Cette clé d’accès ne vous connecte pas ici.",
            "This passkey does not sign you in here.",
        ),
        Phrase(
            "Recommencez ; sinon demandez un code au professionnel pour qui vous travaillez.",
            "Start again; else ask the professional you work for, for a code.",
        ),
    ),
    AssistantReason.NOT_ALLOWED: (
        Phrase(
            "Cet acte est réservé au professionnel lui-même.",
            "This act is for the professional in person.",
        ),
        Phrase("Demandez-lui de le faire depuis sa propre session.", "Ask her to do it from her own session."),
    ),
}
