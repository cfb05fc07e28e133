"""Errors of assistants."""

from enum import StrEnum

from tierce.identity.errors import IdentityError
from tierce.kernel.errors import FieldError


class AssistantReason(StrEnum):
    """Why an act about an assistant, or hers, is refused: fixed words, safe to answer, log and count."""

    PLACE = "place"
    DEVICE = "device"
    HELD = "held"
    DAYS = "days"
    TOO_MANY = "too_many"
    NOT_FOUND = "not_found"
    PASSKEYS = "passkeys"
    SIGN_IN = "sign_in"
    CODE = "code"
    NETWORK = "network"
    STATE = "state"
    ADDRESS = "address"
    PASSKEY = "passkey"
    NOT_ALLOWED = "not_allowed"


class AssistantRefusedError(IdentityError):
    """An assistant is not named, not ended, does not sign in, or may not do what her session asked."""

    def __init__(self, reason: AssistantReason) -> None:
        """Keep the machine reason."""
        super().__init__(f"The act about an assistant is refused ({reason.value}).")
        self.reason = reason


class AssistantNameError(FieldError):
    """An assistant's name cannot be accepted; the message never repeats it."""
