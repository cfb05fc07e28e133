"""Why a request under review is not shown, or an answer to it not kept."""

from tierce.kernel.errors import TierceError


class ReviewGoneError(TierceError):
    """No request of this number waits: answered by somebody else, taken back, out of time, or another insurer's."""


class ReviewsClosedError(TierceError):
    """The nation, this site, the asking for agreements, this domain or this insurer is closed."""


class ReviewsUsedUpError(TierceError):
    """The requests that she, or all of her insurer's staff, may read in a day are used up."""


class NotGrantedNowError(TierceError):
    """This request may be refused, and not granted now."""


class ReviewUnreadError(TierceError):
    """She decides on what she read today, and did not read this one."""
