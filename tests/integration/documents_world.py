"""A place whose agreements are granted subject to documents, and somebody in the directory who prescribes."""

import json
from datetime import date, timedelta
from hashlib import sha256

import httpx

from tests.integration.billing_world import TODAY, House
from tests.integration.test_agreements import Place
from tierce.kernel.care import Profession
from tierce.kernel.clock import date_of
from tierce.lab.country.identifiers import make_rpps
from tierce.policy.documents import DocumentKind, bits_of
from tierce.web.api.agreements import AGREEMENTS

PRESCRIBER, ANOTHER = make_rpps(8_801), make_rpps(8_802)
DAY = date_of(TODAY)
FILE = sha256(b"a scan").hexdigest()
BOTH = (DocumentKind.PRESCRIPTION, DocumentKind.SIGNED_QUOTE)


def prescribing(house: House, kinds: tuple[DocumentKind, ...] = BOTH) -> None:
    """Make whatever a product gives subject to documents, and let two be known who prescribe."""
    house.admin.execute("update registry.benefit set documents = %s", (bits_of(kinds),))
    for number, rpps in ((8_801, PRESCRIBER), (8_802, ANOTHER)):
        house.admin.execute(
            "insert into directory.professional (id, national_id, rpps, family_name, given_name, profession)"
            " values (%s, %s, %s, 'Auvray', 'Solène', %s) on conflict do nothing",
            (number, f"8{rpps}", rpps, Profession.SPECIALIST.value),
        )


def body(kind: str = "prescription", *, dated: date = DAY - timedelta(days=3), **fields: object) -> bytes:
    """A declaration that holds, but for `fields`; one that is None is left out."""
    whole: dict[str, object] = {"kind": kind, "dated": dated.isoformat(), "sha256": FILE}
    if kind == "prescription":
        whole["prescriber"] = PRESCRIBER
    return json.dumps({name: value for name, value in (whole | fields).items() if value is not None}).encode()


async def declare(place: Place, number: str, said: bytes | None = None) -> httpx.Response:
    """Declare one document at the desk."""
    return await place.desk.send("POST", f"{AGREEMENTS}/{number}/documents", place.handle, place.own, said or body())
