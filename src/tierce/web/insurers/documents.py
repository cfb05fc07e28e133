"""« Pièces »: documents declared for agreements of the insurer's own people. No place, no amount, nobody is named."""

from typing import Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from tierce.billing.agreements.model import STATE_LABELS, AgreementState
from tierce.insurers.documents.service import InsurerDocuments
from tierce.kernel.care import DOMAIN_LABELS
from tierce.policy.acts import Act
from tierce.policy.documents import DECLARE_DAYS, DOCUMENT_LABELS
from tierce.web.error_pages import ID_MAX
from tierce.web.insurers.site import InsurersSite
from tierce.web.visit import AnyRequest

LOOKS: Final = {
    AgreementState.SUBJECT_TO_DOCUMENTS: "attention",
    AgreementState.GRANTED: "good",
    AgreementState.INVOICED: "good",
}
"""How each state looks; the others are quiet, and its word says the same."""


def document_handlers(site: InsurersSite, documents: InsurerDocuments) -> list[HTTPRouteHandler]:
    """Make the route; each page leaves its line."""

    @get("/documents", opt={"act": Act.INSURER_DOCUMENTS})
    async def listed(request: AnyRequest, after: FromQuery[int | None] = None) -> Response[str]:
        visit = await site.visit(request)
        behind = after if after is not None and 0 < after <= ID_MAX else None
        found = await site.rows.read(
            lambda connection: documents.listed(connection, visit.caller, visit.handle, behind)
        )
        values = {
            "rows": found.rows,
            "counted": found.counted,
            "following": found.following,
            "first": behind is None,
            "domains": DOMAIN_LABELS,
            "kinds": DOCUMENT_LABELS,
            "states": STATE_LABELS,
            "looks": LOOKS,
            "awaits": AgreementState.SUBJECT_TO_DOCUMENTS,
            "term": DECLARE_DAYS,
        }
        return site.page(visit, "documents.html", values)

    return [listed]
