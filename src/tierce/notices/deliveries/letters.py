"""Letters in batches: one PDF each and a manifest with digests, in one file for whoever prints and posts.

The same items give the same file, so that a process killed between the file and its row leaves nothing behind: the
next run writes the same file again and then its row.
"""

import hashlib
import json
import zipfile
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path

from psycopg import Connection

from tierce import printing
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.kernel.durable import replace
from tierce.notices.audience.model import Audience, Why
from tierce.notices.deliveries import store
from tierce.notices.deliveries.model import Step
from tierce.notices.deliveries.reading import Reading
from tierce.notices.errors import SendingStoppedError, TextRefusedError
from tierce.notices.lines import notice_line
from tierce.notices.messages.store import stopped
from tierce.notices.model import Document
from tierce.notices.printed import TEMPLATE, printed
from tierce.policy.acts import Act
from tierce.policy.reached import State

BATCH_LETTERS = 500
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_MODE = 0o640
"""Read by its owner's group alone."""


def batch_file(folder: Path, audience: int, number: int) -> Path:
    """Where a batch of an audience's letters is kept."""
    return folder / f"lettres-{audience}-{number:04d}.zip"


def print_letters(
    connection: Connection,
    reading: Reading,
    folder: Path,
    appender: Appender,
    clock: Clock,
    *,
    processes: int | None,
    told: Callable[[int], None],
    batch_letters: int,
) -> list[store.Batch]:
    """Print every letter that waits, in batches; a connection in autocommit mode.

    Whoever's name or address our fonts cannot draw goes to the public notice with that reason. Whoever's text is
    refused is set aside and tried first the next time; whoever's contact data has changed, for another audience.

    Raises:
        SendingStoppedError: somebody stopped the messages meanwhile; batches kept before that stay.
        OSError: the folder cannot be written; batches kept before that stay.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    new: list[store.Batch] = []
    first = len(store.batches(connection, reading.audience)) + 1
    with closing(_printed(connection, reading, clock, processes)) as letters:
        while some := list(islice(letters, batch_letters)):
            if stopped(connection, reading.audience.incident):
                raise SendingStoppedError
            batch = _keep_batch(
                connection, reading.audience, folder, first + len(new), some, appender=appender, clock=clock
            )
            if batch is not None:
                new.append(batch)
            told(len(some))
    return new


@dataclass(frozen=True, slots=True, repr=False)
class _Letter:
    """One item's letter; `page` is empty where our fonts cannot draw it. Its repr shows nothing."""

    number: int
    reference: str
    page: bytes

    def __repr__(self) -> str:
        """Show nothing of the person."""
        return "_Letter(...)"


def _printed(
    connection: Connection, reading: Reading, clock: Clock, processes: int | None
) -> Generator[_Letter, None, None]:
    """Print what waits, in order, a little ahead of what is kept: the presses never wait for the disk."""
    under_way: deque[tuple[int, str]] = deque()

    def pages() -> Iterator[dict[str, object]]:
        for one, document, postal in _waiting(connection, reading, clock):
            under_way.append((one.number, document.reference))
            yield printed(document, one.language, postal)

    for page in printing.print_all(TEMPLATE, pages(), processes):
        yield _Letter(*under_way.popleft(), page or b"")


def _waiting(
    connection: Connection, reading: Reading, clock: Clock
) -> Iterator[tuple[store.Pending, Document, tuple[str, ...]]]:
    """Each letter that waits, its text, and where it goes; what cannot be written is set aside on the way."""
    for one, written in reading.waiting(connection, store.PRINTABLE, clock, BATCH_LETTERS):
        if written is None:
            store.set_aside(connection, reading.audience, one, Step.CHANGED, State.CHANGED, clock.now())
            continue
        try:
            document = written.document()
        except TextRefusedError:
            store.set_aside(connection, reading.audience, one, Step.UNWRITTEN, State.UNPRINTED, clock.now())
            continue
        yield one, document, written.postal


def _keep_batch(
    connection: Connection,
    audience: Audience,
    folder: Path,
    number: int,
    some: Sequence[_Letter],
    *,
    appender: Appender,
    clock: Clock,
) -> store.Batch | None:
    """Keep the file of a batch, then its row and what became of each letter; None when none could be printed."""
    now = clock.now()
    letters = [one for one in some if one.page]
    batch = None
    if letters:
        content = _zipped(number, letters)
        replace(batch_file(folder, audience.id, number), content, _MODE)
        batch = store.Batch(number, len(letters), hashlib.sha256(content).digest(), now)
    with connection.transaction():
        for one in some:
            if not one.page:
                gone = store.Outcome(one.number, Step.UNPRINTABLE, "", State.PUBLIC, Why.UNPRINTABLE)
                store.end(connection, audience.id, gone, now, store.PRINTABLE)
        if batch is not None:
            store.insert_batch(connection, audience, batch, [one.number for one in letters])
            line = notice_line(appender, Act.LETTERS_PRINTED, now, incident=audience.incident)
            appender.write(connection, [line])
    return batch


def _zipped(number: int, letters: Sequence[_Letter]) -> bytes:
    """The file of a batch: each PDF by its place and reference, then the manifest."""
    kept = BytesIO()
    lines = []
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_STORED) as file:
        for place, one in enumerate(letters, 1):
            name = f"{place:04d}-{one.reference}.pdf"
            file.writestr(zipfile.ZipInfo(name, _ZIP_DATE), one.page)
            lines.append({"file": name, "reference": one.reference, "sha256": hashlib.sha256(one.page).hexdigest()})
        manifest = {"format": "tierce-letters-v1", "batch": number, "letters": lines}
        text = json.dumps(manifest, ensure_ascii=False, indent=1)
        file.writestr(zipfile.ZipInfo("manifest.json", _ZIP_DATE), text)
    return kept.getvalue()
