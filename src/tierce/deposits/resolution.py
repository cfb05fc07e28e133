"""Taking deposits in from the spool and resolving them, in the worker; killed at any step, none is lost or doubled.

1. A batch of records goes into the database with one journal line each, in one transaction; a number that is there
   already is skipped, so a batch may be taken again.
2. A segment is deleted once every record of it is found in the database, and never before.
3. A batch of deposits is opened, verified and judged, and written with one journal line each, in one transaction.

What a deposit is worth depends on what was typed, on who signed it and on the insurer's choice, never on the
register of persons: the worker's role cannot read it. So waiting for a resolution teaches nobody anything.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from psycopg import Connection

from tierce.deposits import store
from tierce.deposits.errors import DepositFieldError
from tierce.deposits.model import Insurer, Signer, Typed, Worth
from tierce.deposits.rules import Case, insurer_of, judge, parse_deposit, promise
from tierce.deposits.sealing import Envelope, Opener
from tierce.deposits.spool import Segment, forget, read_segment, segment_paths
from tierce.identity.dpop import ProofVerifier
from tierce.identity.errors import ProofRefusedError
from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import APPEND_ENTRIES_MAX, Appender
from tierce.kernel.clock import Clock, FixedClock, date_of, day_of, micros, paris_day
from tierce.kernel.ids import (
    ActivityId,
    DeviceId,
    EstablishmentId,
    InsurerId,
    ProfessionalId,
    SessionId,
    SoftwareId,
)
from tierce.policy.acts import Act, Outcome
from tierce.policy.deposits import KEPT_DAYS, DepositReason, DepositState

OUTCOMES: Final = {
    DepositState.GUARANTEED: Outcome.GUARANTEED,
    DepositState.ON_CARD: Outcome.ON_CARD,
    DepositState.REFUSED: Outcome.DEPOSIT_REFUSED,
}
Step = Callable[[str], None]


@dataclass(slots=True)
class Done:
    """What a turn did."""

    taken: int = 0
    resolved: int = 0
    worth: dict[DepositState, int] = field(default_factory=dict)


class Resolver:
    """One per worker; several may run at once, and judge one batch after the other."""

    def __init__(
        self,
        connection: Connection,
        appender: Appender,
        opener: Opener,
        pairs: store.Pairs,
        clock: Clock,
        policy: bytes,
        *,
        folder: Path,
        step: Step = lambda _name: None,
    ) -> None:
        """Use a connection as tierce_worker; `step` hears of each step, so that tests can stop there."""
        self._connection = connection
        self._appender = appender
        self._opener = opener
        self._pairs = pairs
        self._clock = clock
        self._policy = policy
        self._folder = folder
        self._step = step
        self._seen: dict[Path, int] = {}

    def turn(self) -> Done:
        """Take in what the spool holds and resolve one batch; nothing to do is the usual case."""
        done = Done(taken=self.take())
        done.resolved = self.resolve(done)
        return done

    def take(self) -> int:
        """Take in what the spool holds; give how many deposits were new. A segment that fails holds no other up.

        Raises:
            OSError: a segment cannot be read or deleted; every other was taken in.
        """
        taken, failed = 0, None
        for path in segment_paths(self._folder):
            try:
                segment = read_segment(path)
                taken += self._take(segment) if segment is not None else 0
            except OSError as error:
                failed = failed or error
        if failed is not None:
            raise failed
        return taken

    def waiting(self) -> int:
        """How many deposits are taken in and not resolved."""
        number = store.how_many_wait(self._connection)
        self._connection.commit()
        return number

    def tidy(self) -> None:
        """Destroy what was typed once no invoice may quote its receipt."""
        store.forget_typed(self._connection, timedelta(days=KEPT_DAYS))
        self._connection.commit()

    def _take(self, segment: Segment) -> int:
        if not segment.closed and self._seen.get(segment.path) == segment.length:
            return 0
        number = 0
        for place in range(0, len(segment.records), APPEND_ENTRIES_MAX):
            batch = segment.records[place : place + APPEND_ENTRIES_MAX]
            self._step("take")
            fresh = store.take(self._connection, batch)
            if fresh:
                at = micros(self._clock.now())
                lines = [
                    Entry(
                        kind=EntryKind.DEPOSIT, act=Act.DEPOSIT_MAKE, outcome=Outcome.DEPOSITED, time_us=at,
                        policy=self._policy, reference=record.number,
                    )
                    for record in fresh
                ]  # fmt: skip
                self._appender.write(self._connection, lines)
            self._step("commit")
            self._connection.commit()
            number += len(fresh)
        self._seen = {path: length for path, length in self._seen.items() if path.exists()}
        self._seen[segment.path] = segment.length
        if segment.closed and store.taken(self._connection, segment.records):
            self._connection.commit()
            self._step("forget")
            forget(segment)  # what it raises hides no deposit: all of them are committed
        self._connection.commit()
        return number

    def resolve(self, done: Done) -> int:
        """Judge one batch of those taken in, and count their worth in `done`; give how many there were.

        Raises:
            LookupKeyError: the key of pairs is another database's; they wait.
        """
        found = store.waiting(self._connection, APPEND_ENTRIES_MAX)
        if not found:
            self._connection.commit()
            return 0
        self._pairs.insist(self._connection)
        insurers = store.insurers(self._connection)
        lines = []
        for one in found:
            self._step("resolve")
            worth, signer, typed = self._judge(one, insurers)
            insurer = insurer_of(typed, insurers) if typed else None
            facts = None
            if typed is not None:
                pairs = self._pairs.of(signer.establishment, typed, insurer) if signer else (None, None)
                twin = self._opener.twins(signer.establishment if signer else 0, typed)[0]
                facts = (
                    insurer.id if insurer else None, typed.domain.value, typed.amount, day_of(typed.care_date),
                    typed.label, twin, *pairs,
                )  # fmt: skip
            store.resolve(self._connection, one.number, worth, self._clock.now(), signer=signer, facts=facts)
            lines.append(self._line(one.number, worth, signer, typed, InsurerId(insurer.id if insurer else 0)))
            done.worth[worth.state] = done.worth.get(worth.state, 0) + 1
        self._appender.write(self._connection, lines)
        self._step("commit resolution")
        self._connection.commit()
        return len(found)

    def _judge(self, one: store.Waiting, insurers: dict[str, Insurer]) -> tuple[Worth, Signer | None, Typed | None]:
        """Open, read and judge one deposit as of the instant at which it was left."""
        unreadable = Worth(DepositState.REFUSED, DepositReason.UNREADABLE)
        envelope = self._opener.open_(one.sealed, one.number)
        if envelope is None:
            return unreadable, None, None
        try:
            typed = parse_deposit(envelope.body, date_of(paris_day(envelope.at)))
        except DepositFieldError:
            return unreadable, None, None
        signer = store.signer(self._connection, envelope.handle, envelope.at)
        signed = envelope.proof is not None
        case = Case(
            typed=typed,
            received=envelope.at,
            promised=promise(typed, envelope.at, insurers, signed=signed),
            proved=signer is not None and _proves(envelope, signer),
            signer=signer,
            guaranteed_today=0 if signer is None else store.guaranteed_on(self._connection, signer.line, envelope.at),
            repeated=signer is not None
            and store.is_repeated(self._connection, one.number, self._opener.twins(signer.establishment, typed)),
        )
        return judge(case), signer, typed

    def _line(
        self, number: int, worth: Worth, signer: Signer | None, typed: Typed | None, insurer: InsurerId
    ) -> Entry:
        """The line of a resolution; it names who deposited, where, and nobody else."""
        return Entry(
            kind=EntryKind.DEPOSIT,
            act=Act.DEPOSIT_RESOLVE,
            outcome=OUTCOMES[worth.state],
            domain=typed.domain if typed else None,
            time_us=micros(self._clock.now()),
            professional=ProfessionalId(signer.professional if signer else 0),
            establishment=EstablishmentId(signer.establishment if signer else 0),
            session=SessionId(signer.session if signer else 0),
            device=DeviceId(signer.device if signer else 0),
            activity=ActivityId(signer.activity if signer else 0),
            software=SoftwareId(signer.software if signer else 0),
            network=signer.network if signer else bytes(16),
            insurer=insurer,
            policy=self._policy,
            reference=number,
        )


def _proves(envelope: Envelope, signer: Signer) -> bool:
    """Whether the sealed proof fits the sealed request, at its instant, by the key that the session is bound to."""
    try:
        ProofVerifier(FixedClock(envelope.at)).verify(
            envelope.proof, method="POST", url=envelope.url, ath=envelope.ath, body=envelope.body,
            bound_to=signer.thumbprint,
        )  # fmt: skip
    except ProofRefusedError:
        return False
    return True
