"""« Examens »: requests for agreements that the insurer's benefits leave to its staff. Nobody is named.

An answer takes two pages: what she would answer, then the same said back, to be confirmed. It is not undone.
"""

from collections.abc import Mapping
from typing import Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from tierce.billing.agreements.rules import BY_A_PERSON
from tierce.billing.model import InvoiceReason
from tierce.insurers.reviews.errors import (
    NotGrantedNowError,
    ReviewGoneError,
    ReviewsClosedError,
    ReviewsUsedUpError,
    ReviewUnreadError,
)
from tierce.insurers.reviews.model import Review
from tierce.insurers.reviews.rules import CHARS_MAX, read_answer, reasons, typed_of
from tierce.insurers.reviews.service import Reviews
from tierce.kernel.care import DOMAIN_LABELS, PROFESSION_LABELS
from tierce.kernel.clock import date_of, paris_day
from tierce.kernel.errors import FieldError
from tierce.policy.acts import Act
from tierce.policy.agreements import REVIEW_DAYS, STAFF_REVIEWS
from tierce.policy.documents import named
from tierce.web.error_pages import ID_MAX, Told
from tierce.web.insurers.payments import euros
from tierce.web.insurers.site import InsurersSite, Visit
from tierce.web.visit import AnyRequest

REVIEWS_TOLD: Final[Told] = {
    ReviewGoneError: ("review_gone", 409),
    ReviewsClosedError: ("reviews_closed", 503),
    ReviewsUsedUpError: ("reviews_used_up", 429),
    NotGrantedNowError: ("review_not_now", 409),
    ReviewUnreadError: ("review_gone", 409),
}
DONE: Final = frozenset({"granted", "refused"})
SOON_DAYS: Final = 2
"""With so many days left or fewer, the list says it louder."""


def review_handlers(site: InsurersSite, reviews: Reviews) -> list[HTTPRouteHandler]:
    """Make the routes; each leaves its line."""

    async def read(visit: Visit, number: int) -> Review:
        return await site.rows.read(
            lambda connection: reviews.read(connection, visit.caller, visit.handle, min(number, ID_MAX))
        )

    @get("/reviews/{number:int}", opt={"act": Act.INSURER_REVIEW_READ})
    async def one(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        return _form(site, visit, await read(visit, number), {})

    @post("/reviews/{number:int}", status_code=200, opt={"act": Act.INSURER_REVIEW_READ})
    async def check(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        """Say back what she would answer, to be confirmed; or what is wrong of it."""
        visit = await site.visit(request)
        typed = await site.sign_in.check_form(request)
        review = await read(visit, number)
        try:
            answer = read_answer(review, typed)
        except FieldError as error:
            return _form(site, visit, review, typed, error)
        values = {
            "review": review,
            "answer": answer,
            "lines": list(zip(review.lines, answer.dues, strict=True)),
            "typed": typed_of,
            "reason": answer.reason.name.lower() if answer.reason is not InvoiceReason.NONE else "",
            "documents": named(review.documents),
            "why": BY_A_PERSON[answer.reason] if answer.reason is not InvoiceReason.NONE else None,
            "euros": euros,
        }
        return site.page(visit, "review_confirm.html", values)

    @post("/reviews/{number:int}/answer", opt={"act": Act.INSURER_REVIEW_DECIDE})
    async def decide(request: AnyRequest, number: FromPath[int]) -> Redirect | Response[str]:
        """Keep what was confirmed; what it is held to is read again."""
        visit = await site.visit(request)
        typed = await site.sign_in.check_form(request)
        review = await read(visit, number)
        try:
            answer = read_answer(review, typed)
        except FieldError as error:
            return _form(site, visit, review, typed, error)
        await site.rows.read(
            lambda connection: reviews.decide(connection, visit.caller, visit.handle, review.id, answer)
        )
        return Redirect(f"/reviews?done={'granted' if answer.due else 'refused'}", status_code=303)

    return [_listing(site, reviews), one, check, decide]


def _listing(site: InsurersSite, reviews: Reviews) -> HTTPRouteHandler:
    @get("/reviews", opt={"act": Act.INSURER_REVIEW_READ})
    async def listed(
        request: AnyRequest, after: FromQuery[int | None] = None, done: FromQuery[str] = ""
    ) -> Response[str]:
        visit = await site.visit(request)
        behind = after if after is not None and 0 < after <= ID_MAX else None
        found = await site.rows.read(
            lambda connection: reviews.waiting(connection, visit.caller, visit.handle, behind)
        )
        today = date_of(paris_day(reviews.lines.clock.now()))
        values = {
            "rows": [(one, (one.answer_by - today).days) for one in found.rows],
            "waiting": found.waiting,
            "following": found.following,
            "first": behind is None,
            "done": done if done in DONE else "",
            "domains": DOMAIN_LABELS,
            "soon": SOON_DAYS,
            "term": REVIEW_DAYS,
            "a_day": STAFF_REVIEWS,
        }
        return site.page(visit, "reviews.html", values)

    return listed


def _form(
    site: InsurersSite, visit: Visit, review: Review, typed: Mapping[str, str], error: FieldError | None = None
) -> Response[str]:
    """The page of one, with what was typed and what is wrong of it."""
    language = visit.frame.language
    wrong = {} if error is None else {error.field: f"{error.reason[language].capitalize()}. {error.remedy[language]}"}
    profession = None if review.profession is None else PROFESSION_LABELS[review.profession][language]
    values = {
        "review": review,
        "lines": [
            (line, typed.get(f"due-{line.n}", typed_of(line.most))[:CHARS_MAX], wrong.get(f"due-{line.n}", ""))
            for line in review.lines
        ],
        "domain": DOMAIN_LABELS[review.domain][language],
        "documents": named(review.documents)[language],
        "profession": profession,
        "reasons": reasons(),
        "picked": typed.get("reason", ""),
        "errors": wrong,
        "error_list": list(wrong.items()),
        "euros": euros,
    }
    return site.page(visit, "review.html", values, status=422 if wrong else 200)
