"""Use cases of a person's space: read her history, prove a line of it, answer "it was not me"."""

from collections.abc import Collection
from dataclasses import replace

from psycopg import Connection

from tierce.identity.model import PersonCaller
from tierce.journal.encoding import decode
from tierce.journal.model import Entry
from tierce.journal.segments.sealed import SealedLog
from tierce.journal.service import Appender, Proof, prove_body
from tierce.journal.tiles.folder import LogFolder
from tierce.kernel.clock import Clock, from_micros
from tierce.kernel.ids import EntrySeq, EstablishmentId, InsurerId, ProfessionalId
from tierce.persons import store
from tierce.persons.discretion import waits
from tierce.persons.errors import NotHerLineError, NotReportableError, RecordMissingError
from tierce.persons.model import History, HistoryLine, LineKind, OwnData, OwnEntry, Report
from tierce.persons.requests import store as request_rows
from tierce.persons.rules import kind_of, own_line, sentence
from tierce.policy.acts import Act

PAGE_LINES = 50
EXPORT_PAGES = 200
"""A copy holds so many pages of lines at most, and says so when older ones are left out."""
ASKS = frozenset({LineKind.SHOWN, LineKind.NOT_SHOWN})
"""The lines that she may answer with "it was not me"."""


class Persons:
    """The persons slice of one process.

    `handle`, where a method takes one, is the SHA-256 of the opaque handle of her live session: the database
    gives her lines and her record to nothing else. Connections are in autocommit mode.
    """

    def __init__(
        self, appender: Appender, records: store.Records, clock: Clock, log: LogFolder, sealed: SealedLog
    ) -> None:
        """Write lines through `appender`, open her record with `records`, prove lines from the tiles in `log`.

        Her older lines are in `sealed`.
        """
        self._appender = appender
        self._records = records
        self._clock = clock
        self._log = log
        self._sealed = sealed

    def history(
        self, connection: Connection, caller: PersonCaller, handle: bytes, before: EntrySeq = store.NEWEST
    ) -> History:
        """Show her history: the journal first says that she opens it.

        Raises:
            RecordMissingError: the session has ended, or the register no longer has her record.
        """
        self._reads(connection, caller)
        name = self._records.own_name(connection, handle)
        if name is None:
            raise RecordMissingError
        found = self._page(connection, caller, handle, before)
        lines = self._lines(connection, handle, found)
        refused = {one.entry.session for one in found if kind_of(one.entry) is LineKind.DOOR}
        return History(
            name=name,
            lines=tuple(line for line in lines if line.kind is not LineKind.OWN),
            own_acts=sum(kind_of(one.entry) is LineKind.OWN and one.entry.session not in refused for one in found),
            before=found[-1].seq if len(found) == PAGE_LINES else None,
        )

    def line(self, connection: Connection, caller: PersonCaller, handle: bytes, seq: EntrySeq) -> HistoryLine:
        """Show one of her lines: the journal first says that she opens it.

        Raises:
            NotHerLineError: no line of hers has this number.
        """
        self._reads(connection, caller)
        found = self._own(connection, caller, handle, seq)
        return self._lines(connection, handle, [found])[0]

    def proof(self, connection: Connection, caller: PersonCaller, handle: bytes, seq: EntrySeq) -> Proof:
        """Prove one of her lines: the journal first says that she opens it.

        Raises:
            NotHerLineError: no line of hers has this number.
            NotSequencedError: the line is not under a checkpoint yet.
        """
        self._reads(connection, caller)
        return prove_body(connection, self._log, seq, self._body(connection, caller, handle, seq))

    def report(self, connection: Connection, caller: PersonCaller, handle: bytes, seq: EntrySeq) -> Report:
        """Keep her answer "it was not me" to one ask, once, with its own journal line.

        Raises:
            NotHerLineError: no line of hers has this number.
            NotReportableError: the line is not an ask by a professional.
        """
        found = self._own(connection, caller, handle, seq)
        if kind_of(found.entry) not in ASKS:
            raise NotReportableError
        now = self._clock.now()
        with connection.transaction():
            first = store.insert_report(connection, handle, seq, now)
            if first:
                line = replace(self._line(caller, Act.PERSON_REPORT), reference=seq)
                self._appender.write(connection, [line])
        at, _ = request_rows.own_reports(connection, handle, [seq])[seq]
        return Report(seq, at, first)

    def insurers(self, connection: Connection, handle: bytes) -> tuple[InsurerId, ...]:
        """The insurers that have a copy of her record: the controllers of her data."""
        return tuple(one.insurer for one in self._records.own_records(connection, handle))

    def export(self, connection: Connection, caller: PersonCaller, handle: bytes) -> OwnData:
        """Give her a copy of all that is held of her: the journal first says that she takes it.

        Raises:
            RecordMissingError: the session has ended, or the register no longer has her record.
        """
        with connection.transaction():
            self._appender.write(connection, [self._line(caller, Act.PERSON_EXPORT)])
        records = self._records.own_records(connection, handle)
        if not records:
            raise RecordMissingError
        lines: list[HistoryLine] = []
        before = store.NEWEST
        for _ in range(EXPORT_PAGES):
            found = self._page(connection, caller, handle, before)
            lines += self._lines(connection, handle, found)
            if len(found) < PAGE_LINES:
                return OwnData(records, tuple(lines), tuple(request_rows.of_person(connection, handle)), False)
            before = found[-1].seq
        return OwnData(records, tuple(lines), tuple(request_rows.of_person(connection, handle)), True)

    def _page(self, connection: Connection, caller: PersonCaller, handle: bytes, before: EntrySeq) -> list[OwnEntry]:
        """A page of lines that do not wait: cut after they are left out, or a full page would say that some are."""
        page: list[OwnEntry] = []
        now = self._clock.now()
        while len(page) < PAGE_LINES:
            found = store.own_entries(connection, handle, before, PAGE_LINES, self._older(caller))
            page += [one for one in found if not waits(one.entry, now)]
            if len(found) < PAGE_LINES:
                break
            before = found[-1].seq
        return page[:PAGE_LINES]

    def _reads(self, connection: Connection, caller: PersonCaller) -> None:
        with connection.transaction():
            self._appender.write(connection, [self._line(caller, Act.PERSON_HISTORY)])

    def _older(self, caller: PersonCaller) -> store.Older:
        return lambda connection: self._sealed.shown_of(connection, caller.person)

    def _own(self, connection: Connection, caller: PersonCaller, handle: bytes, seq: EntrySeq) -> OwnEntry:
        return OwnEntry(seq, decode(self._body(connection, caller, handle, seq)))

    def _body(self, connection: Connection, caller: PersonCaller, handle: bytes, seq: EntrySeq) -> bytes:
        found = store.own_body(
            connection, handle, seq, lambda connection: self._sealed.of_person(connection, caller.person)
        )
        if found is None or waits(decode(found), self._clock.now()):
            raise NotHerLineError
        return found

    def _line(self, caller: PersonCaller, act: Act) -> Entry:
        return own_line(caller, act, self._clock.now())

    def _lines(self, connection: Connection, handle: bytes, found: Collection[OwnEntry]) -> list[HistoryLine]:
        askers = store.askers(connection, [one.entry for one in found if kind_of(one.entry) in ASKS])
        names = store.insurer_names(connection, {one.entry.insurer for one in found})
        places = store.places(
            connection, {one.entry.establishment for one in found if kind_of(one.entry) is LineKind.PRESENCE}
        )
        reports = request_rows.own_reports(connection, handle, [one.seq for one in found])
        lines = []
        for one in found:
            entry = one.entry
            kind = kind_of(entry)
            asker = askers.get((ProfessionalId(entry.professional), EstablishmentId(entry.establishment)))
            asker = asker if kind in ASKS else None
            reported, reply = reports.get(one.seq, (None, None))
            lines.append(
                HistoryLine(
                    seq=one.seq,
                    kind=kind,
                    at=from_micros(entry.time_us),
                    sentence=sentence(entry, asker, places.get(entry.establishment, "")),
                    insurer=entry.insurer,
                    insurer_name=names.get(entry.insurer),
                    categories=entry.categories,
                    reported_at=reported,
                    reply=reply,
                )
            )
        return lines
