"""One connection to the mail server: opened once, one message after another, every failure told from a doubt."""

import re
import smtplib
import ssl
from collections.abc import Iterable, Sequence
from ipaddress import ip_address

from tierce.kernel.mailbox import is_mailbox
from tierce.notices.deliveries.errors import DeliveryError, LoginRefusedError, MailServerError, TlsMissingError
from tierce.notices.deliveries.model import MailServer, Reply
from tierce.notices.deliveries.rules import parsed

TIMEOUT_SECONDS = 60
_END = b".\r\n"
_GO_AHEAD = 354
CLOSING = 421
"""The server answers this and closes the connection, RFC 5321."""
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)


class DoubtError(Exception):
    """The message was handed over whole or in part, and no answer came: nobody here can say."""


class LostError(Exception):
    """The connection was lost before the message was handed over: it has certainly not left."""


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Line:
    """A connection to the relay."""

    def __init__(self, server: MailServer) -> None:
        """Connect, encrypt and sign in.

        Raises:
            MailServerError: it cannot be reached, or refuses us.
            TlsMissingError: it offers no STARTTLS, or its certificate does not verify; nothing was given in clear.
            LoginRefusedError: it does not take our name and password.
        """
        try:
            self._smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
        except (OSError, smtplib.SMTPException) as error:
            raise MailServerError from error
        try:
            self._open(server)
        except (DeliveryError, OSError, smtplib.SMTPException) as error:
            self._smtp.close()
            if isinstance(error, DeliveryError):
                raise
            raise MailServerError from error

    def _open(self, server: MailServer) -> None:
        self._smtp.ehlo()
        if server.starttls:
            if not self._smtp.has_extn("starttls"):
                raise TlsMissingError
            try:
                self._smtp.starttls(context=ssl.create_default_context())
            except ssl.SSLError as error:
                raise TlsMissingError from error
            self._smtp.ehlo()
        elif not _loopback(server.host):
            raise TlsMissingError
        if server.user is not None and server.password is not None:
            try:
                self._smtp.login(server.user, server.password.read_text().strip())
            except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as error:
                raise LoginRefusedError from error

    def send(self, return_path: str, recipient: str, message: bytes) -> Reply:
        """Hand over one message; gives the server's answer, which may be a refusal.

        Raises:
            LostError: the connection ended before the message was given.
            DoubtError: it ended after.
        """
        if not is_mailbox(recipient):
            return parsed(553, "5.1.3")  # what a server says of it; said to one half-way, the next message is refused
        commands = (f"MAIL FROM:<{return_path}>", f"RCPT TO:<{recipient}>", "DATA")
        try:
            refused = self._together(commands) if self._smtp.has_extn("pipelining") else self._in_turn(commands)
        except (OSError, smtplib.SMTPException) as error:
            raise LostError from error
        if refused is not None:
            self._reset()
            return refused
        try:
            self._smtp.send(_LEADING_DOT.sub(b"..", message) + _END)
            code, said = self._smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise DoubtError from error
        return parsed(code, said.decode("ascii", "replace"))

    def _in_turn(self, commands: Iterable[str]) -> Reply | None:
        """Give commands one by one; the first refusal, if there is one."""
        for command in commands:
            code, said = self._smtp.docmd(command)
            if not 200 <= code < 400:
                return parsed(code, said.decode("ascii", "replace"))
        return None

    def _together(self, commands: Sequence[str]) -> Reply | None:
        """Give commands at once, RFC 2920; the first refusal, if there is one.

        A server that takes DATA for a message without a recipient is given an empty one, which goes to nobody.
        """
        self._smtp.send("".join(f"{command}\r\n" for command in commands))
        answers: list[tuple[int, bytes]] = []
        while len(answers) < len(commands) and (not answers or answers[-1][0] != CLOSING):
            answers.append(self._smtp.getreply())
        refused = next((one for one in answers if not 200 <= one[0] < 400), None)
        if refused is None:
            return None
        if answers[-1][0] == _GO_AHEAD:
            self._smtp.send(_END)
            self._smtp.getreply()
        return parsed(refused[0], refused[1].decode("ascii", "replace"))

    def _reset(self) -> None:
        try:
            self._smtp.rset()
        except (OSError, smtplib.SMTPException):
            return

    def close(self) -> None:
        """Say goodbye; a server that has gone is no error."""
        try:
            self._smtp.quit()
        except (OSError, smtplib.SMTPException):
            self._smtp.close()
