"""What staff see of the journal: everything but the person."""

from dataclasses import fields
from datetime import timedelta

import pytest

from tests.integration.asks import AT, ask, sequence, write_asks
from tests.integration.conftest import Connect
from tests.integration.rooms import HELENE, PAUL, PAUL_HANDLE, Room, open_room
from tierce.incidents.lines import store
from tierce.incidents.lines.model import Line
from tierce.journal.model import EntryKind
from tierce.kernel.care import Profession
from tierce.kernel.ids import EntrySeq, ProfessionalId
from tierce.policy.acts import Act, Outcome
from tierce.policy.ladder import Level, Rung
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration

DOCTOR = ProfessionalId(501)


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    return open_room(connect, keyring)


def test_a_line_says_who_and_where_and_never_about_whom(room: Room) -> None:
    assert not {"person", "insurer", "categories", "body"} & {field.name for field in fields(Line)}
    (seq,) = write_asks(room.admin, room.keyring, [ask(1, professional=502, establishment=602)])
    line = store.line(room.office, seq)
    assert line is not None
    assert line.actor is not None
    assert (line.actor.name, line.actor.profession) == ("Nadia Ferrand", Profession.OPTICIAN)
    assert (line.actor.establishment, line.actor.town, line.seats_after) == ("Optique des Remparts", "Port-Sérac", 3)
    assert not line.sealed
    sequence(room.worker, room.keyring)
    (again,) = store.latest(room.office, 10)
    assert again.sealed
    assert store.counts(room.office).sealed == store.counts(room.office).written == 2


def test_what_persons_do_in_their_space_is_not_for_staff(room: Room) -> None:
    room.persons.history(room.persons_site, PAUL, PAUL_HANDLE)
    assert store.latest(room.office, 10) == []
    rows = room.admin.execute("select seq from journal.entry").fetchall()
    assert [store.line(room.office, EntrySeq(seq)) for (seq,) in rows] == [None, None]


def test_staff_acts_say_which_colleague(room: Room) -> None:
    room.admin.execute(
        "insert into access.staff_session (id, bound, handle, staff, subject, name, roles, created, expires)"
        " values (901, sha256('key'), 'h', 900, 'helene', 'Hélène Vasseur', '{rssi}', now(),"
        " now() + interval '1 hour')"
    )
    room.admin.commit()
    room.incidents.open(room.office, HELENE, title="Accès volé", signal_at=AT)
    (line,) = store.latest(room.office, 10)
    assert line.actor is not None
    assert (line.kind, line.act, line.actor.name) == (EntryKind.STAFF_ACT, Act.STAFF_INCIDENT_OPEN, "Hélène Vasseur")


def test_a_story_folds_what_was_refused_and_never_what_was_shown(room: Room) -> None:
    refused = [ask(p, at=AT + timedelta(seconds=p), outcome=Outcome.HELD) for p in range(3, 40)]
    write_asks(room.admin, room.keyring, [ask(1), ask(2), *refused])
    write_asks(room.admin, room.keyring, [ask(1, at=AT + timedelta(minutes=5), device=11)])
    story = store.stretches(room.office, DOCTOR, 50)
    assert [(one.outcome, one.lines, one.device) for one in story] == [
        (Outcome.RELEASED, 1, 66),
        (Outcome.RELEASED, 1, 66),
        (Outcome.HELD, 37, 66),
        (Outcome.RELEASED, 1, 11),
    ]
    assert story[2].last_at - story[2].first_at == timedelta(seconds=36)
    assert store.stretches(room.office, DOCTOR, 1) == story[-1:]
    account = store.account(room.office, DOCTOR)
    assert account is not None
    assert account.name == "Claire Morvan"


def test_holds_name_the_account_behind_the_device(room: Room) -> None:
    room.admin.execute(
        "insert into access.device (id, thumbprint, created) values (66, 't', now());"
        "insert into access.line (id, login, device, professional, profession, created_day, state)"
        " values (1, 701, 66, 501, 1, 0, '')"
    )
    for number, level, subject, rung, until in ((1, 2, 66, 3, 24), (2, 1, 701, 4, 1), (3, 3, 601, 2, 24)):
        room.admin.execute(
            'insert into access.ladder (id, level, subject, rung, since, until, "by", reason)'
            " values (%s, %s, %s, %s, %s, %s, 'watch', 'seats')",
            (number, level, subject, rung, AT, AT + timedelta(hours=until)),
        )
    room.admin.commit()
    live = store.live_holds(room.office, AT + timedelta(hours=2))
    assert [(hold.level, hold.rung, hold.name) for hold in live] == [
        (Level.DEVICE, Rung.PRESENCE_ONLY, "Claire Morvan"),
        (Level.ESTABLISHMENT, Rung.STEP_UP, "Cabinet médical des Tilleuls"),
    ]
    assert {hold.level for hold in store.holds_of(room.office, DOCTOR)} == {Level.DEVICE, Level.LOGIN}
