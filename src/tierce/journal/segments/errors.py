"""What can go wrong with sealed segments."""

from tierce.journal.errors import JournalError


class SegmentError(JournalError):
    """A sealed segment cannot be used."""


class SealRefusedError(SegmentError):
    """This stretch cannot be sealed as it is stored; nothing was written."""


class SegmentAlteredError(SegmentError):
    """A segment's files are not those of the manifest, or do not give the leaves of the tree."""


class SegmentsAheadError(SegmentError):
    """Files hold lines that this database does not: an older one was brought back. None of them is removed."""

    def __init__(self, number: int) -> None:
        """Say how many, and what to do."""
        super().__init__(
            f"{number} fichiers scellés vont plus loin que la base : une plus ancienne a été ramenée ; rien n’est "
            "retiré, suivez docs/runbooks/backup-and-restore.md / sealed files go further than the database: an "
            "older one was brought back; nothing is removed, follow that page"
        )


class SealerBusyError(SegmentError):
    """Another sealing job works."""

    in_french = "Un autre scellement est en cours."


class RedactionRefusedError(SegmentError):
    """What was asked to be redacted may not be, or not yet."""
