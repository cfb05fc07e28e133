"""A place that sends a crowd of invoices at once waits for itself, and keeps no other place waiting."""

import asyncio

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.signin_world import Desk, Play, reason
from tests.integration.test_invoices import OTHERS, Place, admin
from tests.waiting import eventually
from tierce.storage.cluster import SUPERUSER
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration
__all__ = ["admin"]
CROWD = 12
WAITS = (
    "select count(*) from pg_stat_activity where usename = 'tierce_api' and wait_event_type = 'Lock'"
    " and datname = current_database()"
)


async def sit(desk: Desk, keyring: Keyring, place: int) -> Place:
    """A professional at one of her places, on a device of its own."""
    opened = await desk.open_session()
    key = opened["key"]
    assert (await desk.bind(opened, key, place=place)).status_code == 200
    return Place(desk, keyring, opened["handle"], key)


def test_a_crowd_of_one_place_s_invoices_keeps_no_other_place_waiting(
    play: Play, keyring: Keyring, connect: Connect, admin: psycopg.Connection
) -> None:
    holder = connect(SUPERUSER)

    async def scene(desk: Desk) -> None:
        crowded, other = await sit(desk, keyring, 0), await sit(desk, keyring, 1)
        admin.execute(
            "update care.engagement set establishment = (select a.establishment from access.session s"
            " join directory.activity a on a.id = s.activity where a.establishment <> 101) where seq = %s", (OTHERS,),
        )  # fmt: skip
        assert (await other.send(engagement=other.engagement(OTHERS), reference="G-0")).status_code == 201
        # Somebody else of the first place is being taken in, and for long.
        holder.execute("select pg_advisory_xact_lock(hashtextextended('tierce-quoted-at', 101))")
        crowd = [asyncio.create_task(crowded.send(reference=f"F-{n}")) for n in range(CROWD)]

        def waits() -> bool:
            row = admin.execute(WAITS).fetchone()
            return row is not None and row[0] > 0

        await asyncio.to_thread(eventually, waits, "the first of the crowd waits")
        assert (await other.send(engagement=other.engagement(OTHERS), reference="G-1")).status_code == 201
        assert not [one for one in crowd if one.done()], "it waited for none of them"
        told = await asyncio.gather(*crowd)
        assert {reason(one) for one in told} == {"busy"}
        assert {one.headers["retry-after"] for one in told} == {"1"}
        holder.rollback()
        again = await asyncio.gather(*(crowded.send(reference=f"F-{n}") for n in range(CROWD)))
        assert {one.status_code for one in again} == {201}

    play(scene)
    row = admin.execute(
        "select count(*), count(distinct reference) from care.invoice where establishment = 101"
    ).fetchone()
    assert row == (CROWD, CROWD)
