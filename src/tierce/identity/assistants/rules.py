"""Names of assistants, and codes to be typed; pure."""

import re
import secrets
from typing import Final

from tierce.identity.assistants.errors import AssistantNameError
from tierce.kernel.labels import looks_like
from tierce.kernel.language import Phrase

NAME_MAX: Final = 60
_NAME: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|[ '’.-])*")
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's thirty-two: no I, L, O or U, which are read as others."""
_READ_AS: Final = str.maketrans({"I": "1", "L": "1", "O": "0"})
CODE_CHARS: Final = 12
"""Sixty bits: nobody guesses one within its ten minutes, so that no count of tries is a way to shut others out."""
_GROUP: Final = 4


def read_name(field: str, typed: str) -> str:
    """Read one name of an assistant, on one line.

    Raises:
        AssistantNameError: it is empty, too long, holds what no name holds, or looks like a number or a date.
    """
    name = " ".join(typed.split())
    if not 1 <= len(name) <= NAME_MAX or not _NAME.fullmatch(name) or looks_like(name) is not None:
        raise AssistantNameError(
            field,
            Phrase("ce nom ne peut pas être gardé tel quel.", "this name cannot be kept as it stands."),
            Phrase(
                "Donnez de une à soixante lettres, avec espaces, traits d’union, apostrophes ou points.",
                "Give one to sixty letters, with spaces, hyphens, apostrophes or full stops.",
            ),
        )
    return name


def new_code() -> str:
    """Draw a code, as it is read aloud: three groups of four."""
    drawn = "".join(secrets.choice(_LETTERS) for _ in range(CODE_CHARS))
    return "-".join(drawn[at : at + _GROUP] for at in range(0, CODE_CHARS, _GROUP))


def read_code(typed: str) -> str:
    """A code as it was drawn, from whatever was typed: case, spaces and dashes aside; empty when it is none."""
    compact = re.sub(r"[\s\-–—.]", "", typed).upper().translate(_READ_AS)
    return compact if len(compact) == CODE_CHARS and set(compact) <= set(_LETTERS) else ""
