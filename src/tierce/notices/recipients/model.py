"""A key that waits for the operator's own word."""

from dataclasses import dataclass
from datetime import datetime

from tierce.kernel.ids import InsurerId


@dataclass(frozen=True, slots=True)
class Waiting:
    """A key that two people of an insurer proved and confirmed on its site, and that nobody here has vouched for."""

    id: int
    insurer: InsurerId
    recipient: str
    proposed_name: str
    confirmed_name: str
    confirmed_at: datetime
