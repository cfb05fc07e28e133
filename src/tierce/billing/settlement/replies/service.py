"""Takes in one file of the bank's: all that it says of what was sent, in one transaction, once; or nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from psycopg import Connection

from tierce.billing.bank.sealing import Opener
from tierce.billing.settlement.lines import batch_line
from tierce.billing.settlement.replies import report, statement, store
from tierce.billing.settlement.replies.model import Heard, Kind, Marks, Report, Statement
from tierce.billing.settlement.replies.rules import claims_of, ends, named, unsaid
from tierce.billing.settlement.replies.stream import Chunks, Stream, wrong
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.kernel.ids import new_id
from tierce.policy.acts import Act

Step = Callable[[str], None]
"""Called with the name of the step about to begin; tests of crashes stop there."""


def no_step(_name: str) -> None:
    """Do nothing: production."""


class Digesting:
    """A file of which each byte that is read is digested: what is kept is of what was understood."""

    def __init__(self, file: Chunks) -> None:
        """Read from `file`."""
        self._file = file
        self.digest = sha256()

    def read(self, most: int, /) -> bytes:
        """The next bytes."""
        chunk = self._file.read(most)
        self.digest.update(chunk)
        return chunk


@dataclass(frozen=True, slots=True)
class Listener:
    """Reads what the bank replied, on a connection of role tierce_billing in autocommit mode."""

    appender: Appender
    clock: Clock
    account: str = field(repr=False)
    """The IBAN of the account that pays: another one's statement is refused."""
    opener: Opener
    """By whose key the bank's own texts are compared: none is kept."""

    def hear(self, connection: Connection, path: Path, *, dry: bool = False, step: Step = no_step) -> Heard:
        """Take one file in; with `dry`, say what it would do and write nothing.

        Raises:
            BankFileError: it is no such file, or one thing in it does not fit what was sent: nothing is kept.
        """
        with path.open("rb") as file:
            digesting = Digesting(file)
            message = read_message(digesting, self.account, self.opener.marks)
        digest = digesting.digest.digest()
        heard = Heard(
            Kind.REPORT if isinstance(message, Report) else Kind.STATEMENT, digest,
            others=message.others if isinstance(message, Statement) else 0,
        )  # fmt: skip
        with connection.transaction():
            store.alone(connection)
            before = store.read_before(connection, digest, message.marks)
            if before is not None:
                if before != digest:
                    raise wrong("GrpHdr", "un autre fichier du même numéro et de la même heure a été lu.",
                                "another file of the same number and time was read.",
                                "Rien n’en est gardé : appelez la banque.",
                                "Nothing of it is kept: call the bank.")  # fmt: skip
                heard.already = True
                return heard
            known = store.known(connection, *named(message))
            read = claims_of(message, known)
            heard.claims = tuple(unsaid(read, known))
            heard.repeated = len(read) - len(heard.claims)
            if dry:
                heard.carried_out = ends(heard.claims, known)
                return heard
            number = new_id()
            step("line")
            line = batch_line(
                Act.BANK_READ, self.clock.now(), who=self.appender.instance, number=number, digest=digest
            )
            entry = self.appender.write(connection, [line])[0]
            step("kept")
            heard.carried_out = store.keep(connection, number, heard, message.marks[0], entry)
            step("commit")
        return heard


def read_message(file: Chunks, account: str, marks: Marks) -> Report | Statement:
    """Read one message of either kind.

    Raises:
        BankFileError: it is none, or a statement of another account.
    """
    reports, statements = report.ReportReader(marks), statement.StatementReader(account, marks)
    stream = Stream({report.NAMESPACE: reports, statement.NAMESPACE: statements})
    stream.read(file)
    return reports.report() if stream.namespace == report.NAMESPACE else statements.statement()
