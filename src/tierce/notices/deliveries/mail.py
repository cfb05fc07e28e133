"""A document as an e-mail: plain text alone, so that there is nothing to follow, to load or to click on.

Message-ID and return path are made from the item's token, ten random bytes that mean nothing to anybody else.
"""

import quopri
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr
from functools import lru_cache
from typing import Final

from tierce.kernel.clock import PARIS
from tierce.kernel.language import Language, Phrase
from tierce.kernel.saying import fixed_french, say_date
from tierce.notices.model import Document

_REFERENCE: Final = Phrase("Référence", "Reference")
_BOUNCE: Final = "retour-"
_NOTICE: Final = ".notice"
TOKEN_BYTES: Final = 10


def message_id(token: bytes, domain: str) -> str:
    """The Message-ID of an item, the same at every attempt: whoever sees it twice can drop one."""
    return f"<{token.hex()}@{domain}>"


def return_path(token: bytes, domain: str) -> str:
    """Where a server sends back what it cannot deliver: the item's token, and nobody's address."""
    return f"{_BOUNCE}{token.hex()}@{domain}"


def token_of(address: str) -> bytes | None:
    """Read a token back from a return path, or None when it is not one of ours."""
    local = address.strip("<> ").partition("@")[0].casefold()
    try:
        found = bytes.fromhex(local.removeprefix(_BOUNCE))
    except ValueError:
        return None
    return found if local.startswith(_BOUNCE) and len(found) == TOKEN_BYTES else None


def notice_of(address: str) -> int | None:
    """The number of a notice to an insurer, of its Message-ID or return path; None when it is none."""
    local = address.strip("<> ").partition("@")[0].casefold()
    number = local.removesuffix(_NOTICE)
    if number == local or not number.isascii() or len(number) > 16:
        return None
    try:
        return int(number, 16) or None
    except ValueError:
        return None


def plain(document: Document, language: Language) -> str:
    """A document as text: the same words as on paper, in the same order.

    A paragraph is one line, whatever its length: what shows it folds it to its own width, a phone's too.
    """
    named = [f"{_REFERENCE[language]} {document.reference}"] if document.reference else []
    parts = ["\n".join((document.title[language], *named, say_date(document.dated)[language]))]
    parts += [document.greeting[language]]
    for block in document.blocks:
        parts += [block.heading[language].upper(), *(one[language] for one in block.paragraphs)]
        parts += ["\n".join(f"- {one[language]}" for one in block.points)] if block.points else []
        parts += [one[language] for one in block.after]
    signed = [one[language] for one in document.signature]
    # Whoever signs as the operator is named once, above the address.
    name, *reach = document.sender
    parts += [document.closing[language], "\n".join((*signed, *((name,) if name not in signed else ()), *reach))]
    text = "\n\n".join(parts) + "\n"
    return fixed_french(text) if language is Language.FR else text


def compose(
    document: Document,
    language: Language,
    *,
    sender: tuple[str, str],
    to: tuple[str, str],
    token: bytes,
    at: datetime,
) -> bytes:
    """Make the message, CRLF line ends, without its signature.

    Args:
        document: the text.
        language: in which it is sent.
        sender: our name and address.
        to: her name and address.
        token: the item's.
        at: the date it bears.
    """
    domain = sender[1].partition("@")[2]
    headers = (
        ("From", formataddr((_safe(sender[0]), sender[1]))),
        ("To", formataddr((_safe(to[0]), to[1]))),
        ("Subject", _subject(document, language)),
        ("Date", format_datetime(at.astimezone(PARIS))),
        ("Message-ID", message_id(token, domain)),
        ("MIME-Version", "1.0"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Transfer-Encoding", "quoted-printable"),
        ("Content-Language", language.value),
        ("Auto-Submitted", "auto-generated"),
    )
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    body = quopri.encodestring(plain(document, language).encode()).replace(b"\n", b"\r\n")
    return head.encode("ascii") + b"\r\n" + body


def _subject(document: Document, language: Language) -> str:
    named = f"\r\n ({document.reference})" if document.reference else ""
    return f"{_encoded(document.title[language])}{named}"


@lru_cache(maxsize=64)
def _encoded(title: str) -> str:
    """A title as a header's value: most messages of a sending have the same."""
    return Header(title, "utf-8", 66).encode(linesep="\r\n")


def _safe(name: str) -> str:
    """A name as it may stand in a header: on one line, without control characters."""
    return " ".join("".join(one if one.isprintable() else " " for one in name).split())
