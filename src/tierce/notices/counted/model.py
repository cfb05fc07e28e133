"""What was counted of an audience, and when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tierce.kernel.ids import IncidentId
from tierce.notices.audience.model import Audience

LIVE_AT_MOST: Final = 200_000
"""Pairs of an audience that a page counts itself: about a second."""
REST: Final = 10
"""After a count the next one waits this many times as long as it took."""

ToldRow = tuple[int, str, int, int]
"""Insurer, cohort, minute after awareness, pairs: a row of notice.told."""


@dataclass(frozen=True, slots=True)
class Due:
    """An audience to be counted, and since when its incident's delays run."""

    audience: Audience
    incident: IncidentId
    since: datetime
