"""The whole way in FHIR: an agreement asked for, granted, quoted by an invoice, decided; of one's own place alone."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fhir_examples import Json, claim, faults_of
from tests.integration.billing_world import GIVES, TODAY, House
from tests.integration.conftest import Connect
from tests.integration.feeding import FIRST, Importer
from tests.integration.signin_world import Desk, Play
from tierce.journal.engagement import format_engagement
from tierce.kernel.clock import date_of
from tierce.kernel.ids import EntrySeq
from tierce.policy.acts import Act
from tierce.storage.keys import Keyring, Purpose
from tierce.web.fhir.names import CLAIM_PATH, CLAIM_RESPONSE_PATH

pytestmark = pytest.mark.integration


def asked(use: str, quoted: str, reference: str) -> Json:
    """The page's claim, for this use and of an item of the tariff that is played here."""
    made = claim() | {"use": use}
    made["item"][0]["productOrService"]["coding"][0]["code"] = "LENS"
    made["identifier"][0]["value"] = reference
    made["insurance"][0]["preAuthRef"] = [quoted]
    if use == "claim":
        made["item"][0]["servicedDate"] = date_of(TODAY).isoformat()
    else:
        del made["item"][0]["servicedDate"]
    assert faults_of(made) == []
    return made


def test_an_agreement_is_asked_granted_and_invoiced_in_fhir(
    connect: Connect, key_directory: Path, importer: Importer, country: Path, play: Play, keyring: Keyring
) -> None:
    importer.rights(country / "rights" / f"{FIRST}.csv", FIRST)
    house = House(connect, key_directory)
    engagement = format_engagement(
        keyring.raw(Purpose.ENGAGEMENT.value), EntrySeq(house.engagement(house.person, house.insurer))
    )

    async def scene(desk: Desk) -> None:
        opened = await desk.open_session()
        own = opened["key"]
        assert (await desk.bind(opened, own, place=0)).status_code == 200
        handle = opened["handle"]

        async def submit(resource: Json) -> httpx.Response:
            return await desk.send("POST", CLAIM_PATH, handle, own, json.dumps(resource).encode())

        async def read(number: str) -> Json:
            told = await desk.send("GET", f"{CLAIM_RESPONSE_PATH}/{number}", handle)
            assert (told.status_code, faults_of(told.json())) == (200, [])
            found: dict[str, Any] = told.json()
            return found

        first = await submit(asked("preauthorization", engagement, "P-1"))
        assert (first.status_code, faults_of(first.json())) == (200, []), first.text
        assert (first.json()["outcome"], "preAuthRef" in first.json()) == ("queued", False)
        assert house.granting().turn(house.billing).failed == []
        again = await submit(asked("preauthorization", engagement, "P-1"))
        granted = await read(first.json()["id"])
        assert again.json()["id"] == granted["id"] == granted["preAuthRef"]
        assert granted["adjudication"][1]["amount"]["value"] == GIVES / 100
        sent = await submit(asked("claim", granted["preAuthRef"], "F-1"))
        assert (sent.status_code, sent.json()["outcome"]) == (200, "queued"), sent.text
        assert house.deciding().turn(house.billing).failed == []
        paid = await read(sent.json()["id"])
        assert (paid["outcome"], paid["extension"][0]["valueCode"]) == ("complete", "accepted")
        assert paid["item"][0]["adjudication"][1]["amount"]["value"] == GIVES / 100
        # What is refused has the code of `/v1`, by the path of the element.
        other = await submit(asked("claim", engagement, "F-1"))
        assert (other.status_code, other.json()["code"]) == (409, "reference_used")
        wrong = await submit(asked("claim", "0000-0000-00000-0", "F-2"))
        assert (wrong.status_code, wrong.json()["field"]) == (422, "Claim.insurance[0].preAuthRef[0]")
        unsigned = await desk.send("POST", CLAIM_PATH, handle, None, json.dumps(claim()).encode())
        assert unsigned.status_code == 401
        nobody = await desk.send("POST", CLAIM_PATH, "x" * 43, own, b"{")
        assert nobody.status_code == 401, "nothing is read for whoever holds no session"
        for number in ("invoice-1", "agreement-1", "invoice-x", "x", paid["id"].removeprefix("invoice-")):
            assert (await desk.send("GET", f"{CLAIM_RESPONSE_PATH}/{number}", handle)).status_code == 404
        house.admin.execute(
            "update care.invoice set establishment = 102; update care.agreement set establishment = 102"
        )
        for number in (paid["id"], granted["id"]):
            told = await desk.send("GET", f"{CLAIM_RESPONSE_PATH}/{number}", handle)
            assert told.status_code == 404, "another place's is like none"

    play(scene)
    acts = [entry.act for kind in range(18, 26) for entry in house.entries(kind)]
    assert {Act.AGREEMENT_ASK, Act.AGREEMENT_READ, Act.INVOICE_SEND, Act.INVOICE_READ} <= set(acts)
