"""What an answer may be refused for."""

from tierce.kernel.errors import TierceError


class ReplyRefusedError(TierceError):
    """No such request of this insurer waits, it was answered, or the answer is none of its kind."""
