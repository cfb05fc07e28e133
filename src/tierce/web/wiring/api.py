"""The counter of deposits, and behind it the API with its gate."""

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import AsyncConnection

from tierce.billing.agreements.service import Agreements
from tierce.billing.bank.copying import Seals
from tierce.billing.bank.sealing import read_public
from tierce.billing.bank.service import OwnAccounts
from tierce.billing.invoices.service import Invoices
from tierce.billing.settlement.own import OwnTransfers
from tierce.gate.service import Gate
from tierce.gate.store import GateStore
from tierce.gate.tally import Tally
from tierce.identity.dpop import ProofVerifier, normalised
from tierce.identity.ending import portal_tickets
from tierce.identity.exchange import VendorDoor
from tierce.identity.oidc import Realm
from tierce.identity.reading.service import SessionReader
from tierce.identity.service import Sessions, SignInDoor
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import SoftwareId
from tierce.policy.digest import policy_digest
from tierce.policy.remote import ANSWER_BYTES_MAX, ANSWER_SECONDS, CALLS_MAX, CONNECT_SECONDS
from tierce.presence.plugins import installed
from tierce.presence.service import Proofs
from tierce.rights.history import History
from tierce.rights.remote.service import Insurers
from tierce.rights.remote.store import Answers
from tierce.rights.service import Rights, Shelf
from tierce.settings import Mode, Settings
from tierce.storage.keys import Keyring, Purpose
from tierce.storage.lookup_keys import take_async
from tierce.storage.networks import pseudonym
from tierce.storage.version import insist_on_schema_async
from tierce.web.api.app import RightsWiring, create_api
from tierce.web.api.assistants import assistant_door
from tierce.web.api.callers import Callers
from tierce.web.api.deposits import Front
from tierce.web.api.signin import SignInWiring
from tierce.web.api.token import TOKEN_PATH, VendorWiring
from tierce.web.deposit_wiring import front_of, state_finder
from tierce.web.fhir.eligibility import Eligibility
from tierce.web.names import KEYS, tally_folder
from tierce.web.process import App, Process
from tierce.web.repeating import beating, learning, rereading, sweeping
from tierce.web.upstream import Upstream
from tierce.web.wiring.parts import async_pool, provider_of

_HELD = (Purpose.INDEX, Purpose.PAIR, Purpose.NETWORK, Purpose.ENGAGEMENT, Purpose.RECEIPT)
"""Keys that are this database's, or nothing is disclosed: another key of pairs would take everybody's seats again."""


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
    clock, policy, real = SystemClock(), policy_digest(), settings.mode is Mode.PRODUCTION
    dsn = await _reached(settings, keyring)
    async with AsyncExitStack() as stack:
        pool, reader = await async_pool(stack, dsn), await async_pool(stack, dsn, 1, single=True)
        http = await stack.enter_async_context(Upstream(follow_redirects=False))
        async with pool.connection() as connection:
            appender = await Appender.enrol_async(connection, "api", key)
            shelf = await Shelf.load(connection, keyring)
        gate = Gate(
            lambda: GateStore.connect(dsn()), appender.instance, key, clock, policy, tally=Tally(tally_folder())
        )
        await gate.start()
        stack.push_async_callback(gate.stop)
        prefix = keyring.hash(Purpose.NETWORK)

        def network(address: str) -> bytes:
            return pseudonym(prefix, address)

        sessions = Sessions(pool, appender, clock, network, policy, SessionReader(reader, clock))
        provider = provider_of(Realm.PSC, settings.psc, settings.portal, http, clock)
        sign_in = SignInWiring(
            door=SignInDoor(pool, provider, clock),
            sessions=sessions,
            tickets=portal_tickets(sessions, appender, settings.api.url),
            url=settings.api.url,
            software=SoftwareId(settings.portal_software),
        )

        async def reload() -> Shelf:
            async with pool.connection() as connection:
                return await Shelf.load(connection, keyring)

        proofs = Proofs(keyring.hash(Purpose.CARD), pool.connection, clock, installed())
        insurers = await _insurers(stack, dsn, appender.instance, key, gate, front)
        rights = Rights(gate, keyring, shelf, clock, reload, proofs=proofs, insurers=insurers)
        audience = normalised(settings.api.url.rstrip("/") + TOKEN_PATH)
        vendor = VendorWiring(
            VendorDoor(pool, provider, sessions, clock, audience), clock, settings.api.url, sign_in.proxies
        )
        callers = Callers(sessions, clock)
        front.know(callers.knows, state_finder(sessions, callers), gate.renew)
        await stack.enter_async_context(beating(pool, appender, clock))
        await stack.enter_async_context(rereading(rights))
        await stack.enter_async_context(learning(callers, settings.spool_directory()))
        numbers = keyring.raw(Purpose.ENGAGEMENT.value), keyring.raw(Purpose.RECEIPT.value)
        invoices = Invoices(sessions, numbers)
        agreements = Agreements(sessions, numbers[0])
        accounts = OwnAccounts(
            sessions,
            appender,
            Seals(partial(read_public, settings.key_directory()), settings.treasurer()),
            real=real,
        )
        wiring = RightsWiring(
            gate,
            rights,
            History(pool, keyring, clock),
            callers,
            sign_in,
            vendor,
            invoices,
            agreements,
            accounts,
            OwnTransfers(sessions),
            assistant_door(sessions, appender, network, sign_in.software, settings.portal.url),
        )
        yield create_api(wiring, ProofVerifier(clock), Eligibility(clock, real=real), front.say_closed)


async def _reached(settings: Settings, keyring: Keyring) -> Callable[[], str]:
    """How the database is reached: each connection says by which key this process looks people up.

    Raises:
        KeyMissingError: a key file is one of before a replacement.
        LookupKeyError: a key file is another database's.
        SchemaOtherError: the database is at another schema.
    """
    database = settings.connection()
    async with await AsyncConnection.connect(database.dsn("tierce_api")) as connection:
        await insist_on_schema_async(connection)
        saying = await take_async(connection, keyring, _HELD)
    return lambda: saying(database.dsn("tierce_api"))


async def _insurers(
    stack: AsyncExitStack, dsn: Callable[[], str], instance: int, key: Ed25519PrivateKey, gate: Gate, front: Front
) -> Insurers:
    """Those that keep their people themselves, asked and written about on connections of their own."""
    clock = SystemClock()
    made = Insurers(
        Answers(await async_pool(stack, dsn), instance, key, clock),
        key,
        clock,
        partial(_one_insurer, httpx.create_ssl_context(trust_env=False)),
        pause=gate.apart,
        say_away=front.say_away,
    )
    stack.push_async_callback(made.stop)
    await stack.enter_async_context(sweeping(made))
    return made


def _one_insurer(trust: ssl.SSLContext) -> Upstream:
    """The connections to one insurer that keeps its people itself; it leads nowhere else, and says little."""
    return Upstream(
        connections=CALLS_MAX,
        wait_seconds=CONNECT_SECONDS,
        whole_seconds=ANSWER_SECONDS,
        timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        whole_bytes=ANSWER_BYTES_MAX,
        plain=True,
        verify=trust,
        follow_redirects=False,
        trust_env=False,
    )


app = Process("api", api)
