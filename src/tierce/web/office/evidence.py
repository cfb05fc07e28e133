"""What stays unexplained, and who reaches the limit together; each page answers its question first."""

import math
from typing import Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery
from psycopg import Connection

from tierce.incidents.evidence import store
from tierce.incidents.evidence.model import Day
from tierce.kernel.care import PROFESSION_LABELS, Profession
from tierce.kernel.clock import date_of, paris_day
from tierce.policy.acts import Act
from tierce.policy.evidence import HOLD_AT, OBSERVE_AT, STEP_UP_AT
from tierce.policy.overdue import LOOK_AT
from tierce.web.office.site import OfficeSite
from tierce.web.visit import AnyRequest

SCALE_WIDTH: Final = 320
SCALE_TOP: Final = 4.0
"""The scale ends at ten thousand; a place on it is the logarithm."""
MARKS: Final = (1, OBSERVE_AT, STEP_UP_AT, HOLD_AT)


def place_on_scale(worth: float) -> float:
    """Where a strength of evidence stands on the drawing, in its own units."""
    return round(SCALE_WIDTH * min(SCALE_TOP, math.log10(max(1.0, worth))) / SCALE_TOP, 1)


def marks() -> list[tuple[int, float]]:
    """The strengths that ask for something, with their places."""
    return [(mark, place_on_scale(mark)) for mark in MARKS]


def evidence_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes of the queue and of crowds."""

    @get("/unexplained", opt={"act": Act.STAFF_LIVE})
    async def unexplained(
        request: AnyRequest, page: FromQuery[int] = 0, declared: FromQuery[bool] = False
    ) -> Response[str]:
        visit = await site.visit(request)
        now, number = site.clock.now(), min(max(page, 0), store.PAGES_MAX - 1)

        def read(connection: Connection) -> dict[str, object]:
            accounts, more = store.queue(connection, number, declared=declared)
            unusual, of, of_declared = store.queue_size(connection)
            return {
                "accounts": accounts,
                "more": more and number + 1 < store.PAGES_MAX,
                "unusual": unusual,
                "of": of,
                "of_declared": of_declared,
                "bars": store.queue_days(connection, now, declared=declared),
                "vendors": store.vendors(connection, now),
            }

        values = await site.rows.read(read)
        days = values["bars"]
        assert isinstance(days, list)
        return site.page(
            visit,
            "unexplained.html",
            {
                **values,
                "bars": _bars(days, paris_day(now)),
                "top": max((day.count for day in days), default=0),
                "page": number,
                "declared": declared,
                "professions": PROFESSION_LABELS,
                "at_most": store.PAGES_MAX * store.PAGE,
                "evidence_from": OBSERVE_AT,
                "unusual_from": LOOK_AT,
            },
        )

    @get("/limits", opt={"act": Act.STAFF_LIVE})
    async def limits(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        today = paris_day(site.clock.now())

        def read(connection: Connection) -> dict[str, object]:
            return {
                "crowds": store.crowds(connection, today),
                "days": store.full_days(connection, today),
                "decoys": store.decoys(connection),
            }

        values = await site.rows.read(read)
        days = values["days"]
        assert isinstance(days, list)
        return site.page(
            visit,
            "limits.html",
            {
                **values,
                "bars": _bars(days, today),
                "top": max((day.count for day in days), default=0),
                "today": next((day.count for day in days if day.day == today), 0),
                "professions": {one.value: PROFESSION_LABELS[one] for one in Profession},
            },
        )

    return [unexplained, limits]


def _bars(days: list[Day], today: int) -> list[tuple[object, int, int]]:
    """Every day of the chart, those without anything included: date, explained, open."""
    known = {day.day: day for day in days}
    return [
        (date_of(day), known[day].explained, known[day].count - known[day].explained)
        if day in known
        else (date_of(day), 0, 0)
        for day in range(today - store.CHART_DAYS + 1, today + 1)
    ]
