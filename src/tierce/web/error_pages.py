"""A site's error pages: sign in again, say what went wrong and what to do, or say only that something did."""

import logging
import re
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from litestar import Response
from litestar.exceptions import HTTPException, NotFoundException
from psycopg.errors import NumericValueOutOfRange

from tierce.identity.errors import IdentityError
from tierce.kernel.errors import TierceError
from tierce.kernel.language import Phrase
from tierce.web.look import Pages
from tierce.web.visit import AnyRequest, around

log = logging.getLogger(__name__)

Told = Mapping[type[TierceError], tuple[str, int]]
"""For each error: the key of its words (``error.<key>.title`` and ``error.<key>.remedy``), and its status."""
Refused = Callable[[AnyRequest, IdentityError], Response[str]]
_HTTP = {404: "missing", 405: "missing", 413: "too_long"}
FAULT = 500
"""From this status on it is not the reader who is to change something."""
ID_MAX = 2**63 - 1
"""The greatest number that anything here can have."""
Handlers = dict[int | type[Exception], Callable[[AnyRequest, Any], Response[Any]]]


def error_handlers(pages: Pages, refused: Refused, told: Told) -> Handlers:
    """Make the handlers. An error that has a reason in both languages gives it; its kind is named small, to quote."""

    def page(request: AnyRequest, key: str, status: int, error: TierceError | None = None) -> Response[str]:
        frame = around(request)
        said = getattr(error, "reason", None)
        values = {
            "key": key,
            "status": status,
            "reason": said[frame.language] if isinstance(said, Phrase) else "",
            "code": _code(error) if error else "",
        }
        return pages.page("error.html", frame, values, status=status)

    def of_tierce(request: AnyRequest, error: TierceError) -> Response[str]:
        for kind, (key, status) in told.items():
            if isinstance(error, kind):
                return page(request, key, status, error)
        log.error("request refused: %s", where(error))
        return page(request, "unexpected", 500)

    def of_http(request: AnyRequest, error: HTTPException) -> Response[str]:
        ours = error.status_code >= FAULT
        return page(request, _HTTP.get(error.status_code, "unexpected" if ours else "malformed"), error.status_code)

    def of_number(request: AnyRequest, _error: NumericValueOutOfRange) -> Response[str]:
        return page(request, "missing", 404)  # a number that no column can hold names nothing

    def of_anything(request: AnyRequest, error: Exception) -> Response[str]:
        log.error("request failed: %s", where(error))
        return page(request, "unexpected", 500)

    return {
        IdentityError: refused,
        TierceError: of_tierce,
        HTTPException: of_http,
        NumericValueOutOfRange: of_number,
        Exception: of_anything,
    }


async def refuse_impossible_numbers(request: AnyRequest) -> None:
    """Answer before any work that an address is not here when a number in it is one that nothing can have."""
    if any(isinstance(one, int) and not 0 <= one <= ID_MAX for one in request.path_params.values()):
        raise NotFoundException


def _code(error: TierceError) -> str:
    """What to quote: the error's kind, spelled as the API spells its codes."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__.removesuffix("Error")).lower()


def where(error: Exception) -> str:
    """The kind of an error and the lines it came through; never its text, which may hold what was sent."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return " < ".join([type(error).__name__, *(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))])
