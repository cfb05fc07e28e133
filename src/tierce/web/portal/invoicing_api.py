"""The API's answers about invoices, as the portal reads them: nobody is named."""

from datetime import date, datetime
from typing import Final

import msgspec

from tierce.web.portal.papers import Line, Page, Papers, Reason, Stands


class Invoice(msgspec.Struct):
    """One own invoice, in cents."""

    id: str
    reference: str
    domain: str
    care_date: date
    received_at: datetime
    state: Stands
    price: int
    amo: int
    asked: int
    cancellable: bool
    engagement: str | None = None
    receipt: str | None = None
    agreement: str | None = None
    label: str | None = None
    reason: Reason | None = None
    due: int | None = None
    decided_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancelled_why: str | None = None
    said: str | None = None
    lines: list[Line] = []


class Taken(msgspec.Struct):
    """The receipt of an invoice."""

    id: str
    reference: str
    received_at: datetime
    domain: str
    care_date: date
    price: int
    amo: int
    asked: int
    warnings: list[Reason] = []


INVOICES: Final = Papers("/v1/invoices", Page[Invoice], Invoice, Taken)
