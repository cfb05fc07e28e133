"""What a backup says of itself."""

import msgspec

FORMAT = 1
MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
DUMP = "dump"
LOG = "log.tar"
SEGMENTS = "segments"


class FileDigest(msgspec.Struct, frozen=True):
    """One file of the dump."""

    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything needed to tell whether a restored database is the one that was saved."""

    format: int
    taken_at: str
    version: str
    schema: str
    postgresql: int
    database: str
    checkpoint: str | None
    """The journal's newest signed note in the snapshot that was saved."""
    rows: dict[str, int]
    """Rows of each table in that snapshot."""
    files: dict[str, FileDigest]
    log: FileDigest | None = None
    """The tiles under that checkpoint; None in an empty log, and in a backup of a version without tiles."""

    segments: dict[str, FileDigest] = {}
    """The files of sealed segments; none in a backup of a version without them."""

    @property
    def journal_size(self) -> int:
        """How many lines that checkpoint signs."""
        return 0 if self.checkpoint is None else int(self.checkpoint.split("\n")[1])


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What was done to a database that was brought back, and what was found when it was held to the journal."""

    journal_size: int
    intact: bool
    lost_lines: int
    """Lines that a checkpoint kept outside signs and the database does not have: it is older than that checkpoint."""
    compared: bool
    """Whether a checkpoint was kept outside, of no time before the backup: else nobody knows how many are lost."""
    sessions_ended: int
    keys_retired: list[str]
    """The processes whose signing key was replaced since, which knew the earlier one."""
    findings: list[str]
    """What is altered, by code and place: none when the journal is intact."""


class Restored(Held, frozen=True, kw_only=True):
    """The same, of a backup."""

    taken_at: str
    schema_before: str
    schema: str
    rows: int


class Adopted(Held, frozen=True, kw_only=True):
    """The same, of a database that PostgreSQL brought back itself."""

    last_line: str | None
    """When the newest journal line that is there was written."""
    log_aside: str | None
    """Where the log's folder was put that was ahead of the database; another has the tiles that are left."""
    segments_aside: str | None
    """Where sealed segments were put that its manifest does not know: sealed since, of lines that are lost here."""
