"""The day's snapshot on PostgreSQL: live checks as the worker's role, once a day, bound to the journal."""

from datetime import timedelta
from hashlib import sha256

import psycopg
import pytest

from tests.integration.conftest import Connect
from tierce.controls import store
from tierce.controls.model import Rules, Standing
from tierce.controls.service import SIGNER, Controls
from tierce.journal.encoding import decode
from tierce.journal.model import EntryKind
from tierce.journal.note import note_text, verifier_key
from tierce.journal.service import Appender
from tierce.kernel.clock import PARIS, FixedClock, SystemClock
from tierce.policy.acts import Act
from tierce.policy.digest import policy_digest, policy_text
from tierce.storage.cluster import SUPERUSER
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration


def taking(worker: psycopg.Connection, keyring: Keyring, clock: FixedClock) -> Controls:
    key = keyring.instance("worker")
    return Controls(Appender.enrol(worker, "worker", key), key, clock, "0.1.0")


def test_l8_the_snapshot_of_any_past_day_opens_and_is_bound_to_the_journal(
    connect: Connect, keyring: Keyring
) -> None:
    worker, office = connect("tierce_worker"), connect("tierce_office")
    clock = FixedClock(SystemClock().now())
    controls = taking(worker, keyring, clock)
    first = controls.step(worker)
    assert first is not None
    assert controls.step(worker) is None, "one a day"
    clock.advance(timedelta(days=1))
    second = controls.step(worker)
    assert second is not None
    assert [day for day, _, _ in store.days(office)] == [second.day, first.day]
    found = store.on(office, first.day)
    assert found == first
    assert store.on(office, first.day - timedelta(days=1)) is None
    text = note_text(found.note)
    assert text.splitlines()[1] == f"day {first.at.astimezone(PARIS).date()}"
    row = office.execute("select body from journal.entry where seq = %s", (found.entry,)).fetchone()
    assert row is not None
    line = decode(row[0])
    assert (line.kind, line.act) == (EntryKind.CONTROLS_SNAPSHOT, Act.CONTROLS_SNAPSHOT)
    assert line.reference == int.from_bytes(sha256(text.encode()).digest()[:8], "big") >> 1
    assert verifier_key(SIGNER, keyring.instance("worker").public_key()).startswith(SIGNER)


def test_what_was_changed_in_the_database_fails_the_same_day(connect: Connect, keyring: Keyring) -> None:
    worker, admin = connect("tierce_worker"), connect(SUPERUSER)
    controls = taking(worker, keyring, FixedClock(SystemClock().now()))

    def failing() -> list[str]:
        found = controls.look(worker)[1]
        worker.rollback()
        return sorted(one.live for one in found if one.standing is Standing.FAILS)

    assert failing() == []
    for change, live in (
        ("grant select on person.record to tierce_office", "grants"),
        ("update gate.ceiling set per_day = per_day + 1", "bounds"),
        ("update upkeep.keep set days = days + 1 where class > 0", "durations"),
        ("insert into journal.dissent (witness, ours, theirs) values ('temoin.example', 1, 2)", "witness"),
        ("insert into journal.cosignature (witness, size, line) values ('autre.example', 1, '-')", "witness"),
    ):
        admin.execute(change.encode())
        admin.commit()
        assert live in failing(), change
    assert failing() == ["bounds", "durations", "grants", "witness"]


def test_the_rules_in_force_are_kept_once_and_any_line_s_can_be_read(connect: Connect, keyring: Keyring) -> None:
    worker, office = connect("tierce_worker"), connect("tierce_office")
    clock = FixedClock(SystemClock().now())
    assert store.kept_rules(office) == []
    snapshot = taking(worker, keyring, clock).step(worker)
    assert snapshot is not None
    clock.advance(timedelta(days=1))
    taking(worker, keyring, clock).step(worker)
    (kept,) = store.kept_rules(office)
    assert (kept.digest, kept.since) == (policy_digest(), snapshot.at)
    assert kept.entry < snapshot.entry
    assert store.rules_text(office, kept.digest) == policy_text()
    assert store.rules_text(office, bytes(16)) is None
    row = office.execute("select body from journal.entry where seq = %s", (kept.entry,)).fetchone()
    assert row is not None
    line = decode(row[0])
    assert (line.kind, line.act) == (EntryKind.KEY_OR_POLICY_CHANGE, Act.POLICY_CHANGE)
    assert line.policy == kept.digest
    with pytest.raises(psycopg.errors.CheckViolation):  # whoever holds the worker cannot keep another text under it
        store.keep_rules(worker, Rules(bytes(16), clock.now(), kept.entry), policy_text())


def test_a_snapshot_is_neither_changed_nor_taken_away(connect: Connect, keyring: Keyring) -> None:
    worker = connect("tierce_worker")
    assert taking(worker, keyring, FixedClock(SystemClock().now())).step(worker) is not None
    for role in ("tierce_worker", "tierce_office", "tierce_upkeep", "tierce_api"):
        for statement in (
            "update upkeep.controls set failing = 0",
            "delete from upkeep.controls",
            "update upkeep.policy set since = now()",
            "delete from upkeep.policy",
        ):
            other = connect(role)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                other.execute(statement.encode())
