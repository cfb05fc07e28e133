"""Professionals are told by e-mail of what is done in their name, at the address on file before it; each once.

An attempt is written before it begins. One in doubt (the process died, or the server did not answer) is settled by
the relay's own log where there is one; without it the same message, with the same Message-ID, is handed over again.
What a message says is `rules.py`'s.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from psycopg import Connection

from tierce.kernel.alone import EachAlone
from tierce.kernel.clock import PARIS, Clock
from tierce.kernel.mailbox import is_mailbox
from tierce.notices.deliveries.dkim import Signer
from tierce.notices.deliveries.errors import DeliveryError
from tierce.notices.deliveries.mail import compose, message_id, return_path
from tierce.notices.deliveries.model import MailServer, Reply, Verdict
from tierce.notices.deliveries.rules import verdict, wait_after
from tierce.notices.deliveries.smtp import DoubtError, Line, LostError
from tierce.notices.model import Operator
from tierce.notices.own import store
from tierce.notices.own.model import Mail
from tierce.notices.own.rules import own_message

CHUNK: Final = 200


@dataclass(slots=True)
class Sent:
    """What one turn did."""

    sent: int = 0
    put_off: int = 0
    refused: int = 0


@dataclass(slots=True)
class Teller:
    """Sends over one connection of the relay, opened when it is first needed; role tierce_notices, autocommit."""

    operator: Operator
    clock: Clock
    server: MailServer
    signer: Signer
    known: Callable[[set[str]], set[str]] | None = None
    """Which of these Message-IDs the relay's own log has."""
    _line: Line | None = field(default=None, init=False)

    def turn(self, connection: Connection) -> Sent:
        """Send what waits; nothing is done while another process does its turn.

        One that cannot be written keeps none behind it: its failure is raised once the others were tried, each time
        that it is tried itself.

        Raises:
            MailServerError, TlsMissingError: the relay cannot be used; whatever waits still does.
        """
        done, alone = Sent(), EachAlone(connection, ends=(DeliveryError,))
        if not store.take_turn(connection):
            return done
        try:
            for mail in store.mails(connection, CHUNK):
                with alone.one():
                    self._one(connection, mail, done)
            alone.done()
        finally:
            store.end_turn(connection)
            self._close()
        return done

    def _one(self, connection: Connection, mail: Mail, done: Sent) -> None:
        number = message_id(mail.token, self.server.sender.partition("@")[2])
        if mail.doubtful and self.known is not None and number in self.known({number}):
            store.ended(connection, mail.token, "known", "")
            done.sent += 1
            return
        if not is_mailbox(mail.email):
            # Kept before such an address was refused: no message can be made to it, and none behind it would leave.
            store.ended(connection, mail.token, "refused", "5.1.3")
            done.refused += 1
            return
        line = self._connected()
        if not store.begin(connection, mail.token, again=mail.doubtful):
            return
        try:
            message = self._written(mail)
        except Exception:
            self._unwritten(connection, mail, done)
            raise
        try:
            reply = self._hand(line, mail, message)
        except LostError:
            self._wait(connection, mail, "lost", done)
        except DoubtError:
            if mail.doubtful:
                store.ended(connection, mail.token, "doubtful", "")
        else:
            self._judged(connection, mail, reply, done)

    def _judged(self, connection: Connection, mail: Mail, reply: Reply, done: Sent) -> None:
        said = verdict(reply)
        if said is Verdict.DONE:
            store.ended(connection, mail.token, "sent", reply.said)
            done.sent += 1
        elif said is Verdict.GIVE_UP:
            store.ended(connection, mail.token, "refused", reply.said)
            done.refused += 1
        else:
            self._wait(connection, mail, reply.said, done)

    def _wait(self, connection: Connection, mail: Mail, code: str, done: Sent) -> None:
        """Put off what certainly did not leave, until it was tried often enough."""
        wait = wait_after(mail.attempts + 1)
        if wait is None:
            store.ended(connection, mail.token, "refused", code)
            done.refused += 1
        else:
            store.put_off(connection, mail.token, code, self.clock.now() + wait)
            done.put_off += 1

    def _unwritten(self, connection: Connection, mail: Mail, done: Sent) -> None:
        """Put off what cannot be written, until it was tried often enough: it is set aside, and named."""
        wait = wait_after(mail.attempts + 1)
        if wait is None:
            store.ended(connection, mail.token, "doubtful" if mail.doubtful else "unwritten", "unwritten")
            done.refused += 1
        elif not mail.doubtful:
            store.put_off(connection, mail.token, "unwritten", self.clock.now() + wait)
            done.put_off += 1

    def _written(self, mail: Mail) -> bytes:
        now = self.clock.now()
        return self.signer.sign(compose(
            own_message(self.operator, mail, now.astimezone(PARIS).date()), mail.language,
            sender=(self.operator.name, self.server.sender), to=("", mail.email), token=mail.token, at=now,
        ))  # fmt: skip

    def _hand(self, line: Line, mail: Mail, message: bytes) -> Reply:
        try:
            return line.send(return_path(mail.token, self.server.bounces), mail.email, message)
        except (LostError, DoubtError):
            self._close()
            raise

    def _connected(self) -> Line:
        if self._line is None:
            self._line = Line(self.server)
        return self._line

    def _close(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None
