"""The load generator against a real HTTP server whose answers are known."""

import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tierce.lab.bench.errors import BenchError
from tierce.lab.bench.load import build_generator, run_load, write_requests

STALL_SECONDS = 0.4


class Server(ThreadingHTTPServer):
    """Counts the bodies it reads; answers `busy` with 503, `drop` by hanging up, `stall` late."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.bodies: Counter[bytes] = Counter()
        self.lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet

    def do_POST(self) -> None:
        assert isinstance(self.server, Server)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.bodies[body] += 1
        if body == b"drop":
            self.close_connection = True
            return
        if body == b"stall":
            threading.Event().wait(STALL_SECONDS)
        answer = b'{"shown":true}' if body == b"show" else b'{"shown":false}'
        self.send_response(503 if body == b"busy" else 200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_generator(tmp_path_factory.mktemp("load"))


def _requests(directory: Path, bodies: list[bytes]) -> Path:
    path = directory / "requests.bin"
    head = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n\r\n"
    write_requests(path, (head.format(len(body)).encode() + body for body in bodies))
    return path


def test_each_request_is_sent_once_and_every_answer_counted(server: Server, program: Path, tmp_path: Path) -> None:
    bodies = [b"show"] * 50 + [b"busy"] * 20 + [b"hide"] * 30
    result = run_load(
        program, port=server.server_port, requests=_requests(tmp_path, bodies), connections=4, seconds=10
    )
    assert result.ran_out
    assert result.statuses == {"200": 80, "503": 20}
    assert (result.sent, result.answered, result.shown) == (100, 100, 50)
    assert result.errors == {"503": 20}
    assert result.body_bytes == (14, 15)
    assert server.bodies == Counter(bodies)
    latency = result.latency_ms
    assert 0 < latency.p50 <= latency.p90 <= latency.p99 <= latency.p999 <= latency.max


def test_a_connection_hung_up_is_an_error_and_the_others_go_on(server: Server, program: Path, tmp_path: Path) -> None:
    bodies = [b"show"] * 10 + [b"drop"] + [b"show"] * 10
    result = run_load(
        program, port=server.server_port, requests=_requests(tmp_path, bodies), connections=2, seconds=10
    )
    assert (result.answered, result.lost, result.connections_lost) == (20, 1, 1)
    assert result.errors == {"unanswered": 1}


def test_at_a_fixed_rate_a_stall_is_charged_to_every_request_it_delayed(
    server: Server, program: Path, tmp_path: Path
) -> None:
    result = run_load(
        program,
        port=server.server_port,
        requests=_requests(tmp_path, [b"stall"] + [b"show"] * 400),
        connections=1,
        seconds=1.5,
        rate=100,
    )
    assert not result.ran_out
    assert result.answered == result.sent == sum(server.bodies.values())
    assert 100 < result.sent < 210
    # About 40 of 150 requests fell due during the stall; counted from when they were sent, one alone would be slow.
    assert result.latency_ms.p90 > STALL_SECONDS * 1e3 / 4


def test_a_service_that_is_not_there_is_a_clear_error(program: Path, tmp_path: Path) -> None:
    with Server() as gone:
        port = gone.server_port
    with pytest.raises(BenchError, match="cannot connect: Connection refused"):
        run_load(program, port=port, requests=_requests(tmp_path, [b"show"]), connections=1, seconds=1)


def test_a_machine_without_a_compiler_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BenchError, match="`gcc`"):
        build_generator(tmp_path / "elsewhere")
