"""Those who work at an establishment are told of an ask by e-mail, at the address on file before it; each once.

An attempt is written before it begins. One in doubt (the process died, or the server did not answer) is settled by
the relay's own log where there is one; without it the same message, with the same Message-ID, is handed over again.
A message has no link, asks for nothing, and shows an account's country and last four alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from psycopg import Connection

from tierce.billing.bank import store
from tierce.billing.bank.model import Mail, Told, masked
from tierce.kernel.clock import PARIS, Clock
from tierce.kernel.language import Phrase
from tierce.kernel.mailbox import is_mailbox
from tierce.kernel.saying import say_date, say_instant, say_name
from tierce.notices.deliveries.dkim import Signer
from tierce.notices.deliveries.mail import compose, message_id, return_path
from tierce.notices.deliveries.model import MailServer, Reply, Verdict
from tierce.notices.deliveries.rules import verdict, wait_after
from tierce.notices.deliveries.smtp import DoubtError, Line, LostError
from tierce.notices.model import Block, BlockKind, Document, Operator

CHUNK: Final = 200


def account_message(operator: Operator, mail: Mail, dated: date) -> Document:
    """What a message says, in both languages."""
    place, account = say_name(mail.place), masked(mail.country, mail.tail)
    asked = say_date(mail.asked.astimezone(PARIS).date())
    due = say_instant(mail.due)
    if mail.what is Told.ASKED:
        title = Phrase("Changement de compte bancaire demandé", "Change of bank account asked for")
        happened = Phrase(
            f"Le {asked.fr}, quelqu’un a demandé que les paiements de {place} aillent au compte {account}. "
            f"Rien ne change avant {due.fr}, ni sans notre appel.",
            f"On {asked.en}, somebody asked that the payments of {place} go to the account {account}. "
            f"Nothing changes before {due.en[3:]}, nor without our call.",
        )
    else:
        title = Phrase("Nouveau compte bancaire en vigueur", "New bank account in force")
        happened = Phrase(
            f"Les paiements de {place} vont maintenant au compte {account}, demandé le {asked.fr}.",
            f"The payments of {place} now go to the account {account}, asked for on {asked.en}.",
        )
    object_to = Phrase(
        "Ce n’est pas vous ? Ouvrez le portail, à l’adresse que vous avez déjà, page Compte bancaire : un bouton "
        f"l’arrête. Ou appelez-nous au {operator.phone}.",
        "It was not you? Open the portal, at the address that you already have, page Bank account: one button stops "
        f"it. Or call us on {operator.phone}.",
    )
    late = Phrase(
        f"Ce n’est pas votre compte ? Appelez-nous tout de suite au {operator.phone}.",
        f"It is not your account? Call us at once on {operator.phone}.",
    )
    never = Phrase(
        "Ce message n’a pas de lien. Nous ne demandons jamais d’IBAN ni de code par courriel ou par téléphone.",
        "This message has no link. We never ask for an IBAN or a code by e-mail or telephone.",
    )
    return Document(
        title=title,
        sender=(operator.name, operator.address, operator.phone),
        recipient=(),
        reference=mail.token.hex().upper(),
        dated=dated,
        greeting=Phrase("Bonjour,", "Hello,"),
        blocks=(
            Block(BlockKind.NATURE, Phrase("Ce qui s’est passé", "What happened"), (happened,)),
            Block(
                BlockKind.ACTIONS,
                Phrase("Ce que vous pouvez faire", "What you can do"),
                (object_to if mail.what is Told.ASKED else late, never),
            ),
        ),
        closing=Phrase("Bien à vous,", "Yours,"),
        signature=(Phrase(operator.name, operator.name),),
    )


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

        Raises:
            MailServerError, TlsMissingError: the relay cannot be used; whatever waits still does.
        """
        done = Sent()
        if not store.take_turn(connection):
            return done
        try:
            for mail in store.mails(connection, CHUNK):
                self._one(connection, mail, done)
        finally:
            store.end_turn(connection)
            self._close()
        return done

    def _one(self, connection: Connection, mail: Mail, done: Sent) -> None:
        number = message_id(mail.token, self.server.sender.partition("@")[2])
        if mail.doubtful and self.known is not None and number in self.known({number}):
            store.telling_ended(connection, mail.token, "known", "")
            done.sent += 1
            return
        if not is_mailbox(mail.email):
            # Kept before such an address was refused: no message can be made to it, and none behind it would leave.
            store.telling_ended(connection, mail.token, "refused", "5.1.3")
            done.refused += 1
            return
        line = self._connected()
        if not store.begin_telling(connection, mail.token, again=mail.doubtful):
            return
        try:
            reply = self._hand(line, mail)
        except LostError:
            store.telling_put_off(connection, mail.token, "lost", self.clock.now())
            done.put_off += 1
        except DoubtError:
            if mail.doubtful:
                store.telling_ended(connection, mail.token, "doubtful", "")
        else:
            self._judged(connection, mail, reply, done)

    def _judged(self, connection: Connection, mail: Mail, reply: Reply, done: Sent) -> None:
        said, wait = verdict(reply), wait_after(mail.attempts + 1)
        if said is Verdict.DONE:
            store.telling_ended(connection, mail.token, "sent", reply.said)
            done.sent += 1
        elif said is Verdict.GIVE_UP or wait is None:
            store.telling_ended(connection, mail.token, "refused", reply.said)
            done.refused += 1
        else:
            store.telling_put_off(connection, mail.token, reply.said, self.clock.now() + wait)
            done.put_off += 1

    def _hand(self, line: Line, mail: Mail) -> Reply:
        now = self.clock.now()
        message = compose(
            account_message(self.operator, mail, now.astimezone(PARIS).date()), mail.language,
            sender=(self.operator.name, self.server.sender), to=("", mail.email), token=mail.token, at=now,
        )  # fmt: skip
        try:
            return line.send(return_path(mail.token, self.server.bounces), mail.email, self.signer.sign(message))
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
