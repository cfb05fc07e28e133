"""One journal line for what an operator did to the installation."""

from psycopg import Connection

from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock, micros
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest
from tierce.settings import Settings
from tierce.storage.keys import Keyring

ROLE = "tierce_upkeep"
INSTANCE = "upkeep"


def entry(appender: Appender, act: Act, reference: int, kind: EntryKind) -> Entry:
    """The line itself; `reference` is a count or a size, by act."""
    return Entry(
        kind=kind,
        act=act,
        outcome=Outcome.DONE,
        time_us=micros(SystemClock().now()),
        professional=appender.instance,
        policy=policy_digest(),
        reference=reference,
    )


def enrol(settings: Settings, connection: Connection) -> Appender:
    """The appender of upkeep, on a connection of its role."""
    return Appender.enrol(connection, INSTANCE, Keyring(settings.key_directory(), ()).instance(INSTANCE))


def tell(settings: Settings, act: Act, reference: int = 0, kind: EntryKind = EntryKind.UPKEEP) -> None:
    """Write one line and commit it."""
    with settings.connection().connect(ROLE) as connection:
        appender = enrol(settings, connection)
        appender.append(connection, [entry(appender, act, reference, kind)])
