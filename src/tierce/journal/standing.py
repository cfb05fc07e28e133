"""How the journal stands: what the last reading of all of it found, and what is signed, sealed or redacted."""

from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection

from tierce.journal import store
from tierce.journal.verifier.model import Report, Severity
from tierce.journal.witness.store import Seen, seen


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of the whole journal by `tierce journal verify`."""

    at: datetime
    entries: int
    size: int
    root: bytes
    errors: int
    first: str | None
    """The code of the first error."""

    @property
    def intact(self) -> bool:
        """Whether nothing altered was found."""
        return self.errors == 0


@dataclass(frozen=True, slots=True)
class Standing:
    """The journal as it is now."""

    reading: Reading | None
    """The last reading of all of it; None when there was none."""
    size: int
    root: bytes
    signed_at: datetime | None
    note: str
    """The last checkpoint, as it was signed."""
    segments: int
    sealed: int
    redacted: int
    ended: int
    """Leaves whose time was over."""
    witnesses: tuple[Seen, ...]
    """What each witness last said."""

    @property
    def split(self) -> bool:
        """Whether a witness holds another history than ours, and has not cosigned since."""
        return any(one.split for one in self.witnesses)


def record(connection: Connection, report: Report) -> None:
    """Keep what a reading found, for the page of the office."""
    errors = [one for one in report.findings if one.severity is Severity.ERROR]
    store.insert_verification(
        connection,
        (
            report.entries,
            report.leaves,
            bytes.fromhex(report.root),
            report.sealed,
            report.redacted,
            len(errors),
            errors[0].code if errors else None,
        ),
    )  # fmt: skip - a row of the table


def standing(connection: Connection) -> Standing:
    """Say how the journal stands."""
    last, reading, sealed = (
        store.last_signed(connection),
        store.last_verification(connection),
        store.sealed_counts(connection),
    )
    return Standing(
        None if reading is None else Reading(*reading),
        0 if last is None else last[0],
        bytes(32) if last is None else last[1],
        None if last is None else last[2],
        "" if last is None else last[3],
        *sealed,
        tuple(seen(connection)),
    )
