"""What an SMTP answer means, when to try again, and what a returned message says; pure.

The three digits are RFC 5321's: the first says done (2), later (4) or never (5). The enhanced status, RFC 3463, says
of whom: x.1 and x.2 the recipient's address and mailbox, x.3 and x.4 the systems between, x.7 policy.
"""

import re
from datetime import timedelta
from typing import Final

from tierce.notices.deliveries.model import Reply, Verdict

ATTEMPTS_MAX: Final = 6
HALTS_MAX: Final = 3
"""So many answers in a row that refuse us, and nothing more is sent."""
FIRST_WAIT: Final = timedelta(minutes=5)
LONGEST_WAIT: Final = timedelta(hours=6)
"""5, 10, 20, 40, 80 minutes: an hour and a half of grey-listing and full queues; then the letter."""

_ENHANCED: Final = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
# Too much at once, or a queue that is full: RFC 3463 x.3.1, x.3.2, x.4.5, x.7.0 (with 4); RFC 5321 421, 450-452.
_SLOW: Final = frozenset({"4.3.1", "4.3.2", "4.4.5", "4.7.0", "4.7.1", "4.7.28"})
# Refuses the sender: no right to relay, no authentication, a signature that fails, an address of ours. One such
# answer may be a recipient's own policy, so the sender stops only after several in a row.
_US: Final = re.compile(r"5\.7\.(?:0|1|8|9|20|21|22|23|24|25|26|27|28|30|57|58|60)|5\.5\.\d+|5\.1\.[78]")
_US_CODES: Final = frozenset({500, 501, 502, 503, 504, 530, 535, 538})


def parsed(code: int, text: str) -> Reply:
    """Keep of an answer its digits and its enhanced status, which must agree; not its words."""
    found = _ENHANCED.search(text)
    enhanced = found[1] if found and found[1][0] == str(code)[0] else None
    return Reply(code, enhanced)


def verdict(reply: Reply) -> Verdict:
    """What to do after an answer."""
    if 200 <= reply.code < 300:
        return Verdict.DONE
    status = reply.enhanced or ""
    if 400 <= reply.code < 500:
        slow = reply.code == 421 or status in _SLOW or (reply.code in {450, 451, 452} and not status)
        return Verdict.SLOW_DOWN if slow else Verdict.RETRY
    if reply.code in _US_CODES or _US.fullmatch(status):
        return Verdict.HALT
    return Verdict.GIVE_UP


def wait_after(attempts: int) -> timedelta | None:
    """How long to wait after so many attempts, or None when there were enough."""
    if attempts >= ATTEMPTS_MAX:
        return None
    return min(FIRST_WAIT * (1 << (attempts - 1)), LONGEST_WAIT)


def slower(rate: float) -> float:
    """The rate after a server asked us to slow down: half, and never under one a second."""
    return max(rate / 2, 1.0)


def faster(rate: float, most: float) -> float:
    """The rate after a minute without complaint: a tenth more, up to what was asked for."""
    return min(rate * 1.1, most)
