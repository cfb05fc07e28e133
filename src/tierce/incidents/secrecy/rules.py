"""Until when persons may be kept from being told; pure."""

from datetime import datetime, timedelta
from typing import Final

from tierce.incidents.errors import FormError
from tierce.incidents.secrecy.model import Standing
from tierce.kernel.language import Phrase

LONGEST: Final = timedelta(days=184)
"""Half a year: whoever needs longer has it written again, with its reason."""
ASKED_FOR: Final = timedelta(days=1)
"""How long what one wrote waits for another to confirm it (incident.confirm_secrecy too)."""


def check_until(until: datetime, now: datetime) -> datetime:
    """Refuse a day that is past, or too far.

    Raises:
        FormError: it is.
    """
    if until <= now:
        reason = Phrase(
            "Ce moment est passé\u00a0: donnez un moment à venir.", "That moment is past; give one to come."
        )
        raise FormError("until", reason)
    if until > now + LONGEST:
        reason = Phrase(
            "Plus de six mois\u00a0: donnez un moment plus proche ; il pourra être écrit de nouveau.",
            "More than six months; give a nearer one: it can be written again.",
        )
        raise FormError("until", reason)
    return until


def holds(standing: Standing, now: datetime) -> bool:
    """Whether persons are kept from being told now."""
    return standing.last is not None and standing.last.until > now


def waits(standing: Standing, now: datetime) -> bool:
    """Whether something waits for another to confirm it."""
    return standing.asked is not None and now - standing.asked.at < ASKED_FOR and standing.asked.until > now
