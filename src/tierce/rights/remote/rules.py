"""The words of an ask to an insurer and of its answer, and when an answer may leave; pure.

Nothing of an answer is shown as it came: it names a product that the insurer declared here, two days, one digit and a
code of a few capitals, and each is held to its form. An insurer that lies can only lie of its own people.
"""

from datetime import date, timedelta
from math import floor
from typing import Final

import msgspec

from tierce.kernel.card import ROUTE_WORD
from tierce.kernel.clock import read_date
from tierce.policy.acts import Outcome
from tierce.policy.remote import COVER_DAYS_MAX, SKEW_SECONDS, SLOT_SECONDS
from tierce.rights.remote.errors import Failure, NoAnswerError
from tierce.rights.remote.model import Asked, Cover, Said

VERSION: Final = 1
PRODUCT_CHARS_MAX: Final = 12
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
OUTCOMES: Final = {
    "covered": Outcome.RELEASED,
    "unknown": Outcome.UNKNOWN,
    "not_covered": Outcome.NOT_COVERED,
    "not_eligible": Outcome.NOT_ELIGIBLE,
    "future": Outcome.FUTURE,
    "ended": Outcome.ENDED,
}
"""What an insurer may answer; whether it has a contract with whoever asks is known here."""


class AnswerBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The claims of an answer."""

    v: int
    ask: str
    iat: int
    answer: str
    product: str | None = None
    first: str | None = msgspec.field(default=None, name="from")
    until: str | None = None
    priority: int = 1
    convention: str = ""


_decoder = msgspec.json.Decoder(AnswerBody)


def claims_of(asked: Asked, issued: int) -> bytes:
    """The claims of an ask: whom the card names, for what, and on which day. Not who asks, nor where."""
    return msgspec.json.encode(
        {
            "v": VERSION,
            "ask": asked.number,
            "iat": issued,
            "amc": asked.amc,
            "csr": asked.csr,
            "member_number": asked.member_number.reveal(),
            "birth_date": asked.birth_date.reveal(),
            "domain": asked.domain.name,
            "care_date": asked.care_date,
        }
    )


def read_answer(claims: bytes, asked: Asked, now: float) -> Said:
    """Read what an insurer answered, whose signature was verified.

    Raises:
        NoAnswerError: it is of another ask, of another time, or not in the form.
    """
    try:
        body = _decoder.decode(claims)
    except _UNREADABLE:
        raise NoAnswerError(Failure.FORM) from None
    outcome = OUTCOMES.get(body.answer)
    timely = abs(int(now) - body.iat) <= SKEW_SECONDS
    if body.v != VERSION or body.ask != asked.number or not timely:
        raise NoAnswerError(Failure.FORM)
    if outcome is None:
        raise NoAnswerError(Failure.FORM, heard=True)
    given = (body.product, body.first, body.until)
    if outcome is not Outcome.RELEASED:
        if given != (None, None, None) or body.priority != 1 or body.convention:
            raise NoAnswerError(Failure.FORM, heard=True)
        return Said(outcome)
    return Said(outcome, _cover(body, asked.care_date))


def _cover(body: AnswerBody, care: date) -> Cover:
    product, convention = body.product or "", body.convention
    formed = 1 <= len(product) <= PRODUCT_CHARS_MAX and product.isascii() and product.isalnum()
    routed = not convention or ROUTE_WORD.fullmatch(convention) is not None
    try:
        first, last = read_date(body.first or ""), read_date(body.until or "")
    except ValueError:
        raise NoAnswerError(Failure.FORM, heard=True) from None
    if not (
        formed
        and routed
        and body.priority in {1, 2}
        and first <= care <= last <= care + timedelta(days=COVER_DAYS_MAX)
    ):
        raise NoAnswerError(Failure.FORM, heard=True)
    return Cover(product, first, last, body.priority, convention)


def slot_of(begun: float, decided: float) -> float:
    """When an answer leaves to what came at `begun` and was decided at `decided`: a whole number of slots later.

    A decision takes milliseconds, so that this is one slot; where the store takes longer, it does for everybody.
    """
    return begun + SLOT_SECONDS * (1 + floor(max(0.0, decided - begun) / SLOT_SECONDS))
