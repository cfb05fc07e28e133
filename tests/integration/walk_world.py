"""Every site of one installation in this process, on PostgreSQL, and people of whom each has marks of her own.

A mark is a text that only one person's data hold: her name, her numbers, her birth date, her insurer, her guarantee.
Whoever receives one of them has learned something about her; nobody else's data could have told it.
"""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec

from tests.integration.fresh import as_superuser
from tests.integration.tickets import give_ticket
from tests.settings_file import settings_text
from tierce.identity.oidc import digest
from tierce.kernel.care import Domain, Profession
from tierce.kernel.clock import SystemClock, date_of, paris_day
from tierce.kernel.ids import InsurerId, PersonId, new_id
from tierce.kernel.nir import BirthDate, Nir, Rank, normalise
from tierce.lab.country.identifiers import STORY_COMMUNE, make_nir
from tierce.lab.standins.browser_key import BrowserKey
from tierce.policy.seats import PROBATION_DAYS, PROBATION_PROOFS, SEATS, cap_of, new_line, pack, settled_line
from tierce.registry.records import CivilRecord, CoverageRecord, encode_record
from tierce.settings import Settings
from tierce.storage.database import Database
from tierce.storage.insurer_keys import load_sealer, make_insurer_keys
from tierce.storage.keys import Compartment, Keyring, Purpose
from tierce.upkeep.service import make_keys
from tierce.web.names import SITES
from tierce.web.portal.app import create_app as create_portal
from tierce.web.portal.settings import PortalSettings
from tierce.web.wiring.api import api
from tierce.web.wiring.insurers import insurers
from tierce.web.wiring.office import office
from tierce.web.wiring.persons import persons

PROFESSION, DOMAIN = Profession.AUDIO, Domain.AUDI
KNOWN, STRANGERS = 46, 8
"""People whom the owner asked about, more than the day's limit of known people; and people nobody asked about."""
A_DAY = cap_of(SEATS[PROFESSION].a)
"""First-time people whom an old device of this profession may ask about in a day."""
API_URL = "http://api.tierce.test"


@dataclass(frozen=True)
class Truth:
    """One invented person, and all that is hers alone."""

    number: int
    nir: str
    birth: date
    name: str
    insurer: str
    formula: str

    @property
    def marks(self) -> tuple[str, ...]:
        """What would tell of her, in whichever form a page might write it."""
        day = self.birth
        return (
            self.name, self.insurer, self.formula, self.nir, self.nir[:13], f"{day:%Y%m%d}", f"{day:%Y-%m-%d}",
            f"{day:%d/%m/%Y}", f"M-{self.number:04d}-Z",
        )  # fmt: skip


def invent(number: int) -> Truth:
    """Make person `number`."""
    birth = date(1931, 1, 1) + timedelta(days=211 * number)
    nir = make_nir("F", birth.year, birth.month, f"03{STORY_COMMUNE}", number)
    return Truth(
        number, nir, birth, f"Quorvel{number:03d}ine", f"Mutuelle Kestrel{number:03d}x", f"Ondine{number:03d}y"
    )


@dataclass
class Login:
    """A session as a browser holds it: cookie and key."""

    handle: str
    key: BrowserKey
    session: int
    line: int


@dataclass
class WalkWorld:
    """The database, its people, and one professional."""

    database: Database
    keyring: Keyring
    settings: Settings
    people: list[Truth]
    professional: int
    login: int
    activity: int

    def run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Do something as the superuser."""
        with as_superuser(self.database) as admin:
            cursor = admin.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def open_session(self, *, since_days: int) -> Login:
        """A session on a device first seen so many days ago."""
        now, key, handle = SystemClock().now(), BrowserKey(), f"{new_id():043d}"[:43]
        device, line, session = new_id(), new_id(), new_id()
        today = paris_day(now)
        proofs = PROBATION_PROOFS if since_days >= PROBATION_DAYS else 0
        state = pack(replace(new_line(PROFESSION, today), since=today - since_days, proofs=proofs))
        self.run(
            "insert into access.line (id, establishment, profession, created_day)"
            " select access.place_of(establishment, profession), establishment, profession, %s"
            " from directory.activity where id = %s on conflict do nothing",
            today, self.activity,
        )  # fmt: skip
        self.run("insert into access.device (id, thumbprint, created) values (%s, %s, now())", device, key.thumbprint)
        self.run(
            "insert into access.line (id, login, device, professional, profession, created_day, state)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            line, self.login, device, self.professional, PROFESSION.value, today - since_days, state,
        )  # fmt: skip
        self.run(
            "insert into access.session (id, handle, site, login, professional, acr, activity, device, line,"
            " software, network, created, expires)"
            " values (%s, %s, 1, %s, %s, 2, %s, %s, %s, 1, %s, now(), now() + '3 hours')",
            session, digest(handle), self.login, self.professional, self.activity, device, line, bytes(16),
        )  # fmt: skip
        with as_superuser(self.database) as admin:
            give_ticket(admin, session, handle)
        return Login(handle, key, session, line)

    def another_day(self, login: Login) -> None:
        """As if what was asked so far had been asked yesterday, and each proved since."""
        today = paris_day(SystemClock().now())
        self.run(
            "update access.line set state = %s, asked = 0, drawn = 0, known = 0 where id = %s",
            pack(settled_line(PROFESSION, today)), login.line,
        )  # fmt: skip
        self.run("update access.line set state = null, drawn = 0 where establishment is not null")
        self.run("update access.pair set seen_day = seen_day - 1")

    def journalled(self, after: int) -> set[int]:
        """Numbers of the people of whom a line after `after` says that something was shown."""
        rows = self.run(
            "select distinct person from journal.entry where seq > %s and person <> 0 and get_byte(body, 4) = 1",
            after,
        )
        return {row[0] for row in rows}

    def last_line(self) -> int:
        """The number of the newest journal line."""
        return int(self.run("select coalesce(max(seq), 0) from journal.entry")[0][0])


def _insurer(world: WalkWorld, admin: Any, sealer: Any, one: Truth) -> None:  # noqa: ANN401 - psycopg's and ours
    """Write a person into the register: an insurer, a product and a guarantee of her own."""
    number, insurer, person = one.number, InsurerId(one.number), PersonId(one.number)
    admin.execute(
        "insert into registry.product (id, insurer, code, name, responsible) overriding system value"
        " values (%s, %s, 'P', 'P', true)", (number, insurer),
    )  # fmt: skip
    admin.execute(
        "insert into registry.guarantee values (%s, %s, %s, %s)", (number, DOMAIN, one.formula, one.formula)
    )
    who = normalise(Nir.parse(one.nir), BirthDate.parse(f"{one.birth:%Y%m%d}"), Rank.parse(1))
    admin.execute("insert into person.key values (%s, %s)", (world.keyring.hash(Purpose.INDEX).uuid(who), person))
    member = f"M-{number:04d}-Z"
    coverage = CoverageRecord(1, number, "P", "C", member, member, 1, 0xFFF, 0, 40_000, 1, 1, False, None, 0)
    civil = CivilRecord(
        version=1, family_name=one.name, used_name="", given_names=one.name, sex="2",
        birth_date=f"{one.birth:%Y%m%d}", birth_place="99999", right_holder_nir=one.nir, rank=1, own_nir=one.nir,
        ins_oid="",
    )  # fmt: skip
    admin.execute(
        "insert into coverage.coverage (person, insurer, contract, domains, from_day, until_day, digest, sealed)"
        " values (%s, %s, 7, %s, 0, 40000, 'd', %s)",
        (person, insurer, 0xFFF, sealer.seal(Compartment.COVERAGE, insurer, person, encode_record(coverage))),
    )
    admin.execute(
        "insert into person.record values (%s, %s, %s)",
        (person, insurer, sealer.seal(Compartment.PERSON, insurer, person, encode_record(civil))),
    )


def _settings(database: Database, folder: Path) -> Settings:
    """Settings whose addresses lead nowhere: every site of a walk is in this process."""
    text = settings_text(database, folder / "keys", operator="Rive Claire Tiers Payant")
    (folder / "client-secret").write_text("dev-insecure-never-asked-for")
    text = text.replace('client_secret_file = "none"', f'client_secret_file = "{folder / "client-secret"}"')
    found = msgspec.toml.decode(text, type=Settings)
    api = msgspec.structs.replace(found.api, url=API_URL)
    return msgspec.structs.replace(found, api=api)


def make_walk_world(database: Database, folder: Path) -> WalkWorld:
    """Fill a database."""
    (folder / "keys").mkdir(exist_ok=True)
    make_keys(folder / "keys")
    settings = _settings(database, folder)
    keyring = Keyring(folder / "keys", [*Purpose, "person", "coverage"])
    people = [invent(number) for number in range(1, KNOWN + STRANGERS + 1)]
    world = WalkWorld(database, keyring, settings, people, new_id(), new_id(), 0)
    with as_superuser(database) as admin:
        for one in people:
            admin.execute(
                "insert into registry.insurer (id, amc, name) values (%s, %s, %s)",
                (one.number, f"{99_000_000 + one.number}", one.insurer),
            )
        make_insurer_keys(admin, keyring, [InsurerId(one.number) for one in people])
        sealer = load_sealer(admin, keyring, [Compartment.COVERAGE, Compartment.PERSON])
        for one in people:
            _insurer(world, admin, sealer, one)
        admin.execute("insert into directory.software values (1, 1, 'Portail')")
        admin.execute(
            "insert into directory.professional (id, national_id, family_name, given_name, profession)"
            " values (%s, '899990000501', 'Ferrand', 'Nadia', %s)", (world.professional, PROFESSION),
        )  # fmt: skip
        establishment = new_id()
        admin.execute(
            "insert into directory.establishment (id, finess, name, town)"
            " values (%s, '990000601', 'Audition', 'Valbrume')",
            (establishment,),
        )
        row = admin.execute(
            "insert into directory.activity (professional, establishment, profession) values (%s, %s, %s)"
            " returning id",
            (world.professional, establishment, PROFESSION),
        ).fetchone()
        assert row is not None
        world.activity = row[0]
        admin.execute(
            "insert into directory.enrolment (professional, establishment, status) values (%s, %s, 2)",
            (world.professional, establishment),
        )
        admin.execute("insert into access.login values (%s, %s, now())", (world.login, world.professional))
    return world


@dataclass
class Sites:
    """Every site's application."""

    apps: dict[str, Any]


_BUILDERS = {"api": api, "office": office, "persons": persons, "insurers": insurers}


@asynccontextmanager
async def open_sites(world: WalkWorld) -> AsyncIterator[Sites]:
    """Every site that `tierce serve` knows, put together by its own wiring; the portal reaches the API in here."""
    async with AsyncExitStack() as stack:
        apps: dict[str, Any] = {}
        for name in SITES:
            if name != "portal":
                apps[name] = await stack.enter_async_context(_BUILDERS[name](world.settings))
        to_api = httpx.ASGITransport(app=apps["api"], raise_app_exceptions=False)
        apps["portal"] = create_portal(PortalSettings.of(world.settings), transport=to_api)
        yield Sites(apps)


def question(one: Truth) -> bytes:
    """What the owner's browser asks about a person."""
    today = date_of(paris_day(SystemClock().now())).isoformat()
    asked = {"nir": one.nir, "birth_date": f"{one.birth:%Y%m%d}", "domain": DOMAIN.name, "care_date": today}
    return json.dumps(asked | {"label": f"dossier {one.number}"}).encode()
