"""The register's rules: how a row is bound to the one before, what reasoning is refused, what is still missing."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime

from tierce.incidents.register.errors import ReasonRefusedError, RegisterBrokenError
from tierce.incidents.register.model import SAID, Facts, Row, RowKind
from tierce.incidents.rules import check_free_text
from tierce.kernel.clock import micros
from tierce.kernel.ids import IncidentId
from tierce.kernel.language import Phrase

REASON_CHARACTERS_MIN = 60
REASON_CHARACTERS_MAX = 2_000
REASON_WORDS_MIN = 10
"""Different words, three letters or longer: fewer cannot name a fact and what follows from it."""

_VERSION = "tierce-register-v1"
_GENERIC = (
    "toutes les mesures necessaires",
    "mesures appropriees ont ete prises",
    "conformement a la reglementation",
    "dans les meilleurs delais",
    "nous prenons la securite",
    "votre securite est notre priorite",
    "aucun impact significatif",
    "rien a signaler",
    "sans objet",
    "lorem ipsum",
    "all necessary measures",
    "appropriate measures have been taken",
    "in accordance with regulations",
    "we take security",
    "no significant impact",
    "nothing to report",
    "not applicable",
)


def canonical(facts: Facts) -> str:
    """Write facts as the JSON that is stored and digested: keys sorted, no spaces, no escape of accents."""
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def row_digest(
    before: bytes, incident: IncidentId, number: int, kind: RowKind, *, at: datetime, by: str, facts: str
) -> bytes:
    """Bind a row to the one before it: SHA-256 over its canonical text; `before` is empty for the first."""
    text = f"{_VERSION}\n{before.hex()}\n{incident} {number} {int(kind)} {micros(at)}\n{by}\n{facts}\n"
    return hashlib.sha256(text.encode()).digest()


def is_list(row: Row) -> bool:
    """Whether a row says a list: what was drawn from the one before it is of an earlier list.

    One that was made again by itself, with nothing changed, is the one before it.
    """
    return row.kind is RowKind.MOVE and row.facts["stage"] == "scoped" and row.facts.get("changed") != 0


def listed_at(rows: Iterable[Row]) -> datetime | None:
    """When the newest list was written; None where no row says one."""
    return max((row.at for row in rows if is_list(row)), default=None)


def journal_number(digest: bytes) -> int:
    """The first 63 bits of a row's digest, as the journal line bears them."""
    return int.from_bytes(digest[:8], "big") >> 1


def check_chain(rows: Sequence[Row]) -> None:
    """Check that no row was changed, removed or moved.

    Raises:
        RegisterBrokenError: with the number of the first row that does not follow.
    """
    before = b""
    for place, row in enumerate(rows, start=1):
        expected = row_digest(before, row.incident, place, row.kind, at=row.at, by=row.by, facts=canonical(row.facts))
        if row.number != place or row.digest != expected:
            msg = (
                f"la ligne {place} du registre de l’incident ne suit pas celle d’avant / register row {place} of the "
                "incident does not follow from the one before it"
            )
            raise RegisterBrokenError(msg)
        before = row.digest


def is_closed(rows: Iterable[Row]) -> bool:
    """Whether the event is closed: the last closing was not followed by a reopening."""
    closed = False
    for row in rows:
        if row.kind in {RowKind.CLOSED, RowKind.REOPENED}:
            closed = row.kind is RowKind.CLOSED
    return closed


def missing(rows: Iterable[Row]) -> list[RowKind]:
    """What article 33(5) wants and no row says yet: facts, effects, an action, the reasons of the decision."""
    said = {row.kind for row in rows}
    return [kind for kind in sorted(SAID) if kind not in said]


def check_reasons(field: str, text: str) -> str:
    """Give back a reasoning, trimmed; refuse one that is empty or that any other event could bear.

    Raises:
        FreeTextError: it is empty, too long, or holds a social security number.
        ReasonRefusedError: it is too short, repeats itself, or is made of a phrase that says nothing.
    """
    trimmed = check_free_text(field, text, most=REASON_CHARACTERS_MAX)
    words = set(re.findall(r"[a-z0-9]{3,}", _bare(trimmed)))
    if len(trimmed) < REASON_CHARACTERS_MIN or len(words) < REASON_WORDS_MIN:
        reason = Phrase(
            "Ce raisonnement est trop court : dites quels faits, pour qui, et ce que vous en concluez.",
            "This reasoning is too short; say which facts, for whom, and what you conclude.",
        )
        raise ReasonRefusedError(field, reason)
    if any(phrase in _bare(trimmed) for phrase in _GENERIC):
        reason = Phrase(
            "Cette formule vaudrait pour n’importe quel incident : remplacez-la par les faits de celui-ci.",
            "This phrase would fit any incident; replace it with the facts of this one.",
        )
        raise ReasonRefusedError(field, reason)
    return trimmed


def _bare(text: str) -> str:
    """Lower case without accents, apostrophes or punctuation, words apart by one space."""
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return " ".join(re.findall(r"[a-z0-9]+", plain))
