"""The queue of what nothing explains: counted past the usual delay, by account, so many accounts a turn."""

import pytest

from tests.integration.conftest import Connect
from tests.integration.test_watch_evidence import Night
from tests.integration.world import World, certify, enrol, make_world
from tierce.kernel.care import Profession
from tierce.kernel.clock import SystemClock
from tierce.policy.acts import Presence
from tierce.policy.overdue import OVERDUE_DAYS, USUAL
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.watch import store

pytestmark = pytest.mark.integration
DELAY = USUAL[Profession.OPTICIAN].days


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


@pytest.fixture
def night(world: World, connect: Connect, keyring: Keyring) -> Night:
    return Night(world, connect("tierce_worker"), connect("tierce_worker"), keyring)


def older(night: Night, days: int) -> None:
    """Let the answers be so many days older."""
    night.world.run(
        f"update access.unexplained set at = at - interval '{days} days';"
        f" update access.unexplained_day set day = day - {days}"
    )


def overdue(night: Night) -> object:
    """What the queue counts for the only account, after a turn."""
    night.watcher.tidy()
    return night.world.scalar("select answers from access.overdue")


def test_an_answer_counts_from_the_usual_delay_on_for_thirty_days(night: Night) -> None:
    night.ask(enrol(night.world, Profession.OPTICIAN), night.world.covered[:3])
    night.turn()
    assert overdue(night) == 0, "its invoice may still come"
    older(night, DELAY)
    assert overdue(night) == 3
    assert float(str(night.world.scalar("select score from access.overdue"))) > 0
    assert night.world.scalar("select newest from access.overdue") == night.world.scalar(
        "select max(seq) from access.unexplained"
    )
    older(night, OVERDUE_DAYS)
    assert overdue(night) == 0
    older(night, 60)
    night.watcher.tidy()
    assert overdue(night) is None, "an account without any answer left is forgotten"


def test_a_proof_takes_an_answer_out_and_its_withdrawal_puts_it_back(night: Night) -> None:
    night.ask(enrol(night.world, Profession.OPTICIAN), night.world.covered[:3])
    night.turn()
    older(night, DELAY)
    pair = "(select pair from care.engagement order by seq limit 1)"
    night.world.run(f"select access.prove({pair}, '00000000-0000-0000-0000-000000000007', 3::smallint)")
    assert overdue(night) == 2
    night.world.run("select access.withdraw('00000000-0000-0000-0000-000000000007')")
    assert overdue(night) == 3
    night.world.run(f"select access.prove({pair}, '00000000-0000-0000-0000-000000000008', 3::smallint)")
    assert overdue(night) == 2
    assert night.world.scalar("select (sum(answers), sum(explained))::text from access.unexplained_day") == "(3,1)"


def test_each_turn_counts_the_accounts_that_were_counted_longest_ago(night: Night) -> None:
    for first in range(3):
        night.ask(enrol(night.world, Profession.OPTICIAN), night.world.covered[first : first + 1])
    night.turn()
    older(night, DELAY)
    for turn in range(1, 4):
        store.settle(night.watched, SystemClock().now(), 1)
        night.watched.commit()
        assert night.world.scalar("select count(*) from access.overdue where answers = 1") == turn


def test_a_declared_reading_is_queued_apart_until_a_proof_follows(night: Night) -> None:
    caller = enrol(night.world, Profession.OPTICIAN)
    certify(night.world)
    night.ask(caller, night.world.covered[:2], presence=Presence.DECLARED)
    night.ask(caller, night.world.covered[2:3])
    night.ask(caller, night.world.covered[3:4], presence=Presence.VERIFIED)
    night.ask(caller, night.world.covered[:1], presence=Presence.DECLARED)  # known by now
    night.turn()
    counts = "select string_agg(declared || ':' || answers, ' ' order by declared) from access.unexplained_day"
    assert night.world.scalar(counts) == "false:1 true:2"
    older(night, DELAY)
    assert overdue(night) == 3
    assert night.world.scalar("select declared from access.overdue") == 2
    pair = "(select pair from care.engagement order by seq limit 1)"
    night.world.run(f"select access.prove({pair}, '00000000-0000-0000-0000-000000000007', 3::smallint)")
    assert overdue(night) == 2
    assert night.world.scalar("select declared from access.overdue") == 1
    by_vendor = "select string_agg(concat_ws(' ', vendor, profession, answers, explained), ', ' order by declared)"
    assert night.world.scalar(f"{by_vendor} from access.unexplained_day") == (
        f"0 0 1 0, {caller.vendor} {Profession.OPTICIAN.value} 2 1"
    ), "declared answers, and what explains them, are counted by the software's vendor"


def test_the_more_a_line_declares_in_vain_the_higher_it_stands(night: Night) -> None:
    declaring, asking = enrol(night.world, Profession.GP), enrol(night.world, Profession.GP)
    certify(night.world)
    night.ask(declaring, night.world.covered[:4], presence=Presence.DECLARED)
    night.ask(asking, night.world.covered[4:8])
    night.turn()
    older(night, DELAY)
    night.watcher.tidy()
    first = "select declared from access.overdue order by score desc limit 1"
    assert night.world.scalar(first) == 4, "of a practice's declared readings hardly one in sixteen stays open"
