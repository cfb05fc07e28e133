"""From the words of a declaration to one that holds; pure."""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from hashlib import sha256
from typing import Final

import msgspec

from tierce.billing.agreements.documents.model import Declared, Prescriber, Subject
from tierce.billing.agreements.model import OwnDocument
from tierce.billing.errors import BillingFieldError
from tierce.kernel.bodies import UNREADABLE, decoded, fault_of
from tierce.kernel.clock import read_date
from tierce.kernel.language import Phrase
from tierce.kernel.luhn import is_rpps
from tierce.kernel.saying import say_date
from tierce.policy.documents import (
    OWN_CARE,
    PRESCRIBED,
    PRESCRIBERS,
    VALID_DAYS,
    DocumentKind,
    named,
)


class DocumentBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The JSON body of `POST /v1/agreements/{id}/documents`: not the document, nor who is cared for."""

    kind: str
    dated: str
    sha256: str
    prescriber: str | None = None


_decoder = msgspec.json.Decoder(DocumentBody)
_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_OF_NOTHING: Final = sha256(b"").digest()
_BODY_REMEDY: Final = Phrase(
    "Envoyez un objet JSON, en UTF-8, avec kind, dated et sha256, et prescriber pour une ordonnance. La pièce reste "
    "chez vous, et rien ne nomme la personne.",
    "Send a JSON object, in UTF-8, with kind, dated and sha256, and prescriber for a prescription. The document "
    "stays with you, and nothing names the person.",
)
_RPPS_REMEDY: Final = Phrase(
    "Recopiez les onze chiffres du numéro RPPS que porte l’ordonnance.",
    "Copy the eleven digits of the RPPS number that the prescription bears.",
)


def read_declared(body: bytes) -> Declared:
    """Read a declaration, or raise BillingFieldError naming the field and the remedy, never the value."""
    try:
        raw = decoded(_decoder, body)
    except UNREADABLE:
        field, reason = fault_of(body, DocumentBody)
        raise BillingFieldError(field, reason, _BODY_REMEDY) from None
    kind = _kind(raw.kind)
    return Declared(kind, _dated(raw.dated), _prescriber(kind, raw.prescriber), _digest(raw.sha256))


def _kind(text: str) -> DocumentKind:
    for kind in DocumentKind:
        if kind.code == text:
            return kind
    known = ", ".join(kind.code for kind in DocumentKind)
    raise BillingFieldError(
        "kind",
        Phrase("cette sorte de pièce n’existe pas", "there is no such kind of document"),
        Phrase(f"Choisissez parmi {known}.", f"Choose one of {known}."),
    )


def _dated(text: str) -> date:
    try:
        return read_date(text)
    except ValueError:
        raise BillingFieldError(
            "dated",
            Phrase("la date de la pièce n’est pas une date", "the document's date is not a date"),
            Phrase("Donnez la date qu’elle porte, sous la forme AAAA-MM-JJ.",
                   "Give the date that it bears, as YYYY-MM-DD."),
        ) from None  # fmt: skip


def _prescriber(kind: DocumentKind, text: str | None) -> str | None:
    if kind not in PRESCRIBED:
        if text is not None:
            raise BillingFieldError(
                "prescriber",
                Phrase("cette pièce n’a pas de prescripteur", "this document has no prescriber"),
                Phrase("Laissez ce champ de côté.", "Leave this field out."),
            )
        return None
    number = "".join((text or "").split())
    if not is_rpps(number):
        raise BillingFieldError(
            "prescriber",
            Phrase("ce n’est pas un numéro RPPS : onze chiffres, clé comprise",
                   "this is not an RPPS number: eleven digits, key included"),
            _RPPS_REMEDY,
        )  # fmt: skip
    return number


def _digest(text: str) -> bytes:
    compact = "".join(text.split()).lower()
    remedy = Phrase("Choisissez le fichier, ou recopiez les 64 caractères que donne sha256sum.",
                    "Choose the file, or copy the 64 characters that sha256sum gives.")  # fmt: skip
    if _DIGEST.fullmatch(compact) is None:
        reason = Phrase("ce n’est pas une empreinte SHA-256", "this is not a SHA-256 digest")
        raise BillingFieldError("sha256", reason, remedy)
    digest = bytes.fromhex(compact)
    if digest == _OF_NOTHING:
        reason = Phrase("c’est l’empreinte d’un fichier vide", "this is the digest of an empty file")
        raise BillingFieldError("sha256", reason, remedy)
    return digest


def repeats(one: Declared, told: Iterable[OwnDocument]) -> bool:
    """Whether this is what the last declaration of its kind says already."""
    return (one.kind, one.dated, one.prescriber, one.digest) in {
        (last.kind, last.dated, last.prescriber, last.digest) for last in told
    }


def check_declared(
    one: Declared, subject: Subject, prescriber: Prescriber | None, declared_by: int, today: date
) -> None:
    """Hold a declaration to what its agreement is subject to, to its date, and to its prescriber.

    Raises:
        BillingFieldError: it is not awaited, is of a day to come or too old, or its prescriber cannot have signed it.
    """
    if one.kind not in subject.kinds:
        said = named(subject.kinds)
        raise BillingFieldError(
            "kind",
            Phrase("cette prise en charge n’attend pas cette pièce", "this agreement does not await this document"),
            Phrase(f"Déclarez celles qu’elle attend : {said.fr}.", f"Declare those that it awaits: {said.en}."),
        )
    if one.dated > today:
        raise BillingFieldError(
            "dated",
            Phrase("la pièce est d’un jour à venir", "the document is of a day to come"),
            Phrase("Donnez la date qu’elle porte, aujourd’hui au plus tard.",
                   "Give the date that it bears, today at the latest."),
        )  # fmt: skip
    oldest = today - timedelta(days=VALID_DAYS[one.kind])
    if one.dated < oldest:
        day = say_date(oldest)
        raise BillingFieldError(
            "dated",
            Phrase("la pièce est trop ancienne", "the document is too old"),
            Phrase(f"Il en faut une du {day.fr} ou d’après.", f"One of {day.en} or later is needed."),
        )
    if one.kind in PRESCRIBED:
        _check_prescriber(subject, prescriber, declared_by)


def _check_prescriber(subject: Subject, prescriber: Prescriber | None, declared_by: int) -> None:
    if prescriber is None:
        reason = Phrase("l’annuaire ne connaît pas ce prescripteur", "the directory does not know this prescriber")
        raise BillingFieldError("prescriber", reason, _RPPS_REMEDY)
    if prescriber.profession not in PRESCRIBERS:
        reason = Phrase("ce professionnel ne prescrit pas", "this professional prescribes nothing")
        raise BillingFieldError("prescriber", reason, _RPPS_REMEDY)
    if subject.domain not in OWN_CARE and prescriber.id in (declared_by, subject.asked_by):
        raise BillingFieldError(
            "prescriber",
            Phrase("qui fournit ces soins n’est pas qui les prescrit",
                   "whoever gives this care is not who prescribes it"),
            _RPPS_REMEDY,
        )  # fmt: skip
