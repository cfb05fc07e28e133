"""How `api` comes up behind its counter of deposits: whatever goes wrong is told, and tried again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from tests.settings_file import settings_text
from tierce.kernel.clock import SystemClock
from tierce.settings import load
from tierce.storage.database import Database
from tierce.storage.errors import KeyMissingError, LookupKeyError, SchemaOtherError
from tierce.web.api.deposits import Front
from tierce.web.api.hot import App
from tierce.web.deposit_wiring import open_rest
from tierce.web.readiness import Readiness


class Connection:
    """One that answered."""

    async def close(self) -> None:
        """Nothing is open."""


async def connect() -> Connection:
    return Connection()


async def rest(*_: object) -> None:
    """The rest of the API."""


def built(fails: int, *, serving: bool, why: Exception | None = None) -> Front:
    """Open the rest, whose first `fails` attempts go wrong, in a way that nobody foresaw where `why` is left out."""
    front = Front(cast("Any", None), cast("Any", None), "https://api.example")
    left = [why or ZeroDivisionError()] * fails

    @asynccontextmanager
    async def build(_front: Front) -> AsyncIterator[App]:
        if left:
            raise left.pop()
        yield cast("App", rest)

    async def play() -> None:
        event = asyncio.Event()
        if serving:
            event.set()
        async with AsyncExitStack() as stack:
            await open_rest(front, build, connect, stack, event, unforeseen_seconds=0)

    asyncio.run(play())
    return front


def test_what_goes_wrong_as_the_process_starts_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        built(1, serving=False)


def test_once_it_takes_deposits_the_api_comes_back_whatever_went_wrong() -> None:
    assert built(2, serving=True).rest is rest


@pytest.mark.parametrize(
    "why", [LookupKeyError("another database's"), KeyMissingError("of yesterday"), SchemaOtherError("0097", "0096")]
)
def test_another_databases_key_or_schema_keeps_nobody_from_leaving_a_deposit(why: Exception) -> None:
    assert built(2, serving=False, why=why).rest is rest


def test_an_api_that_has_no_gate_yet_is_not_ready(tmp_path: Path) -> None:
    file = tmp_path / "tierce.toml"
    file.write_text(settings_text(Database("127.0.0.1", 1, "none", tmp_path), tmp_path, operator="Rive Claire"))
    checks = asyncio.run(Readiness("api", load(file), (), SystemClock()).look(None))
    assert checks == {"database": False, "keys": True, "gate": False, "spool": True}, "of no schema, and of no clock"
    checks = asyncio.run(Readiness("api", load(file), (), SystemClock()).look(None, spool=False))
    assert checks["spool"] is False
