"""Invoices decided one by one, each in a transaction of its own with its line of the journal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from psycopg import Connection

from tierce.billing.deciding import store
from tierce.billing.deciding.model import Decision, Turn, Undecided, Waiting
from tierce.billing.deciding.rules import decide, waits_behind
from tierce.billing.deciding.store import SealBrokenError, Sealer
from tierce.billing.pricing.model import Tables
from tierce.billing.pricing.service import Prices
from tierce.billing.refusing.model import Obstacle
from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock, micros
from tierce.kernel.errors import TierceError
from tierce.kernel.ids import EstablishmentId, InsurerId, ProfessionalId
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest

CHUNK = 200
"""Numbers read at once."""

Step = Callable[[str], None]
"""Called with the name of the step about to begin; tests of crashes stop there."""


def no_step(_name: str) -> None:
    """Do nothing: production."""


Between = Callable[[Turn], bool]
"""Called with what was done so far, now and then; False ends the turn where it is."""


def to_the_end(_done: Turn) -> bool:
    """Go on until nothing waits."""
    return True


class CoverGoneError(TierceError):
    """The person has no cover left of this insurer that began by the day of care."""


class NumberGoneError(CoverGoneError):
    """What the invoice quotes is no longer kept."""


class BehindError(TierceError):
    """Another invoice about the same care is decided first, and is not yet."""


@dataclass(slots=True)
class Apart:
    """Whether what was done for one of many is kept, or what is in its way: nothing where it waits for another."""

    committed: bool = False
    obstacle: Obstacle | None = None


@contextmanager
def one_alone(connection: Connection, done: Undecided) -> Iterator[Apart]:
    """A transaction for one of many: its fault, ours or the database's word against it, keeps nobody else waiting."""
    apart = Apart()
    try:
        with connection.transaction():
            yield apart
        apart.committed = True
    except SealBrokenError:
        apart.obstacle = Obstacle.UNOPENED
        done.unopened += 1
    except CoverGoneError as error:
        apart.obstacle = Obstacle.NUMBER_GONE if isinstance(error, NumberGoneError) else Obstacle.COVER_GONE
        done.uncovered += 1
    except BehindError:
        done.behind += 1
    except Exception as error:
        if connection.closed:
            raise
        apart.obstacle = Obstacle.FAILED
        done.failed.append(type(error).__name__)


@dataclass(slots=True)
class Deciding:
    """Decides what waits, over a connection of role tierce_billing in autocommit mode."""

    appender: Appender
    sealer: Sealer
    clock: Clock
    prices: Prices = field(default_factory=Prices)
    again_max: int = CHUNK
    """Of those that nothing decided before, how many a turn tries again: a crowd of them keeps no other waiting."""
    _tried: int = 0
    """The number of the last that was tried again; the next turn goes on after it."""

    def turn(self, connection: Connection, step: Step = no_step, between: Between = to_the_end) -> Turn:
        """Decide every invoice that waits; one that cannot be decided keeps nobody else waiting.

        Many may wait: `between` is called after each chunk. Those that nothing decided before come last, a part of
        them a turn.
        """
        done, behind = Turn(), 0
        tables = self.prices.today(connection)
        again = store.undecided(connection, self._tried, self.again_max)
        while numbers := store.waiting(connection, behind, CHUNK):
            for number in numbers:
                if not self._one(connection, number, tables, done, step):
                    behind += 1
            if not between(done):
                return done
        for number in again:
            self._one(connection, number, tables, done, step)
        self._tried = max(again) if len(again) == self.again_max else 0
        return done

    def _one(self, connection: Connection, number: int, tables: Tables, done: Turn, step: Step) -> bool:
        """Decide one invoice; False where it waits on among those that are new: for another, or nothing was kept."""
        decision = None
        with one_alone(connection, done) as apart:
            one = store.taken_up(connection, number)
            if one is not None:
                decision = self._decided(connection, one, tables)
                step("line")
                (entry,) = self.appender.write(connection, [self._line(one)])
                step("keep")
                store.keep(connection, one, decision, tables.edition, entry)
                step("commit")
        if not apart.committed:
            with one_alone(connection, done) as noted:
                store.note_undecided(connection, number, apart.obstacle)
            return noted.committed and apart.obstacle is not None
        if decision is not None and decision.due:
            done.accepted += 1
        elif decision is not None:
            done.refused += 1
        return True

    def _decided(self, connection: Connection, one: Waiting, tables: Tables) -> Decision:
        if one.guaranteed is None:
            raise NumberGoneError
        product = None
        if one.person is not None and one.agreement is None:
            product = store.product_of(connection, one, self.sealer)
            if product is None:
                raise CoverGoneError
        case = store.case_of(connection, one, product)
        if waits_behind(one, case.beside):
            raise BehindError
        return decide(case, tables)

    def _line(self, one: Waiting) -> Entry:
        """Who decided, of which establishment's invoice: nobody is named, as in the line of its sending."""
        return Entry(
            kind=EntryKind.INVOICE, act=Act.INVOICE_DECIDE, time_us=micros(self.clock.now()),
            professional=ProfessionalId(self.appender.instance), establishment=EstablishmentId(one.establishment),
            domain=one.domain, insurer=InsurerId(one.insurer), outcome=Outcome.DONE,
            policy=policy_digest(), reference=one.id,
        )  # fmt: skip
