"""Which of our professions an activity of the national directory is, and which it is not.

One table each for the profession, the doctor's specialty and the pharmacist's section, in the directory's own codes
(nomenclatures G15, R38, G05, R02, R22 and R23 of the health information systems' framework). What no table names is
kept in the directory and can never be enrolled: an operator that serves such a profession adds it here, and its
domains in policy/allowed.py.
"""

from collections.abc import Mapping
from typing import Final

from tierce.kernel.care import Profession

DOCTOR: Final = "10"
PHARMACIST: Final = "21"

PROFESSIONS: Final[Mapping[str, Profession]] = {
    "26": Profession.AUDIO,
    "28": Profession.OPTICIAN,
    "40": Profession.DENTIST,
    "50": Profession.MIDWIFE,
    "60": Profession.NURSE,
    "70": Profession.PHYSIO,
    "80": Profession.PODIATRIST,
    "91": Profession.SPEECH,
    "92": Profession.ORTHOPTIST,
}
"""Professions whose code alone decides. Makers and suppliers of appliances (81 to 85, and shops that have no code of
their own), psychologists, dietitians and others have none of ours (docs/adr/0073)."""

SKILLS: Final[Mapping[str, Profession]] = {
    "SM03": Profession.LABORATORY,
    "SM26": Profession.GP,
    "SM44": Profession.RADIOLOGY,
    "SM53": Profession.GP,
    "SM54": Profession.GP,
    "SM55": Profession.RADIOLOGY,
    "SM63": Profession.LABORATORY,
    "SM64": Profession.LABORATORY,
    "SM65": Profession.LABORATORY,
    "SM66": Profession.LABORATORY,
    "SM67": Profession.LABORATORY,
    "SM74": Profession.RADIOLOGY,
    "SM94": Profession.RADIOLOGY,
}
"""Doctors' specialties that are not SPECIALIST; a doctor for whom none is given is not mapped.

Radiology and biology bear several codes: an older joint one (SM55), and since the reform of 2017 those of whoever
qualified after it, with or without an option (SM74, SM94; SM63 to SM67).
"""

SECTIONS: Final[Mapping[str, Profession]] = {
    "A": Profession.PHARMACY,
    "D": Profession.PHARMACY,
    "G": Profession.LABORATORY,
}
"""Sections of the pharmacists' register: owners (A) and assistants (D) of a pharmacy, biologists (G). Industry,
wholesale and hospitals (B, C, H) are not mapped."""

OVERSEAS: Final = "E"
PHARMACY_SECTORS: Final = frozenset({"SA33", "SA38", "SA39", "SA65"})
"""Sectors of pharmacies open to the public. Overseas, one section (E) holds every pharmacist: the sector alone tells
a pharmacy from a hospital."""

EMPLOYED: Final = "S"
HOSPITAL_SECTORS: Final = frozenset({"SA01", "SA02", "SA03", "SA04"})
"""Sectors of public, military and private hospitals."""
HOSPITAL_PROFESSIONS: Final = frozenset({"10", "40", "50"})
"""Whoever of these is employed in a hospital asks as HOSPITAL; others employed there are not mapped."""

STANDING_IN: Final = frozenset({"GENR02", "GENR03"})
"""Activities of a substitute: the place is not hers, so they open nothing by themselves (see substitutions)."""
STUDENT: Final = "E"


def base_profession(profession: str, skill: str, section: str, category: str, sector: str) -> Profession | None:
    """What a professional is, wherever she works, as one line tells it; None when no table maps her."""
    if category == STUDENT:
        return None
    if profession == DOCTOR:
        return SKILLS.get(skill, Profession.SPECIALIST) if skill.startswith("SM") else None
    if profession == PHARMACIST:
        if section == OVERSEAS and sector in PHARMACY_SECTORS:
            return Profession.PHARMACY
        return SECTIONS.get(section)
    return PROFESSIONS.get(profession)


def activity_profession(
    base: Profession | None, profession: str, mode: str, sector: str, kind: str
) -> Profession | None:
    """What she is in one activity: the same, HOSPITAL when employed in one, None when it opens nothing by itself."""
    if kind in STANDING_IN or base is None:
        return None
    if mode == EMPLOYED and sector in HOSPITAL_SECTORS:
        return Profession.HOSPITAL if profession in HOSPITAL_PROFESSIONS else None
    return base
