"""One's own history and one's places: lists name nobody, and opening a line is a disclosure like the first."""

from datetime import date, timedelta
from typing import Final
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from tierce.kernel.care import DOMAIN_LABELS
from tierce.kernel.language import Language
from tierce.policy.acts import Act
from tierce.policy.seats import SEAT_DAYS
from tierce.web.answers import HistoryAnswer, HistoryLine
from tierce.web.portal.api import Seats, Signed, revisit_path
from tierce.web.portal.asking import answer_page, choose_first, domain_label, today_of
from tierce.web.portal.errors import ApiRefusedError
from tierce.web.portal.question import BODY_CHARS_MAX, PROOF_CHARS_MAX, Wrong, domains_of
from tierce.web.portal.site import AnyRequest, PortalSite, Visit

FILTERS: Final = ("first", "last", "domain", "outcome")
CHARS_MAX: Final = 64


def history_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the routes of one's own history and places."""

    @get("/history", opt={"act": Act.NONE})
    async def history(
        request: AnyRequest,
        cursor: FromQuery[str] = "",
        first: FromQuery[str] = "",
        last: FromQuery[str] = "",
        domain: FromQuery[str] = "",
        outcome: FromQuery[str] = "",
    ) -> Response[str]:
        """List what was asked under this activity; nobody is named."""
        visit = await site.visit(request)
        if visit.session.activity is None:
            return choose_first()
        given = zip(FILTERS, (first, last, domain, outcome), strict=True)
        wanted = {name: text[:CHARS_MAX] for name, text in given}
        query = {name: text for name, text in wanted.items() if text}
        try:
            found = await site.api.history(visit.held, query | ({"cursor": cursor[:CHARS_MAX]} if cursor else {}))
        except ApiRefusedError as error:
            if error.field not in FILTERS:
                raise
            wrong = Wrong(error.field, error.reason, error.remedy)
            return _page(site, visit, HistoryAnswer([], None), wanted, wrong)
        return _page(site, visit, found, wanted, None, first_page=not cursor)

    @post("/history/{engagement:str}/revisit", status_code=200, opt={"act": Act.RIGHTS_REVISIT})
    async def revisit(request: AnyRequest, engagement: FromPath[str]) -> Response[str]:
        """Open one line again, which is a disclosure like the first."""
        _, fields = await site.form(request)
        visit = await site.visit(request)
        body, proof = fields.get("body", "{}")[:BODY_CHARS_MAX], fields.get("proof", "")[:PROOF_CHARS_MAX]
        answer = await site.api.revisit(visit.held, engagement, Signed(body.encode(), proof or None))
        return answer_page(site, visit, answer, await site.api.seats(visit.held))

    @get("/places", opt={"act": Act.NONE})
    async def places(request: AnyRequest) -> Response[str]:
        """Say why a proof of presence is sometimes asked for, with one's own places."""
        visit = await site.visit(request)
        if visit.session.activity is None:
            return choose_first()
        seats = await site.api.seats(visit.held)
        return site.page(visit, "places.html", {"seats": seats, "next_free": next_free(seats, today_of(site))})

    return [history, revisit, places]


def next_free(seats: Seats, today: date) -> date | None:
    """The day on which the oldest place is free again by itself; None when none is taken."""
    return today + timedelta(days=SEAT_DAYS - max(seats.ages)) if seats.ages else None


def _page(
    site: PortalSite,
    visit: Visit,
    found: HistoryAnswer,
    wanted: dict[str, str],
    wrong: Wrong | None,
    *,
    first_page: bool = True,
) -> Response[str]:
    language = visit.frame.language
    profession = visit.session.activity.profession if visit.session.activity else ""
    query = {name: text for name, text in wanted.items() if text}
    errors = {wrong.field: wrong.text(language)} if wrong else {}
    values = {
        "rows": [_row(site, row, language) for row in found.rows],
        "older": urlencode(query | {"cursor": found.cursor}) if found.cursor else "",
        "first": first_page,
        "filtered": bool(query),
        "wanted": wanted,
        "domains": [(one.name, DOMAIN_LABELS[one][language]) for one in domains_of(profession)],
        "errors": errors,
        "error_list": list(errors.items()),
    }
    return site.page(visit, "history.html", values, status=422 if wrong else 200)


def _row(site: PortalSite, row: HistoryLine, language: Language) -> dict[str, object]:
    return {
        "at": row.at,
        "domain": domain_label(row.domain, language),
        "engagement": row.engagement or "",
        "until": row.engagement_until,
        "invoiced": row.engagement_until is not None and row.engagement_until >= today_of(site),
        "label": row.label or "",
        "act_url": site.act_url(revisit_path(row.engagement)) if row.engagement else "",
    }
