"""Pure rules of identity: levels of assurance, phishing resistance, links, lifetimes."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from tierce.identity.errors import LinkReason, LinkRefusedError, SessionReason
from tierce.identity.model import PivotIdentity
from tierce.kernel.clock import date_of, paris_day, start_of
from tierce.kernel.ids import PersonId
from tierce.kernel.traits import FRANCE, name_words, normalise_traits

LEVEL_MIN_PROFESSIONAL = 1
LEVEL_MIN_PERSON = 1
PENDING_LIFE = timedelta(minutes=5)
"""How long a browser may take between leaving for its provider and coming back."""

PHISHING_RESISTANT_ACR = frozenset({"phr", "phrh"})
"""OpenID EAP ACR Values 1.0: phishing-resistant, and the same with a key held in hardware."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a session lasts in all, and how long it may stay unused."""

    total: timedelta
    idle: timedelta


PROFESSIONAL_LIFETIME = Lifetime(timedelta(hours=4), timedelta(minutes=30))
"""Those of the professionals' provider itself."""
STAFF_LIFETIME = Lifetime(timedelta(hours=1), timedelta(hours=1))
INSURER_LIFETIME = Lifetime(timedelta(hours=1), timedelta(hours=1))
"""The database function that opens the session holds the same hour, whatever it is sent."""
PERSON_LIFETIME = Lifetime(timedelta(minutes=30), timedelta(minutes=30))
STARTS_A_SECOND = 200
"""Of sign-ins, in one process: whoever begins one has no account yet, and each leaves a row for some minutes."""
PERSON_SIGN_INS_A_DAY = 40
"""By one identity, found or not: the day's ceilings are everybody's, and nobody may use them up alone."""

_EIDAS = re.compile(r"eidas([123])", re.ASCII)
_NATIONAL_ID = re.compile(r"8[0-9]{11}|0[0-9A-Z]{9}|[3-6][0-9]{9,14}/[0-9A-Za-z]{1,20}", re.ASCII)


def level_of(acr: object) -> int:
    """Return the eIDAS level, 1 to 3, of an `acr` value; 0 when the value says nothing we know."""
    found = _EIDAS.fullmatch(acr) if isinstance(acr, str) else None
    return int(found.group(1)) if found else 0


def meets_level(acr: object, required: int) -> bool:
    """Compare levels, never strings: a provider may answer higher than it was asked for."""
    return level_of(acr) >= max(required, 1)


def is_phishing_resistant(acr: object, amr: object) -> bool:
    """True when both the class (`acr`) and the methods (`amr`, RFC 8176) say a hardware key with a user present."""
    if acr not in PHISHING_RESISTANT_ACR or not isinstance(amr, list):
        return False
    return "hwk" in amr and "user" in amr


def is_national_id(value: object) -> bool:
    """True for 8 + RPPS, 0 + ADELI, or a structure's own person (type, structure, slash, number)."""
    return isinstance(value, str) and _NATIONAL_ID.fullmatch(value) is not None


def pivot_bytes(pivot: PivotIdentity) -> bytes:
    """Return the canonical bytes of a pivot identity; LinkRefusedError when a trait is missing."""
    sex = {"male": "M", "female": "F"}.get(pivot.gender, "")
    place = pivot.birth_place
    if pivot.birth_country != FRANCE and not place:
        place = pivot.birth_country
    try:
        return normalise_traits(pivot.family_name, pivot.given_names, pivot.birth_date, sex, place)
    except ValueError as error:
        raise LinkRefusedError(LinkReason.TRAITS_INCOMPLETE) from error


def counted_bytes(pivot: PivotIdentity) -> bytes:
    """What one identity's sign-ins are counted by: the same with all her given names, which tell most homonyms apart.

    A homonym who is refused by them uses up his own day, not hers.
    """
    return pivot_bytes(pivot) + b"|" + " ".join(name_words(pivot.given_names)).encode("ascii")


def link(found: list[PersonId]) -> PersonId:
    """Return the one person who has all the traits; nobody and homonyms are refused, never chosen between."""
    distinct = set(found)
    if not distinct:
        raise LinkRefusedError(LinkReason.NO_MATCH)
    if len(distinct) > 1:
        raise LinkRefusedError(LinkReason.HOMONYMS)
    return distinct.pop()


def expiry(now: datetime, created: datetime, life: Lifetime) -> datetime:
    """When a session used at `now` ends if it is not used again: its idle time from now, its total life at most.

    The stored expiry slides with use, so the database alone can tell whether a session is live.
    """
    return min(now + life.idle, created + life.total)


def person_expiry(now: datetime) -> datetime:
    """When a person's session ends: after its life, or with the day in Paris whose ceiling counts it."""
    return min(expiry(now, now, PERSON_LIFETIME), start_of(date_of(paris_day(now) + 1)))


def session_refusal(
    now: datetime, *, created: datetime, expires: datetime, revoked: datetime | None, life: Lifetime
) -> SessionReason | None:
    """Say why a session may not be used at `now`, or None."""
    if revoked is not None:
        return SessionReason.REVOKED
    if now < expires:
        return None
    return SessionReason.EXPIRED if now >= created + life.total else SessionReason.IDLE


def is_local_return(path: str) -> bool:
    """True for a path of the site itself, so that a sign-in never sends the browser to another site."""
    return (
        path.startswith("/")
        and not path.startswith(("//", "/\\"))
        and len(path) <= 512
        and path.isprintable()
        and "\\" not in path
    )
