"""Invoices decided one by one, each in a transaction of its own with its line of the journal."""

from collections.abc import Callable
from dataclasses import dataclass

from psycopg import Connection

from tierce.billing.deciding import store
from tierce.billing.deciding.apart import OneByOne, Queue, Step, no_step
from tierce.billing.deciding.errors import BehindError, CoverGoneError, NumberGoneError
from tierce.billing.deciding.model import Decision, Turn, Waiting
from tierce.billing.deciding.rules import considered, decide, waits_behind
from tierce.billing.pricing.model import Tables
from tierce.journal.model import Entry, EntryKind
from tierce.kernel.clock import micros
from tierce.kernel.ids import EstablishmentId, InsurerId, ProfessionalId
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest

Between = Callable[[Turn], bool]
"""Called with what was done so far, now and then; False ends the turn where it is."""

_QUEUE = Queue(EntryKind.INVOICE, store.waiting, store.undecided)


def to_the_end(_done: Turn) -> bool:
    """Go on until nothing waits."""
    return True


@dataclass(slots=True)
class Deciding(OneByOne):
    """Decides what waits, over a connection of role tierce_billing in autocommit mode."""

    def turn(self, connection: Connection, step: Step = no_step, between: Between = to_the_end) -> Turn:
        """Decide every invoice that waits; one that cannot be decided keeps nobody else waiting."""
        done, tables = Turn(), self.prices.today(connection)
        self.through(connection, _QUEUE, done, between, lambda number: self._one(connection, number, tables, step))
        return done

    def _one(self, connection: Connection, number: int, tables: Tables, step: Step) -> str | None:
        """Decide one invoice, in its transaction; what of a turn counts it: nothing where it waits no more."""
        one = store.taken_up(connection, number)
        if one is None:
            return None
        decision = self._decided(connection, one, tables)
        step("line")
        (entry,) = self.appender.write(connection, [self._line(one)])
        step("keep")
        store.keep(connection, one, decision, tables.edition, entry)
        step("commit")
        return "accepted" if decision.due else "refused"

    def _decided(self, connection: Connection, one: Waiting, tables: Tables) -> Decision:
        if one.guaranteed is None:
            raise NumberGoneError
        product = None
        if one.person is not None and one.agreement is None:
            product = store.product_of(connection, one, self.sealer)
            if product is None:
                raise CoverGoneError
        case = store.case_of(connection, one, product)
        if waits_behind(one, considered(case)):
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
