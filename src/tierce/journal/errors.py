"""What can go wrong with the journal."""

from tierce.kernel.errors import TierceError


class JournalError(TierceError):
    """The journal refused an operation."""


class InstanceReplacedError(JournalError):
    """A process has a signing key that the journal knows as another's, or as replaced."""

    def __init__(self, name: str) -> None:
        """Say which process, and what to do."""
        file = f"instance-{name}.key"
        super().__init__(
            f"{name} est inscrit sous une autre clé : {file} de cette machine a été remplacée ; copiez-y celle qui "
            f"est en service, ou `tierce keys instance {name}` s’il n’y en a plus / {name} is registered with "
            f"another key: this machine's {file} was replaced; copy the one in use here, or `tierce keys instance "
            f"{name}` when there is none left"
        )


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

    in_french = "Une clé n’a pas la longueur ou la forme qu’il faut."


class EngagementFormatError(JournalError):
    """This is not an engagement number."""

    in_french = "Ce n’est pas un numéro d’engagement."


class EntryMissingError(JournalError):
    """No entry has this number."""


class NotSequencedError(JournalError):
    """The entry is written but not yet under a checkpoint; ask again in a second."""

    in_french = "La ligne est écrite, mais pas encore sous un point de contrôle ; redemandez dans une seconde."


class LogFatalError(JournalError):
    """What is stored is not what was signed, or nobody can tell: the writer stops, and a human looks first."""


class ForkError(LogFatalError):
    """The stored log does not give the root of a signed checkpoint, or is behind one: writing must stop."""


class TileDiffersError(LogFatalError):
    """A full tile, which never changes, is there with other hashes."""


class BatchBrokenError(LogFatalError):
    """A committed batch does not hold as many entries as were signed."""


class LogFolderError(JournalError):
    """The log's folder cannot be used; nothing was written, and trying again is right once it can."""


class TileMissingError(JournalError):
    """A tile that a proof needs is not there: the sequencer writes it, or `tierce journal verify` says why not."""


class SequencerBusyError(JournalError):
    """Another sequencer holds the journal's lock."""

    in_french = "Un autre séquenceur tient le verrou du journal."


class FollowingError(JournalError):
    """This machine's folder or kept checkpoint cannot follow what another machine's sequencer signed."""


class ProofRefusedError(JournalError):
    """The file does not prove that this entry is in the log."""
