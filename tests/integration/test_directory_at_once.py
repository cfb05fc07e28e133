"""Whoever is suspended while somebody names her, or while a file lists her again, acts nowhere afterwards."""

import psycopg
import pytest

from tests.integration.at_once import held_back
from tests.integration.conftest import Connect
from tests.integration.world import World, enrol, make_world
from tierce.identity.model import Caller
from tierce.kernel.care import Profession
from tierce.kernel.clock import SystemClock, paris_day
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database

pytestmark = pytest.mark.integration
TODAY = paris_day(SystemClock().now())
SUSPEND = "update directory.enrolment set status = 3, by = 'Hélène', reason = 'volée' where professional = %s"


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


def declare(api: psycopg.Connection, replaced: Caller, substitute: Caller) -> int | None:
    row = api.execute(
        "select directory.declare_substitute(%s, %s, %s, %s)",
        (replaced.session, substitute.professional, TODAY, TODAY),
    ).fetchone()
    assert row is not None
    return int(row[0]) if row[0] is not None else None


def stands_in(world: World) -> object:
    """How many activities of substitutes may be chosen."""
    return world.scalar("select count(*) from directory.activity where active and substitution is not null")


@pytest.mark.parametrize("suspended", ["replaced", "substitute"])
def test_a_substitute_declared_while_staff_suspend_acts_nowhere(
    world: World, connect: Connect, suspended: str
) -> None:
    """A stolen account that is suspended has the transaction of a naming open, and commits it afterwards."""
    replaced, substitute = enrol(world), enrol(world)
    who = {"replaced": replaced, "substitute": substitute}[suspended]
    thief, office = connect("tierce_api"), connect(SUPERUSER, autocommit=True)
    made = declare(thief, replaced, substitute)
    assert made is not None
    with held_back(world.database, lambda: office.execute(SUSPEND, (who.professional,))) as suspending:
        thief.commit()
    assert suspending.result() is not None
    assert stands_in(world) == 0


@pytest.mark.parametrize("suspended", ["replaced", "substitute"])
def test_a_suspension_under_way_is_waited_for_by_who_names_somebody(
    world: World, connect: Connect, suspended: str
) -> None:
    replaced, substitute = enrol(world), enrol(world)
    who = {"replaced": replaced, "substitute": substitute}[suspended]
    api, office = connect("tierce_api", autocommit=True), connect(SUPERUSER)
    office.execute(SUSPEND, (who.professional,))
    with held_back(world.database, lambda: declare(api, replaced, substitute)) as naming:
        office.commit()
    naming.result()
    assert stands_in(world) == 0


def test_an_activity_that_a_file_adds_while_staff_suspend_is_not_chosen(world: World, connect: Connect) -> None:
    her = enrol(world)
    other = Profession.MIDWIFE if her.profession is not Profession.MIDWIFE else Profession.NURSE
    feed, office = connect("tierce_feed"), connect(SUPERUSER, autocommit=True)
    feed.execute(
        "insert into directory.activity (professional, establishment, profession) values (%s, %s, %s)",
        (her.professional, her.establishment, other.value),
    )
    with held_back(world.database, lambda: office.execute(SUSPEND, (her.professional,))) as suspending:
        feed.commit()
    assert suspending.result() is not None
    mine = f"select count(*) from directory.activity where active and professional = {her.professional}"
    assert world.scalar(mine) == 0
