"""A code and a notice are tried so often and no more, and she reads in her space what became of her code."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.integration.rooms import OPERATOR
from tests.integration.sites_world import persons_site
from tests.integration.test_office_site import plain
from tests.integration.test_persons_wishes import ADDRESS, World, world
from tierce.notices.deliveries.rules import ATTEMPTS_MAX
from tierce.persons.wishes import store
from tierce.persons.wishes.errors import WishReason, WishRefusedError
from tierce.persons.wishes.model import Ended, Sealed
from tierce.persons.wishes.rules import CODE_TRIES
from tierce.storage.database import Database
from tierce.web.signin_site import FORM_FIELD

pytestmark = pytest.mark.integration
__all__ = ["world"]
UNWRITABLE = replace(OPERATOR, name="Rive\udc80claire")
"""Half a character, which no header takes: a message under it cannot be written."""


def rows(world: World, query: str) -> list[tuple[object, ...]]:
    found = world.room.admin.execute(query.encode()).fetchall()
    world.room.admin.commit()
    return found


def later(world: World, age: timedelta) -> None:
    """So much time goes by for whatever waits for its code."""
    world.room.admin.execute(
        "update notice.wish set made = made - %(age)s, due = due - %(age)s, begun = begun - %(age)s"
        " where proved is null and ended is null",
        {"age": age},
    )
    world.room.admin.commit()


@pytest.mark.parametrize("address", ["451-4.7.1-paul@foyer.example", f"drop-{ADDRESS}"])
def test_a_code_that_the_relay_puts_off_is_tried_five_times_ever_later_and_then_given_up(
    world: World, address: str
) -> None:
    world.turn()
    world.ask(address)
    waits: list[object] = []
    for _ in range(CODE_TRIES - 1):
        assert world.turn().put_off == 1
        assert world.turn().put_off == 0, "not again before its time"
        waits += rows(world, "select ceil(extract(epoch from due - now()) / 60)::integer from notice.wish")
        world.room.admin.execute("update notice.wish set due = now()")
        world.room.admin.commit()
    assert waits == [(1,), (2,), (4,), (8,)]
    assert world.turn().refused == 1
    assert rows(world, "select ended_why, attempts, sealed is null from notice.wish") == [
        ("unsent", CODE_TRIES, True)
    ]
    assert world.turn().refused == 0


def test_a_code_that_waited_for_a_relay_that_was_away_does_not_leave_once_it_serves_no_more(world: World) -> None:
    world.turn()
    world.ask()
    later(world, timedelta(minutes=21))
    world.turn()
    assert rows(world, "select ended_why from notice.wish") == [("unsent",)]
    assert world.texts() == []


def test_a_code_that_was_not_typed_in_time_ends_by_itself_and_her_address_is_erased(world: World) -> None:
    world.turn()
    world.ask()
    world.turn()
    later(world, timedelta(minutes=29))
    world.turn()
    assert rows(world, "select ended_why from notice.wish") == [(None,)]
    later(world, timedelta(minutes=2))
    world.turn()
    assert rows(world, "select ended_why, sealed is null, code is null from notice.wish") == [("late", True, True)]


def test_codes_that_did_not_leave_are_none_of_the_five_of_a_day(world: World) -> None:
    world.turn()
    for _ in range(5):
        world.ask()
        later(world, timedelta(minutes=21))
        world.turn()
    for _ in range(5):
        world.ask()
    with pytest.raises(WishRefusedError) as often:
        world.ask()
    assert often.value.reason is WishReason.TOO_OFTEN


def test_a_code_that_cannot_be_written_is_tried_while_it_serves_and_fails_each_turn_that_tries(world: World) -> None:
    world.turn()
    world.ask()
    world.sender.operator = UNWRITABLE
    for _ in range(CODE_TRIES):
        with pytest.raises(ValueError, match="surrogates"):
            world.turn()
        world.room.admin.execute("update notice.wish set due = now()")
        world.room.admin.commit()
    world.turn()
    assert rows(world, "select ended_why, attempts from notice.wish") == [("unsent", CODE_TRIES)]


def test_a_notice_that_cannot_be_written_is_tried_six_times_and_set_aside(world: World) -> None:
    world.proved()
    world.looks(1, 502)
    world.sender.operator = UNWRITABLE
    for _ in range(ATTEMPTS_MAX):
        with pytest.raises(ValueError, match="surrogates"):
            world.turn()
        world.turn()
        world.room.admin.execute("update notice.first_look set due = now()")
        world.room.admin.commit()
    world.turn()
    assert rows(world, "select how, attempts from notice.first_look") == [("unwritten", ATTEMPTS_MAX)]
    world.sender.operator = OPERATOR
    world.looks(1, 501)
    assert world.turn().sent == 1, "the wish lives on, and the next professional is told of"


@pytest.mark.parametrize("kept", [b"not age", b""])
def test_what_is_no_address_ends_the_wish_and_she_reads_that_she_must_give_it_again(
    world: World, kept: bytes
) -> None:
    world.proved()
    sealed = store.seal(str(world.identity.to_public()), Sealed("nobody\r\nBcc: x@y.example", "")) if kept else b"?"
    world.room.admin.execute("update notice.wish set sealed = %s", (sealed,))
    world.room.admin.commit()
    world.looks(1, 502)
    world.turn()
    assert rows(world, "select ended_why from notice.wish") == [(Ended.UNREADABLE.value,)]


def test_her_page_says_at_each_step_whether_her_code_left(world: World, database: Database) -> None:
    async def scene() -> None:
        async with persons_site(world.room, database) as hers:
            token = {FORM_FIELD: hers.csrf}
            world.turn()
            asked = plain(await hers.http.post("/wish", data={**token, "address": f"drop-{ADDRESS}"}))
            assert "Le code part dans la minute" in asked
            world.turn()
            assert "pas encore pris le code" in plain(await hers.http.get("/wish"))
            world.room.admin.execute("update notice.wish set begun = now()")
            world.room.admin.commit()
            assert "Le code est peut-être parti" in plain(await hers.http.get("/wish"))
            world.room.admin.execute("update notice.wish set begun = null")
            world.room.admin.commit()
            later(world, timedelta(minutes=21))
            world.turn()
            page = plain(await hers.http.get("/wish"))
            assert "est pas parti : le serveur" in page
            assert "Recevoir le code" in page

    asyncio.run(scene())
