"""What live mode writes and reads in the database of its own stage."""

from psycopg import Connection

from tierce.kernel.care import Profession
from tierce.kernel.ids import DeviceId
from tierce.policy.seats import pack, settled_line


def settle_device(connection: Connection, device: DeviceId, profession: Profession, day: int) -> None:
    """Make a device one of long standing: its line is out of probation, with the base seats of its profession."""
    connection.execute(
        "update access.line set state = %s where device = %s", (pack(settled_line(profession, day)), device)
    )
    connection.commit()
