"""The pages of somebody who signs out: the way to her provider, and what is true once she is back.

Her session is over before any of them is shown. A cookie of ten minutes says how far she got: the state with which
her provider must lead her back, and then one of `Left`; without it, the page promises only that she left here.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

from litestar import Response
from litestar.datastructures import Cookie
from litestar.response import Redirect

from tierce.web.look import Frame, Pages

SIGNED_OUT: Final = "/signed-out"
"""Where a provider leads back to: the `post_logout_redirect_uri` that it registers."""
COOKIE: Final = "leaving"
SECONDS: Final = 600

MakeCookie = Callable[[str, int], Cookie]
"""Makes the site's cookie of this page, from a value and how long it lasts; 0 deletes it."""


class Left(StrEnum):
    """How far somebody left."""

    EVERYWHERE = "everywhere"
    """Her provider led her back."""
    HERE = "here"
    """Her provider may know her browser still."""
    ALONE = "alone"
    """No provider of ours knew her."""


def lead_on(pages: Pages, frame: Frame, cookie: MakeCookie, url: str, state: str) -> Response[Any]:
    """Lead to the provider's page, from one of ours: it says that she left here, whatever becomes of the rest.

    A redirect would be the form's, which may lead to no other site.
    """
    response: Response[Any] = pages.page("leaving.html", frame, {"url": url}, status=200)
    response.headers["Cache-Control"] = "no-store"
    response.set_cookie(cookie(state, SECONDS))
    return response


def left(cookie: MakeCookie, how: Left) -> Response[Any]:
    """Lead to the page that says how far somebody left, who goes nowhere else."""
    response: Response[Any] = Redirect(SIGNED_OUT, status_code=303)
    response.set_cookie(cookie(how, SECONDS))
    return response


def signed_out(pages: Pages, frame: Frame, cookie: MakeCookie, held: str, state: str) -> Response[Any]:
    """Say how far she left; `held` is the cookie's value, `state` what her provider led her back with."""
    if state and state == held:
        return left(cookie, Left.EVERYWHERE)
    how = held if held in set(Left) else Left.HERE
    return pages.page("signed_out.html", frame, {"how": str(how)}, status=200)
