"""From the ask form to the bytes that are relayed, and back to the form when something is wrong.

A browser with a key sends the bytes that it signed; they are read here, never rewritten. A browser without
JavaScript sends plain fields, and the bytes are made here, without a proof.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from string import digits as ascii_digits
from typing import Final

import msgspec

from tierce.kernel.bodies import UNREADABLE
from tierce.kernel.card import MemberNumber, parse_amc, parse_csr
from tierce.kernel.care import Domain, Profession
from tierce.kernel.errors import IdentifierError
from tierce.kernel.language import Language, Phrase
from tierce.kernel.nir import BirthDate, Nir, Rank
from tierce.policy.allowed import DOMAINS
from tierce.rights.errors import QuestionError
from tierce.rights.rules import parse_question
from tierce.web.portal.api import Signed

BODY_CHARS_MAX: Final = 2_048
PROOF_CHARS_MAX: Final = 4_096
_FIELD_OF: Final = {"birth_date": "birth", "body": "nir"}
_CHARS_MAX: Final = {"presence": 200}
WAYS: Final = ("nir", "card")
CONFIRMATION: Final = "confirmation"


@dataclass(frozen=True, slots=True, repr=False)
class AskForm:
    """What the fields hold, as typed; `repr` shows nothing of it."""

    nir: str = ""
    birth: str = ""
    rank: str = "1"
    domain: str = ""
    care_date: str = ""
    label: str = ""
    way: str = "nir"
    """How the person is named: `nir` or `card`."""
    amc: str = ""
    csr: str = ""
    member_number: str = ""
    payer: str = "1"
    presence: str = ""
    """A dynamic card, or the eight digits that stand for one."""
    means: str = ""
    """`confirmation` when the person answered in her own space."""

    def __repr__(self) -> str:
        return "AskForm(•••)"


@dataclass(frozen=True, slots=True)
class Wrong:
    """One field to correct: the field's id in the page and what to say."""

    field: str
    reason: Phrase
    remedy: Phrase

    def text(self, language: Language) -> str:
        """Reason and remedy as two sentences."""
        reason = self.reason[language].rstrip(".")
        return f"{reason[:1].upper()}{reason[1:]}. {self.remedy[language]}"


BIRTH_WRONG: Final = Wrong(
    "birth",
    Phrase("la date de naissance n’est pas complète", "the birth date is not complete"),
    Phrase(
        "Écrivez le jour, le mois et l’année sur quatre chiffres, comme sur la carte.",
        "Write day, month and four-digit year, as on the card.",
    ),
)


def domains_of(profession: str) -> tuple[Domain, ...]:
    """The domains that a profession may ask about, the usual one first; none for a profession not known."""
    try:
        return DOMAINS.get(Profession[profession], ())
    except KeyError:
        return ()


def blank_form(profession: str, today: date) -> AskForm:
    """An empty form: rank 1, first domain of the profession, care today."""
    domains = domains_of(profession)
    return AskForm(domain=domains[0].name if domains else "", care_date=today.isoformat())


def birth_digits(text: str) -> str:
    """Turn « 23/04/1979 » into 19790423; what has not eight digits stays as it is."""
    digits = "".join(character for character in text if character in ascii_digits)
    return digits[4:] + digits[2:4] + digits[:2] if len(digits) == 8 else digits


def birth_text(digits: str) -> str:
    """Turn 19790423 into « 23/04/1979 »."""
    return f"{digits[6:]}/{digits[4:6]}/{digits[:4]}" if len(digits) == 8 else digits


def signed_of(fields: Mapping[str, str]) -> Signed:
    """What the browser's key has signed, to relay as it is; an empty body where it signed nothing."""
    proof = fields.get("proof", "")[:PROOF_CHARS_MAX]
    return Signed(fields.get("body", "")[:BODY_CHARS_MAX].encode(), proof or None)


def read_form(fields: Mapping[str, str]) -> tuple[AskForm, Signed]:
    """Read a submitted form: what to show again in the fields, and what to relay."""
    signed = signed_of(fields)
    if signed.body:
        return _form_of(signed.body), signed
    typed = {name: fields.get(name, "")[: _CHARS_MAX.get(name, 80)].strip() for name in AskForm.__slots__}
    form = AskForm(**typed | {"way": typed["way"] if typed["way"] in WAYS else WAYS[0]})
    return form, Signed(_body_of(form), None)


def find_wrong(form: AskForm, body: bytes, today: date) -> list[Wrong]:
    """List what is wrong with a question before it is relayed, so that a slip uses no attempt of the day."""
    found: list[Wrong] = []
    birth: tuple[str, Callable[[str], object], str] = ("birth", BirthDate.parse, birth_digits(form.birth))
    checks: tuple[tuple[str, Callable[[str], object], str], ...] = (
        ("nir", Nir.parse, form.nir),
        birth,
        ("rank", Rank.parse, form.rank),
    )
    if form.way == "card":
        checks = (
            ("amc", parse_amc, form.amc),
            ("csr", parse_csr, form.csr),
            ("member_number", MemberNumber.parse, form.member_number),
            birth,
        )
    for field, parse, text in checks:
        try:
            parse(text)
        except IdentifierError as error:
            found.append(BIRTH_WRONG if field == "birth" else Wrong(field, error.reason, error.remedy))
    if not found:
        try:
            parse_question(body, today)
        except QuestionError as error:
            found.append(Wrong(_FIELD_OF.get(error.field, error.field), error.reason, error.remedy))
    return found


def fill_from(form: AskForm, nir: str, birth_date: str, rank: str) -> AskForm:
    """Put one person's identifiers in a form."""
    return replace(form, nir=group_nir(nir), birth=birth_text(birth_date), rank=rank)


def group_nir(nir: str) -> str:
    """Write a NIR in the groups of the card: 1 79 04 41 950 014 and its key."""
    ends = (1, 3, 5, 7, 10, 13, 15)
    starts = (0, *ends)
    return " ".join(nir[start:end] for start, end in zip(starts, ends, strict=False) if nir[start:end])


def other_payer_fields(form: AskForm) -> tuple[tuple[str, str], ...]:
    """The fields of the same question for the other insurer, as the form would send them."""
    return same_fields(replace(form, payer="2"))


def same_fields(form: AskForm) -> tuple[tuple[str, str], ...]:
    """The fields of the same question, as the form would send them; a proof of presence serves once."""
    asked = replace(form, presence="", means="")
    return tuple((name, getattr(asked, name)) for name in AskForm.__slots__ if getattr(asked, name))


def _body_of(form: AskForm) -> bytes:
    rank: int | str = int(form.rank) if form.rank in set("123456789") else form.rank
    who: dict[str, object] = {"nir": form.nir, "rank": rank}
    if form.way == "card":
        who = {"amc": form.amc, **({"csr": form.csr} if form.csr else {}), "member_number": form.member_number}
    question = {
        **who,
        "birth_date": birth_digits(form.birth),
        "domain": form.domain,
        "care_date": form.care_date,
        **({"payer": 2} if form.payer == "2" else {}),
        **({"label": form.label} if form.label else {}),
        **_presence_of(form),
    }
    return msgspec.json.encode(question)


def _presence_of(form: AskForm) -> dict[str, object]:
    if form.means == CONFIRMATION:
        return {"presence": {"means": CONFIRMATION}}
    return {"presence": {"means": "card", "proof": form.presence}} if form.presence else {}


def _form_of(body: bytes) -> AskForm:
    """Read the signed bytes back into fields; bytes that are no question leave the form empty."""
    try:
        raw = msgspec.json.decode(body, type=dict[str, str | int | dict[str, str] | None])
    except UNREADABLE:
        return AskForm()
    names = ("nir", "rank", "domain", "care_date", "label", "amc", "csr", "member_number", "payer")
    text = {name: str(raw.get(name) or "")[:80] for name in names}
    way = "card" if "amc" in raw or "member_number" in raw else "nir"
    text["rank"] = text["rank"] or "1"
    text["payer"] = text["payer"] or "1"
    proof = raw.get("presence")
    shown = proof if isinstance(proof, dict) else {}
    return AskForm(
        birth=birth_text(str(raw.get("birth_date") or "")[:80]),
        way=way,
        presence=shown.get("proof", "")[: _CHARS_MAX["presence"]],
        means=CONFIRMATION if shown.get("means") == CONFIRMATION else "",
        **text,
    )
