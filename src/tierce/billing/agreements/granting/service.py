"""Agreements decided one by one, each in a transaction with its line of the journal; ended by the clock.

So is a request under review that nobody of its insurer answered in time.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from psycopg import Connection

from tierce.billing.agreements.granting import store
from tierce.billing.agreements.granting.model import Granted, Pending
from tierce.billing.agreements.granting.rules import grant
from tierce.billing.agreements.model import AgreementState
from tierce.billing.deciding.service import CHUNK, CoverGoneError, Step, no_step, one_alone
from tierce.billing.deciding.store import Sealer
from tierce.billing.pricing.model import Tables
from tierce.billing.pricing.service import Prices
from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.care import Domain
from tierce.kernel.clock import Clock, micros, paris_day
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
    # What one that an invoice came for meanwhile reserved is still its own.
    _Sweep(store.over, Act.AGREEMENT_END, "end", store.end, "expired"),
    # Nobody answered in time, or may grant any more: what it reserved was free since midnight.
    _Sweep(store.unanswered, Act.AGREEMENT_DECIDE, "refuse", store.refuse_unanswered, "unanswered"),
)


@dataclass(slots=True)
class Granting:
    """Decides agreements that wait and ends those that are over, over an autocommit connection of tierce_billing."""

    appender: Appender
    sealer: Sealer
    clock: Clock
    prices: Prices = field(default_factory=Prices)

    def turn(self, connection: Connection, step: Step = no_step, between: Between = to_the_end) -> Granted:
        """End what is over, then decide all that waits; one that cannot be decided keeps nobody else waiting."""
        done = Granted()
        if not all(self._sweep(connection, sweep, done, step, between) for sweep in _SWEEPS):
            return done
        behind, tables = 0, self.prices.today(connection)
        while numbers := store.waiting(connection, behind, CHUNK):
            for number in numbers:
                if not self._one(connection, number, tables, done, step):
                    behind += 1
            if not between(done):
                break
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

    def _one(self, connection: Connection, number: int, tables: Tables, done: Granted, step: Step) -> bool:
        """Decide one agreement; False where it goes on waiting."""
        state = None
        with one_alone(connection, done) as apart:
            one = store.taken_up(connection, number)
            if one is not None:
                state = self._decided(connection, one, tables, step)
        if apart.committed and state is not None:
            match state:
                case AgreementState.GRANTED:
                    done.granted += 1
                case AgreementState.SUBJECT_TO_DOCUMENTS:
                    done.subject += 1
                case AgreementState.UNDER_REVIEW:
                    done.reviewed += 1
                case AgreementState.QUOTED:
                    done.quoted += 1
                case _:
                    done.refused += 1
        return apart.committed

    def _decided(self, connection: Connection, one: Pending, tables: Tables, step: Step) -> AgreementState:
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
        return answer.state

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
