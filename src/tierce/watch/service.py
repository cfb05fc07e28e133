"""The watch's turn: look at new lines, add up the evidence, hold what must be, each hold with its journal line."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from psycopg import Connection

from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock, micros, paris_day
from tierce.kernel.ids import DeviceId, LineId, ProfessionalId, new_id
from tierce.policy.acts import Act, Evidence, Outcome
from tierce.policy.evidence import State, accuse, excuse, met, observe, released, rung_of, trap, worth
from tierce.policy.kept import Kept
from tierce.policy.ladder import HOLD_FOR, Rung
from tierce.policy.retention import RETENTION
from tierce.watch import store
from tierce.watch.model import Hold, Known, Looked
from tierce.watch.rules import area_of, hold_of, is_full, is_proved, is_unexplained, observation_of

Asked = defaultdict[LineId, set[DeviceId]]
"""The devices whose asks, or whose accusers, spoke against a line."""
FORGET_AFTER = min(RETENTION[kept].keep or timedelta() for kept in (Kept.PROOFS, Kept.PENDING, Kept.TRACES))
"""One turn forgets them all."""
ACCOUNTS_A_TURN = 250
"""Accounts of the queue settled and counted anew each minute: each of 300,000 once in twenty hours."""


class Watcher:
    """One per installation, in the worker."""

    def __init__(self, connection: Connection, appender: Appender, clock: Clock, policy: bytes) -> None:
        """Use a connection as tierce_worker; lines are signed by `appender`."""
        self._connection = connection
        self._appender = appender
        self._clock = clock
        self._policy = policy
        self._leaves: int | None = None
        """How many there are of which none is left to look at: to look would lock a row, and write that it did."""

    def step(self) -> list[Hold]:
        """Look at what is new, and count what was shown by insurer; returns the devices held by this turn."""
        now = self._clock.now()
        leaves, more, held = store.leaves(self._connection), False, list[Hold]()
        self._spend_lifts(now)
        if leaves != self._leaves:
            read, lines = store.look(self._connection)
            if lines:
                held = [hold for hold in self._weigh(now, lines) if self._hold(now, hold)]
            more = max(read, store.count_shown(self._connection)) == store.LINES_MAX
        self._connection.commit()
        self._leaves = None if more else leaves
        return held

    def tidy(self) -> None:
        """Count reports and alerts, and what was taken back, settle what proofs explained, forget what is over."""
        now = self._clock.now()
        self._spend_lifts(now)
        self._excuse(now)
        for hold in self._accuse(now):
            self._hold(now, hold)
        store.settle(self._connection, now, ACCOUNTS_A_TURN)
        store.forget(self._connection, RETENTION[Kept.UNEXPLAINED].keep or timedelta())
        store.tidy(self._connection, FORGET_AFTER)
        self._connection.commit()

    def _weigh(self, now: datetime, lines: Sequence[Looked]) -> list[Hold]:
        """Add up the evidence of new lines, and queue what nothing explains."""
        store.put_unexplained(self._connection, now, [one for one in lines if is_unexplained(one)])
        store.put_saturated(self._connection, paris_day(now), [one for one in lines if is_full(one)])
        known = store.evidence(self._connection, [one.line for one in lines if one.line], paris_day(now))
        states = {line: each.state for line, each in known.items()}
        asked: Asked = defaultdict(set)
        for one in lines:
            state = states.get(one.line)
            if state is None:
                continue
            seen = observation_of(one)
            if seen is not None:
                states[one.line], _ = observe(state, seen)
                if seen.first or seen.miss:
                    asked[one.line].add(one.entry.device)
            elif is_proved(one.entry):
                states[one.line] = met(state, area_of(one.hint))
        for line in store.hit_decoys(self._connection, now, lines):
            if line in states:
                states[line] = trap(states[line])
                asked[line] |= {one.entry.device for one in lines if one.line == line}
        return self._keep(now, known, states, asked)

    def _accuse(self, now: datetime) -> list[Hold]:
        accused = store.accusations(self._connection, now)
        known = store.evidence(self._connection, [line for line, _ in accused], paris_day(now))
        states = {line: each.state for line, each in known.items()}
        asked: Asked = defaultdict(set)
        for line, device in accused:
            if line in states:
                states[line] = accuse(states[line], paris_day(now))
                asked[line].add(device)
        return self._keep(now, known, states, asked)

    def _excuse(self, now: datetime) -> None:
        """Take back what alerts that ended had counted for; a hold that stands already is lifted by a human."""
        lines = store.withdrawals(self._connection, now)
        if lines:
            known = store.evidence(self._connection, lines, paris_day(now))
            states = {line: each.state for line, each in known.items()}
            for line in lines:
                if line in states:
                    states[line] = excuse(states[line])
            self._keep(now, known, states, defaultdict(set))

    def _spend_lifts(self, now: datetime) -> None:
        """Begin the evidence again where a human lifted what the watch had put."""
        lines = store.spend_lifts(self._connection)
        if lines:
            known = store.evidence(self._connection, lines, paris_day(now))
            states = {line: released(each.state, paris_day(now)) for line, each in known.items()}
            self._keep(now, known, states, defaultdict(set))

    def _keep(
        self, now: datetime, known: dict[LineId, Known], states: dict[LineId, State], asked: Asked
    ) -> list[Hold]:
        """Store the states; a hold for each that asks for one, even when its last one has ended meanwhile.

        Several devices may draw on one line (a probation, a device that continues another): whoever asked is held.
        """
        rungs = {line: rung_of(state) for line, state in states.items()}
        store.put_evidence(self._connection, now, [(line, state, rungs[line]) for line, state in states.items()])
        return [
            hold_of(device or known[line].device, known[line].professional, states[line], rung, worth(states[line]))
            for line, rung in rungs.items()
            if rung >= Rung.STEP_UP
            for device in sorted(asked[line])
        ]

    def _hold(self, now: datetime, hold: Hold) -> bool:
        """Move the ladder and write the line in one transaction: neither is there without the other."""
        number = new_id()
        put = store.put_hold(self._connection, number, hold, now, now + HOLD_FOR)
        if put:
            self._appender.write(
                self._connection,
                [
                    Entry(
                        kind=EntryKind.LADDER_MOVE,
                        act=Act.WATCH_HOLD,
                        outcome=Outcome.DONE,
                        evidence=Evidence.STRONG,
                        time_us=micros(now),
                        professional=ProfessionalId(hold.professional),
                        device=hold.device,
                        policy=self._policy,
                        reference=number,
                    )
                ],
            )
        return put
