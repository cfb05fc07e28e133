"""The witness's one address: `POST /add-checkpoint`.

The standard library serves it: one caller, now and then, behind a proxy that terminates TLS.
"""

import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tierce.journal.errors import JournalError
from tierce.journal.witness.service import Witness, WitnessRefusedError, read_request

PATH = "/add-checkpoint"
BODY_BYTES_MAX = 70_000
READ_SECONDS_MAX = 10.0
_LENGTH = re.compile("[0-9]{1,5}")


def serve(witness: Witness, port: int) -> ThreadingHTTPServer:
    """Listen on the loopback; the operator's proxy stands in front. Call `serve_forever` on what is given."""

    class Handler(BaseHTTPRequestHandler):
        """One call."""

        timeout = READ_SECONDS_MAX
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Cosign, or say under which status not."""
            if self.path != PATH:
                self._answer(404, "there is nothing here\n")
                return
            length = self._length()
            if length is None:
                self._answer(413, "a call has one content length, of 70,000 bytes at most\n")
                return
            try:
                line = witness.add_checkpoint(read_request(self.rfile.read(length).decode("utf-8", "replace")))
            except WitnessRefusedError as error:
                if error.size is not None:
                    self._answer(error.status, f"{error.size}\n", "text/x.tlog.size")
                else:
                    self._answer(error.status, f"{error}\n")
            except (JournalError, OSError) as error:
                # What it remembers cannot be read or kept: it cosigns nothing until somebody has looked.
                self._answer(500, f"{type(error).__name__}\n")
            else:
                self._answer(200, f"{line}\n")

        def _length(self) -> int | None:
            """How long the body is; None where that is said in two ways, in another script, or is too much."""
            said = self.headers.get_all("content-length", [])
            if len(said) != 1 or "transfer-encoding" in self.headers or not _LENGTH.fullmatch(said[0]):
                return None
            return length if (length := int(said[0])) <= BODY_BYTES_MAX else None

        def _answer(self, status: int, text: str, kind: str = "text/plain; charset=utf-8") -> None:
            data = text.encode()
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(data)))
            self.send_header("connection", "close")  # nothing that is left unread is ever read as another call
            self.close_connection = True
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Write nothing: the proxy in front logs requests."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)
