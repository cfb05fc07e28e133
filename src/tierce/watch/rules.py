"""When a device is held: a pure count over journal lines.

A professional who is refused a seat stops and asks for the card; whoever goes on has a list to empty. The count is
per device and civil day, and a hold demands presence on that device only: the professional's other devices, and her
patients who are present, are not hindered.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tierce.kernel.ids import DeviceId, ProfessionalId
from tierce.policy.acts import Outcome
from tierce.policy.ladder import HOLD_REFUSED


@dataclass(frozen=True, slots=True)
class Refused:
    """What the watch needs of one journal line that refused an ask."""

    day: int
    device: DeviceId
    professional: ProfessionalId
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Hold:
    """A device to hold, with the count that decided it."""

    device: DeviceId
    professional: ProfessionalId
    refused: int


@dataclass(slots=True)
class Watch:
    """Counts of the running day; rebuilt from the day's lines after a restart."""

    day: int = 0
    counts: dict[DeviceId, int] = field(default_factory=dict)

    def look(self, lines: Iterable[Refused]) -> list[Hold]:
        """Count new lines, in order, and name each device at the moment its count reaches HOLD_REFUSED."""
        holds = []
        for line in lines:
            if line.day > self.day:
                self.day, self.counts = line.day, {}
            if line.day < self.day or line.outcome is not Outcome.OUT_OF_SEATS:
                continue
            count = self.counts.get(line.device, 0) + 1
            self.counts[line.device] = count
            if count == HOLD_REFUSED:
                holds.append(Hold(line.device, line.professional, count))
        return holds
