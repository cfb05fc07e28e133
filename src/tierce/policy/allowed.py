"""Which domains each profession may ask about, and which fields each act shows: empty means refused."""

from collections.abc import Mapping

from tierce.kernel.care import Domain, Profession
from tierce.kernel.categories import DataCategory
from tierce.policy.acts import Act
from tierce.policy.staff import StaffRole

DOMAINS: Mapping[Profession, tuple[Domain, ...]] = {
    Profession.GP: (Domain.MEDG,),
    Profession.SPECIALIST: (Domain.MEDS,),
    Profession.PHARMACY: (Domain.PHAR,),
    Profession.DENTIST: (Domain.DENT,),
    Profession.NURSE: (Domain.AUXM,),
    Profession.PHYSIO: (Domain.AUXM,),
    Profession.OPTICIAN: (Domain.OPTI,),
    Profession.AUDIO: (Domain.AUDI,),
    Profession.LABORATORY: (Domain.LABO,),
    Profession.RADIOLOGY: (Domain.RADL,),
    Profession.HOSPITAL: (Domain.HOSP, Domain.EXTE),
    Profession.TRANSPORT: (Domain.TRAN, Domain.AUXM),
    Profession.MIDWIFE: (Domain.MEDS,),
    Profession.SPEECH: (Domain.AUXM,),
    Profession.ORTHOPTIST: (Domain.AUXM,),
    Profession.PODIATRIST: (Domain.AUXM,),
}
"""The usual one first. Where an insurer's card has no column for transport, it is in that of medical auxiliaries."""

SHOWN: Mapping[Act, DataCategory] = {
    Act.RIGHTS_ASK: DataCategory.INSURER | DataCategory.GUARANTEES,
    Act.RIGHTS_REVISIT: DataCategory.INSURER | DataCategory.GUARANTEES,
}
"""What a release shows: the insurer's name, and the guarantee and dates for the one domain asked. Nothing is
echoed; no civil status, no birth date, no NIR, no family."""

STAFF_ROLES = frozenset(role.value for role in StaffRole)
"""Roles of the operator's staff that open the office; any other role the provider names is ignored."""

LEVEL_MIN = 1
"""The least eIDAS level of a sign-in through which anything is shown."""


def may_ask(profession: Profession, act: Act, domain: Domain) -> bool:
    """Whether this profession may carry out this act for this domain; what no table names is refused."""
    return act in SHOWN and domain in DOMAINS.get(profession, ())


def shown_by(act: Act) -> DataCategory:
    """The categories that a release of this act shows."""
    return SHOWN.get(act, DataCategory.NONE)
