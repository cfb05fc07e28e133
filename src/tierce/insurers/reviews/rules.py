"""From what was typed to an answer: pure."""

import re
from collections.abc import Mapping
from typing import Final

from tierce.billing.agreements.rules import BY_A_PERSON
from tierce.billing.model import InvoiceReason
from tierce.insurers.reviews.model import Answer, Review
from tierce.kernel.errors import FieldError
from tierce.kernel.language import Phrase

CHARS_MAX: Final = 20
_EUROS: Final = re.compile(r"([0-9]{1,8})(?:[.,]([0-9]{1,2}))?", re.ASCII)


def reasons() -> tuple[tuple[str, Phrase], ...]:
    """The closed list of reasons, by their word: what the place reads is what she picks."""
    return tuple((reason.name.lower(), said[0]) for reason, said in BY_A_PERSON.items())


def read_answer(review: Review, typed: Mapping[str, str]) -> Answer:
    """Read what she typed of one request: `refuse`, or an amount for each line as `due-1`, and `reason`.

    Raises:
        FieldError: an amount cannot be granted, or there is no reason where it is less than the rules give.
    """
    refused = "refuse" in typed
    dues = tuple(0 if refused else _due(typed, line.n, line.most) for line in review.lines)
    if not refused and not any(dues):
        raise FieldError(
            f"due-{review.lines[0].n}",
            Phrase("rien n’est accordé", "nothing is granted"),
            Phrase("Écrivez un montant, ou refusez la demande.", "Write an amount, or refuse the request."),
        )
    if dues == tuple(line.most for line in review.lines):
        return Answer(dues)
    return Answer(dues, _reason(typed.get("reason", "")))


def typed_of(cents: int) -> str:
    """« 12,50 » of 1250."""
    return f"{cents // 100},{cents % 100:02d}"


def _due(typed: Mapping[str, str], n: int, most: int) -> int:
    name = f"due-{n}"
    compact = "".join(typed.get(name, "")[:CHARS_MAX].split()).removesuffix("€")
    found = _EUROS.fullmatch(compact)
    if found is None:
        raise FieldError(
            name,
            Phrase("ce n’est pas un montant", "this is no amount"),
            Phrase("Écrivez des euros, comme 12,50.", "Write euros, as 12.50."),
        )
    cents = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
    if cents > most:
        raise FieldError(
            name,
            Phrase("c’est plus que ce que donne la garantie", "this is more than the guarantee gives"),
            Phrase(f"Accordez au plus {typed_of(most)} €.", f"Grant €{most // 100}.{most % 100:02d} at most."),
        )
    return cents


def _reason(word: str) -> InvoiceReason:
    found = next((reason for reason in BY_A_PERSON if reason.name.lower() == word), None)
    if found is None:
        raise FieldError(
            "reason",
            Phrase("une réponse qui accorde moins a un motif", "an answer that grants less has a reason"),
            Phrase("Choisissez-en un dans la liste.", "Choose one of the list."),
        )
    return found
