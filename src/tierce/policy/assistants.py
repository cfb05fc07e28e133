"""What an assistant may do in her professional's name, and the bounds of naming one (storage/sql/assistants.sql too).

An assistant is somebody without a national number whom a professional names for one place, until a day. She signs in
as herself, with a passkey; what she asks draws on the professional's own lines of seats, so that no bound grows.
"""

from datetime import timedelta
from typing import Final

from tierce.policy.acts import Act

ASSISTANTS_MAX: Final = 20
"""Of one professional at one place: those who may sign in, and those sent away within a day of being named."""
LAST_DAY_MAX: Final = 365
"""How many days from today an assistant may be named for: a longer stay is said again."""
LAST_DAY_USUAL: Final = 183
"""What the form proposes."""
PASSKEYS_MAX: Final = 3
"""Of one assistant: the counter's browser, another, and one that is being replaced."""
SIGNED_IN_WITHIN: Final = timedelta(minutes=15)
"""How lately whoever names one, or has a code made, must have signed in: a session left open lets nobody in."""
CODE_LIFE: Final = timedelta(minutes=10)
"""How long a code may be typed."""
CHALLENGE_LIFE: Final = timedelta(minutes=5)
"""How long a browser may take to sign."""

ASSISTANT_ACTS: Final = frozenset(
    {
        Act.NONE,
        Act.RIGHTS_ASK,
        Act.RIGHTS_REVISIT,
        Act.SESSION_OPEN,
        Act.SESSION_READ,
        Act.HOLDS_READ,
        Act.SESSION_REVOKE,
        Act.DEVICE_ENROL,
        Act.ASSISTANT_ENROL,
        Act.ASSISTANT_SIGN_IN,
        Act.DEPOSIT_MAKE,
        Act.DEPOSIT_READ,
        Act.INVOICE_SEND,
        Act.INVOICE_READ,
        Act.INVOICE_CANCEL,
        Act.AGREEMENT_ASK,
        Act.AGREEMENT_READ,
        Act.AGREEMENT_CANCEL,
        Act.AGREEMENT_DOCUMENT,
    }
)
"""Acts open to an assistant's session; of sessions and devices she reads, and ends, her own alone. What is not named
here is refused to her: naming anybody, going on with another device, accounts, transfers, appeals."""


def may_assistant(act: Act) -> bool:
    """Whether an assistant may carry out this act; what the table does not name is refused."""
    return act in ASSISTANT_ACTS
