"""What can go wrong with the journal."""

from tierce.kernel.errors import TierceError


class JournalError(TierceError):
    """The journal refused an operation."""


class EntryFieldError(JournalError):
    """A field of an entry does not fit the encoding."""


class EntryFormatError(JournalError):
    """These bytes are not an entry of a version this program knows."""


class ProofError(JournalError):
    """A proof was asked for that this tree cannot give."""


class NoteFormatError(JournalError):
    """This text is not a signed note, or its signature does not hold."""


class KeyFormatError(JournalError):
    """A key has the wrong length or shape."""


class EngagementFormatError(JournalError):
    """This is not an engagement number."""


class EntryMissingError(JournalError):
    """No entry has this number."""


class NotSequencedError(JournalError):
    """The entry is written but not yet under a checkpoint; ask again in a second."""


class ForkError(JournalError):
    """The stored leaves do not give the root of the last signed checkpoint: writing must stop."""


class SequencerBusyError(JournalError):
    """Another sequencer holds the journal's lock."""


class ProofRefusedError(JournalError):
    """The file does not prove that this entry is in the log."""
