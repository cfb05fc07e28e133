"""Why an insurer's answer to a person's request is refused."""

from tierce.kernel.errors import TierceError


class ReplyRefusedError(TierceError):
    """No such request of this insurer waits, it was answered, or the answer is none of its kind."""
