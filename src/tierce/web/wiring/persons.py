"""The space of the persons covered."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from tierce.identity.local import PersonSessions
from tierce.identity.oidc import Realm
from tierce.identity.service import SignInDoor
from tierce.journal.segments.sealed import SealedLog
from tierce.journal.service import Appender
from tierce.journal.tiles.folder import LogFolder
from tierce.kernel.clock import SystemClock
from tierce.notices.model import Operator
from tierce.persons.billed.service import CareBilled
from tierce.persons.concerned.service import Concerned
from tierce.persons.letters.service import Letters
from tierce.persons.requests.service import Requests
from tierce.persons.service import Persons
from tierce.persons.store import Records as PersonRecords
from tierce.persons.wishes.service import Wishes
from tierce.policy.digest import policy_digest
from tierce.presence.answers import Answers
from tierce.settings import Settings
from tierce.storage.insurer_keys import lasting_sealer
from tierce.storage.keys import Compartment, Keyring, Purpose
from tierce.storage.lookup_keys import take
from tierce.storage.version import insist_on_schema
from tierce.web.names import KEYS
from tierce.web.persons.app import create_persons
from tierce.web.persons.desk import CardDesk
from tierce.web.process import App, Process
from tierce.web.upstream import Upstream
from tierce.web.wiring.parts import async_pool, origins_of, provider_of, rows_pool


@asynccontextmanager
async def persons(settings: Settings) -> AsyncIterator[App]:
    """The space of the persons covered."""
    clock, policy = SystemClock(), policy_digest()
    keyring = Keyring(settings.key_directory(), [str(name) for name in KEYS["persons"]])
    with settings.connection().connect("tierce_persons") as connection:
        insist_on_schema(connection)
        saying = take(connection, keyring, [Purpose.TRAIT])

    def dsn() -> str:
        return saying(settings.connection().dsn("tierce_persons"))

    async with AsyncExitStack() as stack:
        pool, rows = await async_pool(stack, dsn, 2), rows_pool(stack, dsn)
        http = await stack.enter_async_context(Upstream(follow_redirects=False))
        with settings.connection().connect("tierce_persons") as connection:
            appender = Appender.enrol(connection, "persons", keyring.instance("persons"))
            records = PersonRecords(
                lasting_sealer(settings.connection(), "tierce_persons", keyring, [Compartment.PERSON])
            )
        provider = provider_of(Realm.PERSONS, settings.persons_provider, settings.persons, http, clock)
        traits = keyring.hash(Purpose.TRAIT)
        operator = settings.operator
        yield create_persons(
            door=SignInDoor(pool, provider, clock),
            sessions=PersonSessions(pool, appender, clock, policy, traits.uuid, traits.lasting, records.given_names),
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
            wishes=Wishes(appender, clock),
            billed=CareBilled(appender, clock),
            letters=Letters(appender, records, clock),
            cards=None if settings.signer is None else CardDesk(f"http://127.0.0.1:{settings.signer.port}", http),
            operator=Operator(
                operator.name, operator.address, operator.phone, operator.officer, operator.officer_email
            ),
            secure=settings.persons.url.startswith("https:"),
            sign_in_origins=origins_of(settings.persons_provider),
        )


app = Process("persons", persons)
