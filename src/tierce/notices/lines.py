"""The journal's lines of what is done to tell insurers and people: by whom, for which incident, for which insurer."""

from datetime import datetime

from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import micros
from tierce.kernel.ids import IncidentId, InsurerId
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest


def notice_line(
    appender: Appender,
    act: Act,
    at: datetime,
    *,
    incident: IncidentId | None = None,
    insurer: InsurerId | None = None,
    categories: DataCategory = DataCategory.NONE,
) -> Entry:
    """A line of kind NOTICE: the process that acts, the incident in `reference`, the insurer, nobody exposed."""
    return Entry(
        kind=EntryKind.NOTICE,
        act=act,
        outcome=Outcome.DONE,
        time_us=micros(at),
        professional=appender.instance,
        insurer=insurer or InsurerId(0),
        categories=categories,
        policy=policy_digest(),
        reference=incident or 0,
    )
