"""Where prior agreements exist, how many are asked for, how long one holds.

`storage/sql/agreements.sql` holds the same numbers, whatever is sent. All of them are the operator's choice: no text
gives any. They are lower than those of invoices, for an answer is worth more to a thief: each says what a product
gives for some items, to a place that was answered about that person already.
"""

from typing import Final

from tierce.kernel.care import Domain

AGREED: Final = frozenset({Domain.DENT, Domain.OPTI, Domain.AUDI, Domain.HOSP})
"""Domains whose care is dear, chosen beforehand, and asked about beforehand by custom."""
LINES_MAX: Final = 20
"""Items of one agreement: two lenses, a frame and what goes with them; a dental plan."""
LINE_A_DAY: Final = 60
"""Agreements of one line of seats (login, device and profession) in a civil day."""
PLACE_A_DAY: Final = 240
ENGAGEMENT_MAX: Final = 10
"""Agreements that quote one engagement, cancelled ones included: a first quote, its variants, the request."""
GRANT_DAYS: Final = 183
"""How long a grant may be invoiced, from the day it is given, or from the day of care that was asked about."""
PAGE_ROWS: Final = 50
REVIEW_DAYS: Final = 10
"""How long a person of the insurer has to answer a request that its benefits leave to her: the last day is the tenth
after. Then it is refused, for a promise is never made by silence."""
STAFF_REVIEWS: Final = 60
"""Different requests under review that one of an insurer's staff reads in a civil day; she decides none unread."""
INSURER_REVIEWS: Final = 400
"""And all of an insurer's staff together, each of them counted for each request."""
