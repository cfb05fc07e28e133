"""From the form of an invoice to the bytes that are relayed, and back to the form when something is wrong.

Amounts are typed in euros and sent in cents. A browser with a key sends the bytes that it signed; one without
JavaScript sends plain fields, of which the same bytes are made here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec

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
    """Engagement number or receipt."""
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
    rows = []
    for place in range(1, LINES_MAX + 1):
        if f"item-{place}" not in fields:
            break
        rows.append(Row(**{name: _text(fields, f"{name}-{place}") for name in FIELDS}))
    return InvoiceForm(_text(fields, "quotes"), _text(fields, "reference"), _text(fields, "care_date"), tuple(rows))


def _text(fields: Mapping[str, str], name: str) -> str:
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
    return {"engagement": "quotes", "receipt": "quotes", "lines": "item-1", "body": "quotes"}.get(name, name)


def _body_of(form: InvoiceForm) -> bytes:
    """The bytes of plain fields, in the order in which the browser writes them."""
    quotes = "receipt" if form.quotes.upper().startswith(PREFIX) else "engagement"
    lines = [
        {
            "item": row.item.upper(),
            "quantity": int(row.quantity) if re.fullmatch("[0-9]{1,4}", row.quantity) else row.quantity,
            **{name: cents_of(getattr(row, name)) for name in AMOUNTS},
        }
        for row in form.rows
    ]
    whole = {quotes: form.quotes, "reference": form.reference, "care_date": form.care_date, "lines": lines}
    return msgspec.json.encode(whole)


def _form_of(body: bytes) -> InvoiceForm:
    """Read the signed bytes back into fields; bytes that are no invoice leave the form empty."""
    try:
        raw: Any = msgspec.json.decode(body, type=dict[str, Any])
    except UNREADABLE:
        return InvoiceForm()
    lines = raw.get("lines")
    rows = [
        Row(
            str(line.get("item") or "")[:_CHARS_MAX],
            str(line.get("quantity") or "")[:_CHARS_MAX],
            *(euros_of(line.get(name) or 0) for name in AMOUNTS),
        )
        for line in (lines if isinstance(lines, list) else ())[:LINES_MAX]
        if isinstance(line, dict)
    ]
    names = ("engagement" if "engagement" in raw else "receipt", "reference", "care_date")
    quotes, reference, care = (str(raw.get(name) or "")[:_CHARS_MAX] for name in names)
    return InvoiceForm(quotes, reference, care, tuple(rows))
