"""« Suis-je concerné ? »: told in one's own space alone, with one shape, size and time for every answer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from time import perf_counter

import psycopg
import pytest

from tests.integration.asks import AT, ask, sequence, write_asks
from tests.integration.conftest import Connect
from tests.integration.rooms import HELENE, PAUL, PAUL_HANDLE, Room, open_room, signed_in
from tests.integration.sites_world import Site, persons_site, put_ticket
from tierce.identity.model import PersonCaller
from tierce.identity.oidc import Realm, digest
from tierce.identity.sites.forms import form_token
from tierce.incidents.rules import account_criteria
from tierce.journal.encoding import decode
from tierce.kernel.clock import SystemClock, micros
from tierce.kernel.ids import IncidentId, PersonId, ProfessionalId, SessionId
from tierce.lab.bench.oracle.classify import Seen, every_pair, worst
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
WINDOW = (micros(AT - timedelta(hours=1)), micros(AT + timedelta(minutes=30)))


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
    narrow = """update incident.scope set unattributed = 0, criteria = criteria || '{"categories": 8}'"""
    room.admin.execute(f"{narrow} where incident = %s", (other,))
    room.admin.commit()
    narrowed = {one.incident: one.answer for one in told(room)}[other]
    assert narrowed is Answer.NOT_ESTABLISHED, "a list of some categories alone says nothing of the others"
    goes_on = """update incident.scope set criteria = criteria || jsonb_build_object('categories', 0, 'until_us',
        (extract(epoch from at) * 1000000)::bigint - 119000000)"""
    room.admin.execute(f"{goes_on} where incident = %s", (other,))
    room.admin.commit()
    unfinished = {one.incident: one.answer for one in told(room)}[other]
    assert unfinished is Answer.NOT_ESTABLISHED, "whoever is read before the window is over is not on its list yet"
    entries = [decode(body) for (body,) in room.admin.execute("select body from journal.entry where kind = 13")]
    assert [entry.act for entry in entries] == [Act.PERSON_CONCERNED] * 6


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


KINDS = ("yes", "no", "not_established")
PEOPLE_EACH, ASKS_EACH = 2, 18
AT_ONCE = 6
FAR_FROM_CHANCE = 0.78
"""With 36 answers of each kind, chance gives a judge 0.50 give or take 0.07; there are nine judgements."""


_ROW = "incident, revision, insurer, categories, first_at, last_at, entries, rule"
COPIED = {
    "yes": f"insert into incident.exposed ({_ROW}, status, person)"
    f" select {_ROW}, status, %s from incident.exposed where person = 1",
    "not_established": f"insert into incident.possible ({_ROW}, person)"
    f" select {_ROW}, %s from incident.exposed where person = 1",
}


def signed_in_as(room: Room, kind: str, person: int) -> str:
    """Somebody on the list, on none or in doubt, signed in; gives her handle, which is her ticket too."""
    handle = f"{kind}-{person}".ljust(43, "x")
    room.admin.execute(
        "insert into access.person_session (id, bound, handle, person, created, expires)"
        " values (%s, sha256('key'), %s, %s, now(), now() + interval '30 minutes')",
        (1_000 + person, digest(handle), person),
    )
    put_ticket(room.admin, Realm.PERSONS, 1_000 + person, handle)
    if kind in COPIED:
        room.admin.execute(COPIED[kind].encode(), (person,))
    room.admin.commit()
    own = PersonCaller(PersonId(person), SessionId(1_000 + person))
    with room.persons_site.transaction():
        opened = replace(signed_in(), professional=own.person, person=own.person, session=own.session)
        room.persons._appender.write(room.persons_site, [opened])
    return handle


def test_i6_judges_cannot_tell_the_three_answers_apart(room: Room, database: Database) -> None:
    write_asks(room.admin, room.keyring, [ask(1, professional=501)])
    sequence(room.worker, room.keyring)
    listed(room, DOCTOR)
    people = [(kind, signed_in_as(room, kind, 500 + 10 * place + one)) for place, kind in enumerate(KINDS)
              for one in range(PEOPLE_EACH)]  # fmt: skip
    asks = people * ASKS_EACH
    Random(1).shuffle(asks)
    waiting = iter(asks)
    seen: dict[str, list[Seen]] = {kind: [] for kind in KINDS}

    async def scene(site: Site) -> None:
        async def some() -> None:
            for kind, handle in waiting:
                began = perf_counter()
                answer = await site.http.post(
                    "/concerned",
                    data={FORM_FIELD: form_token(handle)},
                    headers={"cookie": f"{site.cookie}={handle}; {site.ticket_cookie}={handle}"},
                )
                took = perf_counter() - began
                assert f'concerned {kind}"' in answer.text, (kind, answer.status_code)
                heads = tuple((name, value) for name, value in answer.headers.multi_items() if name != "date")
                seen[kind].append(Seen(took, (answer.status_code, heads, len(answer.content))))

        site.http.cookies.clear()
        await asyncio.gather(*(some() for _ in range(AT_ONCE)))

    play(room, database, scene)
    shapes = {one.shape for found in seen.values() for one in found}
    assert len(shapes) == 1, "status, headers and size"
    assert min(one.seconds for found in seen.values() for one in found) >= TURN_SECONDS
    pairs = every_pair(seen, seed=1)
    assert worst(pairs) < FAR_FROM_CHANCE, pairs
