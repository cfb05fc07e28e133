"""I3: contact data lent for an incident: only of people on its own list, sealed, and nothing left after."""

import subprocess
from datetime import timedelta
from pathlib import Path

import msgspec
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.integration.conftest import Connect
from tests.integration.rooms import CAPES, HELENE, OAK
from tests.integration.telling_world import AMC, World, open_world, opened_incident
from tierce.incidents.store import last_scope
from tierce.kernel.clock import PARIS
from tierce.kernel.errors import FieldError
from tierce.kernel.feed import Rejection
from tierce.kernel.ids import IncidentId, InsurerId, PersonId
from tierce.notices.contacts.columns import HEADER
from tierce.notices.contacts.service import Lent
from tierce.notices.errors import FileRefusedError, LoanEndedError
from tierce.notices.mandates.model import Mandate
from tierce.notices.mandates.service import write_mandate
from tierce.notices.mandates.store import mandate_of
from tierce.notices.rules import letter_reference
from tierce.storage.cluster import find_binaries
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration

PAUL_EMAIL, STREET = "paul.lenoir@exemple.invalid", "12 rue des Tilleuls"


@pytest.fixture
def world(connect: Connect, keyring: Keyring, tmp_path: Path) -> World:
    return open_world(connect, keyring, tmp_path)


def mandated(world: World, mandate: Mandate = Mandate.OPERATOR_SENDS, insurer: InsurerId = OAK) -> None:
    day = world.room.clock.now().astimezone(PARIS).date()
    write_mandate(
        world.notices,
        world.lending.appender,
        world.room.clock,
        insurer=insurer,
        mandate=mandate,
        document="Avenant 3, article 7",
        from_day=day,
    )
    assert mandate_of(world.notices, insurer, day) is mandate


BORN = "19840512"


def text_of(*rows: dict[str, str]) -> str:
    lines = [
        ",".join(HEADER),
        *(",".join(({"birth_date": BORN} | row).get(name, "") for name in HEADER) for row in rows),
    ]
    return "\n".join(lines) + "\n"


def lend(world: World, number: IncidentId, path: Path, refused: list[Rejection] | None = None) -> Lent:
    took = refused.append if refused is not None else lambda rejection: None
    return world.lending.lend(world.notices, number, OAK, path, identity=str(world.identity), refuse=took)


def rows_of(world: World) -> list[tuple[object, ...]]:
    world.notices.execute("select 1")
    found = world.room.admin.execute("select person, insurer, sealed from contact.contact order by person").fetchall()
    world.room.admin.rollback()
    return found


def test_i3_only_people_on_the_insurers_list_are_kept_sealed_and_read_by_one_role(world: World) -> None:
    incident = opened_incident(world)
    mandated(world)
    scope = last_scope(world.room.office, incident.id)
    assert scope is not None
    reference = letter_reference(scope.digest, PersonId(2), OAK)
    path = world.lent(
        text_of(
            {
                "member_number": "A-0000417",
                "rank": "1",
                "name": "Paul Lenoir",
                "email": PAUL_EMAIL,
                "address_1": STREET,
            },
            {
                "reference": reference,
                "name": "Lise Aubry",
                "representative": "Rose Aubry",
                "address_1": "8 quai Gris",
            },
            {"member_number": "A-0009999", "name": "Une Autre", "email": "autre@exemple.invalid"},
            {"member_number": "Z-9", "name": "Paul Lenoir", "email": PAUL_EMAIL},
            {"member_number": "A-0000418", "rank": "2", "name": "Lise Aubry", "email": "lise@exemple.invalid"},
            {"member_number": "A-0000418", "name": "Lise Aubry", "email": "pas une adresse"},
            {"member_number": "A-0000418", "name": "1 80 05 14 999 001 23", "email": PAUL_EMAIL},
        )
    )
    refused: list[Rejection] = []
    done = lend(world, incident.id, path, refused)
    assert (done.read, done.taken, done.outside, done.refused) == (7, 2, 3, 2)
    assert [(one.line, one.field) for one in refused] == [(7, "email"), (8, "name")]
    assert not any("adresse@" in str(one) or "001 23" in str(one) for one in refused)
    assert [row[:2] for row in rows_of(world)] == [(1, OAK), (2, OAK)]
    found = world.contacts.of(
        world.notices, incident.id, [(PersonId(1), OAK), (PersonId(2), OAK), (PersonId(1), CAPES)]
    )
    assert set(found) == {(PersonId(1), OAK), (PersonId(2), OAK)}
    assert (found[PersonId(1), OAK].email, found[PersonId(1), OAK].postal) == (PAUL_EMAIL, (STREET,))
    assert found[PersonId(2), OAK].representative == "Rose Aubry"
    assert lend(world, incident.id, path).again
    more = text_of({"member_number": "A-0000417", "name": "Paul Lenoir", "email": PAUL_EMAIL, "address_1": STREET})
    again = lend(world, incident.id, world.lent(more))
    assert (again.taken, again.unchanged) == (0, 1)
    world.room.clock.advance(timedelta(minutes=1))
    second = world.lent(more.replace("Paul", "Pauline"))
    other = lend(world, incident.id, second)
    assert (other.taken, other.unchanged) == (1, 0)
    world.room.clock.advance(timedelta(minutes=1))
    back = lend(world, incident.id, path)
    assert (back.again, back.taken) == (False, 1), "the first file again takes the second one's data away"
    world.room.clock.advance(timedelta(minutes=1))
    assert lend(world, incident.id, second).taken == 1, "and so does the second one after it"
    assert lend(world, incident.id, second).again
    world.room.clock.advance(timedelta(minutes=1))
    world.room.incidents.compute_scope(world.room.office, HELENE, incident.id, scope.criteria)
    assert not lend(world, incident.id, second).again, "whoever a new list adds was outside the same file before"


def test_i3_nothing_is_kept_without_a_mandate_nor_of_a_file_that_was_cut(world: World) -> None:
    incident = opened_incident(world)
    text = text_of({"member_number": "A-0000417", "name": "Paul Lenoir", "email": PAUL_EMAIL})
    path = world.lent(text)
    with pytest.raises(FieldError, match="gave no mandate"):
        lend(world, incident.id, path)
    mandated(world, Mandate.INSURER_SENDS)
    with pytest.raises(FieldError, match="gave no mandate"):
        lend(world, incident.id, path)
    mandated(world)
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    with pytest.raises(FileRefusedError, match="cut short"):
        lend(world, incident.id, path)
    assert rows_of(world) == []
    assert world.room.admin.execute("select count(*) from contact.loan").fetchone() == (0,)
    world.room.admin.rollback()
    with pytest.raises(FileRefusedError, match="columns"):
        lend(world, incident.id, world.lent("nom,prenom\na,b\n"))


def test_an_address_cut_at_its_comma_gives_no_column_the_next_one_s_text(world: World) -> None:
    """Taken as it stands, what she reads would be her representative's name and her street be two lines."""
    incident = opened_incident(world)
    mandated(world)
    whole = {
        "member_number": "A-0000417",
        "name": "Paul Lenoir",
        "address_1": "12, rue des Tilleuls",
        "language": "fr",
    }
    refused: list[Rejection] = []
    done = lend(world, incident.id, world.lent(text_of(whole)), refused)
    assert (done.read, done.taken, done.refused) == (1, 0, 1)
    assert [(one.line, one.field) for one in refused] == [(2, "(line)")]
    assert "in quotes" in refused[0].remedy.en
    short = text_of(whole | {"address_1": STREET}).rsplit(",", 2)[0] + "\n"
    assert lend(world, incident.id, world.lent(short)).refused == 1
    assert rows_of(world) == []


def test_a_french_spreadsheet_s_file_is_taken_and_a_column_given_twice_is_not(world: World) -> None:
    incident = opened_incident(world)
    mandated(world)
    text = text_of({"member_number": "A-0000417", "name": "Paul Lenoir", "address_1": STREET})
    blank = "," * (len(HEADER) - 1) + "\n\n"
    done = lend(world, incident.id, world.lent("\ufeff" + (text + blank).replace(",", ";").replace("\n", "\r\n")))
    assert (done.read, done.taken, done.refused, done.outside) == (1, 1, 0, 0)
    with pytest.raises(FileRefusedError, match="each of them once"):
        lend(world, incident.id, world.lent(text.replace(",former", ",name")))


def dump(database: Database, folder: Path) -> bytes:
    made = folder / "whole.sql"
    program = find_binaries() / "pg_dump"
    subprocess.run([program, "--file", made, database.dsn("postgres")], check=True)
    return made.read_bytes()


def test_i3_after_the_incident_nothing_is_left_and_a_certificate_says_so(
    world: World, connect: Connect, database: Database, keyring: Keyring
) -> None:
    incident = opened_incident(world)
    mandated(world)
    row = {"member_number": "A-0000417", "name": "Paul Lenoir", "email": PAUL_EMAIL, "address_1": STREET}
    lend(world, incident.id, world.lent(text_of(row)))
    ((_, _, sealed),) = rows_of(world)
    before = dump(database, world.folder)
    assert isinstance(sealed, bytes)
    assert sealed.hex().encode() in before
    assert PAUL_EMAIL.encode() not in before
    assert STREET.encode() not in before
    key = keyring.instance("notices")
    text = world.lending.forget(world.notices, incident.id, OAK, AMC[OAK], key)
    assert text is not None
    said = msgspec.json.decode(text)
    signature = bytes.fromhex(said.pop("signature"))
    Ed25519PublicKey.from_public_bytes(key.public_key().public_bytes_raw()).verify(
        signature, msgspec.json.encode(said)
    )
    assert (said["records_deleted"], said["records_left"], said["insurer"]) == (1, 0, AMC[OAK])
    assert world.lending.forget(world.notices, incident.id, OAK, AMC[OAK], key) == text
    assert rows_of(world) == []
    assert world.contacts.of(world.notices, incident.id, [(PersonId(1), OAK)]) == {}
    keys = world.room.admin.execute("select count(*) from registry.insurer_key where compartment = 3").fetchone()
    world.room.admin.rollback()
    assert keys == (0,)
    assert sealed.hex().encode() not in dump(database, world.folder)
    with pytest.raises(LoanEndedError):
        lend(world, incident.id, world.lent(text_of(row, row)))
    for role in ("tierce_office", "tierce_persons", "tierce_api", "tierce_worker", "tierce_feed"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connect(role).execute("select * from contact.loan")
