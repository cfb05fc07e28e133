"""What people are told when a sign-in or a session is refused: a reason and a remedy, in both languages."""

from collections.abc import Mapping

from tierce.identity.assistants.errors import AssistantRefusedError
from tierce.identity.errors import (
    ClientReason,
    ClientRefusedError,
    ColleagueReason,
    ColleagueRefusedError,
    ContinuingReason,
    ContinuingRefusedError,
    IdentityError,
    NotHersError,
    ProofReason,
    ProofRefusedError,
    SessionReason,
    SessionRefusedError,
    SignInReason,
    SignInRefusedError,
)
from tierce.identity.exchange import ActivityWantedError
from tierce.identity.sites.errors import TicketReason, TicketRefusedError
from tierce.kernel.language import Phrase
from tierce.web.assistant_words import ASSISTANT

Told = tuple[Phrase, Phrase]

_AGAIN = Phrase("Recommencez la connexion.", "Start signing in again.")
_LATER = Phrase("Réessayez dans quelques minutes.", "Try again in a few minutes.")
_CALL = Phrase("Appelez l’opérateur.", "Call the operator.")

SIGN_IN: Mapping[SignInReason, Told] = {
    SignInReason.STATE_UNKNOWN: (
        Phrase(
            "Cette connexion a déjà servi ou n’a pas commencé ici.",
            "This sign-in was used already, or did not begin here.",
        ),
        _AGAIN,
    ),
    SignInReason.STATE_EXPIRED: (
        Phrase("La connexion a pris plus de cinq minutes.", "Signing in took more than five minutes."),
        _AGAIN,
    ),
    SignInReason.OTHER_BROWSER: (
        Phrase("Cette connexion a commencé dans un autre navigateur.", "This sign-in began in another browser."),
        Phrase(
            "Recommencez ici ; si vous n’avez rien demandé, n’acceptez rien sur votre téléphone.",
            "Start again here; if you asked for nothing, accept nothing on your phone.",
        ),
    ),
    SignInReason.WRONG_ISSUER: (
        Phrase(
            "La réponse ne vient pas du fournisseur d’identité attendu.",
            "The answer does not come from the expected identity provider.",
        ),
        _AGAIN,
    ),
    SignInReason.PROVIDER_REFUSED: (
        Phrase(
            "Le fournisseur d’identité n’a pas accepté la connexion.",
            "The identity provider did not accept the sign-in.",
        ),
        _AGAIN,
    ),
    SignInReason.BUSY: (
        Phrase("Trop de connexions commencent en ce moment.", "Too many sign-ins begin at this moment."),
        _LATER,
    ),
    SignInReason.PROVIDER_DOWN: (
        Phrase("Le fournisseur d’identité ne répond pas.", "The identity provider does not answer."),
        _LATER,
    ),
    SignInReason.CODE_REFUSED: (
        Phrase("Le code de connexion a déjà servi ou a expiré.", "The sign-in code was used already or has expired."),
        _AGAIN,
    ),
    SignInReason.TOKEN_REFUSED: (
        Phrase("L’identité reçue n’a pas pu être vérifiée.", "The identity received could not be verified."),
        _AGAIN,
    ),
    SignInReason.TOKEN_EXPIRED: (
        Phrase("L’identité reçue a expiré.", "The identity received has expired."),
        _AGAIN,
    ),
    SignInReason.NONCE: (
        Phrase("La réponse ne correspond pas à la demande.", "The answer does not match the request."),
        _AGAIN,
    ),
    SignInReason.AUTHENTICATED_LONG_AGO: (
        Phrase(
            "Votre fournisseur d’identité vous a reconnu sans vous demander votre clé depuis plus d’une heure.",
            "Your identity provider knew you again without asking for your key for more than an hour.",
        ),
        Phrase(
            "Déconnectez-vous chez lui, puis recommencez avec votre clé.",
            "Sign out there, then start again with your key.",
        ),
    ),
    SignInReason.LEVEL_TOO_LOW: (
        Phrase("Ce moyen de connexion n’est pas assez sûr.", "This means of signing in is not strong enough."),
        Phrase("Utilisez un moyen de niveau plus élevé.", "Use a means of a higher level."),
    ),
    SignInReason.NOT_PHISHING_RESISTANT: (
        Phrase(
            "Cette page demande une clé matérielle qui résiste à l’hameçonnage.",
            "This page needs a hardware key that resists phishing.",
        ),
        Phrase("Connectez-vous avec votre clé.", "Sign in with your key."),
    ),
    SignInReason.IDENTITY_INCOMPLETE: (
        Phrase("L’identité reçue est incomplète.", "The identity received is incomplete."),
        _CALL,
    ),
    SignInReason.NOT_IN_DIRECTORY: (
        Phrase(
            "Vous n’êtes pas dans l’annuaire des professionnels de ce service.",
            "You are not in this service's directory of professionals.",
        ),
        _CALL,
    ),
    SignInReason.NO_ACTIVITY: (
        Phrase(
            "Aucune de vos activités n’est connue à la fois de votre fournisseur d’identité et de l’annuaire.",
            "None of your activities is known both to your identity provider and to the directory.",
        ),
        Phrase(
            "Faites mettre votre situation d’exercice à jour, ou appelez l’opérateur.",
            "Have your place of practice brought up to date, or call the operator.",
        ),
    ),
    SignInReason.NOT_ENROLLED: (
        Phrase(
            "Vous n’êtes inscrit auprès de ce service pour aucun de vos lieux d’exercice.",
            "You are not enrolled with this service at any of your places of practice.",
        ),
        Phrase(
            "Votre demande est notée : l’opérateur, ou le responsable de votre établissement, l’ouvrira. "
            "Si vous étiez inscrit, appelez l’opérateur.",
            "Your request is noted: the operator, or the manager of your establishment, will open it. "
            "If you were enrolled before, call the operator.",
        ),
    ),
    SignInReason.NOT_STAFF: (
        Phrase("Vous n’avez aucun rôle dans ce bureau.", "You hold no role in this office."),
        Phrase("Demandez un rôle à votre responsable.", "Ask your manager for a role."),
    ),
    SignInReason.TOO_MANY_TODAY: (
        Phrase(
            "Trop d’espaces ont été demandés aujourd’hui : aucun ne s’ouvre plus, par précaution.",
            "Too many spaces were asked for today: no more are opened, as a precaution.",
        ),
        Phrase("Réessayez demain, ou appelez l’opérateur.", "Try again tomorrow, or call the operator."),
    ),
    SignInReason.TOO_OFTEN_TODAY: (
        Phrase(
            "Vous avez ouvert votre espace trop souvent aujourd’hui.",
            "You opened your space too often today.",
        ),
        Phrase(
            "Réessayez demain. Si ce n’était pas vous, prévenez votre fournisseur d’identité et l’opérateur.",
            "Try again tomorrow. If it was not you, tell your identity provider and the operator.",
        ),
    ),
    SignInReason.INSURER_UNKNOWN: (
        Phrase(
            "Votre compte ne désigne aucun organisme assureur que nous servons.",
            "Your account names no insurer that we serve.",
        ),
        Phrase(
            "Faites rattacher votre compte à votre organisme, ou appelez l’opérateur.",
            "Have your account attached to your insurer, or call the operator.",
        ),
    ),
    SignInReason.RETURN_ADDRESS: (
        Phrase("L’adresse de retour n’est pas de ce site.", "The address to return to is not of this site."),
        Phrase("Donnez un chemin qui commence par « / ».", "Give a path that begins with “/”."),
    ),
}

SESSION: Mapping[SessionReason, Told] = {
    SessionReason.UNKNOWN: (Phrase("Vous n’êtes pas connecté.", "You are not signed in."), _AGAIN),
    SessionReason.EXPIRED: (Phrase("Votre session est terminée.", "Your session has ended."), _AGAIN),
    SessionReason.IDLE: (
        Phrase(
            "Votre session s’est fermée après trente minutes sans usage.",
            "Your session closed after thirty minutes without use.",
        ),
        _AGAIN,
    ),
    SessionReason.REVOKED: (
        Phrase("Cette session a été fermée.", "This session was closed."),
        Phrase(
            "Recommencez la connexion ; si vous ne l’avez pas fermée vous-même, appelez l’opérateur.",
            "Sign in again; if you did not close it yourself, call the operator.",
        ),
    ),
    SessionReason.NOT_BOUND: (
        Phrase("Aucune activité n’est choisie pour cette session.", "No activity is chosen for this session."),
        Phrase("Choisissez l’activité sous laquelle vous agissez.", "Choose the activity you act under."),
    ),
    SessionReason.ALREADY_BOUND: (
        Phrase("Cette session a déjà une activité.", "This session already has an activity."),
        Phrase("Pour en changer, déconnectez-vous puis connectez-vous.", "To change it, sign out and sign in again."),
    ),
    SessionReason.OTHER_ACTIVITY: (
        Phrase("Cette activité ne vous est pas proposée.", "This activity is not offered to you."),
        Phrase("Choisissez-en une de la liste.", "Choose one of the list."),
    ),
    SessionReason.SUSPENDED: (
        Phrase(
            "Votre compte est suspendu : rien n’est montré ni envoyé.",
            "Your account is suspended: nothing is shown or sent.",
        ),
        Phrase(
            "Voyez « Mon accès est-il freiné ? », ou appelez l’opérateur.",
            "See “Is my access held?”, or call the operator.",
        ),
    ),
}

COLLEAGUE: Mapping[ColleagueReason, Told] = {
    ColleagueReason.NOT_FOUND: (
        Phrase("Il n’y a rien sous ce numéro qui vous concerne.", "There is nothing of yours under this number."),
        Phrase("Vérifiez l’identifiant national ou le numéro.", "Check the national identifier or the number."),
    ),
    ColleagueReason.SUBSTITUTE: (
        Phrase("Ce remplacement ne peut pas être déclaré.", "This substitution cannot be declared."),
        Phrase(
            "Choisissez une personne de votre profession, de 1 à 92 jours à partir d’aujourd’hui, deux remplaçants "
            "au plus le même jour ; un remplaçant n’en déclare pas.",
            "Choose somebody of your profession, for 1 to 92 days from today on, at most two substitutes on one day; "
            "a substitute declares none.",
        ),
    ),
    ColleagueReason.HELD: (
        Phrase(
            "Votre compte, votre poste ou votre logiciel est retenu : vous n’ajoutez personne.",
            "Your account, device or software is held: you add nobody.",
        ),
        Phrase(
            "Faites lever la retenue depuis vos postes et sessions, ou appelez l’opérateur, qui peut l’ajouter.",
            "Have the hold lifted from your sessions and devices, or call the operator, who can add her.",
        ),
    ),
    ColleagueReason.DEVICE: (
        Phrase("Cet appareil est trop récent pour ajouter quelqu’un.", "This device is too new to add anybody from."),
        Phrase(
            "Faites-le depuis un appareil que vous utilisez depuis longtemps, ou appelez l’opérateur, qui peut "
            "l’ajouter.",
            "Do it from a device that you have used for long, or call the operator, who can add her.",
        ),
    ),
    ColleagueReason.ENROLMENT: (
        Phrase("Vous ne pouvez pas inscrire cette personne ici.", "You cannot enrol this person here."),
        Phrase(
            "Elle doit s’être connectée une fois pour cet établissement, dont vous êtes responsable ; sinon appelez "
            "l’opérateur.",
            "She must have signed in once for this establishment, of which you are the manager; else call the "
            "operator.",
        ),
    ),
}

CONTINUING: Mapping[ContinuingReason, Told] = {
    ContinuingReason.NOT_NEW: (
        Phrase("Cet appareil n’est pas nouveau.", "This device is not new."),
        Phrase("Il n’a besoin d’aucun code : travaillez.", "It needs no code: work on."),
    ),
    ContinuingReason.CODE: (
        Phrase("Ce code n’est pas valable, ou il a expiré.", "This code is not valid, or has expired."),
        Phrase(
            "Demandez-en un sur le nouvel appareil, sous votre nom et la même activité ; il dure dix minutes.",
            "Ask for one on the new device, signed in as yourself for the same activity; it serves ten minutes.",
        ),
    ),
    ContinuingReason.OLD_IS_NEW: (
        Phrase("Cet appareil-ci est nouveau lui-même.", "This device is new itself."),
        Phrase("Tapez le code sur un appareil que vous utilisez déjà.", "Type the code on one you already use."),
    ),
    ContinuingReason.NETWORK: (
        Phrase(
            "Les deux appareils ne se sont pas connectés depuis le même réseau.",
            "The two devices did not sign in from the same network.",
        ),
        Phrase(
            "Si vous n’avez pas le nouvel appareil sous les yeux, ne confirmez rien et appelez l’opérateur. Sinon, "
            "reliez les deux au même réseau, reconnectez-vous et recommencez.",
            "If the new device is not before you, confirm nothing and call the operator. Else put both on the same "
            "network, sign in again and start over.",
        ),
    ),
    ContinuingReason.TOO_MANY: (
        Phrase("Quatre appareils partagent déjà ces places.", "Four devices share these places already."),
        Phrase("Retirez-en un dans « Vos appareils ».", "Take one off under “Your devices”."),
    ),
    ContinuingReason.HELD: (
        Phrase(
            "Une mesure est en cours sur l’un des deux appareils ou sur votre compte.",
            "One of the two devices, or your account, is held.",
        ),
        Phrase(
            "Voyez « Mon accès est-il freiné ? », ou appelez l’opérateur.",
            "See “Is my access held?”, or call the operator.",
        ),
    ),
    ContinuingReason.NOT_YOURS: (
        Phrase("Cet appareil ne partage pas vos places.", "This device does not share your places."),
        Phrase("Rechargez la page : il a peut-être été retiré.", "Reload the page: it may have been taken off."),
    ),
}

LINK: Told = (
    Phrase(
        "Nous ne pouvons pas relier votre identité à une seule personne assurée.",
        "We cannot link your identity to a single person covered.",
    ),
    Phrase(
        "Écrivez à l’opérateur avec une copie de votre carte de tiers payant : une personne vérifiera.",
        "Write to the operator with a copy of your tiers payant card: a person will check.",
    ),
)
"""One answer for nobody and for homonyms: which of the two is nobody's business."""

NOT_HERS: Told = (
    Phrase(
        "Vous n’avez ni session en cours ni appareil de ce numéro.",
        "You have no live session and no device of this number.",
    ),
    Phrase("Relisez la liste : elle a pu changer.", "Read the list again: it may have changed."),
)

PROOF: Told = (
    Phrase("La signature de votre appareil n’est pas valable.", "Your device's signature is not valid."),
    Phrase(
        "Rechargez la page, ou faites une preuve neuve pour cette demande ; sinon reconnectez-vous.",
        "Reload the page, or make a new proof for this very request; else sign in again.",
    ),
)
PROOF_TOO_FAR: Told = (
    Phrase("La signature n’est pas de la minute.", "The signature is not of this minute."),
    Phrase(
        "Mettez l’horloge de l’appareil à l’heure, puis recommencez : une minute d’écart au plus avec la nôtre.",
        "Set the device's clock, then try again: one minute at most from ours.",
    ),
)
PROOF_USED: Told = (
    Phrase("Cette signature a déjà servi.", "This signature was used already."),
    Phrase(
        "La demande était peut-être arrivée : regardez avant de la refaire, avec une signature neuve.",
        "The request may have arrived: look before you make it again, with a new signature.",
    ),
)
_PROOFS: Mapping[ProofReason, Told] = {ProofReason.ISSUED: PROOF_TOO_FAR, ProofReason.REPLAYED: PROOF_USED}

CLIENT: Mapping[ClientReason, Told] = {
    ClientReason.UNKNOWN: (
        Phrase("Ce logiciel n’est pas enregistré chez l’opérateur.", "This software is not registered here."),
        Phrase("Demandez à l’opérateur de l’enregistrer.", "Ask the operator to register it."),
    ),
    ClientReason.ASSERTION: (
        Phrase("L’attestation du logiciel n’est pas valable.", "The software's assertion is not valid."),
        Phrase(
            "Signez-la avec une clé enregistrée, pour cette adresse, avec iss, sub, aud, exp et jti.",
            "Sign it with a registered key, for this address, with iss, sub, aud, exp and jti.",
        ),
    ),
    ClientReason.EXPIRED: (
        Phrase("L’attestation du logiciel a expiré, ou dure trop.", "The software's assertion is over, or too long."),
        Phrase(
            "Faites-en une pour chaque demande, de cinq minutes au plus ; vérifiez l’heure de la machine.",
            "Make one for each request, of five minutes at most; check the machine's clock.",
        ),
    ),
    ClientReason.REPLAYED: (
        Phrase("Cette attestation a déjà servi.", "This assertion was used already."),
        Phrase("Faites-en une pour chaque demande.", "Make one for each request."),
    ),
}

ACTIVITY: Told = (
    Phrase(
        "L’activité sous laquelle agir n’est pas choisie, ou n’est pas l’une des siennes.",
        "The activity to act under is not chosen, or is none of hers.",
    ),
    Phrase(
        "Faites choisir le professionnel parmi `activities`, puis recommencez avec `activity`.",
        "Let the professional choose among `activities`, then start again with `activity`.",
    ),
)


TICKET: Mapping[TicketReason, Told] = {
    TicketReason.LAPSED: (
        Phrase("Votre navigateur doit signer de nouveau.", "Your browser has to sign again."),
        Phrase("Rechargez la page : votre session continue.", "Reload the page: your session goes on."),
    ),
    TicketReason.STALE: (
        Phrase("Ce que votre navigateur a signé ne sert plus.", "What your browser signed serves no more."),
        Phrase("Rechargez la page : votre session continue.", "Reload the page: your session goes on."),
    ),
    TicketReason.OTHER_KEY: (
        Phrase(
            "Cette session a été fermée : un autre navigateur que le vôtre a signé pour elle.",
            "This session was closed: another browser than yours signed for it.",
        ),
        _AGAIN,
    ),
    TicketReason.NO_KEY: (
        Phrase("Votre navigateur n’a montré aucune clé.", "Your browser showed no key."),
        _AGAIN,
    ),
}


def told(error: IdentityError) -> Told:
    """The reason and the remedy of a refusal."""
    if isinstance(error, SignInRefusedError):
        return SIGN_IN[error.reason]
    if isinstance(error, SessionRefusedError):
        return SESSION[error.reason]
    if isinstance(error, TicketRefusedError):
        return TICKET[error.reason]
    if isinstance(error, ClientRefusedError):
        return CLIENT[error.reason]
    if isinstance(error, ActivityWantedError):
        return ACTIVITY
    if isinstance(error, ColleagueRefusedError):
        return COLLEAGUE[error.reason]
    if isinstance(error, ContinuingRefusedError):
        return CONTINUING[error.reason]
    if isinstance(error, AssistantRefusedError):
        return ASSISTANT[error.reason]
    if isinstance(error, NotHersError):
        return NOT_HERS
    if isinstance(error, ProofRefusedError):
        return _PROOFS.get(error.reason, PROOF)
    return LINK


def code_of(error: IdentityError) -> str:
    """The machine code of a refusal."""
    if isinstance(error, SignInRefusedError):
        return f"sign_in_{error.reason.value}"
    if isinstance(error, SessionRefusedError):
        return f"session_{error.reason.value}"
    if isinstance(error, TicketRefusedError):
        return f"ticket_{error.reason.value}"
    if isinstance(error, ColleagueRefusedError):
        return f"colleague_{error.reason.value}"
    if isinstance(error, ContinuingRefusedError):
        return f"device_{error.reason.value}"
    if isinstance(error, AssistantRefusedError):
        return f"assistant_{error.reason.value}"
    if isinstance(error, ProofRefusedError):
        return f"proof_{error.reason.value}"
    if isinstance(error, ClientRefusedError):
        return f"client_{error.reason.value}"
    if isinstance(error, ActivityWantedError):
        return "activity_wanted"
    return "not_yours" if isinstance(error, NotHersError) else "link_refused"
