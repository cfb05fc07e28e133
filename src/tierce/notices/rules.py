"""What may be printed and under which reference; every function is pure.

The five contents of a letter to a person are those of GDPR article 34(2). A French fine of January 2026
(SAN-2026-001 and -002) was for a message that named neither consequences nor what people could do: a text
that is empty or vague where the law wants facts is refused here, before anybody can send it.
"""

import hashlib
import re
from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from tierce.incidents.rules import crockford
from tierce.kernel.ids import InsurerId, PersonId
from tierce.kernel.language import Language, Phrase
from tierce.kernel.nir import latest_birth
from tierce.notices.errors import TextRefusedError
from tierce.notices.model import BlockKind, Document
from tierce.notices.readability import LEAST, reading_ease
from tierce.scope.model import HARMLESS, Gap

LETTER_CONTENTS: Final = (
    BlockKind.NATURE,
    BlockKind.CONSEQUENCES,
    BlockKind.MEASURES,
    BlockKind.ACTIONS,
    BlockKind.CONTACT,
)
"""GDPR article 34(2): what a person must be told."""

NOTICE_CONTENTS: Final = (
    BlockKind.NATURE,
    BlockKind.SCOPE,
    BlockKind.EVIDENCE,
    BlockKind.MEASURES,
    BlockKind.DUTIES,
    BlockKind.CONTACT,
)
"""What a processor tells a controller, GDPR article 33(2), without weighing the risk first."""

VAGUE: Final = (
    "toutes les mesures",
    "mesures nécessaires",
    "dans les meilleurs délais",
    "soyez vigilant",
    "restez vigilant",
    "rester vigilant",
    "redoubler de vigilance",
    "redoublez de vigilance",
    "plus grande vigilance",
    "certaines données",
    "certaines informations",
    "certaines de vos",
    "incident technique",
    "par précaution",
    "mesure de précaution",
    "très au sérieux",
    "est notre priorité",
    "en aucun cas",
    "aucun risque",
    "pourraient avoir été",
    "susceptibles d'avoir",
    "cyberattaque sophistiquée",
    "all necessary measures",
    "necessary steps",
    "as soon as possible",
    "be vigilant",
    "remain vigilant",
    "stay vigilant",
    "some of your",
    "certain information",
    "certain data",
    "technical incident",
    "abundance of caution",
    "very seriously",
    "is our priority",
    "in no case",
    "no risk",
    "may have been",
    "sophisticated attack",
)  # fmt: skip - a list of words reads better in lines of several
"""Phrases that stand where a fact should; each was seen in messages people could do nothing with."""

REQUESTS: Final = (
    "cliquez",
    "communiquez-nous",
    "transmettez-nous",
    "envoyez-nous votre",
    "renvoyez",
    "confirmez votre",
    "indiquez-nous votre",
    "mettez à jour",
    "répondez à ce message",
    "click",
    "send us your",
    "give us your",
    "confirm your",
    "provide us",
    "update your",
    "reply to this message",
)  # fmt: skip - a list of words reads better in lines of several
"""Phrases that ask for something: a message that does so is what a thief's own would be."""


def _folded(text: str) -> str:
    return text.casefold().replace("’", "'").replace("\u00a0", " ").replace("\u202f", " ")


_BANNED: Final = tuple(
    (_folded(phrase), kind)
    for kind, some in (
        (Phrase("une formule vague", "a vague phrase"), VAGUE),
        (Phrase("une demande", "a request"), REQUESTS),
    )
    for phrase in some
)
_NAMES: Final = Phrase("contient un nom", "holds a name")
BLOCK_CHARACTERS_MIN: Final = 40
SENTENCE_WORDS_MAX: Final = 40
_LINK = re.compile(
    r"https?:|www\.\w|href\s*=|<[a-z/]|(?<![@\w.-])(?:[a-z0-9-]+\.)+(?:fr|com|org|net|eu|info|io)\b", re.IGNORECASE
)
ADULT_YEARS: Final = 18
LETTER_PREFIX: Final = b"tierce-letter-v1"


def check_document(document: Document, contents: Iterable[BlockKind], forbidden: Iterable[str] = ()) -> None:
    """Refuse a document that lacks a content, is vague, carries a link, or names what it must not.

    Args:
        document: the text, whole.
        contents: the kinds of block that must be there.
        forbidden: names that may not appear in the blocks, in any letter case (a professional's, a place's).

    Raises:
        TextRefusedError: with the block, the language and what to mend.
    """
    present = {block.kind for block in document.blocks}
    for kind in contents:
        if kind not in present:
            msg = (
                f"le document n’a pas de bloc « {kind.value} » ; écrivez-le / "
                f"the document has no block '{kind.value}'; write it"
            )
            raise TextRefusedError(msg)
    names = [_folded(name) for name in forbidden if name]
    for block in document.blocks:
        for language in Language:
            texts = [phrase[language].strip() for phrase in block.texts()]
            place = Phrase(
                f"bloc « {block.kind.value} » en {language.value}", f"block '{block.kind.value}' in {language.value}"
            )
            if not block.heading[language].strip() or any(not text for text in texts):
                msg = f"{place.fr} : un texte est vide ; écrivez-le / {place.en} is empty somewhere; write it"
                raise TextRefusedError(msg)
            whole = "\n".join(texts)
            if len(whole) < BLOCK_CHARACTERS_MIN:
                msg = (
                    f"{place.fr} : presque rien n’est dit ; dites les faits / "
                    f"{place.en} says almost nothing; state the facts"
                )
                raise TextRefusedError(msg)
            fault = _NAMES if any(name in _folded(whole) for name in names) else _fault(whole)
            if fault is not None:
                # A forbidden name is not repeated in the message: it would travel to a log.
                msg = f"{place.fr} : {fault.fr} / {place.en}: {fault.en}"
                raise TextRefusedError(msg)


def check_readable(document: Document) -> None:
    """Refuse a letter that is hard to read in either language; the measure is `readability`'s.

    Raises:
        TextRefusedError: with the language, the score and the least accepted.
    """
    for language in Language:
        text = "\n".join(phrase[language] for block in document.blocks for phrase in block.texts())
        score = reading_ease(text, language)
        if score < LEAST:
            msg = (
                f"le texte en {language.value} a {score:.0f} en facilité de lecture, et il en faut {LEAST:.0f} / "
                f"the text in {language.value} scores {score:.0f} in reading ease, and {LEAST:.0f} is the least"
            )
            raise TextRefusedError(msg)


@lru_cache(maxsize=1_024)
def _fault(text: str) -> Phrase | None:
    """What is wrong with the words of a block; most blocks of a letter are the next letter's too."""
    plain = _folded(text)
    for phrase, kind in _BANNED:
        if phrase in plain:
            return Phrase(f"contient {kind.fr}, « {phrase} »", f"holds {kind.en}, « {phrase} »")
    if _LINK.search(text):
        return Phrase("contient un lien ; dites en mots où aller", "holds a link; say in words where to go")
    longest = max(len(sentence.split()) for sentence in re.split(r"[.;:?!]\s|\n", text))
    if longest > SENTENCE_WORDS_MAX:
        return Phrase(
            f"une phrase a {longest} mots ; restez sous {SENTENCE_WORDS_MAX}",
            f"a sentence has {longest} words; keep below {SENTENCE_WORDS_MAX}",
        )
    return None


def letter_reference(scope_digest: bytes, person: PersonId, insurer: InsurerId) -> str:
    """Name one person's letter, ``XXXX-XXXX-XXXX``: 60 bits of SHA-256 over the list, the person and the insurer.

    It cannot be guessed, because a person's internal number is random and never printed; it is checked by
    computing it again for everybody on the list.
    """
    parts = (LETTER_PREFIX, scope_digest, person.to_bytes(8, "big"), insurer.to_bytes(2, "big"))
    text = crockford(hashlib.sha256(b"".join(parts)).digest(), 12)
    return f"{text[:4]}-{text[4:8]}-{text[8:]}"


def majority(birth_date: str) -> date:
    """The first day on which somebody born on eight raw digits YYYYMMDD is 18.

    A month or day that is not of the calendar (lunar dates) counts as the last of the year: where the month
    is not known, the letter of the year of majority still goes to the legal representative.
    """
    latest = latest_birth(birth_date)
    year, month, day = int(latest[:4]) + ADULT_YEARS, int(latest[4:6]), int(latest[6:])
    try:
        return date(year, month, day)
    except ValueError:  # the 29th of February, or the 31st of a month of thirty days
        return date(year, month + 1, 1)


def is_minor(birth_date: str, on: date) -> bool:
    """Tell whether somebody born on eight raw digits YYYYMMDD is under 18 on a day."""
    return on < majority(birth_date)


def is_complete(gaps: Iterable[Gap], unattributed: int) -> bool:
    """Tell whether the journal lets us say "nothing else": no line was removed, lost its person, or is in doubt."""
    return unattributed == 0 and all(gap.kind in HARMLESS for gap in gaps)


def last_stay(stays: Iterable[tuple[datetime, datetime]]) -> tuple[datetime, datetime] | None:
    """The last of some stays, as (since, until), those that touch or overlap being one; None when there is none."""
    found: tuple[datetime, datetime] | None = None
    for since, until in sorted(stays):
        found = (since, until) if found is None or since > found[1] else (found[0], max(found[1], until))
    return found
