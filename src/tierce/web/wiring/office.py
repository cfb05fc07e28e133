"""The operator's office."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from tierce.closings.service import Closings
from tierce.directory.service import Clients
from tierce.identity.local import StaffSessions
from tierce.identity.oidc import Realm
from tierce.identity.service import SignInDoor
from tierce.incidents.again.service import Again
from tierce.incidents.clocks.service import Clocks
from tierce.incidents.form.model import Organisation
from tierce.incidents.form.service import Forms
from tierce.incidents.holds.service import Holds
from tierce.incidents.pack.service import Packs, Seal
from tierce.incidents.register.service import Register
from tierce.incidents.service import Incidents
from tierce.incidents.store import Records as StaffRecords
from tierce.journal.kept import retired_log_lines
from tierce.journal.segments.sealed import SealedLog
from tierce.journal.service import Appender
from tierce.journal.tiles.folder import LogFolder
from tierce.kernel.clock import SystemClock
from tierce.notices.messages.service import Messages
from tierce.notices.model import Operator
from tierce.notices.service import Notices
from tierce.peer_alerts.telling.service import Teller, signing_key
from tierce.policy.allowed import STAFF_ROLES
from tierce.policy.digest import policy_digest
from tierce.settings import Settings
from tierce.storage.insurer_keys import lasting_sealer
from tierce.storage.keys import ALERTS_KEY, Compartment, Keyring
from tierce.web.names import BESIDE, KEYS, log_key
from tierce.web.office.again import lists_again
from tierce.web.office.app import create_office
from tierce.web.process import App, Process
from tierce.web.upstream import Upstream
from tierce.web.wiring.parts import async_pool, origins_of, provider_of, rows_pool


@asynccontextmanager
async def office(settings: Settings) -> AsyncIterator[App]:
    """The operator's office."""
    clock, policy = SystemClock(), policy_digest()
    keyring = Keyring(settings.key_directory(), KEYS["office"])
    dsn = partial(settings.connection().dsn, "tierce_office")
    async with AsyncExitStack() as stack:
        pool, rows = await async_pool(stack, dsn, 2), rows_pool(stack, dsn)
        inspected = rows_pool(stack, partial(settings.connection().dsn, *BESIDE["office"]))
        http = await stack.enter_async_context(Upstream(follow_redirects=False))
        with settings.connection().connect("tierce_office") as connection:
            appender = Appender.enrol(connection, "office", keyring.instance("office"))
            teller = None
            if settings.peers is not None:
                teller = Teller(appender, clock, settings.peers.url, signing_key(keyring.raw(ALERTS_KEY)))
                teller.publish(connection)
                connection.commit()
            records = StaffRecords(
                lasting_sealer(settings.connection(), "tierce_office", keyring, [Compartment.PERSON])
            )
        incidents = Incidents(appender, records, clock, settings.segments_directory())
        await stack.enter_async_context(lists_again(rows, Again(incidents, clock)))
        operator = settings.operator
        signed = Operator(operator.name, operator.address, operator.phone, operator.officer, operator.officer_email)
        register = Register(appender, clock)
        notices = Notices(incidents, appender, signed, clock)
        yield create_office(
            door=SignInDoor(pool, provider_of(Realm.STAFF, settings.staff, settings.office, http, clock), clock),
            sessions=StaffSessions(pool, appender, clock, policy, STAFF_ROLES),
            pool=rows,
            inspected=inspected,
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
                    retired_log_lines(settings.key_directory()),
                ),
            ),
            teller=teller,
            log_key=log_key(settings.key_directory()),
            log=LogFolder(settings.log_directory()),
            sealed=SealedLog(settings.segments_directory()),
            clock=clock,
            secure=settings.office.url.startswith("https:"),
            sign_in_origins=origins_of(settings.staff),
        )


app = Process("office", office)
