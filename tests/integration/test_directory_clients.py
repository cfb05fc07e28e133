"""Enrolment with the operator, substitutes, and what was true on an earlier day."""

import asyncio
import json
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest

from tests.integration.conftest import Connect
from tests.integration.signin_world import MORVAN, MOVED, PLACELESS, Desk, Play
from tests.integration.test_identity_continuing import at, settle, settled
from tests.integration.world import World, ask_all, enrol, make_world, question
from tierce.directory.errors import (
    EnrolmentMissingError,
    EnrolmentMoveError,
    NotServedError,
    PlaceUnknownError,
    ProfessionalUnknownError,
    SubstitutionMissingError,
    SubstitutionRefusedError,
)
from tierce.directory.model import Actor, Professional, Status, Substitution
from tierce.directory.service import Clients
from tierce.gate.model import Answer
from tierce.identity.model import Caller
from tierce.journal.service import Appender
from tierce.kernel.care import Profession
from tierce.kernel.clock import SystemClock, date_of, paris_day
from tierce.kernel.errors import FieldError
from tierce.kernel.ids import SessionId, StaffId
from tierce.policy.enrolment import SUBSTITUTION_AHEAD_DAYS_MAX, SUBSTITUTION_DAYS_MAX
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

ACTOR = Actor("Hélène Vasseur", StaffId(77), SessionId(900))
WHY = "convention signée"


class Office:
    """The use cases over one connection of the office's role."""

    def __init__(self, connect: Connect, keyring: Keyring) -> None:
        lines = connect("tierce_office")
        self.clients = Clients(Appender.enrol(lines, "office", keyring.instance("office")), SystemClock())
        self.at = connect("tierce_office", autocommit=True)

    def enrol(
        self, national_id: str, finess: str, *, contract: str = "C-1", reason: str = WHY, manager: bool = False
    ) -> Status:
        person, place = self.clients.find(self.at, national_id), self.clients.find_place(self.at, finess)
        return self.clients.enrol(
            self.at, ACTOR, person, place, contract=contract, reason=reason, manager=manager
        ).status

    def move(self, verb: str, national_id: str, finess: str) -> Status:
        person, place = self.clients.find(self.at, national_id), self.clients.find_place(self.at, finess)
        status: Status = getattr(self.clients, verb)(self.at, ACTOR, person, place, reason="à revoir").status
        return status


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


@pytest.fixture
def office(connect: Connect, keyring: Keyring) -> Office:
    return Office(connect, keyring)


def number(world: World, caller: Caller) -> str:
    """The national identifier of a professional of the gate's small world."""
    return str(world.scalar(f"select national_id from directory.professional where id = {caller.professional}"))


def today() -> int:
    return paris_day(SystemClock().now())


async def outcome(world: World, caller: Caller, person: int = 0) -> str:
    """Ask once; the name of what the gate decided."""
    gate = world.gate()
    await gate.start()
    try:
        (told,) = await ask_all(gate, [question(caller, world.covered[person])])
    finally:
        await gate.stop()
    assert isinstance(told, Answer), told
    return type(told.decision).__name__


def asked(world: World, caller: Caller, person: int = 0) -> str:
    return asyncio.run(outcome(world, caller, person))


def test_public_data_alone_open_nothing(world: World, connect: Connect, office: Office) -> None:
    """Whoever loads the directory, even with the import's own credential, makes no client."""
    caller = enrol(world)
    feed = connect("tierce_feed")
    feed.execute(
        "insert into directory.professional (id, national_id, family_name, given_name, profession)"
        " values (5, '899900000018', 'Morvan', 'Claire', 1)"
    )
    feed.execute(
        "insert into directory.activity (professional, establishment, profession) values (5, %s, 1)",
        (caller.establishment,),
    )
    feed.commit()
    assert world.scalar("select active from directory.activity where professional = 5") is False
    for statement in (
        "update directory.activity set active = true",
        "update directory.activity set until_day = 99999",
        "insert into directory.enrolment (professional, establishment, status) values (5, 1, 2)",
        "select directory.open_substitution(5, 5, 1, 1::smallint, 0, 9, '', '')",
        "select directory.apply(5, '{1}')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            feed.execute(statement.encode())
        feed.rollback()
    # Even the owner's update cannot make active what is not enrolled.
    world.run("update directory.activity set active = true where professional = 5")
    assert world.scalar("select active from directory.activity where professional = 5") is False


def test_an_enrolment_goes_through_its_steps_and_the_gate_follows_at_the_next_ask(
    world: World, office: Office
) -> None:
    caller = enrol(world)
    me, place = number(world, caller), str(caller.establishment)
    assert asked(world, caller, 0) == "Release"
    with pytest.raises(EnrolmentMoveError):
        office.enrol(me, place)
    world.run("update access.session set revoked = null")
    assert office.move("suspend", me, place) is Status.SUSPENDED
    world.run("update access.session set revoked = null")  # even if the session had stayed open
    assert asked(world, caller, 1) != "Release"
    assert office.enrol(me, place, contract="C-2", manager=True) is Status.ENROLLED
    assert asked(world, caller, 1) == "Release"
    assert office.move("end", me, place) is Status.ENDED
    world.run("update access.session set revoked = null")
    assert asked(world, caller, 2) != "Release"
    with pytest.raises(EnrolmentMoveError):
        office.move("suspend", me, place)

    person = office.clients.find(office.at, me)
    steps = [one.said for one in office.clients.history(office.at, person) if one.kind.name == "ENROLMENT"]
    assert [(step["status"], step["by"], step["contract"]) for step in steps] == [
        (2, "", ""),
        (3, "Hélène Vasseur", ""),
        (2, "Hélène Vasseur", "C-2"),
        (4, "Hélène Vasseur", "C-2"),
    ]
    acts = "select count(*) from journal.entry where get_byte(body, 1) = 5 and get_byte(body, 2) = 57"
    assert world.scalar(acts) == 3


def test_suspending_ends_the_sessions_of_that_place_alone(world: World, office: Office) -> None:
    caller, other = enrol(world), enrol(world)
    office.move("suspend", number(world, caller), str(caller.establishment))
    live = "select count(*) from access.session where revoked is null and id = "
    assert world.scalar(live + str(caller.session)) == 0
    assert world.scalar(live + str(other.session)) == 1


def test_what_cannot_be_enrolled_is_refused_with_nothing_written(world: World, office: Office) -> None:
    caller, other = enrol(world), enrol(world, Profession.OPTICIAN)
    me = number(world, caller)
    with pytest.raises(ProfessionalUnknownError):
        office.enrol("899999999999", str(caller.establishment))
    with pytest.raises(PlaceUnknownError):
        office.enrol(me, "nowhere")
    with pytest.raises(NotServedError):
        office.enrol(me, str(other.establishment))
    with pytest.raises(EnrolmentMissingError):
        office.move("suspend", me, str(other.establishment))
    office.move("end", me, str(caller.establishment))
    for reason in ("", "x" * 401, "au sujet de 1 84 05 12 345 678", "deux\x07sons"):
        with pytest.raises(FieldError):
            office.enrol(me, str(caller.establishment), reason=reason)
    with pytest.raises(FieldError):
        office.enrol(me, str(caller.establishment), contract="C" * 61)
    assert world.scalar("select count(*) from directory.enrolment where status = 2") == 1, "the optician's alone"
    assert world.scalar("select count(*) from directory.past where kind = 4") == 1


def test_a_profession_that_is_not_served_is_kept_and_never_enrolled(world: World, office: Office) -> None:
    caller = enrol(world)
    world.run(f"update directory.activity set profession = 0 where professional = {caller.professional}")
    assert asked(world, caller) != "Release"
    office.move("end", number(world, caller), str(caller.establishment))
    with pytest.raises(NotServedError):
        office.enrol(number(world, caller), str(caller.establishment))


def test_whose_profession_changed_since_sign_in_is_served_on_the_new_one(world: World) -> None:
    before = enrol(world, Profession.GP)
    world.run(f"update directory.activity set profession = 7 where professional = {before.professional}")
    assert asked(world, before) == "Refuse", "until the session is read again"
    assert asked(world, replace(before, profession=Profession.OPTICIAN), 1) == "Release"
    assert world.scalar(f"select count(*) from access.line where establishment = {before.establishment}") == 2


def test_a_manager_enrols_a_colleague_who_signed_in_and_nobody_else(
    world: World, office: Office, connect: Connect
) -> None:
    manager, colleague, stranger = enrol(world), enrol(world), enrol(world)
    at_place = f"select id from directory.activity where professional = {colleague.professional}"
    world.run(
        "insert into directory.activity (professional, establishment, profession) values"
        f" ({colleague.professional}, {manager.establishment}, 1)"
    )
    api = connect("tierce_api", autocommit=True)

    def enrols(session: int, who: int) -> object:
        row = api.execute("select directory.enrol_by_manager(%s, %s, 'notre équipe')", (session, who)).fetchone()
        assert row is not None
        return row[0]

    assert enrols(manager.session, colleague.professional) is False, "she is no manager"
    world.run(f"update directory.enrolment set manager = true where professional = {manager.professional}")
    assert enrols(manager.session, colleague.professional) is False, "the colleague never signed in for this place"
    row = api.execute("select directory.apply(%s, %s)", (colleague.professional, [manager.establishment])).fetchone()
    assert row == ([manager.establishment],)
    assert enrols(stranger.session, colleague.professional) is False, "not of her establishment"
    assert enrols(manager.session, colleague.professional) is True
    assert enrols(manager.session, colleague.professional) is False, "done already"
    assert world.scalar(at_place + " and active and establishment = " + str(manager.establishment)) is not None
    # What staff suspended stays theirs, and an application changes nothing of it.
    office.move("suspend", number(world, colleague), str(manager.establishment))
    api.execute("select directory.apply(%s, %s)", (colleague.professional, [manager.establishment]))
    assert enrols(manager.session, colleague.professional) is False
    assert world.scalar(
        f"select manager from directory.enrolment where professional = {colleague.professional}"
        f" and establishment = {manager.establishment}"
    ) is False  # fmt: skip


def test_a_substitute_is_declared_by_staff_within_bounds(world: World, office: Office) -> None:
    replaced, substitute, optician = enrol(world), enrol(world), enrol(world, Profession.OPTICIAN)
    day = today()
    me = office.clients.find(office.at, number(world, replaced))
    her = office.clients.find(office.at, number(world, substitute))
    place = office.clients.find_place(office.at, str(replaced.establishment))

    def declare(days: tuple[int, int], who: Professional = her) -> Substitution:
        return office.clients.declare_substitute(office.at, ACTOR, who, me, place, days, reason="congés")

    for days in (
        (day - 1, day),
        (day + 2, day + 1),
        (day, day + SUBSTITUTION_DAYS_MAX),
        (day + SUBSTITUTION_AHEAD_DAYS_MAX + 1, day + SUBSTITUTION_AHEAD_DAYS_MAX + 2),
    ):
        with pytest.raises(SubstitutionRefusedError):
            declare(days)
    for who in (me, office.clients.find(office.at, number(world, optician))):
        with pytest.raises(SubstitutionRefusedError):
            declare((day, day), who)
    made = declare((day, day + SUBSTITUTION_DAYS_MAX - 1))
    declare((day, day))
    with pytest.raises(SubstitutionRefusedError, match="already replaced"):
        declare((day, day))
    assert [one.id for one in office.clients.substitutions(office.at, professional=her.id)][-1] == made.id
    assert office.clients.end_substitution(office.at, ACTOR, made.id).ended_day == day
    with pytest.raises(SubstitutionMissingError):
        office.clients.end_substitution(office.at, ACTOR, made.id)
    assert world.scalar(f"select until_day from directory.activity where substitution = {made.id}") == day - 1


def test_of_two_professions_staff_say_which_is_lent(world: World, office: Office) -> None:
    replaced, substitute = enrol(world), enrol(world)
    me, her = (office.clients.find(office.at, number(world, one)) for one in (replaced, substitute))
    place = office.clients.find_place(office.at, str(replaced.establishment))
    world.run(
        "insert into directory.activity (professional, establishment, profession)"
        f" values ({me.id}, {place.id}, {Profession.HOSPITAL.value})"
    )

    def declare(profession: Profession | None) -> Substitution:
        days = (today(), today())
        return office.clients.declare_substitute(
            office.at, ACTOR, her, me, place, days, reason="congés", profession=profession
        )

    for wrong in (None, Profession.OPTICIAN):
        with pytest.raises(SubstitutionRefusedError, match="GP, HOSPITAL"):
            declare(wrong)
    assert world.scalar("select count(*) from directory.substitution") == 0
    assert [declare(one).profession for one in (Profession.HOSPITAL, Profession.GP)] == [
        Profession.HOSPITAL, Profession.GP,
    ]  # fmt: skip


def test_the_professional_replaced_declares_within_the_same_bounds(
    world: World, office: Office, connect: Connect
) -> None:
    """The function that `api` may call holds the policy's bounds whatever it sends."""
    replaced, substitute, optician = enrol(world), enrol(world), enrol(world, Profession.OPTICIAN)
    api, day = connect("tierce_api", autocommit=True), today()

    def declare(session: int, who: int, first: int, last: int) -> object:
        row = api.execute(
            "select directory.declare_substitute(%s, %s, %s, %s)", (session, who, first, last)
        ).fetchone()
        assert row is not None
        return row[0]

    her = substitute.professional
    assert declare(replaced.session, her, day, day + SUBSTITUTION_DAYS_MAX) is None
    assert declare(replaced.session, her, day - 1, day) is None
    assert declare(replaced.session, her, day + SUBSTITUTION_AHEAD_DAYS_MAX + 1, day + 200) is None
    assert declare(replaced.session, replaced.professional, day, day) is None
    assert declare(replaced.session, optician.professional, day, day) is None
    assert declare(uuid4().int >> 65, her, day, day) is None
    first = declare(replaced.session, her, day, day + SUBSTITUTION_DAYS_MAX - 1)
    assert first is not None
    assert declare(replaced.session, her, day + SUBSTITUTION_AHEAD_DAYS_MAX, day + 181) is not None
    second = declare(replaced.session, her, day, day)
    assert second not in (None, first)
    assert declare(replaced.session, her, day, day) == second, "the same words are the same substitution"
    assert declare(replaced.session, her, day, day + 1) is None, "two at once, no more"
    ended = "select directory.end_substitution(%s, %s, 'x')"
    assert api.execute(ended, (first, optician.session)).fetchone() == (False,)
    assert api.execute(ended, (first, None)).fetchone() == (False,), "api must show whose session asks"
    assert api.execute(ended, (first, substitute.session)).fetchone() == (True,)


def test_a_first_sign_in_is_an_application_and_only_staff_open_the_door(
    play: Play, database: Database, office: Office
) -> None:
    with database.connect(SUPERUSER) as admin:
        admin.execute("delete from directory.enrolment")
        admin.execute("update directory.activity set listed = listed")

    async def refused(desk_: Desk) -> None:
        answer = await desk_.complete(await desk_.come_back(await desk_.start(), MORVAN))
        assert answer.status_code == 403
        assert answer.json()["code"] == "sign_in_not_enrolled"

    play(refused)
    waiting = office.clients.enrolments(office.at, status=Status.APPLIED)
    assert {one.place.number for one in waiting} == {"990000001", "990000002"}
    with database.connect(SUPERUSER) as admin:
        row = admin.execute(
            "select count(*) from journal.entry where get_byte(body, 1) = 14 and get_byte(body, 2) = 56"
        ).fetchone()
    assert row == (2,)
    assert office.enrol(MORVAN, "990000001") is Status.ENROLLED

    async def chosen(desk_: Desk) -> None:
        opened = await desk_.open_session(MORVAN)
        assert [one["establishment_name"] for one in opened["activities"]] == ["Cabinet médical des Tilleuls"]

    play(chosen)


def test_a_substitute_signs_in_under_her_own_name_until_her_last_day(
    play: Play, database: Database, office: Office
) -> None:
    """She has no place of her own at the provider; the session ends with the substitution."""
    her, me = office.clients.find(office.at, PLACELESS), office.clients.find(office.at, MORVAN)
    place = office.clients.find_place(office.at, "990000001")
    made = office.clients.declare_substitute(
        office.at, ACTOR, her, me, place, (today(), today() + 1), reason="congés"
    )

    async def works(desk_: Desk) -> None:
        opened = await desk_.open_session(PLACELESS)
        (activity,) = opened["activities"]
        assert activity["establishment_name"] == "Cabinet médical des Tilleuls"
        bound = await desk_.bind(opened)
        assert bound.status_code == 200, bound.text

    play(works)
    with database.connect(SUPERUSER) as admin:
        row = admin.execute(
            "select count(distinct l.professional) from access.line l join access.session s on s.line = l.id"
            " where s.professional = %s and l.professional = s.professional", (her.id,)
        ).fetchone()  # fmt: skip
    assert row == (1,), "her own seats"
    office.clients.end_substitution(office.at, ACTOR, made.id)

    async def over(desk_: Desk) -> None:
        answer = await desk_.complete(await desk_.come_back(await desk_.start(), PLACELESS))
        assert answer.json()["code"] == "sign_in_no_activity"

    play(over)


def test_who_was_she_and_where_on_a_day(world: World, office: Office) -> None:
    caller = enrol(world)
    day = today()
    me = number(world, caller)
    with world.database.connect(SUPERUSER) as admin:
        for table in ("professional", "establishment", "activity", "enrolment"):
            admin.execute(f"update directory.{table} set since_day = {day - 30}".encode())
        for table in ("professional", "establishment", "activity", "enrolment"):
            admin.execute(f"alter table directory.{table} disable trigger b_past".encode())
            admin.execute(f"update directory.{table} set since_day = {day - 30}".encode())
            admin.execute(f"alter table directory.{table} enable trigger b_past".encode())
        for moved, change in (
            (day - 20, "professional set family_name = 'Morvan-Dubois'"),
            (day - 10, "activity set listed = false"),
            (day - 5, "establishment set name = 'Maison de santé'"),
        ):
            admin.execute(f"set local tierce.directory_day = '{moved}'".encode())
            admin.execute(f"update directory.{change}".encode())
    person = office.clients.find(office.at, me)
    told = {back: office.clients.standing(office.at, person, day - back) for back in (31, 25, 20, 10, 0)}
    assert not told[31].known
    assert (told[25].family_name, told[25].worked[0].could_ask) == ("Testard", True)
    assert (told[20].family_name, told[20].worked[0].could_ask) == ("Morvan-Dubois", True)
    assert (told[10].worked[0].could_ask, told[10].worked[0].place.name) == (False, "Cabinet")
    assert told[0].worked[0].place.name == "Maison de santé"


def test_the_professional_replaced_declares_her_substitute_from_her_own_session(
    play: Play, database: Database, connect: Connect
) -> None:
    """Through the API, signed by her browser's key; unsigned, repeated or out of bounds, nothing is declared."""
    day = date_of(today()).isoformat()
    body = json.dumps({"substitute": PLACELESS, "first_day": day, "last_day": day}).encode()

    async def scene(desk_: Desk) -> None:
        opened = await desk_.open_session(MORVAN)
        key = opened["key"]
        handle = opened["handle"]
        early = await desk_.send("POST", "/v1/substitutions", handle, key, body)
        assert early.json()["code"] == "session_not_bound"
        settle(connect, await at(desk_, opened))
        assert (await desk_.send("POST", "/v1/substitutions", handle, None, body)).status_code == 401
        too_long = json.dumps({"substitute": PLACELESS, "first_day": day, "last_day": "2099-01-01"}).encode()
        refused = await desk_.send("POST", "/v1/substitutions", handle, key, too_long)
        assert (refused.status_code, refused.json()["code"]) == (403, "colleague_substitute")
        made = await desk_.send("POST", "/v1/substitutions", handle, key, body)
        assert made.status_code == 201, made.text
        repeated = await desk_.send("POST", "/v1/substitutions", handle, key, body)
        assert repeated.json() == made.json(), "said again after a lost answer: a second would outlive its end"
        listed = (await desk_.send("GET", "/v1/substitutes", handle)).json()["substitutes"]
        assert [one["number"] for one in listed] == [made.json()["number"]]
        substitute = await desk_.open_session(PLACELESS)
        assert len(substitute["activities"]) == 1
        own = substitute["key"]
        settle(connect, await at(desk_, substitute))
        again = await desk_.send("POST", "/v1/substitutions", substitute["handle"], own, body)
        assert again.json()["code"] == "colleague_substitute", "a substitute declares none"
        path = f"/v1/substitutions/{made.json()['number']}/end"
        assert (await desk_.send("POST", path, handle, key)).status_code == 204
        assert (await desk_.send("POST", path, handle, key)).json()["code"] == "colleague_not_found"
        assert (await desk_.send("GET", "/v1/substitutes", handle)).json()["substitutes"] == [], (
            "she may not any more"
        )
        assert (await desk_.send("POST", f"/v1/substitutions/{2**80}/end", handle, key)).status_code == 403

    play(scene)
    acts = (
        "select get_byte(body, 2) from journal.entry where get_byte(body, 1) = 14 and get_byte(body, 2) in (58, 59)"
    )
    with database.connect(SUPERUSER) as admin:
        assert [row[0] for row in admin.execute(acts).fetchall()] == [58, 58, 59]


def test_a_manager_enrols_a_colleague_from_her_own_session(
    play: Play, database: Database, connect: Connect, office: Office
) -> None:
    body = json.dumps({"colleague": MOVED}).encode()
    with database.connect(SUPERUSER) as admin:
        admin.execute("delete from directory.enrolment where professional = 204")
        admin.execute("select directory.apply(204, '{101}')")

    async def enrols(desk_: Desk, expected: int) -> None:
        manager = await settled(desk_, connect)
        answer = await desk_.send("POST", "/v1/enrolments", manager.handle, manager.key, body)
        assert answer.status_code == expected, answer.text

    play(lambda desk_: enrols(desk_, 403))
    office.move("suspend", MORVAN, "990000001")
    office.enrol(MORVAN, "990000001", manager=True)
    play(lambda desk_: enrols(desk_, 204))
    (found,) = office.clients.enrolments(office.at, professional=office.clients.find(office.at, MOVED).id)
    assert (found.status, found.manager, found.contract) == (Status.ENROLLED, False, "C-1")
    play(lambda desk_: enrols(desk_, 403))
