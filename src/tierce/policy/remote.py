"""Insurers that keep their people themselves and answer on the way: how long, how many, and when one is away.

The gate decides before an insurer is asked, so nothing here bounds what a thief learns: every ask that leaves has its
seat. What is here keeps one slow insurer from hindering others, and its time from telling whom it knows.
"""

from typing import Final

SLOT_SECONDS: Final = 4.0
"""Whoever names such an insurer is answered so long after she asked, whatever the answer."""
ANSWER_SECONDS: Final = 3.0
"""So long after the ask, an insurer that has not answered is waited for no more: what came must still be written."""
WRITE_SECONDS: Final = 5.0
"""What came of a call is written within so long, or an ask without an answer is left for the sweep."""
ASKS_MAX: Final = 256
"""Asks about one insurer's people under way in one process, refused ones included: each waits for its slot."""
LINE_ASKS_MAX: Final = 8
"""Of these, asks of one line of seats: nobody uses them all up for her neighbours."""
CALLS_MAX: Final = 32
"""Calls to one insurer under way in one process."""
FAILURES_MAX: Final = 5
"""After so many calls in a row without an answer that can be read, the insurer is away."""
FAILURE_SECONDS: Final = 60.0
"""Of one line of seats one failure counts in so long: an insurer that fails of one number is not closed to everybody
by whoever repeats it. A call that could not even leave counts each time, for that depends on nobody's number."""
CONNECT_SECONDS: Final = 2.0
"""An insurer to whom there is no connection by then, or no room among our own calls, was not asked."""
AWAY_SECONDS: Final = 30.0
"""For so long it is not asked, and deposits are taken; then one call tries."""
ANSWER_BYTES_MAX: Final = 4_096
"""The longest answer that is read."""
COVER_DAYS_MAX: Final = 731
"""How far after the day of care an answered period may end: what is answered is kept until long after it."""
SKEW_SECONDS: Final = 120
"""How far an insurer's clock may be from ours."""
SWEEP_SECONDS: Final = 30.0
"""How often asks whose answer was never written are looked for."""
