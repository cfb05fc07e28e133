"""From the words of a question to a question, and from an answer to the bytes that leave."""

from datetime import date
from functools import lru_cache
from typing import Any

import msgspec

from tierce.kernel.bodies import UNREADABLE, decoded, fault_of
from tierce.kernel.card import MemberNumber, Routing, parse_amc, parse_csr
from tierce.kernel.care import Domain
from tierce.kernel.clock import day_of, read_date
from tierce.kernel.errors import FieldError
from tierce.kernel.labels import Likeness, looks_like
from tierce.kernel.language import Phrase
from tierce.kernel.nir import BirthDate, Nir, Rank
from tierce.policy.rights import CARE_WINDOWS
from tierce.presence.model import Shown as Proof
from tierce.rights.errors import QuestionError
from tierce.rights.model import Already, ByCard, ByNir, NotShown, Question, Reason, Shown

QUESTION_BYTES_MAX = 2_048
ANSWER_BYTES = 2_048
"""Every answer has exactly this length, so that its size tells nothing."""
LABEL_MAX = 40
WAYS = ("card", "app", "person", "call")
"""How presence may be proved, in the order in which it is offered."""


class PresenceBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A proof of presence: what it is and what it holds. There is no field for a grade."""

    means: str
    proof: str = ""


class QuestionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The JSON body of `POST /v1/rights`."""

    birth_date: str
    domain: str
    care_date: str
    nir: str | None = None
    rank: int | None = None
    amc: str | None = None
    csr: str | None = None
    member_number: str | None = None
    payer: int = 1
    label: str | None = None
    presence: PresenceBody | None = None


_decoder = msgspec.json.Decoder(QuestionBody)

_LABEL_REMEDY = Phrase("Mettez des initiales ou un numéro de dossier.", "Use initials or a file number.")
_BODY_REMEDY = Phrase(
    "Envoyez un objet JSON, en UTF-8, avec birth_date, domain, care_date, puis nir (et rank), ou amc et "
    "member_number ; au besoin csr, payer, label et presence. rank et payer sont des nombres, presence un objet, le "
    "reste des textes.",
    "Send a JSON object, in UTF-8, with birth_date, domain, care_date, then nir (and rank), or amc and "
    "member_number; if needed, csr, payer, label and presence. rank and payer are numbers, presence is an object, "
    "the rest is text.",
)
_ONE_WAY_REMEDY = Phrase(
    "Donnez le NIR et le rang, ou bien le numéro AMC et le numéro d’adhérent.",
    "Give NIR and rank, or else AMC number and member number.",
)


def parse_question(body: bytes, today: date) -> Question:
    """Read a question, or raise QuestionError naming the field and the remedy, never the value."""
    try:
        raw = decoded(_decoder, body)
    except UNREADABLE:
        # The decoder's own message may quote a value: it is not repeated.
        field, reason = fault_of(body, QuestionBody)
        raise QuestionError(field, reason, _BODY_REMEDY) from None
    try:
        who = _who(raw)
    except FieldError as error:
        raise QuestionError(error.field, error.reason, error.remedy) from None
    domain = _domain(raw.domain)
    return Question(
        who, domain, _care_date(raw.care_date, domain, today), _label(raw.label), _payer(raw.payer), _proof(raw)
    )


def _proof(raw: QuestionBody) -> Proof | None:
    given = raw.presence
    if given is None:
        return None
    return Proof(given.means, given.proof)


def _who(raw: QuestionBody) -> ByNir | ByCard:
    """Read the one way in which the person is named: all the fields of one, and none of the other."""
    by_card = raw.amc is not None or raw.member_number is not None or raw.csr is not None
    if by_card and (raw.nir is not None or raw.rank is not None):
        reason = Phrase("la personne est désignée de deux façons", "the person is named in two ways")
        raise QuestionError("nir" if raw.nir is not None else "rank", reason, _ONE_WAY_REMEDY)
    if not by_card:
        if raw.nir is None:
            raise _missing("nir")
        return ByNir(
            Nir.parse(raw.nir), BirthDate.parse(raw.birth_date), Rank.parse(1 if raw.rank is None else raw.rank)
        )
    if raw.amc is None:
        raise _missing("amc")
    if raw.member_number is None:
        raise _missing("member_number")
    return ByCard(
        parse_amc(raw.amc), MemberNumber.parse(raw.member_number), BirthDate.parse(raw.birth_date),
        parse_csr(raw.csr or ""),
    )  # fmt: skip


def routed(who: ByNir | ByCard, routing: Routing) -> ByNir | ByCard:
    """Name the card's insurer by its own number, by which its people are indexed; whom nobody knows stays as typed.

    It depends on what insurers print, which is public, and on nobody: one ask stays one insurer.

    Raises:
        QuestionError: several insurers print this number, and the CSR does not say which.
    """
    if isinstance(who, ByNir):
        return who
    owners = routing.owners(who.amc, who.csr)
    if len(owners) > 1:
        reason = Phrase("plusieurs organismes impriment ce numéro AMC, et ce CSR n’est celui d’aucun",
                        "several insurers print this AMC number, and this CSR is none of theirs")  # fmt: skip
        raise QuestionError("csr", reason, Phrase("Recopiez le CSR de la carte.", "Copy the CSR from the card."))
    return ByCard(owners[0], who.member_number, who.birth_date) if owners else who


def _missing(field: str) -> QuestionError:
    return QuestionError(field, Phrase("ce champ manque", "this field is missing"), _ONE_WAY_REMEDY)


def _payer(number: int) -> int:
    if number not in (1, 2):
        reason = Phrase("le payeur est 1 ou 2", "the payer is 1 or 2")
        remedy = Phrase(
            "2 demande l’autre organisme ; sinon, laissez 1.", "2 asks for the other insurer; else leave 1."
        )
        raise QuestionError("payer", reason, remedy)
    return number


def _domain(text: str) -> Domain:
    try:
        return Domain[text]
    except KeyError:
        reason = Phrase("ce domaine n’existe pas", "there is no such domain")
        remedy = Phrase(
            f"Choisissez parmi {', '.join(Domain.__members__)}.", f"Choose one of {', '.join(Domain.__members__)}."
        )
        raise QuestionError("domain", reason, remedy) from None


@lru_cache(maxsize=1024)
def _care_date(text: str, domain: Domain, today: date) -> date:
    window = CARE_WINDOWS[domain]
    try:
        value = read_date(text)
    except ValueError:
        reason = Phrase("la date des soins n’est pas une date", "the date of care is not a date")
        raise QuestionError("care_date", reason, _window_remedy(domain)) from None
    if not -window.past <= day_of(value) - day_of(today) <= window.ahead:
        reason = Phrase("la date des soins est trop éloignée", "the date of care is too far away")
        raise QuestionError("care_date", reason, _window_remedy(domain))
    return value


def _window_remedy(domain: Domain) -> Phrase:
    window = CARE_WINDOWS[domain]
    return Phrase(
        f"Donnez la date des soins sous la forme AAAA-MM-JJ ; pour {domain.name}, d’il y a {window.past} jours au "
        f"plus à {window.ahead} jours d’ici.",
        f"Give the date of care as YYYY-MM-DD; for {domain.name}, from {window.past} days ago to {window.ahead} days "
        "ahead.",
    )


def _label(text: str | None) -> str | None:
    if text is None:
        return None
    label = text.strip()
    if len(label) > LABEL_MAX or not label.isprintable():
        reason = Phrase(
            "le repère est trop long, ou ne tient pas sur une ligne", "the label is too long, or not one line of text"
        )
        remedy = Phrase(
            "Quarante caractères au plus, sans nom ni NIR.", "Forty characters at most, no name and no NIR."
        )
        raise QuestionError("label", reason, remedy)
    match looks_like(label):
        case Likeness.NIR:
            reason = Phrase("le repère ressemble à un numéro de sécurité sociale", "the label looks like a NIR")
            raise QuestionError("label", reason, _LABEL_REMEDY)
        case Likeness.BIRTH_DATE:
            reason = Phrase("le repère ressemble à une date de naissance", "the label looks like a birth date")
            raise QuestionError("label", reason, _LABEL_REMEDY)
    return label or None


def answer_bytes(answer: Shown | NotShown | Already) -> bytes:
    """The JSON of an answer, padded with spaces to ANSWER_BYTES whatever it says."""
    body: dict[str, Any]
    if isinstance(answer, Shown):
        body = {
            "shown": True,
            "domain": answer.domain.name,
            "covered_from": answer.covered_from,
            "covered_until": answer.covered_until,
            "guarantee": _both(answer.guarantee),
            "responsible": answer.responsible,
            "insurer": answer.insurer,
            "priority": answer.priority,
            "other_payer": answer.other_payer,
            "engagement": answer.engagement,
            "engagement_until": answer.engagement_until,
            "route": answer.route,
        }
    elif isinstance(answer, Already):
        told = (
            {"outcome": "shown", "engagement": answer.engagement} if answer.engagement else {"outcome": "not_shown"}
        )
        body = {"shown": False, "replayed": True, **told, "ways": () if answer.engagement else WAYS}
    elif answer.reason is not None:
        body = {"shown": False, "ways": [], "reason": _told(answer.reason)}
    else:
        body = {"shown": False, "ways": WAYS}
    encoded = msgspec.json.encode(body)
    if len(encoded) > ANSWER_BYTES:
        msg = f"an answer of {len(encoded)} bytes does not fit {ANSWER_BYTES}"
        raise ValueError(msg)
    return encoded.ljust(ANSWER_BYTES)


def _both(phrase: Phrase) -> dict[str, str]:
    return {"fr": phrase.fr, "en": phrase.en}


def _told(reason: Reason) -> dict[str, object]:
    return {"code": reason.code, "detail": _both(reason.sentence), "remedy": _both(reason.remedy)}
