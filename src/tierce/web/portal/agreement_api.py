"""The API's answers about prior agreements, as the portal reads them: nobody is named."""

from datetime import date, datetime
from typing import Final
from urllib.parse import quote

import msgspec

from tierce.identity.sites.model import Held
from tierce.web.portal.api import Api, Guarantee, Signed, decode
from tierce.web.portal.invoicing_api import Line, Stands, Why

AGREEMENTS: Final = "/v1/agreements"


class Kind(msgspec.Struct):
    """What was asked for."""

    code: str
    label: Guarantee


class Invoiced(msgspec.Struct):
    """The invoice that quotes an agreement."""

    id: str
    reference: str


class Declared(msgspec.Struct):
    """What was declared last of a document."""

    dated: date
    sha256: str
    declared_at: datetime
    prescriber: str | None = None


class Document(msgspec.Struct):
    """A document to which an agreement is subject."""

    kind: Kind
    declared: Declared | None = None


class Agreement(msgspec.Struct):
    """One own agreement, in cents."""

    id: str
    reference: str
    kind: Kind
    engagement: str
    domain: str
    care_from: date
    received_at: datetime
    state: Stands
    price: int
    amo: int
    asked: int
    cancellable: bool
    label: str | None = None
    care_until: date | None = None
    reason: Why | None = None
    due: int | None = None
    answer_by: date | None = None
    documents_by: date | None = None
    decided_at: datetime | None = None
    ended_at: datetime | None = None
    cancelled_why: str | None = None
    invoice: Invoiced | None = None
    said: str | None = None
    lines: list[Line] = []
    documents: list[Document] = []


class Page(msgspec.Struct):
    """Own agreements, newest first, and the cursor of the next page, if there is one."""

    rows: list[Agreement]
    cursor: str | None = None


async def send(api: Api, held: Held, signed: Signed) -> Agreement:
    """Relay one ask."""
    return decode(await api.relay(AGREEMENTS, held, signed), Agreement)


async def listed(api: Api, held: Held, query: dict[str, str]) -> Page:
    """Read one page of the place's agreements; `query` holds a cursor and a state."""
    return await api.read(AGREEMENTS, held, Page, query or None)


async def one(api: Api, held: Held, number: str) -> Agreement:
    """Read one agreement of the place."""
    return await api.read(f"{AGREEMENTS}/{quote(number, safe='')}", held, Agreement)


def cancel_path(number: str) -> str:
    """The path of the act that takes one back."""
    return f"{AGREEMENTS}/{quote(number, safe='')}/cancel"


async def cancel(api: Api, held: Held, number: str, signed: Signed) -> None:
    """Relay that one is taken back."""
    await api.relay(cancel_path(number), held, signed)


def declare_path(number: str) -> str:
    """The path of the act that declares a document of one."""
    return f"{AGREEMENTS}/{quote(number, safe='')}/documents"


async def declare(api: Api, held: Held, number: str, signed: Signed) -> None:
    """Relay a declaration."""
    await api.relay(declare_path(number), held, signed)
