"""What the demonstration writes and reads in the database, beside what the platform itself does."""

from datetime import datetime

from psycopg import Connection

from tierce.journal.encoding import decode
from tierce.kernel.ids import DeviceId, PersonId, ProfessionalId
from tierce.policy.acts import Outcome
from tierce.policy.ladder import HOLD_RUNG, Level


def professional_of(connection: Connection, rpps: str) -> ProfessionalId:
    """The internal number of a professional of the directory."""
    row = connection.execute("select id from directory.professional where rpps = %s", (rpps,)).fetchone()
    if row is None:
        msg = f"l’annuaire n’a pas de professionnel {rpps} / the directory holds no professional {rpps}"
        raise LookupError(msg)
    return ProfessionalId(row[0])


def accounts_came_a_week_ago(connection: Connection) -> None:
    """Say that the accounts asked for were asked a week earlier: their days of waiting are over."""
    connection.execute(
        "update bank.account set asked = asked - interval '7 days', due = due - interval '7 days' where state = 1"
    )


def held_since(connection: Connection, device: DeviceId) -> datetime | None:
    """When the watch put this device on the rung of automatic holds; None when it did not."""
    row = connection.execute(
        "select since from access.ladder where level = %s and subject = %s and rung >= %s and lifted is null",
        (Level.DEVICE, device, HOLD_RUNG),
    ).fetchone()
    return row[0] if row else None


def people_disclosed(connection: Connection, professional: ProfessionalId, device: DeviceId) -> set[PersonId]:
    """The people whom the journal says were shown to one device of a professional."""
    rows = connection.execute("select body from journal.entry where professional = %s", (professional,)).fetchall()
    entries = (decode(bytes(body)) for (body,) in rows)
    return {entry.person for entry in entries if entry.device == device and entry.outcome is Outcome.RELEASED}


def lines_waiting(connection: Connection) -> int:
    """Journal lines that the sequencer has not put in the tree yet, of a journal of which no row was dropped.

    The office's role may ask no more; where rows go, `upkeep.waiting` tells.
    """
    row = connection.execute("select (select count(*) from journal.entry) - journal.leaf_count()").fetchone()
    return int(row[0]) if row else 0
