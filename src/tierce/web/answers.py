"""Answers of the API that the portal reads as they are: each written once, for both."""

from datetime import date, datetime

import msgspec


class Said(msgspec.Struct):
    """One sentence, in French and in English."""

    fr: str
    en: str


class StateAnswer(msgspec.Struct):
    """Where an invoice stands: a code, and its words."""

    code: str
    label: Said


class RecoveryAnswer(msgspec.Struct):
    """What is recovered of one invoice that was paid and was not due, in cents.

    `said` is the operator's own sentence. Until `contest_until` nothing is taken: call the operator, with `id`.
    `invoice` is null once the invoice is kept no more. `taken` is what all transfers that were sent took of
    `amount`; `here`, what this one did, below zero when it gave back.
    """

    id: str
    invoice: str | None
    reference: str
    care_date: date
    insurer: str
    paid: int
    amount: int
    taken: int
    here: int
    reason: Said
    said: str
    state: StateAnswer
    told_at: datetime | None
    contest_until: datetime | None
    settled: int = 0
    """What was settled by another way than a transfer, by the place or, below zero, to it."""


class RecoveriesAnswer(msgspec.Struct):
    """What is recovered of the place, the newest first: 200 at most."""

    rows: list[RecoveryAnswer]
