"""A null in the place of a line, a number or a sum is refused, and never counted as nothing."""

from collections.abc import Iterator, Sequence

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.stolen_credential import CLOSE, Thief, forged
from tests.integration.test_roles_others import Process, Start, line, start
from tests.integration.world import World, enrol
from tierce.identity.model import Caller
from tierce.journal.encoding import encode
from tierce.journal.model import EntryKind
from tierce.kernel.ids import EstablishmentId
from tierce.policy.acts import Act
from tierce.policy.lines import place_of
from tierce.storage.cluster import SUPERUSER

__all__ = ["start"]

pytestmark = pytest.mark.integration
REFUSED = psycopg.errors.CheckViolation
APPEND = "select journal.append(%s::smallint, journal.next_block(), %s::bytea[], %s)"


def close(thief: Thief, caller: Caller, line_: int | None, bodies: Sequence[bytes | None], lines: int = 1) -> None:
    """A whole batch of the thief's own, on a line of his choice."""
    n = len(bodies)

    def steps() -> None:
        thief.open(caller, n)
        thief.connection.execute(
            CLOSE,
            (thief.world.instance, bytes(64), [], [], [], [], [], [], [], [], [], [], [],
             [line_] * lines or None, [place_of(caller.establishment, caller.profession)] * n, [5] * n, [40_000] * n,
             [20_000] * n, [None] * n, bodies, [0] * n),
        )  # fmt: skip

    thief.batch(steps)


@pytest.fixture
def thief(world: World) -> Iterator[Thief]:
    with world.database.connect("tierce_api", autocommit=True) as connection:
        yield Thief(world, connection)


def test_whom_a_session_without_a_line_shows_is_counted_or_refused(world: World, thief: Thief) -> None:
    caller = enrol(world)
    release = encode(forged(caller, 1))
    thief.connection.execute("update access.session set line = null where id = %s", (caller.session,))
    tried: tuple[tuple[list[bytes | None], int], ...] = (([release], 1), ([release], 0), ([release, None], 2))
    for bodies, lines in tried:
        with pytest.raises(REFUSED):
            close(thief, caller, None, bodies, lines)
    assert world.scalar("select count(*) from journal.entry") == 0


def test_nobody_is_shown_where_the_place_has_no_line_to_count_her(world: World, thief: Thief) -> None:
    caller = enrol(world)
    release = [encode(forged(caller, 1))]
    close(thief, caller, caller.line, release)
    world.run("delete from access.line where establishment is not null")
    with pytest.raises(REFUSED, match="floor"):
        close(thief, caller, caller.line, release)


def test_a_batch_with_a_null_for_a_line_is_not_appended(start: Start) -> None:
    persons = start("tierce_persons")
    own = encode(line(EntryKind.PERSON_ACT))
    for bodies in ([own, None], None, []):
        with pytest.raises(REFUSED, match="1 to 64 lines"):
            persons.connection.execute(APPEND, (persons.instance, bodies, bytes(64)))
        persons.connection.rollback()


@pytest.mark.parametrize(
    ("table", "act", "kind", "decide"),
    [
        ("invoice", Act.INVOICE_DECIDE, EntryKind.INVOICE,
         "select care.decide_invoice(7, 2::smallint, 0::smallint, 1, %s::integer[], %s)"),
        ("agreement", Act.AGREEMENT_DECIDE, EntryKind.AGREEMENT,
         "select care.decide_agreement(7, 3::smallint, 0::smallint, 1, %s::integer[], 20000, 0::smallint, %s)"),
    ],
)  # fmt: skip
def test_no_line_of_what_is_paid_or_granted_stays_undecided(
    start: Start, connect: Connect, table: str, act: Act, kind: EntryKind, decide: str
) -> None:
    with connect(SUPERUSER) as admin:
        more, values = ("kind, ", "2, ") if table == "agreement" else ("", "")
        admin.execute(
            f"insert into care.{table} (id, establishment, professional, line, reference, {more}engagement, person,"
            " insurer, domain, care_day, price, amo, asked, digest, entry)"
            f" values (7, 101, 201, 1, 'F', {values}1, 1, 1, 6, 20000, 18000, 0, 10000, sha256('one'), 1)".encode()
        )
        for n in (1, 2):
            admin.execute(
                f"insert into care.{table}_line ({table}, n, item, quantity, price, amo, asked)"
                f" values (7, {n}, 'LENS', 1, 9000, 0, 5000)".encode()
            )
    billing = start("tierce_billing")

    def decided(process: Process, dues: Sequence[int | None] | None) -> None:
        written = line(kind, act=act, establishment=EstablishmentId(101), reference=7)
        (seq,) = process.append([written])
        process.connection.execute(decide.encode(), (dues, seq))

    wrong: tuple[list[int | None] | None, ...] = ([5_000, None], [None, None], None)
    for dues in wrong:
        with pytest.raises(REFUSED):
            decided(billing, dues)
        billing.connection.rollback()
    decided(billing, [5_000, 0])
    billing.connection.commit()
    with connect(SUPERUSER) as admin:
        assert admin.execute(f"select due from care.{table} where id = 7".encode()).fetchone() == (5_000,)


def test_proofs_are_settled_as_many_as_is_said_and_not_all_when_nothing_is(connect: Connect) -> None:
    worker = connect("tierce_worker", autocommit=True)
    with pytest.raises(REFUSED, match="how many"):
        worker.execute("select * from presence.settle(null)")
    assert worker.execute("select * from presence.settle(10)").fetchall() == []


@pytest.mark.parametrize("missing", [0, 1])
def test_nothing_is_ended_resumed_or_refused_by_nobody_or_for_no_reason(
    connect: Connect, world: World, missing: int
) -> None:
    with connect(SUPERUSER) as admin:
        admin.execute(
            "insert into registry.remote (insurer, url, public_key, by, why)"
            " values (1, 'https://droits.example/', sha256('x'), 'Vasseur', 'convention')"
        )
        admin.execute("insert into registry.ending (insurer, ended_by, why) values (1, 'Vasseur', 'term')")
        admin.execute("insert into directory.establishment values (101, '990000101', 'x', 'y')")
        admin.execute(
            "insert into bank.account (id, establishment, sealed, country, tail, holder, origin, due)"
            " values (7, 101, 'sealed', 'FR', '0172', 'SELARL', 2, now())"
        )
    said: list[str | None] = ["Vasseur", "a reason"]
    half = [None if place == missing else word for place, word in enumerate(said)]
    for role, ask, done in (
        ("tierce_upkeep", "select registry.end_remote(1::smallint, %s, %s)", "select id from registry.remote"),
        ("tierce_upkeep", "select registry.resume_contract(1::smallint, %s, %s)", "select true"),
        ("tierce_office", "select bank.refuse(7, %s, %s)", "select 101"),
    ):
        process = connect(role, autocommit=True)
        assert process.execute(ask.encode(), half).fetchone() == (None,)
        with connect(SUPERUSER) as admin:
            wanted = admin.execute(done.encode()).fetchone()
        with process.transaction(force_rollback=True):  # what staff did would want its line
            assert process.execute(ask.encode(), said).fetchone() == wanted
