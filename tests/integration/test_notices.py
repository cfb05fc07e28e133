"""Notices and letters from a real list, and what each leaves in the journal."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.integration.asks import AT, ask, sequence, write_asks
from tests.integration.conftest import Connect
from tests.integration.rooms import CAPES, HELENE, OAK, Room, open_room
from tierce.incidents.model import Incident
from tierce.incidents.rules import account_criteria
from tierce.incidents.store import insurer_counts
from tierce.journal.encoding import decode
from tierce.kernel.clock import micros
from tierce.kernel.ids import DeviceId, EstablishmentId, PersonId, ProfessionalId, SessionId
from tierce.kernel.language import Language
from tierce.notices.errors import IncidentNotAwareError, SliceMissingError
from tierce.notices.model import BlockKind, Document
from tierce.notices.store import hold_of, notices_made
from tierce.policy.acts import Act
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration

THIEF = DeviceId(66)


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    return open_room(connect, keyring)


def attacked(room: Room, *, aware: bool = True) -> Incident:
    """Two people of one insurer, one also of the other, read by the thief; the account held a minute later."""
    write_asks(room.admin, room.keyring, [ask(1), ask(2, at=AT + timedelta(seconds=9)), ask(1, 2)])
    sequence(room.worker, room.keyring)
    hold = (AT + timedelta(minutes=1), AT + timedelta(days=1))
    room.admin.execute(
        'insert into access.ladder (id, level, subject, rung, since, until, "by", reason)'
        " values (1, 2, 66, 3, %s, %s, 'watch', 'seats')",
        hold,
    )
    room.admin.commit()
    why = "Vingt mille demandes en une minute." if aware else None
    incident = room.incidents.open(room.office, HELENE, title="Accès volé", signal_at=AT, aware_why=why)
    window = (micros(AT - timedelta(hours=1)), micros(AT + timedelta(hours=1)))
    criteria = account_criteria(ProfessionalId(501), frozenset({THIEF}), *window)
    room.incidents.compute_scope(room.office, HELENE, incident.id, criteria)
    return incident


def words(document: Document, kind: BlockKind) -> str:
    (block,) = (block for block in document.blocks if block.kind is kind)
    return "\n".join(text[Language.FR] for text in block.texts()).replace("\u00a0", " ").replace("’", "'")


def test_each_insurer_is_told_of_its_own_people(room: Room) -> None:
    incident = attacked(room)
    oak = room.notices.insurer_notice(room.office, HELENE, incident.id, OAK)
    capes = room.notices.insurer_notice(room.office, HELENE, incident.id, CAPES)
    assert "Vos assurés concernés : 2 personnes." in words(oak, BlockKind.SCOPE)
    assert "Vos assurés concernés : 1 personne." in words(capes, BlockKind.SCOPE)
    assert "Deux Caps" not in str(oak)
    assert "Le 3 mars 2026 à 10 h 13, nous avons bridé l'accès volé. Depuis" in words(oak, BlockKind.MEASURES)
    scope = room.incidents.scope(room.office, incident.id)
    counts = insurer_counts(room.office, scope)
    assert sum(one.persons for one in counts) == 3
    assert set(notices_made(room.office, scope)) == {OAK, CAPES}


def test_a_hold_that_was_let_go_of_is_not_said_to_last(room: Room) -> None:
    incident = attacked(room)
    room.admin.execute(
        'insert into access.ladder (id, level, subject, rung, since, until, "by", reason, lifted)'
        " select n, 2, 66, 3, %(at)s - n * interval '25 days', %(at)s - n * interval '24 days', 'watch', 'seats',"
        " %(at)s - n * interval '25 days' + interval '1 hour' from generate_series(2, 3) n",
        {"at": AT},
    )
    room.admin.commit()
    letter = room.notices.letter(room.office, HELENE, incident.id, PersonId(1), OAK)
    assert "Le 3 mars 2026 à 10 h 13, nous avons bridé l'accès volé. Depuis" in words(letter, BlockKind.MEASURES)
    room.admin.execute("update access.ladder set lifted = since + interval '5 minutes' where id = 1")
    room.admin.commit()
    room.clock.advance(timedelta(hours=1))
    letter = room.notices.letter(room.office, HELENE, incident.id, PersonId(1), OAK)
    assert "Jusqu'au 3 mars 2026 à 10 h 18, il n'a plus rien pu lire" in words(letter, BlockKind.MEASURES)


def test_what_is_not_held_is_not_said_to_be(room: Room) -> None:
    attacked(room)
    held = account_criteria(ProfessionalId(501), frozenset({THIEF}), micros(AT), micros(AT + timedelta(hours=1)))
    assert hold_of(room.admin, held) is not None
    for more in (
        {"establishments": frozenset({EstablishmentId(601)})},
        {"sessions": frozenset({SessionId(7)})},
        {"networks": frozenset({bytes(16)})},
        {"professionals": frozenset({ProfessionalId(1 << 40)})},
    ):
        assert hold_of(room.admin, replace(held, **more)) is None


def test_a_notice_keeps_its_first_date(room: Room) -> None:
    incident = attacked(room)
    first = room.notices.insurer_notice(room.office, HELENE, incident.id, OAK)
    room.clock.advance(timedelta(days=2))
    again = room.notices.insurer_notice(room.office, HELENE, incident.id, OAK)
    assert again.dated == first.dated
    assert "Jusqu'au 4 mars 2026 à 10 h 12, il n'a plus rien pu lire" in words(again, BlockKind.MEASURES)


def test_a_letter_names_the_person_and_never_the_professional(room: Room) -> None:
    incident = attacked(room)
    letter = room.notices.letter(room.office, HELENE, incident.id, PersonId(1), OAK)
    assert letter.recipient[0].fr == "Paul Lenoir"
    assert "le nom de votre complémentaire santé : Mutuelle du Grand Chêne" in words(letter, BlockKind.NATURE)
    for word in ("Morvan", "Tilleuls", "Valbrume", "Deux Caps"):
        assert word not in str(letter)
    child = room.notices.letter(room.office, HELENE, incident.id, PersonId(2), OAK)
    assert child.recipient[0].fr == "Au représentant légal de Lise Aubry"
    assert room.notices.knows_reference(room.office, incident.id, f" {letter.reference.lower()} ")
    assert not room.notices.knows_reference(room.office, incident.id, "0000-0000-0000")
    write_asks(room.admin, room.keyring, [ask(3, at=AT + timedelta(seconds=20))])
    sequence(room.worker, room.keyring)
    criteria = room.incidents.scope(room.office, incident.id).criteria
    room.incidents.compute_scope(room.office, HELENE, incident.id, criteria)
    later = room.notices.letter(room.office, HELENE, incident.id, PersonId(1), OAK)
    assert later.reference != letter.reference
    assert room.notices.knows_reference(room.office, incident.id, letter.reference), "she holds the letter of then"
    assert room.notices.knows_reference(room.office, incident.id, later.reference)


def test_letters_and_notices_are_in_the_journal(room: Room) -> None:
    incident = attacked(room)
    room.notices.insurer_notice(room.office, HELENE, incident.id, CAPES)
    room.notices.letter(room.office, HELENE, incident.id, PersonId(2), OAK)
    rows = room.admin.execute("select body from journal.entry where kind = 5 order by seq desc limit 2").fetchall()
    letter, notice = (decode(body) for (body,) in rows)
    assert (notice.act, notice.insurer, notice.person) == (Act.STAFF_NOTICE_SHOW, CAPES, 0)
    assert (letter.act, letter.insurer, letter.person) == (Act.STAFF_LETTER_SHOW, OAK, 2)


def test_nothing_is_written_to_anybody_before_the_breach_is_established(room: Room) -> None:
    incident = attacked(room, aware=False)
    with pytest.raises(IncidentNotAwareError):
        room.notices.insurer_notice(room.office, HELENE, incident.id, OAK)
    with pytest.raises(IncidentNotAwareError):
        room.notices.letter(room.office, HELENE, incident.id, PersonId(1), OAK)


def test_an_insurer_with_nobody_on_the_list_is_not_notified(room: Room) -> None:
    incident = attacked(room)
    room.admin.execute("insert into registry.insurer (id, amc, name) values (3, '99100003', 'Mutuelle des Genêts')")
    room.admin.commit()
    with pytest.raises(SliceMissingError):
        room.notices.insurer_notice(room.office, HELENE, incident.id, type(OAK)(3))
