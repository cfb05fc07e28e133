"""Which sessions were seen alive, kept in the spool's folder for an `api` that starts while the store is away.

Without it everybody would be a stranger there, and strangers share what one of them can use up. What is kept is the
digests of handles, as the database has them: whoever reads the file holds no session.
"""

import os
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Final

from tierce.kernel.clock import micros

FILE: Final = "sessions.seen"
DIGEST_BYTES: Final = 32


def keep_seen(folder: Path, digests: Collection[bytes]) -> None:
    """Keep the SHA-256 of handles in the place of those that were kept.

    Raises:
        OSError: the folder takes nothing.
    """
    made = folder / f"{FILE}.{os.getpid()}"
    made.write_bytes(b"".join(digests))
    made.replace(folder / FILE)


def read_seen(folder: Path, since: datetime) -> frozenset[bytes]:
    """What was kept since then; nobody when nothing was, or nothing that can be read."""
    file = folder / FILE
    try:
        kept = file.read_bytes() if file.stat().st_mtime_ns // 1000 >= micros(since) else b""
    except OSError:
        return frozenset()
    return frozenset(kept[place : place + DIGEST_BYTES] for place in range(0, len(kept), DIGEST_BYTES))
