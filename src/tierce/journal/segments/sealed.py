"""The sealed part of the journal as one thing to read, beside the hot rows.

One rule makes the two one log: **hot rows are read first, the manifest after them, and one number counts once.** A
row that was no longer hot when the hot ones were read had been dropped, hence was in the manifest before; a row that
is in both places is the same row. Nothing is missed and nothing is there twice, whatever is sealed in between.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from psycopg import Connection

from tierce.journal.segments import store
from tierce.journal.segments.errors import SegmentAlteredError
from tierce.journal.segments.model import Segment
from tierce.journal.segments.reader import SealedEntry, SegmentFiles, ShownEntry, shown_of_person

_TURNS = 3
_Found = TypeVar("_Found")


class SealedLog:
    """The segments of one folder, opened when they are needed and kept open: one per process."""

    def __init__(self, folder: Path) -> None:
        """Read segments from `folder`; it need not be there while nothing is sealed."""
        self._folder = folder
        self._open: dict[tuple[int, int], SegmentFiles] = {}

    def of_person(self, connection: Connection, person: int) -> list[SealedEntry]:
        """The sealed entries of a person, by leaf; read the hot ones first."""
        return self._read(connection, lambda files: files.of_person(person) if person else [])

    def shown_of(self, connection: Connection, person: int) -> list[ShownEntry]:
        """The sealed entries of a person, as a history tells them; read the hot ones first."""
        if not person:
            return []
        return self._in_force(connection, lambda every: shown_of_person(list(every), person))

    def of_professional(self, connection: Connection, professional: int) -> list[SealedEntry]:
        """The sealed entries of a professional, by leaf; read the hot ones first."""
        return self._read(connection, lambda files: files.of_professional(professional))

    def of_seq(self, connection: Connection, seq: int) -> SealedEntry | None:
        """The sealed entry of this number, or None; look among the hot ones first."""

        def row(files: SegmentFiles) -> list[int]:
            found = files.of_seq(seq) if files.segment.first_block <= seq >> 8 <= files.segment.last_block else None
            return [] if found is None else [found]

        found = self._read(connection, row)
        return found[0] if found else None

    def _read(self, connection: Connection, rows: Callable[[SegmentFiles], list[int]]) -> list[SealedEntry]:
        return self._in_force(
            connection,
            lambda every: sorted(
                (entry for files in every for entry in files.read(rows(files))), key=lambda one: one.leaf
            ),
        )

    def _in_force(self, connection: Connection, read: Callable[[Iterable[SegmentFiles]], _Found]) -> _Found:
        """Read from the segments in force; again when a revision took a file away between manifest and opening."""
        for turn in range(_TURNS):
            manifest = store.segments(connection)
            try:
                return read(self._files(manifest))
            except SegmentAlteredError:
                if turn == _TURNS - 1:
                    raise
        raise AssertionError

    def _files(self, manifest: list[Segment]) -> list[SegmentFiles]:
        before = self._open
        opened = {
            (one.first, one.revision): before.get((one.first, one.revision)) or SegmentFiles(self._folder, one)
            for one in manifest
        }
        self._open = opened  # what another thread still reads stays open until it is done
        return list(opened.values())
