"""From the words of a question to a question, and from an answer to the bytes that leave."""

from datetime import date, timedelta
from typing import Any

import msgspec

from tierce.kernel.care import Domain
from tierce.kernel.errors import FieldError
from tierce.kernel.language import Phrase
from tierce.kernel.nir import BirthDate, Nir, Rank
from tierce.rights.errors import QuestionError
from tierce.rights.model import NotShown, Question, RightsAnswer, Shown

QUESTION_BYTES_MAX = 2_048
ANSWER_BYTES = 1_024
"""Every answer has exactly this length, so that its size tells nothing."""
LABEL_MAX = 40
CARE_PAST = timedelta(days=730)
CARE_AHEAD = timedelta(days=92)
WAYS = ("card", "app", "person", "call")
"""How presence may be proved, in the order in which it is offered."""


class QuestionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The JSON body of `POST /v1/rights`."""

    nir: str
    birth_date: str
    domain: str
    care_date: str
    rank: int = 1
    label: str | None = None


_decoder = msgspec.json.Decoder(QuestionBody)

_BODY_REMEDY = Phrase(
    "Envoyez un objet JSON avec nir, birth_date, domain, care_date, et au besoin rank et label.",
    "Send a JSON object with nir, birth_date, domain, care_date and, if needed, rank and label.",
)


def parse_question(body: bytes, today: date) -> Question:
    """Read a question, or raise QuestionError naming the field and the remedy, never the value."""
    try:
        raw = _decoder.decode(body)
    except msgspec.DecodeError:
        # The decoder's own message may quote a value: it is not repeated.
        reason = Phrase("la question n'est pas au format attendu", "the question is not in the expected form")
        raise QuestionError("body", reason, _BODY_REMEDY) from None
    try:
        nir, birth, rank = Nir.parse(raw.nir), BirthDate.parse(raw.birth_date), Rank.parse(raw.rank)
    except FieldError as error:
        raise QuestionError(error.field, error.reason, error.remedy) from None
    return Question(nir, birth, rank, _domain(raw.domain), _care_date(raw.care_date, today), _label(raw.label))


def _domain(text: str) -> Domain:
    try:
        return Domain[text]
    except KeyError:
        reason = Phrase("ce domaine n'existe pas", "there is no such domain")
        remedy = Phrase(
            f"Choisissez parmi {', '.join(Domain.__members__)}.", f"Choose one of {', '.join(Domain.__members__)}."
        )
        raise QuestionError("domain", reason, remedy) from None


def _care_date(text: str, today: date) -> date:
    remedy = Phrase(
        "Donnez la date des soins sous la forme AAAA-MM-JJ, d'il y a deux ans à trois mois d'ici.",
        "Give the date of care as YYYY-MM-DD, from two years ago to three months ahead.",
    )
    try:
        value = date.fromisoformat(text)
    except ValueError:
        reason = Phrase("la date des soins n'est pas une date", "the date of care is not a date")
        raise QuestionError("care_date", reason, remedy) from None
    if not today - CARE_PAST <= value <= today + CARE_AHEAD:
        reason = Phrase("la date des soins est trop éloignée", "the date of care is too far away")
        raise QuestionError("care_date", reason, remedy)
    return value


def _label(text: str | None) -> str | None:
    label = (text or "").strip()
    if len(label) > LABEL_MAX or not label.isprintable():
        reason = Phrase("le repère est trop long", "the label is too long")
        remedy = Phrase(
            "Quarante caractères au plus, sans nom ni NIR.", "Forty characters at most, no name and no NIR."
        )
        raise QuestionError("label", reason, remedy)
    if sum(character.isdigit() for character in label) >= 13:
        reason = Phrase("le repère ressemble à un numéro de sécurité sociale", "the label looks like a NIR")
        remedy = Phrase("Mettez des initiales ou un numéro de dossier.", "Use initials or a file number.")
        raise QuestionError("label", reason, remedy)
    return label or None


def answer_bytes(answer: Shown | NotShown) -> bytes:
    """The JSON of an answer, padded with spaces to ANSWER_BYTES whatever it says."""
    body: dict[str, Any]
    if isinstance(answer, Shown):
        body = {
            "shown": True,
            "domain": answer.domain.name,
            "covered_from": answer.covered_from,
            "covered_until": answer.covered_until,
            "guarantee": {"fr": answer.guarantee.fr, "en": answer.guarantee.en},
            "insurer": answer.insurer,
            "engagement": answer.engagement,
        }
    else:
        body = {"shown": False, "ways": WAYS}
    encoded = msgspec.json.encode(body)
    if len(encoded) > ANSWER_BYTES:
        msg = f"an answer of {len(encoded)} bytes does not fit {ANSWER_BYTES}"
        raise ValueError(msg)
    return encoded.ljust(ANSWER_BYTES)


def is_told(answer: RightsAnswer) -> bool:
    """Whether the answer is one of the two uniform ones."""
    return isinstance(answer, Shown | NotShown)
