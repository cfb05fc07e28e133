"""What a place may send in a day holds over what it sends at once."""

from collections.abc import Callable
from dataclasses import dataclass

import psycopg
import pytest

from tests.integration.at_once import while_open
from tests.integration.conftest import Connect
from tests.integration.test_roles_others import Process, line
from tests.integration.world import World, enrol
from tierce.identity.model import Caller
from tierce.journal.model import EntryKind
from tierce.kernel.clock import SystemClock, paris_day
from tierce.policy import agreements, invoices
from tierce.policy.acts import Act

pytestmark = pytest.mark.integration
TODAY = paris_day(SystemClock().now())
INVOICE = (
    "select care.keep_invoice(%s, %s, %s, 77, null, null, %s, '{LENS}', '{1}', '{9000}', '{0}', '{1}',"
    " sha256('one'), %s)"
)
AGREEMENT = (
    "select care.keep_agreement(%s, %s, %s, 77, 1::smallint, '{LENS}', '{1}', '{9000}', '{0}', '{1}',"
    " sha256('one'), %s)"
)
BEFORE = (
    "insert into care.{} (id, establishment, professional, line, reference, engagement, insurer, domain, care_day,"
    " price, amo, asked, digest, entry{}) select n, {}, {}, {}, 'B-' || n, 1000 + n, 1, 6, {}, 9000, 0, 1,"
    " sha256('one'), 1{} from generate_series(1, {}) n"
)


@dataclass
class Place:
    """A professional of the world with an engagement to quote, on connections of her api's role."""

    world: World
    caller: Caller
    connect: Connect

    def process(self) -> Process:
        return Process(self.connect("tierce_api"), self.world.instance)

    def keep(self, process: Process, number: int, kind: EntryKind) -> None:
        """Send one, with its line; not committed."""
        who, sent = self.caller, kind is EntryKind.INVOICE
        (entry,) = process.append(
            [line(kind, act=Act.INVOICE_SEND if sent else Act.AGREEMENT_ASK, professional=who.professional,
                  establishment=who.establishment, reference=number)]
        )  # fmt: skip
        days = (TODAY,) if sent else ()
        process.connection.execute(
            (INVOICE if sent else AGREEMENT).encode(), (who.session, number, f"F-{number}", *days, entry)
        )


@pytest.fixture
def place(world: World, connect: Connect) -> Place:
    caller = enrol(world)
    world.run(
        "insert into care.engagement (seq, establishment, professional, person, insurer, domain, pair, until_day,"
        f" care_day, at) values (77, {caller.establishment}, {caller.professional}, 1, 1, 6, 5, {TODAY + 30},"
        f" {TODAY}, now())"
    )
    return Place(world, caller, connect)


def sent_before(place: Place, kind: EntryKind, number: int) -> None:
    """Have so many been sent today, on her line."""
    who = place.caller
    table, more, values = (
        ("invoice", "", "") if kind is EntryKind.INVOICE else ("agreement", ", kind, person", ", 1, 1")
    )
    place.world.run(BEFORE.format(table, more, who.establishment, who.professional, who.line, TODAY, values, number))


def refused(what: Callable[[], None]) -> type[Exception] | None:
    try:
        what()
    except psycopg.Error as error:
        return type(error)
    return None


KINDS = [(EntryKind.INVOICE, invoices.LINE_A_DAY), (EntryKind.AGREEMENT, agreements.LINE_A_DAY)]


@pytest.mark.parametrize(("kind", "most"), KINDS)
def test_two_sent_at_once_never_pass_a_line_s_limit_of_a_day(place: Place, kind: EntryKind, most: int) -> None:
    sent_before(place, kind, most - 1)
    one, other = place.process(), place.process()
    place.keep(one, 90_001, kind)
    doing = while_open(place.world.database, one.connection, lambda: refused(lambda: place.keep(other, 90_002, kind)))
    assert doing.result() is psycopg.errors.ProgramLimitExceeded


@pytest.mark.parametrize("kind", [EntryKind.INVOICE, EntryKind.AGREEMENT])
def test_a_transaction_that_reads_the_rows_of_before_sends_nothing(place: Place, kind: EntryKind) -> None:
    thief = place.process()
    thief.connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="as it stands"):
        place.keep(thief, 90_003, kind)


def test_two_that_mistype_at_once_are_counted_before_either_is_looked_at(place: Place) -> None:
    place.world.run(
        f"insert into care.invoice_missed values ({place.caller.line}, {TODAY}, {invoices.MISSED_A_DAY - 1})"
    )
    one, other = place.connect("tierce_api"), place.connect("tierce_api")
    quote = "select outcome from care.quote_invoice(%s, %s, 5, null, null)"
    assert one.execute(quote, (place.caller.session, "F-1")).fetchone() == (0,)
    second = while_open(
        place.world.database, one, lambda: other.execute(quote, (place.caller.session, "F-2")).fetchone()
    )
    assert second.result() == (2,)
