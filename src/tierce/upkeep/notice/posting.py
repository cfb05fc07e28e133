"""Notices to insurers as signed e-mail, by the relay and the key with which the operator writes to people."""

from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from pathlib import Path

from tierce.kernel.clock import PARIS, SystemClock
from tierce.notices.deliveries.dkim import Signer
from tierce.notices.deliveries.errors import DeliveryError
from tierce.notices.deliveries.model import MailServer, Verdict
from tierce.notices.deliveries.rules import verdict
from tierce.notices.deliveries.smtp import CLOSING, DoubtError, Line, LostError
from tierce.notices.errors import MailRefusedError
from tierce.notices.telling.model import Mail, Post
from tierce.settings import credentials


class Relay:
    """Sends through one connection of the operator's relay, opened when it is first needed."""

    def __init__(self, server: MailServer) -> None:
        """Sign as the relay's settings say."""
        self._server = server
        self._signer = Signer.load(handed(server.dkim_key), server.dkim_domain, server.dkim_selector)
        self._line: Line | None = None

    def send(self, mail: Mail) -> None:
        """Hand one e-mail to the relay.

        Raises:
            MailRefusedError: it did not take it, or its answer did not come: the same message is sent again later.
        """
        try:
            if self._line is None:
                self._line = Line(self._server)
            reply = self._line.send(
                f"{mail.message_id.partition('@')[0]}@{self._server.bounces}",
                mail.to,
                self._signer.sign(self._written(mail)),
            )
        except (LostError, DoubtError) as error:
            self.close()
            raise MailRefusedError(type(error).__name__, Verdict.RETRY) from None
        except DeliveryError as error:
            self.close()
            raise MailRefusedError(type(error).__name__) from None
        if reply.code == CLOSING:
            self.close()
        found = verdict(reply)
        if found is not Verdict.DONE:
            raise MailRefusedError(reply.said, found)

    def _written(self, mail: Mail) -> bytes:
        message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
        message["From"] = formataddr((mail.sender, self._server.sender))
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(SystemClock().now().astimezone(PARIS))
        message["Message-ID"] = f"<{mail.message_id}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text, cte="quoted-printable")
        return message.as_bytes()

    def close(self) -> None:
        """Say goodbye."""
        if self._line is not None:
            self._line.close()
            self._line = None


def handed(path: Path) -> Path:
    """The file of that name that the service manager hands to this process, or the file itself."""
    folder = credentials()
    return folder / path.name if folder is not None and (folder / path.name).exists() else path


class NoRelay:
    """Where no relay is in the settings: notices are written, their site shows them, and no e-mail leaves."""

    def send(self, mail: Mail) -> None:
        """Refuse.

        Raises:
            MailRefusedError: always.
        """
        msg = "mail : aucun relais dans les réglages / no relay in the settings"
        raise MailRefusedError(msg)


@contextmanager
def relay(server: MailServer | None) -> Iterator[Post]:
    """Open the relay for a turn, if there is one."""
    if server is None:
        yield NoRelay()
        return
    made = Relay(server)
    try:
        yield made
    finally:
        made.close()
