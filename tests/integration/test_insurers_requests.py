"""A person's request at her insurer: seen with its clock, opened with its key alone, answered once, read by her."""

import asyncio
import json
from pathlib import Path

import psycopg
import pyrage
import pytest

from tests.integration.conftest import Connect
from tests.integration.rooms import CAPES, OAK
from tests.integration.sites_world import insurers_site, office_site, persons_site
from tests.integration.telling_world import World, open_world
from tests.integration.test_insurers_incidents import plain
from tierce.notices.slices.store import Cover
from tierce.persons.requests.rules import receipt
from tierce.persons.requests.slips import make_slips
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.web.signin_site import FORM_FIELD

pytestmark = pytest.mark.integration


@pytest.fixture
def world(connect: Connect, keyring: Keyring, tmp_path: Path) -> World:
    return open_world(connect, keyring, tmp_path)


def request_id(world: World) -> int:
    (number,) = world.room.admin.execute("select id from notice.rights_request").fetchone() or (0,)
    world.room.admin.commit()
    return int(number)


def answered_by_the_office(world: World, many: int) -> None:
    """Requests of others, due before any that is made now, which the office answered without the insurer."""
    world.room.admin.execute(
        "insert into notice.rights_request (id, person, kind, subject, insurers, made, due, forwarded, answer,"
        " answered)"
        " select 100 + n, 99, 'access', 'everything', '{1}', now() - interval '60 days', now() - interval '30 days',"
        " now() - interval '59 days', 'sent', now() - interval '31 days' from generate_series(1, %s) n",
        (many,),
    )
    world.room.admin.commit()


def slips(world: World) -> int:
    return make_slips(world.notices, Cover(world.room.keyring))


def test_her_insurer_sees_opens_and_answers_it_and_she_reads_that(world: World, database: Database) -> None:
    world.recipient(OAK)

    async def scene() -> None:
        async with persons_site(world.room, database) as hers:
            await hers.http.post("/requests", data={FORM_FIELD: hers.csrf, "subject": "name"})
            number = request_id(world)
            assert slips(world) == 0, "not sent on yet"
            async with insurers_site(world.room, database, OAK) as oak:
                assert "Aucune demande de vos assurés n'attend" in plain(await oak.http.get("/requests"))
                async with office_site(world.room, database, "dpo") as staff:
                    token = {FORM_FIELD: staff.csrf}
                    assert "Transmettre aux organismes" in plain(await staff.http.get("/requests"))
                    await staff.http.post(f"/requests/{number}", data={**token, "outcome": "forward"})
                    assert slips(world) == 1, "the other insurer registered no key"
                    assert slips(world) == 0, "once"
                    answered_by_the_office(world, 200)
                    page = plain(await oak.http.get("/requests"))
                    assert "1 demande de vos assurés attend votre réponse" in page
                    assert "Correction : mon nom ou mes prénoms" in page
                    assert receipt(number) in page
                    assert "Réponse due le" in page
                    assert "A-0000417" not in page
                    taken = await oak.http.post(f"/requests/{number}/slip", data={FORM_FIELD: oak.csrf})
                    slip = json.loads(pyrage.decrypt(taken.content, [world.recipients[OAK]]))
                    assert (slip["member_number"], slip["receipt"]) == ("A-0000417", receipt(number))
                    with pytest.raises(pyrage.DecryptError):
                        pyrage.decrypt(taken.content, [world.recipients[CAPES]])
                    wrong = await oak.http.post(
                        f"/requests/{number}", data={FORM_FIELD: oak.csrf, "outcome": "erased"}
                    )
                    assert wrong.status_code == 409, "an answer of another kind"
                    for status in (303, 409):
                        said = await oak.http.post(
                            f"/requests/{number}", data={FORM_FIELD: oak.csrf, "outcome": "corrected"}
                        )
                        assert said.status_code == status
                    assert "Mutuelle du Grand Chêne a répondu" in plain(await hers.http.get("/requests"))
                    office = plain(await staff.http.get("/requests"))
                    assert "réponse attendue de Prévoyance des Deux Caps" in office
                    assert "Mutuelle du Grand Chêne a répondu" in office

    asyncio.run(scene())
    acts = world.room.admin.execute("select get_byte(body, 2) from journal.entry where kind = 16").fetchall()
    assert {act for (act,) in acts} == {165}


def test_an_insurer_that_has_no_copy_of_her_sees_and_answers_nothing(world: World, database: Database) -> None:
    world.recipient(CAPES)

    async def scene() -> None:
        async with persons_site(world.room, database) as hers, office_site(world.room, database, "dpo") as staff:
            await hers.http.post("/requests", data={FORM_FIELD: hers.csrf, "subject": "everything"})
            number = request_id(world)
            world.room.admin.execute("update notice.rights_request set insurers = '{1}'")
            world.room.admin.commit()
            await staff.http.post(f"/requests/{number}", data={FORM_FIELD: staff.csrf, "outcome": "forward"})
            assert slips(world) == 0
            async with insurers_site(world.room, database, CAPES) as capes:
                token = {FORM_FIELD: capes.csrf}
                assert receipt(number) not in plain(await capes.http.get("/requests"))
                answer = await capes.http.post(f"/requests/{number}", data={**token, "outcome": "sent"})
                assert answer.status_code == 409
                slip = await capes.http.post(f"/requests/{number}/slip", data=token)
                assert slip.status_code == 409

    asyncio.run(scene())
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        world.notices.execute("select * from notice.rights_request")
