"""One invoice in one sentence."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from tierce.billing.agreements.model import AgreementKind, AgreementState
from tierce.billing.model import InvoiceState
from tierce.kernel.care import Domain
from tierce.kernel.ids import EntrySeq
from tierce.kernel.language import Phrase
from tierce.persons.billed.model import Agreed, Billed, DeclaredDocument, Told
from tierce.persons.billed.rules import agreed_sentence, document_sentence, sentence
from tierce.policy.documents import DocumentKind

AT = datetime(2026, 11, 25, 9, 12, tzinfo=UTC)
ONE = Billed(UUID(int=7), "Optique des Remparts (Port-Sérac)", date(2026, 11, 24), AT, True, None, None, None)


def plain(phrase: Phrase) -> tuple[str, str]:
    french, english = (
        text.replace("\u00a0", " ").replace("\u202f", " ").replace("’", "'") for text in (phrase.fr, phrase.en)
    )
    return french, english


def test_an_invoice_is_said_in_one_sentence() -> None:
    assert plain(sentence(ONE)) == (
        "Soins du 24 novembre 2026 : Optique des Remparts (Port-Sérac) les a facturés à votre nom.",
        "Care of 24 November 2026: Optique des Remparts (Port-Sérac) billed it in your name.",
    )


def test_what_is_odd_about_it_is_said_too() -> None:
    assert plain(sentence(replace(ONE, asked=False)))[0].endswith("Personne n'y avait demandé vos droits.")
    assert plain(sentence(replace(ONE, withdrawn=AT)))[1].endswith(
        "This invoice was taken back on 25 November 2026 at 10:12."
    )


@pytest.mark.parametrize(
    ("state", "due", "ends", "rest"),
    [
        (InvoiceState.RECEIVED, None, "demande 280,00 € à votre complémentaire.", None),
        (InvoiceState.ACCEPTED, 25_000, "250,00 € sont accordés, et restent à verser.", 6_988),
        (InvoiceState.RETURNED, 25_000, "250,00 € sont accordés, et restent à verser.", 6_988),
        (InvoiceState.PAID, 25_000, "250,00 € ont été payés.", 6_988),
        (InvoiceState.REFUSED, 0, "Rien n'a été payé.", None),
    ],
)
def test_an_invoice_sent_here_says_what_became_of_it(
    state: InvoiceState, due: int | None, ends: str, rest: int | None
) -> None:
    told = Told(Domain.OPTI, state, 32_000, 12, 28_000, due)
    assert plain(sentence(replace(ONE, told=told)))[0].endswith(ends)
    assert (told.rest, told.paid) == (rest, due if state is InvoiceState.PAID else None)


def test_one_that_nothing_decided_says_that_her_guarantee_refused_nothing() -> None:
    told = Told(Domain.OPTI, InvoiceState.REFUSED, 32_000, 12, 28_000, 0, undecidable=True)
    french, english = plain(sentence(replace(ONE, told=told)))
    assert french.endswith("rien ne permettait plus d'en décider. Le lieu peut l'envoyer de nouveau.")
    assert english.endswith("nothing was left to decide it by. The place may send it again.")


def test_what_was_taken_back_of_an_invoice_is_told_to_whom_it_was_billed() -> None:
    told = Told(Domain.OPTI, InvoiceState.PAID, 32_000, 12, 28_000, 25_000, recovered=10_000)
    french, english = plain(sentence(replace(ONE, told=told)))
    assert french.endswith(
        "250,00 € ont été payés. 100,00 € en ont été repris à cet établissement : ce n'était pas dû."
    )
    assert english.endswith("€100.00 of it was taken back from the place: it was not due.")


def test_an_agreement_says_who_asked_and_what_became_of_it() -> None:
    one = Agreed(
        EntrySeq(9), "Optique des Remparts (Port-Sérac)", AgreementKind.REQUEST, AT, Domain.OPTI,
        AgreementState.GRANTED, 28_000, 25_000, date(2027, 5, 27), None, None, None,
    )  # fmt: skip
    french, english = plain(agreed_sentence(one))
    assert french.startswith("Le 25 novembre 2026 (optique) : Optique des Remparts (Port-Sérac) demande une prise en")
    assert french.endswith("250,00 € sont accordés, pour des soins jusqu'au 27 mai 2027.")
    assert english.startswith(
        "On 25 November 2026 (optics): Optique des Remparts (Port-Sérac) asks your insurer for a"
    )
    assert english.endswith("prior agreement of €280.00. €250.00 is granted, for care until 27 May 2027.")
    over = replace(one, state=AgreementState.CANCELLED, due=None, until=None, ended=AT)
    assert plain(agreed_sentence(over))[0].endswith("Le lieu l'a annulé le 25 novembre 2026 à 10 h 12.")
    assert plain(agreed_sentence(replace(one, kind=AgreementKind.QUOTE)))[1].count("a quote of €280.00") == 1
    undecidable = replace(one, state=AgreementState.REFUSED, due=0, until=None, undecidable=True)
    french, english = plain(agreed_sentence(undecidable))
    assert french.endswith(
        "C'est refusé : rien ne permettait plus d'en décider. Le lieu peut le demander de nouveau."
    )
    assert english.endswith("It is refused: nothing was left to decide it by. The place may ask again.")
    gone = replace(one, state=AgreementState.EXPIRED, contract_ended=True)
    french, english = plain(agreed_sentence(gone))
    assert french.endswith("votre complémentaire a quitté ce service depuis : rien n'est plus promis ici.")
    assert english.endswith("your insurer has left this service since: nothing is promised here any more.")
    subject = replace(one, state=AgreementState.SUBJECT_TO_DOCUMENTS, documents_by=date(2026, 12, 24))
    assert plain(agreed_sentence(subject))[0].endswith("que le lieu déclare au plus tard le 24 décembre 2026.")
    lapsed = plain(agreed_sentence(replace(subject, state=AgreementState.EXPIRED, lapsed=True)))
    assert lapsed[0].endswith("n'ont pas été déclarées : rien n'est plus promis.")
    assert lapsed[1].endswith("which were not declared: nothing is promised any more.")
    for state in AgreementState:
        assert "{" not in "".join(plain(agreed_sentence(replace(one, state=state))))


def test_a_document_is_said_with_whoever_signed_it_if_anybody_did() -> None:
    declared = DeclaredDocument(DocumentKind.PRESCRIPTION, date(2026, 11, 2), "LÉA MORVAN", b"", "PAUL ROY", AT)
    french, english = plain(document_sentence(declared))
    assert french.startswith("Pièce déclarée par PAUL ROY, le 25 novembre 2026 à 10 h 12 : ")
    assert french.endswith("du 2 novembre 2026 (LÉA MORVAN).")
    assert english.endswith("of 2 November 2026 (LÉA MORVAN).")
    unsigned = replace(declared, kind=DocumentKind.SIGNED_QUOTE, prescriber=None)
    assert plain(document_sentence(unsigned))[0].endswith("du 2 novembre 2026.")
