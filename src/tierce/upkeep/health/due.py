"""Figures of what ends or is due, and of who has gone silent.

They are of certificates, client secrets, witnesses, the law's delays and duties of processes. No label
names anybody: of incidents there is one instant, whichever it is of.
"""

from contextlib import suppress
from datetime import datetime, time
from typing import Final

import psycopg
from prometheus_client import CollectorRegistry, Gauge

from tierce.incidents.clocks.service import soonest
from tierce.journal.errors import JournalError
from tierce.journal.witness.cosignature import WitnessKey
from tierce.journal.witness.store import seen
from tierce.kernel.clock import PARIS
from tierce.settings import Settings
from tierce.storage import heartbeat
from tierce.upkeep.health import store
from tierce.upkeep.health.service import BEATING, watched_in
from tierce.upkeep.health.shown import ends

OFFICE: Final = "tierce_office"
"""The role that reads incidents; the figures are written as root, who holds every password."""
REALMS: Final = ("psc", "staff", "persons_provider", "insurers_provider")
NEVER: Final = float("inf")


def due_figures(connection: psycopg.Connection, settings: Settings) -> CollectorRegistry:
    """Read them all; what cannot be reached now has no figure, and its own alert."""
    registry = CollectorRegistry()
    now = store.server_now(connection)
    _processes(connection, settings, registry)
    _witnesses(connection, settings, now, registry)
    connection.rollback()
    certificates = Gauge(
        "tierce_certificate_ends_timestamp_seconds",
        "The last instant of the certificate that a site shows.",
        ["process"],
        registry=registry,
    )
    for name, last in ends(settings).items():
        certificates.labels(name).set(last.timestamp())
    secrets = Gauge(
        "tierce_client_secret_ends_timestamp_seconds",
        "When the client secret at an identity provider ends.",
        ["provider"],
        registry=registry,
    )
    for realm in REALMS:
        until = getattr(getattr(settings, realm, None), "client_secret_until", None)
        if until is not None:
            secrets.labels(realm).set(datetime.combine(until, time(), PARIS).timestamp())
    with suppress(OSError, psycopg.Error), settings.connection().connect(OFFICE) as office:
        office.read_only = True
        due = soonest(office, now)
        Gauge(
            "tierce_incident_due_seconds",
            "Until the next of the law's delays of an open incident; negative: late; +Inf: none runs.",
            registry=registry,
        ).set(NEVER if due is None else (due - now).total_seconds())
    return registry


def _processes(connection: psycopg.Connection, settings: Settings, registry: CollectorRegistry) -> None:
    """Which duties fail, and who never spoke: an age of nothing can be alerted on by nobody."""
    beats = {one.process: one for one in heartbeat.read(connection)}
    failing = Gauge("tierce_duties_failing", "Duties whose last attempt failed.", ["process"], registry=registry)
    silent = Gauge(
        "tierce_heartbeat_missing", "1: the settings name a process that never ran.", ["process"], registry=registry
    )
    for name in (one for one in watched_in(settings) if one in BEATING):
        failing.labels(name).set(len(beats[name].failing) if name in beats else 0)
        silent.labels(name).set(name not in beats)


def _witnesses(
    connection: psycopg.Connection, settings: Settings, now: datetime, registry: CollectorRegistry
) -> None:
    """How old the cosignature of the witness that is furthest behind is, and how many hold another history."""
    said, ages, split = {one.witness: one for one in seen(connection)}, [0.0], 0
    for given in settings.witnesses:
        try:
            last = said.get(WitnessKey.parse(given.key).name)
        except JournalError:
            continue  # the doctor says that the line is malformed
        split += last is not None and last.split
        ages.append(NEVER if last is None or last.at is None else (now - last.at).total_seconds())
    Gauge("tierce_witness_age_seconds", "Since the witness that is furthest behind cosigned.", registry=registry).set(
        max(ages)
    )
    Gauge("tierce_witness_split", "Witnesses that hold another history of the log.", registry=registry).set(split)
