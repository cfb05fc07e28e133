"""What may be asked about rights, and for how long an answer holds: by domain of care."""

from collections.abc import Mapping
from dataclasses import dataclass

from tierce.kernel.care import Domain


@dataclass(frozen=True, slots=True)
class CareWindow:
    """How far the day of care may lie from today, in days: two years back at most, for late invoices."""

    past: int
    ahead: int


TWO_YEARS = 731
"""One of them may have a 29 February: its last day is not refused."""

CARE_WINDOWS: Mapping[Domain, CareWindow] = {
    Domain.MEDG: CareWindow(past=TWO_YEARS, ahead=31),
    Domain.MEDS: CareWindow(past=TWO_YEARS, ahead=92),
    Domain.PHAR: CareWindow(past=TWO_YEARS, ahead=8),
    Domain.DENT: CareWindow(past=TWO_YEARS, ahead=183),
    Domain.AUXM: CareWindow(past=TWO_YEARS, ahead=92),
    Domain.OPTI: CareWindow(past=TWO_YEARS, ahead=92),
    Domain.AUDI: CareWindow(past=TWO_YEARS, ahead=92),
    Domain.LABO: CareWindow(past=TWO_YEARS, ahead=31),
    Domain.RADL: CareWindow(past=TWO_YEARS, ahead=92),
    Domain.HOSP: CareWindow(past=TWO_YEARS, ahead=183),
    Domain.EXTE: CareWindow(past=TWO_YEARS, ahead=92),
    Domain.TRAN: CareWindow(past=TWO_YEARS, ahead=31),
}
"""Care that is given at once is not asked about months ahead: whoever does is not treating anybody."""

ENGAGEMENT_DAYS: Mapping[Domain, int] = {
    domain: 183 if domain in {Domain.DENT, Domain.HOSP} else 92 for domain in Domain
}
"""Days within which quoting the engagement number on the invoice guarantees the payment: after the day of care, or
after the answer where the care was before it, for a late invoice must be able to quote what it was just given. An
engagement outlives the period of cover: what was told before it ended is kept."""


ENGAGEMENT_DAYS_MAX = max(ENGAGEMENT_DAYS.values())
"""An insurer may guarantee for fewer days than its domains', never for more."""


def engagement_until(domain: Domain, care_day: int, answer_day: int) -> int:
    """The last day on which an engagement may be quoted, for care on `care_day`; days since 1970-01-01."""
    return max(care_day, answer_day) + ENGAGEMENT_DAYS[domain]
