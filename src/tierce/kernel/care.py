"""Professions that ask and domains of care that are asked about: our own enumeration, not a sector norm."""

from enum import IntEnum

from tierce.kernel.language import Phrase


class Profession(IntEnum):
    """A profession that may be enrolled. Numbers are stored: never moved, never reused."""

    GP = 1
    SPECIALIST = 2
    PHARMACY = 3
    DENTIST = 4
    NURSE = 5
    PHYSIO = 6
    OPTICIAN = 7
    AUDIO = 8
    LABORATORY = 9
    RADIOLOGY = 10
    HOSPITAL = 11
    TRANSPORT = 12
    MIDWIFE = 13
    SPEECH = 14
    ORTHOPTIST = 15
    PODIATRIST = 16


class Domain(IntEnum):
    """A domain of care, as the columns of a tiers payant card name it. Numbers are stored."""

    MEDG = 1
    MEDS = 2
    PHAR = 3
    DENT = 4
    AUXM = 5
    OPTI = 6
    AUDI = 7
    LABO = 8
    RADL = 9
    HOSP = 10
    EXTE = 11
    TRAN = 12

    @property
    def bit(self) -> int:
        """The domain's bit in a coverage's set of domains."""
        return 1 << (self.value - 1)


PROFESSION_LABELS: dict[Profession, Phrase] = {
    Profession.GP: Phrase("médecin généraliste", "general practitioner"),
    Profession.SPECIALIST: Phrase("médecin spécialiste", "specialist"),
    Profession.PHARMACY: Phrase("pharmacie", "pharmacy"),
    Profession.DENTIST: Phrase("chirurgien-dentiste", "dentist"),
    Profession.NURSE: Phrase("infirmier ou infirmière", "nurse"),
    Profession.PHYSIO: Phrase("masseur-kinésithérapeute", "physiotherapist"),
    Profession.OPTICIAN: Phrase("opticien", "optician"),
    Profession.AUDIO: Phrase("audioprothésiste", "hearing-aid specialist"),
    Profession.LABORATORY: Phrase("laboratoire", "laboratory"),
    Profession.RADIOLOGY: Phrase("radiologue", "radiologist"),
    Profession.HOSPITAL: Phrase("établissement de santé", "hospital"),
    Profession.TRANSPORT: Phrase("transport sanitaire", "medical transport"),
    Profession.MIDWIFE: Phrase("sage-femme", "midwife"),
    Profession.SPEECH: Phrase("orthophoniste", "speech therapist"),
    Profession.ORTHOPTIST: Phrase("orthoptiste", "orthoptist"),
    Profession.PODIATRIST: Phrase("pédicure-podologue", "podiatrist"),
}

DOMAIN_LABELS: dict[Domain, Phrase] = {
    Domain.MEDG: Phrase("consultation généraliste", "general practice"),
    Domain.MEDS: Phrase("consultation spécialiste", "specialist care"),
    Domain.PHAR: Phrase("pharmacie", "pharmacy"),
    Domain.DENT: Phrase("soins dentaires", "dental care"),
    Domain.AUXM: Phrase("auxiliaires médicaux", "medical auxiliaries"),
    Domain.OPTI: Phrase("optique", "optics"),
    Domain.AUDI: Phrase("audioprothèse", "hearing aids"),
    Domain.LABO: Phrase("laboratoire", "laboratory"),
    Domain.RADL: Phrase("radiologie", "radiology"),
    Domain.HOSP: Phrase("hospitalisation", "hospital stay"),
    Domain.EXTE: Phrase("soins externes", "outpatient care"),
    Domain.TRAN: Phrase("transport", "transport"),
}
