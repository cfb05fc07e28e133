"""How full the lines that many share are, and who fills them."""

from typing import Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from psycopg import Connection

from tierce.incidents.commons import store
from tierce.incidents.commons.model import NEAR_PERCENT, Common
from tierce.kernel.care import PROFESSION_LABELS, Profession
from tierce.kernel.clock import date_of, paris_day
from tierce.kernel.language import Language
from tierce.policy.acts import Act
from tierce.policy.ladder import Level, cell_profession, department_of
from tierce.policy.lines import COMMON, POOLS
from tierce.web.office.site import OfficeSite
from tierce.web.visit import AnyRequest

TREND_DAYS: Final = 14


def cell_words(subject: int, language: Language) -> tuple[str, str]:
    """The profession and the département of a cell; what the directory does not know is told by its number."""
    number = cell_profession(subject)
    known = {each.value: PROFESSION_LABELS[each][language] for each in Profession}
    return known.get(number, str(number)), department_of(subject)


def pool_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes of the list of common lines and of each."""

    @get("/pools", opt={"act": Act.STAFF_POOLS})
    async def pools(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        today = paris_day(site.clock.now())
        found = await site.rows.read(lambda connection: store.fullest(connection, today))
        return site.page(
            visit,
            "pools.html",
            {
                "lines": found,
                "near": [one for one in found if one.percent >= NEAR_PERCENT],
                "near_from": NEAR_PERCENT,
                "cell": lambda subject: cell_words(subject, visit.frame.language),
                "levels": Level,
            },
        )

    @get("/pools/{kind:int}/{subject:int}", opt={"act": Act.STAFF_POOLS})
    async def pool(request: AnyRequest, kind: FromPath[int], subject: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        today = paris_day(site.clock.now())

        def read(connection: Connection) -> dict[str, object]:
            one = store.common(connection, Level(kind), subject, today) if kind in COMMON else None
            return {"one": one, "drawers": store.drawers(connection, one, today) if one else []}

        values = await site.rows.read(read)
        one = values["one"]
        bars = trend(one, today) if isinstance(one, Common) else []
        return site.page(
            visit,
            "pool.html",
            {
                **values,
                "is_pool": isinstance(one, Common) and one.level in POOLS,
                "bars": bars,
                "top": max((opened for _, _, opened in bars), default=0),
                "cell": lambda number: cell_words(number, visit.frame.language),
                "levels": Level,
                "professions": {each.value: PROFESSION_LABELS[each] for each in Profession},
            },
            status=200 if one else 404,
        )

    return [pools, pool]


def trend(one: Common, today: int) -> list[tuple[object, int, int]]:
    """What of each of the last days is still open, for a line; a pool keeps its own day alone."""
    days = range(today - TREND_DAYS + 1, today + 1)
    return [(date_of(day), 0, opened) for day, opened in zip(days, one.open[-TREND_DAYS:], strict=bool(one.open))]
