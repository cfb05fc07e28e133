"""The office, the persons' space and the insurers' site on a filled room, a session open for one reader."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpx
from litestar import Litestar
from psycopg import Connection
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from tests.integration.asks import ORIGIN
from tests.integration.logs import log_of, segments_folder, segments_of
from tests.integration.rooms import OPERATOR, PAUL, Room, packs_of
from tierce.closings.service import Closings
from tierce.directory.service import Clients
from tierce.identity.local import InsurerSessions, PersonSessions, StaffSessions
from tierce.identity.oidc import ProviderClient, ProviderSettings, Realm, digest
from tierce.identity.service import Pool, SignInDoor
from tierce.identity.sites.forms import form_token
from tierce.identity.sites.rules import bound_to
from tierce.incidents.holds.service import Holds
from tierce.insurers.breaches.service import Breaches
from tierce.insurers.documents.service import InsurerDocuments
from tierce.insurers.lines import InsurerLines
from tierce.insurers.requests.service import InsurerRequests
from tierce.insurers.reviews.service import Reviews
from tierce.insurers.service import InsurerDesk
from tierce.journal.note import verifier_key
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import staff_id
from tierce.kernel.loopback import NO_TLS
from tierce.lab.standins.browser_key import BrowserKey
from tierce.notices.messages.service import Messages
from tierce.peer_alerts.telling.service import Teller, signing_key
from tierce.persons import store as person_rows
from tierce.persons.billed.service import CareBilled
from tierce.persons.concerned.service import Concerned
from tierce.persons.letters.service import Letters
from tierce.persons.requests.service import Requests
from tierce.persons.wishes.service import Wishes
from tierce.policy.allowed import STAFF_ROLES
from tierce.presence.answers import Answers
from tierce.storage.database import Database
from tierce.storage.insurer_keys import door_of
from tierce.storage.keys import Purpose
from tierce.web.insurers.app import create_insurers
from tierce.web.look import Hotline
from tierce.web.office.app import create_office
from tierce.web.persons.app import create_persons

ROLES = STAFF_ROLES
HANDLE = "s" * 43
"""The handle of the session that a test's browser already holds."""
TICKETS = {realm: (realm.value + "-" * 43)[:43] for realm in Realm}
"""Its ticket, which here serves for an hour."""
KEY = BrowserKey()
"""The key of that browser."""
BOUND = bound_to(HANDLE, KEY.thumbprint)
SITE = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Site:
    """One application and a browser that is signed in to it."""

    app: Litestar
    http: httpx.AsyncClient
    csrf: str
    cookie: str
    ticket: str

    @property
    def ticket_cookie(self) -> str:
        """The name of the cookie without which the session's reads nothing."""
        return f"{self.cookie}-ticket"


def put_ticket(admin: Connection, realm: Realm, session: int, ticket: str = "") -> None:
    """Give a session the ticket of a test's browser, or this one, for longer than a slow test; and no other."""
    admin.execute(
        "delete from access.ticket where (realm, session) = (%s, %s) or ticket = %s",
        (realm.value, session, digest(ticket)),
    )
    admin.execute(
        "insert into access.ticket (ticket, realm, session, until) values (%s, %s, %s, now() + interval '1 hour')",
        (digest(ticket or TICKETS[realm]), realm.value, session),
    )


def _provider(realm: Realm, web: httpx.AsyncClient) -> ProviderClient:
    settings = ProviderSettings(
        realm=realm,
        discovery_url="http://127.0.0.1:9/.well-known/openid-configuration",
        issuer="http://127.0.0.1:9",
        client_id=f"tierce-{realm.value}",
        client_secret="never asked for",
        redirect_uri=f"{SITE}/sign-in/callback",
        signed_out_uri=f"{SITE}/signed-out",
    )
    return ProviderClient(settings, web, SystemClock())


def _staff_session(room: Room, role: str) -> None:
    """Open a session of the security officer, or of somebody of another role, as a completed sign-in would have."""
    now = SystemClock().now()
    room.admin.execute(
        "insert into access.staff_session (id, bound, handle, staff, subject, name, roles, created, expires)"
        " values (900, %s, %s, %s, 'vasseur', 'Hélène Vasseur', %s, %s, %s)",
        (BOUND, digest(HANDLE), staff_id("vasseur"), [role], now, now + timedelta(minutes=30)),
    )
    put_ticket(room.admin, Realm.STAFF, 900)
    room.admin.commit()


def _person_session(room: Room) -> None:
    """Give Paul's open session the handle that the browser holds."""
    now = SystemClock().now()
    room.admin.execute(
        "update access.person_session set handle = %s, bound = %s, created = %s, expires = %s where id = %s",
        (digest(HANDLE), BOUND, now, now + timedelta(minutes=30), PAUL.session),
    )
    put_ticket(room.admin, Realm.PERSONS, PAUL.session)
    room.admin.commit()


@asynccontextmanager
async def office_site(room: Room, database: Database, role: str = "security") -> AsyncIterator[Site]:
    """The office as its process wires it."""
    _staff_session(room, role)
    rows: ConnectionPool[Connection] = ConnectionPool(
        database.dsn("tierce_office"), min_size=1, max_size=2, open=False, kwargs={"autocommit": True}
    )
    inspected: ConnectionPool[Connection] = ConnectionPool(
        database.dsn("tierce_inspector"), min_size=0, max_size=2, open=False, kwargs={"autocommit": True}
    )
    pool: Pool = AsyncConnectionPool(database.dsn("tierce_office"), min_size=1, max_size=2, open=False)
    async with pool, httpx.AsyncClient(verify=NO_TLS) as web:
        with rows, inspected:
            with rows.connection() as connection:
                lines = Appender.enrol(connection, "office", room.keyring.instance("office"))
            sessions = StaffSessions(pool, lines, SystemClock(), bytes(16), ROLES)
            app = create_office(
                door=SignInDoor(pool, _provider(Realm.STAFF, web), SystemClock()),
                sessions=sessions,
                pool=rows,
                inspected=inspected,
                incidents=room.incidents,
                clocks=room.clocks,
                forms=room.forms,
                notices=room.notices,
                messages=Messages(room.notices, room.incidents, lines, room.clock),
                letters=segments_folder(database).parent / "letters",
                holds=Holds(lines, SystemClock()),
                clients=Clients(lines, SystemClock()),
                closings=Closings(lines, SystemClock(), bytes(16)),
                packs=packs_of(room),
                teller=Teller(lines, SystemClock(), "https://alertes.riveclaire.example", signing_key(bytes(32))),
                log_key=verifier_key(ORIGIN, room.keyring.instance("worker").public_key()),
                log=log_of(database),
                sealed=segments_of(database),
                clock=room.clock,
                secure=False,
            )
            async with _browser(app, "tierce-office", TICKETS[Realm.STAFF]) as found:
                yield found


def play_office(
    room: Room, database: Database, scene: Callable[[Site], Awaitable[None]], role: str = "security"
) -> None:
    """Have somebody of the staff, in one role, do what a scene says on the office's pages."""

    async def whole() -> None:
        async with office_site(room, database, role) as site:
            await scene(site)

    asyncio.run(whole())


@asynccontextmanager
async def persons_site(room: Room, database: Database) -> AsyncIterator[Site]:
    """The persons' space as its process wires it."""
    _person_session(room)
    rows: ConnectionPool[Connection] = ConnectionPool(
        database.dsn("tierce_persons"), min_size=1, max_size=2, open=False, kwargs={"autocommit": True}
    )
    pool: Pool = AsyncConnectionPool(database.dsn("tierce_persons"), min_size=1, max_size=2, open=False)
    async with pool, httpx.AsyncClient(verify=NO_TLS) as web:
        with rows:
            with rows.connection() as connection:
                lines = Appender.enrol(connection, "persons", room.keyring.instance("persons"))
            index = room.keyring.hash(Purpose.TRAIT)
            records = person_rows.Records(room.sealer)
            sessions = PersonSessions(
                pool, lines, SystemClock(), bytes(16), index.uuid, index.lasting, records.given_names
            )
            app = create_persons(
                door=SignInDoor(pool, _provider(Realm.PERSONS, web), SystemClock()),
                sessions=sessions,
                pool=rows,
                persons=room.persons,
                operator=OPERATOR,
                answers=Answers(lines, SystemClock()),
                concerned=Concerned(lines, SystemClock()),
                requests=Requests(lines, SystemClock()),
                wishes=Wishes(lines, SystemClock()),
                billed=CareBilled(lines, SystemClock()),
                letters=Letters(lines, records, SystemClock()),
                secure=False,
            )
            async with _browser(app, "tierce-persons", TICKETS[Realm.PERSONS]) as found:
                yield found


@asynccontextmanager
async def insurers_site(room: Room, database: Database, insurer: int = 1) -> AsyncIterator[Site]:
    """The insurers' site as its process wires it, open for somebody of one insurer."""
    now = SystemClock().now()
    room.admin.execute(
        "insert into access.insurer_session (id, bound, handle, insurer, staff, name, created, expires)"
        " values (970, %s, %s, %s, 971, 'Camille Rouvray', %s, %s)",
        (BOUND, digest(HANDLE), insurer, now, now + timedelta(minutes=30)),
    )
    put_ticket(room.admin, Realm.INSURERS, 970)
    room.admin.commit()
    rows: ConnectionPool[Connection] = ConnectionPool(
        database.dsn("tierce_insurers"), min_size=1, max_size=2, open=False, kwargs={"autocommit": True}
    )
    pool: Pool = AsyncConnectionPool(database.dsn("tierce_insurers"), min_size=1, max_size=2, open=False)
    async with pool, httpx.AsyncClient(verify=NO_TLS) as web:
        with rows:
            with rows.connection() as connection:
                appender = Appender.enrol(connection, "insurers", room.keyring.instance("insurers"))
            lines = InsurerLines(appender, SystemClock(), bytes(16))
            key = room.keyring.hash(Purpose.DOOR)
            app = create_insurers(
                door=SignInDoor(pool, _provider(Realm.INSURERS, web), SystemClock()),
                sessions=InsurerSessions(pool, appender, SystemClock(), bytes(16), lambda amc: door_of(key, amc)),
                pool=rows,
                desk=InsurerDesk(lines),
                breaches=Breaches(lines),
                requests=InsurerRequests(lines),
                reviews=Reviews(lines),
                documents=InsurerDocuments(lines),
                operator=Hotline(OPERATOR.name, OPERATOR.phone),
                secure=False,
            )
            async with _browser(app, "tierce-insurers", TICKETS[Realm.INSURERS]) as found:
                yield found


@asynccontextmanager
async def _browser(app: Litestar, cookie: str, ticket: str) -> AsyncIterator[Site]:
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # Litestar's own ASGI types are narrower
    held = httpx.Cookies()
    for name, value in ((cookie, HANDLE), (f"{cookie}-ticket", ticket)):
        held.set(name, value, domain=httpx.URL(SITE).host)  # the site's own, which it replaces as in a browser
    async with httpx.AsyncClient(
        transport=transport,
        base_url=SITE,
        cookies=held,
        headers={"accept-language": "fr"},
    ) as http:
        yield Site(app, http, form_token(HANDLE), cookie, ticket)
