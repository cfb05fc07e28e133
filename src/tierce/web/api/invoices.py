"""Invoices of one's own place: sent, listed, read, taken back. Nobody is named; what is due is not told at once."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, QueryParameter

from tierce.billing.errors import BillingFieldError
from tierce.billing.invoices.errors import (
    InvoicesClosedError,
    InvoicesHeldError,
    InvoiceUnknownError,
    NotCancellableError,
    ReferenceUsedError,
    TooManyInvoicesError,
    TooManyMissedError,
)
from tierce.billing.invoices.model import OwnInvoice, OwnLine, Taken
from tierce.billing.invoices.rules import QUOTED, REASONS
from tierce.billing.invoices.service import Invoices
from tierce.billing.model import STATE_LABELS, InvoiceReason, InvoiceState
from tierce.billing.rules import read_number, read_state
from tierce.kernel.clock import seconds_left_today
from tierce.kernel.errors import TierceError
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act
from tierce.web.answers import (
    FullAnswer,
    InvoiceAnswer,
    LineAnswer,
    Said,
    StateAnswer,
    TakenAnswer,
    WarningAnswer,
    WhyAnswer,
)
from tierce.web.api.problems import Problem, headers_of
from tierce.web.api.signin import NO_TICKET, AnyRequest, handle_of, received, wiring_of

INVOICES: Final = "/v1/invoices"
INVOICES_KEY: Final = "invoices"
_State = Annotated[str | None, QueryParameter(name="state")]
"""The framework keeps a parameter of this name for itself."""
CLOSED_SECONDS: Final = 600
"""When to send again what the service did not take: an invoice may be quoted for weeks, so that nobody need hurry."""


class PageAnswer(msgspec.Struct):
    """One page, newest first, and the cursor of the next; null on the last page."""

    rows: list[InvoiceAnswer]
    cursor: str | None


def invoices_of(request: AnyRequest) -> Invoices:
    """The use cases of invoices, of the process that serves a request."""
    found: Invoices = request.app.state[INVOICES_KEY]
    return found


@post(INVOICES, status_code=201, opt={"act": Act.INVOICE_SEND, **NO_TICKET})
async def send_invoice(request: AnyRequest) -> TakenAnswer:
    """Send one invoice: it quotes what guarantees it, and names nobody.

    That is the engagement number of an answer, the receipt of a deposit, or a prior agreement that was granted.

    Signed as asks are. The same bytes under the same reference get the same receipt, whatever happened since; other
    bytes get 409. What it says of amounts is what was sent: what is due is decided later.
    """
    signed = await received(request, wiring_of(request).url)
    return _taken(await invoices_of(request).send(handle_of(request), signed))


@get(INVOICES, opt={"act": Act.INVOICE_READ})
async def list_invoices(
    request: AnyRequest, cursor: FromQuery[str | None] = None, stands: _State = None
) -> PageAnswer:
    """List one's own place's invoices, newest first: nobody is named. `state` is the code of one."""
    wanted = read_state(InvoiceState, stands)
    rows, following = await invoices_of(request).page(handle_of(request), wanted, place_of(cursor))
    return PageAnswer([_answer(one) for one in rows], None if following is None else str(following))


@get(INVOICES + "/{invoice:str}", opt={"act": Act.INVOICE_READ})
async def read_invoice(request: AnyRequest, invoice: FromPath[str]) -> FullAnswer:
    """Read one invoice of one's own place: its lines, what is due of each, why, and what to do."""
    return _full(await invoices_of(request).one(handle_of(request), number_of(invoice)))


@post(INVOICES + "/{invoice:str}/cancel", status_code=200, opt={"act": Act.INVOICE_CANCEL, **NO_TICKET})
async def cancel_invoice(request: AnyRequest, invoice: FromPath[str]) -> InvoiceAnswer:
    """Take one invoice back, with a written reason, before its transfer: signed as asks are."""
    signed = await received(request, wiring_of(request).url)
    return _answer(await invoices_of(request).cancel(handle_of(request), signed, number_of(invoice)))


INVOICE_ROUTES: list[HTTPRouteHandler] = [send_invoice, list_invoices, read_invoice, cancel_invoice]


def number_of(text: str) -> int:
    """The number in an address; 0, which nothing has, for what is none."""
    return max(0, read_number(text))


def place_of(text: str | None) -> int | None:
    """The number after which a page begins; None for the first."""
    if not text:
        return None
    number = number_of(text)
    if not number:
        raise BillingFieldError(
            "cursor",
            Phrase("ce curseur n’est pas d’ici", "this cursor is none of ours"),
            Phrase("Reprenez celui de la page précédente.", "Take that of the page before."),
        )
    return number


def said(phrase: Phrase) -> Said:
    """Both languages."""
    return Said(phrase.fr, phrase.en)


def why_answer(reasons: Mapping[InvoiceReason, tuple[Phrase, Phrase]], reason: InvoiceReason) -> WhyAnswer | None:
    """Why, and what to do; None where there is nothing to say."""
    if reason is InvoiceReason.NONE:
        return None
    detail, remedy = reasons[reason]
    return WhyAnswer(reason.name.lower(), said(detail), said(remedy))


def _members(one: OwnInvoice) -> Mapping[str, Any]:
    return {
        "id": str(one.id),
        "reference": one.reference,
        **{name: one.quotes if one.by == name else None for name in QUOTED},
        "label": one.label,
        "domain": one.domain.name,
        "care_date": one.care_date,
        "received_at": one.at,
        "state": StateAnswer(one.state.name.lower(), said(STATE_LABELS[one.state])),
        "reason": why_answer(REASONS, one.reason),
        "price": one.price,
        "amo": one.amo,
        "asked": one.asked,
        "due": one.due,
        "decided_at": one.decided,
        "cancelled_at": one.cancelled,
        "cancelled_why": one.cancelled_why,
        "said": one.said,
        "cancellable": one.cancellable,
    }


def _answer(one: OwnInvoice) -> InvoiceAnswer:
    return InvoiceAnswer(**_members(one))


def _full(one: OwnInvoice) -> FullAnswer:
    return FullAnswer(**_members(one), lines=[line_answer(line) for line in one.lines])


def line_answer(line: OwnLine) -> LineAnswer:
    """One line as it is told."""
    sent = line.sent
    return LineAnswer(line.n, sent.item, sent.quantity, sent.price, sent.amo, sent.asked, line.due)


def _taken(taken: Taken) -> TakenAnswer:
    one, (detail, remedy) = taken.invoice, REASONS[InvoiceReason.DUPLICATE]
    return TakenAnswer(
        id=str(one.id),
        reference=one.reference,
        received_at=one.at,
        domain=one.domain.name,
        care_date=one.care_date,
        price=one.price,
        amo=one.amo,
        asked=one.asked,
        warnings=[WarningAnswer("duplicate", other, said(detail), said(remedy)) for other in taken.repeats],
    )


CLOSED: Final = Problem(
    503, "closed",
    Phrase("Le service est momentanément fermé : la facture n’a pas été prise.",
           "The service is closed for the moment: the invoice was not taken."),
    Phrase("Renvoyez-la plus tard, telle quelle : elle ne presse pas.",
           "Send it again later, as it is: there is no hurry."),
    retry_after=CLOSED_SECONDS,
)  # fmt: skip
REFUSED: Final[Mapping[type[TierceError], Problem]] = {
    ReferenceUsedError: Problem(
        409, "reference_used",
        Phrase("Une autre facture de votre établissement porte cette référence.",
               "Another invoice of your establishment has this reference."),
        Phrase("Donnez une référence nouvelle à une facture corrigée ; une facture perdue se renvoie telle quelle.",
               "Give a corrected invoice a new reference; to find a receipt again, send the same bytes."),
    ),
    NotCancellableError: Problem(
        409, "invoice_settled",
        Phrase("Cette facture ne s’annule plus.", "This invoice cannot be cancelled any more."),
        Phrase("Lisez son état : refusée, annulée, payée ou prise dans un virement, elle le reste.",
               "Read its state: refused, cancelled, paid or taken into a transfer, it stays so."),
    ),
    InvoiceUnknownError: Problem(
        404, "invoice_unknown",
        Phrase("Aucune facture de votre établissement n’a ce numéro.",
               "No invoice of your establishment has this number."),
        Phrase("Reprenez-le de la liste de vos factures.", "Take it from the list of your invoices."),
    ),
    TooManyInvoicesError: Problem(
        429, "invoices_used_up",
        Phrase("Trop de factures aujourd’hui, ou trop sur ce numéro.", "Too many invoices today, or on this number."),
        Phrase("Renvoyez-la demain ; si elle cite un numéro déjà cité deux cents fois, posez de nouveau la question.",
               "Send it tomorrow; where it quotes a number quoted two hundred times already, ask again."),
    ),
    TooManyMissedError: Problem(
        429, "numbers_used_up",
        Phrase("Trop de numéros qui ne sont pas d’ici ont été cités aujourd’hui.",
               "Too many numbers that are not from here were quoted today."),
        Phrase("Reprenez demain, en copiant les numéros de votre historique.",
               "Go on tomorrow, with numbers copied from your history."),
    ),
    InvoicesHeldError: Problem(
        403, "held",
        Phrase("Votre accès est suspendu.", "Your access is suspended."),
        Phrase("Appelez l’opérateur : une personne reprendra votre dossier.",
               "Call the operator: a person will look at it."),
    ),
    InvoicesClosedError: CLOSED,
}  # fmt: skip


def refusing(problems: Mapping[type[TierceError], Problem]) -> Callable[[AnyRequest, TierceError], Response[bytes]]:
    """Answer each of these errors by its problem; what is used up of a day comes back at midnight in Paris."""

    def refused(request: AnyRequest, error: TierceError) -> Response[bytes]:
        told = problems[type(error)]
        headers = headers_of(told)
        if told.status == 429:
            headers = {"retry-after": str(seconds_left_today(wiring_of(request).sessions.clock.now()))}
        return Response(told.body(), status_code=told.status, media_type="application/problem+json", headers=headers)

    return refused


INVOICE_HANDLERS: Final[dict[int | type[Exception], Any]] = dict.fromkeys(REFUSED, refusing(REFUSED))
"""For the application that mounts INVOICE_ROUTES."""
