"""A cookie of ours, by the very bytes of its name.

A browser lets no other host of the domain set a cookie whose name begins with `__Host-`. It compares bytes; the
framework decodes them and takes away whatever Unicode calls a space, so that with the byte A0 in front another host's
cookie stood here in the place of ours, and whoever held that host chose in whose session somebody worked.
"""

from typing import Any, Final

from litestar.connection import ASGIConnection

VALUE_CHARS_MAX: Final = 256
_SPACES: Final = b" \t"
"""What RFC 6265 lets stand around a name or a value."""


def cookie_in(request: ASGIConnection[Any, Any, Any, Any], name: str) -> str:
    """What the browser holds under this name: nothing if it cannot be ours, or came twice."""
    wanted = name.encode("ascii")
    found: list[bytes] = []
    for header, value in request.scope["headers"]:
        if header == b"cookie":
            pairs = (one.partition(b"=") for one in bytes(value).split(b";"))
            found += [said.strip(_SPACES) for key, _, said in pairs if key.strip(_SPACES) == wanted]
    if len(found) != 1 or len(found[0]) > VALUE_CHARS_MAX or not found[0].isascii():
        return ""
    said = found[0].decode("ascii")
    return said if said.isprintable() else ""
