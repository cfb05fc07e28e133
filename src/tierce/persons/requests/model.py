"""Requests and reports with their clocks; every answer is a written outcome, never free text."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tierce.kernel.ids import EntrySeq, InsurerId, ProfessionalId
from tierce.kernel.language import Phrase


class ReportOutcome(StrEnum):
    """What became of a report "it was not me"; the words are stored."""

    EXPLAINED = "explained"
    MISTYPED = "mistyped"
    STOLEN = "stolen"
    UNSETTLED = "unsettled"


REPORT_WORDS: dict[ReportOutcome, Phrase] = {
    ReportOutcome.EXPLAINED: Phrase(
        "Le professionnel a expliqué sa demande : un soin préparé ou suivi sans vous, comme une ordonnance "
        "renouvelée. Si cela ne vous dit toujours rien, écrivez-nous.",
        "The professional explained the ask: care prepared or followed up without you, such as a repeat "
        "prescription. If it still means nothing to you, write to us.",
    ),
    ReportOutcome.MISTYPED: Phrase(
        "Le professionnel cherchait une autre personne : c’était une erreur de saisie.",
        "The professional was looking for somebody else: it was a typing error.",
    ),
    ReportOutcome.STOLEN: Phrase(
        "Cet accès avait été volé, et il est arrêté. La page « Suis-je concerné ? » dit ce qui a été montré de vous.",
        "That access had been stolen, and it is stopped. The page “Am I concerned?” says what was shown of you.",
    ),
    ReportOutcome.UNSETTLED: Phrase(
        "Nous n’avons pas pu établir ce qui s’est passé. Votre réponse reste comptée avec celles d’autres personnes.",
        "We could not establish what happened. Your answer still counts, with those of other people.",
    ),
}


class RequestKind(StrEnum):
    """GDPR articles 15, 16 and 17; the words are stored."""

    ACCESS = "access"
    CORRECTION = "correction"
    ERASURE = "erasure"


KIND_WORDS: dict[RequestKind, Phrase] = {
    RequestKind.ACCESS: Phrase("Accès à mes données", "Access to my data"),
    RequestKind.CORRECTION: Phrase("Correction", "Correction"),
    RequestKind.ERASURE: Phrase("Effacement", "Erasure"),
}

SUBJECTS: dict[str, tuple[RequestKind, Phrase]] = {
    "everything": (RequestKind.ACCESS, Phrase("une copie de tout ce que vous tenez", "a copy of all that you hold")),
    "origin": (RequestKind.ACCESS, Phrase("d’où viennent ces données", "where this data comes from")),
    "name": (RequestKind.CORRECTION, Phrase("mon nom ou mes prénoms", "my name")),
    "birth": (RequestKind.CORRECTION, Phrase("ma date de naissance ou mon rang", "my birth date or rank")),
    "contract": (RequestKind.CORRECTION, Phrase("mon contrat ou mes dates de droits", "my contract or cover dates")),
    "former": (RequestKind.ERASURE, Phrase("un ancien contrat", "a former contract")),
    "all": (RequestKind.ERASURE, Phrase("toutes mes données", "all my data")),
}
"""What the form offers, each with its kind: chosen, so that nothing typed is kept."""


class RequestOutcome(StrEnum):
    """The written answers to a request; the words are stored."""

    COPY = "copy"
    SENT = "sent"
    """By an insurer: it sends its own copy."""
    CORRECTED = "corrected"
    EXACT = "exact"
    ERASED = "erased"
    KEPT = "kept"


OUTCOME_WORDS: dict[RequestOutcome, tuple[RequestKind, Phrase]] = {
    RequestOutcome.COPY: (
        RequestKind.ACCESS,
        Phrase(
            "La copie de vos données est sur la page « Mes données ». Elles nous viennent de votre complémentaire, "
            "et de votre usage de nos services.",
            "The copy of your data is on the page “My data”. It comes to us from your insurer, and from your use of "
            "our services.",
        ),
    ),
    RequestOutcome.SENT: (
        RequestKind.ACCESS,
        Phrase(
            "Votre complémentaire vous envoie elle-même une copie de ce qu’elle tient.",
            "Your insurer itself sends you a copy of what it holds.",
        ),
    ),
    RequestOutcome.CORRECTED: (
        RequestKind.CORRECTION,
        Phrase(
            "Votre complémentaire a corrigé cette information, et nous l’a transmise.",
            "Your insurer corrected this information and sent it to us.",
        ),
    ),
    RequestOutcome.EXACT: (
        RequestKind.CORRECTION,
        Phrase(
            "Votre complémentaire répond que cette information est exacte. Vous pouvez saisir la CNIL ou un juge.",
            "Your insurer answers that this information is right. You may turn to the CNIL or to a court.",
        ),
    ),
    RequestOutcome.ERASED: (
        RequestKind.ERASURE,
        Phrase("Ces données sont effacées.", "This data is erased."),
    ),
    RequestOutcome.KEPT: (
        RequestKind.ERASURE,
        Phrase(
            "Ces données sont gardées le temps que demandent vos droits en cours ou la preuve des accès, puis "
            "effacées. Vous pouvez saisir la CNIL ou un juge.",
            "This data is kept as long as your cover or the proof of accesses needs it, then erased. You may turn to "
            "the CNIL or to a court.",
        ),
    ),
}


INSURER_OUTCOMES: dict[RequestKind, tuple[RequestOutcome, ...]] = {
    RequestKind.ACCESS: (RequestOutcome.SENT,),
    RequestKind.CORRECTION: (RequestOutcome.CORRECTED, RequestOutcome.EXACT),
    RequestKind.ERASURE: (RequestOutcome.ERASED, RequestOutcome.KEPT),
}
"""What an insurer may answer (notice.reply_request too); a copy of the operator's own is the operator's to give."""


@dataclass(frozen=True, slots=True)
class InsurerReply:
    """What one insurer answered to her, and when."""

    insurer: InsurerId
    outcome: RequestOutcome
    at: datetime


@dataclass(frozen=True, slots=True)
class RightsRequest:
    """One request with its clock; `forwarded` is when it went to the insurers, the controllers of her data."""

    id: int
    kind: RequestKind
    subject: str
    insurers: tuple[InsurerId, ...]
    made: datetime
    due: datetime
    forwarded: datetime | None
    answer: RequestOutcome | None
    answered: datetime | None
    replies: tuple[InsurerReply, ...] = ()

    @property
    def waited_for(self) -> tuple[InsurerId, ...]:
        """The insurers that have not answered."""
        return tuple(one for one in self.insurers if all(reply.insurer != one for reply in self.replies))


@dataclass(frozen=True, slots=True)
class StaffReport:
    """A report as staff read it: the ask and its account, or the invoice and its place; never who she is."""

    id: int
    seq: EntrySeq | None
    """The ask; None for an invoice at a place where nobody had asked about her."""
    at: datetime
    due: datetime
    asked_at: datetime | None
    professional: ProfessionalId | None
    name: str | None
    place: str | None
    """Where care was billed, when the report is about an invoice."""
    care_day: date | None
    answer: ReportOutcome | None
    answered: datetime | None


@dataclass(frozen=True, slots=True)
class ReportAnswer:
    """What she was answered, and when; `due` is until when she is."""

    due: datetime
    answer: ReportOutcome | None
    answered: datetime | None
