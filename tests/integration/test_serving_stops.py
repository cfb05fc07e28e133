"""One process by itself: it says that its port is taken, that a setting leads nowhere, and it always stops."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic

import httpx
import pytest

from tests.integration.signin_world import free_port
from tests.settings_file import settings_text
from tests.waiting import eventually
from tierce.kernel.loopback import NO_TLS
from tierce.storage.database import Database
from tierce.web.serving import STOP_SECONDS_MAX

pytestmark = pytest.mark.integration
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the portal, which needs no database, on a port; `more` goes first in its settings."""
    started: list[subprocess.Popen[str]] = []

    def one(port: int, more: str = "") -> subprocess.Popen[str]:
        (tmp_path / "secrets").mkdir(exist_ok=True)
        nowhere = Database("127.0.0.1", 1, "none", tmp_path / "secrets")
        text = settings_text(nowhere, tmp_path / "keys", operator="Rive Claire")
        before, _, after = text.partition("[portal]\n")
        head, _, rest = after.partition("port = ")
        file = tmp_path / f"tierce-{len(started)}.toml"
        file.write_text(f"{more}{before}[portal]\n{head}port = {port}\n{rest.partition(chr(10))[2]}", "utf-8")
        command = [sys.executable, "-m", "tierce", "serve", "--settings", str(file), "--only", "portal"]
        process = subprocess.Popen(
            command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True
        )
        started.append(process)
        return started[-1]

    yield one
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=30)


def _lives(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False, verify=NO_TLS).status_code < 500
    except httpx.TransportError:
        return False


def test_it_stops_although_its_worker_does_not_hear_the_signal(start: Start) -> None:
    """As one that a signal reached too early: a restart waited for ninety seconds, and a test for ever."""
    port = free_port()
    process = start(port)
    eventually(lambda: _lives(port), "the portal answers", seconds=60)
    (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(child), signal.SIGSTOP)
    began = monotonic()
    process.terminate()
    process.wait(timeout=60)
    assert monotonic() - began < STOP_SECONDS_MAX + 20
    assert not Path(f"/proc/{child}").exists()


def test_a_port_that_is_taken_and_a_file_that_is_not_there_are_told_without_a_trace(start: Start) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        process = start(taken)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 2
    assert f"127.0.0.1:{taken} : ce port est déjà pris" in told
    assert "Traceback" not in told
    process = start(free_port(), 'demo_people = "/nowhere/truth.json"\n')
    _, told = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "demo_people : /nowhere/truth.json ne se lit pas" in told
    assert "Traceback" not in told
