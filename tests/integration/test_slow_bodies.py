"""A crowd that sends slowly to a real process: it goes on answering, and holds so many and no more."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from tests.integration.signin_world import free_port
from tests.settings_file import settings_text
from tests.waiting import eventually
from tierce.kernel.loopback import NO_TLS
from tierce.storage.database import Database
from tierce.web.arriving import ARRIVING_MAX

pytestmark = pytest.mark.integration
CROWD = 1_100
"""More than the server lets one worker hold when it is told nothing."""
HEAD = (
    b"POST /ask HTTP/1.1\r\nHost: portail\r\nCookie: tierce-portal=made-up\r\nContent-Length: 16000\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\n" + b"a" * 8_000
)


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[str]:
    """The portal, which needs no database, as `tierce serve` runs it."""
    port = free_port()
    text = settings_text(Database("127.0.0.1", 1, "none", tmp_path), tmp_path / "keys", operator="Rive Claire")
    before, _, after = text.partition("[portal]\n")
    head, _, rest = after.partition("port = ")
    file = tmp_path / "tierce.toml"
    file.write_text(f"{before}[portal]\n{head}port = {port}\n{rest.partition(chr(10))[2]}", "utf-8")
    command = [sys.executable, "-m", "tierce", "serve", "--settings", str(file), "--only", "portal"]
    quiet = subprocess.DEVNULL
    process, site = subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True), f"127.0.0.1:{port}"
    try:
        eventually(lambda: _answers(site), "the portal serves", seconds=60)
        yield site
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=30)


def _answers(site: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"http://{site}/health", trust_env=False, verify=NO_TLS, timeout=20).status_code == 204
    return False


def _is_open(one: socket.socket) -> bool:
    """Whether nothing came back yet."""
    try:
        one.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def test_a_site_answers_while_more_send_slowly_than_it_holds(portal: str) -> None:
    host, _, port = portal.partition(":")
    with ExitStack() as stack:
        crowd: list[socket.socket] = []
        for _ in range(CROWD):
            crowd.append(stack.enter_context(socket.create_connection((host, int(port)), 20)))
            crowd[-1].sendall(HEAD)
        assert _answers(portal), "somebody else is answered meanwhile"
        eventually(lambda: sum(map(_is_open, crowd)) <= ARRIVING_MAX, "no more are held", seconds=20)
        assert crowd[0].recv(12) == b"HTTP/1.1 408"
        form = {"form_token": "x", "label": "y" * 1_000}
        cookies = {"tierce-portal": "made-up"}
        told = httpx.post(
            f"http://{portal}/ask", data=form, cookies=cookies, trust_env=False, verify=NO_TLS, timeout=20
        )
        assert told.status_code == 403, "a form that comes at once is read"
