"""From the form of an agreement to the bytes that are relayed, and back to the form when something is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from tierce.kernel.bodies import UNREADABLE
from tierce.kernel.labels import looks_like
from tierce.policy.agreements import LINES_MAX
from tierce.web.portal.api import Signed
from tierce.web.portal.invoice_form import BODY_CHARS_MAX, Row, lines_of, sent_rows, text_in, typed_rows
from tierce.web.portal.question import PROOF_CHARS_MAX


@dataclass(frozen=True, slots=True)
class AgreementForm:
    """What the fields hold, as typed; `quotes` is the engagement number."""

    quotes: str = ""
    reference: str = ""
    kind: str = "quote"
    rows: tuple[Row, ...] = field(default=())

    def with_rows(self, number: int) -> "AgreementForm":
        """The same with empty lines at its end, `number` in all, fewer where there are too many."""
        blanks = (Row(quantity="1"),) * max(0, min(number, LINES_MAX) - len(self.rows))
        return replace(self, rows=self.rows + blanks)

    def kept(self) -> "AgreementForm":
        """The same without what must not be kept: a reference that looks like a NIR or a date of birth."""
        return replace(self, reference="") if looks_like(self.reference) else self


def read_form(fields: Mapping[str, str]) -> tuple[AgreementForm, Signed]:
    """Read a submitted form: what to show again in the fields, and what to relay."""
    body = fields.get("body", "")[:BODY_CHARS_MAX].encode()
    if body:
        return _form_of(body), Signed(body, fields.get("proof", "")[:PROOF_CHARS_MAX] or None)
    form = typed_form(fields)
    form = replace(form, rows=tuple(row for row in form.rows if not row.blank))
    whole = {"engagement": form.quotes, "reference": form.reference, "kind": form.kind, "lines": lines_of(form.rows)}
    return form, Signed(msgspec.json.encode(whole), None)


def typed_form(fields: Mapping[str, str]) -> AgreementForm:
    """The plain fields, empty lines included."""
    quotes, reference, kind = (text_in(fields, name) for name in ("quotes", "reference", "kind"))
    return AgreementForm(quotes, reference, kind, typed_rows(fields, LINES_MAX))


def _form_of(body: bytes) -> AgreementForm:
    """Read the signed bytes back into fields; bytes that are no agreement leave the form empty."""
    try:
        raw: Any = msgspec.json.decode(body, type=dict[str, Any])
    except UNREADABLE:
        return AgreementForm()
    texts = {name: str(raw.get(name) or "") for name in ("engagement", "reference", "kind")}
    quotes, reference, kind = (text_in(texts, name) for name in ("engagement", "reference", "kind"))
    return AgreementForm(quotes, reference, kind, sent_rows(raw.get("lines"), LINES_MAX))
