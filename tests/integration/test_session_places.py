"""A session lives no longer than what it acts under: a place that is no longer hers tells her nothing more."""

import json

import httpx
import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.signin_world import MORVAN, PLACELESS, Desk, Play
from tierce.kernel.care import Profession
from tierce.kernel.clock import SystemClock, paris_day
from tierce.policy.seats import pack, settled_line
from tierce.storage.cluster import SUPERUSER

pytestmark = pytest.mark.integration
TODAY = paris_day(SystemClock().now())
ENDS = {
    "struck off": ("update directory.professional set active = {} where id = 201", "false", "true"),
    "listed there no more": ("update directory.activity set listed = {} where professional = 201", "false", "true"),
    "the place closed": ("update directory.establishment set active = {} where id = 101", "false", "true"),
    "its days are over": (
        "update directory.activity set until_day = {} where professional = 201", str(TODAY - 1), str(TODAY),
    ),
}  # fmt: skip
HELD = (
    "insert into access.ladder (id, level, subject, rung, since, until, by, reason)"
    " select 7, {level}, {subject}, 4, now(), now() + interval '1 hour', 'Hélène', 'r' from access.session"
    " where id = {session}"
)
READS = ("session", "sessions", "devices", "holds", "substitutes", "account", "invoices", "agreements", "transfers",
         "recoveries")  # fmt: skip
WRITES: tuple[tuple[str, dict[str, str]], ...] = (
    ("account/stop", {}),
    ("devices/code", {}),
    ("invoices/7/cancel", {"why": "erreur de saisie"}),
)


@pytest.fixture
def admin(connect: Connect) -> psycopg.Connection:
    return connect(SUPERUSER, autocommit=True)


def test_a_session_reads_and_does_nothing_more_of_a_place_once_its_activity_is_over(
    play: Play, admin: psycopg.Connection
) -> None:
    async def scene(desk: Desk) -> None:
        opened = await desk.open_session(MORVAN)
        key = opened["key"]
        handle = opened["handle"]
        assert (await desk.bind(opened, key)).status_code == 200

        async def told() -> dict[str, int]:
            found: dict[str, httpx.Response] = {path: await desk.send("GET", f"/v1/{path}", handle) for path in READS}
            for path, body in WRITES:
                found[path] = await desk.send("POST", f"/v1/{path}", handle, key, json.dumps(body).encode())
            return {path: one.status_code for path, one in found.items()}

        def served() -> int:
            row = admin.execute("select count(*) from access.session s, care.bearer(s.id)").fetchone()
            assert row is not None
            return int(row[0])

        open_ = await told()
        assert 401 not in open_.values()
        assert served() == 1
        for why, (change, over, back) in ENDS.items():
            admin.execute(change.format(over))
            assert await told() == dict.fromkeys(open_, 401), why
            assert served() == 0, f"the database holds it too, whatever asks it: {why}"
            admin.execute(change.format(back))
        assert await told() == open_, "as at the gate, she has again what she has again"

    play(scene)


def test_who_stands_in_invoices_no_longer_than_whoever_declared_her_and_loses_her_sessions_with_it(
    play: Play, admin: psycopg.Connection
) -> None:
    """While the service is closed nobody looks at substitutions: a deposit is worth what its session is."""

    async def scene(desk: Desk) -> None:
        mine = await desk.open_session(MORVAN)
        key = mine["key"]
        assert (await desk.bind(mine, key)).status_code == 200
        (session,) = admin.execute("select id from access.session").fetchone() or (0,)
        long_hers = pack(settled_line(Profession.GP, TODAY))
        admin.execute("update access.line set state = %s where login is not null", (long_hers,))
        made = admin.execute("select directory.declare_substitute(%s, 203, %s, %s)", (session, TODAY, TODAY))
        (number,) = made.fetchone() or (0,)
        hers = await desk.open_session(PLACELESS)
        assert (await desk.bind(hers)).status_code == 200
        for level, subject in ((1, "login"), (2, "device")):
            admin.execute(HELD.format(level=level, subject=subject, session=session))
            stops = "select care.hindrance(id, 233) from access.session where professional = 203"
            assert admin.execute(stops).fetchone() == (3,), (
                f"what was declared by the {subject} stands where it stands"
            )
            admin.execute("delete from access.ladder")
            assert admin.execute(stops).fetchone() == (0,)
        for level, subject in ((4, "1"), (5, "1"), (6, "7"), (7, "directory.cell_of('990000001', 1)")):
            admin.execute(HELD.format(level=level, subject=subject, session=session))
            both = "select care.hindrance(id, 233), care.hindrance(id, 250) from access.session where id = %s"
            assert admin.execute(both, (session,)).fetchone() == (0, 3), "an agreement tells what a product gives"
            admin.execute("delete from access.ladder")
        ended = await desk.send("POST", f"/v1/substitutions/{number}/end", mine["handle"], key)
        assert ended.status_code == 204, ended.text
        over = admin.execute(
            "select professional, revoked_why from access.session where revoked is not null"
        ).fetchall()
        assert over == [(203, "substitution ended")]

    play(scene)
