"""« Suis-je concerné ? »: told in one's own space alone, with one shape, size and time for every answer."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from statistics import median
from time import perf_counter

import psycopg
import pytest

from tests.integration.asks import AT, ask, sequence, write_asks
from tests.integration.conftest import Connect
from tests.integration.rooms import HELENE, PAUL, PAUL_HANDLE, Room, open_room
from tests.integration.sites_world import Site, persons_site
from tests.integration.test_office_site import plain
from tierce.incidents.rules import account_criteria
from tierce.journal.encoding import decode
from tierce.kernel.clock import SystemClock, micros
from tierce.kernel.ids import IncidentId, ProfessionalId
from tierce.lab.bench.oracle.classify import Seen
from tierce.persons.concerned.model import Answer, Told
from tierce.persons.concerned.service import Concerned
from tierce.persons.errors import AskedTooOftenError
from tierce.policy.acts import Act
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.web.persons.concerned import TURN_SECONDS
from tierce.web.signin_site import FORM_FIELD

pytestmark = pytest.mark.integration

DOCTOR, OTHER = ProfessionalId(501), ProfessionalId(502)
WINDOW = (micros(AT - timedelta(hours=1)), micros(AT + timedelta(hours=2)))


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    return open_room(connect, keyring)


def listed(room: Room, professional: ProfessionalId) -> IncidentId:
    """An established incident of one account, with its list."""
    incident = room.incidents.open(
        room.office, HELENE, title="Accès volé", signal_at=AT, aware_why="Un patient a écrit."
    )
    room.incidents.compute_scope(
        room.office, HELENE, incident.id, account_criteria(professional, frozenset(), *WINDOW)
    )
    return incident.id


def told(room: Room) -> tuple[Told, ...]:
    lines = room.persons._appender
    return Concerned(lines, SystemClock()).ask(room.persons_site, PAUL, PAUL_HANDLE)


def test_i6_she_is_told_yes_no_or_not_established_with_its_ground(room: Room) -> None:
    write_asks(room.admin, room.keyring, [ask(1, professional=501), ask(2, professional=502)])
    sequence(room.worker, room.keyring)
    assert told(room) == ()
    listed(room, DOCTOR)
    (yes,) = told(room)
    assert yes.answer is Answer.YES
    assert yes.cohort == "insured"
    assert yes.shown[0].insurer_name == "Mutuelle du Grand Chêne"
    assert yes.listed_at is not None
    other = listed(room, OTHER)
    assert {one.incident: one.answer for one in told(room)}[other] is Answer.NO
    room.admin.execute("update incident.scope set unattributed = 1 where incident = %s", (other,))
    room.admin.commit()
    assert {one.incident: one.answer for one in told(room)}[other] is Answer.NOT_ESTABLISHED
    entries = [decode(body) for (body,) in room.admin.execute("select body from journal.entry where kind = 13")]
    assert [entry.act for entry in entries] == [Act.PERSON_CONCERNED] * 4


def test_i6_nothing_is_told_without_the_line_nor_too_often_nor_under_secrecy(room: Room) -> None:
    write_asks(room.admin, room.keyring, [ask(1, professional=501)])
    sequence(room.worker, room.keyring)
    incident = listed(room, DOCTOR)
    asked = room.persons_site.execute("select * from gate.person_concerned(%s)", (PAUL_HANDLE,)).fetchall()
    assert asked == [], "no line says that she asks"
    room.admin.execute(
        "insert into incident.secrecy values (%s, now() + interval '1 day', 'Réquisition', 'Hélène Vasseur', now())",
        (incident,),
    )
    room.admin.commit()
    assert told(room) == ()
    room.admin.execute("update incident.secrecy set until = now()")
    room.admin.commit()
    for _ in range(19):
        assert [one.answer for one in told(room)] == [Answer.YES]
    with pytest.raises(AskedTooOftenError):
        told(room)
    for statement in ("select * from incident.possible", "select * from incident.exposed"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            room.persons_site.execute(statement)


def play(room: Room, database: Database, scene: Callable[[Site], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with persons_site(room, database) as site:
            await scene(site)

    asyncio.run(whole())


def test_i6_an_unauthenticated_probe_learns_nothing(room: Room, database: Database) -> None:
    write_asks(room.admin, room.keyring, [ask(1, professional=501)])
    sequence(room.worker, room.keyring)
    listed(room, DOCTOR)

    async def scene(site: Site) -> None:
        site.http.cookies.clear()
        seen = set()
        for method, path in (("GET", "/concerned"), ("POST", "/concerned"), ("GET", "/nowhere-but-signed-out")):
            answer = await site.http.request(method, path, data={FORM_FIELD: "x"} if method == "POST" else None)
            seen.add((path if answer.status_code != 401 else "", answer.status_code, len(answer.content)))
        assert {status for _, status, _ in seen} <= {401, 404}
        assert len({size for _, status, size in seen if status == 401}) == 1

    play(room, database, scene)
    kinds = [kind for (kind,) in room.admin.execute("select kind from journal.entry where kind = 13")]
    assert kinds == []


def test_i6_every_answer_has_one_size_and_leaves_at_one_time(room: Room, database: Database) -> None:
    write_asks(room.admin, room.keyring, [ask(1, professional=501), ask(2, professional=502)])
    sequence(room.worker, room.keyring)
    incident = listed(room, DOCTOR)
    seen: dict[str, list[Seen]] = {"yes": [], "no": [], "not_established": []}
    states = {
        "yes": "update incident.exposed set person = 1",
        "no": "update incident.exposed set person = 99 where person = 1",
        "not_established": "update incident.scope set unattributed = 1",
    }
    words = {"yes": "Oui, des informations", "no": "Non, vous n'êtes pas", "not_established": "Ce n'est pas établi."}

    async def scene(site: Site) -> None:
        for turn in range(3):
            for kind, change in states.items():
                room.admin.execute("update incident.scope set unattributed = 0")
                room.admin.execute(change)
                room.admin.commit()
                began = perf_counter()
                answer = await site.http.post("/concerned", data={FORM_FIELD: site.csrf})
                took = perf_counter() - began
                heads = tuple((name, value) for name, value in answer.headers.multi_items() if name != "date")
                assert words[kind] in plain(answer), (turn, kind)
                seen[kind].append(Seen(took, (answer.status_code, heads, len(answer.content))))

    play(room, database, scene)
    assert incident
    shapes = {one.shape for found in seen.values() for one in found}
    assert len(shapes) == 1, "status, headers and size"
    middles = [median(one.seconds for one in found) for found in seen.values()]
    assert min(middles) >= TURN_SECONDS
    assert max(middles) - min(middles) < 0.02
