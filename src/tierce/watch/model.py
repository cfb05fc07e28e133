"""What the watch looks at, and what it orders."""

from dataclasses import dataclass

from tierce.journal.model import Entry
from tierce.kernel.care import Profession
from tierce.kernel.ids import DeviceId, EntrySeq, LineId, ProfessionalId
from tierce.kernel.language import Phrase
from tierce.policy.evidence import State
from tierce.policy.ladder import Rung

TWINS = 0
"""In access.decoy, whose decoys the sex-flipped twins of true numbers are: no vendor's."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One journal line of the gate, with the line of seats that it was debited to and what was kept beside it."""

    seq: EntrySeq
    entry: Entry
    line: LineId
    profession: Profession | None
    """Of the line of seats; None when there is none."""
    hint: int
    """policy.evidence.hint_of; 0 when nothing was kept: then the person counts as known."""


@dataclass(frozen=True, slots=True)
class Known:
    """The evidence against one line as it is stored."""

    line: LineId
    device: DeviceId
    professional: ProfessionalId
    state: State


@dataclass(frozen=True, slots=True)
class Hold:
    """A device to hold, on which rung, and why in words."""

    device: DeviceId
    professional: ProfessionalId
    rung: Rung
    reason: Phrase
