"""Messages that were set aside, and all e-mails to one professional: pages of fifty, nobody's address, no button.

Both are read alone: what takes a message up is a command of whoever runs the sending.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from psycopg import Connection

from tierce.incidents.holds import store as held_rows
from tierce.incidents.lines import store as lines
from tierce.kernel.clock import from_micros, micros
from tierce.kernel.digits import number_in
from tierce.kernel.ids import ProfessionalId
from tierce.notices.aside import store
from tierce.notices.aside.rules import REASONS, ROADS, remedy
from tierce.notices.store import insurers
from tierce.policy.acts import Act
from tierce.web.office.site import OfficeSite
from tierce.web.visit import AnyRequest

ROWS: Final = 50
AHEAD: Final = timedelta(days=3660)
"""Nothing was set aside, nor e-mailed, so long after now."""
_Row = TypeVar("_Row")


def aside_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes of both lists."""

    @get("/aside", opt={"act": Act.STAFF_LIVE})
    async def aside(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        after = read_after(request, site.clock.now())

        def read(connection: Connection) -> dict[str, object]:
            rows, more = cut(store.aside(connection, ROWS + 1, after))
            next_ = key_of(rows[-1].since, rows[-1].number) if more else None
            return {"rows": rows, "next": next_, "insurers": insurers(connection) if rows else {}}

        values = await site.rows.read(read)
        words = {"roads": ROADS, "reasons": REASONS, "remedy": remedy, "later": after is not None}
        return site.page(visit, "aside.html", {**values, **words})

    @get("/accounts/{professional:int}/mails", opt={"act": Act.STAFF_LIVE})
    async def mails(request: AnyRequest, professional: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        number = ProfessionalId(professional)
        before = read_after(request, site.clock.now())
        at, what = before or (None, "")
        kind = number_in(what, 2)
        behind = (at, kind) if at is not None and kind is not None else None

        def read(connection: Connection) -> dict[str, object] | None:
            account = lines.account(connection, number)
            if account is None:
                return None
            rows, more = cut(held_rows.own_mails(connection, number, ROWS + 1, behind))
            next_ = key_of(rows[-1].latest, str(rows[-1].what)) if more else None
            return {"account": account, "own_mails": rows, "next": next_, "later": behind is not None}

        values = await site.rows.read(read)
        if values is None:
            raise NotFoundException
        return site.page(visit, "own_mails.html", values)

    return [aside, mails]


def cut(rows: Sequence[_Row]) -> tuple[Sequence[_Row], bool]:
    """One page of what was read with one row more, and whether there is another."""
    return rows[:ROWS], len(rows) > ROWS


def key_of(at: datetime, number: str) -> str:
    """What the address of the next page says: the last row that this one shows."""
    return f"{micros(at)}.{number}"


def read_after(request: AnyRequest, now: datetime) -> tuple[datetime, str] | None:
    """The row behind which a page begins; None for the first page, and for what no page of ours wrote."""
    at, _, number = request.query_params.get("after", "").partition(".")
    since = number_in(at, len(str(micros(now))))
    if since is None or not 0 < len(number) <= 64:
        return None
    found = from_micros(since)
    return (found, number) if found < now + AHEAD and number.isprintable() and "\x00" not in number else None
