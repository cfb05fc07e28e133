"""`tierce staff`, run as whoever is on call would, while a member of staff has the office open."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.forks import tierce
from tests.integration.conftest import Connect
from tests.integration.rooms import open_room
from tests.integration.sites_world import office_site
from tierce.journal.encoding import decode
from tierce.journal.model import EntryKind
from tierce.kernel.ids import staff_id
from tierce.policy.acts import Act
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration

SESSION = 900


def test_who_leaves_is_refused_at_her_next_request_and_a_line_says_who_did_it(
    database: Database, settings: Path, connect: Connect, keyring: Keyring
) -> None:
    room = open_room(connect, keyring)

    async def scene() -> None:
        async with office_site(room, database) as site:
            assert (await site.http.get("/directory")).status_code == 200
            listed = json.loads(tierce("staff", "list", "--settings", settings, "--json", "-").stdout)
            assert [one["subject"] for one in listed["sessions"]] == ["vasseur"]
            ended = tierce("staff", "end", "vasseur", "--by", "Marc Tessier", "--settings", settings)
            assert ended.returncode == 0, ended.stderr
            assert (await site.http.get("/directory")).status_code != 200

    asyncio.run(scene())
    found = room.admin.execute(
        "select body from journal.entry where kind = %s order by seq desc limit 1", (EntryKind.STAFF_ACT,)
    ).fetchone()
    assert found is not None
    line = decode(found[0])
    assert (line.act, line.reference) == (Act.STAFF_SESSION_END, SESSION)
    assert line.professional == staff_id("command:Marc Tessier")
    assert json.loads(tierce("staff", "list", "--settings", settings, "--json", "-").stdout) == {"sessions": []}


def test_every_session_of_an_insurer_is_ended_and_no_other_insurers(
    database: Database, settings: Path, connect: Connect
) -> None:
    with connect("postgres") as admin:
        admin.execute(
            "insert into registry.insurer (id, amc, name) values (1, '99100001', 'A'), (2, '99100002', 'B')"
        )
        admin.cursor().executemany(
            "insert into access.insurer_session (id, bound, handle, insurer, staff, name, created, expires)"
            " values (%s, sha256('key'), sha256(%s), %s, 5, 'Iris', now(), now() + interval '1 hour')",
            [(11, b"a", 1), (12, b"b", 1), (13, b"c", 2)],
        )
        admin.commit()
        done = tierce("staff", "end-insurer", "99100001", "--by", "Marc Tessier", "--settings", settings)
        assert (done.returncode, "Sessions ended: 2." in done.stdout) == (0, True), done.stderr
        left = admin.execute("select id from access.insurer_session where revoked is null").fetchall()
        lines = admin.execute("select body from journal.entry where kind = 5 order by seq").fetchall()
    assert left == [(13,)]
    assert [(decode(row[0]).act, decode(row[0]).reference) for row in lines] == [
        (Act.STAFF_SESSION_END, 11), (Act.STAFF_SESSION_END, 12),
    ]  # fmt: skip
    again = tierce("staff", "end-insurer", "99100001", "--by", "Marc Tessier", "--settings", settings)
    assert (again.returncode, "AMC" in again.stderr) == (2, True)


def test_what_cannot_be_ended_is_refused_and_leaves_no_line(settings: Path, connect: Connect) -> None:
    for subject, by, said in (("nobody", "Marc Tessier", "no session of that name"), ("nobody", " ", "--by")):
        done = tierce("staff", "end", subject, "--by", by, "--settings", settings)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr
    with connect("tierce_office") as office:
        kinds = office.execute("select count(*) from journal.entry where kind = %s", (EntryKind.STAFF_ACT,))
        assert kinds.fetchone() == (0,)
