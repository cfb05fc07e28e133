"""How long a ticket and a challenge serve, and what ties a session to a key."""

from datetime import timedelta
from hashlib import sha256

TICKET_LIFE = timedelta(minutes=5)
"""The database function that gives one holds the same, by its own clock."""
RENEWED_AFTER = timedelta(minutes=4)
"""How old a ticket is when a page that is open has it replaced, and a form waits for another before it leaves."""
CHALLENGE_LIFE = timedelta(minutes=1)
"""The database holds it too."""


def bound_to(handle: str, thumbprint: bytes) -> bytes:
    """What is stored of the key that a session is bound to.

    With the handle, which no row has, so that no copy of the database tells two sessions of one browser: a household
    shares one.
    """
    return sha256(b"tierce-bound-v1\0" + handle.encode() + b"\0" + thumbprint).digest()
