"""Loads a synthetic country through the same imports as an operator's files, and enrols its professionals."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from tierce.directory.model import Actor
from tierce.directory.service import Clients
from tierce.feeds.intake import Intake
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.kernel.feed import Rejection
from tierce.kernel.ids import SessionId, StaffId
from tierce.registry.service import Listener
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

_OFFICE: Final = "office"


def load_country(intake: Intake, country: Path, on_lines: Callable[[int], None]) -> int:
    """Import insurers, prices, directory and every rights feed of a country's folder; returns the rights lines taken.

    `on_lines` hears how many rights lines were read so far. A country has no line to refuse, so one that is
    refused stops the load.

    Raises:
        ValueError: a line was refused; the message names line, field and remedy.
    """
    done = 0

    def refuse(rejection: Rejection) -> None:
        msg = f"line {rejection.line}, {rejection.field}: {rejection.reason.en} {rejection.remedy.en}"
        raise ValueError(msg)

    listener = Listener(refuse, lambda lines: on_lines(done + lines))
    silent = Listener(refuse, lambda _lines: None)
    intake.insurers(country / "insurers.csv", silent)
    intake.tariffs(country / "tariffs.csv", silent)
    intake.benefits(country / "benefits.csv", silent)
    intake.directory(country / "directory.csv", silent)
    taken = 0
    for path in sorted((country / "rights").glob("*.csv")):
        counts = intake.rights(path, path.stem, listener).counts
        done += counts.read
        taken += counts.taken
    return taken


def enrol_everybody(database: Database, keys: Path) -> int:
    """Make clients of all the professionals of a loaded country, as the operator's staff would; returns how many."""
    with database.connect("tierce_office") as connection:
        appender = Appender.enrol(connection, _OFFICE, Keyring(keys, ()).instance(_OFFICE))
    with database.connect("tierce_office", autocommit=True) as connection:
        return Clients(appender, SystemClock()).enrol_listed(
            connection,
            Actor("laboratoire", StaffId(1), SessionId(0)),
            contract="pays inventé",
            reason="Tous les professionnels du pays inventé sont clients.",
        )
