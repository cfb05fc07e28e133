"""How many invoices may be sent, and until when: `storage/sql/invoices.sql` holds the same numbers, whatever is sent.

Until when is decided elsewhere: an engagement may be quoted until the day told with the answer (`policy/rights.py`),
a receipt for as long as what was deposited is kept (`policy/deposits.py`). After that day a new ask about the same
day of care gives a number that may be quoted: an ask takes care of two years ago. The figures below are the
operator's choice: no text gives any.
"""

from typing import Final

from tierce.policy.deposits import KEPT_DAYS

LINES_MAX: Final = 40
REFERENCE_MAX: Final = 20
WHY_MAX: Final = 100
LINE_MAX: Final = 9_999_999
"""The dearest line, in cents: what a mistyped comma gives must not overflow a sum."""
QUANTITY_MAX: Final = 99
RECEIPT_DAYS: Final = KEPT_DAYS
LINE_A_DAY: Final = 1_000
"""Invoices of one line of seats (login, device and profession) in a civil day: a month's, sent at once."""
PLACE_A_DAY: Final = 4_000
ENGAGEMENT_MAX: Final = 200
"""Invoices that quote one engagement, cancelled ones included: a nurse's daily visits, each corrected once."""
MISSED_A_DAY: Final = 20
"""Numbers that a line may quote in a civil day and that are not its place's: mistyped, another's or nobody's."""
BEHIND_DAYS: Final = 30
"""Days after its sending for which the same care on another invoice waits for one that cannot be decided."""
UNDECIDED_DAYS: Final = 10
"""Days for which `billing` could not decide an invoice before two of the staff may refuse it: a file that brings the
cover back, or a key, may still come."""
PAGE_ROWS: Final = 50
