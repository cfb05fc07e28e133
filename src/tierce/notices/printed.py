"""A letter or notice laid out on paper: the same text as on a screen, in one language, as data for the press."""

from tierce.kernel.language import Language, Phrase
from tierce.kernel.saying import say_date
from tierce.notices.model import Document

_REFERENCE = Phrase("Référence", "Reference")
_PAGE = Phrase("Page", "Page")
TEMPLATE = "letter"


def printed(document: Document, language: Language, address: tuple[str, ...] = ()) -> dict[str, object]:
    """Give the data of `printing.pdf("letter", …)` for a document.

    Args:
        document: the text.
        language: which of its two languages goes on paper.
        address: postal lines that follow the recipient's name in the window of the envelope.
    """
    return {
        "language": language.value,
        "title": document.title[language],
        "sender": list(document.sender),
        "recipient": [*(one[language] for one in document.recipient), *address],
        "reference": document.reference,
        "reference_label": _REFERENCE[language],
        "page_label": _PAGE[language],
        "dated": say_date(document.dated)[language],
        "greeting": document.greeting[language],
        "blocks": [
            {
                "heading": block.heading[language],
                "paragraphs": [one[language] for one in block.paragraphs],
                "points": [one[language] for one in block.points],
                "after": [one[language] for one in block.after],
            }
            for block in document.blocks
        ],
        "closing": document.closing[language],
        "signature": [one[language] for one in document.signature],
    }
