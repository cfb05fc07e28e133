"""What can go wrong with a notice."""

from tierce.kernel.errors import TierceError
from tierce.notices.deliveries.model import Verdict


class NoticeError(TierceError):
    """The notices slice refused an operation."""


class TextRefusedError(NoticeError):
    """A text is empty where the law asks for content, vague, or carries a link: it is not produced."""


class SliceMissingError(NoticeError):
    """This insurer has nobody on the incident's list, so there is nothing to notify it of."""


class IncidentNotAwareError(NoticeError):
    """The incident has no time of awareness yet: write when, by whom and why it was established."""


class AudienceMissingError(NoticeError):
    """No audience is frozen yet for this incident: run `tierce notice audience`."""


class AudienceEmptyError(NoticeError):
    """The list of people exposed names nobody: there is nobody to write to."""


class DoubtsLeftError(NoticeError):
    """Messages of the last audience are in doubt: run `tierce notice send` again, then freeze a new one."""


class LettersWaitError(NoticeError):
    """Printed letters are not posted: write their batches posted, or destroy them and give --print-again."""


class AudienceStaleError(NoticeError):
    """A newer list exists than the one this audience was frozen from: freeze a new audience."""


class MessageMissingError(NoticeError):
    """No text is written yet for this incident: write it on the incident's page of messages."""


class MessageChangedError(NoticeError):
    """This is not the newest audience and text any more: read them again before you approve."""


class NotApprovedError(NoticeError):
    """Two different people have not both approved this audience and this text: nothing leaves."""


class AlreadyApprovedError(NoticeError):
    """You have approved this already; the second approval is another person's."""


class SendingStoppedError(NoticeError):
    """Messages of this incident are stopped: let them go on from the page of messages first."""


class SendingRefusedError(NoticeError):
    """The mail server refuses us, not a recipient: nothing more was sent."""


class AlreadySendingError(NoticeError):
    """Another process is sending the messages of this incident."""


class BatchMissingError(NoticeError):
    """There is no such batch of letters to take or to post, or its file is not the one that was printed."""


class BatchTakenError(NoticeError):
    """Somebody took this batch already: see that her copy is destroyed before you take it again."""


class SliceChangedError(NoticeError):
    """Another list was computed while this one was read: nothing was handed over. Run it again."""


class LoanEndedError(NoticeError):
    """What this insurer lent for this incident was deleted: nothing more is taken in for it."""


class LoanNeededError(NoticeError):
    """Messages or letters wait to be written with what was lent: send them, or end the mandate and freeze again."""


class KeyNotWaitingError(NoticeError):
    """This key does not wait for your word: it is not confirmed on the insurer's site, or is in use already."""


class FileRefusedError(NoticeError):
    """A file cannot be read as what it should be: nothing of it was taken."""


class MailRefusedError(NoticeError):
    """The server did not take an e-mail: its code, or why it could not be asked, and what to do after that."""

    def __init__(self, said: str, verdict: Verdict = Verdict.HALT) -> None:
        super().__init__(said)
        self.verdict = verdict
