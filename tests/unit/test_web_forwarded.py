"""Whose address a site believes: what the proxy said, last, however many headers it makes of it."""

import pytest
from litestar import Request

from tierce.web.api.signin import client_address
from tierce.web.portal.entering import address_of

PROXIES = frozenset({"127.0.0.1"})


def read(peer: str, *forwarded: str) -> set[str]:
    scope = {
        "type": "http", "method": "GET", "path": "/", "query_string": b"", "client": (peer, 1),
        "headers": [(b"x-forwarded-for", one.encode()) for one in forwarded],
    }  # fmt: skip
    request = Request(scope)  # type: ignore[arg-type,var-annotated]  # of the rest of a scope nothing is read
    return {address_of(request), client_address(request, PROXIES)}


@pytest.mark.parametrize(
    "forwarded", [("198.51.100.7",), ("203.0.113.5, 198.51.100.7",), ("203.0.113.5", "198.51.100.7")]
)
def test_what_a_browser_says_of_itself_stands_before_what_the_proxy_says(forwarded: tuple[str, ...]) -> None:
    assert read("127.0.0.1", *forwarded) == {"198.51.100.7"}


def test_nobody_else_is_believed() -> None:
    assert read("192.0.2.9", "198.51.100.7") == {"192.0.2.9"}
    assert read("127.0.0.1") == {"127.0.0.1"}
