"""Asking that an entry lose its person: each who asks leaves a line, and the second has it done."""

from dataclasses import dataclass

from psycopg import Connection

from tierce.journal import store as rows
from tierce.journal.encoding import decode
from tierce.journal.model import Entry, EntryKind
from tierce.journal.segments import store
from tierce.journal.segments.errors import RedactionRefusedError
from tierce.journal.segments.sealed import SealedLog
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock, from_micros, micros
from tierce.kernel.ids import NOBODY, ActivityId, EntrySeq
from tierce.policy.acts import Act, Outcome
from tierce.policy.segments import REDACTIONS, REDACTORS, RedactionReason


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking."""

    line: EntrySeq
    """The journal's line that says so."""
    wanted: int
    """How many more people must ask; 0: the next run of the sealing job does it."""


def ask_redaction(
    connection: Connection,
    reader: Connection,
    sealed: SealedLog,
    appender: Appender,
    clock: Clock,
    policy: bytes,
    *,
    seq: EntrySeq,
    reason: RedactionReason,
    author: int,
) -> Asked:
    """Write that `author` asks for the redaction of an entry.

    `connection` is of role tierce_upkeep, which alone may ask and reads no entry; `reader` of role tierce_office,
    which reads entries and may not ask.

    Raises:
        RedactionRefusedError: no such entry, nobody in it, too young for the reason, or asked by her already.
    """
    with connection.transaction():
        body = rows.entry_body(reader, seq)
        found = sealed.of_seq(reader, seq) if body is None else None
        if body is None and (found is None or found.redacted is not None):
            msg = (
                f"aucune ligne qui nomme une personne n’a le numéro {seq} / "
                "no entry that names a person has this number"
            )
            raise RedactionRefusedError(msg)
        entry = decode(body if body is not None else found.body)  # type: ignore[union-attr] # told just above
        if entry.person == NOBODY:
            msg = f"la ligne {seq} ne nomme personne : rien à caviarder / it names nobody: there is nothing to redact"
            raise RedactionRefusedError(msg)
        now, rule = clock.now(), REDACTIONS[reason]
        if from_micros(entry.time_us) > now - rule.after:
            days = rule.after.days
            msg = (
                f"la ligne {seq} a moins de {days} jours : pour ce motif elle est gardée jusque-là / "
                f"it is younger than {days} days: for this reason it must be kept until then"
            )
            raise RedactionRefusedError(msg)
        before = store.redaction_asks(connection, seq)
        if any(author == one for one, _reason in before):
            msg = (
                "la même personne l’a déjà demandé : une autre doit le faire / "
                "the same person already asked: another person must"
            )
            raise RedactionRefusedError(msg)
        asked = sum(given == reason for _one, given in before) + 1
        line = Entry(
            kind=EntryKind.REDACTION,
            act=Act.JOURNAL_REDACT,
            outcome=Outcome.DONE if asked >= REDACTORS else Outcome.NONE,
            time_us=micros(now),
            professional=author,
            activity=ActivityId(reason),
            policy=policy,
            reference=seq,
        )
        number = appender.write(connection, [line])[0]
        store.ask_redaction(connection, seq, author, reason, number)
    return Asked(number, max(0, REDACTORS - asked))
