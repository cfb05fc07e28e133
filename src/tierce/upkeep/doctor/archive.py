"""The doctor on PostgreSQL's write-ahead log: what leaves it for elsewhere, and what keeps it from being removed."""

from collections.abc import Iterable
from typing import Final

import psycopg

from tierce.kernel.language import Phrase
from tierce.upkeep.doctor.model import Finding, Grade, bad
from tierce.upkeep.health import store

LATE_SECONDS: Final = 900.0
"""A file leaves once a minute (`archive_timeout`); what came since the last one is on this machine alone."""
SLOT_BYTES_MAX: Final = 1 << 30
"""A standby is seconds behind; one that holds back a gibibyte is away, and the disk of the database fills for it."""


def kept_elsewhere(connection: psycopg.Connection) -> list[Finding]:
    """Files leave for the archive, and nobody who left holds back what this machine must keep for them."""
    return [*archived(store.last_archived(connection)), *held_back(store.slots(connection))]


def archived(last: store.Archived | None) -> list[Finding]:
    """Judge how files leave; nothing where none is to."""
    if last is None:
        return []
    if last.failing:
        said = Phrase(
            f"n’est plus copié, et s’accumule : {last.file} a échoué {last.failures} fois",
            f"is no longer copied, and gathers: {last.file} failed {last.failures} times",
        )
        remedy = Phrase(
            "lisez le journal de PostgreSQL, qui dit ce que répond archive_command, et voyez la place et les droits "
            "du disque des sauvegardes",
            "read PostgreSQL's log, which says what archive_command answers, and look at room and rights on the disk "
            "of backups",
        )
        return [bad("archive-fails", "pg_wal", said, remedy)]
    if last.seconds <= LATE_SECONDS:
        return []
    said = Phrase(
        f"rien n’est parti à l’archive depuis {last.seconds / 60:.0f} min : ce qui suit n’est que sur cette machine",
        f"nothing has left for the archive for {last.seconds / 60:.0f} min: what came since is on this machine alone",
    )
    remedy = Phrase(
        "voyez dans postgresql.conf archive_command, vide ou qui attend un disque absent (`ps -C postgres`, "
        "archiver), et archive_timeout, 60 s",
        "see archive_command in postgresql.conf, empty or waiting for a disk that is away (`ps -C postgres`, "
        "archiver), and archive_timeout, 60 s",
    )
    return [bad("archive-late", "pg_wal", said, remedy, grade=Grade.WARNING)]


def held_back(slots: Iterable[store.Slot]) -> list[Finding]:
    """Judge what each standby has the server keep."""
    return [
        bad(
            "standby-behind",
            one.name,
            Phrase(
                f"retient {one.held / (1 << 30):.1f} Gio de journal : ce serveur de secours "
                + ("est loin derrière" if one.active else "n’est pas là"),
                f"holds back {one.held / (1 << 30):.1f} GiB of log: this standby "
                + ("is far behind" if one.active else "is away"),
            ),
            Phrase(
                "remettez-le en route, ou, s’il ne revient pas, "
                f"`select pg_drop_replication_slot('{one.name}')` en tant que postgres, avant que le disque n’ait "
                "plus de place",
                "bring it back, or, if it will not come back, "
                f"`select pg_drop_replication_slot('{one.name}')` as postgres, before the disk is full",
            ),
        )
        for one in slots
        if one.held > SLOT_BYTES_MAX
    ]
