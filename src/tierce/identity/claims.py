"""From what a provider vouches for to an identity of ours; pure.

Traps of the professionals' provider: absent values are empty strings, the same exercise comes twice, several
activities are normal, and somebody may have none at all.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tierce.identity.errors import SignInReason, SignInRefusedError
from tierce.identity.model import InsurerIdentity, PivotIdentity, ProfessionalIdentity, StaffIdentity
from tierce.identity.oidc import Claims
from tierce.identity.rules import (
    LEVEL_MIN_PERSON,
    LEVEL_MIN_PROFESSIONAL,
    is_national_id,
    is_phishing_resistant,
    level_of,
    meets_level,
)

PLACES_MAX = 200
NAME_CHARS_MAX = 120
PLACE_MEMBERS = ("numeroFinessSite", "numeroFinessetablissementJuridique", "numeroSiretSite")
STRUCTURE_MEMBERS = ("identifiantTechniqueDeLaStructure",)


def professional(claims: Claims) -> ProfessionalIdentity:
    """Read a professional; refused when the level is too low. A substitute may have no place of her own."""
    acr = claims.id_token.get("acr")
    if not meets_level(acr, LEVEL_MIN_PROFESSIONAL):
        raise SignInRefusedError(SignInReason.LEVEL_TOO_LOW)
    said = claims.userinfo
    national_id = said.get("SubjectNameID") or said.get("preferred_username")
    if not isinstance(national_id, str) or not is_national_id(national_id):
        raise SignInRefusedError(SignInReason.IDENTITY_INCOMPLETE)
    return ProfessionalIdentity(
        national_id=national_id,
        family_name=_text(said, "family_name"),
        given_name=_text(said, "given_name"),
        level=level_of(acr),
        places=frozenset(_told(said, PLACE_MEMBERS)),
        structures=frozenset(_told(said, STRUCTURE_MEMBERS)),
    )


def _items(value: object) -> Sequence[Mapping[str, Any]]:
    found = value if isinstance(value, list) else []
    return [item for item in found if isinstance(item, dict)][:PLACES_MAX]


def _told(said: Mapping[str, Any], members: Sequence[str]) -> Iterator[str]:
    """These numbers of the places of every activity of every exercise; a repeated exercise adds nothing."""
    record = said.get("SubjectRefPro")
    for exercise in _items(record.get("exercices") if isinstance(record, dict) else None):
        for activity in _items(exercise.get("activities")):
            for member in members:
                if _text(activity, member):
                    yield _text(activity, member)


def _text(said: Mapping[str, Any], member: str) -> str:
    value = said.get(member)
    return value.strip() if isinstance(value, str) else ""


def _name(said: Mapping[str, Any]) -> str:
    """The name under which somebody acts: it stands in registers, files and letters that others read.

    Refused when it is none, too long, or holds what is not seen: ends of lines, marks that turn the writing.
    """
    name = _text(said, "name")
    if not name or len(name) > NAME_CHARS_MAX or not name.isprintable():
        raise SignInRefusedError(SignInReason.IDENTITY_INCOMPLETE)
    return name


def staff(claims: Claims, roles: frozenset[str]) -> StaffIdentity:
    """Read a member of staff; `roles` are those the operator's policy knows, and one at least is needed."""
    if not is_phishing_resistant(claims.id_token.get("acr"), claims.id_token.get("amr")):
        raise SignInRefusedError(SignInReason.NOT_PHISHING_RESISTANT)
    said = claims.userinfo.get("roles")
    held = frozenset(role for role in (said if isinstance(said, list) else []) if isinstance(role, str)) & roles
    if not held:
        raise SignInRefusedError(SignInReason.NOT_STAFF)
    name = _name(claims.userinfo)
    return StaffIdentity(str(claims.id_token["sub"]), name, held)


def insurer_staff(claims: Claims) -> InsurerIdentity:
    """Read somebody of an insurer's staff; the claim `amc` names the one insurer she works for."""
    if not is_phishing_resistant(claims.id_token.get("acr"), claims.id_token.get("amr")):
        raise SignInRefusedError(SignInReason.NOT_PHISHING_RESISTANT)
    amc = _text(claims.userinfo, "amc")
    if not amc:
        raise SignInRefusedError(SignInReason.INSURER_UNKNOWN)
    name = _name(claims.userinfo)
    return InsurerIdentity(str(claims.id_token["sub"]), name, amc)


def person(claims: Claims) -> PivotIdentity:
    """Read the pivot identity of a person; no NIR is asked for, and none would be read."""
    if not meets_level(claims.id_token.get("acr"), LEVEL_MIN_PERSON):
        raise SignInRefusedError(SignInReason.LEVEL_TOO_LOW)
    said = claims.userinfo
    return PivotIdentity(
        family_name=_text(said, "family_name"),
        given_names=_text(said, "given_name"),
        birth_date=_text(said, "birthdate").replace("-", ""),
        gender=_text(said, "gender"),
        birth_place=_text(said, "birthplace"),
        birth_country=_text(said, "birthcountry"),
    )
