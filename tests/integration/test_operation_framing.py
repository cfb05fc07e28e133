"""Requests whose end two readers could see at two places, put to the nginx example: none of them reaches a site."""

import shutil
import socket
from collections.abc import Iterator
from typing import ClassVar

import pytest

from tests.folders import private_folder
from tests.integration.test_operation_nginx import HOSTS, Front, Site, running, trusting

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not on this machine")
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
MALFORMED = {
    "a length and chunks": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 0\r\nContent-Length: 34\r\n\r\n",
    "two lengths alike": b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
    "a list of lengths": b"Content-Length: 0, 34\r\n\r\n",
    "a signed length": b"Content-Length: +0\r\n\r\n",
    "a length below nothing": b"Content-Length: -1\r\n\r\n",
    "two encodings": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "another encoding": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a chunk of no size": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "a blank before the colon": b"Content-Length : 34\r\n\r\n",
    "a header that is no header": b"Content-Length\r\n\r\n",
    "a nul byte": b"X-Nul: a\x00b\r\nContent-Length: 0\r\n\r\n",
    "a second host": b"Host: x\r\nContent-Length: 0\r\n\r\n",
    "a header of 40 KiB": b"X-Long: " + b"a" * 40_960 + b"\r\n\r\n",
    "forty headers of 4 KiB": b"".join(b"X-%d: " % one + b"a" * 4_096 + b"\r\n" for one in range(40)) + b"\r\n",
}


class Noting(Site):
    """Notes the path and the headers of all that reaches a site."""

    seen: ClassVar[list[tuple[str, dict[str, str]]]] = []

    def do_POST(self) -> None:  # noqa: N802 - the server's own name for it
        self.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        super().do_POST()

    def do_GET(self) -> None:  # noqa: N802 - the server's own name for it
        self.seen.append((self.path, {}))
        super().do_GET()


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    with private_folder() as folder, running(folder, site=Noting) as found:
        yield found


@pytest.fixture
def arrived() -> list[tuple[str, dict[str, str]]]:
    """What reaches any site, by its path and headers."""
    Noting.seen.clear()
    return Noting.seen


def put(front: Front, site: str, framed: bytes) -> bytes:
    """Send one request as it is written, another behind it, and read to the end."""
    with (
        socket.create_connection(("127.0.0.1", front.secure), 20) as plain,
        trusting(front.folder).wrap_socket(plain, server_hostname=HOSTS[site]) as secured,
    ):
        secured.sendall(f"POST /v1/first HTTP/1.1\r\nHost: {HOSTS[site]}\r\n".encode() + framed)
        answer = b""
        while piece := secured.recv(65_536):
            answer += piece
    return answer


@pytest.mark.parametrize("site", ["portal", "api"])
@pytest.mark.parametrize("how", MALFORMED)
def test_what_two_readers_could_read_in_two_ways_reaches_nobody(
    front: Front, arrived: list[tuple[str, dict[str, str]]], site: str, how: str
) -> None:
    answer = put(front, site, MALFORMED[how] + HIDDEN)
    assert answer.split(b" ", 2)[1] in {b"400", b"431", b"494", b"501"}, answer[:200]
    assert answer.count(b"HTTP/1.1 ") == 1, "the connection is closed, and what stood behind is nobody's request"
    assert arrived == []


def test_chunks_arrive_as_one_body_with_its_length(front: Front, arrived: list[tuple[str, dict[str, str]]]) -> None:
    chunks = b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\n\r\n"
    assert put(front, "api", chunks).startswith(b"HTTP/1.1 200")
    ((path, headers),) = arrived
    assert (path, headers["content-length"]) == ("/v1/first", "5")
    assert "transfer-encoding" not in headers
