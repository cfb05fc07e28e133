"""Messages that came back: delivery status notifications (RFC 3464), read from the folder of the bounce mailbox.

What it was is known by the token of its return path, to which the notification is addressed, or by the Message-ID of
the message it encloses. Only a failure counts: a delay is the servers' own affair. What is not ours stays there.
"""

import email
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Final

from psycopg import Connection

from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.kernel.ids import IncidentId
from tierce.notices.audience.model import Why
from tierce.notices.audience.rules import failed
from tierce.notices.audience.store import audiences, list_digest
from tierce.notices.deliveries import store
from tierce.notices.deliveries.mail import TOKEN_BYTES, notice_of, token_of
from tierce.notices.deliveries.model import Step
from tierce.notices.lines import notice_line
from tierce.notices.rules import letter_reference
from tierce.policy.acts import Act
from tierce.policy.reached import State

READ = "read"
"""The folder, inside the mailbox's, to which what was taken in is moved."""

MESSAGE_BYTES_MAX: Final = 1 << 20
"""Of a notification, which encloses a message of ours at most: one has some kilobytes."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What a notification says: whose message, whether it failed for good, and the status (RFC 3463)."""

    token: bytes
    failed: bool
    status: str
    notice: int = 0
    """A notice to an insurer, by its number; then there is no token."""


@dataclass(slots=True)
class BounceTally:
    """What was read: failures taken in, delays, messages that are not ours, failures that changed nothing.

    `doubtful` are of messages in doubt, left where they are: read again once the doubt is settled. `others` are
    failures of notices to insurers, and of e-mails to professionals and persons.
    """

    bounced: int = 0
    delayed: int = 0
    foreign: int = 0
    again: int = 0
    doubtful: int = 0
    others: int = 0


def parse(content: bytes) -> Returned | None:
    """Read one message of the bounce mailbox; None when it is no notification about one of ours.

    Anybody may write to that mailbox: what is larger than a notification, or nested deeper than the library reads, is
    none. Headers are taken as they stand: the standard library's newer policy parses them, and ends on several that
    are malformed, as then the reading of everything behind would.
    """
    if len(content) > MESSAGE_BYTES_MAX:
        return None
    try:
        return _read(content)
    except RecursionError:
        return None


def _read(content: bytes) -> Returned | None:
    message = email.message_from_bytes(content)
    token, notice, action, status = None, None, "", ""
    for name in ("Delivered-To", "X-Original-To", "To"):
        token = token or token_of(_header(message, name))
        notice = notice or notice_of(_header(message, name))
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            for group in part.get_payload():
                if not isinstance(group, Message):
                    continue
                action = _header(group, "Action").casefold() or action
                status = _header(group, "Status").partition(" ")[0] or status
        elif token is None:
            token = _of_message_id(_header(part, "Message-ID"))
            notice = notice or notice_of(_header(part, "Message-ID"))
    if (token is None and notice is None) or not action:
        return None
    failed = action == "failed" or status.startswith("5.")
    return Returned(token or b"", failed=failed, status=status[:12], notice=0 if token else notice or 0)


def _header(message: Message, name: str) -> str:
    """A header on one line; nothing where there is none."""
    return " ".join(str(message.get(name, "")).split())


def _of_message_id(value: str) -> bytes | None:
    try:
        found = bytes.fromhex(value.strip("<> ").partition("@")[0])
    except ValueError:
        return None
    return found if len(found) == TOKEN_BYTES else None


def take_in(
    connection: Connection, appender: Appender, clock: Clock, incident: IncidentId | None, folder: Path
) -> BounceTally:
    """Take in every message of a folder (and of its `new` and `cur`, for a Maildir), and move away what was ours.

    Reading the same message twice changes nothing. Messages of every incident come to the same folder, and those to
    insurers, professionals and persons: each incident has its own line, and what is of none has one. A connection in
    autocommit mode.

    Raises:
        OSError: the folder cannot be read.
    """
    tally, incidents = BounceTally(), {incident} if incident is not None else set()
    done = folder / READ
    files = [path for place in (folder, folder / "new", folder / "cur") if place.is_dir() for path in place.iterdir()]
    for path in sorted(one for one in files if one.is_file()):
        with path.open("rb") as file:
            found = parse(file.read(MESSAGE_BYTES_MAX + 1))
        item = store.by_token(connection, found.token) if found and found.token else None
        if found is None or (item is None and not _other(connection, found, incidents, tally)):
            tally.foreign += 1
            continue
        if item is None:
            done.mkdir(exist_ok=True)
            path.replace(done / path.name)
            continue
        if found.failed and item.state is State.DOUBTFUL:
            tally.doubtful += 1
            continue
        incidents.add(item.incident)
        _apply(connection, clock, found, item, tally)
        done.mkdir(exist_ok=True)
        path.replace(done / path.name)
    with connection.transaction():
        for one in sorted(incidents):
            line = notice_line(appender, Act.BOUNCES_READ, clock.now(), incident=one)
            appender.write(connection, [line])
    return tally


def _other(connection: Connection, found: Returned, incidents: set[IncidentId], tally: BounceTally) -> bool:
    """Take in what came back of a notice to an insurer, or of an e-mail to a professional or a person, if it is one.

    A notice that came back was not received: it counts as not sent, and the next contact is warned.
    """
    of_incident = store.other_of(connection, found.token, found.notice)
    if of_incident is None:
        return False
    incidents.add(of_incident)
    if not found.failed:
        tally.delayed += 1
    elif store.other_came_back(connection, found.token, found.notice, found.status):
        tally.others += 1
    else:
        tally.again += 1
    return True


def _apply(connection: Connection, clock: Clock, found: Returned, item: store.Sent, tally: BounceTally) -> None:
    if not found.failed:
        tally.delayed += 1
        return
    if item.state is not State.SENT:
        tally.again += 1
        return
    then, why = failed(postal=item.postal)
    outcome = store.Outcome(item.number, Step.BOUNCED, found.status, then, why)
    with connection.transaction():
        store.end(connection, item.audience, outcome, clock.now(), [State.SENT])
    tally.bounced += 1


def letters_back(
    connection: Connection,
    appender: Appender,
    clock: Clock,
    incident: IncidentId,
    references: set[str],
) -> set[str]:
    """Write that posted letters came back, by their references, whichever audience of the incident they were of.

    Gives those that are of no posted letter.
    """
    wanted = {one.strip().upper() for one in references if one.strip()}
    unknown = set(wanted)
    with connection.transaction():
        for audience in audiences(connection, incident):
            digest = list_digest(connection, incident, audience.revision)
            for number, pair in store.posted_items(connection, audience).items():
                reference = letter_reference(digest, pair.person, pair.insurer)
                if reference in wanted:
                    outcome = store.Outcome(number, Step.RETURNED, "", State.PUBLIC, Why.RETURNED)
                    store.end(connection, audience.id, outcome, clock.now(), [State.POSTED])
                    unknown.discard(reference)
        line = notice_line(appender, Act.BOUNCES_READ, clock.now(), incident=incident)
        appender.write(connection, [line])
    return unknown
