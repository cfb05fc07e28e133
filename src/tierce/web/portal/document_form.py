"""From the form of a document to the bytes that are relayed, and back to the form when something is wrong.

The document itself is never sent: the page takes the digest of the file in the browser, or it is pasted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from tierce.kernel.bodies import UNREADABLE
from tierce.web.portal.api import Signed
from tierce.web.portal.invoice_form import BODY_CHARS_MAX
from tierce.web.portal.question import PROOF_CHARS_MAX

FIELDS: Final = ("kind", "dated", "prescriber", "sha256")
_CHARS_MAX: Final = 100
"""Of one field: a digest has 64, perhaps spaced."""


@dataclass(frozen=True, slots=True)
class DocumentForm:
    """What the fields hold, as typed."""

    kind: str = ""
    dated: str = ""
    prescriber: str = ""
    sha256: str = ""


def read_document(fields: Mapping[str, str]) -> tuple[DocumentForm, Signed]:
    """Read a submitted form: what to show again in the fields, and what to relay."""
    body = fields.get("body", "")[:BODY_CHARS_MAX].encode()
    if body:
        return _form_of(body), Signed(body, fields.get("proof", "")[:PROOF_CHARS_MAX] or None)
    form = _typed(fields)
    whole = {name: getattr(form, name) for name in FIELDS if name != "prescriber" or form.prescriber}
    return form, Signed(msgspec.json.encode(whole), None)


def _typed(fields: Mapping[str, str]) -> DocumentForm:
    return DocumentForm(*(fields.get(name, "")[:_CHARS_MAX].strip() for name in FIELDS))


def _form_of(body: bytes) -> DocumentForm:
    """Read the signed bytes back into fields; bytes that are no declaration leave the form empty."""
    try:
        raw: Any = msgspec.json.decode(body, type=dict[str, Any])
    except UNREADABLE:
        return DocumentForm()
    return _typed({name: str(raw.get(name) or "") for name in FIELDS})
