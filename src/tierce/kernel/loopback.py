"""Requests to this very machine, which are plain HTTP."""

import ssl
from typing import Final

NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For a client that speaks plain HTTP alone: it trusts nobody's certificate, and a client that is not given one reads
every authority's, which takes forty times as long as the request."""


def by_name(url: str) -> str:
    """A site's address with this machine's number as its name: a browser makes a passkey for a name alone."""
    return url.replace("//127.0.0.1", "//localhost", 1)
