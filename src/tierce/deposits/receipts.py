"""Numbers of receipts: the spool's number and its counter, permuted under a key so that none can be guessed.

The permutation and the check symbol are those of engagement numbers, under another key; a receipt begins with
`D-`, so that the two are told apart on paper.
"""

from tierce.deposits.errors import ReceiptUnknownError
from tierce.journal.engagement import format_engagement, parse_engagement
from tierce.journal.errors import EngagementFormatError
from tierce.kernel.ids import EntrySeq

PREFIX = "D-"


def print_receipt(key: bytes, number: int) -> str:
    """Print a receipt's number, `D-XXXX-XXXX-XXXXX-C`."""
    return PREFIX + format_engagement(key, EntrySeq(number))


def read_receipt(key: bytes, text: str) -> int:
    """Read a receipt's number as typed: lower case, spaces and missing hyphens are accepted.

    Raises:
        ReceiptUnknownError: no receipt can have this number.
    """
    compact = text.strip().upper().replace(" ", "").replace("-", "")
    if not compact.startswith("D") or len(compact) != 15:
        raise ReceiptUnknownError
    try:
        return parse_engagement(key, compact[1:])
    except EngagementFormatError:
        raise ReceiptUnknownError from None
