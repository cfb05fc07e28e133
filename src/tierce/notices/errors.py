"""What can go wrong with a notice."""

from tierce.kernel.errors import TierceError
from tierce.notices.deliveries.model import Verdict


class NoticeError(TierceError):
    """The notices slice refused an operation."""


class TextRefusedError(NoticeError):
    """A text is empty where the law asks for content, vague, or carries a link: it is not produced."""

    in_french = "Un texte est vide là où la loi veut un contenu, vague, ou porte un lien : il n’est pas produit."


class SliceMissingError(NoticeError):
    """This insurer has nobody on the incident's list, so there is nothing to notify it of."""

    in_french = "Cet organisme n’a personne sur la liste de l’incident : il n’y a rien à lui notifier."


class IncidentNotAwareError(NoticeError):
    """The incident has no time of awareness yet: write when, by whom and why it was established."""

    in_french = (
        "L’incident n’a pas encore d’heure de connaissance : écrivez quand, par qui et pourquoi elle fut établie."
    )


class AudienceMissingError(NoticeError):
    """No audience is frozen yet for this incident: run `tierce notice audience`."""

    in_french = "Les destinataires de cet incident ne sont pas figés : `tierce notice audience`."


class AudienceEmptyError(NoticeError):
    """The list of people exposed names nobody: there is nobody to write to."""

    in_french = "La liste des personnes touchées ne nomme personne : il n’y a personne à qui écrire."


class DoubtsLeftError(NoticeError):
    """Messages of the last audience are in doubt: run `tierce notice send` again, then freeze a new one."""

    in_french = (
        "Des envois précédents restent en doute : relancez `tierce notice send`, puis figez les destinataires."
    )


class LettersWaitError(NoticeError):
    """Printed letters are not posted: write their batches posted, or destroy them and give --print-again."""

    in_french = (
        "Des lettres imprimées ne sont pas postées : notez leurs lots postés, ou détruisez-les et --print-again."
    )


class AudienceStaleError(NoticeError):
    """A newer list exists than the one this audience was frozen from: freeze a new audience."""

    in_french = "Une liste plus récente existe : figez de nouveau les destinataires (`tierce notice audience`)."


class MessageMissingError(NoticeError):
    """No text is written yet for this incident: write it on the incident's page of messages."""

    in_french = "Aucun texte n’est écrit pour cet incident : écrivez-le à sa page des messages."


class MessageChangedError(NoticeError):
    """This is not the newest audience and text any more: read them again before you approve."""

    in_french = "Les destinataires ou le texte ont changé : relisez-les avant d’approuver."


class NotApprovedError(NoticeError):
    """Two different people have not both approved this audience and this text: nothing leaves."""

    in_french = "Deux personnes différentes n’ont pas approuvé ces destinataires et ce texte : rien ne part."


class AlreadyApprovedError(NoticeError):
    """You have approved this already; the second approval is another person's."""

    in_french = "Vous l’avez déjà approuvé ; la seconde approbation est celle d’une autre personne."


class SendingStoppedError(NoticeError):
    """Messages of this incident are stopped: let them go on from the page of messages first."""

    in_french = "Les messages de cet incident sont arrêtés : laissez-les repartir à sa page des messages."


class SendingRefusedError(NoticeError):
    """The mail server refuses us, not a recipient: nothing more was sent."""

    in_french = "Le serveur de messagerie nous refuse, et non un destinataire : rien de plus n’est parti."


class AlreadySendingError(NoticeError):
    """Another process is sending the messages of this incident: wait for its end."""

    in_french = "Un autre processus envoie les messages de cet incident : attendez sa fin."


class BatchMissingError(NoticeError):
    """There is no such batch of letters to take or to post, or its file is not the one that was printed."""

    in_french = (
        "Aucun lot de lettres de ce numéro n’est à prendre ou à poster, ou son fichier n’est pas celui imprimé."
    )


class BatchTakenError(NoticeError):
    """Somebody took this batch already: see that her copy is destroyed before you take it again."""

    in_french = "Quelqu’un a déjà pris ce lot : faites détruire sa copie avant de le reprendre."


class SliceChangedError(NoticeError):
    """Another list was computed while this one was read: nothing was handed over. Run it again."""

    in_french = "Une autre liste fut établie pendant la lecture : rien n’est remis. Recommencez."


class LoanEndedError(NoticeError):
    """What this insurer lent for this incident was deleted: nothing more is taken in for it."""

    in_french = "Ce que cet organisme a prêté pour cet incident est supprimé : rien de plus n’est pris."


class LoanNeededError(NoticeError):
    """Messages or letters wait to be written with what was lent: send them, or end the mandate and freeze again."""

    in_french = (
        "Des messages ou des lettres attendent ce prêt : envoyez-les, ou finissez le mandat et figez de nouveau."
    )


class KeyNotWaitingError(NoticeError):
    """This key does not wait for your word: it is not confirmed on the insurer's site, or is in use already."""

    in_french = "Cette clé n’attend pas votre accord : pas confirmée sur le site de l’organisme, ou déjà en service."


class FileRefusedError(NoticeError):
    """A file cannot be read as what it should be: nothing of it was taken."""

    in_french = "Ce fichier ne se lit pas comme il le devrait : rien n’en est pris."


class MailRefusedError(NoticeError):
    """The server did not take an e-mail: its code, or why it could not be asked, and what to do after that."""

    def __init__(self, said: str, verdict: Verdict = Verdict.HALT) -> None:
        super().__init__(said)
        self.verdict = verdict
