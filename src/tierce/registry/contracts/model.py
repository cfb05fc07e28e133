"""What a line of the contracts' file says, once read."""

from dataclasses import dataclass
from enum import IntEnum

from tierce.kernel.care import Domain


class Party(IntEnum):
    """With whom an insurer has a contract. Numbers are stored, and read by gate.standing_of."""

    PROFESSION = 1
    ESTABLISHMENT = 2
    PROFESSIONAL = 3


@dataclass(frozen=True, slots=True)
class ContractLine:
    """One contract: days count from 1970-01-01, both included; `number` is as the file gives it."""

    line: int
    amc: str
    party: Party
    number: str
    domain: Domain
    from_day: int
    until_day: int


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract whose insurer and party are known by their internal numbers."""

    insurer: int
    party: Party
    subject: int
    domain: Domain
    from_day: int
    until_day: int
