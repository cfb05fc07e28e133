"""Care billed in her name, and her answer "it was not me" to an invoice."""

from decimal import Decimal
from typing import Final
from uuid import UUID

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from psycopg import Connection

from tierce.billing.agreements.model import AgreementState
from tierce.billing.model import InvoiceState
from tierce.kernel.language import Phrase
from tierce.persons.billed.model import Billed
from tierce.persons.billed.rules import agreed_sentence, document_sentence, sentence
from tierce.persons.billed.service import CareBilled
from tierce.persons.billed.store import LISTED_MAX
from tierce.persons.requests.model import REPORT_WORDS
from tierce.policy.acts import Act
from tierce.web.persons.site import PersonsSite
from tierce.web.visit import AnyRequest

_ACCEPTED: Final = ("good", Phrase("Facture acceptée", "Invoice accepted"))
STANDS: Final = {
    InvoiceState.RECEIVED: ("info", Phrase("Facture reçue", "Invoice received")),
    InvoiceState.ACCEPTED: _ACCEPTED,
    InvoiceState.REFUSED: ("stop", Phrase("Facture refusée", "Invoice refused")),
    InvoiceState.CANCELLED: ("quiet", Phrase("Facture retirée", "Invoice taken back")),
    InvoiceState.ORDERED: _ACCEPTED,
    InvoiceState.PAID: ("good", Phrase("Facture payée", "Invoice paid")),
    InvoiceState.RETURNED: _ACCEPTED,
}
"""How an invoice stands, for whom it is about: a transfer on its way, or come back, is the place's business."""
AGREED: Final = {
    AgreementState.RECEIVED: ("info", Phrase("Demande reçue", "Request received")),
    AgreementState.QUOTED: ("info", Phrase("Devis chiffré", "Quote answered")),
    AgreementState.GRANTED: ("good", Phrase("Prise en charge accordée", "Prior agreement granted")),
    AgreementState.REFUSED: ("stop", Phrase("Demande refusée", "Request refused")),
    AgreementState.INVOICED: ("good", Phrase("Prise en charge facturée", "Prior agreement billed")),
    AgreementState.EXPIRED: ("quiet", Phrase("Prise en charge échue", "Prior agreement over")),
    AgreementState.CANCELLED: ("quiet", Phrase("Demande annulée", "Request cancelled")),
    AgreementState.SUBJECT_TO_DOCUMENTS: (
        "info",
        Phrase("Prise en charge accordée sous réserve de pièces", "Prior agreement granted subject to documents"),
    ),
    AgreementState.UNDER_REVIEW: ("info", Phrase("Demande à l’examen", "Request under review")),
}


def euros(cents: int) -> Decimal:
    """Cents as an amount that pages say."""
    return Decimal(cents) / 100


def billed_handlers(site: PersonsSite, billed: CareBilled) -> list[HTTPRouteHandler]:
    """Make the routes."""

    @get("/billed", opt={"act": Act.PERSON_BILLED})
    async def listed(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        found, agreed = await site.rows.read(
            lambda connection: billed.everything(connection, visit.caller, visit.handle)
        )
        values = {
            "billed": [(one, sentence(one)) for one in found],
            "agreed": [(one, agreed_sentence(one)) for one in agreed],
            "agreed_stands": AGREED,
            "document_sentence": document_sentence,
            "stands": STANDS,
            "replies": REPORT_WORDS,
            "cut": len(found) == LISTED_MAX,
            "agreed_cut": len(agreed) == LISTED_MAX,
            "euros": euros,
        }
        return site.page(visit, "billed.html", values)

    @get("/billed/{which:uuid}/not-me", opt={"act": Act.PERSON_BILLED})
    async def ask(request: AnyRequest, which: FromPath[UUID]) -> Response[str]:
        visit = await site.visit(request)
        one = await site.rows.read(lambda connection: billed.one(connection, visit.caller, visit.handle, which))
        return site.page(visit, "billed_not_me.html", {"one": one, "sentence": sentence(one), "first": True})

    @post("/billed/{which:uuid}/not-me", status_code=200, opt={"act": Act.PERSON_REPORT})
    async def report(request: AnyRequest, which: FromPath[UUID]) -> Response[str]:
        visit = await site.visit(request)
        await site.sign_in.check_form(request)

        def keep(connection: Connection) -> tuple[Billed, bool]:
            first = billed.report(connection, visit.caller, visit.handle, which)
            return billed.one(connection, visit.caller, visit.handle, which), first

        one, first = await site.rows.read(keep)
        return site.page(visit, "billed_not_me.html", {"one": one, "sentence": sentence(one), "first": first})

    return [listed, ask, report]
