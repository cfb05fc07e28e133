"""The API's answers about invoices, as the portal reads them: nobody is named."""

from datetime import date, datetime
from typing import Final
from urllib.parse import quote

import msgspec

from tierce.identity.sites.model import Held
from tierce.web.portal.api import Api, Guarantee, Signed, decode

INVOICES: Final = "/v1/invoices"


class Stands(msgspec.Struct):
    """Where an invoice stands."""

    code: str
    label: Guarantee


class Why(msgspec.Struct):
    """Why an invoice is refused or paid in part, or may be."""

    code: str
    detail: Guarantee
    remedy: Guarantee
    reference: str = ""


class Line(msgspec.Struct):
    """One line, in cents; what is due of it once it is decided."""

    n: int
    item: str
    quantity: int
    price: int
    amo: int
    asked: int
    due: int | None = None


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
    reason: Why | None = None
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
    warnings: list[Why] = []


class Page(msgspec.Struct):
    """Own invoices, newest first, and the cursor of the next page, if there is one."""

    rows: list[Invoice]
    cursor: str | None = None


async def send(api: Api, held: Held, signed: Signed) -> Taken:
    """Relay one invoice."""
    return decode(await api.relay(INVOICES, held, signed), Taken)


async def listed(api: Api, held: Held, query: dict[str, str]) -> Page:
    """Read one page of the place's invoices; `query` holds a cursor and a state."""
    return await api.read(INVOICES, held, Page, query or None)


async def one(api: Api, held: Held, number: str) -> Invoice:
    """Read one invoice of the place."""
    return await api.read(f"{INVOICES}/{quote(number, safe='')}", held, Invoice)


def cancel_path(number: str) -> str:
    """The path of the act that takes one back."""
    return f"{INVOICES}/{quote(number, safe='')}/cancel"


async def cancel(api: Api, held: Held, number: str, signed: Signed) -> None:
    """Relay that one is taken back."""
    await api.relay(cancel_path(number), held, signed)
