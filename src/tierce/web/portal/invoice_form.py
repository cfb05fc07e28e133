"""From the form of an invoice to the bytes that are relayed, and back to the form when something is wrong.

Amounts are typed in euros and sent in cents. A browser with a key sends the bytes that it signed; one without
JavaScript sends plain fields, of which the same bytes are made here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec

from tierce.billing.invoices.rules import QUOTED
from tierce.deposits.receipts import PREFIX
from tierce.kernel.bodies import UNREADABLE
from tierce.kernel.labels import looks_like
from tierce.policy.invoices import LINES_MAX
from tierce.web.portal.api import Signed
from tierce.web.portal.question import PROOF_CHARS_MAX

BODY_CHARS_MAX: Final = 12_288
ROWS: Final = 3
"""Empty lines of a new form."""
MORE_ROWS: Final = 5
FIELDS: Final = ("item", "quantity", "price", "amo", "asked")
AMOUNTS: Final = ("price", "amo", "asked")
_EUROS: Final = re.compile(r"([0-9]{1,6})(?:[.,]([0-9]{1,2}))?", re.ASCII)
_AGREEMENT: Final = re.compile(r"[0-9]{11,19}", re.ASCII)
_AT: Final = re.compile(r"lines\[([0-9]{1,2})\](?:\.(\w+))?", re.ASCII)
_CHARS_MAX: Final = 40


@dataclass(frozen=True, slots=True)
class Row:
    """One line as typed."""

    item: str = ""
    quantity: str = ""
    price: str = ""
    amo: str = ""
    asked: str = ""

    @property
    def blank(self) -> bool:
        """Whether nothing was typed in it: the quantity stands there by itself."""
        return not (self.item or self.price or self.amo or self.asked)


@dataclass(frozen=True, slots=True)
class InvoiceForm:
    """What the fields hold, as typed."""

    quotes: str = ""
    """Engagement number, receipt or agreement."""
    reference: str = ""
    care_date: str = ""
    rows: tuple[Row, ...] = field(default=())

    def with_rows(self, number: int) -> "InvoiceForm":
        """The same with empty lines at its end, `number` in all, fewer where there are too many."""
        blanks = (Row(quantity="1"),) * max(0, min(number, LINES_MAX) - len(self.rows))
        return replace(self, rows=self.rows + blanks)

    def kept(self) -> "InvoiceForm":
        """The same without what must not be kept: a reference that looks like a NIR or a date of birth."""
        return replace(self, reference="") if looks_like(self.reference) else self


def read_form(fields: Mapping[str, str]) -> tuple[InvoiceForm, Signed]:
    """Read a submitted form: what to show again in the fields, and what to relay."""
    body = fields.get("body", "")[:BODY_CHARS_MAX].encode()
    if body:
        return _form_of(body), Signed(body, fields.get("proof", "")[:PROOF_CHARS_MAX] or None)
    form = typed_form(fields)
    form = replace(form, rows=tuple(row for row in form.rows if not row.blank))
    return form, Signed(_body_of(form), None)


def typed_form(fields: Mapping[str, str]) -> InvoiceForm:
    """The plain fields, empty lines included."""
    quotes, reference, care = (text_in(fields, name) for name in ("quotes", "reference", "care_date"))
    return InvoiceForm(quotes, reference, care, typed_rows(fields, LINES_MAX))


def typed_rows(fields: Mapping[str, str], most: int) -> tuple[Row, ...]:
    """The lines among plain fields, empty ones included."""
    rows = []
    for place in range(1, most + 1):
        if f"item-{place}" not in fields:
            break
        rows.append(Row(**{name: text_in(fields, f"{name}-{place}") for name in FIELDS}))
    return tuple(rows)


def text_in(fields: Mapping[str, str], name: str) -> str:
    """One plain field, cut short."""
    return fields.get(name, "")[:_CHARS_MAX].strip()


def cents_of(text: str) -> int | str:
    """Cents of « 12,50 »; a text that is no amount stays as it is, for the API to refuse; nothing is 0."""
    compact = "".join(text.split()).removesuffix("€")
    if not compact:
        return 0
    found = _EUROS.fullmatch(compact)
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else text


def euros_of(value: object) -> str:
    """« 12,50 » of 1250; what is no amount as it was typed, nothing for 0."""
    if not isinstance(value, int) or value < 0:
        return str(value)[:_CHARS_MAX]
    return f"{value // 100},{value % 100:02d}" if value else ""


def field_of(name: str) -> str:
    """The page's field for one that the API names."""
    found = _AT.fullmatch(name)
    if found:
        return f"{found[2] or 'item'}-{found[1]}"
    return dict.fromkeys((*QUOTED, "body"), "quotes").get(name, "item-1" if name == "lines" else name)


def _body_of(form: InvoiceForm) -> bytes:
    """The bytes of plain fields, in the order in which the browser writes them."""
    quotes = quoted_as(form.quotes)
    lines = lines_of(form.rows)
    whole = {quotes: form.quotes, "reference": form.reference, "care_date": form.care_date, "lines": lines}
    return msgspec.json.encode(whole)


def quoted_as(text: str) -> str:
    """Which number was typed: a receipt begins with D-, an agreement is digits alone."""
    if text.upper().startswith(PREFIX):
        return "receipt"
    return "agreement" if _AGREEMENT.fullmatch(text) else "engagement"


def lines_of(rows: tuple[Row, ...]) -> list[dict[str, object]]:
    """The lines as they are sent."""
    return [
        {
            "item": row.item.upper(),
            "quantity": int(row.quantity) if re.fullmatch("[0-9]{1,4}", row.quantity) else row.quantity,
            **{name: cents_of(getattr(row, name)) for name in AMOUNTS},
        }
        for row in rows
    ]


def _form_of(body: bytes) -> InvoiceForm:
    """Read the signed bytes back into fields; bytes that are no invoice leave the form empty."""
    try:
        raw: Any = msgspec.json.decode(body, type=dict[str, Any])
    except UNREADABLE:
        return InvoiceForm()
    names = (next((name for name in QUOTED if name in raw), QUOTED[0]), "reference", "care_date")
    quotes, reference, care = (str(raw.get(name) or "")[:_CHARS_MAX] for name in names)
    return InvoiceForm(quotes, reference, care, sent_rows(raw.get("lines"), LINES_MAX))


def sent_rows(lines: object, most: int) -> tuple[Row, ...]:
    """Lines that were sent, as they were typed."""
    return tuple(
        Row(
            str(line.get("item") or "")[:_CHARS_MAX],
            str(line.get("quantity") or "")[:_CHARS_MAX],
            *(euros_of(line.get(name) or 0) for name in AMOUNTS),
        )
        for line in (lines if isinstance(lines, list) else [])[:most]
        if isinstance(line, dict)
    )
