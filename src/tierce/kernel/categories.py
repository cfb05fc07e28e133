"""The categories of personal data: one list for schema, journal, scope, dossier and letter."""

from enum import IntFlag

from tierce.kernel.language import Phrase


class DataCategory(IntFlag):
    """A set of data categories. Bits are part of the journal's encoding: never moved, never reused."""

    NONE = 0
    CIVIL_STATUS = 1
    BIRTH_DATE = 2
    NIR = 4
    INSURER = 8
    GUARANTEES = 16
    BANK = 32
    MEDICAL = 64
    REIMBURSEMENTS = 128
    POSTAL_ADDRESS = 256
    PHONE = 512
    EMAIL = 1024
    PROFESSIONAL_RECORD = 2048


LABELS: dict[DataCategory, Phrase] = {
    DataCategory.CIVIL_STATUS: Phrase("état civil", "civil status"),
    DataCategory.BIRTH_DATE: Phrase("date de naissance", "birth date"),
    DataCategory.NIR: Phrase("numéro de sécurité sociale (NIR)", "social security number (NIR)"),
    DataCategory.INSURER: Phrase("nom de votre complémentaire", "name of your insurer"),
    DataCategory.GUARANTEES: Phrase("garanties et dates de droits", "guarantees and dates of cover"),
    DataCategory.BANK: Phrase("coordonnées bancaires", "bank details"),
    DataCategory.MEDICAL: Phrase("données médicales", "medical data"),
    DataCategory.REIMBURSEMENTS: Phrase("remboursements", "reimbursements"),
    DataCategory.POSTAL_ADDRESS: Phrase("adresse postale", "postal address"),
    DataCategory.PHONE: Phrase("numéro de téléphone", "phone number"),
    DataCategory.EMAIL: Phrase("adresse électronique", "e-mail address"),
    DataCategory.PROFESSIONAL_RECORD: Phrase("fiche du professionnel", "professional's own record"),
}
"""How each category is named to the person concerned."""


def each(categories: DataCategory) -> list[DataCategory]:
    """List the single categories of a set, in the order of their bits."""
    return [one for one in LABELS if one in categories]
