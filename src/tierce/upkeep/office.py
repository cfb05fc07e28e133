"""What a command needs that acts as the office: its connection, and the appender that writes its lines."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg import Connection

from tierce.journal.service import Appender
from tierce.settings import load
from tierce.storage.command_line import refusing
from tierce.storage.keys import Keyring


@contextmanager
def office(settings_file: Path) -> Iterator[tuple[Connection, Appender]]:
    """Connect as the office, in autocommit mode; a refusal is told and nothing is half done."""
    with refusing():
        settings = load(settings_file)
        keyring = Keyring(settings.key_directory(), ())
        with settings.connection().connect("tierce_office", autocommit=True) as connection:
            yield connection, Appender.enrol(connection, "office", keyring.instance("office"))
