"""One invoice, or one agreement, in one sentence or two; pure."""

from typing import Final

from tierce.billing.agreements.model import AgreementKind, AgreementState
from tierce.billing.model import InvoiceState
from tierce.kernel.care import DOMAIN_LABELS
from tierce.kernel.clock import PARIS
from tierce.kernel.language import Language, Phrase
from tierce.kernel.saying import say_date, say_euros, say_instant
from tierce.persons.billed.model import Agreed, Billed, DeclaredDocument, Told
from tierce.policy.documents import DOCUMENT_LABELS


def sentence(one: Billed) -> Phrase:
    """Say one invoice: when the care was, where, and what is odd about it.

    « Soins du 24 novembre 2026 : Optique des Remparts (Port-Sérac) les a facturés à votre nom. »
    """
    day = say_date(one.care_day)
    said = Phrase(
        f"Soins du {day.fr}\u00a0: {one.place} les a facturés à votre nom.",
        f"Care of {day.en}: {one.place} billed it in your name.",
    )
    if one.told is not None:
        said = _told(one, one.told, day)
    if not one.asked:
        said = Phrase(
            f"{said.fr} Personne n’y avait demandé vos droits.",
            f"{said.en} Nobody there had asked about your rights.",
        )
    if one.withdrawn is not None:
        at = say_instant(one.withdrawn)
        said = Phrase(
            f"{said.fr} Cette facture a été retirée {at.fr}.", f"{said.en} This invoice was taken back {at.en}."
        )
    return said


def _told(one: Billed, told: Told, day: Phrase) -> Phrase:
    """Say an invoice that the place sent to us, with what it asks and what became of it."""
    label, asked = DOMAIN_LABELS[told.domain], say_euros(told.claimed)
    said = Phrase(
        f"Soins du {day.fr} ({label.fr})\u00a0: {one.place} demande {asked.fr} à votre complémentaire.",
        f"Care of {day.en} ({label.en}): {one.place} asks your insurer for {asked.en}.",
    )
    if told.due is None:
        return said
    due = say_euros(told.due)
    match told.state:
        case InvoiceState.PAID:
            said = _added(said, f"{due.fr} ont été payés.", f"{due.en} was paid.")
            if not told.recovered:
                return said
            back = say_euros(told.recovered)
            french = f"{back.fr} en ont été repris à cet établissement : ce n’était pas dû."
            return _added(said, french, f"{back.en} of it was taken back from the place: it was not due.")
        case InvoiceState.REFUSED if told.undecidable:
            return _added(
                said,
                "Rien n’a été payé : rien ne permettait plus d’en décider. Le lieu peut l’envoyer de nouveau.",
                "Nothing was paid: nothing was left to decide it by. The place may send it again.",
            )
        case InvoiceState.REFUSED:
            return _added(said, "Rien n’a été payé.", "Nothing was paid.")
        case _:
            french = f"{due.fr} sont accordés, et restent à verser."
            return _added(said, french, f"{due.en} is granted, and still to be paid.")


def agreed_sentence(one: Agreed) -> Phrase:
    """Say a quote or an agreement: when it was asked, where, for which care, and what became of it.

    « Le 24 novembre 2026 (optique) : Optique des Remparts (Port-Sérac) demande une prise en charge de 280,00 €. »
    """
    day = say_date(one.at.astimezone(PARIS).date())
    label, asked = DOMAIN_LABELS[one.domain], say_euros(one.asked)
    what = _ASKED[one.kind]
    said = Phrase(
        f"Le {day.fr} ({label.fr})\u00a0: {one.place} demande {what.fr} de {asked.fr} à votre complémentaire.",
        f"On {day.en} ({label.en}): {one.place} asks your insurer for {what.en} of {asked.en}.",
    )
    words = {
        "due": say_euros(one.due or 0),
        "until": say_date(one.until) if one.until else _NOTHING,
        "ended": say_instant(one.ended) if one.ended else _NOTHING,
        "by": say_date(one.documents_by) if one.documents_by else _NOTHING,
    }
    french, english = ({name: word[spoken] for name, word in words.items()} for spoken in (Language.FR, Language.EN))
    end = _ENDS[one.state]
    if one.lapsed:
        end = _LAPSED
    elif one.undecidable:
        end = _UNDECIDED
    elif one.contract_ended:
        end = _CONTRACT_ENDED
    return _added(said, end.fr.format(**french), end.en.format(**english))


def document_sentence(one: DeclaredDocument) -> Phrase:
    """Say a declaration: « Ordonnance du 2 mars 2026, de LÉA MORVAN : déclarée le … par … »."""
    kind, day, at = DOCUMENT_LABELS[one.kind], say_date(one.dated), say_instant(one.at)
    signed = Phrase(f" ({one.prescriber})", f" ({one.prescriber})") if one.prescriber else _NOTHING
    return Phrase(
        f"Pièce déclarée par {one.by}, {at.fr} : {kind.fr} du {day.fr}{signed.fr}.",
        f"Document declared by {one.by}, {at.en}: {kind.en} of {day.en}{signed.en}.",
    )


def _added(said: Phrase, french: str, english: str) -> Phrase:
    return Phrase(f"{said.fr} {french}", f"{said.en} {english}")


_NOTHING: Final = Phrase("", "")
_ASKED: Final = {
    AgreementKind.QUOTE: Phrase("un devis", "a quote"),
    AgreementKind.REQUEST: Phrase("une prise en charge", "a prior agreement"),
}
_LAPSED: Final = Phrase(
    "{due} étaient accordés sous réserve de pièces, qui n’ont pas été déclarées : rien n’est plus promis.",
    "{due} was granted subject to documents, which were not declared: nothing is promised any more.",
)
_CONTRACT_ENDED: Final = Phrase(
    "{due} étaient accordés ; votre complémentaire a quitté ce service depuis : rien n’est plus promis ici.",
    "{due} was granted; your insurer has left this service since: nothing is promised here any more.",
)
_UNDECIDED: Final = Phrase(
    "C’est refusé : rien ne permettait plus d’en décider. Le lieu peut le demander de nouveau.",
    "It is refused: nothing was left to decide it by. The place may ask again.",
)
_ENDS: Final = {
    AgreementState.RECEIVED: Phrase("Ce n’est pas encore décidé.", "It is not decided yet."),
    AgreementState.QUOTED: Phrase(
        "Elle en paierait {due}, sans rien promettre.", "It would pay {due} of it, and promises nothing."
    ),
    AgreementState.GRANTED: Phrase(
        "{due} sont accordés, pour des soins jusqu’au {until}.", "{due} is granted, for care until {until}."
    ),
    AgreementState.REFUSED: Phrase("C’est refusé.", "It is refused."),
    AgreementState.INVOICED: Phrase(
        "{due} étaient accordés, et ces soins sont facturés.", "{due} was granted, and that care is billed."
    ),
    AgreementState.EXPIRED: Phrase(
        "{due} étaient accordés jusqu’au {until}, et rien n’a été facturé.",
        "{due} was granted until {until}, and nothing was billed.",
    ),
    AgreementState.CANCELLED: Phrase("Le lieu l’a annulé {ended}.", "The place cancelled it {ended}."),
    AgreementState.SUBJECT_TO_DOCUMENTS: Phrase(
        "{due} sont accordés sous réserve de pièces, que le lieu déclare au plus tard le {by}.",
        "{due} is granted subject to documents, which the place declares by {by}.",
    ),
    AgreementState.UNDER_REVIEW: Phrase(
        "L’organisme l’examine, sans savoir de qui elle est.", "The insurer reviews it, and does not see whose it is."
    ),
}
"""What became of it, in one sentence."""
