"""What the file of a batch has to pay, as the office's process reads it: whoever holds the copies' key checks it.

`billing` writes the file and has no part in this list, which holds no IBAN in clear.
"""

from datetime import datetime
from typing import Final

import msgspec

from tierce.billing.settlement.errors import ListUnreadableError

FORMAT: Final = "tierce-transfers-list-v1"
LIST_BYTES_MAX: Final = 16 * 2**20


class ListedTransfer(msgspec.Struct, frozen=True):
    """One transfer: numbers as 16 hexadecimal digits, the amount in cents, the account masked and as its copy."""

    transfer: str
    establishment: str
    account: str
    place: str
    masked: str
    amount: int
    holder: str
    copy: bytes | None


class TransferList(msgspec.Struct, frozen=True):
    """The transfers that are in the file of one batch, by their number."""

    batch: str
    insurer: str
    approved: datetime
    transfers: list[ListedTransfer]
    format: str = FORMAT


def list_name(batch: int) -> str:
    """The name of the list of a batch."""
    return f"virements-{batch:016x}.json"


def write_list(of: TransferList) -> bytes:
    """The list as it is taken out."""
    return msgspec.json.encode(of)


def read_list(content: bytes) -> TransferList:
    """Read a list again.

    Raises:
        ListUnreadableError: it is none, or of another version.
    """
    try:
        found = msgspec.json.decode(content, type=TransferList)
        for one in found.transfers:
            for number in (found.batch, one.transfer, one.establishment, one.account):
                if int(number, 16) < 0 or len(number) != len(f"{0:016x}"):
                    raise ListUnreadableError
    except ValueError:  # msgspec's own errors are of this kind
        raise ListUnreadableError from None
    if found.format != FORMAT or not found.transfers or found.approved.tzinfo is None:
        raise ListUnreadableError
    return found
