"""Use cases of the register: add a row, read the rows, export them for the authority.

A row and its journal line are one transaction; nothing is ever changed, a correction is one more row.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime

from psycopg import Connection

from tierce.identity.lines import staff_line
from tierce.identity.model import StaffCaller
from tierce.incidents.errors import FormError
from tierce.incidents.register import store
from tierce.incidents.register.errors import RegisterClosedError
from tierce.incidents.register.model import ACTS, AFTER_CLOSING, ROW_LABELS, SAID, Facts, Row, RowKind
from tierce.incidents.register.rules import (
    canonical,
    check_chain,
    check_reasons,
    is_closed,
    journal_number,
    missing,
    row_digest,
)
from tierce.incidents.rules import check_free_text
from tierce.journal.model import Entry
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock, micros
from tierce.kernel.ids import ActivityId, DeviceId, IncidentId, InsurerId
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act
from tierce.policy.clocks import Moment

TEXT_CHARACTERS_MAX = 2_000


RECEIVED_ON_SITE = "Accusé de réception sur le site des organismes."
"""The words that notice.note_received takes, and no others."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """An insurer's first acknowledgement of an incident: by whom of its staff, when."""

    insurer: InsurerId
    at: datetime
    staff: int
    name: str


class Register:
    """The register of one process; connections are in autocommit mode."""

    def __init__(self, appender: Appender, clock: Clock) -> None:
        """Write journal lines through `appender`."""
        self._appender = appender
        self.clock = clock

    def add(
        self,
        connection: Connection,
        caller: StaffCaller,
        incident: IncidentId,
        kind: RowKind,
        make: Callable[[list[Row], datetime], Facts],
        *,
        act: Act | None = None,
    ) -> Row:
        """Add one row; `make` gives its facts from the rows before it, and may refuse.

        Args:
            connection: in autocommit mode.
            caller: who writes.
            incident: the event.
            kind: what the row says.
            make: gives the facts, or raises a FormError: then nothing is written.
            act: under which act the journal has its line; by default that of the kind.

        Raises:
            IncidentMissingError: there is no such incident.
            RegisterClosedError: the event is closed.
            RegisterBrokenError: the rows before it were changed outside this program.
        """
        with connection.transaction():
            store.lock(connection, incident)
            rows = store.rows(connection, incident)
            check_chain(rows)
            if is_closed(rows) is not (kind in AFTER_CLOSING):
                raise RegisterClosedError
            now = self.clock.now()
            facts = make(rows, now)
            before = rows[-1].digest if rows else b""
            number = len(rows) + 1
            digest = row_digest(before, incident, number, kind, at=now, by=caller.name, facts=canonical(facts))
            line = replace(
                staff_line(caller, act or ACTS[kind], now, reference=incident),
                activity=ActivityId(number),
                device=DeviceId(journal_number(digest)),
            )
            (entry,) = self._appender.write(connection, [line])
            row = Row(incident, number, kind, now, caller.name, int(caller.staff), facts, digest, entry)
            store.insert(connection, row)
        return row

    def add_received(
        self, connection: Connection, incident: IncidentId, heard: Acknowledged, line: Callable[[datetime], Entry]
    ) -> bool:
        """Write when an insurer received its notice: its first acknowledgement. False where a row says when already.

        Args:
            connection: of role tierce_notices, in autocommit mode; of the rows before it reads one digest.
            incident: the event.
            heard: who acknowledged, and when.
            line: the journal's line at an instant.

        Raises:
            RegisterClosedError: the event is closed.
        """
        with connection.transaction():
            store.lock(connection, incident)
            number, before, closed, known = store.head(connection, incident, heard.insurer)
            if closed:
                raise RegisterClosedError
            if known:
                return False
            now = self.clock.now()
            facts: Facts = {
                "moment": str(Moment.NOTICE_RECEIVED), "insurer": int(heard.insurer), "at": micros(heard.at),
                "why": RECEIVED_ON_SITE,
            }  # fmt: skip
            text = canonical(facts)
            digest = row_digest(before, incident, number + 1, RowKind.TIME, at=now, by=heard.name, facts=text)
            entry = replace(line(now), activity=ActivityId(number + 1), device=DeviceId(journal_number(digest)))
            (seq,) = self._appender.write(connection, [entry])
            row = Row(incident, number + 1, RowKind.TIME, now, heard.name, heard.staff, facts, digest, seq)
            store.insert_received(connection, row, heard.insurer)
        return True

    def rows(self, connection: Connection, incident: IncidentId) -> list[Row]:
        """Read every row, the oldest first.

        Raises:
            RegisterBrokenError: one was changed outside this program.
        """
        found = store.rows(connection, incident)
        check_chain(found)
        return found

    def say(self, connection: Connection, caller: StaffCaller, incident: IncidentId, kind: RowKind, text: str) -> Row:
        """Write facts, effects, an action or a decision; a decision must reason.

        Raises:
            FreeTextError: the text is empty, too long, or holds a social security number.
            ReasonRefusedError: a decision that reasons nothing.
        """
        if kind not in SAID:
            raise FormError("kind", Phrase("Choisissez ce que vous écrivez.", "Choose what you are writing."))
        said = (
            check_reasons("text", text)
            if kind is RowKind.DECISION
            else check_free_text("text", text, most=TEXT_CHARACTERS_MAX)
        )
        return self.add(connection, caller, incident, kind, lambda _rows, _now: {"text": said})

    def close(
        self,
        connection: Connection,
        caller: StaffCaller,
        incident: IncidentId,
        why: str,
        check: Callable[[list[Row], datetime], None],
        unless: Collection[RowKind],
    ) -> Row:
        """Close the event: its facts, effects, actions and decision are written, and `check` finds nothing late.

        What is in `unless` need not be written: of an event that proved not to be a breach.

        Raises:
            ReasonRefusedError: the reasoning is empty or generic.
            FormError: something is still missing; it is named.
        """

        def make(rows: list[Row], now: datetime) -> Facts:
            said = check_reasons("why", why)
            lacking = [kind for kind in missing(rows) if kind not in unless]
            if lacking:
                fr = ", ".join(ROW_LABELS[kind].fr.lower() for kind in lacking)
                en = ", ".join(ROW_LABELS[kind].en.lower() for kind in lacking)
                raise FormError("why", Phrase(f"Il manque au registre : {fr}.", f"The register lacks: {en}."))
            check(rows, now)
            return {"text": said}

        return self.add(connection, caller, incident, RowKind.CLOSED, make)

    def reopen(self, connection: Connection, caller: StaffCaller, incident: IncidentId, why: str) -> Row:
        """Open a closed event again.

        Raises:
            FreeTextError: nothing says why.
            RegisterClosedError: it is not closed.
        """
        said = check_free_text("why", why, most=TEXT_CHARACTERS_MAX)
        return self.add(connection, caller, incident, RowKind.REOPENED, lambda _rows, _now: {"text": said})

    def note_export(
        self,
        connection: Connection,
        caller: StaffCaller,
        incident: IncidentId | None,
        act: Act,
        *,
        digest: bytes | None = None,
    ) -> None:
        """Write in the journal that something leaves for the authority, before it does; `digest` is its SHA-256."""
        line = staff_line(caller, act, self.clock.now(), reference=incident or 0)
        if digest is not None:
            line = replace(line, device=DeviceId(journal_number(digest)))
        with connection.transaction():
            self._appender.write(connection, [line])
