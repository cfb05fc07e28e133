"""Who was told, over random sequences of what may happen: counts agree with what left and did not come back."""

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.asks import AT
from tests.integration.conftest import Connect
from tests.integration.messages_world import (
    MessagesRoom,
    client_contact,
    delivery_status,
    kept,
    lend,
    mail_server,
    open_world,
    references,
)
from tests.integration.rooms import CAPES, HELENE, OAK, smaller
from tierce.incidents import store as incident_rows
from tierce.incidents.clocks.store import untold
from tierce.incidents.errors import ListShrinksError
from tierce.incidents.inspection import store as inspection
from tierce.kernel.clock import micros
from tierce.notices.audience.model import Why
from tierce.notices.audience.service import newest
from tierce.notices.contacts.model import Contact
from tierce.notices.counted.service import count_large, counts_shown
from tierce.notices.counted.store import told as live_told
from tierce.notices.deliveries.bounces import letters_back, take_in
from tierce.notices.deliveries.mail import token_of
from tierce.notices.errors import NoticeError
from tierce.notices.mandates.model import Mandate
from tierce.notices.mandates.service import write_mandate
from tierce.policy.reached import TOLD, UNFINISHED, State
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration

PAIRS = ((1, 1), (2, 1), (1, 2), (3, 1), (4, 2), (5, 2))
HOMES = ((), ("1 rue des Genêts", "99120 Saint-Ourle"), ("2 rue du Port", "99120 Saint-Ourle"))
STEPS = 28
Pair = tuple[int, int]
Placed = tuple[int, int]
"""An audience and an item of it."""


@dataclass
class World:
    """The real chain, and what an onlooker saw of it: messages in mailboxes, letters posted, what came back."""

    room: MessagesRoom
    chance: random.Random
    folder: Path
    port: int
    tmp: Path
    arrived: set[Placed] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    returned: set[Path] = field(default_factory=set)
    published: datetime | None = None
    announced: dict[Pair, int] | None = None

    def rows(self, query: str, *values: object) -> list[tuple[int, ...]]:
        found = self.room.room.admin.execute(query, values).fetchall()
        self.room.room.admin.rollback()
        return found

    def listed(self, revision: int) -> dict[Pair, int]:
        """What one list has: each pair, and professionals under insurer 0, with the data read."""
        said = "select person, insurer::int, categories from incident.exposed where incident = %s and revision = %s"
        own = said.replace("exposed", "exposed_professional").replace("person, insurer::int", "professional, 0")
        values = (self.room.incident, revision)
        return {(a, b): c for a, b, c in self.rows(f"{said} union all {own}", *values, *values)}

    def pairs_of(self, placed: Placed) -> set[Pair]:
        where = "select person, insurer from notice.item_pair where audience = %s and item = %s"
        return {(a, b) for a, b in self.rows(where, *placed)}

    def told(self, now: dict[Pair, int]) -> set[Pair]:
        """Pairs of a list that something tells which arrived, of the data that this list has."""
        found = set()
        for audience, item in self.arrived:
            ((revision,),) = self.rows("select revision from notice.audience where id = %s", audience)
            then = self.listed(revision)
            found |= {one for one in self.pairs_of((audience, item)) if one in now and then[one] == now[one]}
        return found

    # What may happen.

    def lend(self) -> None:
        person, insurer = self.chance.choice(PAIRS)
        number = self.chance.randrange(1_000)
        email = self.chance.choice((None, f"p{number}@foyer.example", f"550-5.1.1-p{number}@foyer.example"))
        home = self.chance.choice(HOMES)
        mother = self.chance.choice((None, None, "Rose Aubry"))
        contact = Contact(f"Personne {person}", email, home, representative=mother)
        lend(self.room, OAK if insurer == 1 else CAPES, {person: contact})

    def mandate(self) -> None:
        room = self.room
        kind = self.chance.choice((Mandate.OPERATOR_SENDS, Mandate.OPERATOR_SENDS, Mandate.INSURER_SENDS))
        write_mandate(
            room.notices, room.appender, room.room.clock, insurer=self.chance.choice((OAK, CAPES)), mandate=kind,
            document="Avenant 4", from_day=AT.date(),
        )  # fmt: skip

    def freeze(self) -> None:
        before = self.told(self.listed(self.newest_list()))
        self.room.approve(self.room.freeze(print_again=True), self.room.write().digest)
        (items,) = (self.rows("select person, insurer from notice.item_pair where audience = %s and item is not null",
                              newest(self.room.notices, self.room.incident).id),)  # fmt: skip
        assert not before & {(a, b) for a, b in items}, "nobody is told the same twice"

    def send(self) -> None:
        self.room.outbox.send(self.room.notices, self.room.incident, mail_server(self.tmp, self.port))
        for path in kept(self.folder):
            if path.name not in self.seen:
                self.seen.add(path.name)
                self.arrived.add(self.of(path))

    def of(self, message: Path) -> Placed:
        """Of which item a message in a mailbox is, by its return path."""
        line = next(one for one in message.read_bytes().split(b"\r\n") if one.startswith(b"Return-Path: "))
        token = token_of(line.decode().removeprefix("Return-Path: ").strip("<>"))
        ((audience, item),) = self.rows("select audience, number from notice.item where token = %s", token)
        return audience, item

    def post(self) -> None:
        room = self.room
        for one in room.outbox.print_letters(room.notices, room.incident, self.tmp / "letters", processes=1):
            audience = room.audience().id
            self.arrived |= {
                (audience, item) for (item,) in self.rows(
                    "select number from notice.item where audience = %s and batch = %s", audience, one.number
                )
            }  # fmt: skip
            room.messages.posted(room.room.office, HELENE, room.incident, one.number)

    def bounce(self) -> None:
        there = [one for one in kept(self.folder) if one not in self.returned]
        if not there:
            return
        message = self.chance.choice(there)
        self.returned.add(message)
        back = self.tmp / f"back-{len(self.returned)}"
        back.mkdir()
        (back / "1").write_bytes(delivery_status(message.read_bytes()))
        take_in(self.room.notices, self.room.appender, self.room.room.clock, self.room.incident, back)
        self.arrived.discard(self.of(message))

    def letter_back(self) -> None:
        there = references(self.tmp / "letters") if (self.tmp / "letters").is_dir() else []
        if not there:
            return
        posted = "select audience, number from notice.item where state = %s"
        before = set(self.rows(posted, State.POSTED))
        room = self.room
        letters_back(room.notices, room.appender, room.room.clock, room.incident, {self.chance.choice(there)})
        gone = before - set(self.rows(posted, State.POSTED))
        assert len(gone) <= 1
        self.arrived -= gone

    def list(self) -> None:
        room, since = self.room.room, AT + timedelta(seconds=self.chance.choice((0, 0, 2, 3)))
        criteria = room.incidents.scope(room.office, self.room.incident).criteria
        wanted = replace(criteria, from_us=micros(since))
        try:
            room.incidents.compute_scope(room.office, HELENE, self.room.incident, wanted)
        except ListShrinksError:
            smaller(room.incidents, room.office, self.room.incident, wanted)

    def publish(self) -> None:
        """A public notice comes out; it is of those whom the newest audience's list has."""
        self.published = self.room.room.clock.now()
        self.announced = self.listed(self.room.audience().revision)

    # What must hold.

    def newest_list(self) -> int:
        ((number,),) = self.rows("select max(revision) from incident.scope where incident = %s", self.room.incident)
        return number

    def check(self) -> int:
        """Compare every count with what an onlooker saw; gives how many pairs are told."""
        room, now = self.room, self.listed(self.newest_list())
        told = self.told(now)
        audience, counts = room.audience(), room.counts()
        incident = incident_rows.incident(room.room.office, room.incident)
        assert incident is not None
        since = incident.aware_at or incident.signal_at
        shares = live_told(room.room.office, room.incident, since)
        assert sum(one[3] for one in shares) == len(told), "the share told is of those whom something reached"
        count_large(room.notices, more=0, rest=0)
        kept, as_of = inspection.told(room.room.office, room.incident, since)
        assert as_of is not None
        assert sorted((one.insurer, one.cohort, one.minute, one.pairs) for one in kept) == sorted(shares)
        assert counts_shown(room.room.office, audience, more=0) == (counts, as_of), "what is kept is what is so"
        assert counts.unexplained == 0
        assert counts.exposed == len(self.listed(audience.revision))
        left = {(a, b): why for a, b, why in self.rows(
            "select person, insurer, why from notice.item_pair where audience = %s and item is null", audience.id
        )}  # fmt: skip
        said_of = self.rows("select number, state from notice.item where audience = %s", audience.id)
        states = {item: State(state) for item, state in said_of}
        assert {state: list(states.values()).count(state) for state in set(states.values())} == counts.states
        assert {item for item, state in states.items() if state in TOLD} == {
            item for one, item in self.arrived if one == audience.id
        }
        said = untold(room.room.office, room.incident, self.published)
        assert said.unfinished == sum(state in UNFINISHED for state in states.values())
        assert said.newer_list is (self.newest_list() > audience.revision)
        if said.newer_list:
            assert not said.nobody
            return len(told)
        already = {one for one, why in left.items() if why == Why.ALREADY_TOLD}
        assert said.come_back == len(already - told)
        waiting = {item for item, state in states.items() if state == State.PUBLIC}
        uncovered = {item for item in waiting if not self.covered(self.pairs_of((audience.id, item)), now)}
        assert said.waiting == len(uncovered)
        theirs = {one for one, why in left.items() if why in {Why.INSURER_SENDS, Why.NO_MANDATE}}
        announced = {one for item in waiting - uncovered for one in self.pairs_of((audience.id, item))}
        assert said.nobody is (set(now) == told | theirs | announced), "nothing is closed while somebody is not told"
        return len(told)

    def covered(self, pairs: set[Pair], now: dict[Pair, int]) -> bool:
        return self.announced is not None and all(self.announced.get(one) == now[one] for one in pairs)


@pytest.mark.parametrize("seed", range(2))
def test_i2_counts_of_those_told_agree_with_what_reached_them_whatever_happened(
    seed: int, database: Database, connect: Connect, keyring: Keyring, inbox: tuple[Path, int], tmp_path: Path
) -> None:
    room = open_world(database, connect, keyring, PAIRS)
    client_contact(connect, 501, "claire.morvan@cabinet.example")
    world = World(room, random.Random(seed), *inbox, tmp_path)
    often: list[Callable[[], None]] = [world.lend] * 4 + [world.freeze] * 4 + [world.send] * 3 + [world.post] * 2
    happens = [*often, world.bounce, world.bounce, world.letter_back, world.list, world.mandate, world.publish]
    for _ in range(4):
        world.lend()
    world.freeze()
    reached = 0
    for _ in range(STEPS):
        room.room.clock.advance(timedelta(minutes=1))
        with suppress(NoticeError):  # refused, as while a list has no audience yet: nothing has changed
            world.chance.choice(happens)()
        reached += world.check()
    assert reached, "nobody was ever told"
