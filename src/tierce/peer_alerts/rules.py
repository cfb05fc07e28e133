"""What a security event token must hold (RFC 8417, SSF 1.0), once its signature is verified; pure.

Of what it says we keep the kind of event, a professional's number, a range of time and a grade: no free text, so that
nothing about a person cared for can come in with it. A token that seems to name one is refused whole.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from tierce.kernel.labels import holds_nir
from tierce.kernel.luhn import is_rpps
from tierce.peer_alerts.errors import Err, SetRefusedError
from tierce.peer_alerts.model import Said
from tierce.policy.peer_alerts import ACCUSES, AHEAD, OLD, Confidence, Event

RPPS_ISSUER: Final = "https://rpps.esante.gouv.fr"
"""The issuer of a subject: the national directory of professionals."""
TYPE: Final = "secevent+jwt"
_OPENID: Final = "https://schemas.openid.net/secevent"
HARVESTING: Final = "tag:tierce.example,2026:secevent/identity-used-for-harvesting"
"""Our own event; no public schema has one of this meaning."""
EVENTS: Final[Mapping[str, Event]] = {
    f"{_OPENID}/risc/event-type/credential-compromise": Event.CREDENTIAL_COMPROMISE,
    f"{_OPENID}/risc/event-type/account-disabled": Event.ACCOUNT_DISABLED,
    f"{_OPENID}/risc/event-type/account-enabled": Event.ACCOUNT_ENABLED,
    f"{_OPENID}/caep/event-type/session-revoked": Event.SESSION_REVOKED,
    f"{_OPENID}/ssf/event-type/verification": Event.VERIFICATION,
    HARVESTING: Event.HARVESTING,
}
_ROUTINE: Final = frozenset({"user", "system"})
"""Who ends a session every day: no reason to suspect anybody."""
_TIMES: Final = frozenset({"iat", "toe", "event_timestamp", "start", "end"})
"""Members that hold a number of seconds, or of milliseconds, which is as long as a NIR."""
JTI_CHARS_MAX: Final = 128
DEPTH_MAX: Final = 8
_NIR_ALONE: Final = re.compile(r"[1-8][0-9]{4}(?:[0-9]{2}|2[AB])[0-9]{6}(?:[0-9]{2})?", re.ASCII | re.IGNORECASE)


def read(claims: Mapping[str, Any], audience: str, now: datetime) -> Said:
    """What a token says to us, at this time.

    Raises:
        SetRefusedError: it is for somebody else, too old, of several events, or about anybody but a professional.
    """
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 1 <= len(jti) <= JTI_CHARS_MAX:
        raise _wrong(f"jti: give each token a number of its own, {JTI_CHARS_MAX} characters at most")
    if _names_somebody(claims, jti):
        raise _wrong(
            "this may hold the number of a person cared for: name professionals alone, and send no free text"
        )
    to = claims.get("aud")
    if audience not in (to if isinstance(to, list) else [to]):
        raise SetRefusedError(Err.INVALID_AUDIENCE, "aud: this receiver is not the one for whom it was signed")
    if "sub" in claims or "exp" in claims:
        raise _wrong("sub, exp: leave them out; name the professional by sub_id")
    _fresh(claims.get("iat"), now)
    events = claims.get("events")
    if not isinstance(events, dict) or len(events) != 1:
        raise _wrong("events: send exactly one event in each token")
    ((kind, told),) = events.items()
    if not isinstance(told, dict):
        raise _wrong("events: the event is an object")
    number = UUID(bytes=sha256(b"tierce-peer-set-v1" + jti.encode()).digest()[:16])
    event = EVENTS.get(kind, Event.OTHER)
    if event is Event.SESSION_REVOKED and str(told.get("initiating_entity")) in _ROUTINE:
        event = Event.OTHER
    if event not in ACCUSES and event is not Event.ACCOUNT_ENABLED:
        return Said(number, event, "")
    rpps = _professional(claims.get("sub_id"))
    if event is Event.CREDENTIAL_COMPROMISE and not isinstance(told.get("credential_type"), str):
        raise _wrong("credential_type: say which kind of credential was compromised")
    if event is Event.HARVESTING:
        return _harvesting(Said(number, event, rpps), told, now)
    return Said(number, event, rpps)


def _wrong(said: str) -> SetRefusedError:
    return SetRefusedError(Err.INVALID_REQUEST, said)


def _professional(subject: object) -> str:
    """The number of a professional, and of nobody else: what else a subject may be is refused in one sentence."""
    if (
        not isinstance(subject, dict)
        or set(subject) != {"format", "iss", "sub"}
        or (subject["format"], subject["iss"]) != ("iss_sub", RPPS_ISSUER)
        or not isinstance(subject["sub"], str)
        or not is_rpps(subject["sub"])
    ):
        raise _wrong(f"sub_id: iss_sub with iss {RPPS_ISSUER} and an RPPS of eleven digits, its key included")
    found: str = subject["sub"]
    return found


def _fresh(issued: object, now: datetime) -> None:
    at = _time(issued)
    if at is None or at < now - OLD or at > now + AHEAD:
        raise _wrong(
            f"iat: signed {OLD.days} days ago at most, and no more than {AHEAD.seconds} s ahead of our clock"
        )


def _time(said: object) -> datetime | None:
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 <= said < 2**33:
        return None
    return datetime.fromtimestamp(said, UTC)


def _harvesting(said: Said, told: Mapping[str, Any], now: datetime) -> Said:
    since, until = _time(told.get("start")), _time(told.get("end"))
    if since is None or until is None or not since <= until <= now + AHEAD:
        raise _wrong("start, end: when the identity was used, in seconds since 1970, the past alone")
    grades = {one.name.lower(): one for one in Confidence if one}
    grade = told.get("confidence")
    if not isinstance(grade, str) or grade not in grades:
        raise _wrong(f"confidence: one of {', '.join(grades)}")
    return Said(said.jti, said.event, said.rpps, since, until, grades[grade])


def _names_somebody(claims: Mapping[str, Any], jti: str) -> bool:
    """Whether any text or number of a token, names of members included, may be a NIR.

    The token's own number is long by nature: it is looked at whole. Only its digest is ever kept.
    """
    if _NIR_ALONE.fullmatch(re.sub(r"[\W_]", "", jti)):
        return True
    return any(holds_nir(text) for text in _texts({name: one for name, one in claims.items() if name != "jti"}, 0))


def _texts(value: object, depth: int) -> Iterator[str]:
    if depth > DEPTH_MAX:
        raise _wrong("this is nested too deep")
    if isinstance(value, dict):
        for name, one in value.items():
            yield name
            if not (name in _TIMES and isinstance(one, int | float)):
                yield from _texts(one, depth + 1)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, depth + 1)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
