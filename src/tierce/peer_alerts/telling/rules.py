"""What our own tokens say: a professional's number, one event, and nothing about anybody else; pure."""

from datetime import datetime
from typing import Any, Final

from tierce.kernel.errors import FieldError
from tierce.kernel.language import Phrase
from tierce.peer_alerts.rules import EVENTS, RPPS_ISSUER
from tierce.peer_alerts.telling.model import Saying
from tierce.policy.peer_alerts import Confidence, Event

SPEC: Final = "1_0"
SAID: Final = (Event.ACCOUNT_DISABLED, Event.HARVESTING, Event.ACCOUNT_ENABLED)
"""What staff may say: that the identity was stolen, in the standard's words or with a range and a grade; or not."""
_NAMES: Final = {event: name for name, event in EVENTS.items()}


def claims_of(saying: Saying, rpps: str, issuer: str, audience: str, jti: str, now: datetime) -> dict[str, Any]:
    """The claims of one token for one operator."""
    told: dict[str, Any] = {}
    if saying.event is Event.ACCOUNT_DISABLED:
        told = {"reason": "hijacking"}
    elif saying.event is Event.HARVESTING and saying.since is not None and saying.until is not None:
        told = {
            "start": int(saying.since.timestamp()),
            "end": int(saying.until.timestamp()),
            "confidence": saying.confidence.name.lower(),
        }
    return {
        "iss": issuer,
        "aud": audience,
        "iat": int(now.timestamp()),
        "jti": jti,
        "sub_id": {"format": "iss_sub", "iss": RPPS_ISSUER, "sub": rpps},
        "events": {_NAMES[saying.event]: told},
    }


def check(saying: Saying, now: datetime) -> None:
    """Refuse what says nothing that can be signed.

    Raises:
        FieldError: no such event, or a use without its range or its grade.
    """
    if saying.event not in SAID:
        raise FieldError(
            "event",
            Phrase("rien n’est choisi.", "nothing is chosen."),
            Phrase("Choisissez ce que vous dites.", "Choose what you say."),
        )
    if saying.event is not Event.HARVESTING:
        return
    if saying.confidence is Confidence.UNSAID:
        raise FieldError(
            "event",
            Phrase("le degré de certitude manque.", "how sure you are is missing."),
            Phrase("Choisissez une des trois phrases.", "Choose one of the three sentences."),
        )
    if saying.since is None or saying.until is None or not saying.since <= saying.until <= now:
        raise FieldError(
            "since",
            Phrase("les deux heures ne se lisent pas, ou ne sont pas passées dans cet ordre.",
                   "the two times cannot be read, or are not past in this order."),
            Phrase("Écrivez de quand à quand l’identité a servi.", "Write from when to when the identity was used."),
        )  # fmt: skip


def metadata(issuer: str) -> dict[str, Any]:
    """What a transmitter says of itself (SSF 1.0, section 7); streams are agreed between people."""
    return {
        "spec_version": SPEC,
        "issuer": issuer,
        "jwks_uri": f"{issuer}/jwks.json",
        "delivery_methods_supported": ["urn:ietf:rfc:8935"],
        "default_subjects": "ALL",
    }
