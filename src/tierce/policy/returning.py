"""How many sign in at once, and how long the queue of the others may be: every limit of a return, on one page.

After a closure everybody comes back in the same minute. Whoever is in has a person in front of her: her questions
must not wait for those who are still coming. So the portal lets so many a second begin to sign in, and gives each of
the others a turn: a moment at which she comes again, by herself, and is let in.
"""

from datetime import timedelta

SIGN_INS_A_SECOND = 8
"""Sign-ins that one portal process lets begin each second; `[portal] sign_ins` sets another number."""
SIGN_INS_MOST = 1_000
AT_ONCE_SECONDS = 2
"""After a quiet time, as many as these seconds give begin at once: on an ordinary morning nobody meets the queue."""
QUEUE_FOR = timedelta(minutes=30)
"""How far ahead turns are given; whoever comes after is told when to come back, and is given none."""
SHARED_FROM = timedelta(minutes=1)
"""From this wait on, a network of which nobody waits has a turn in a queue of its own kind: one a network."""
TURN_FOR = timedelta(minutes=3)
"""How long a turn serves once it has come."""
