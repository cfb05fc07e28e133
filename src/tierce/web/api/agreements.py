"""Prior agreements of one's own place: asked for, listed, read, taken back. Nobody is named."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, QueryParameter

from tierce.billing.agreements.errors import (
    AgreementReferenceUsedError,
    AgreementsClosedError,
    AgreementSettledError,
    AgreementUnknownError,
    NoDocumentAwaitedError,
    TooManyAgreementsError,
    TooManyDocumentsError,
)
from tierce.billing.agreements.model import KIND_LABELS, STATE_LABELS, AgreementState, OwnAgreement, OwnDocument
from tierce.billing.agreements.rules import REASONS
from tierce.billing.agreements.service import Agreements
from tierce.billing.rules import read_state
from tierce.kernel.errors import TierceError
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act
from tierce.policy.documents import DOCUMENT_LABELS
from tierce.web.answers import (
    AgreementAnswer,
    DeclaredAnswer,
    DocumentAnswer,
    FullAgreementAnswer,
    InvoicedAnswer,
    KindAnswer,
    StateAnswer,
)
from tierce.web.api import problems
from tierce.web.api.invoices import CLOSED as INVOICE_CLOSED
from tierce.web.api.invoices import (
    CLOSED_SECONDS,
    INVOICES,
    line_answer,
    number_of,
    place_of,
    refusing,
    said,
    why_answer,
)
from tierce.web.api.problems import Problem
from tierce.web.api.signin import NO_TICKET, AnyRequest, handle_of, received, wiring_of
from tierce.web.fhir.names import CLAIMS

AGREEMENTS: Final = "/v1/agreements"
AGREEMENTS_KEY: Final = "agreements"
_State = Annotated[str | None, QueryParameter(name="state")]
"""The framework keeps a parameter of this name for itself."""


class AgreementPageAnswer(msgspec.Struct):
    """One page, newest first, and the cursor of the next; null on the last page."""

    rows: list[AgreementAnswer]
    cursor: str | None


def agreements_of(request: AnyRequest) -> Agreements:
    """The use cases of agreements, of the process that serves a request."""
    found: Agreements = request.app.state[AGREEMENTS_KEY]
    return found


@post(AGREEMENTS, status_code=201, opt={"act": Act.AGREEMENT_ASK, **NO_TICKET})
async def ask_agreement(request: AnyRequest) -> AgreementAnswer:
    """Ask for a quote or a prior agreement: it quotes the engagement number of an answer, and names nobody.

    Signed as asks are. The same bytes under the same reference get the same agreement, as it stands by then; other
    bytes get 409. What is promised is decided some seconds later: read it again.
    """
    signed = await received(request, wiring_of(request).url)
    return AgreementAnswer(**_members(await agreements_of(request).ask(handle_of(request), signed)))


@get(AGREEMENTS, opt={"act": Act.AGREEMENT_READ})
async def list_agreements(
    request: AnyRequest, cursor: FromQuery[str | None] = None, stands: _State = None
) -> AgreementPageAnswer:
    """List one's own place's agreements, newest first: nobody is named. `state` is the code of one."""
    wanted = read_state(AgreementState, stands)
    rows, following = await agreements_of(request).page(handle_of(request), wanted, place_of(cursor))
    answers = [AgreementAnswer(**_members(one)) for one in rows]
    return AgreementPageAnswer(answers, None if following is None else str(following))


@get(AGREEMENTS + "/{agreement:str}", opt={"act": Act.AGREEMENT_READ})
async def read_agreement(request: AnyRequest, agreement: FromPath[str]) -> FullAgreementAnswer:
    """Read one agreement of one's own place: its lines, what is promised of each, why, and what to do."""
    return _whole(await agreements_of(request).one(handle_of(request), number_of(agreement)))


@post(AGREEMENTS + "/{agreement:str}/documents", status_code=201, opt={"act": Act.AGREEMENT_DOCUMENT, **NO_TICKET})
async def declare_document(request: AnyRequest, agreement: FromPath[str]) -> FullAgreementAnswer:
    """Declare a document that an agreement is subject to: its kind, date, prescriber and digest; signed as asks are.

    The document itself stays with whoever declares it. The last that was awaited makes the grant. A later declaration
    of the same kind corrects an earlier one; the same again changes nothing.
    """
    signed = await received(request, wiring_of(request).url)
    return _whole(await agreements_of(request).declare(handle_of(request), signed, number_of(agreement)))


@post(AGREEMENTS + "/{agreement:str}/cancel", status_code=200, opt={"act": Act.AGREEMENT_CANCEL, **NO_TICKET})
async def cancel_agreement(request: AnyRequest, agreement: FromPath[str]) -> AgreementAnswer:
    """Take one agreement back, with a written reason, while no invoice quotes it: signed as asks are."""
    signed = await received(request, wiring_of(request).url)
    one = await agreements_of(request).cancel(handle_of(request), signed, number_of(agreement))
    return AgreementAnswer(**_members(one))


AGREEMENT_ROUTES: list[HTTPRouteHandler] = [
    ask_agreement,
    list_agreements,
    read_agreement,
    declare_document,
    cancel_agreement,
]


def _whole(one: OwnAgreement) -> FullAgreementAnswer:
    return FullAgreementAnswer(
        **_members(one),
        lines=[line_answer(line) for line in one.lines],
        documents=[_document(document) for document in one.documents],
    )


def _document(one: OwnDocument) -> DocumentAnswer:
    kind = KindAnswer(one.kind.code, said(DOCUMENT_LABELS[one.kind]))
    if one.dated is None or one.digest is None or one.at is None:
        return DocumentAnswer(kind, None)
    return DocumentAnswer(
        kind, DeclaredAnswer(dated=one.dated, prescriber=one.prescriber, sha256=one.digest.hex(), declared_at=one.at)
    )


def _members(one: OwnAgreement) -> Mapping[str, Any]:
    return {
        "id": str(one.id),
        "reference": one.reference,
        "kind": KindAnswer(one.kind.name.lower(), said(KIND_LABELS[one.kind])),
        "engagement": one.engagement,
        "label": one.label,
        "domain": one.domain.name,
        "care_from": one.first_day,
        "care_until": one.last_day,
        "received_at": one.at,
        "state": StateAnswer(one.state.name.lower(), said(STATE_LABELS[one.state])),
        "reason": why_answer(REASONS, one.reason),
        "price": one.price,
        "amo": one.amo,
        "asked": one.asked,
        "due": one.due,
        "answer_by": one.answer_by,
        "documents_by": one.documents_by,
        "decided_at": one.decided,
        "ended_at": one.ended,
        "cancelled_why": one.cancelled_why,
        "invoice": None if one.invoice is None else InvoicedAnswer(str(one.invoice), one.invoiced_as or ""),
        "cancellable": one.cancellable,
        "said": one.said,
    }


CLOSED: Final = Problem(
    503, "closed",
    Phrase("Le service est momentanément fermé : la demande n’a pas été prise.",
           "The service is closed for the moment: the request was not taken."),
    Phrase("Renvoyez-la plus tard, telle quelle.", "Send it again later, as it is."),
    retry_after=CLOSED_SECONDS,
)  # fmt: skip


def closed_at(path: str) -> Problem:
    """What is told while closed: an ask becomes a deposit, an invoice or an agreement waits."""
    for beginning, told in ((INVOICES, INVOICE_CLOSED), (CLAIMS, INVOICE_CLOSED), (AGREEMENTS, CLOSED)):
        if path.startswith(beginning):
            return told
    return problems.CLOSED


REFUSED: Final[Mapping[type[TierceError], Problem]] = {
    AgreementReferenceUsedError: Problem(
        409, "agreement_reference_used",
        Phrase("Une autre prise en charge de votre établissement porte cette référence.",
               "Another agreement of your establishment has this reference."),
        Phrase("Donnez une référence nouvelle à une demande corrigée ; une demande perdue se renvoie telle quelle.",
               "Give a corrected request a new reference; to find one again, send the same bytes."),
    ),
    AgreementSettledError: Problem(
        409, "agreement_settled",
        Phrase("Cette prise en charge ne s’annule plus.", "This agreement cannot be cancelled any more."),
        Phrase("Lisez son état : refusée, facturée, échue ou annulée, elle le reste ; si une facture la cite, "
               "annulez d’abord la facture.",
               "Read its state: refused, invoiced, expired or cancelled, it stays so; where an invoice quotes it, "
               "cancel the invoice first."),
    ),
    AgreementUnknownError: Problem(
        404, "agreement_unknown",
        Phrase("Aucune prise en charge de votre établissement n’a ce numéro.",
               "No agreement of your establishment has this number."),
        Phrase("Reprenez-le de la liste de vos prises en charge.", "Take it from the list of your agreements."),
    ),
    NoDocumentAwaitedError: Problem(
        409, "no_document_awaited",
        Phrase("Cette prise en charge n’attend pas de pièce.", "This agreement awaits no document."),
        Phrase("Lisez son état : elle n’en demande pas, n’est pas décidée, ou est facturée, échue ou annulée.",
               "Read its state: it is subject to none, is not decided, or is invoiced, expired or cancelled."),
    ),
    TooManyDocumentsError: Problem(
        429, "documents_used_up",
        Phrase("Trop de pièces déclarées aujourd’hui, ou pour cette prise en charge.",
               "Too many documents declared today, or for this agreement."),
        Phrase("Continuez demain ; après dix déclarations, annulez la prise en charge et refaites la demande.",
               "Go on tomorrow; after ten declarations, cancel the agreement and make a new request."),
    ),
    TooManyAgreementsError: Problem(
        429, "agreements_used_up",
        Phrase("Trop de demandes aujourd’hui, ou trop sur ce numéro.", "Too many requests today, or on this number."),
        Phrase("Renvoyez-la demain ; si elle cite un numéro déjà cité dix fois, posez de nouveau la question.",
               "Send it tomorrow; where it quotes a number quoted ten times already, ask again."),
    ),
    AgreementsClosedError: CLOSED,
}  # fmt: skip
AGREEMENT_HANDLERS: Final[dict[int | type[Exception], Any]] = dict.fromkeys(REFUSED, refusing(REFUSED))
"""For the application that mounts AGREEMENT_ROUTES, beside those of invoices, some of whose refusals it shares."""
