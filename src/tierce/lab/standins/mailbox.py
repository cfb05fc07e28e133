"""A mail server on this machine that keeps what it is given: for the demonstration, the drill, the bench and tests.

`python -m tierce.lab.standins.mailbox --port PORT --folder FOLDER`. Messages become files of FOLDER/new, named by
their Message-ID, with return path and recipient on top; FOLDER/log has a line for each, as a relay's own log would.
A recipient whose address begins with a code is answered by that code: `550-5.1.1-anne@…` does not exist,
`451-4.7.1-…` is put off. At `drop-…` the connection is cut off; `hold-rcpt-…` or `hold-end-…` waits, before the
answer to RCPT or to the message, until FOLDER/go exists. `--certificate PEM` has it require STARTTLS; `--login NAME
PASSWORD` has it take nothing before.
"""

import argparse
import asyncio
import re
import ssl
import sys
from collections import Counter
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

_CODE = re.compile(r"([245]\d\d)-([245]\.\d+\.\d+)-")
HELD = "held"
GO = "go"


class Mailbox:
    """The handler: one instance for every connection."""

    def __init__(self, folder: Path, *, keep: bool) -> None:
        """Keep messages in `folder`; with `keep` off, count them only."""
        self._folder = folder
        self._keep = keep
        (folder / "new").mkdir(parents=True, exist_ok=True)
        # Counted here: to look the folder through for each message takes longer with every message in it.
        self._taken = Counter(one.name.rpartition(".")[0] for one in (folder / "new").iterdir())
        self._log = (folder / "log").open("a", encoding="utf-8", buffering=1)

    async def handle_EHLO(  # noqa: N802 - the server's own name for it
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Announce that commands may come together, as relays in use do."""
        _ = server, envelope
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_RCPT(  # noqa: N802 - the server's own name for it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer by the code that the address begins with."""
        _ = session, options
        if address.startswith("drop-"):
            assert server.transport is not None
            server.transport.close()
        if address.startswith("hold-rcpt-"):
            await self._held()
        found = _CODE.match(address)
        if found:
            return f"{found[1]} {found[2]} as asked"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - the name the server calls
        """Keep the message, then answer."""
        _ = server, session
        content = envelope.content
        assert isinstance(content, bytes)
        number = str(BytesHeaderParser().parsebytes(content[:8192])["Message-ID"] or "")
        if self._keep:
            name = re.sub(r"[^0-9a-z.@-]", "", number) or "unnamed"
            count = self._taken[name]
            self._taken[name] += 1
            head = f"Return-Path: <{envelope.mail_from}>\r\nDelivered-To: {envelope.rcpt_tos[0]}\r\n"
            part = self._folder / f"{name}.{count}.part"
            part.write_bytes(head.encode() + content)
            part.replace(self._folder / "new" / f"{name}.{count}")
        self._log.write(f"message-id={number}\n")
        if envelope.rcpt_tos[0].startswith("hold-end-"):
            await self._held()
        return "250 2.0.0 kept"

    async def _held(self) -> None:
        (self._folder / HELD).touch()
        while not (self._folder / GO).exists():  # noqa: ASYNC110 - another process makes the file
            await asyncio.sleep(0.01)


@dataclass(frozen=True, slots=True)
class Door:
    """How the server is entered: a PEM certificate with its key for STARTTLS, and the one name and password."""

    certificate: Path | None = None
    login: tuple[str, str] | None = None


async def serve(folder: Path, port: int, *, keep: bool, door: Door) -> asyncio.Server:
    """Listen on 127.0.0.1; port 0 takes a free one. With a login, nothing is taken before it, nor outside TLS."""
    mailbox = Mailbox(folder, keep=keep)
    loop = asyncio.get_running_loop()
    context = None
    if door.certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(door.certificate)

    def authenticate(
        _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object
    ) -> AuthResult:
        given = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode())
        return AuthResult(success=given == door.login, handled=False)

    def make() -> SMTP:
        return SMTP(
            mailbox,
            hostname="mailbox.example",
            ident="mailbox",
            enable_SMTPUTF8=False,
            loop=loop,
            tls_context=context,
            require_starttls=context is not None,
            auth_required=door.login is not None,
            authenticator=authenticate if door.login else None,
        )

    return await loop.create_server(make, "127.0.0.1", port)


async def _run(folder: Path, port: int, *, keep: bool, door: Door) -> None:
    server = await serve(folder, port, keep=keep, door=door)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


def main() -> None:
    """Serve until stopped; the port is printed once it listens."""
    parser = argparse.ArgumentParser(description="A mail server that keeps what it is given.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--count-only", action="store_true")
    parser.add_argument("--certificate", type=Path, help="PEM of certificate and key: STARTTLS is required")
    parser.add_argument("--login", nargs=2, metavar=("NAME", "PASSWORD"), help="who may send, within TLS")
    given = parser.parse_args()
    door = Door(given.certificate, tuple(given.login) if given.login else None)
    try:
        asyncio.run(_run(given.folder, given.port, keep=not given.count_only, door=door))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
