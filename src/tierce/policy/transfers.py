"""How what is due is gathered, and how long what was paid is kept."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from tierce.kernel.clock import PARIS
from tierce.kernel.language import Phrase
from tierce.policy.accounts import is_working
from tierce.policy.kept import End, Hand, Kept, Rule

TRANSFERS_MAX: Final = 2_000
"""Credits in one file for the bank; what is left waits for the next, which is prepared at once."""
APPROVERS: Final = 2
"""How many of the staff say the same before a batch is filed, or a transfer counts as come back."""
PAGE_ROWS: Final = 50
"""Transfers on one page of a place's own list."""
RECOVERED_PERCENT: Final = 30
"""Of what is due to a place in one transfer, what is taken at most of what was paid and not due.

The operator's choice, as is the delay below: no text that we could read sets either.
"""
CONTEST_DAYS: Final = 30
"""From the second person's approval, which the place reads at once, to the first transfer that takes anything."""
UNSETTLED_DAYS: Final = 30
"""Days without a transfer to a place that owes, or is owed, what is recovered, after which staff read of it."""
REPLY_DAYS: Final = 3
"""Working days within which a file of the bank's speaks of a batch, or staff and the doctor are warned."""

PAID: Final[Mapping[Kept, Rule]] = {
    Kept.TRANSFERS: Rule(
        Phrase(
            "lots de virements, virements et factures qu’ils paient (numéros et montants), qui les a approuvés, ce "
            "que la banque en a répondu, indus récupérés",
            "batches of transfers, transfers and the invoices that they pay (numbers and amounts), who approved "
            "them, what the bank replied, what was recovered",
        ),
        "bank.batch, bank.transfer, bank.paid_invoice, bank.word, bank.reply, bank.reply_file, bank.recovery, "
        "bank.recovery_word, bank.recovered",
        timedelta(days=3_653),
        Phrase("leur fin", "their end"),
        End.DELETED,
        Hand.JOB,
        Phrase(
            "pièces comptables, dix ans (Code de commerce, L. 123-22 ; à confirmer)",
            "accounting records, ten years (Code de commerce, L. 123-22; to confirm)",
        ),
    ),
}
"""Rows of the retention table (policy/retention.py)."""


def replies_due(now: datetime) -> datetime:
    """Files for the bank that were written before this have waited their working days for its reply."""
    local = now.astimezone(PARIS)
    day, left = local.date(), REPLY_DAYS
    while left:
        left -= is_working(day)
        day -= timedelta(days=1)
    return datetime.combine(day, local.time(), PARIS)
