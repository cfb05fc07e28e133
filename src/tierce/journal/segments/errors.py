"""What can go wrong with sealed segments."""

from tierce.journal.errors import JournalError


class SegmentError(JournalError):
    """A sealed segment cannot be used."""


class SealRefusedError(SegmentError):
    """This stretch cannot be sealed as it is stored; nothing was written."""


class SegmentAlteredError(SegmentError):
    """A segment's files are not those of the manifest, or do not give the leaves of the tree."""


class SealerBusyError(SegmentError):
    """Another sealing job works."""


class RedactionRefusedError(SegmentError):
    """What was asked to be redacted may not be, or not yet."""
