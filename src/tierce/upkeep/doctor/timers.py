"""What a timer should have done by now: the jobs of the night, and the whole journal read back each week."""

from datetime import datetime, timedelta
from typing import Final

import psycopg

from tierce.kernel.language import Phrase
from tierce.storage import heartbeat
from tierce.upkeep.doctor.model import Finding, Grade, bad, good
from tierce.upkeep.health import store

JOB_LATE: Final = timedelta(hours=30)
READ_LATE: Final = timedelta(days=8)
"""As deploy/alerts.yml counts them: a test holds the two together."""


def late(connection: psycopg.Connection) -> list[Finding]:
    """Jobs that have not ended well in time; on an installation younger than that, none of the night is late.

    Where the write-ahead log is kept elsewhere, it brings nothing back without a base copy.
    """
    since = store.first_signed(connection)
    if since is None:
        return []  # nothing was ever written: there is nothing to seal, keep or read
    now = store.server_now(connection)
    ended = {one.process: one.started for one in heartbeat.read(connection)}
    found = [
        _late(f"tierce-{job}", ended.get(job), f"job-late-{job}")
        for job in heartbeat.JOBS
        if now - max(since, ended.get(job, since)) > JOB_LATE
    ]
    read = store.last_read(connection)
    if read is not None and read.errors:
        said = Phrase(
            f"la dernière lecture entière y trouve {read.errors} défauts ({read.first})",
            f"the last whole reading found {read.errors} faults in it ({read.first})",
        )
        page = "docs/runbooks/journal-does-not-verify.md"
        remedy = Phrase(f"suivez {page}", f"follow {page}")
        found.append(bad("journal-altered", "journal", said, remedy))
    if now - max(since, since if read is None else read.at) > READ_LATE:
        found.append(_late("tierce-verify", None if read is None else read.at, "journal-not-read"))
    base = ended.get(heartbeat.BASE)
    if store.archive_on(connection) and (base is None or now - base > READ_LATE):
        found.append(_late("tierce-base", base, "base-late"))
    return found or [good("timers", "systemd", "chaque travail de nuit est fait", "each job of a timer is done")]


def _late(unit: str, last: datetime | None, code: str) -> Finding:
    said = Phrase(
        "n’a jamais abouti" if last is None else f"n’a pas abouti depuis le {last:%Y-%m-%d %H:%M} UTC",
        "never ended well" if last is None else f"has not ended well since {last:%Y-%m-%d %H:%M} UTC",
    )
    remedy = Phrase(
        f"`systemctl enable --now {unit}.timer`, puis `systemctl start {unit}` et lisez ce qu’il dit",
        f"`systemctl enable --now {unit}.timer`, then `systemctl start {unit}` and read what it says",
    )
    return bad(code, unit, said, remedy, grade=Grade.WARNING)
