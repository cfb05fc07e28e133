"""Use cases of staff: write the text, approve it with its audience, stop what leaves and let it go on."""

import hashlib
from dataclasses import replace
from pathlib import Path

from psycopg import Connection

from tierce.identity.lines import staff_line
from tierce.identity.model import StaffCaller
from tierce.incidents.register.rules import journal_number
from tierce.incidents.rules import check_free_text, incident_reference
from tierce.incidents.service import Incidents
from tierce.journal.service import Appender
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import PARIS, Clock
from tierce.kernel.ids import DeviceId, IncidentId, new_id
from tierce.notices.audience.model import Audience
from tierce.notices.audience.service import newest as newest_audience
from tierce.notices.audience.store import last_changed
from tierce.notices.deliveries import store as deliveries
from tierce.notices.deliveries.letters import batch_file
from tierce.notices.errors import (
    AlreadyApprovedError,
    AudienceStaleError,
    BatchMissingError,
    BatchTakenError,
    MessageChangedError,
    MessageMissingError,
    NotApprovedError,
    SendingStoppedError,
)
from tierce.notices.messages import store
from tierce.notices.messages.model import APPROVALS_NEEDED, Approval, Kept, Message
from tierce.notices.messages.rules import specimens, text_digest
from tierce.notices.service import Notices, facts_of
from tierce.policy.acts import Act

ON_LETTERS = DataCategory.CIVIL_STATUS | DataCategory.POSTAL_ADDRESS | DataCategory.INSURER
"""What whoever takes a batch of letters away can read of each person in it."""


class Messages:
    """The messages of incidents, as staff see and decide them."""

    def __init__(self, notices: Notices, incidents: Incidents, appender: Appender, clock: Clock) -> None:
        """Take facts from `notices`; connections are in autocommit mode."""
        self._notices = notices
        self._incidents = incidents
        self._appender = appender
        self._clock = clock

    def write(self, connection: Connection, caller: StaffCaller, number: IncidentId) -> Kept:
        """Freeze the facts of the newest list as the text of the messages; what was approved before no longer is.

        Raises:
            IncidentNotAwareError: nobody wrote yet when and why the breach was established.
            ScopeMissingError: no list was computed yet.
            TextRefusedError: a text would be empty, vague or hard to read.
        """
        now = self._clock.now()
        incident, scope = self._incidents.incident(connection, number), self._incidents.scope(connection, number)
        message = Message(
            facts=facts_of(connection, incident, scope, now),
            operator=self._notices.operator,
            dated=now.astimezone(PARIS).date(),
            reference=incident_reference(incident.id, incident.day),
            shown=store.shown(connection, number, scope.revision),
        )
        digest = text_digest(store.encode(message), specimens(message))
        kept = Kept(new_id(), number, digest, message, now, caller.name)
        with connection.transaction():
            line = staff_line(caller, Act.STAFF_MESSAGE_WRITE, now, reference=number)
            (seq,) = self._appender.write(connection, [line])
            store.insert(connection, kept, seq)
        return kept

    def approve(
        self, connection: Connection, caller: StaffCaller, number: IncidentId, audience: bytes, text: bytes
    ) -> list[Approval]:
        """Approve the audience and the text that one has read, by their digests; gives everybody who has.

        Raises:
            AudienceMissingError, MessageMissingError: there is nothing to approve.
            MessageChangedError: there is a newer audience or text than those named.
            AudienceStaleError: a newer list exists.
            AlreadyApprovedError: this member of staff has.
        """
        frozen, kept = ready(connection, number)
        if frozen.digest != audience or kept.digest != text:
            raise MessageChangedError
        now = self._clock.now()
        with connection.transaction():
            line = staff_line(caller, Act.STAFF_MESSAGE_APPROVE, now, reference=number)
            (seq,) = self._appender.write(connection, [line])
            if not store.approve(connection, frozen, text, Approval(caller.staff, caller.name, now), seq):
                raise AlreadyApprovedError
        return store.approvals(connection, frozen, text)

    def stop(self, connection: Connection, caller: StaffCaller, number: IncidentId, reason: str) -> None:
        """Stop what leaves, at once: a sender looks before each message.

        Raises:
            FreeTextError: the reason is empty or holds a social security number.
        """
        why, now = check_free_text("reason", reason), self._clock.now()
        with connection.transaction():
            store.stop(connection, number, caller.name, why, now)
            line = staff_line(caller, Act.STAFF_MESSAGE_STOP, now, reference=number)
            self._appender.write(connection, [line])

    def go_on(self, connection: Connection, caller: StaffCaller, number: IncidentId) -> None:
        """Let messages go on."""
        now = self._clock.now()
        with connection.transaction():
            if store.lift(connection, number, caller.name, now):
                line = staff_line(caller, Act.STAFF_MESSAGE_STOP, now, reference=number)
                self._appender.write(connection, [line])

    def take_letters(
        self,
        connection: Connection,
        caller: StaffCaller,
        number: IncidentId,
        folder: Path,
        batch: int,
        *,
        again: bool,
    ) -> bytes:
        """Give the file of a batch of letters, after the line that says which: names and addresses leave with it.

        The line's `device` begins the file's digest, so that whose names left is known from the batch's own letters.
        Whoever takes what somebody took before says `again`: two copies would be printed and posted.

        Raises:
            SendingStoppedError: messages are stopped, or an authority asked for persons to be told later.
            BatchMissingError: there is no such batch, it was posted, or its file is not the one that was printed.
            BatchTakenError: somebody took it already.
        """
        if store.stopped(connection, number):
            raise SendingStoppedError
        audience = newest_audience(connection, number)
        found = next((one for one in deliveries.batches(connection, audience) if one.number == batch), None)
        path = batch_file(folder, audience.id, batch)
        if found is None or found.posted_at is not None or not path.is_file():
            raise BatchMissingError
        content = path.read_bytes()
        if hashlib.sha256(content).digest() != found.sha256:
            raise BatchMissingError
        now = self._clock.now()
        with connection.transaction():
            if not deliveries.take_batch(connection, audience, batch, now, caller.name, again=again):
                raise BatchTakenError
            line = staff_line(caller, Act.STAFF_LETTERS_TAKE, now, reference=number, categories=ON_LETTERS)
            self._appender.write(connection, [replace(line, device=DeviceId(journal_number(found.sha256)))])
        return content

    def posted(self, connection: Connection, caller: StaffCaller, number: IncidentId, batch: int) -> int:
        """Write that a batch was posted, and when; gives how many letters it held.

        Raises:
            BatchMissingError: there is no such batch, or it was posted already.
        """
        now, audience = self._clock.now(), newest_audience(connection, number)
        with connection.transaction():
            held = deliveries.post_batch(connection, audience, batch, now, caller.name)
            if held is None:
                raise BatchMissingError
            line = staff_line(caller, Act.STAFF_LETTERS_POSTED, now, reference=number)
            self._appender.write(connection, [line])
        return held


def newest_text(connection: Connection, number: IncidentId) -> Kept:
    """The newest text of an incident, whose words are still those that this program writes.

    Raises:
        MessageMissingError: none was written, or this program would write another one from the same facts.
    """
    kept = store.newest(connection, number)
    if kept is None:
        raise MessageMissingError
    if text_digest(store.encode(kept.message), specimens(kept.message)) != kept.digest:
        raise MessageMissingError
    return kept


def ready(connection: Connection, number: IncidentId) -> tuple[Audience, Kept]:
    """The newest audience and text, which must be of one list, and of whom is on the newest.

    Raises:
        AudienceMissingError, MessageMissingError: one of the two is missing.
        AudienceStaleError: a newer list exists than that of the audience or of the text.
    """
    audience, kept = newest_audience(connection, number), newest_text(connection, number)
    if last_changed(connection, number) > min(audience.revision, kept.message.facts.revision):
        raise AudienceStaleError
    return audience, kept


def approved(connection: Connection, number: IncidentId) -> tuple[Audience, Kept]:
    """The audience and the text that may leave now.

    Raises:
        AudienceMissingError, MessageMissingError, AudienceStaleError: as for `ready`.
        NotApprovedError: fewer than two different people approved exactly these.
        SendingStoppedError: somebody stopped the messages.
    """
    audience, kept = ready(connection, number)
    people = {one.staff for one in store.approvals(connection, audience, kept.digest)}
    if len(people) < APPROVALS_NEEDED:
        raise NotApprovedError
    if store.stopped(connection, number):
        raise SendingStoppedError
    return audience, kept
