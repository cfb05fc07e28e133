"""The headers of every answer of a site, errors included.

Nothing may load from elsewhere, nothing inline may run, nobody may frame a page, and no address of ours reaches
another site. Personal pages are never stored, not even by the browser's own back button cache.
"""

from urllib.parse import urlsplit

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

STATIC_PREFIXES = ("/look/", "/static/")
_OTHER_POWERS = "geolocation=(), microphone=(), payment=(), usb=()"
_POWERS_REFUSED = f"camera=(), {_OTHER_POWERS}"
_CAMERA_ALLOWED = f"camera=(self), {_OTHER_POWERS}"


def content_security_policy(form_targets: tuple[str, ...] = ()) -> str:
    """Return the policy; `form_targets` are the URLs of sign-in providers that a form may lead to."""
    origins = " ".join(["'self'", *sorted({origin(url) for url in form_targets})])
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        f"form-action {origins}; frame-ancestors 'none'; base-uri 'none'"
    )


def origin(url: str) -> str:
    """Return scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class SecurityHeaders:
    """A hook to wire as ``before_send=[SecurityHeaders(...)]``: it reaches error pages and 404 too."""

    def __init__(
        self, *, form_targets: tuple[str, ...] = (), https: bool, camera: frozenset[str] = frozenset()
    ) -> None:
        """Prepare the headers; `https` adds strict transport security, for a public URL that has it.

        `camera` are the paths of the pages that may ask for it: no other page of the site can.
        """
        self._camera = camera
        self._headers = {
            "content-security-policy": content_security_policy(form_targets),
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "permissions-policy": _POWERS_REFUSED,
        }
        if https:
            self._headers["strict-transport-security"] = "max-age=63072000; includeSubDomains"

    async def __call__(self, message: Message, scope: Scope) -> None:
        """Add the headers when the answer starts."""
        if message["type"] != "http.response.start":
            return
        headers = MutableScopeHeaders.from_message(message)
        for name, value in self._headers.items():
            headers[name] = value
        if scope["path"] in self._camera:
            headers["permissions-policy"] = _CAMERA_ALLOWED
        if not scope["path"].startswith(STATIC_PREFIXES):
            headers["cache-control"] = "no-store"
