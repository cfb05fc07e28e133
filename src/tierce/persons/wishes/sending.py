"""Codes and notices leave, each once: an attempt is written before it begins, and a doubt is told from a failure.

What is tried is bounded: a code while it serves, a notice six times, also where its text cannot be made; what became
of it is written. A notice in doubt (the process died, or the server did not answer) is settled by the relay's own log
where there is one; without it, the same message with the same Message-ID is handed over once more, and never a third
time. A code in doubt is not sent again: she asks for another.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from psycopg import Connection

from tierce.incidents.rules import crockford
from tierce.journal.service import Appender
from tierce.kernel.alone import EachAlone
from tierce.kernel.clock import PARIS, Clock
from tierce.kernel.ids import IncidentId
from tierce.kernel.language import Language
from tierce.notices.deliveries.dkim import Signer
from tierce.notices.deliveries.errors import DeliveryError
from tierce.notices.deliveries.mail import compose, message_id, return_path
from tierce.notices.deliveries.model import MailServer, Reply, Verdict
from tierce.notices.deliveries.rules import verdict, wait_after
from tierce.notices.deliveries.smtp import DoubtError, Line, LostError
from tierce.notices.lines import notice_line
from tierce.notices.model import Document, Operator
from tierce.persons.wishes import store
from tierce.persons.wishes.model import Code, Ended, FirstLook, How, Sealed, Tally
from tierce.persons.wishes.rules import code_message, code_wait, look_message
from tierce.policy.acts import Act

LEAVES = 20_000
"""Journal lines looked at in one piece."""
CHUNK = 200
"""Messages of one turn at most, of each kind: what is left waits for the next."""
REFERENCE_CHARS = 12

Known = Callable[[set[str]], set[str]]


@dataclass(slots=True)
class Sender:
    """Sends over one connection of the relay, opened when it is first needed; role tierce_notices, autocommit."""

    appender: Appender
    operator: Operator
    clock: Clock
    server: MailServer
    signer: Signer
    identity: str
    """The age key with which addresses open; its public half is offered to the persons' space."""
    known: Known | None = None
    """Which of these Message-IDs the relay's own log has."""
    _line: Line | None = field(default=None, init=False)

    def turn(self, connection: Connection, recipient: str) -> Tally:
        """Send what waits; nothing is done while another process does its turn.

        One that cannot be written keeps none behind it: its failure is raised once the others were tried, each time
        that it is tried itself.

        Raises:
            MailServerError, TlsMissingError: the relay cannot be used; whatever waits still does.
        """
        done, alone = Tally(), EachAlone(connection, ends=(DeliveryError,))
        if not store.take_turn(connection):
            return done
        try:
            store.offer(connection, recipient)
            store.end_late(connection)
            for code in store.codes(connection, CHUNK):
                with alone.one():
                    self._code(connection, code, done)
            while (read := store.find(connection, LEAVES)) > 0:
                done.found += read
            store.drop_stopped(connection)
            for look in store.waiting(connection, CHUNK):
                with alone.one():
                    self._look(connection, look, done)
            if done.sent:
                self._say(connection, done.sent)
            alone.done()
        finally:
            store.end_turn(connection)
            self.close()
        return done

    def _say(self, connection: Connection, sent: int) -> None:
        line = notice_line(self.appender, Act.FIRST_LOOKS_TOLD, self.clock.now(), incident=IncidentId(sent))
        with connection.transaction():
            self.appender.write(connection, [line])

    def _code(self, connection: Connection, code: Code, done: Tally) -> None:
        opened = store.open_(self.identity, code.sealed)
        if opened is None:
            store.end(connection, code.wish, Ended.UNREADABLE)
            return
        line = self._connected()
        if not store.begin_code(connection, code.wish):
            return
        try:
            document = code_message(self.operator, opened.code, self.clock.now().astimezone(PARIS).date())
            message = self._written(document, code.language, code.token, opened)
        except Exception:
            self._code_waits(connection, code, done)
            raise
        try:
            reply = self._hand(line, message, code.token, opened)
        except LostError:
            self._code_waits(connection, code, done)
            return
        except DoubtError:
            return
        said = verdict(reply)
        if said is Verdict.DONE:
            store.code_sent(connection, code.wish)
            done.codes += 1
        elif said is Verdict.GIVE_UP:
            store.end(connection, code.wish, Ended.REFUSED)
            done.refused += 1
        else:
            self._code_waits(connection, code, done)

    def _code_waits(self, connection: Connection, code: Code, done: Tally) -> None:
        """Put off a code that certainly did not leave, while it may still be typed in time."""
        wait = code_wait(code.attempts + 1)
        if wait is None:
            store.end(connection, code.wish, Ended.UNSENT)
            done.refused += 1
        else:
            store.code_put_off(connection, code.wish, self.clock.now() + wait)
            done.put_off += 1

    def _look(self, connection: Connection, look: FirstLook, done: Tally) -> None:
        if look.doubtful and self._settled(connection, look):
            done.sent += 1
            return
        opened = store.open_(self.identity, look.sealed)
        if opened is None:
            store.end(connection, look.wish, Ended.UNREADABLE)
            return
        line = self._connected()
        if not store.begin(connection, look.token, again=look.doubtful):
            return
        reference = crockford(look.token, REFERENCE_CHARS)
        try:
            document = look_message(self.operator, reference, self.clock.now().astimezone(PARIS).date())
            message = self._written(document, look.language, look.token, opened)
        except Exception:
            self._wait(connection, look, How.UNWRITTEN, done)
            raise
        try:
            reply = self._hand(line, message, look.token, opened)
        except LostError:
            self._wait(connection, look, "lost", done)
            return
        except DoubtError:
            if look.doubtful:
                store.told(connection, look.token, How.DOUBTFUL, "")
            return
        self._judged(connection, look, reply, done)

    def _settled(self, connection: Connection, look: FirstLook) -> bool:
        """Whether the relay's own log has the message that a crash left in doubt."""
        number = message_id(look.token, self.server.sender.partition("@")[2])
        if self.known is None or number not in self.known({number}):
            return False
        store.told(connection, look.token, How.KNOWN, "")
        return True

    def _judged(self, connection: Connection, look: FirstLook, reply: Reply, done: Tally) -> None:
        said = verdict(reply)
        if said is Verdict.DONE:
            store.told(connection, look.token, How.SENT, reply.said)
            done.sent += 1
        elif said is Verdict.GIVE_UP:
            store.told(connection, look.token, How.REFUSED, reply.said)
            store.end(connection, look.wish, Ended.REFUSED)
            done.refused += 1
        else:
            self._wait(connection, look, reply.said, done)

    def _wait(self, connection: Connection, look: FirstLook, code: str, done: Tally) -> None:
        """Put off what certainly did not leave, until it was tried often enough."""
        wait = wait_after(look.attempts + 1)
        if wait is None:
            store.told(connection, look.token, How.UNWRITTEN if code == How.UNWRITTEN else How.REFUSED, code)
            done.refused += 1
        else:
            store.put_off(connection, look.token, code, self.clock.now() + wait)
            done.put_off += 1

    def _written(self, document: Document, language: Language, token: bytes, to: Sealed) -> bytes:
        return self.signer.sign(compose(
            document, language, sender=(self.operator.name, self.server.sender), to=("", to.address), token=token,
            at=self.clock.now(),
        ))  # fmt: skip

    def _hand(self, line: Line, message: bytes, token: bytes, to: Sealed) -> Reply:
        try:
            return line.send(return_path(token, self.server.bounces), to.address, message)
        except (LostError, DoubtError):
            self.close()
            raise

    def _connected(self) -> Line:
        if self._line is None:
            self._line = Line(self.server)
        return self._line

    def close(self) -> None:
        """Say goodbye to the relay."""
        if self._line is not None:
            self._line.close()
            self._line = None
