"""Reading a question, line by line, and saying what lines found make of each indicator."""

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final, TypeVar

import msgspec

from tierce.kernel.clock import micros
from tierce.kernel.language import Phrase
from tierce.scope.indicators.errors import IndicatorError
from tierce.scope.indicators.model import Hits, Indicator, Kind, Question, Reach, Said, Subject, Verdict, Why
from tierce.scope.model import Gap, GapKind
from tierce.scope.rules import GAP_SLACK_US

QUESTION_FORMAT: Final = "tierce-indicators-v1"
ANSWER_FORMAT: Final = "tierce-indicators-answer-v1"
INDICATORS_MAX: Final = 1_000
SUBNETS_MAX: Final = 256
"""A range is looked for by the networks that the journal keeps: as many at most."""
KEPT_PREFIX: Final = {4: 24, 6: 48}
"""What the journal keeps of an address (`kernel.network.address_prefix`)."""
LINE_BYTES_MAX: Final = 4_096

_FORMS: Final = {
    Kind.RPPS: re.compile(r"[0-9]{11}"),
    Kind.FINESS: re.compile(r"[0-9][0-9AB][0-9]{7}"),
    Kind.DEVICE: re.compile(r"[A-Za-z0-9_-]{43}"),
    Kind.SOFTWARE: re.compile(r"\S(.{0,98}\S)?"),
}
_WANTED: Final = {
    Kind.RPPS: Phrase("donnez les onze chiffres d’un RPPS", "give the eleven digits of an RPPS number"),
    Kind.FINESS: Phrase("donnez les neuf caractères d’un FINESS", "give the nine characters of a FINESS number"),
    Kind.DEVICE: Phrase(
        "donnez l’empreinte RFC 7638 de la clé, 43 caractères en base64url",
        "give the RFC 7638 thumbprint of the key, 43 characters of base64url",
    ),
    Kind.NETWORK: Phrase(
        "donnez une plage d’adresses, /16 ou moins large en IPv4, /40 en IPv6",
        "give a range of addresses, no wider than /16 of IPv4 or /40 of IPv6",
    ),
    Kind.SOFTWARE: Phrase("donnez un nom de 1 à 100 caractères", "give a name of 1 to 100 characters"),
}


class _Head(msgspec.Struct, forbid_unknown_fields=True):
    format: str


class _Line(msgspec.Struct, forbid_unknown_fields=True, rename={"from_": "from"}):
    kind: Kind
    value: str
    from_: datetime
    until: datetime


_Read = TypeVar("_Read", _Head, _Line)


def read_question(raw: bytes) -> Question:
    """Read a file of indicators: a line that names the format, then one indicator a line.

    Raises:
        IndicatorError: with the line, the field and the remedy; no value is repeated.
    """
    lines = raw.removesuffix(b"\n").split(b"\n")
    head = _decoded(lines[0], 1, _Head)
    if head.format != QUESTION_FORMAT:
        raise IndicatorError(1, "format", Phrase(f"écrivez {QUESTION_FORMAT}", f"write {QUESTION_FORMAT}"))
    if not 1 < len(lines) <= INDICATORS_MAX + 1:
        most = Phrase(
            f"donnez de 1 à {INDICATORS_MAX} indicateurs, un par ligne",
            f"give 1 to {INDICATORS_MAX} indicators, one a line",
        )
        raise IndicatorError(min(len(lines), INDICATORS_MAX + 2), "indicator", most)
    found = tuple(_indicator(_decoded(line, number, _Line), number) for number, line in enumerate(lines[1:], 2))
    return Question(hashlib.sha256(raw).digest(), found)


def _decoded(line: bytes, number: int, kind: type[_Read]) -> _Read:
    if len(line) > LINE_BYTES_MAX:
        long = Phrase(f"ligne de plus de {LINE_BYTES_MAX} octets", f"a line of more than {LINE_BYTES_MAX} bytes")
        raise IndicatorError(number, "line", long)
    try:
        return msgspec.json.decode(line, type=kind)
    except msgspec.ValidationError as error:
        raise IndicatorError(number, *_validation(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise IndicatorError(
            number,
            "line",
            Phrase("ce n’est pas un objet JSON sur une ligne", "this is not one JSON object on a line"),
        ) from None


def _validation(message: str) -> tuple[str, Phrase]:
    """The field and the reason in a decoder's message, whose own text may repeat a value."""
    at = re.search(r"`\$\.(\w+)`", message)
    named = re.search(r"(?:required|unknown) field `(\w{1,20})`", message)
    if at:
        known = ", ".join(Kind) if at[1] == "kind" else ""
        return at[1], Phrase(
            f"donnez l’un de {known}" if known else "donnez un texte ; une date porte son heure et son décalage",
            f"give one of {known}" if known else "give a text; a date bears its time and its offset",
        )
    if named and "required" in message:
        return named[1], Phrase("ce champ manque", "this field is missing")
    fields = "kind, value, from, until"
    return "line", Phrase(f"donnez ces champs et aucun autre : {fields}", f"give these fields and no other: {fields}")


def _indicator(read: _Line, line: int) -> Indicator:
    for name, at in (("from", read.from_), ("until", read.until)):
        if at.tzinfo is None:
            raise IndicatorError(line, name, Phrase("ajoutez le décalage, +01:00", "add the offset, +01:00"))
    begun, ended = micros(read.from_), micros(read.until)
    if not 0 <= begun < ended:
        late = Phrase("la fin n’est pas après le début", "the end is not after the beginning")
        raise IndicatorError(line, "until", late)
    form = _FORMS.get(read.kind)
    # What no sign shows, and the one character that no database keeps, is no part of a name.
    good = read.value.isprintable() and (
        form.fullmatch(read.value) is not None if form else bool(networks_of(read.value))
    )
    if not good:
        raise IndicatorError(line, "value", _WANTED[read.kind])
    return Indicator(line, read.kind, read.value, begun, ended)


def networks_of(text: str) -> tuple[list[str], bool] | None:
    """An address of each network that the journal keeps and this range touches; whether it is made of whole ones.

    None when the text is no range, or too wide a one.
    """
    try:
        given: IPv4Network | IPv6Network = ip_network(text, strict=False)
    except ValueError:
        return None
    kept = KEPT_PREFIX[given.version]
    if given.prefixlen > kept:
        return [str(given.network_address)], False
    if 1 << (kept - given.prefixlen) > SUBNETS_MAX:
        return None
    return [str(one.network_address) for one in given.subnets(new_prefix=kept)], True


def verdict(one: Indicator, subject: Subject, hits: Hits, reach: Reach, gaps: Iterable[Gap]) -> Said:
    """Say what was found of an indicator.

    A line that bears it, in its window, is enough for *touched*. *Not touched* needs every line of the window: kept,
    under the checkpoint, none missing, none whose time is in doubt. A block number never committed hides no line.
    """
    told, why = _verdict(one, subject, hits, reach, gaps)
    if told is not Verdict.TOUCHED:
        hits = Hits()
    return Said(line=one.line, verdict=told, why=why, lines=hits.lines, released=hits.released, persons=hits.persons)


def _verdict(one: Indicator, subject: Subject, hits: Hits, reach: Reach, gaps: Iterable[Gap]) -> tuple[Verdict, Why]:
    if hits.lines and subject.exact:
        return Verdict.TOUCHED, Why.RELEASED if hits.released else Why.ASKED
    if hits.lines:
        return Verdict.CANNOT_TELL, Why.COARSE
    if not subject.values and subject.unknown is not Why.NEVER_KNOWN:
        return Verdict.CANNOT_TELL, subject.unknown
    if one.until_us > reach.until_us:
        return Verdict.CANNOT_TELL, Why.NOT_OVER
    if not subject.values:
        return Verdict.NOT_TOUCHED, Why.NEVER_KNOWN
    if one.from_us < reach.from_us:
        return Verdict.CANNOT_TELL, Why.NOT_KEPT
    kinds = {
        gap.kind
        for gap in gaps
        if gap.from_us - GAP_SLACK_US <= one.until_us and gap.until_us + GAP_SLACK_US >= one.from_us
    }
    if kinds & {GapKind.LOST, GapKind.LINES_MISSING, GapKind.UNREADABLE}:
        return Verdict.CANNOT_TELL, Why.HOLE
    if GapKind.CLOCK in kinds:
        return Verdict.CANNOT_TELL, Why.CLOCK
    return Verdict.NOT_TOUCHED, Why.NO_LINE
