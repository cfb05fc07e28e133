"""Use cases of controls: look at what holds now, keep a day's snapshot and the rules in force, each with its line."""

from datetime import date
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import Connection

from tierce.controls import store
from tierce.controls.model import Found, Readings, Rules, Snapshot, Standing
from tierce.controls.rules import looked, snapshot_text
from tierce.controls.table import controls
from tierce.journal.model import Entry, EntryKind
from tierce.journal.note import signed_note
from tierce.journal.service import Appender
from tierce.kernel.clock import PARIS, Clock, micros
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest, policy_text

SIGNER = "tierce.local/controls"
"""The name under which the worker signs a snapshot; the key is that of its journal lines."""


class Controls:
    """Takes the snapshots of one process; connections are those of tierce_worker."""

    def __init__(self, appender: Appender, key: Ed25519PrivateKey, clock: Clock, version: str) -> None:
        """Write lines through `appender`, sign notes with `key`."""
        self._appender, self._key, self._clock, self._version = appender, key, clock, version
        self._taken: date | None = None

    def look(self, connection: Connection) -> tuple[Readings, list[Found]]:
        """What every live check finds now."""
        readings = store.readings(connection, self._clock.now())
        return readings, looked(readings, store.printed_grants())

    def step(self, connection: Connection) -> Snapshot | None:
        """Take the day's snapshot unless it was taken, and keep the rules in force unless they are kept; commits.

        None: there is a snapshot already. A process runs under one policy for its whole life, so that the first step
        of the day is often enough.
        """
        day = self._clock.now().astimezone(PARIS).date()
        if self._taken == day:
            return None
        store.lock(connection)
        if not store.keeps_rules(connection, policy_digest()):
            self._keep_rules(connection)
        taken = None if store.is_taken(connection, day) else self._take(connection)
        connection.commit()
        self._taken = day
        return taken

    def _keep_rules(self, connection: Connection) -> None:
        """Write from when on these rules are in force, and keep their text, for whoever reads a line of theirs."""
        at = self._clock.now()
        line = Entry(
            kind=EntryKind.KEY_OR_POLICY_CHANGE,
            act=Act.POLICY_CHANGE,
            outcome=Outcome.DONE,
            time_us=micros(at),
            professional=self._appender.instance,
            policy=policy_digest(),
        )
        (entry,) = self._appender.write(connection, [line])
        store.keep_rules(connection, Rules(policy_digest(), at, entry), policy_text())

    def _take(self, connection: Connection) -> Snapshot:
        readings, found = self.look(connection)
        text = snapshot_text(readings.at, self._version, policy_digest(), readings.grants, controls(), found)
        line = Entry(
            kind=EntryKind.CONTROLS_SNAPSHOT,
            act=Act.CONTROLS_SNAPSHOT,
            outcome=Outcome.DONE,
            time_us=micros(readings.at),
            professional=self._appender.instance,
            policy=policy_digest(),
            reference=int.from_bytes(sha256(text.encode()).digest()[:8], "big") >> 1,
        )
        (entry,) = self._appender.write(connection, [line])
        snapshot = Snapshot(
            day=readings.at.astimezone(PARIS).date(),
            at=readings.at,
            note=signed_note(text, SIGNER, self._key),
            holding=sum(one.standing is Standing.HOLDS for one in found),
            failing=sum(one.standing is Standing.FAILS for one in found),
            entry=entry,
        )
        store.insert(connection, snapshot)
        return snapshot
