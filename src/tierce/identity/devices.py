"""A professional's own devices: seen, recognised, named."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tierce.identity import store
from tierce.identity.errors import NameRefusedError, NotHersError
from tierce.identity.model import DeviceRow, SessionState, SubstituteRow, keyless
from tierce.identity.service import Sessions
from tierce.kernel.clock import date_of, paris_day
from tierce.kernel.ids import MAX_ID, DeviceId
from tierce.kernel.labels import looks_like
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act
from tierce.policy.seats import PROBATION_DAYS, on_probation, unpack

NAME_MAX = 40
TOLD_FOR = timedelta(days=PROBATION_DAYS)
"""How long a professional is told that another browser signed for a session of hers."""


class Devices:
    """The devices of the professional who holds a session."""

    def __init__(self, sessions: Sessions) -> None:
        """Whose devices is told by `sessions`, with its connections and its clock."""
        self._sessions = sessions
        self._pool = sessions.pool
        self._clock = sessions.clock

    async def list_(self, handle: str) -> tuple[list[DeviceRow], datetime | None]:
        """List one's own devices, last used first; and when another browser last signed for a session of one's own.

        Raises:
            SessionRefusedError: the session is over.
        """
        state = await self._sessions.read(handle)
        now = self._clock.now()
        async with self._pool.connection() as connection:
            rows = await store.devices_of(connection, state, now)
            other_key = await store.other_key_of(connection, state, now - TOLD_FOR)
        return [_device(state, row, paris_day(now)) for row in rows], other_key

    async def substitutes(self, handle: str) -> list[SubstituteRow]:
        """List who may work in one's place, now or later.

        Raises:
            SessionRefusedError: the session is over.
        """
        state = await self._sessions.read(handle)
        today = paris_day(self._clock.now())
        async with self._pool.connection() as connection:
            rows = await store.substitutes_of(connection, state.professional, today)
        return [
            SubstituteRow(number, name, place, date_of(first), date_of(last))
            for number, name, place, first, last in rows
        ]

    async def name(self, handle: str, device: DeviceId, name: str) -> None:
        """Name one of one's own devices.

        Raises:
            SessionRefusedError: the session is over.
            NotHersError: the device is not one's own.
            NameRefusedError: the name is empty, too long, or looks like a number or date that names somebody.
        """
        state = await self._sessions.read(handle)
        checked = read_name(name)
        if device > MAX_ID:
            raise NotHersError
        async with self._pool.connection() as connection:
            if not await store.name_device(connection, state.login, device, checked, self._clock.now()):
                raise NotHersError
            await self._sessions.note(connection, state, Act.DEVICE_NAME, device)


def read_name(text: str) -> str:
    """Read a device's name."""
    name = text.strip()
    if not 1 <= len(name) <= NAME_MAX or not name.isprintable():
        raise NameRefusedError(
            "name",
            Phrase("le nom de l’appareil est vide ou trop long", "the device’s name is empty or too long"),
            Phrase("Donnez de un à quarante caractères.", "Give one to forty characters."),
        )
    if looks_like(name) is not None:
        raise NameRefusedError(
            "name",
            Phrase("le nom de l’appareil ressemble à un numéro ou à une date qui désigne quelqu’un",
                   "the device’s name looks like a number or date that names somebody"),
            Phrase("Dites où il est : « Accueil », « Cabinet 2 ».", "Say where it is: “Front desk”, “Room 2”."),
        )  # fmt: skip
    return name


def _device(state: SessionState, row: tuple[Any, ...], today: int) -> DeviceRow:
    device, name, thumbprint, first, used, sessions, states, continues = row
    lines = [unpack(bytes(one)) for one in states if one is not None]
    new_until = max((line.since + PROBATION_DAYS for line in lines), default=0)
    return DeviceRow(
        DeviceId(device), name, bytes(thumbprint) != keyless(state.login), first, used, sessions,
        any(on_probation(replace(line, day=max(line.day, today))) for line in lines),
        date_of(new_until) if today < new_until else None, continues, device == state.device,
    )  # fmt: skip
