"""Files taken in: which are under way, how far, what was refused and why; never a value."""

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from psycopg import Connection

from tierce.policy.acts import Act
from tierce.registry.runs import store
from tierce.registry.runs.model import Run, RunLine, RunReason, RunState
from tierce.registry.runs.rules import refused_csv
from tierce.rights.remote.store import Watched, watched
from tierce.web.office.site import OfficeSite
from tierce.web.visit import AnyRequest


def feed_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes of files."""

    @get("/feeds", opt={"act": Act.STAFF_FEEDS})
    async def feeds(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)

        def read(connection: Connection) -> tuple[list[Run], list[Watched]]:
            return store.runs(connection), watched(connection)

        found, asked = await site.rows.read(read)
        running = any(one.state is RunState.RUNNING for one in found)
        values = {"feeds": found, "running": running, "asked": asked, "now": site.clock.now()}
        return site.page(visit, "feeds.html", values)

    @get("/feeds/{number:int}", opt={"act": Act.STAFF_FEEDS})
    async def feed(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)

        def read(connection: Connection) -> tuple[Run | None, list[RunReason]]:
            return store.run(connection, number), store.reasons(connection, number)

        found, reasons = await site.rows.read(read)
        if found is None:
            raise NotFoundException
        return site.page(visit, "feed.html", {"feed": found, "reasons": reasons})

    @get("/feeds/{number:int}/refused.csv", opt={"act": Act.STAFF_FEEDS})
    async def refused(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        await site.visit(request)

        def read(connection: Connection) -> tuple[list[RunLine], list[RunReason]]:
            return store.refused(connection, number), store.reasons(connection, number)

        return Response(
            refused_csv(*await site.rows.read(read)),
            media_type="text/csv",
            headers={"content-disposition": f'attachment; filename="lignes-refusees-{number}.csv"'},
        )

    return [feeds, feed, refused]
