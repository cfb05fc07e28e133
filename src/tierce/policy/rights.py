"""What may be asked about rights, and for how long an answer holds: by domain of care."""

from collections.abc import Mapping
from dataclasses import dataclass

from tierce.kernel.care import Domain


@dataclass(frozen=True, slots=True)
class CareWindow:
    """How far the day of care may lie from today, in days: two years back at most, for late invoices."""

    past: int
    ahead: int


CARE_WINDOWS: Mapping[Domain, CareWindow] = {
    Domain.MEDG: CareWindow(past=730, ahead=31),
    Domain.MEDS: CareWindow(past=730, ahead=92),
    Domain.PHAR: CareWindow(past=730, ahead=8),
    Domain.DENT: CareWindow(past=730, ahead=183),
    Domain.AUXM: CareWindow(past=730, ahead=92),
    Domain.OPTI: CareWindow(past=730, ahead=92),
    Domain.AUDI: CareWindow(past=730, ahead=92),
    Domain.LABO: CareWindow(past=730, ahead=31),
    Domain.RADL: CareWindow(past=730, ahead=92),
    Domain.HOSP: CareWindow(past=730, ahead=183),
    Domain.EXTE: CareWindow(past=730, ahead=92),
    Domain.TRAN: CareWindow(past=730, ahead=31),
}
"""Care that is given at once is not asked about months ahead: whoever does is not treating anybody."""

ENGAGEMENT_DAYS: Mapping[Domain, int] = {
    domain: 183 if domain in {Domain.DENT, Domain.HOSP} else 92 for domain in Domain
}
"""Days after the day of care within which quoting the engagement number on the invoice guarantees the payment. An
engagement outlives the period of cover: what was told before it ended is kept."""


def engagement_until(domain: Domain, care_day: int) -> int:
    """The last day on which an engagement may be quoted, for care on `care_day`; days since 1970-01-01."""
    return care_day + ENGAGEMENT_DAYS[domain]
