"""Carrying signed tokens to the operators that are told (RFC 8935), each until it is taken, refused, or too old.

A token is taken from the outbox before it leaves, and marked once its answer is read: whatever dies in between, it
leaves again, and the number in it lets the other count it once.
"""

import asyncio
import re
from typing import Final

import httpx
import msgspec
from psycopg import Connection
from psycopg_pool import ConnectionPool

from tierce.peer_alerts.telling import store
from tierce.peer_alerts.telling.model import Due

AT_ONCE: Final = 20
_HEADERS: Final = {"content-type": "application/secevent+jwt", "accept": "application/json"}
_CODE: Final = re.compile(r"[a-z_]{1,40}")
_TAKEN: Final = frozenset({200, 202})


class Refused(msgspec.Struct):
    """What another operator says when it refuses a token."""

    err: str = ""


class Carrier:
    """One per process `peers`."""

    def __init__(self, http: httpx.AsyncClient, rows: ConnectionPool[Connection]) -> None:
        """Use `http`, and connections of role tierce_peers in autocommit mode."""
        self._http = http
        self._rows = rows

    async def turn(self) -> None:
        """Carry what is due now, all at once; the next turn waits for the slowest answer of this one."""
        found = await asyncio.to_thread(self._due)
        if found:
            await asyncio.gather(*(self._carry(one) for one in found))

    async def _carry(self, one: Due) -> None:
        try:
            answer = await self._http.post(one.push, content=one.token.encode(), headers=_HEADERS)
        except (httpx.HTTPError, httpx.InvalidURL):
            return  # whether it arrived is not known: it leaves again
        if answer.status_code in _TAKEN:
            await asyncio.to_thread(self._mark, one, None)
        elif answer.status_code == httpx.codes.BAD_REQUEST:
            await asyncio.to_thread(self._mark, one, code_of(answer.content))

    def _due(self) -> list[Due]:
        with self._rows.connection() as connection:
            return store.due(connection, AT_ONCE)

    def _mark(self, one: Due, under: str | None) -> None:
        with self._rows.connection() as connection:
            store.arrived(connection, one, under)


def code_of(body: bytes) -> str:
    """The code of a refusal; nothing else of what a stranger's program says is kept."""
    try:
        said = msgspec.json.decode(body, type=Refused).err
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = ""
    return said if _CODE.fullmatch(said) else "refused"
