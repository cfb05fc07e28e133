"""Beat 6: glasses were billed as the attack began, and the optician is paid for them.

The invoice goes through the API as her software would send it, the process `billing` decides, gathers and writes,
and two of the staff approve on the office's pages. What is told afterwards is what those gave, and the file itself,
checked as the treasurer does, with her key and the office's list.
"""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx

from tierce.billing.settlement.checking import check_file, open_file, read_identities
from tierce.billing.settlement.listing import list_name, read_list
from tierce.billing.settlement.pain import file_name
from tierce.kernel.language import Language, Phrase
from tierce.kernel.loopback import NO_TLS
from tierce.kernel.saying import say_euros
from tierce.lab.demo.errors import BeatError
from tierce.lab.demo.stage import OFFICER, OPERATIONS, PAYER_IBAN, Stage
from tierce.lab.demo.visitors import Asker, answered, enter_office
from tierce.lab.demo.wire import Wire

BEAT: Final = 6
WAIT_SECONDS_MAX: Final = 60.0
"""`billing` takes a turn every five seconds; one of them begins with whatever the machine is busy with."""
GLASSES: Final = {"item": "XOPTIB", "quantity": 1, "price": 320_00, "amo": 12, "asked": 280_00}
"""A pair of invented glasses: more is asked than Paul's guarantee gives, so that a decision shows."""
REFERENCE: Final = "LUNETTES-1"
_TOKEN: Final = re.compile(r'name="form_token" value="([^"]+)"')
_TOTAL: Final = re.compile(r'name="total" value="(\d+)"')
_BATCH: Final = re.compile(r'href="/payments/(\d+)"')
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Paid:
    """One invoice from its sending to the bank's file; amounts in cents."""

    invoice: str
    batch: int
    asked: int
    due: int
    file: Path

    def as_json(self) -> dict[str, object]:
        """The figures as plain values."""
        return {"invoice_asked": self.asked, "invoice_due": self.due, "transferred": self.due}

    def told(self, language: Language) -> str:
        """What happened, in sentences."""
        asked, due = say_euros(self.asked), say_euros(self.due)
        return _TOLD[language].format(asked=asked[language], due=due[language])


_TOLD: Final = Phrase(
    "     L’opticienne facturait les lunettes de Paul quand l’attaque commença :\n"
    "     {asked}. Sa garantie en donne {due} : le processus `billing` l’a décidé.\n"
    "     Hélène Vasseur et Bruno Caradec ont approuvé le lot, au bureau.\n"
    "     Le fichier pour la banque est écrit, chiffré : un virement de {due}.\n"
    "     `tierce billing check` l’a vérifié : le compte est celui de la demande.\n"
    "     (Un compte attend trois jours ouvrés : celui-ci est daté de la semaine\n"
    "     dernière.)",
    "     As the attack began, the optician billed Paul’s glasses: {asked}.\n"
    "     His guarantee gives {due}: the process `billing` decided it.\n"
    "     Hélène Vasseur and Bruno Caradec approved the batch, in the office.\n"
    "     The bank’s file is written, encrypted: one transfer of {due}.\n"
    "     `tierce billing check` verified it: the account is the one asked for.\n"
    "     (An account waits three working days: this one is dated last week.)",
)


async def bill(stage: Stage, optician: Asker, today: date) -> str:
    """The optician asks for Paul's rights and bills his glasses; gives the invoice's number.

    Raises:
        BeatError: she was shown nothing, or her invoice was refused.
    """
    paul = stage.person("paul_lenoir")
    async with Wire(stage.url("api")) as wire:
        said = await optician.ask(wire, (paul["nir"], paul["birth_date"], str(paul["rank"])), "OPTI", today)
        if not said.shown:
            raise BeatError(BEAT, "the optician is not shown Paul's rights")
        invoice = {
            "engagement": said.content["engagement"], "reference": REFERENCE, "care_date": today.isoformat(),
            "lines": [GLASSES],
        }  # fmt: skip
        status, content = await optician.send(wire, "/v1/invoices", json.dumps(invoice).encode())
        if status != 201:
            raise BeatError(BEAT, f"the invoice was answered {status}")
        number: str = json.loads(content)["id"]
        return number


async def pay(stage: Stage, billed: tuple[Asker, str] | None) -> Paid:
    """Follow the invoice until the bank's file holds it, approved in the office by two of the staff.

    Raises:
        BeatError: it was not decided, gathered, approved or written, or the file holds something else.
    """
    if billed is None:
        raise BeatError(BEAT, "no invoice was sent")
    optician, invoice = billed
    decided = await _until(lambda: _decided(optician, invoice), "the invoice was not decided")
    office = stage.url("office")
    async with _staff() as helene, _staff() as bruno:
        await enter_office(helene, office, OFFICER)
        await enter_office(bruno, office, OPERATIONS)
        batch = await _until(lambda: _gathered(helene, office), "what is due was not gathered")
        for one in (helene, bruno):
            await _approve(one, f"{office}/payments/{batch}")
        await _until(lambda: _filed(helene, office, batch), "the file for the bank was not written")
        listed = await _list(helene, f"{office}/payments/{batch}")
    file = stage.home / "payments" / file_name(batch)
    paid = Paid(invoice, batch, int(decided["asked"]), int(decided["due"]), file)
    _check(stage, paid, listed)
    return paid


def _check(stage: Stage, paid: Paid, listed: bytes) -> None:
    """Check the file as the treasurer does: one transfer, of what was decided, to the account that was asked for."""
    paid.file.with_name(list_name(paid.batch)).write_bytes(listed)
    identities = read_identities((stage.home / "banque.key").read_text())
    found = check_file(open_file(paid.file.read_bytes(), identities), read_list(listed), identities)
    if not found.good or (found.verified, found.total, found.debited) != (1, paid.due, PAYER_IBAN):
        raise BeatError(BEAT, f"the bank's file holds {found.transfers} transfers, not what was decided")


def _staff() -> httpx.AsyncClient:
    return httpx.AsyncClient(trust_env=False, verify=NO_TLS, timeout=15, headers={"accept-language": "fr"})


async def _until(look: Callable[[], Awaitable[Found | None]], otherwise: str) -> Found:
    """Look until something is found; BeatError once WAIT_SECONDS_MAX passed."""
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while (found := await look()) is None:
        if time.monotonic() > deadline:
            raise BeatError(BEAT, otherwise)
        await asyncio.sleep(0.1)
    return found


async def _decided(optician: Asker, invoice: str) -> dict[str, Any] | None:
    found = await optician.read(f"/v1/invoices/{invoice}")
    if found["state"]["code"] == "refused":
        raise BeatError(BEAT, f"the invoice was refused: {found['reason']['code']}")
    return found if found["due"] is not None else None


async def _gathered(staff: httpx.AsyncClient, office: str) -> int | None:
    found = _BATCH.search(answered(await staff.get(office + "/payments"), 200).text)
    return int(found[1]) if found else None


async def _list(staff: httpx.AsyncClient, page: str) -> bytes:
    """Take the checking list out, as whoever takes the file to the bank wants it."""
    token = _TOKEN.search(answered(await staff.get(page), 200).text)
    if token is None:
        raise BeatError(BEAT, "the batch's page offers no list")
    return answered(await staff.post(page + "/list", data={"form_token": token[1]}), 200).content


async def _approve(staff: httpx.AsyncClient, page: str) -> None:
    shown = answered(await staff.get(page), 200).text
    token, total = _TOKEN.search(shown), _TOTAL.search(shown)
    if token is None or total is None:
        raise BeatError(BEAT, "the batch's page offers nothing to approve")
    form = {"form_token": token[1], "what": "approve", "total": total[1]}
    answered(await staff.post(page + "/approve", data=form), 303)


async def _filed(staff: httpx.AsyncClient, office: str, batch: int) -> bool | None:
    """The page names the file once it is whole: it is written before its batch says so."""
    shown = answered(await staff.get(f"{office}/payments/{batch}"), 200).text
    return True if file_name(batch) in shown else None
