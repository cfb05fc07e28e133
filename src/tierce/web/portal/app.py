"""The portal's application: `create_app(settings)`, served by granian as one process without a database."""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import httpx
from litestar import Litestar, Response, get
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from tierce.kernel.clock import Clock, SystemClock
from tierce.policy.acts import Act
from tierce.web.forgetting import keep_no_request
from tierce.web.look import SecurityHeaders, pages_of
from tierce.web.observed import FIGURES
from tierce.web.portal.account import account_handlers
from tierce.web.portal.agreeing import agreeing_handlers
from tierce.web.portal.api import Api
from tierce.web.portal.asking import ask_handlers
from tierce.web.portal.assistants import assistant_handlers
from tierce.web.portal.depositing import deposit_handlers
from tierce.web.portal.entering import forget, session_handlers, sign_in_handlers, sign_in_page
from tierce.web.portal.errors import (
    ApiRefusedError,
    ApiUnreachableError,
    FormRefusedError,
    NotSignedInError,
)
from tierce.web.portal.history import history_handlers
from tierce.web.portal.holding import holding_handlers
from tierce.web.portal.invoicing import invoicing_handlers
from tierce.web.portal.own import about_handlers, session_list_handlers
from tierce.web.portal.reading import reading_handlers
from tierce.web.portal.renewing import LAPSED, lapsed_page, ticket_handlers
from tierce.web.portal.settings import PortalSettings
from tierce.web.portal.site import HERE, AnyRequest, PortalSite, read_demo
from tierce.web.portal.transfers import transfer_handlers
from tierce.web.portal.turns import Turns
from tierce.web.routes import Routes
from tierce.web.visit import RememberLanguage

FORM_BYTES_MAX: Final = 16_384
CAMERA: Final = frozenset({"/ask"})
"""The pages on which a dynamic card may be read."""
log = logging.getLogger(__name__)

Handler = Callable[[AnyRequest, Any], Response[str]]


def create_app(
    settings: PortalSettings,
    *,
    clock: Clock | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    ticks: Callable[[], float] = time.monotonic,
) -> Litestar:
    """Make the portal; `transport` replaces the network towards the API, for tests that hold both ends.

    `ticks` gives seconds of a clock that never goes back: turns to sign in are counted by it.
    """
    keep_no_request()
    site = PortalSite(
        pages=pages_of(HERE, settings.operator),
        api=Api(settings.api_url, transport),
        settings=settings,
        clock=clock or SystemClock(),
        turns=Turns(settings.sign_ins),
        ticks=ticks,
        demo=read_demo(settings.demo_people),
    )

    @get("/health", opt={"act": Act.NONE}, status_code=204, sync_to_thread=False)
    def health() -> None:
        """Say that the process serves."""

    routes = [
        *site.pages.static_handlers(),
        *sign_in_handlers(site),
        *session_handlers(site),
        *ticket_handlers(site),
        *ask_handlers(site),
        *reading_handlers(site),
        *history_handlers(site),
        *deposit_handlers(site),
        *agreeing_handlers(site),
        *invoicing_handlers(site),
        *transfer_handlers(site),
        *session_list_handlers(site),
        *assistant_handlers(site),
        *about_handlers(site),
        *holding_handlers(site),
        *account_handlers(site),
        health,
    ]
    return Litestar(
        route_handlers=[Routes("/", route_handlers=routes)],
        exception_handlers=_error_handlers(site),
        before_send=[SecurityHeaders(https=settings.https, camera=CAMERA), RememberLanguage(secure=settings.https)],
        on_shutdown=[_closing(site)],
        request_max_body_size=FORM_BYTES_MAX,
        openapi_config=None,
        logging_config=None,
        state=State({FIGURES: lambda: _figures(site)}),
    )


def _figures(site: PortalSite) -> str:
    """The queue of sign-ins, in Prometheus' text form."""
    return (
        "# TYPE tierce_sign_in_wait_seconds gauge\n"
        f"tierce_sign_in_wait_seconds {site.turns.wait(site.ticks()):.3f}\n"
        "# TYPE tierce_sign_ins_turned_away_total counter\n"
        f"tierce_sign_ins_turned_away_total {site.turns.turned_away}\n"
    )


def _closing(site: PortalSite) -> Callable[[], Awaitable[None]]:
    async def close() -> None:
        await site.api.close()

    return close


def _error_handlers(site: PortalSite) -> dict[int | type[Exception], Handler]:
    """Make the pages that say what went wrong and what to do; a session that ended leads to signing in."""

    def not_signed_in(request: AnyRequest, _error: NotSignedInError) -> Response[str]:
        return sign_in_page(site, request, status=401)

    def refused(request: AnyRequest, error: ApiRefusedError) -> Response[str]:
        if error.code == LAPSED:
            return lapsed_page(site, request)
        if error.ends_session:
            return forget(site, sign_in_page(site, request, refusal=error, status=401))
        if error.code.startswith("sign_in_"):
            return sign_in_page(site, request, refusal=error, status=error.status)
        frame = site.around(request)
        values = {
            "reason": error.reason[frame.language],
            "remedy": error.remedy[frame.language],
            "code": error.code,
            "again": error.status == 401,
        }
        return site.pages.page("refused.html", frame, values, status=error.status)

    def unreachable(request: AnyRequest, error: ApiUnreachableError) -> Response[str]:
        log.warning("api unreachable: %s", error)
        return site.pages.page(
            "unreachable.html", site.around(request), {"status_path": site.settings.status_path or ""}, status=503
        )

    def form_refused(request: AnyRequest, _error: FormRefusedError) -> Response[str]:
        return site.pages.page("trouble.html", site.around(request), {"key": "form"}, status=403)

    def http(request: AnyRequest, error: HTTPException) -> Response[str]:
        key = "missing" if error.status_code in {404, 405} else "request"
        return site.pages.page("trouble.html", site.around(request), {"key": key}, status=error.status_code)

    def anything(request: AnyRequest, error: Exception) -> Response[str]:
        log.error("request failed: %s", type(error).__name__)
        return site.pages.page("trouble.html", site.around(request), {"key": "fault"}, status=500)

    return {
        NotSignedInError: not_signed_in,
        ApiRefusedError: refused,
        ApiUnreachableError: unreachable,
        FormRefusedError: form_refused,
        HTTPException: http,
        Exception: anything,
    }
