"""Letters in batches: one PDF each and a manifest with digests, in one file for whoever prints and posts.

The same items give the same file, so that a process killed between the file and its row leaves nothing behind: the
next run writes the same file again and then its row.
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

from psycopg import Connection

from tierce import printing
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.notices.audience.model import Audience, State, Why
from tierce.notices.deliveries import store
from tierce.notices.deliveries.model import Step
from tierce.notices.deliveries.reading import Reading, Written
from tierce.notices.lines import notice_line
from tierce.notices.printed import TEMPLATE, printed
from tierce.policy.acts import Act

BATCH_LETTERS = 500
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def batch_file(folder: Path, audience: Audience, number: int) -> Path:
    """Where a batch of letters is kept."""
    return folder / f"lettres-{audience.id}-{number:04d}.zip"


def print_letters(
    connection: Connection,
    reading: Reading,
    folder: Path,
    appender: Appender,
    clock: Clock,
    *,
    processes: int | None = None,
    told: Callable[[int], None] = lambda _: None,
) -> list[store.Batch]:
    """Print every letter that waits, in batches; a connection in autocommit mode.

    Whoever's name or address our fonts cannot draw goes to the public notice with that reason; whoever's contact data
    has changed waits for another audience.

    Raises:
        OSError: the folder cannot be written; nothing was stored.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made, after = store.batches(connection, reading.audience), 0
    new: list[store.Batch] = []
    while True:
        now = clock.now()
        some = store.pending(connection, reading.audience, State.TO_PRINT, now, after, BATCH_LETTERS)
        if not some:
            return new
        after = some[-1].number
        ready = reading.read(connection, some)
        written = [ready[one.number] for one in some if one.number in ready]
        pages = list(printing.print_all(TEMPLATE, map(_data, written), processes))
        unprintable = [one for one, page in zip(written, pages, strict=True) if page is None]
        letters = [(one, page) for one, page in zip(written, pages, strict=True) if page is not None]
        number = len(made) + len(new) + 1
        content = _zipped(number, letters)
        if letters:
            _keep(batch_file(folder, reading.audience, number), content)
        with connection.transaction():
            for one in unprintable:
                gone = store.Outcome(one.item.number, Step.UNPRINTABLE, "", State.PUBLIC, Why.UNPRINTABLE)
                store.end(connection, reading.audience.id, gone, now, [State.TO_PRINT])
            if letters:
                batch = store.Batch(number, len(letters), hashlib.sha256(content).digest(), now, None, None)
                store.insert_batch(connection, reading.audience, batch, [one.item.number for one, _ in letters])
                line = notice_line(appender, Act.LETTERS_PRINTED, now, incident=reading.audience.incident)
                appender.write(connection, [line])
                new.append(batch)
        told(len(written))


def _data(one: Written) -> dict[str, object]:
    return printed(one.document(), one.item.language, one.postal)


def _zipped(number: int, letters: Sequence[tuple[Written, bytes]]) -> bytes:
    """The file of a batch: each PDF by its place and reference, then the manifest."""
    kept = BytesIO()
    lines = []
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_STORED) as file:
        for place, (one, page) in enumerate(letters, 1):
            reference = one.document().reference
            name = f"{place:04d}-{reference}.pdf"
            file.writestr(zipfile.ZipInfo(name, _ZIP_DATE), page)
            lines.append({"file": name, "reference": reference, "sha256": hashlib.sha256(page).hexdigest()})
        manifest = {"format": "tierce-letters-v1", "batch": number, "letters": lines}
        text = json.dumps(manifest, ensure_ascii=False, indent=1)
        file.writestr(zipfile.ZipInfo("manifest.json", _ZIP_DATE), text)
    return kept.getvalue()


def _keep(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, readable by its owner's group alone."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        os.fchmod(file.fileno(), 0o640)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
