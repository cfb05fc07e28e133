"""Presence: how long a proof serves, and how often one may be made. Grades are `policy.acts.Presence`.

A proof frees the seat of that person alone and opens her answer alone; it never opens anybody else's
(docs/adr/0028).
"""

from datetime import timedelta

CARD_SECONDS = 90
"""A dynamic card serves so long from its issue, once."""
CARD_RENEW_SECONDS = 60
"""Its page makes another one after so long, so that whoever reads it has half a minute left."""
SKEW_SECONDS = 30
"""How far the clock of a signer and that of the verifier may be apart, either way."""
CARDS_A_DAY = 120
"""Cards that one person may ask for in a civil day."""
CONFIRMABLE = timedelta(minutes=15)
"""How long after an ask its person may say whether she was there."""
CONFIRMED = timedelta(minutes=10)
"""How long her yes opens her answer at that place."""
CONFIRMATIONS_A_DAY = 6
"""Times that one person may say yes in a civil day; she may say no as often as she likes."""
