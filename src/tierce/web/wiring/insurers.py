"""The site of the insurers' staff."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from tierce.identity.local import InsurerSessions
from tierce.identity.oidc import Realm
from tierce.identity.service import SignInDoor
from tierce.insurers.breaches.service import Breaches
from tierce.insurers.documents.service import InsurerDocuments
from tierce.insurers.lines import InsurerLines
from tierce.insurers.requests.service import InsurerRequests
from tierce.insurers.reviews.service import Reviews
from tierce.insurers.service import InsurerDesk
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.policy.digest import policy_digest
from tierce.settings import Settings
from tierce.storage.insurer_keys import door_of
from tierce.storage.keys import Keyring, Purpose
from tierce.web.insurers.app import create_insurers
from tierce.web.look import Hotline
from tierce.web.names import KEYS
from tierce.web.process import App, Process
from tierce.web.upstream import Upstream
from tierce.web.wiring.parts import async_pool, origins_of, provider_of, rows_pool


@asynccontextmanager
async def insurers(settings: Settings) -> AsyncIterator[App]:
    """The site of the insurers' staff."""
    clock, policy = SystemClock(), policy_digest()
    keyring = Keyring(settings.key_directory(), [str(name) for name in KEYS["insurers"]])
    dsn = partial(settings.connection().dsn, "tierce_insurers")
    async with AsyncExitStack() as stack:
        pool, rows = await async_pool(stack, dsn, 2), rows_pool(stack, dsn)
        http = await stack.enter_async_context(Upstream(follow_redirects=False))
        with settings.connection().connect("tierce_insurers") as connection:
            appender = Appender.enrol(connection, "insurers", keyring.instance("insurers"))
        provider = provider_of(Realm.INSURERS, settings.insurers_provider, settings.insurers, http, clock)
        key = keyring.hash(Purpose.DOOR)
        lines = InsurerLines(appender, clock, policy)
        yield create_insurers(
            door=SignInDoor(pool, provider, clock),
            sessions=InsurerSessions(pool, appender, clock, policy, lambda amc: door_of(key, amc)),
            pool=rows,
            desk=InsurerDesk(lines),
            requests=InsurerRequests(lines),
            reviews=Reviews(lines),
            documents=InsurerDocuments(lines),
            breaches=Breaches(lines),
            operator=Hotline(settings.operator.name, settings.operator.phone),
            secure=settings.insurers.url.startswith("https:"),
            sign_in_origins=origins_of(settings.insurers_provider),
        )


app = Process("insurers", insurers)
