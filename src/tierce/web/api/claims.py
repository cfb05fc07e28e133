"""Invoices and prior agreements of one's own place in FHIR's words: a Claim in, a ClaimResponse out, read again."""

from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from tierce.billing.errors import BillingFieldError
from tierce.billing.invoices.errors import InvoiceUnknownError
from tierce.billing.invoices.rules import REASONS
from tierce.billing.model import InvoiceReason
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act
from tierce.web.api.agreements import agreements_of
from tierce.web.api.invoices import invoices_of, number_of
from tierce.web.api.signin import NO_TICKET, AnyRequest, handle_of, received, wiring_of
from tierce.web.fhir.capability import metadata
from tierce.web.fhir.claims import (
    AGREEMENT,
    BYTES_MAX,
    INVOICE,
    agreement_response,
    invoice_response,
    read_claim,
)
from tierce.web.fhir.names import CLAIM_PATH, CLAIM_RESPONSE_PATH, MEDIA_TYPE


@post(
    CLAIM_PATH,
    status_code=200,
    include_in_schema=False,
    request_max_body_size=BYTES_MAX,
    opt={"act": Act.INVOICE_SEND, **NO_TICKET},
)
async def submit_claim(request: AnyRequest) -> Response[bytes]:
    """Take an invoice in, or an ask for a quote or a prior agreement, by the claim's use; each has its act's line.

    Signed as asks are. What was sent again gets the same answer, as it stands by then.
    """
    wiring, handle = wiring_of(request), handle_of(request)
    await wiring.sessions.read(handle)  # nothing is read for whoever holds no session
    signed = await received(request, wiring.url)
    claimed = read_claim(signed.body)
    try:
        if claimed.use == "claim":
            taken = await invoices_of(request).send(handle, signed, claimed.body)
            detail, _ = REASONS[InvoiceReason.DUPLICATE]
            notes = [Phrase(f"{detail.fr} ({other})", f"{detail.en} ({other})") for other in taken.repeats]
            return _told(invoice_response(taken.invoice, tuple(notes)))
        return _told(agreement_response(await agreements_of(request).ask(handle, signed, claimed.body)))
    except BillingFieldError as error:
        raise claimed.placed(error) from None


@get(CLAIM_RESPONSE_PATH + "/{response:str}", include_in_schema=False, opt={"act": Act.INVOICE_READ})
async def read_claim_response(request: AnyRequest, response: FromPath[str]) -> Response[bytes]:
    """Read an invoice or an agreement of one's own place, as it stands."""
    handle = handle_of(request)
    if response.startswith(INVOICE):
        one = await invoices_of(request).one(handle, number_of(response.removeprefix(INVOICE)))
        return _told(invoice_response(one))
    if response.startswith(AGREEMENT):
        agreed = await agreements_of(request).one(handle, number_of(response.removeprefix(AGREEMENT)))
        return _told(agreement_response(agreed))
    raise InvoiceUnknownError


def _told(resource: dict[str, Any]) -> Response[bytes]:
    return Response(msgspec.json.encode(resource), media_type=MEDIA_TYPE)


FHIR_ROUTES: Final[list[HTTPRouteHandler]] = [submit_claim, read_claim_response, metadata]
