"""A directory, the stand-in providers over HTTP, and the API of sign-in, for tests."""

import json
import os
import re
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pyrage
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from litestar import Litestar
from litestar.datastructures import State
from psycopg_pool import AsyncConnectionPool

from tests.forks import start_tierce
from tests.integration.fresh import as_superuser
from tierce.billing.agreements.service import Agreements
from tierce.billing.bank.copying import Seals
from tierce.billing.bank.service import OwnAccounts
from tierce.billing.invoices.service import Invoices
from tierce.billing.settlement.own import OwnTransfers
from tierce.identity.dpop import normalised
from tierce.identity.ending import portal_tickets
from tierce.identity.exchange import VendorDoor
from tierce.identity.oidc import ProviderClient, ProviderSettings, Realm
from tierce.identity.service import Pool, Sessions, SignInDoor
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.kernel.errors import FieldError
from tierce.kernel.ids import SoftwareId
from tierce.kernel.loopback import NO_TLS
from tierce.kernel.network import address_prefix
from tierce.lab.standins.bound_browser import signed_start
from tierce.lab.standins.browser_key import BrowserKey
from tierce.lab.standins.visitor import answer_of, sign_in
from tierce.storage.database import Database
from tierce.storage.keys import BANK_KEY, Keyring, Purpose
from tierce.web.api.accounts import ACCOUNT_HANDLERS, ACCOUNT_ROUTES, ACCOUNTS_KEY
from tierce.web.api.agreements import AGREEMENT_HANDLERS, AGREEMENT_ROUTES, AGREEMENTS_KEY
from tierce.web.api.app import SAY_CLOSED_KEY, STORE_HANDLERS, field_refused
from tierce.web.api.appeals import APPEAL_ROUTES
from tierce.web.api.assistants import ASSISTANT_ROUTES, ASSISTANTS_KEY, assistant_door
from tierce.web.api.callers import TICKET
from tierce.web.api.claims import FHIR_ROUTES
from tierce.web.api.colleagues import COLLEAGUE_ROUTES
from tierce.web.api.devices import DEVICE_ROUTES
from tierce.web.api.guard import only_open_acts
from tierce.web.api.invoices import INVOICE_HANDLERS, INVOICE_ROUTES, INVOICES_KEY
from tierce.web.api.signin import EXCEPTION_HANDLERS, ROUTES, STATE_KEY, SignInWiring
from tierce.web.api.token import TOKEN_PATH, VENDOR_KEY, VendorWiring, token
from tierce.web.api.transfers import TRANSFER_HANDLERS, TRANSFER_ROUTES, TRANSFERS_KEY
from tierce.web.back_channel import BACK_CHANNEL
from tierce.web.routes import Routes

API = "https://api.tierce.example"
PORTAL = "https://portail.tierce.example"
CALLBACK = "http://127.0.0.1:9/sign-in/callback"
SIGNED_OUT_URI = "http://127.0.0.1:9/signed-out"
TREASURER = pyrage.x25519.Identity.generate()
"""Whoever takes files to the bank."""
MORVAN, FERRAND, UNLISTED, PLACELESS, MOVED = (f"8{number:011d}" for number in range(1, 6))
POLICY = bytes(range(16))
START_SECONDS_MAX = 60.0


BACK_PORT = 20_000 + os.getpid() % 10_000
"""Where the stand-ins tell that a session is over, while a test listens there: below the ports given to whoever asks
for any, of which one may be taken before it is listened on."""

IDENTITIES: dict[str, Any] = {
    "clients": [
        {
            "realm": realm,
            "client_id": f"tierce-{realm}",
            "client_secret": "a+b/c=d",
            "redirect_uris": [CALLBACK],
            "post_logout_redirect_uris": [SIGNED_OUT_URI],
            "backchannel_logout_uri": f"http://127.0.0.1:{BACK_PORT}{'/v1' * (realm == 'psc')}{BACK_CHANNEL}",
        }
        for realm in ("psc", "staff", "persons")
    ]
    + [
        {"realm": "psc", "client_id": name, "client_secret": "m+n/o=p", "redirect_uris": [CALLBACK]}
        for name in ("merle-psc", "other-psc")
    ],
    "psc": [
        {
            "national_id": MORVAN,
            "family_name": "Morvan",
            "given_name": "Claire",
            "acr": "eidas3",
            "activities": [
                {"finess": "990000001", "name": "Cabinet médical des Tilleuls", "town": "Valbrume"},
                {"finess": "990000002", "name": "Centre hospitalier de Valbrume", "town": "Valbrume", "mode": "S"},
                {"finess": "", "name": "Cabinet du Port", "town": "", "structure": "R95141"},
            ],
        },
        {
            "national_id": FERRAND,
            "family_name": "Ferrand",
            "given_name": "Nadia",
            "acr": "eidas0",
            "activities": [{"finess": "990000003", "name": "Optique des Remparts", "town": "Port-Sérac"}],
        },
        {
            "national_id": UNLISTED,
            "family_name": "Inconnu",
            "given_name": "Jean",
            "activities": [{"finess": "990000001", "name": "Cabinet médical des Tilleuls"}],
        },
        {"national_id": PLACELESS, "family_name": "Sanslieu", "given_name": "Anne"},
        {
            "national_id": MOVED,
            "family_name": "Parti",
            "given_name": "Luc",
            "activities": [{"finess": "990000009", "name": "Ailleurs"}],
        },
    ],
    "staff": [
        {"subject": "vasseur", "name": "Hélène Vasseur", "roles": ["security", "cleaning"]},
        {"subject": "weak", "name": "Mot Depasse", "roles": ["security"], "acr": "pwd", "amr": ["pwd"]},
        {"subject": "guest", "name": "Sans Rôle", "roles": ["cleaning"]},
    ],
    "persons": [
        {
            "sub": "lenoir",
            "family_name": "Lenoir",
            "given_name": "Paul André",
            "birthdate": "1980-01-12",
            "gender": "male",
            "birthplace": "03955",
        },
        {
            "sub": "brother",
            "family_name": "Lenoir",
            "given_name": "Paul-Henri Luc",
            "birthdate": "1980-01-12",
            "gender": "male",
            "birthplace": "03955",
        },
        {
            "sub": "twin",
            "family_name": "Marchand",
            "given_name": "Sophie",
            "birthdate": "1984-05-12",
            "gender": "female",
            "birthplace": "90955",
        },
        {
            "sub": "stranger",
            "family_name": "Lenoir",
            "given_name": "Paul",
            "birthdate": "1980-01-13",
            "gender": "male",
            "birthplace": "03955",
        },
    ],
}


class ShiftedClock:
    """The machine's clock, moved at will."""

    def __init__(self) -> None:
        self.shift = timedelta()

    def now(self) -> datetime:
        return SystemClock().now() + self.shift


def free_port() -> int:
    """A port that nothing listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def providers(folder: Path) -> Iterator[str]:
    """Run the three stand-ins; gives their origin."""
    file = folder / "identities.json"
    file.write_text(json.dumps(IDENTITIES))
    port = free_port()
    process = start_tierce("lab", "standins", "--directory", file, "--port", str(port), out=folder / "standins.log")
    origin = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + START_SECONDS_MAX
    try:
        while True:
            try:
                httpx.get(f"{origin}/psc/certs", timeout=1, verify=NO_TLS)
                break
            except httpx.TransportError:
                assert time.monotonic() < deadline, "the stand-ins did not start"
            process.join(0.05)
            assert process.exitcode is None, f"the stand-ins stopped: {(folder / 'standins.log').read_text('utf-8')}"
        yield origin
    finally:
        process.terminate()
        process.join(10)
        assert process.exitcode is not None


def fill_directory(database: Database) -> None:
    """Put the professionals of the tests into the directory."""
    with as_superuser(database) as admin:
        admin.execute("insert into directory.software values (1, 7, 'Portail')")
        for number, name in ((1, "Cabinet médical des Tilleuls"), (2, "Centre hospitalier"), (3, "Optique")):
            admin.execute(
                "insert into directory.establishment values (%s, %s, %s, 'Valbrume')",
                (100 + number, f"99000000{number}", name),
            )
        for number, national_id in enumerate((MORVAN, FERRAND, PLACELESS, MOVED), start=1):
            admin.execute(
                "insert into directory.professional values (%s, %s, %s, 'Nom', 'Prénom', 1)",
                (200 + number, national_id, national_id[1:]),
            )
        for professional, establishment, profession in ((201, 101, 1), (201, 102, 11), (202, 103, 7), (204, 101, 1)):
            admin.execute(
                "insert into directory.activity (professional, establishment, profession) values (%s, %s, %s)",
                (professional, establishment, profession),
            )
            admin.execute(
                "insert into directory.enrolment (professional, establishment, status) values (%s, %s, 2)",
                (professional, establishment),
            )


@dataclass
class Desk:
    """One running set-up: the API in this process, the providers over HTTP."""

    api: httpx.AsyncClient
    web: httpx.AsyncClient
    clock: ShiftedClock
    sessions: Sessions
    pool: Pool
    appender: Appender
    origin: str
    transport: httpx.AsyncBaseTransport
    """The wire to the API, for a site in front of it."""
    tickets: dict[str, str] = field(default_factory=dict)
    """What was last told beside each handle; nothing of a session without a key."""

    def provider(self, realm: Realm, discovery_url: str | None = None) -> ProviderClient:
        return provider_client(self.origin, realm, self.web, self.clock, discovery_url)

    def door(self, realm: Realm, *, discovery_url: str | None = None) -> SignInDoor:
        return SignInDoor(self.pool, self.provider(realm, discovery_url), self.clock)

    async def start(self, key: BrowserKey | None = None) -> dict[str, str]:
        """Begin, as the browser that has this key or none."""
        unsigned = {"json": {"site": "portal", "return_to": "/"}}
        begins = unsigned if key is None else signed_start(API, key, self.clock.now().timestamp(), "/")
        response = await self.api.post("/v1/sign-in/start", **begins)
        assert response.status_code == 200, response.text
        found: dict[str, str] = response.json()
        return found

    async def come_back(self, started: dict[str, str], subject: str) -> dict[str, str]:
        """Pick an identity at the provider; gives the body of `complete`."""
        answer = answer_of(await sign_in(self.web, started["authorize_url"], subject))
        return {name: answer[name] for name in ("state", "code", "iss")} | {"binding": started["binding"]}

    async def complete(self, body: dict[str, str], address: str = "192.0.2.77") -> httpx.Response:
        """Come back from the provider, as the browser at `address`."""
        return await self.api.post("/v1/sign-in/complete", json=body, headers={"X-Forwarded-For": address})

    async def open_session(self, subject: str = MORVAN, key: BrowserKey | None = None) -> dict[str, Any]:
        """Sign in as the browser that has this key or, when none is given, one of its own."""
        key = key or BrowserKey()
        return await self.opened(await self.come_back(await self.start(key), subject)) | {"key": key}

    async def opened(self, brought: dict[str, str]) -> dict[str, Any]:
        """What the session that opens is told."""
        response = await self.complete(brought)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        self.tickets[found["handle"]] = found["ticket"] or ""
        return found

    async def open_keyless(self, subject: str = MORVAN) -> dict[str, Any]:
        """Sign in as a browser that makes no key."""
        return await self.opened(await self.come_back(await self.start(), subject))

    async def bind(self, opened: dict[str, Any], key: BrowserKey | None = None, *, place: int = 0) -> httpx.Response:
        """Choose an activity, signed by the browser's own key unless it is another's."""
        body = json.dumps({"activity": opened["activities"][place]["id"]}).encode()
        bound = await self.send("POST", "/v1/session/activity", opened["handle"], key or opened["key"], body)
        if bound.status_code == 200:
            self.tickets[opened["handle"]] = bound.json()["ticket"] or ""
        return bound

    async def send(
        self,
        method: str,
        path: str,
        handle: str,
        key: BrowserKey | None = None,
        body: bytes = b"",
        proof: bytes | None = None,
    ) -> httpx.Response:
        """One request with the handle, and with the proof by `key` or a given one."""
        headers = {"Authorization": f"DPoP {handle}", "X-Forwarded-For": "192.0.2.77"}
        if self.tickets.get(handle):
            headers[TICKET] = self.tickets[handle]
        if key is not None and proof is None:
            proof = key.proof(method, API + path, handle=handle, at=self.clock.now().timestamp(), body=body)
        if proof is not None:
            headers["DPoP"] = proof.decode()
        if body:
            headers["Content-Type"] = "application/json"
        return await self.api.request(method, path, headers=headers, content=body)


async def leave(portal: httpx.AsyncClient, desk_: Desk, key: BrowserKey) -> str:
    """Open the page of the sign-in and begin, as its script does; the provider's address."""
    assert (await portal.get("/sign-in")).status_code == 200
    begun = await portal.post("/sign-in", **signed_start(API, key, desk_.clock.now().timestamp()))
    return str(begun.json()["location"])


def provider_client(
    origin: str, realm: Realm, web: httpx.AsyncClient, clock: ShiftedClock, discovery_url: str | None = None
) -> ProviderClient:
    """The client of one stand-in, perhaps with another discovery document."""
    document = "wallet-openid-configuration" if realm is Realm.PSC else "openid-configuration"
    settings = ProviderSettings(
        realm=realm,
        discovery_url=discovery_url or f"{origin}/{realm.value}/.well-known/{document}",
        issuer=f"{origin}/{realm.value}",
        client_id=f"tierce-{realm.value}",
        client_secret="a+b/c=d",
        redirect_uri=CALLBACK,
        signed_out_uri=SIGNED_OUT_URI,
        scope="openid scope_all" if realm is Realm.PSC else "openid",
        acr_values="eidas1" if realm is Realm.PSC else None,
    )
    return ProviderClient(settings, web, clock)


@asynccontextmanager
async def desk(database: Database, keyring: Keyring, origin: str, role: str = "api") -> AsyncIterator[Desk]:
    """Wire the API of sign-in as its process does, on a clock that can be moved."""
    clock = ShiftedClock()
    pool: Pool = AsyncConnectionPool(database.dsn(f"tierce_{role}"), min_size=1, max_size=4, open=False)
    async with pool, httpx.AsyncClient(verify=NO_TLS) as web:
        async with pool.connection() as connection:
            appender = await Appender.enrol_async(connection, role, keyring.instance(role))
        network = keyring.hash(Purpose.NETWORK)

        def near(address: str) -> bytes:
            return network.uuid(address_prefix(address)).bytes

        sessions = Sessions(pool, appender, clock, near, POLICY)
        door = SignInDoor(pool, provider_client(origin, Realm.PSC, web, clock), clock)
        tickets = portal_tickets(sessions, appender, API)
        wiring = SignInWiring(door=door, sessions=sessions, tickets=tickets, url=API, software=SoftwareId(1))
        accounts = OwnAccounts(sessions, appender, bank_seals(keyring), real=False)
        audience = API + TOKEN_PATH
        vendor = VendorWiring(VendorDoor(pool, door.provider, sessions, clock, audience), clock, API, wiring.proxies)
        numbers = keyring.raw(Purpose.ENGAGEMENT.value), keyring.raw(Purpose.RECEIPT.value)
        invoices = Invoices(sessions, numbers, page_rows=3)
        agreements = Agreements(sessions, numbers[0], page_rows=3)
        app: Any = _idle.pop() if _idle else _application()
        app.state = State(
            {
                STATE_KEY: wiring,
                VENDOR_KEY: vendor,
                INVOICES_KEY: invoices,
                AGREEMENTS_KEY: agreements,
                ACCOUNTS_KEY: accounts,
                ASSISTANTS_KEY: assistant_door(sessions, appender, near, SoftwareId(1), PORTAL),
                TRANSFERS_KEY: OwnTransfers(sessions, page_rows=3),
                SAY_CLOSED_KEY: lambda: None,
            }
        )
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=normalised(API)) as api:
            yield Desk(api, web, clock, sessions, pool, appender, origin, transport)
        _idle.append(app)


_idle: list[Litestar] = []
"""Applications whose scene is over, for the next: to register these routes takes a tenth of a second."""


def _application() -> Litestar:
    """The API's routes with nothing behind them."""
    routes = [
        *ROUTES,
        *COLLEAGUE_ROUTES,
        *DEVICE_ROUTES,
        *APPEAL_ROUTES,
        *ASSISTANT_ROUTES,
        *INVOICE_ROUTES,
        *AGREEMENT_ROUTES,
        *FHIR_ROUTES,
        *ACCOUNT_ROUTES,
        *TRANSFER_ROUTES,
        token,
    ]
    return Litestar(
        [Routes("/", route_handlers=routes)],
        exception_handlers={
            **EXCEPTION_HANDLERS,
            **INVOICE_HANDLERS,
            **AGREEMENT_HANDLERS,
            **ACCOUNT_HANDLERS,
            **TRANSFER_HANDLERS,
            **STORE_HANDLERS,
            FieldError: field_refused,
        },
        guards=[only_open_acts],
        logging_config=None,
        openapi_config=None,
    )


def bank_seals(keyring: Keyring) -> Seals:
    """To whom accounts are sealed here: `billing`, and TREASURER."""
    public = X25519PrivateKey.from_private_bytes(keyring.raw(BANK_KEY)).public_key()
    return Seals(lambda: public, str(TREASURER.to_public()))


def reason(response: httpx.Response) -> str:
    """The machine code of a problem document."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    code: str = response.json()["code"]
    assert re.fullmatch(r"[a-z_]+", code)
    return code


Play = Callable[[Callable[[Desk], Awaitable[Any]]], None]
"""Plays one scene at a desk."""
