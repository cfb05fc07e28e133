"""Writes asks of professionals straight into the journal, as the gate would have, and sequences them."""

from collections.abc import Sequence
from datetime import UTC, datetime

import psycopg

from tests.integration.logs import log_of
from tierce.journal.encoding import encode
from tierce.journal.merkle import leaf_hash
from tierce.journal.model import Entry, EntryKind
from tierce.journal.sequencer import Sequencer
from tierce.journal.service import Appender
from tierce.journal.signing import entry_seq, sign_batch
from tierce.kernel.care import Domain
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import micros
from tierce.kernel.ids import DeviceId, EntrySeq, EstablishmentId, InsurerId, PersonId, ProfessionalId, SessionId
from tierce.policy.acts import Act, Lane, Outcome
from tierce.storage.keys import Keyring

AT = datetime(2026, 3, 3, 9, 12, tzinfo=UTC)
"""When the first ask of a test is made, unless it says otherwise: in the past, since the database dates batches."""
ORIGIN = "journal.riveclaire.example"


def ask(
    person: int,
    insurer: int = 1,
    *,
    at: datetime = AT,
    professional: int = 501,
    establishment: int = 601,
    device: int = 66,
    session: int = 77,
    outcome: Outcome = Outcome.RELEASED,
) -> Entry:
    """One look-up in optics; a refusal names the person too, as the gate's do."""
    released = outcome is Outcome.RELEASED
    return Entry(
        kind=EntryKind.DISCLOSURE if released else EntryKind.REFUSAL,
        act=Act.RIGHTS_ASK,
        lane=Lane.INTERACTIVE,
        outcome=outcome,
        domain=Domain.OPTI,
        time_us=micros(at),
        professional=ProfessionalId(professional),
        establishment=EstablishmentId(establishment),
        session=SessionId(session),
        device=DeviceId(device),
        insurer=InsurerId(insurer) if released else InsurerId(0),
        seats_after=3,
        person=PersonId(person),
        categories=DataCategory.INSURER | DataCategory.GUARANTEES if released else DataCategory.NONE,
    )


def write_asks(
    admin: psycopg.Connection, keyring: Keyring, entries: Sequence[Entry], *, at: datetime = AT
) -> list[EntrySeq]:
    """Insert one batch signed by the instance `api`; only the gate's functions could do it without superuser."""
    key = keyring.instance("api")
    row = admin.execute(
        "insert into journal.instance (name, role, public_key) values ('api', 'tierce_api', %s)"
        " on conflict (name) do update set name = excluded.name returning id",
        (key.public_key().public_bytes_raw(),),
    ).fetchone()
    drawn = admin.execute("select nextval('journal.block_no')").fetchone()
    assert row is not None
    assert drawn is not None
    bodies = [encode(entry) for entry in entries]
    signature = sign_batch(key, row[0], drawn[0], [leaf_hash(body) for body in bodies])
    admin.execute(
        "insert into journal.batch (block, instance, n, at, signature) values (%s, %s, %s, %s, %s)",
        (drawn[0], row[0], len(bodies), at, signature),
    )
    numbers = [entry_seq(drawn[0], place) for place in range(len(bodies))]
    for number, entry, body in zip(numbers, entries, bodies, strict=True):
        admin.execute(
            "insert into journal.entry (seq, kind, professional, person, body) values (%s, %s, %s, %s, %s)",
            (number, entry.kind.value, entry.professional, entry.person, body),
        )
    admin.commit()
    return numbers


def sequence(worker: psycopg.Connection, keyring: Keyring) -> int:
    """Put everything written so far under a checkpoint; gives how many lines were added."""
    sequencer = Sequencer(worker, ORIGIN, keyring.instance("worker"), log_of(worker))
    added = 0
    while step := sequencer.step():
        added += step
    return added


def appender(connection: psycopg.Connection, keyring: Keyring, name: str) -> Appender:
    """Enrol a process that is not the gate."""
    return Appender.enrol(connection, name, keyring.instance(name))
