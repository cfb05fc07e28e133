"""One insurer's notice, one person's letter, and the check of a reference somebody quotes."""

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from tierce.incidents.rules import incident_reference
from tierce.kernel.ids import IncidentId, InsurerId, PersonId
from tierce.notices.model import Document
from tierce.policy.acts import Act
from tierce.web.office.site import OfficeSite, Visit
from tierce.web.visit import AnyRequest


def document_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes of documents; each view is journalled by the use case it calls."""

    def shown(visit: Visit, document: Document, number: int) -> Response[str]:
        return site.page(visit, "document.html", {"document": document, "number": number})

    @get("/incidents/{number:int}/insurers/{insurer:int}", opt={"act": Act.STAFF_NOTICE_SHOW})
    async def notice(request: AnyRequest, number: FromPath[int], insurer: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        document = await site.rows.read(
            lambda connection: site.notices.insurer_notice(
                connection, visit.caller, IncidentId(number), InsurerId(insurer)
            )
        )
        return shown(visit, document, number)

    @get("/incidents/{number:int}/letters/{person:int}/{insurer:int}", opt={"act": Act.STAFF_LETTER_SHOW})
    async def letter(
        request: AnyRequest, number: FromPath[int], person: FromPath[int], insurer: FromPath[int]
    ) -> Response[str]:
        visit = await site.visit(request)
        document = await site.rows.read(
            lambda connection: site.notices.letter(
                connection, visit.caller, IncidentId(number), PersonId(person), InsurerId(insurer)
            )
        )
        return shown(visit, document, number)

    @post("/incidents/{number:int}/reference", status_code=200, opt={"act": Act.STAFF_LIVE})
    async def check_reference(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        typed = await site.sign_in.check_form(request)
        quoted = typed.get("quoted", "")[:40]
        known = await site.rows.read(
            lambda connection: site.notices.knows_reference(connection, IncidentId(number), quoted)
        )
        incident = await site.rows.read(lambda connection: site.incidents.incident(connection, IncidentId(number)))
        values = {
            "known": known,
            "quoted": quoted.strip(),
            "number": number,
            "reference": incident_reference(incident.id, incident.day),
        }
        return site.page(visit, "reference.html", values)

    return [notice, letter, check_reference]
