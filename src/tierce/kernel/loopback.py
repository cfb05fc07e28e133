"""Requests to this very machine, which are plain HTTP."""

import ssl
from typing import Final

NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For a client that speaks plain HTTP alone: it trusts nobody's certificate, and a client that is not given one reads
every authority's, which takes forty times as long as the request."""
