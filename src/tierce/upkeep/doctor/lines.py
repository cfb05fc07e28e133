"""The doctor on the journal's lines: the newest are counted, some are drawn at random and read to their signatures.

`tierce journal verify` reads everything, in hours where there is much; this is what seconds can say each morning.
"""

import secrets
from collections.abc import Iterator
from typing import Final

import psycopg

from tierce.journal.errors import JournalError
from tierce.journal.note import read_checkpoint
from tierce.journal.tiles.folder import LogFolder
from tierce.journal.tiles.layout import WIDTH
from tierce.journal.verifier import store as verifier_store
from tierce.journal.verifier.model import Sealed, Severity
from tierce.journal.verifier.stretch import Task, verify_stretch
from tierce.kernel.language import Phrase
from tierce.settings import Settings
from tierce.upkeep.doctor import log
from tierce.upkeep.doctor.model import Finding, bad, good

ROLE: Final = "tierce_office"
"""As for `tierce journal verify`: it reads lines and writes none."""
COUNTED: Final = 1_000_000
"""Of the newest leaves, those that no segment holds yet are counted, so many at most: a second's work."""
DRAWN: Final = 48
"""Tiles of 256 leaves that are drawn beside the last."""
_PAGE: Final = "docs/runbooks/journal-does-not-verify.md"


def sampled(settings: Settings) -> list[Finding]:
    """Hold the newest lines to their number, and some of all to their tiles and signatures."""
    folder, keys = settings.log_directory(), log.line(settings)
    try:
        note = LogFolder(folder).checkpoint()
    except OSError:
        note = None
    if note is None or keys is None:
        return []  # said of the log's folder, or of the key files
    origin, known = keys
    try:
        size = read_checkpoint(note, origin, *known).size
        found = verifier_store.snapshot(settings.connection().dsn(ROLE))
        with found as (connection, _name):
            return _read(connection, settings, size)
    except JournalError:
        return []  # said of the log's folder
    except psycopg.OperationalError as error:
        if error.sqlstate is not None:
            raise
        return []  # said of the roles: there is no session


def _read(connection: psycopg.Connection, settings: Settings, size: int) -> list[Finding]:
    held = Sealed(held=[(one.first, one.end) for one in verifier_store.sealed(connection)])
    held.ended.extend(verifier_store.ended(connection))
    sealed_until = max((end for _first, end in (*held.held, *held.ended)), default=0)
    first = max(sealed_until, size - COUNTED)
    there, placed = verifier_store.counted(connection, first)
    if there != placed:
        said = Phrase(
            f"{there} lignes sont dans la base à partir de la feuille {first}, et l’arbre signé en a {placed}",
            f"{there} lines are in the database from leaf {first} on, and the signed tree has {placed}",
        )
        return [bad("lines-missing", "journal", said, _REMEDY)]
    read = 0
    for low in drawn(size):
        task = Task(
            low, min(low + WIDTH, size), size, settings.log_directory(), 1, verifier_store.instances(connection), held
        )
        stretch = verify_stretch(connection, task)
        wrong = [one for one in stretch.report.findings if one.severity is Severity.ERROR]
        if wrong or stretch.differ:
            at = wrong[0].code if wrong else "tile-differs"
            said = Phrase(
                f"tiré au hasard, ce qui est dans la base n’est pas ce qui fut signé, dès la feuille {low} ({at})",
                f"drawn at random, what is in the database is not what was signed, from leaf {low} on ({at})",
            )
            return [bad("lines-altered", "journal", said, _REMEDY)]
        read += stretch.entries
    return [
        good(
            "lines",
            "journal",
            f"les {there} dernières lignes sont là, et {read} tirées au hasard sont ce qui fut signé",
            f"the last {there} lines are there, and {read} drawn at random are what was signed",
        )
    ]


def drawn(size: int) -> Iterator[int]:
    """First leaves of the last tile and of some others; all of them where there are few."""
    tiles = -(-size // WIDTH)
    drawn = {tiles - 1} | (set(range(tiles)) if tiles <= DRAWN else {secrets.randbelow(tiles) for _ in range(DRAWN)})
    return (number * WIDTH for number in sorted(drawn) if number >= 0)


_REMEDY: Final = Phrase(
    f"ne supprimez rien ; `tierce journal verify` dit lesquelles, puis {_PAGE}",
    f"remove nothing; `tierce journal verify` says which, then {_PAGE}",
)
