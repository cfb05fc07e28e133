"""The page on the journal itself: intact or not, since when, and how to check it without us."""

from datetime import timedelta

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler

from tierce.journal.standing import standing
from tierce.policy.acts import Act
from tierce.web.office.site import OfficeSite
from tierce.web.visit import AnyRequest

READ_EVERY = timedelta(days=7)
"""A reading older than this says nothing of today."""


def journal_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make its routes."""

    @get("/journal", opt={"act": Act.STAFF_LIVE})
    async def journal(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        found = await site.rows.read(standing)
        old = found.reading is not None and site.clock.now() - found.reading.at > READ_EVERY
        return site.page(visit, "journal.html", {"journal": found, "old": old, "log_key": site.log_key})

    @get("/journal/checkpoint", opt={"act": Act.STAFF_LIVE})
    async def checkpoint(request: AnyRequest) -> Response[str]:
        await site.visit(request)
        found = await site.rows.read(standing)
        if not found.note:
            raise NotFoundException
        name = f'attachment; filename="point-de-controle-{found.size}.txt"'
        return Response(found.note, media_type="text/plain", headers={"content-disposition": name})

    return [journal, checkpoint]
