"""Agreements decided one by one, each in a transaction with its line of the journal; ended by the clock.

So is a request under review that nobody of its insurer answered in time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from psycopg import Connection

from tierce.billing.agreements.granting import store
from tierce.billing.agreements.granting.model import Granted
from tierce.billing.agreements.granting.rules import grant
from tierce.billing.agreements.model import AgreementState
from tierce.billing.deciding.apart import CHUNK, OneByOne, Queue, Step, no_step, one_alone
from tierce.billing.deciding.errors import CoverGoneError
from tierce.billing.pricing.model import Tables
from tierce.journal.model import Entry, EntryKind
from tierce.kernel.care import Domain
from tierce.kernel.clock import micros, paris_day
from tierce.kernel.ids import EntrySeq, EstablishmentId, InsurerId, ProfessionalId
from tierce.policy.acts import Act, Outcome
from tierce.policy.agreements import GRANT_DAYS
from tierce.policy.digest import policy_digest

Between = Callable[[Granted], bool]
"""Called with what was done so far, after each chunk; False ends the turn where it is."""


def to_the_end(_done: Granted) -> bool:
    """Go on until nothing waits."""
    return True


class _Sweep(NamedTuple):
    """What the clock brings about: of which agreements, by which act and step, and what of a turn counts them."""

    found: Callable[[Connection, int, int, int], list[tuple[int, int, int, int]]]
    act: Act
    step: str
    keep: Callable[[Connection, int, EntrySeq], None]
    counted: str


_SWEEPS = (
    # What one that an invoice came for meanwhile reserved is still its own. So it ends where the contract did before.
    _Sweep(store.over, Act.AGREEMENT_END, "end", store.end, "expired"),
    # Nobody answered in time, or may grant any more: what it reserved was free since midnight.
    _Sweep(store.unanswered, Act.AGREEMENT_DECIDE, "refuse", store.refuse_unanswered, "unanswered"),
)


_QUEUE = Queue(EntryKind.AGREEMENT, store.waiting, store.undecided)
_COUNTED: Mapping[AgreementState, str] = {
    AgreementState.QUOTED: "quoted",
    AgreementState.GRANTED: "granted",
    AgreementState.SUBJECT_TO_DOCUMENTS: "subject",
    AgreementState.UNDER_REVIEW: "reviewed",
    AgreementState.REFUSED: "refused",
}
"""What of a turn counts an agreement that was decided so."""


@dataclass(slots=True)
class Granting(OneByOne):
    """Decides agreements that wait and ends those that are over, over an autocommit connection of tierce_billing."""

    def turn(self, connection: Connection, step: Step = no_step, between: Between = to_the_end) -> Granted:
        """End what is over, then decide all that waits; one that cannot be decided keeps nobody else waiting."""
        done = Granted()
        if not all(self._sweep(connection, sweep, done, step, between) for sweep in _SWEEPS):
            return done
        tables = self.prices.today(connection)
        self.through(connection, _QUEUE, done, between, lambda number: self._one(connection, number, tables, step))
        return done

    def _sweep(self, connection: Connection, sweep: _Sweep, done: Granted, step: Step, between: Between) -> bool:
        """Write of each that it has come to that; False where `between` ends the turn."""
        last, today = 0, self._today()
        while rows := sweep.found(connection, today, last, CHUNK):
            for number, place, insurer, domain in rows:
                with one_alone(connection, done) as apart:
                    line = self._line(sweep.act, number, place, insurer, Domain(domain))
                    (entry,) = self.appender.write(connection, [line])
                    step(sweep.step)
                    sweep.keep(connection, number, entry)
                setattr(done, sweep.counted, getattr(done, sweep.counted) + apart.committed)
                last = number
            if not between(done):
                return False
        return True

    def _one(self, connection: Connection, number: int, tables: Tables, step: Step) -> str | None:
        """Decide one agreement, in its transaction; what of a turn counts it: nothing where it waits no more."""
        one = store.taken_up(connection, number)
        if one is None:
            return None
        cover = store.cover_of(connection, one, self.sealer)
        if cover is None:
            raise CoverGoneError
        today = self._today()
        until_day = max(today, one.care_day) + GRANT_DAYS
        answer = grant(store.asking_of(connection, one, cover, today, until_day), tables)
        step("line")
        line = self._line(Act.AGREEMENT_DECIDE, one.id, one.establishment, one.insurer, one.domain)
        (entry,) = self.appender.write(connection, [line])
        step("keep")
        store.keep(connection, one, answer, tables.edition, entry)
        step("commit")
        return _COUNTED[answer.state]

    def _today(self) -> int:
        return paris_day(self.clock.now())

    def _line(self, act: Act, number: int, establishment: int, insurer: int, domain: Domain) -> Entry:
        """Who decided, of which establishment's agreement: nobody is named, as in the line of its asking."""
        return Entry(
            kind=EntryKind.AGREEMENT, act=act, time_us=micros(self.clock.now()),
            professional=ProfessionalId(self.appender.instance), establishment=EstablishmentId(establishment),
            domain=domain, insurer=InsurerId(insurer), outcome=Outcome.DONE, policy=policy_digest(),
            reference=number,
        )  # fmt: skip
