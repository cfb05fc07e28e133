"""An authority asks that persons be told later: two people write it, one ends it, nothing reaches them meanwhile."""

import asyncio
from datetime import timedelta

import psycopg
import pytest

from tests.integration.asks import ask, sequence, write_asks
from tests.integration.conftest import Connect
from tests.integration.rooms import ARMAND, HELENE, PAUL, PAUL_HANDLE, Room, open_room
from tests.integration.sites_world import office_site
from tests.integration.test_concerned import DOCTOR, listed
from tests.integration.test_office_site import plain
from tierce.identity.lines import staff_line
from tierce.identity.model import StaffCaller
from tierce.incidents.errors import FormError
from tierce.incidents.secrecy.errors import SecrecyRefusedError
from tierce.incidents.secrecy.rules import LONGEST
from tierce.incidents.secrecy.service import Secrecies
from tierce.journal.service import Appender
from tierce.kernel.clock import PARIS, SystemClock
from tierce.kernel.ids import IncidentId
from tierce.notices.messages.store import stopped
from tierce.persons.concerned.service import Concerned
from tierce.policy.acts import Act
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.web.signin_site import FORM_FIELD

pytestmark = pytest.mark.integration

NOW = SystemClock()
WEEK = timedelta(days=7)


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    made = open_room(connect, keyring)
    write_asks(made.admin, keyring, [ask(1, professional=501)])
    sequence(made.worker, keyring)
    return made


@pytest.fixture
def secrecies(room: Room, connect: Connect) -> Secrecies:
    return Secrecies(Appender.enrol(connect("tierce_office"), "office", room.keyring.instance("office")), NOW)


def answers(room: Room) -> int:
    return len(Concerned(room.persons._appender, NOW).ask(room.persons_site, PAUL, PAUL_HANDLE))


def seen(room: Room, secrecies: Secrecies, incident: IncidentId) -> None:
    """Armand confirms what he reads."""
    asked = secrecies.standing(room.office, incident).asked
    assert asked is not None
    secrecies.confirm(room.office, ARMAND, incident, asked.at)


def test_one_writes_another_confirms_and_one_ends_it(room: Room, secrecies: Secrecies) -> None:
    incident = listed(room, DOCTOR)
    assert answers(room) == 1
    secrecies.ask(room.office, HELENE, incident, NOW.now() + WEEK, "Réquisition du 2 mars, parquet de Port-Sérac.")
    asked = secrecies.standing(room.office, incident).asked
    assert asked is not None
    assert answers(room) == 1, "nothing waits before another confirms"
    with pytest.raises(SecrecyRefusedError):
        secrecies.confirm(room.office, HELENE, incident, asked.at)
    with pytest.raises(SecrecyRefusedError):
        secrecies.confirm(room.office, ARMAND, incident, asked.at - timedelta(seconds=1))
    with pytest.raises(SecrecyRefusedError):
        secrecies.ask(room.office, ARMAND, incident, NOW.now() + WEEK, "Une autre.")
    seen(room, secrecies, incident)
    assert answers(room) == 0
    assert stopped(room.office, incident) == ("Hélène Vasseur", "Réquisition du 2 mars, parquet de Port-Sérac.")
    secrecies.end(room.office, HELENE, incident)
    assert answers(room) == 1
    assert stopped(room.office, incident) is None
    last = secrecies.standing(room.office, incident).last
    assert last is not None
    assert (last.by, last.confirmed_by, last.ended_by) == ("Hélène Vasseur", "Armand Colin", "Hélène Vasseur")
    with pytest.raises(SecrecyRefusedError):
        secrecies.end(room.office, HELENE, incident)
    lines = room.admin.execute(
        "select professional from journal.entry where kind = 5 and get_byte(body, 2) = 225 order by seq"
    ).fetchall()
    assert lines == [(HELENE.staff,), (ARMAND.staff,), (HELENE.staff,)], "what was refused left nothing"


def test_nobody_is_kept_from_being_told_without_a_line_of_whoever_writes_it_and_of_whoever_confirms(
    room: Room, secrecies: Secrecies
) -> None:
    """Whoever holds the office's password writes both names as she likes: the journal would say nothing of it."""
    incident = listed(room, DOCTOR)
    until = NOW.now() + WEEK
    ask_ = "select incident.ask_secrecy(%s, %s, 'Réquisition', %s, 'Hélène Vasseur')"
    with pytest.raises(psycopg.errors.CheckViolation, match="no line of this transaction"):
        room.office.execute(ask_, (incident, until, HELENE.staff))
    secrecies.ask(room.office, HELENE, incident, until, "Réquisition du 2 mars, parquet de Port-Sérac.")
    with pytest.raises(psycopg.errors.CheckViolation, match="no line of this transaction"):
        room.office.execute(ask_, (incident, until, HELENE.staff))
    asked = secrecies.standing(room.office, incident).asked
    assert asked is not None
    confirm = "select incident.confirm_secrecy(%s, %s, 'Armand Colin', %s)"
    with pytest.raises(psycopg.errors.CheckViolation, match="no line of this transaction"):
        room.office.execute(confirm, (incident, ARMAND.staff, asked.at))

    def beside(caller: StaffCaller, act: Act, number: int) -> None:
        with room.office.transaction():
            secrecies._appender.write(room.office, [staff_line(caller, act, NOW.now(), reference=number)])
            room.office.execute(confirm, (incident, ARMAND.staff, asked.at))

    others = (
        (HELENE, Act.STAFF_SECRECY, incident),
        (ARMAND, Act.STAFF_SCOPE, incident),
        (ARMAND, Act.STAFF_SECRECY, 7),
    )
    for other in others:
        with pytest.raises(psycopg.errors.CheckViolation, match="no line of this transaction"):
            beside(*other)
    assert answers(room) == 1
    seen(room, secrecies, incident)
    assert answers(room) == 0


def test_what_is_past_too_far_or_without_a_reason_is_refused(room: Room, secrecies: Secrecies) -> None:
    incident = listed(room, DOCTOR)
    for until, why in ((-WEEK, "Réquisition."), (LONGEST + WEEK, "Réquisition."), (WEEK, "  ")):
        with pytest.raises(FormError):
            secrecies.ask(room.office, HELENE, incident, NOW.now() + until, why)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        room.office.execute("insert into incident.secrecy values (1, now(), 'x', 'y', now())")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        room.persons_site.execute("select incident.end_secrecy(1, 'x')")


def test_the_office_s_page_says_what_it_does_before_the_click(
    room: Room, secrecies: Secrecies, database: Database
) -> None:
    incident = listed(room, DOCTOR)
    until = (NOW.now() + WEEK).astimezone(PARIS).strftime("%Y-%m-%dT%H:%M")

    async def scene() -> None:
        async with office_site(room, database, "dpo") as staff:
            path, token = f"/incidents/{incident}/secrecy", {FORM_FIELD: staff.csrf}
            assert "Aucun secret" in plain(await staff.http.get(path))
            wrong = await staff.http.post(path, data={**token, "until": until, "why": ""})
            assert wrong.status_code == 422
            await staff.http.post(path, data={**token, "until": until, "why": "Réquisition du 2 mars."})
            waiting = plain(await staff.http.get(path))
            assert "une autre personne doit le confirmer" in waiting
            assert "ne dira rien de cet incident, à personne" in waiting
            assert "Confirmer le secret" not in waiting, "her own"
            seen(room, secrecies, incident)
            assert "Les personnes ne sont pas prévenues avant le" in plain(await staff.http.get(path))
            await staff.http.post(f"{path}/end", data=token)
            assert "Terminé par Hélène Vasseur" in plain(await staff.http.get(path))
            again = await staff.http.post(f"{path}/end", data=token)
            assert again.status_code == 409

    asyncio.run(scene())
