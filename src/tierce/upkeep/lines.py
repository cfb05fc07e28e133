"""One journal line for what an operator did to the installation, and what is typed of it by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from psycopg import Connection

from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock, micros
from tierce.kernel.errors import FieldError
from tierce.kernel.labels import holds_nir
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest
from tierce.settings import Settings
from tierce.storage.keys import Keyring

ROLE = "tierce_upkeep"
INSTANCE = "upkeep"
WHY_MAX = 300
"""Characters of a reason that is kept."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


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


@contextmanager
def journalled(settings: Settings) -> Iterator[tuple[Connection, Appender]]:
    """A connection of upkeep, and what writes lines in its transaction, which is committed at the end."""
    with settings.connection().connect(ROLE) as connection:
        yield connection, enrol(settings, connection)


def typed(field: str, given: str, most: int = WHY_MAX) -> str:
    """One line that somebody will read: not empty, not too long, of nobody cared for.

    Raises:
        FieldError: it is not.
    """
    text = " ".join(given.split())
    if not 1 <= len(text) <= most or not text.isprintable() or holds_nir(text):
        raise FieldError(
            field,
            Phrase("c’est vide, trop long, ou cela ressemble à un numéro de personne.",
                   "this is empty, too long, or looks like a person's number."),
            Phrase(f"Écrivez-le en {most} caractères au plus.", f"Write it in {most} characters at most."),
        )  # fmt: skip
    return text


def address(field: str, given: str, most: int, *, plain_here: bool = False) -> str:
    """Where somebody else's program is: https; with `plain_here`, HTTP on this very machine too.

    Raises:
        FieldError: it is not.
    """
    parts = urlsplit(given)
    here = plain_here and parts.scheme == "http" and parts.hostname in LOOPBACK
    whole = parts.hostname and not parts.username and len(given) <= most and given.isascii()
    if not (parts.scheme == "https" or here) or not whole:
        raise FieldError(
            field,
            Phrase("ce n’est pas une adresse https.", "this is no https address."),
            Phrase("Recopiez celle que l’on vous a donnée.", "Copy the one that you were given."),
        )
    return given
