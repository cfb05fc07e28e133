"""How many e-mails tell a professional of who gets in under her name (storage/sql/own_mail.sql; a test compares)."""

from datetime import timedelta
from typing import Final

from tierce.kernel.language import Phrase
from tierce.policy.brief import CHOICE
from tierce.policy.kept import End, Hand, Kept, Rule

OWN_MAILS_A_DAY: Final = 3
"""Of one kind, in any twenty-four hours: a fourth waits for the day of the first, and takes in what comes until then.
Whoever stole her account fills no mailbox with them, and hides nothing behind them: the last one says how many."""

KEPT: Final = {
    Kept.OWN_MAILS: Rule(
        Phrase(
            "courriels à un professionnel sur ce qui entre sous son nom : adresse, jour, issue",
            "e-mails to a professional of what gets in under her name: address, day, what became of them",
        ),
        "notice.own_mail",
        timedelta(days=365),
        Phrase("leur écriture", "their making"),
        End.DELETED,
        Hand.JOB,
        CHOICE,
    ),
}
"""Rows of the retention table (policy/retention.py)."""
