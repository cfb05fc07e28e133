"""Composition: how each process is put together from settings, explicitly, in one place a process."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from psycopg import AsyncConnection, Connection
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from tierce.closings.service import Closings
from tierce.directory.service import Clients
from tierce.gate.service import Gate
from tierce.gate.store import GateStore
from tierce.gate.tally import Tally
from tierce.identity.dpop import ProofVerifier, normalised
from tierce.identity.exchange import VendorDoor
from tierce.identity.local import InsurerSessions, PersonSessions, StaffSessions
from tierce.identity.oidc import ProviderClient, ProviderSettings, Realm
from tierce.identity.reading import SessionReader
from tierce.identity.service import Sessions, SignInDoor
from tierce.incidents.clocks.service import Clocks
from tierce.incidents.form.model import Organisation
from tierce.incidents.form.service import Forms
from tierce.incidents.holds.service import Holds
from tierce.incidents.pack.service import Packs, Seal
from tierce.incidents.register.service import Register
from tierce.incidents.service import Incidents
from tierce.incidents.store import Records as StaffRecords
from tierce.insurers.breaches.service import Breaches
from tierce.insurers.service import InsurerDesk
from tierce.journal.note import parse_verifier_key
from tierce.journal.segments.sealed import SealedLog
from tierce.journal.service import Appender
from tierce.journal.tiles.folder import LogFolder
from tierce.kernel.clock import Clock, SystemClock
from tierce.kernel.ids import SoftwareId
from tierce.kernel.network import address_prefix
from tierce.notices.messages.service import Messages
from tierce.notices.model import Operator
from tierce.notices.service import Notices
from tierce.persons.concerned.service import Concerned
from tierce.persons.requests.service import Requests
from tierce.persons.service import Persons
from tierce.persons.store import Records as PersonRecords
from tierce.policy.allowed import STAFF_ROLES
from tierce.policy.digest import policy_digest
from tierce.presence.answers import Answers
from tierce.presence.minting import Signer
from tierce.presence.plugins import installed
from tierce.presence.service import Proofs
from tierce.rights.history import History
from tierce.rights.service import Rights, Shelf
from tierce.settings import RealmSettings, Settings, SiteSettings, secret
from tierce.storage.insurer_keys import door_of, lasting_sealer
from tierce.storage.keys import DEPOSIT_KEY, SIGNER_KEY, Compartment, Keyring, Purpose
from tierce.web.api.app import RightsWiring, create_api
from tierce.web.api.callers import Callers
from tierce.web.api.deposits import Front
from tierce.web.api.signin import SignInWiring
from tierce.web.api.token import TOKEN_PATH, VendorWiring
from tierce.web.beating import beating
from tierce.web.deposit_wiring import front_of, state_finder
from tierce.web.insurers.app import create_insurers
from tierce.web.office.app import create_office
from tierce.web.persons.app import create_persons
from tierce.web.persons.desk import CardDesk
from tierce.web.portal.app import create_app as create_portal
from tierce.web.portal.settings import PortalSettings
from tierce.web.signer import create_signer

CALLBACK = "/sign-in/callback"
AWAY_SECONDS, START_SECONDS = 1.5, 30.0
KEYS = {
    "api": (
        Purpose.INDEX,
        Purpose.PAIR,
        Purpose.NETWORK,
        Purpose.ENGAGEMENT,
        Purpose.RECEIPT,
        Purpose.CARD,
        "coverage",
    ),
    "signer": (Purpose.CARD, SIGNER_KEY),
    "office": ("person", Purpose.RECEIPT),
    "persons": ("person", Purpose.TRAIT),
    "worker": (DEPOSIT_KEY,),
    "insurers": (Purpose.DOOR,),
}
"""The key files that each process is given: docs/reference/keys.md."""

App = Callable[..., Awaitable[None]]


LOG_PUBLIC_FILE = "log.pub"
"""The file, beside the keys, of the public line with which the log's checkpoints are verified."""


def log_key(keys: Path) -> str:
    """Read the log's public line; its private key is the worker's alone."""
    return secret(keys / LOG_PUBLIC_FILE)


TALLY_VARIABLE = "TIERCE_TALLY"
"""The environment's name of the folder in which the workers of one service count together."""


def tally_folder() -> Path | None:
    """The folder in which the workers of one service count together, when it is served by a command."""
    named = os.environ.get(TALLY_VARIABLE)
    return Path(named) if named else None


LOG_RETIRED_FILE = "log-retired.pub"
"""The file of the log's earlier public lines, one a line, each followed by the last size that it signed."""


def retired_log_keys(keys: Path) -> list[Ed25519PublicKey]:
    """The log's earlier keys: the newest stored checkpoint may still be theirs."""
    file = keys / LOG_RETIRED_FILE
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    return [parse_verifier_key(line.split(" ")[0])[1] for line in lines if line.strip()]


def _provider(
    realm: Realm, given: RealmSettings, site: SiteSettings, http: httpx.AsyncClient, clock: Clock
) -> ProviderClient:
    return ProviderClient(
        ProviderSettings(
            realm=realm,
            discovery_url=given.discovery,
            issuer=given.issuer,
            client_id=given.client_id,
            client_secret=secret(Path(given.client_secret_file)),
            redirect_uri=site.url.rstrip("/") + CALLBACK,
            scope=given.scope,
            acr_values=given.acr_values,
        ),
        http,
        clock,
    )


async def _async_pool(
    stack: AsyncExitStack, dsn: Callable[[], str], size: int = 4, *, single: bool = False
) -> AsyncConnectionPool[AsyncConnection[Any]]:
    """Open a pool; `dsn` is read at each new connection: the secret of a role may change while the process runs.

    A pool of `single` statements commits each by itself and checks no connection first: its user tries again.
    """
    pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
        dsn,
        min_size=1,
        max_size=size,
        open=False,
        kwargs={"autocommit": single},
        check=None if single else AsyncConnectionPool.check_connection,
        # A database that is away is said at once, and found again at the first request once it is back.
        timeout=AWAY_SECONDS,
        reconnect_timeout=AWAY_SECONDS,
    )
    await stack.enter_async_context(pool)
    await pool.wait(timeout=START_SECONDS)
    return pool


def _rows_pool(stack: AsyncExitStack, dsn: Callable[[], str]) -> ConnectionPool[Connection]:
    pool: ConnectionPool[Connection] = ConnectionPool(
        dsn,
        min_size=1,
        max_size=4,
        open=False,
        kwargs={"autocommit": True},
        check=ConnectionPool.check_connection,
    )
    stack.enter_context(pool)
    return pool


@asynccontextmanager
async def portal(settings: Settings) -> AsyncIterator[App]:
    """The portal: no database, no key."""
    yield create_portal(PortalSettings.of(settings))


@asynccontextmanager
async def api(settings: Settings) -> AsyncIterator[App]:
    """The counter of deposits, which answers while the database is away, and behind it the API with its gate."""
    keyring = Keyring(settings.key_directory(), [str(name) for name in KEYS["api"]])
    key = keyring.instance("api")
    async with front_of(settings, keyring, lambda front: _gated(settings, keyring, key, front)) as app:
        yield app


@asynccontextmanager
async def _gated(settings: Settings, keyring: Keyring, key: Ed25519PrivateKey, front: Front) -> AsyncIterator[App]:
    """The API with its gate."""
    clock, policy = SystemClock(), policy_digest()
    dsn = partial(settings.connection().dsn, "tierce_api")
    async with AsyncExitStack() as stack:
        pool, reader = await _async_pool(stack, dsn), await _async_pool(stack, dsn, 1, single=True)
        http = await stack.enter_async_context(httpx.AsyncClient(follow_redirects=False))
        async with pool.connection() as connection:
            appender = await Appender.enrol_async(connection, "api", key)
            shelf = await Shelf.load(connection, keyring)
        gate = Gate(
            lambda: GateStore.connect(dsn()), appender.instance, key, clock, policy, tally=Tally(tally_folder())
        )
        await gate.start()
        stack.push_async_callback(gate.stop)
        network = keyring.hash(Purpose.NETWORK)
        sessions = Sessions(
            pool,
            appender,
            clock,
            lambda address: network.digest(address_prefix(address))[:16],
            policy,
            SessionReader(reader, clock),
        )
        provider = _provider(Realm.PSC, settings.psc, settings.portal, http, clock)
        sign_in = SignInWiring(
            door=SignInDoor(pool, provider, clock),
            sessions=sessions,
            url=settings.api.url,
            software=SoftwareId(settings.portal_software),
        )

        async def reload() -> Shelf:
            async with pool.connection() as connection:
                return await Shelf.load(connection, keyring)

        proofs = Proofs(keyring.hash(Purpose.CARD), pool.connection, clock, installed())
        rights = Rights(gate, keyring, shelf, clock, reload, proofs)
        audience = normalised(settings.api.url.rstrip("/") + TOKEN_PATH)
        vendor = VendorWiring(
            VendorDoor(pool, provider, sessions, clock, audience), clock, settings.api.url, sign_in.proxies
        )
        callers = Callers(sessions, clock)
        front.know(callers.knows, state_finder(pool, callers), gate.renew)
        await stack.enter_async_context(beating(pool, appender, clock))
        wiring = RightsWiring(gate, rights, History(pool, keyring, clock), callers, sign_in, vendor)
        yield create_api(wiring, ProofVerifier(clock))


@asynccontextmanager
async def office(settings: Settings) -> AsyncIterator[App]:
    """The operator's office."""
    clock, policy = SystemClock(), policy_digest()
    keyring = Keyring(settings.key_directory(), KEYS["office"])
    dsn = partial(settings.connection().dsn, "tierce_office")
    async with AsyncExitStack() as stack:
        pool, rows = await _async_pool(stack, dsn, 2), _rows_pool(stack, dsn)
        http = await stack.enter_async_context(httpx.AsyncClient(follow_redirects=False))
        with settings.connection().connect("tierce_office") as connection:
            appender = Appender.enrol(connection, "office", keyring.instance("office"))
            records = StaffRecords(
                lasting_sealer(settings.connection(), "tierce_office", keyring, [Compartment.PERSON])
            )
        incidents = Incidents(appender, records, clock, settings.segments_directory())
        operator = settings.operator
        signed = Operator(operator.name, operator.address, operator.phone, operator.officer, operator.officer_email)
        register = Register(appender, clock)
        notices = Notices(incidents, appender, signed, clock)
        yield create_office(
            door=SignInDoor(pool, _provider(Realm.STAFF, settings.staff, settings.office, http, clock), clock),
            sessions=StaffSessions(pool, appender, clock, STAFF_ROLES, policy),
            pool=rows,
            incidents=incidents,
            clocks=Clocks(register),
            forms=Forms(
                register,
                Organisation(signed.name, signed.address, signed.phone, signed.officer, signed.officer_email),
            ),
            notices=notices,
            messages=Messages(notices, incidents, appender, clock),
            letters=settings.letters_directory(),
            holds=Holds(appender, clock),
            clients=Clients(appender, clock),
            closings=Closings(appender, clock, policy),
            packs=Packs(
                Clocks(register),
                LogFolder(settings.log_directory()),
                settings.segments_directory(),
                Seal(
                    keyring.instance("office"),
                    log_key(settings.key_directory()),
                    tuple(one.key for one in settings.witnesses),
                ),
            ),
            log_key=log_key(settings.key_directory()),
            log=LogFolder(settings.log_directory()),
            sealed=SealedLog(settings.segments_directory()),
            clock=clock,
            secure=settings.office.url.startswith("https:"),
            sign_in_origins=_origins(settings.staff),
        )


@asynccontextmanager
async def persons(settings: Settings) -> AsyncIterator[App]:
    """The space of the persons covered."""
    clock, policy = SystemClock(), policy_digest()
    keyring = Keyring(settings.key_directory(), [str(name) for name in KEYS["persons"]])
    dsn = partial(settings.connection().dsn, "tierce_persons")
    async with AsyncExitStack() as stack:
        pool, rows = await _async_pool(stack, dsn, 2), _rows_pool(stack, dsn)
        http = await stack.enter_async_context(httpx.AsyncClient(follow_redirects=False))
        with settings.connection().connect("tierce_persons") as connection:
            appender = Appender.enrol(connection, "persons", keyring.instance("persons"))
            records = PersonRecords(
                lasting_sealer(settings.connection(), "tierce_persons", keyring, [Compartment.PERSON])
            )
        provider = _provider(Realm.PERSONS, settings.persons_provider, settings.persons, http, clock)
        traits = keyring.hash(Purpose.TRAIT)
        operator = settings.operator
        yield create_persons(
            door=SignInDoor(pool, provider, clock),
            sessions=PersonSessions(pool, appender, clock, traits.uuid, policy),
            pool=rows,
            persons=Persons(
                appender,
                records,
                clock,
                LogFolder(settings.log_directory()),
                SealedLog(settings.segments_directory()),
            ),
            answers=Answers(appender, clock),
            concerned=Concerned(appender, clock),
            requests=Requests(appender, clock),
            cards=None if settings.signer is None else CardDesk(f"http://127.0.0.1:{settings.signer.port}", http),
            operator=Operator(
                operator.name, operator.address, operator.phone, operator.officer, operator.officer_email
            ),
            secure=settings.persons.url.startswith("https:"),
            sign_in_origins=_origins(settings.persons_provider),
        )


@asynccontextmanager
async def signer(settings: Settings) -> AsyncIterator[App]:
    """The signer of dynamic cards: its keys, its role, and nothing else; the persons' space alone calls it."""
    keyring = Keyring(settings.key_directory(), [str(name) for name in KEYS["signer"]])
    dsn = partial(settings.connection().dsn, "tierce_signer")
    async with AsyncExitStack() as stack:
        rows = _rows_pool(stack, dsn)
        with settings.connection().connect("tierce_signer") as connection:
            appender = Appender.enrol(connection, "signer", keyring.instance("signer"))
        made = Signer(keyring.raw(SIGNER_KEY), keyring.hash(Purpose.CARD), appender, SystemClock())
        yield create_signer(made, rows)


@asynccontextmanager
async def insurers(settings: Settings) -> AsyncIterator[App]:
    """The site of the insurers' staff."""
    clock, policy = SystemClock(), policy_digest()
    keyring = Keyring(settings.key_directory(), [str(name) for name in KEYS["insurers"]])
    dsn = partial(settings.connection().dsn, "tierce_insurers")
    async with AsyncExitStack() as stack:
        pool, rows = await _async_pool(stack, dsn, 2), _rows_pool(stack, dsn)
        http = await stack.enter_async_context(httpx.AsyncClient(follow_redirects=False))
        with settings.connection().connect("tierce_insurers") as connection:
            appender = Appender.enrol(connection, "insurers", keyring.instance("insurers"))
        provider = _provider(Realm.INSURERS, settings.insurers_provider, settings.insurers, http, clock)
        key = keyring.hash(Purpose.DOOR)
        yield create_insurers(
            door=SignInDoor(pool, provider, clock),
            sessions=InsurerSessions(pool, appender, clock, lambda amc: door_of(key, amc), policy),
            pool=rows,
            desk=InsurerDesk(appender, clock, policy),
            breaches=Breaches(appender, clock, policy),
            secure=settings.insurers.url.startswith("https:"),
            sign_in_origins=_origins(settings.insurers_provider),
        )


def _origins(realm: RealmSettings) -> tuple[str, ...]:
    """The origin of a provider, for the pages' content security policy."""
    parts = urlsplit(realm.discovery)
    return (f"{parts.scheme}://{parts.netloc}",)
