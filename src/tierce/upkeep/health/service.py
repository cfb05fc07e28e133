"""Asks each process how it is, over the loopback or by its heartbeat."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import msgspec
import psycopg
from prometheus_client import CollectorRegistry, Gauge

from tierce.kernel.loopback import NO_TLS
from tierce.notices.aside.model import AsideWhy, Road
from tierce.notices.aside.store import counts
from tierce.settings import Settings
from tierce.storage import heartbeat
from tierce.storage.version import program
from tierce.upkeep.health import locks, store
from tierce.web.names import LIVE, READY, WORKER_FIGURES, named_in

ROLE = "tierce_upkeep"
WORKER = "worker"
BEAT_SECONDS_MAX = 15.0
"""The worker says that it lives every two seconds; silent for longer, it does not."""
BILLING = "billing"
BILLING_SECONDS_MAX = 60.0
"""It says that it lives after each turn, every five seconds; a turn of many invoices takes longer."""
NOTICES = "notices"
NOTICES_SECONDS_MAX = 180.0
"""`tierce notice run` says that it lives before and after each turn, one a minute; three minutes are silence."""
LAG_SECONDS_MAX = 10.0
"""A journal line waits a fraction of a second; ten seconds mean that nothing is sequenced."""
ASK_SECONDS_MAX = 5.0
NO_DATABASE: Final = {"database": False}
"""What is known of a process whose sign of life is in the database, while that does not answer."""


@dataclass(frozen=True, slots=True)
class State:
    """One process as it was found."""

    process: str
    live: bool
    ready: bool
    checks: dict[str, bool]


class _Said(msgspec.Struct):
    checks: dict[str, bool]


def site_state(name: str, port: int) -> State:
    """Ask a site, or the signer, on its loopback port."""
    address = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(timeout=ASK_SECONDS_MAX, trust_env=False, verify=NO_TLS) as client:
            live = client.get(address + LIVE).status_code == 200
            answer = client.get(address + READY)
            checks = msgspec.json.decode(answer.content, type=_Said).checks
    except (httpx.HTTPError, msgspec.DecodeError):
        return State(name, live=False, ready=False, checks={})
    return State(name, live=live, ready=answer.status_code == 200, checks=checks)


def worker_state(connection: psycopg.Connection) -> State:
    """Read the worker's heartbeat, which of its duties fail, and how far behind it is."""
    beats = {one.process: one for one in heartbeat.read(connection)}
    behind = heartbeat.waiting(connection)
    connection.rollback()
    own = beats.get(WORKER)
    live = own is not None and own.age_seconds <= BEAT_SECONDS_MAX
    in_time = behind.oldest_seconds is None or behind.oldest_seconds <= LAG_SECONDS_MAX
    failing = own.failing if own is not None else ()
    checks = {"heartbeat": live, "schema": _of_ours(own), "sequencer": in_time}
    checks |= {f"duty {name}": False for name in failing}
    return State(WORKER, live=live, ready=all(checks.values()), checks=checks)


def notices_state(connection: psycopg.Connection) -> State:
    """Read the heartbeat of `tierce notice run`, and whether its last turn failed for somebody."""
    return _beating(connection, NOTICES, NOTICES_SECONDS_MAX)


def billing_state(connection: psycopg.Connection) -> State:
    """Read the heartbeat of `billing`, and what its last turn could not decide."""
    return _beating(connection, BILLING, BILLING_SECONDS_MAX)


def _beating(connection: psycopg.Connection, name: str, seconds_max: float) -> State:
    own = next((one for one in heartbeat.read(connection) if one.process == name), None)
    connection.rollback()
    live = own is not None and own.age_seconds <= seconds_max
    checks = {"heartbeat": live, "schema": _of_ours(own)}
    checks |= {f"duty {each}": False for each in (own.failing if own is not None else ())}
    return State(name, live=live, ready=all(checks.values()), checks=checks)


def _of_ours(own: heartbeat.Heartbeat | None) -> bool:
    """Whether it runs this very program: one that was not started again after an upgrade does not."""
    return own is None or own.version == program()


def watched_in(settings: Settings) -> tuple[str, ...]:
    """The processes that these settings name; `notices` where there is a relay to send by."""
    return (*named_in(settings), *((NOTICES,) if settings.mail is not None else ()))


BEATING: Final = (WORKER, BILLING, NOTICES)
"""The processes that listen nowhere: their sign of life is in the database."""
_BY_HEARTBEAT: Final[dict[str, Callable[[psycopg.Connection], State]]] = {
    WORKER: worker_state,
    BILLING: billing_state,
    NOTICES: notices_state,
}


def states(settings: Settings, names: tuple[str, ...] | None = None) -> list[State]:
    """Ask every process of `names`, or all that the settings name; one that cannot be asked is not live."""
    names = watched_in(settings) if names is None else names
    found = [site_state(name, getattr(settings, name).port) for name in names if name not in _BY_HEARTBEAT]
    for name in (one for one in _BY_HEARTBEAT if one in names):
        try:
            with settings.connection().connect(ROLE) as connection:
                found.append(_BY_HEARTBEAT[name](connection))
        except (OSError, psycopg.Error):
            found.append(State(name, live=False, ready=False, checks=dict(NO_DATABASE)))
    return found


def worker_figures(settings: Settings) -> bytes:
    """What the worker wrote of itself; nothing when it does not run on this machine.

    They are told with the database's: under systemd its folder lies where root alone goes, and no collector reads it.
    """
    folder = settings.state_directory()
    try:
        return b"" if folder is None else (folder / WORKER_FIGURES).read_bytes()
    except FileNotFoundError:
        return b""


def replace_whole(file: Path, text: bytes) -> None:
    """Put figures in place at once: a collector never reads half of them."""
    made = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        made.write_bytes(text)
        made.replace(file)
    finally:
        made.unlink(missing_ok=True)


def _beats(registry: CollectorRegistry, connection: psycopg.Connection) -> None:
    """Signs of life of what serves no page, and when each job last ended well."""
    beats = Gauge(
        "tierce_heartbeat_age_seconds", "Since a process said that it lives.", ["process"], registry=registry
    )
    others = Gauge(
        "tierce_program_other", "1: it runs another program than tells these figures.", ["process"], registry=registry
    )
    # Instants, not ages: a file of figures that nobody replaces any more still grows old.
    jobs = Gauge(
        "tierce_job_ended_timestamp_seconds", "When a job last ended well; 0: never.", ["kind"], registry=registry
    )
    base = Gauge("tierce_archive_base_timestamp_seconds", "The last base copy; 0: none.", registry=registry)
    for job in heartbeat.JOBS:
        jobs.labels(job).set(0)
    for beat in heartbeat.read(connection):
        if beat.process in heartbeat.JOBS:
            jobs.labels(beat.process).set(beat.started.timestamp())
        elif beat.process == heartbeat.BASE:
            base.set(beat.started.timestamp())
        else:
            beats.labels(beat.process).set(beat.age_seconds)
            others.labels(beat.process).set(beat.age_seconds <= NOTICES_SECONDS_MAX and not _of_ours(beat))


def figures(connection: psycopg.Connection) -> CollectorRegistry:
    """The figures of the whole installation that the database knows; no label names anybody."""
    registry = CollectorRegistry()
    behind = heartbeat.waiting(connection)

    def gauge(name: str, words: str, value: float) -> None:
        Gauge(name, words, registry=registry).set(value)

    gauge("tierce_journal_waiting_lines", "Journal lines not under a checkpoint yet.", behind.lines)
    gauge("tierce_journal_lag_seconds", "Age of the oldest of them.", behind.oldest_seconds or 0.0)
    gauge(
        "tierce_invoice_oldest_seconds",
        "Age of the invoice or agreement that has waited longest.",
        store.oldest_invoice(connection),
    )
    gauge(
        "tierce_locks_foreign",
        "Locks of ours that a program holds which never takes them.",
        len(locks.foreign(connection)),
    )
    gauge("tierce_journal_checkpoint_age_seconds", "Age of the last checkpoint.", behind.checkpoint_seconds or 0.0)
    gauge("tierce_journal_size", "Lines under the last checkpoint.", behind.size)
    _beats(registry, connection)
    gauge("tierce_figures_timestamp_seconds", "When these were read.", store.server_now(connection).timestamp())
    read = store.last_read(connection)
    gauge("tierce_journal_read_timestamp_seconds", "The last reading of it all.", read.at.timestamp() if read else 0)
    gauge("tierce_journal_read_errors", "Faults that the last reading found.", read.errors if read else 0)
    _archive(connection, gauge)
    first = store.first_signed(connection)
    if first is not None:
        gauge("tierce_journal_first_timestamp_seconds", "When the first checkpoint was signed.", first.timestamp())
    aside = Gauge(
        "tierce_messages_aside",
        "Messages that were set aside, by road and reason.",
        ["road", "why"],
        registry=registry,
    )
    for road in Road:
        aside.labels(road, AsideWhy.REFUSED).set(0)
    for kept in counts(connection):
        aside.labels(kept.road, kept.why).set(kept.number)
    imports = store.running_imports(connection)
    running = Gauge("tierce_imports_running", "Files being taken in, by kind.", ["kind"], registry=registry)
    for kind in sorted({one.kind for one in imports}):
        running.labels(kind).set(sum(one.kind == kind for one in imports))
    gauge(
        "tierce_import_age_seconds", "Age of the longest of them.", max((one.seconds for one in imports), default=0.0)
    )
    holds = Gauge("tierce_holds", "Holds in force, by rung of the ladder.", ["rung"], registry=registry)
    for rung, number in store.holds_by_rung(connection).items():
        holds.labels(str(rung)).set(number)
    connection.rollback()
    return registry


def _archive(connection: psycopg.Connection, gauge: Callable[[str, str, float], None]) -> None:
    """How the write-ahead log leaves, and what is kept of it for others."""
    archived = store.last_archived(connection)
    gauge("tierce_archive_on", "1: the write-ahead log is kept elsewhere.", archived is not None)
    gauge("tierce_archive_failing", "1: it is not copied.", archived is not None and archived.failing)
    gauge(
        "tierce_archive_age_seconds", "Since a file of it last left.", 0.0 if archived is None else archived.seconds
    )
    held = max((one.held for one in store.slots(connection)), default=0)
    gauge("tierce_slot_held_bytes", "Write-ahead log that is kept for a standby, the most.", held)
