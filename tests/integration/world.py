"""A very small register for tests of the gate: one insurer, some covered people, some professionals' lines."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.integration.fresh import as_superuser
from tierce.gate.lane import Step, no_step
from tierce.gate.model import Ask
from tierce.gate.service import BOUNDS, Bounds, Gate
from tierce.gate.store import GateStore
from tierce.identity.model import Assurance, Caller
from tierce.kernel.care import Domain, Profession
from tierce.kernel.clock import SystemClock, paris_day
from tierce.kernel.ids import (
    ActivityId,
    DeviceId,
    EntrySeq,
    EstablishmentId,
    LineId,
    LoginId,
    ProfessionalId,
    SessionId,
    SoftwareId,
    VendorId,
    new_id,
)
from tierce.policy.acts import Act, Presence
from tierce.policy.lines import place_of
from tierce.policy.seats import new_line, pack, settled_line
from tierce.presence import store as presence_store
from tierce.presence.model import Claim, Kind
from tierce.storage.database import Database
from tierce.storage.keys import Keyring, Purpose
from tierce.storage.lookup_keys import first_proof

DOMAIN = {Profession.GP: Domain.MEDG, Profession.OPTICIAN: Domain.OPTI}
POLICY = bytes(16)
ISSUED = 2**40
"""After any connection of a test was opened."""
SEALED = b"sealed for the test"


@dataclass(frozen=True)
class World:
    """The database of one test, with what was put into it."""

    database: Database
    key: Ed25519PrivateKey
    instance: int
    covered: list[UUID]
    """Keyed indexes of people covered for every domain."""
    not_covered: list[UUID]

    def scalar(self, query: str) -> object:
        """Read one value as the superuser."""
        with as_superuser(self.database) as admin:
            row = admin.execute(query.encode()).fetchone()
        return row[0] if row else None

    def run(self, statement: str) -> None:
        """Do something as the superuser."""
        with as_superuser(self.database) as admin:
            admin.execute(statement.encode())

    def gate(self, step: Step = no_step, *, slots: int = 1, bounds: Bounds = BOUNDS) -> Gate:
        """A gate on this database, not started."""

        async def connect() -> GateStore:
            return await GateStore.connect(self.database.dsn("tierce_api"))

        return Gate(
            connect, self.instance, self.key, SystemClock(), POLICY, step=step, slots=slots, bounds=bounds
        )  # fmt: skip


def make_world(database: Database, people: int = 40) -> World:
    """Fill a database: `people` covered, as many known but covered for nothing."""
    key = Ed25519PrivateKey.generate()
    indexes = [uuid4() for _ in range(2 * people)]
    with as_superuser(database) as admin:
        admin.execute("insert into registry.insurer (id, amc, name) values (1, '99000001', 'Mutuelle du Test')")
        admin.execute("insert into directory.software values (1, 1, 'Portail')")
        instance = admin.execute(
            "insert into journal.instance (name, role, public_key) values ('api', 'tierce_api', %s) returning id",
            (key.public_key().public_bytes_raw(),),
        ).fetchone()
        assert instance is not None
        numbered = [(index, number) for number, index in enumerate(indexes, start=1)]
        covered = [(number, 0xFFF if number <= people else 0, SEALED) for _, number in numbered]
        with admin.cursor() as cursor:
            cursor.executemany("insert into person.key values (%s, %s)", numbered)
            cursor.executemany("insert into coverage.coverage values (%s, 1, 7, %s, 0, 40000, 1, 'd', %s)", covered)
    return World(database, key, instance[0], indexes[:people], indexes[people:])


def prove_pairs(world: World, keyring: Keyring) -> None:
    """Prove the key of pairs, as whatever serves does before anybody is shown: a gate of this world knows no file."""
    with world.database.connect("tierce_api", autocommit=True) as api:
        api.execute("select gate.prove_first(%s, %s, %s)", first_proof(keyring, Purpose.PAIR))


def enrol(
    world: World, profession: Profession = Profession.GP, *, established: bool = True, at: Caller | None = None
) -> Caller:
    """A professional with a session on a device; out of probation when `established`; a colleague of `at`."""
    now = SystemClock().now()
    today = paris_day(now)
    ids = {name: new_id() for name in ("professional", "establishment", "login", "device", "line", "session")}
    if at is not None:
        ids["establishment"] = at.establishment
    line = new_line(profession, today)
    opening = pack(line)
    with as_superuser(world.database) as admin:
        admin.execute(
            "insert into directory.professional values (%s, %s, null, 'Testard', 'Luce', %s)",
            (ids["professional"], f"8{ids['professional']}", profession),
        )
        admin.execute(
            "insert into directory.establishment values (%s, %s, 'Cabinet', 'Ville') on conflict do nothing",
            (ids["establishment"], str(ids["establishment"])),
        )
        admin.execute(
            "insert into directory.enrolment (professional, establishment, status) values (%s, %s, 2)",
            (ids["professional"], ids["establishment"]),
        )
        row = admin.execute(
            "insert into directory.activity (professional, establishment, profession)"
            " values (%s, %s, %s) returning id",
            (ids["professional"], ids["establishment"], profession),
        ).fetchone()
        assert row is not None
        admin.execute("insert into access.login values (%s, %s, %s)", (ids["login"], ids["professional"], now))
        admin.execute(
            "insert into access.device values (%s, %s, %s)", (ids["device"], ids["device"].to_bytes(32, "big"), now)
        )
        if established:
            opening = pack(settled_line(profession, today))
        admin.execute(
            "insert into access.line (id, login, device, professional, profession, created_day, state)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            (ids["line"], ids["login"], ids["device"], ids["professional"], profession, today, opening),
        )
        admin.execute(
            "insert into access.line (id, establishment, profession, created_day) values (%s, %s, %s, %s)"
            " on conflict do nothing",
            (place_of(ids["establishment"], profession), ids["establishment"], profession, today),
        )
        admin.execute(
            "insert into access.session (id, handle, site, login, professional, acr, activity, device, line,"
            " software, network, created, expires) values (%s, %s, 1, %s, %s, 2, %s, %s, %s, 1, %s, %s, %s)",
            (ids["session"], ids["session"].to_bytes(32, "big"), ids["login"], ids["professional"], row[0],
             ids["device"], ids["line"], bytes(16), now, now + timedelta(hours=4)),
        )  # fmt: skip
    return Caller(
        professional=ProfessionalId(ids["professional"]),
        login=LoginId(ids["login"]),
        establishment=EstablishmentId(ids["establishment"]),
        activity=ActivityId(row[0]),
        profession=profession,
        software=SoftwareId(1),
        vendor=VendorId(1),
        session=SessionId(ids["session"]),
        device=DeviceId(ids["device"]),
        line=LineId(ids["line"]),
        assurance=Assurance(2, signed=True),
        network=bytes(16),
    )


_CLAIMS: dict[Presence, Callable[[], Claim | None]] = {
    Presence.NONE: lambda: None,
    Presence.DECLARED: lambda: Claim(Kind.READING, Presence.DECLARED, None, 1),
    Presence.VERIFIED: lambda: Claim(Kind.VERIFIER, Presence.VERIFIED, uuid4()),
}


def certify(world: World) -> None:
    """Make the software of the test's sessions a vendor's, registered and certified to declare readings."""
    world.run("insert into access.client (id, software, jwks, azp, since) values ('lgo-test', 1, '{}', '{}', now())")
    with world.database.connect("tierce_upkeep") as connection:
        presence_store.certify(connection, 1)


def question(caller: Caller, person: UUID, presence: Presence = Presence.NONE) -> Ask:
    """A signed ask of `caller` about a person, for her own domain, today, with what proves that she is there."""
    return Ask(
        caller=caller,
        act=Act.RIGHTS_ASK,
        domain=DOMAIN[caller.profession],
        care_day=paris_day(SystemClock().now()),
        person=person,
        pair=int.from_bytes((person.int ^ caller.establishment).to_bytes(17, "big")[-8:], "big", signed=True),
        engagement=None,
        once=uuid4(),
        issued=ISSUED,
        lane=caller.lane,
        presence=presence,
        claim=_CLAIMS[presence](),
    )


def again(caller: Caller, seq: EntrySeq) -> Ask:
    """A signed revisit of an entry."""
    return Ask(
        caller=caller, act=Act.RIGHTS_REVISIT, domain=DOMAIN[caller.profession],
        care_day=paris_day(SystemClock().now()), person=None, pair=None, engagement=seq, once=uuid4(),
        issued=ISSUED,
    )  # fmt: skip


async def ask_all(gate: Gate, asks: list[Ask]) -> list[object]:
    """Ask everything at once; exceptions are returned in their place."""
    return list(await asyncio.gather(*(gate.ask(ask) for ask in asks), return_exceptions=True))
