"""The API's answers about prior agreements, as the portal reads them: nobody is named."""

from datetime import date, datetime
from typing import Final

import msgspec

from tierce.web.portal.api import Guarantee
from tierce.web.portal.papers import Line, Page, Papers, Reason, Stands


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
    reason: Reason | None = None
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


AGREEMENTS: Final = Papers("/v1/agreements", Page[Agreement], Agreement, Agreement)
