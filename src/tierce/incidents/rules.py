"""What an incident makes of a list: each insurer's part, the texts that staff type."""

from datetime import date

from tierce.incidents.errors import FreeTextError
from tierce.journal.engagement import SYMBOLS
from tierce.kernel.ids import DeviceId, IncidentId, InsurerId, ProfessionalId
from tierce.kernel.labels import holds_nir
from tierce.kernel.language import Phrase
from tierce.scope.model import Criteria

FREE_TEXT_CHARACTERS_MAX = 300


def account_criteria(
    professional: ProfessionalId, devices: frozenset[DeviceId], from_us: int, until_us: int
) -> Criteria:
    """Criteria of one stolen account: the thief's devices when they are told apart, else the whole account.

    A device is looked for under every account, since one thief may hold several.
    """
    accounts = frozenset[ProfessionalId]() if devices else frozenset({professional})
    return Criteria(accounts, devices, frozenset(), from_us, until_us)


def slice_head(scope_digest: bytes, insurer: InsurerId) -> str:
    """What binds an insurer's part to its list, before its lines."""
    return f"tierce-slice-v1\n{scope_digest.hex()} {insurer}\n"


def check_free_text(field: str, text: str, most: int = FREE_TEXT_CHARACTERS_MAX) -> str:
    """Give back a text that staff typed, trimmed; refuse one that is empty, too long, not text, or may hold a NIR.

    Raises:
        FreeTextError: it is one of these.
    """
    trimmed = " ".join(text.split())
    if not trimmed:
        raise FreeTextError(
            field, Phrase("Rien n’est écrit : dites-le en une phrase.", "Nothing is written; say it in a sentence.")
        )
    if len(trimmed) > most:
        reason = Phrase(
            f"Plus de {most} caractères : raccourcissez.",
            f"Longer than {most} characters; shorten it.",
        )
        raise FreeTextError(field, reason)
    if not trimmed.isprintable():
        reason = Phrase("Ce texte contient un caractère de commande.", "This text holds a control character.")
        raise FreeTextError(field, reason)
    if holds_nir(trimmed):
        reason = Phrase(
            "Ce texte semble contenir un numéro de sécurité sociale : ne nommez personne ici.",
            "This text seems to hold a social security number; name nobody here.",
        )
        raise FreeTextError(field, reason)
    return trimmed


def incident_reference(incident: IncidentId, day: date) -> str:
    """Name an incident for people to quote: the day it was opened with, and four characters of its number."""
    return f"I-{day:%Y%m%d}-{crockford(incident.to_bytes(8, 'big'), 4)}"


def crockford(data: bytes, length: int) -> str:
    """Write the last `length` times five bits of `data` in Crockford's base 32 (no I, L, O, U)."""
    number = int.from_bytes(data, "big")
    return "".join(SYMBOLS[number >> (5 * place) & 31] for place in reversed(range(length)))
