"""The last checkpoint, kept in a file outside the database: what a restored backup is held to.

A database brought back from a backup is a log cut short. Nothing in it says so; a checkpoint that was kept
elsewhere does. The sequencer writes it after each step and refuses to begin against a later one.
"""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tierce.journal.note import parse_verifier_key
from tierce.kernel.durable import replace

LOG_RETIRED_FILE = "log-retired.pub"
"""The file of the log's earlier public lines, one a line, each followed by the last size that it signed."""


def retired_log_keys(keys: Path) -> list[Ed25519PublicKey]:
    """The log's earlier keys: the newest stored checkpoint may still be theirs."""
    return [parse_verifier_key(line)[1] for line in retired_log_lines(keys)]


def retired_log_lines(keys: Path) -> tuple[str, ...]:
    """The log's earlier public lines, as whoever checks a signature wants them."""
    file = keys / LOG_RETIRED_FILE
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    return tuple(line.split(" ")[0] for line in lines if line.strip())


class KeptCheckpoint:
    """One file with one signed note."""

    def __init__(self, path: Path) -> None:
        """Keep the note in `path`; its folder must exist."""
        self._path = path

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def read(self) -> str | None:
        """The note kept, or None when there is none yet."""
        try:
            return self._path.read_text("utf-8")
        except FileNotFoundError:
            return None

    def write(self, note: str) -> None:
        """Replace the note, durably; a crash leaves the old one or the new one whole."""
        replace(self._path, note.encode())
