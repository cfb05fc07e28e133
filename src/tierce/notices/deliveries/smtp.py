"""One connection to the mail server: opened once, one message after another, every failure told from a doubt."""

import re
import smtplib
import ssl
from ipaddress import ip_address

from tierce.notices.deliveries.errors import MailServerError, TlsMissingError
from tierce.notices.deliveries.model import MailServer, Reply
from tierce.notices.deliveries.rules import parsed

TIMEOUT_SECONDS = 60
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
            TlsMissingError: it is on another machine and offers no STARTTLS.
        """
        self._server = server
        try:
            self._smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
            self._smtp.ehlo()
            if server.starttls:
                if not self._smtp.has_extn("starttls"):
                    raise TlsMissingError
                self._smtp.starttls(context=ssl.create_default_context())
                self._smtp.ehlo()
            elif not _loopback(server.host):
                raise TlsMissingError
            if server.user is not None and server.password is not None:
                self._smtp.login(server.user, server.password.read_text().strip())
        except (OSError, smtplib.SMTPException) as error:
            raise MailServerError from error

    def send(self, return_path: str, recipient: str, message: bytes) -> Reply:
        """Hand over one message; gives the server's answer, which may be a refusal.

        Raises:
            LostError: the connection ended before the message was given.
            DoubtError: it ended after.
        """
        for command in (f"MAIL FROM:<{return_path}>", f"RCPT TO:<{recipient}>", "DATA"):
            try:
                code, said = self._smtp.docmd(command)
            except (OSError, smtplib.SMTPException) as error:
                raise LostError from error
            if not 200 <= code < 400:
                self._reset()
                return parsed(code, said.decode("ascii", "replace"))
        try:
            self._smtp.send(_LEADING_DOT.sub(b"..", message) + b".\r\n")
            code, said = self._smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise DoubtError from error
        return parsed(code, said.decode("ascii", "replace"))

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
