"""A site of signed-in people as an application: what is the same of all of them."""

from collections.abc import Sequence

from litestar import Litestar
from litestar.types import ControllerRouterHandler

from tierce.web.error_pages import Told, error_handlers, refuse_impossible_numbers
from tierce.web.forgetting import keep_no_request
from tierce.web.look import SecurityHeaders
from tierce.web.routes import Routes
from tierce.web.signin_site import SiteSignIn, sign_in_handlers
from tierce.web.visit import RememberLanguage


def site_app(
    sign_in: SiteSignIn,
    handlers: Sequence[ControllerRouterHandler],
    told: Told,
    *,
    form_bytes: int,
    sign_in_origins: tuple[str, ...],
) -> Litestar:
    """Make the site.

    Args:
        sign_in: its sign-in, which has its look.
        handlers: its own routes.
        told: which words tell of an error.
        form_bytes: the longest form that it reads.
        sign_in_origins: addresses that the sign-in leads to.
    """
    keep_no_request()
    routes = Routes("/", route_handlers=[*handlers, *sign_in_handlers(sign_in), *sign_in.pages.static_handlers()])
    return Litestar(
        route_handlers=[routes],
        exception_handlers=error_handlers(sign_in.pages, sign_in.refused, told),
        before_request=refuse_impossible_numbers,
        before_send=[
            SecurityHeaders(form_targets=sign_in_origins, https=sign_in.secure),
            RememberLanguage(secure=sign_in.secure),
        ],
        request_max_body_size=form_bytes,
        openapi_config=None,
        logging_config=None,
    )
