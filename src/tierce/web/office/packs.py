"""Taking an incident's evidence pack out of the office: made, then said in the journal, then sent."""

from collections.abc import Iterator
from pathlib import Path

from litestar import post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Stream
from psycopg import Connection

from tierce.incidents.pack.model import Made
from tierce.incidents.pack.service import Packs
from tierce.incidents.rules import incident_reference
from tierce.kernel.ids import IncidentId
from tierce.kernel.scratch import Scratch
from tierce.policy.acts import Act
from tierce.web.office.site import OfficeSite
from tierce.web.visit import AnyRequest

_CHUNK = 1 << 20


def pack_handlers(site: OfficeSite, packs: Packs) -> list[HTTPRouteHandler]:
    """Make the route."""

    @post("/incidents/{number:int}/pack", status_code=200, opt={"act": Act.STAFF_PACK})
    async def pack(request: AnyRequest, number: FromPath[int]) -> Stream:
        visit = await site.visit(request)
        await site.sign_in.check_form(request)
        folder = Scratch("tierce-pack.")
        out = folder.path / "pack.zip"

        def make(connection: Connection) -> Made:
            return packs.make(connection, IncidentId(number), out, lambda _digest: None)

        def said(connection: Connection, made: Made) -> str:
            incident = site.incidents.incident(connection, IncidentId(number))
            site.clocks.register.note_export(
                connection, visit.caller, incident.id, Act.STAFF_PACK, digest=made.digest
            )
            return incident_reference(incident.id, incident.day)

        try:
            made = await site.rows.read(make)
            reference = await site.rows.read(lambda connection: said(connection, made))
        except BaseException:
            folder.close()
            raise
        named = {
            "content-disposition": f'attachment; filename="dossier-{reference}.zip"',
            "content-length": str(out.stat().st_size),
        }
        return Stream(_sent(folder, out), media_type="application/zip", headers=named)

    return [pack]


def _sent(folder: Scratch, out: Path) -> Iterator[bytes]:
    """The file from its beginning; its folder goes with it, sent or not."""
    with folder, out.open("rb") as file:
        while some := file.read(_CHUNK):
            yield some
