"""An audience is planned in chunks, through the database: as it would be whole, in memory, item by item."""

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.audience_plan import digest_of, plan
from tests.integration.asks import AT
from tests.integration.conftest import Connect
from tests.integration.messages_world import MessagesRoom, lend, open_world
from tests.integration.rooms import CAPES, OAK
from tierce.kernel.clock import PARIS
from tierce.kernel.ids import InsurerId
from tierce.notices.audience import store
from tierce.notices.audience.model import Why
from tierce.notices.audience.service import freeze
from tierce.notices.contacts.model import Contact
from tierce.notices.mandates.model import Mandate
from tierce.policy.reached import State
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration
PEOPLE = 240
HOMES = (("1 rue A", "99000 X"), ("2 rue B", "99000 X"), ())
MAILBOXES = (None, "a@foyer.example", "A@foyer.example", "b@foyer.example", "c@foyer.example", "pas une adresse")


def drawn(rng: random.Random, person: int, today: date) -> Contact:
    child = rng.random() < 0.3
    return Contact(
        f"Personne {person % 50}",
        rng.choice((*MAILBOXES, f"p{person}@foyer.example")),
        rng.choice(HOMES),
        language=rng.choice(("fr", "en")),
        representative=rng.choice(("Anne Aubry", "Éloi Aubry", f"Personne {person % 50}", None)) if child else None,
        former=rng.random() < 0.2,
        adult_from=today + timedelta(days=rng.choice((0, 1, 900))) if child else None,
    )


def inserted(world: MessagesRoom, connect: Connect, revision: int) -> None:
    """Put many people on one revision of the list, of one insurer or of two."""
    rng = random.Random(revision)
    rows = [(one, insurer, rng.choice((8, 24, 152))) for one in range(1_000, 1_000 + PEOPLE) for insurer in (1, 2)]
    connect(SUPERUSER, autocommit=True).cursor().executemany(
        "insert into incident.exposed (incident, revision, person, insurer, categories, first_at, last_at, entries,"
        " status, rule) values (%s, %s, %s, %s, %s, %s, %s, 1, 1, 'test')",
        [(world.incident, revision, *row, AT, AT) for row in rows if rng.random() < 0.7],
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_i2_an_audience_planned_in_chunks_is_the_one_planned_whole(
    seed: int, database: Database, connect: Connect, keyring: Keyring
) -> None:
    world = open_world(database, connect, keyring, ((1, 1), (2, 1), (1, 2)))
    rng, today = random.Random(seed), world.room.clock.now().astimezone(PARIS).date()
    inserted(world, connect, 1)
    for insurer in (OAK, CAPES):
        people = [1, 2, *range(1_000, 1_000 + PEOPLE)]
        lend(world, insurer, {one: drawn(rng, one, today) for one in people if rng.random() < 0.85})
    digest = freeze(world.notices, world.contacts, world.appender, world.room.clock, world.incident, chunk=7).digest
    audience = world.audience()
    with world.notices.transaction():
        pairs = [pair for chunk in store.exposed_pairs(world.notices, world.incident, 1) for pair in chunk]
    people = [(one.person, one.insurer) for one in pairs if one.insurer]
    contacts = {one: lent.on(today) for one, lent in world.contacts.of(world.notices, world.incident, people).items()}
    contacts |= store.client_contacts(world.notices, [one.person for one in pairs if not one.insurer])
    mandates: dict[InsurerId, Mandate | None] = dict.fromkeys((OAK, CAPES), Mandate.OPERATOR_SENDS)
    made = plan(pairs, mandates, contacts, on=today, salt=audience.salt)
    listed = store.list_digest(world.notices, world.incident, 1)
    assert len(pairs) > PEOPLE
    assert digest == digest_of(world.incident, 1, listed, audience.salt, made)
    kept = world.notices.execute(
        "select person, insurer, item from notice.item_pair where audience = %s", (audience.id,)
    ).fetchall()
    expected = {(pair.person, pair.insurer): one.number for one in made.items for pair in one.pairs}
    assert {(row[0], row[1]): row[2] for row in kept} == expected
    counts = world.counts()
    assert (counts.adults, counts.exposed, counts.unexplained) == (len(made.items), len(pairs), 0)
    assert len({one.channel for one in made.items}) == 3


def test_i5_a_minor_lent_without_a_representative_waits_until_her_insurer_names_one(
    database: Database, connect: Connect, keyring: Keyring
) -> None:
    world = open_world(database, connect, keyring, ((1, 1), (2, 1)))
    later = world.room.clock.now().astimezone(PARIS).date() + timedelta(days=900)
    alone = Contact("Léa Aubry", "lea@foyer.example", ("1 rue A",), adult_from=later)
    lend(world, OAK, {1: alone, 2: Contact("Paul Lenoir", "p@foyer.example")})
    world.freeze()
    counts = world.counts()
    assert (counts.public, counts.states[State.TO_SEND]) == ({Why.MINOR_ALONE: 1, Why.NO_CONTACT: 1}, 1)
    lend(world, OAK, {1: replace(alone, representative="Rose Aubry")})
    world.freeze()
    counts = world.counts()
    assert (counts.already_told, counts.states[State.TO_SEND], counts.unexplained) == (0, 2, 0)
    assert counts.public == {Why.NO_CONTACT: 1}, "the professional: a public notice told her nothing yet"
    row = world.notices.execute(
        "select represented from notice.item where audience = %s and person = 1", (world.audience().id,)
    ).fetchone()
    assert row == (True,)
