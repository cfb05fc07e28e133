"""The insurers' site as an application: own people, what was shown of them, own files."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from litestar import Litestar, Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from psycopg import Connection

from tierce.identity.local import InsurerSessions
from tierce.identity.service import SignInDoor
from tierce.incidents.rules import incident_reference
from tierce.insurers import store
from tierce.insurers.breaches.errors import NoListError
from tierce.insurers.breaches.service import Breaches
from tierce.insurers.documents.service import InsurerDocuments
from tierce.insurers.model import People
from tierce.insurers.requests.errors import ReplyRefusedError
from tierce.insurers.requests.service import InsurerRequests
from tierce.insurers.reviews.service import Reviews
from tierce.insurers.rules import DAYS_TOLD, next_expected
from tierce.insurers.service import InsurerDesk
from tierce.kernel.care import DOMAIN_LABELS
from tierce.kernel.categories import LABELS, DataCategory
from tierce.policy.acts import Act
from tierce.registry.runs.model import Run, RunLine, RunReason, RunState
from tierce.registry.runs.rules import refused_csv
from tierce.web.error_pages import Told
from tierce.web.insurers.documents import document_handlers
from tierce.web.insurers.incidents import incident_handlers
from tierce.web.insurers.keys import key_handlers
from tierce.web.insurers.payments import payment_handlers
from tierce.web.insurers.requests import request_handlers
from tierce.web.insurers.reviews import REVIEWS_TOLD, review_handlers
from tierce.web.insurers.site import HERE, InsurersSite, Visit, insurers_sign_in
from tierce.web.look import Hotline, pages_of
from tierce.web.site_app import site_app
from tierce.web.visit import AnyRequest, Pool, Rows

FORM_BYTES_MAX: Final = 16_384
TOLD: Final[Told] = {NoListError: ("no_list", 404), ReplyRefusedError: ("reply", 409), **REVIEWS_TOLD}
"""Which words tell of an error, and under which status."""
HELD: Final = (
    DataCategory.CIVIL_STATUS,
    DataCategory.BIRTH_DATE,
    DataCategory.NIR,
    DataCategory.GUARANTEES,
)
NEVER_HELD: Final = (
    DataCategory.POSTAL_ADDRESS,
    DataCategory.PHONE,
    DataCategory.EMAIL,
    DataCategory.BANK,
    DataCategory.MEDICAL,
)
"""Which categories of a person's data the register has a place for, and which it has none for."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of the chart: its place and height in the drawing, and whether its count is told."""

    x: float
    height: float
    told: bool


def create_insurers(
    *,
    door: SignInDoor,
    sessions: InsurerSessions,
    pool: Pool,
    desk: InsurerDesk,
    breaches: Breaches,
    requests: InsurerRequests,
    reviews: Reviews,
    documents: InsurerDocuments,
    operator: Hotline,
    secure: bool,
    sign_in_origins: tuple[str, ...] = (),
) -> Litestar:
    """Make the insurers' site.

    Args:
        door: sign-in through the provider of insurers' staff.
        sessions: sessions of insurers' staff.
        pool: connections of role tierce_insurers in autocommit mode.
        desk: what writes the line before activity is told.
        breaches: what an insurer's staff read and do of an incident.
        requests: what their people ask of their data.
        reviews: requests for agreements that they review.
        documents: what was declared for agreements that they grant subject to documents.
        operator: whom they call.
        secure: whether the public address has https.
        sign_in_origins: addresses that the sign-in leads to.
    """
    pages = pages_of(HERE, operator)
    site = InsurersSite(
        pages=pages,
        rows=Rows(pool),
        sessions=sessions,
        sign_in=insurers_sign_in(pages, door, sessions, secure=secure),
        desk=desk,
        breaches=breaches,
    )
    return site_app(
        site.sign_in,
        [
            *_handlers(site),
            *payment_handlers(site),
            *incident_handlers(site),
            *key_handlers(site),
            *request_handlers(site, requests),
            *review_handlers(site, reviews),
            *document_handlers(site, documents),
        ],
        TOLD,
        form_bytes=FORM_BYTES_MAX,
        sign_in_origins=sign_in_origins,
    )


async def _feeds(site: InsurersSite, visit: Visit) -> list[Run]:
    return await site.rows.read(lambda connection: store.feeds(connection, visit.handle))


async def _feed(site: InsurersSite, visit: Visit, number: int) -> Run:
    """One of her insurer's files; another's is as absent as one that never was."""
    found = next((one for one in await _feeds(site, visit) if one.id == number), None)
    if found is None:
        raise NotFoundException
    return found


def _handlers(site: InsurersSite) -> list[HTTPRouteHandler]:
    @get("/", opt={"act": Act.INSURER_COUNTS})
    async def people(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)

        def read(connection: Connection) -> tuple[People | None, list[Run]]:
            return store.people(connection, visit.handle), store.feeds(connection, visit.handle)

        counts, feeds = await site.rows.read(read)
        values = {
            "people": counts,
            "domains": DOMAIN_LABELS,
            "last": feeds[0] if feeds else None,
            "expected": next_expected(feeds),
            "held": [LABELS[one] for one in HELD],
            "never_held": [LABELS[one] for one in NEVER_HELD],
        }
        return site.page(visit, "people.html", values)

    @get("/activity", opt={"act": Act.INSURER_ACTIVITY})
    async def activity(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        shown, incidents = await site.rows.read(
            lambda connection: site.desk.activity(connection, visit.caller, visit.handle)
        )
        values = {
            "shown": shown,
            "bars": bars([lines for _, lines in shown.days]),
            "incidents": [(one, incident_reference(one.incident, one.day)) for one in incidents],
            "domains": DOMAIN_LABELS,
            "days": DAYS_TOLD,
        }
        return site.page(visit, "activity.html", values)

    @get("/feeds", opt={"act": Act.INSURER_COUNTS})
    async def feeds(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        found = await _feeds(site, visit)
        running = any(one.state is RunState.RUNNING for one in found)
        return site.page(visit, "feeds.html", {"feeds": found, "expected": next_expected(found), "running": running})

    @get("/feeds/{number:int}", opt={"act": Act.INSURER_COUNTS})
    async def feed(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        found = await _feed(site, visit, number)
        reasons = await site.rows.read(lambda connection: store.feed_reasons(connection, visit.handle, number))
        return site.page(visit, "feed.html", {"feed": found, "reasons": reasons})

    @get("/feeds/{number:int}/refused.csv", opt={"act": Act.INSURER_COUNTS})
    async def refused(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        await _feed(site, visit, number)

        def read(connection: Connection) -> tuple[list[RunLine], list[RunReason]]:
            return (
                store.feed_refused(connection, visit.handle, number),
                store.feed_reasons(connection, visit.handle, number),
            )

        return Response(
            refused_csv(*await site.rows.read(read)),
            media_type="text/csv",
            headers={"content-disposition": f'attachment; filename="lignes-refusees-{number}.csv"'},
        )

    return [people, activity, feeds, feed, refused]


def bars(counts: Sequence[int | None]) -> list[Bar]:
    """Place the days of a chart in a drawing 100 wide and 30 high; a masked count is a low bar of its own kind."""
    top = max((count for count in counts if count is not None), default=0) or 1
    width = 100 / max(len(counts), 1)
    return [
        Bar(
            x=round(number * width + width * 0.15, 2),
            height=2.0 if count is None else round(28 * count / top, 2),
            told=count is not None,
        )
        for number, count in enumerate(counts)
    ]
