"""The process `api` as it is wired, and an insurer that it asks on the way, on the machine's own clock."""

import json
import time
from pathlib import Path

import httpx
import pytest

from tests.integration.depositing import optician
from tests.integration.desk import BIRTH
from tests.integration.remote_world import AMC, COVERED, TODAY, declare
from tests.integration.test_deposits_api import URL, served, settings_of
from tests.integration.world import World, make_world
from tierce.kernel.clock import SystemClock, date_of
from tierce.lab.standins.insurer import StandIn
from tierce.policy.remote import ANSWER_SECONDS, SLOT_SECONDS
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.web.api.deposits import Front

pytestmark = pytest.mark.integration


def test_the_process_asks_a_declared_insurer_and_answers_at_the_end_of_the_slot(
    database: Database, key_directory: Path, keyring: Keyring, tmp_path: Path
) -> None:
    world: World = make_world(database)
    world.run("delete from journal.instance where name = 'api'")
    who, settings = optician(world), settings_of(world.database, key_directory, tmp_path)
    insurer = StandIn(keyring.instance("api").public_key().public_bytes_raw(), {("A-1", BIRTH): COVERED})
    told: list[tuple[dict[str, object], float]] = []

    async def use(http: httpx.AsyncClient, front: Front) -> None:
        async with insurer.serving():
            declare(world, keyring, insurer.url, insurer.public)
            world.run(
                "insert into registry.guarantee select product, 6, formula_fr, formula_en from registry.guarantee"
            )
            await front.rest._rights.reread()  # type: ignore[union-attr]  # what the process does each minute
            body = json.dumps(
                {"amc": AMC, "member_number": "A-1", "birth_date": BIRTH, "domain": "OPTI",
                 "care_date": date_of(TODAY).isoformat()}
            ).encode()  # fmt: skip
            at, begun = SystemClock().now().timestamp(), time.monotonic()
            proof = who.key.proof("POST", f"{URL}/v1/rights", handle=who.handle, at=at, body=body).decode()
            headers = {"authorization": f"DPoP {who.handle}", "dpop": proof}
            answer = await http.post("/v1/rights", content=body, headers=headers)
            told.append((answer.json(), time.monotonic() - begun))

    served(settings, use)
    [(answer, took)] = told
    assert answer.get("shown") is True, answer
    assert answer["insurer"] == "Prévoyance du Lac"
    assert took >= SLOT_SECONDS > ANSWER_SECONDS
    assert len(insurer.asked) == 1
    assert world.scalar("select array_agg(kind::integer order by seq) from journal.entry where kind in (1, 26)") == [
        26,
        1,
    ]
