"""A disk without room for PostgreSQL: the gate closes for as long, and what a command says names no statement."""

import asyncio
from contextlib import suppress

import psycopg
import pytest
import typer
from rich.console import Console

from tests.integration.test_gate_pressure import run, shown
from tests.integration.world import World, enrol, question
from tierce.feeds.commands import refusals_told
from tierce.feeds.folder import FILE_REFUSED
from tierce.gate.errors import GateClosedError
from tierce.gate.service import Gate

pytestmark = pytest.mark.integration


async def until_let_in(gate: Gate) -> None:
    """Let the gate's tasks take their turn until an ask is let in."""
    never = asyncio.get_running_loop().create_future()
    while True:
        with suppress(GateClosedError):
            return gate.shed()
        await asyncio.wait([never], timeout=0.01)


def test_a_disk_without_room_closes_the_gate_until_an_ask_is_answered(world: World) -> None:
    """Connections stand and questions are read: an ask alone finds that nothing can be written."""
    caller = enrol(world)
    world.run("create function public.no_room() returns trigger language plpgsql as"
              " $$begin raise exception using errcode = 'disk_full'; end$$")  # fmt: skip
    world.run("create trigger no_room before insert on journal.entry execute function public.no_room()")

    async def use(gate: Gate) -> list[bool]:
        stood = [gate.open]
        with pytest.raises(GateClosedError):
            await gate.ask(question(caller, world.covered[0]))
        await until_let_in(gate)
        stood.append(gate.open)
        world.run("drop trigger no_room on journal.entry")
        assert shown(await gate.ask(question(caller, world.covered[0])))
        return [*stood, gate.open]

    assert run(world.gate, use) == [True, False, True]
    assert world.scalar("select count(*) from journal.entry") == 1


def test_an_import_that_finds_no_room_says_so_and_quotes_no_statement(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as left, refusals_told(Console(stderr=True, width=200)):
        raise psycopg.errors.DiskFull("could not extend file CONTEXT: insert into journal.entry")
    assert left.value.exit_code == FILE_REFUSED
    told = capsys.readouterr().err
    assert "PostgreSQL's disk is full: make room" in told
    assert "insert into" not in told
