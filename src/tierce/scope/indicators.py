"""Another operator's indicators, answered one by one: touched, not touched, cannot tell; signed, and nobody in it.

What counts is how many lines of ours bear an indicator, never whom they concern. *Cannot tell* comes with why: a kind
that means nothing here, an identifier that our register does not know, a stretch no longer kept, or a hole.
"""

import base64
import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tierce.journal.note import parse_verifier_key, verifier_key
from tierce.kernel.clock import micros
from tierce.kernel.ids import EstablishmentId, ProfessionalId
from tierce.kernel.language import Phrase
from tierce.scope.errors import AnswerRefusedError, CriteriaError
from tierce.scope.model import Criteria, Head

FORMAT = "tierce-indicators-v1"
INDICATORS_MAX = 10_000
_CONTEXT = b"tierce-indicators-v1\n"


class Verdict(StrEnum):
    """What we can say of one indicator."""

    TOUCHED = "touched"
    NOT_TOUCHED = "not touched"
    CANNOT_TELL = "cannot tell"


class Kind(StrEnum):
    """What an indicator may be."""

    RPPS = "rpps"
    FINESS = "finess"
    NETWORK = "network"
    """The keyed pseudonym of an address prefix under a key that both hold, 32 hexadecimal digits."""


class Indicator(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """One indicator of the file."""

    kind: str
    value: str
    from_: datetime
    until: datetime


class IndicatorFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    version: int
    reference: str
    indicator: list[Indicator]


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said of one indicator; `place` is its place in the file, from 1: its value is not repeated."""

    place: int
    verdict: str
    why: str
    lines: int


class Answers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is signed."""

    format: str
    reference: str
    at: str
    tree_size: int
    tree_root: str
    answers: list[Answer]


class SignedAnswers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file that is sent back."""

    answer: Answers
    key: str
    signature: str


@dataclass(frozen=True, slots=True)
class Register:
    """What an identifier is here; each gives None for one that it does not know."""

    professional: Callable[[str], ProfessionalId | None]
    establishment: Callable[[str], EstablishmentId | None]


def read_indicators(path: Path) -> IndicatorFile:
    """Read a file of indicators, TOML or JSON.

    Raises:
        CriteriaError: it is not one; the field is named, the value not repeated.
    """
    try:
        raw: Any = tomllib.loads(path.read_text("utf-8")) if path.suffix == ".toml" else json.loads(path.read_bytes())
        read = msgspec.convert(raw, IndicatorFile)
    except (tomllib.TOMLDecodeError, json.JSONDecodeError, UnicodeDecodeError):
        raise CriteriaError(
            "file", Phrase("ce n'est ni du TOML ni du JSON", "this is neither TOML nor JSON; mend its form")
        ) from None
    except msgspec.ValidationError as error:
        text, _, place = str(error).partition(" - at ")
        field = place.strip("`").removeprefix("$.") or "file"
        raise CriteriaError(field, Phrase(f"champ refusé ({text})", f"refused field ({text})")) from None
    if read.version != 1 or not 0 < len(read.indicator) <= INDICATORS_MAX:
        raise CriteriaError(
            "version/indicator",
            Phrase("version 1, et de 1 à 10 000 indicateurs", "version 1, and 1 to 10,000 indicators"),
        )
    for number, one in enumerate(read.indicator, start=1):
        if one.from_.tzinfo is None or one.until.tzinfo is None or one.until <= one.from_:
            raise CriteriaError(
                f"indicator {number}, from/until",
                Phrase("donnez un début et une fin avec leur décalage", "give a beginning and an end, with offsets"),
            )
    return read


def clause_of(one: Indicator, register: Register) -> Criteria | str:
    """What to look for, or why nothing can be."""
    nobody = Criteria(frozenset(), frozenset(), frozenset(), from_us=micros(one.from_), until_us=micros(one.until))
    if one.kind == Kind.RPPS:
        professional = register.professional(one.value)
        return "unknown here" if professional is None else replace(nobody, professionals=frozenset({professional}))
    if one.kind == Kind.FINESS:
        place = register.establishment(one.value)
        return "unknown here" if place is None else replace(nobody, establishments=frozenset({place}))
    if one.kind == Kind.NETWORK and len(one.value) == 32 and all(digit in "0123456789abcdef" for digit in one.value):
        return replace(nobody, networks=frozenset({bytes.fromhex(one.value)}))
    return "unknown kind or form"


def verdict_of(place: int, clause: Criteria, head: Head, lines: int, kept_from_us: int) -> Answer:
    """Say what a scope makes of an indicator.

    A line that released something is enough for *touched*. *Not touched* needs the whole window kept and the journal
    whole in it; otherwise we cannot tell.
    """
    if lines:
        return Answer(place, Verdict.TOUCHED, "", lines)
    if clause.from_us < kept_from_us:
        return Answer(place, Verdict.CANNOT_TELL, "before what is kept", 0)
    if not head.whole:
        return Answer(place, Verdict.CANNOT_TELL, "holes in the journal", 0)
    return Answer(place, Verdict.NOT_TOUCHED, "", 0)


def sign(answers: Answers, origin: str, key: Ed25519PrivateKey) -> bytes:
    """Give the signed file."""
    signature = base64.b64encode(key.sign(_message(answers))).decode()
    signed = SignedAnswers(answers, verifier_key(origin, key.public_key()), signature)
    return msgspec.json.format(msgspec.json.encode(signed), indent=1) + b"\n"


def verify(raw: bytes, key_line: str) -> Answers:
    """Read a signed file, with the key line that was got by another way.

    Raises:
        AnswerRefusedError: another key signed it, or it was changed.
    """
    try:
        read = msgspec.json.decode(raw, type=SignedAnswers)
        _, key = parse_verifier_key(key_line)
        key.verify(base64.b64decode(read.signature, validate=True), _message(read.answer))
    except (msgspec.DecodeError, ValueError, InvalidSignature):
        raise AnswerRefusedError from None
    return read.answer


def _message(answers: Answers) -> bytes:
    return _CONTEXT + msgspec.json.encode(answers, order="sorted")
