"""A stolen `api` credential: the gate's functions called straight on the database, with whatever one likes."""

from collections.abc import Callable, Iterable

import psycopg

from tests.integration.world import DOMAIN, World
from tierce.identity.model import Caller
from tierce.journal.encoding import encode
from tierce.journal.model import Entry, EntryKind
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import SystemClock, micros, ordinal_of, paris_day
from tierce.kernel.ids import InsurerId, PersonId
from tierce.policy.acts import Act, Lane, Outcome
from tierce.policy.lines import place_of

OPEN = (
    "select * from gate.open(%s::bigint[], %s::bigint[], %s::uuid[], %s::bigint[], %s::bigint[], %s::uuid[],"
    " %s::smallint[], %s::integer[], %s::text[], %s::smallint[])"
)
CLOSE = (
    "select gate.close(%s::smallint, %s, %s::bigint[], %s::bytea[], %s::bigint[], %s::smallint[], %s::integer[],"
    " %s::bigint[], %s::integer[], %s::bigint[], %s::bigint[], %s::integer[], %s::integer[],"
    " %s::bigint[], %s::bigint[], %s::bigint[], %s::integer[], %s::integer[], %s::text[], %s::bytea[],"
    " %s::integer[])"
)
REVEAL = "select n, person, sealed from gate.reveal()"


def forged(caller: Caller, person: int) -> Entry:
    """A journal line as an honest gate would write it for a release."""
    return Entry(
        kind=EntryKind.DISCLOSURE,
        act=Act.RIGHTS_ASK,
        lane=Lane.INTERACTIVE,
        outcome=Outcome.RELEASED,
        domain=DOMAIN[caller.profession],
        time_us=micros(SystemClock().now()),
        professional=caller.professional,
        establishment=caller.establishment,
        session=caller.session,
        device=caller.device,
        insurer=InsurerId(1),
        seats_after=3,
        person=PersonId(person),
        categories=DataCategory.INSURER | DataCategory.GUARANTEES,
        reference=ordinal_of(0),
    )


class Thief:
    """Holds the password of tierce_api and no key file."""

    def __init__(self, world: World, connection: psycopg.Connection) -> None:
        """Use an autocommit connection of role tierce_api."""
        self.world = world
        self.connection = connection

    def open(self, caller: Caller, asks: int = 1) -> None:
        """Draw a block, as a batch of that many asks about nobody."""
        self.connection.execute(
            OPEN,
            ([caller.line], [caller.session] * asks, [None] * asks, [5] * asks, [None] * asks, [None] * asks,
             [DOMAIN[caller.profession].value] * asks, [paris_day(SystemClock().now())] * asks,
             [None] * asks, [1] * asks),
        )  # fmt: skip

    def draw(self) -> None:
        """Draw a block for one ask of nobody's, about nobody."""
        self.connection.execute(OPEN, ([], [0], [None], [5], [None], [None], [1], [0], [None], [1]))

    def close(self, caller: Caller, bodies: list[bytes], *, line: int | None = None) -> None:
        """Write lines of one's own making, with a signature that means nothing."""
        n = len(bodies)
        self.connection.execute(
            CLOSE,
            (self.world.instance, bytes(64), [], [], [], [], [], [], [], [], [], [], [],
             [line or caller.line] * n, [place_of(caller.establishment, caller.profession)] * n, [5] * n,
             [40_000] * n, [20_000] * n, [None] * n, bodies, [0] * n),
        )  # fmt: skip

    def reveal(self) -> list[tuple[int, int, bytes]]:
        """Ask for the coverage of the lines just written."""
        return [(n, person, bytes(sealed)) for n, person, sealed in self.connection.execute(REVEAL).fetchall()]

    def lease(self) -> int:
        """Draw from the ceilings, as the gate does between batches; gives how many people may be shown."""
        row = self.connection.execute("select gate.lease()").fetchone()
        assert row is not None
        return int(row[0])

    def take(self, caller: Caller, people: list[int]) -> list[int]:
        """One whole batch, committed; gives the people whose coverage came back."""
        self.write(caller, [encode(forged(caller, person)) for person in people])
        return [person for _, person, _ in self.reveal()]

    def write(self, caller: Caller, bodies: list[bytes], *, asks: int | None = None, line: int | None = None) -> None:
        """One whole batch, committed, of lines of one's own making."""

        def lines() -> None:
            self.open(caller, len(bodies) if asks is None else asks)
            self.close(caller, bodies, line=line)

        self.batch(lines)

    def batch(self, steps: Callable[[], None]) -> None:
        """A lease, and these steps upon it in one transaction, which they undo by raising `psycopg.Rollback`.

        A minute that begins between the lease and its use takes it along: then all is done once more.
        """
        began = SystemClock().now()
        for last in (False, True):
            self.lease()
            try:
                with self.connection.transaction():
                    steps()
            except psycopg.errors.CheckViolation as error:
                turned = SystemClock().now().replace(second=0, microsecond=0) > began
                if last or not turned or "nothing was leased" not in str(error):
                    raise
            else:
                return

    def take_until_refused(self, shares: Iterable[tuple[Caller, list[int]]]) -> tuple[list[int], str]:
        """Take batch after batch until the database refuses; gives the people had, and the refusal."""
        had: list[int] = []
        for caller, people in shares:
            try:
                had += self.take(caller, people)
            except psycopg.errors.CheckViolation as error:
                return had, error.diag.message_primary or ""
        return had, ""
