"""An HTTP proxy as practices have them: it loses an answer, or sends a request twice."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

DROPPED = {"connection", "proxy-connection", "transfer-encoding", "keep-alive", "host", "content-length"}


@dataclass
class Relay:
    """`lose` and `repeat` hold what is to happen to the next requests of a path, once each."""

    url: str = ""
    lose: list[str] = field(default_factory=list)
    repeat: list[str] = field(default_factory=list)


@contextmanager
def relay() -> Iterator[Relay]:
    """Serve on the loopback until the end."""
    found = Relay()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = urlsplit(self.path).path
            answer, content = self._asked(body)
            if path in found.repeat:
                found.repeat.remove(path)
                answer, content = self._asked(body)
            self.close_connection = True
            if path in found.lose:
                found.lose.remove(path)
                return
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in DROPPED:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _asked(self, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
            parts = urlsplit(self.path)
            onward = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=30)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in DROPPED}
            onward.request(self.command, f"{parts.path}?{parts.query}" if parts.query else parts.path, body, headers)
            answer = onward.getresponse()
            content = answer.read()
            onward.close()
            return answer, content

        do_GET = do_POST = _pass_on  # noqa: N815 - the library's own names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
