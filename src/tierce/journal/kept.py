"""The last checkpoint, kept in a file outside the database: what a restored backup is held to.

A database brought back from a backup is a log cut short. Nothing in it says so; a checkpoint that was kept
elsewhere does. The sequencer writes it after each step and refuses to begin against a later one.
"""

from pathlib import Path

from tierce.journal.tiles.folder import replace


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
        replace(self._path, note)
