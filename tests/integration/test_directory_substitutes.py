"""What a substitute may ask, and until when: never more than whom she replaces."""

import json
from dataclasses import dataclass, replace

import pytest

from tests.integration.conftest import Connect
from tests.integration.signin_world import MORVAN, PLACELESS, Desk, Play
from tests.integration.test_assistants import rows
from tests.integration.test_directory_clients import ACTOR, Office, asked, number, today
from tests.integration.test_identity_continuing import at, settle
from tests.integration.test_own_mail import ADDRESS, on_file, told
from tests.integration.world import World, enrol, make_world
from tierce.directory.errors import SubstitutionRefusedError
from tierce.directory.model import Place, Professional, Substitution
from tierce.identity.model import Caller
from tierce.kernel.care import Profession
from tierce.kernel.clock import date_of
from tierce.kernel.ids import ActivityId
from tierce.notices.own.model import Told
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


@pytest.fixture
def office(connect: Connect, keyring: Keyring) -> Office:
    return Office(connect, keyring)


@dataclass(frozen=True)
class Standing:
    """A client, who stands in for her today, the substitution, and its activity."""

    replaced: Caller
    substitute: Caller
    me: Professional
    her: Professional
    place: Place
    made: Substitution
    activity: ActivityId

    @property
    def at_work(self) -> Caller:
        """The substitute as the gate sees her there."""
        return replace(self.substitute, establishment=self.replaced.establishment, activity=self.activity)

    def sits_down(self, world: World) -> None:
        """Bind her session to the substitution's activity, as a sign-in does."""
        session = self.substitute.session
        world.run(f"update access.session set activity = {self.activity}, revoked = null where id = {session}")


@pytest.fixture
def standing(world: World, office: Office) -> Standing:
    replaced, substitute = enrol(world), enrol(world)
    me = office.clients.find(office.at, number(world, replaced))
    her = office.clients.find(office.at, number(world, substitute))
    place = office.clients.find_place(office.at, str(replaced.establishment))
    made = office.clients.declare_substitute(office.at, ACTOR, her, me, place, (today(), today()), reason="congés")
    activity = ActivityId(int(str(world.scalar(f"select id from directory.activity where substitution = {made.id}"))))
    return Standing(replaced, substitute, me, her, place, made, activity)


def test_an_ask_of_a_substitute_is_answered_within_her_days_and_not_after(world: World, standing: Standing) -> None:
    day, made = today(), standing.made
    standing.sits_down(world)
    assert asked(world, standing.at_work, 0) == "Release"
    for days in ("from_day - 2, until_day = until_day - 2", "from_day + 3, until_day = until_day + 3"):
        world.run(f"update directory.substitution set from_day = {days} where id = {made.id}")
        assert asked(world, standing.at_work, 1) != "Release"
    world.run(f"update directory.substitution set from_day = {day}, until_day = {day} where id = {made.id}")
    world.run(f"update directory.professional set active = false where id = {standing.her.id}")
    assert asked(world, standing.at_work, 2) != "Release", "struck off: her substitutions too"


def test_a_substitute_has_no_more_than_whom_she_replaces(world: World, office: Office, standing: Standing) -> None:
    """Suspended, struck off, or her place closed: what was declared from her account ends with it, and comes back."""
    me, place, at_work = standing.me, standing.place, standing.at_work
    standing.sits_down(world)
    assert asked(world, at_work, 0) == "Release"
    office.clients.suspend(office.at, ACTOR, me, place, reason="identité volée")
    session = standing.substitute.session
    assert world.scalar(f"select revoked_why from access.session where id = {session}") is not None
    standing.sits_down(world)
    assert asked(world, at_work, 1) != "Release", "declared from an account that is suspended"
    office.clients.enrol(office.at, ACTOR, me, place, contract="", reason="identité rendue")
    assert asked(world, at_work, 1) == "Release"
    for table, row in (("professional", me.id), ("establishment", place.id)):
        world.run(f"update directory.{table} set active = false where id = {row}")
        assert asked(world, at_work, 2) != "Release", table
        assert asked(world, standing.replaced, 2) != "Release", table
        world.run(f"update directory.{table} set active = true where id = {row}")
        assert asked(world, at_work, 2) == "Release", table


def test_whom_staff_suspended_comes_back_as_nobody_s_substitute(
    world: World, office: Office, standing: Standing
) -> None:
    """Suspended at her own place, or ended at this one: a colleague's word does not undo it."""
    her, place, at_work = standing.her, standing.place, standing.at_work
    own = office.clients.find_place(office.at, str(standing.substitute.establishment))
    standing.sits_down(world)
    assert asked(world, at_work, 0) == "Release"
    office.clients.suspend(office.at, ACTOR, her, own, reason="identité volée")
    standing.sits_down(world)
    assert asked(world, at_work, 1) != "Release"
    days = (today() + 1, today() + 1)
    with pytest.raises(SubstitutionRefusedError):
        office.clients.declare_substitute(office.at, ACTOR, her, standing.me, place, days, reason="congés")
    session = standing.replaced.session
    declare = f"select directory.declare_substitute({session}, {her.id}, {days[0]}, {days[1]})"
    assert world.scalar(declare) is None
    office.clients.enrol(office.at, ACTOR, her, own, contract="", reason="identité rendue")
    assert asked(world, at_work, 1) == "Release"
    world.run(
        "insert into directory.enrolment (professional, establishment, status, reason, by)"
        f" values ({her.id}, {place.id}, 4, 'départ', 'Hélène')"
    )
    assert asked(world, at_work, 2) != "Release"


def test_a_substitute_exercises_what_is_still_exercised_there(world: World, standing: Standing) -> None:
    """Whoever is replaced keeps another activity at the place: it is not the one that was lent."""
    replaced = standing.replaced
    standing.sits_down(world)
    assert asked(world, standing.at_work, 0) == "Release"
    other = Profession.MIDWIFE if replaced.profession is not Profession.MIDWIFE else Profession.NURSE
    world.run(
        "insert into directory.activity (professional, establishment, profession)"
        f" values ({replaced.professional}, {replaced.establishment}, {other.value})"
    )
    world.run(f"update directory.activity set listed = false where id = {replaced.activity}")
    assert asked(world, standing.at_work, 1) != "Release"


HOLD = (
    "insert into access.ladder (id, level, subject, rung, since, until, by, reason)"
    " select 7, {level}, {subject}, {rung}, now(), now() + interval '1 hour', 'watch', 'r'"
    " from access.session s join directory.activity t on t.id = s.activity"
    " join directory.establishment e on e.id = t.establishment"
    " join directory.software o on o.id = s.software where s.id = {session}"
)


HELD = (
    "insert into access.ladder (id, level, subject, rung, since, until, by, reason)"
    " values (8, {level}, {subject}, {rung}, now(), now() + interval '1 hour', 'Hélène', 'r')"
)


@pytest.mark.parametrize(
    ("level", "subject", "rung"),
    [
        (1, "s.login", 2), (2, "s.device", 2), (3, "t.establishment", 3), (4, "t.profession", 3),
        (5, "s.software", 3), (6, "o.vendor", 3), (7, "directory.cell_of(e.finess, t.profession)", 3), (9, "0", 3),
        (10, "s.site", 3),
    ],
)  # fmt: skip
def test_whoever_is_held_brings_nobody_in(
    world: World, standing: Standing, level: int, subject: str, rung: int
) -> None:
    """A stolen account that was stopped would go on as the substitute's, or as the colleague's, that it names."""
    session, day = standing.replaced.session, today() + 5
    declare = f"select directory.declare_substitute({session}, {standing.her.id}, {day}, {day})"
    her = standing.her.id
    place = standing.place.id
    world.run(
        f"update directory.enrolment set manager = true where professional = {standing.me.id};"
        "insert into directory.enrolment (professional, establishment, status, reason, by)"
        f" values ({her}, {place}, 1, '', 'sign-in')"
    )
    enrols = f"select directory.enrol_by_manager({session}, {her}, 'r')"
    world.run(HOLD.format(level=level, subject=subject, rung=rung, session=session))
    assert world.scalar(declare) is None
    assert world.scalar(enrols) is False
    world.run("update access.ladder set lifted = now() where id = 7")
    assert world.scalar(declare) is not None
    assert world.scalar(enrols) is True


def test_what_holds_a_login_or_a_device_holds_whom_it_declared(
    world: World, connect: Connect, standing: Standing
) -> None:
    """A thief's accomplices, named from the account he took, stop where it stops; whom staff declared goes on."""
    replaced, accomplice = standing.replaced, enrol(world)
    day = today()
    api = connect("tierce_api", autocommit=True)
    row = api.execute(
        "select directory.declare_substitute(%s, %s, %s, %s)", (replaced.session, accomplice.professional, day, day)
    ).fetchone()
    assert row is not None
    activity = ActivityId(int(str(world.scalar(f"select id from directory.activity where substitution = {row[0]}"))))
    world.run(f"update access.session set activity = {activity} where id = {accomplice.session}")
    at_work = replace(accomplice, establishment=replaced.establishment, activity=activity)
    standing.sits_down(world)
    assert asked(world, at_work, 0) == "Release"
    for level, subject in ((1, replaced.login), (2, replaced.device)):
        world.run(f"delete from access.ladder; {HELD.format(level=level, subject=subject, rung=4)}")
        assert asked(world, at_work, 0) == "Refuse", level
        assert asked(world, standing.at_work, level) == "Release", "declared by staff"
        world.run("update access.ladder set rung = 2")
        assert asked(world, at_work, 0) == "Release", "on the rung of the hold: known people are served"
        assert asked(world, at_work, 10 + level) == "StepUp"
    world.run("update access.ladder set lifted = now()")
    assert asked(world, at_work, 12) == "Release"
    world.run(f"delete from access.ladder; {HELD.format(level=1, subject=at_work.login, rung=4)}")
    assert asked(world, replaced, 13) == "Release", "never the other way round"


def test_who_ends_and_declares_again_lets_no_crowd_in(world: World, connect: Connect) -> None:
    """Two on one day, whoever was sent away meanwhile: each one more is another stolen identity that serves."""
    replaced, crowd = enrol(world), [enrol(world) for _ in range(5)]
    api, day = connect("tierce_api", autocommit=True), today()

    def declared(who: Caller, first: int, last: int) -> int | None:
        row = api.execute(
            "select directory.declare_substitute(%s, %s, %s, %s)", (replaced.session, who.professional, first, last)
        ).fetchone()
        assert row is not None
        return None if row[0] is None else int(row[0])

    def end(number: int | None) -> None:
        api.execute("select directory.end_substitution(%s, %s, 'x')", (number, replaced.session))

    stood_in = []
    for who in crowd:
        made = declared(who, day, day + 3)
        if made is not None:
            stood_in.append(who)
            end(made)
    assert stood_in == crowd[:2]
    # Days that have not come: whom nobody let in yet, nobody counts.
    for who in crowd:
        ahead = declared(who, day + 1, day + 3)
        assert ahead is not None
        end(ahead)


def test_a_held_session_is_told_why_she_adds_nobody(play: Play, database: Database) -> None:
    day = date_of(today()).isoformat()
    body = json.dumps({"substitute": PLACELESS, "first_day": day, "last_day": day}).encode()

    async def scene(desk_: Desk) -> None:
        opened = await desk_.open_session(MORVAN)
        key = opened["key"]
        handle = opened["handle"]
        assert (await desk_.bind(opened, key)).status_code == 200
        with database.connect(SUPERUSER) as admin:
            admin.execute(
                "insert into access.ladder (id, level, subject, rung, since, until, by, reason)"
                " select 7, 2, device, 2, now(), now() + interval '1 hour', 'watch', 'r' from access.session"
            )
        for path, sent in (("substitutions", body), ("enrolments", json.dumps({"colleague": PLACELESS}).encode())):
            refused = await desk_.send("POST", f"/v1/{path}", handle, key, sent)
            assert (refused.status_code, refused.json()["code"]) == (403, "colleague_held")

    play(scene)


def test_a_thief_at_a_new_device_leaves_no_accomplice_in_her_stead(play: Play, connect: Connect) -> None:
    """The sign-in alone is stolen: it brings in neither a substitute, for ninety-two days, nor a colleague."""
    on_file(connect)
    day = date_of(today()).isoformat()
    body = json.dumps({"substitute": PLACELESS, "first_day": day, "last_day": day}).encode()
    admin = connect(SUPERUSER, autocommit=True)
    admin.execute("update directory.enrolment set manager = true where professional = 201")

    async def scene(desk_: Desk) -> None:
        thief = await at(desk_, await desk_.open_session(MORVAN))
        for path, sent in (("substitutions", body), ("enrolments", json.dumps({"colleague": PLACELESS}).encode())):
            refused = await desk_.send("POST", f"/v1/{path}", thief.handle, thief.key, sent)
            assert (refused.status_code, refused.json()["code"]) == (403, "colleague_device")
        row = admin.execute(
            "select directory.declare_substitute(id, 203, %s, %s) from access.session", (today(),) * 2
        )
        assert row.fetchone() == (None,), "the database holds it, whatever asks"
        assert [one[0] for one in told(connect)] == [Told.DEVICE]
        settle(connect, thief)
        made = await desk_.send("POST", "/v1/substitutions", thief.handle, thief.key, body)
        assert made.status_code == 201, made.text
        assert told(connect)[-1] == (Told.SUBSTITUTE, 1, ADDRESS, None), "from an old device she is told, at once"
        again = await desk_.send("POST", "/v1/substitutions", thief.handle, thief.key, body)
        assert again.json() == made.json()
        assert told(connect)[-1] == (Told.SUBSTITUTE, 1, ADDRESS, None), "said again, it is the same one"

    play(scene)


def test_whom_staff_declare_is_told_to_her_too(world: World, connect: Connect, standing: Standing) -> None:
    """Of staff, one declares whom she likes, at whatever place, for ninety-two days: no provider vouches for it."""
    assert standing.made.id
    assert rows(connect, "select professional, what, how from notice.own_mail") == [
        (standing.me.id, Told.SUBSTITUTE, "unaddressed")
    ]
