"""The certificates that browsers are shown at each public address, as this machine sees them."""

import socket
import ssl
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509

from tierce.settings import Settings
from tierce.web.names import OUTER, SITES, named_in

SECONDS_MAX: Final = 5.0
GLANCE_SECONDS: Final = 2.0
"""Figures are written each minute: a proxy that hangs must not keep those of the database from it."""


def public(settings: Settings) -> list[str]:
    """What has an address that others reach."""
    return [name for name in named_in(settings) if name in (*SITES, *OUTER)]


def secured(settings: Settings) -> list[tuple[str, str, int]]:
    """Each process whose address is https: its name, host and port."""
    parts = [(name, urlsplit(getattr(settings, name).url)) for name in public(settings)]
    return [(name, at.hostname, at.port or 443) for name, at in parts if at.scheme == "https" and at.hostname]


def any_certificate() -> ssl.SSLContext:
    """Takes whatever is shown, whoever signed it: for what is read of it, or asked of nobody in particular."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def shown(host: str, port: int, seconds: float = SECONDS_MAX) -> x509.Certificate:
    """The certificate that a host shows.

    Raises:
        OSError: nobody answers there over TLS.
    """
    raw = _handshake(host, port, any_certificate(), seconds)
    assert raw is not None
    return x509.load_der_x509_certificate(raw)


def untrusted(host: str, port: int, trust: ssl.SSLContext | None = None) -> str | None:
    """Why this machine's authorities do not vouch for what a host shows, in OpenSSL's words; None when they do.

    Raises:
        OSError: nobody answers there over TLS.
    """
    context = trust or ssl.create_default_context()
    context.check_hostname = False  # its names are read by themselves
    try:
        _handshake(host, port, context)
    except ssl.SSLCertVerificationError as error:
        return str(error.verify_message)
    return None


def ends(settings: Settings) -> dict[str, datetime]:
    """The last instant of each certificate that is shown now; a process in front of which nobody answers has none."""
    found = {}
    for name, host, port in secured(settings):
        try:
            found[name] = shown(host, port, GLANCE_SECONDS).not_valid_after_utc
        except OSError:
            continue
    return found


def _handshake(host: str, port: int, context: ssl.SSLContext, seconds: float = SECONDS_MAX) -> bytes | None:
    with (
        socket.create_connection((host, port), timeout=seconds) as plain,
        context.wrap_socket(plain, server_hostname=host) as wrapped,
    ):
        return wrapped.getpeercert(binary_form=True)
