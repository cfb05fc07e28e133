"""Contact data at rest: sealed under a key of one insurer for one incident, in the compartment CONTACT."""

import os
from collections.abc import Collection, Sequence
from datetime import date, datetime

import msgspec
from psycopg import Connection
from psycopg.errors import CheckViolation

from tierce.kernel.ids import IncidentId, InsurerId, PersonId
from tierce.notices.contacts.model import Contact
from tierce.notices.errors import LoanEndedError, LoanNeededError
from tierce.storage.errors import SealBrokenError
from tierce.storage.keys import COMPARTMENT_KEYS, KEY_BYTES, Compartment, Keyring, Sealer, wrap_key

KEY = COMPARTMENT_KEYS[Compartment.CONTACT]
"""The master key file of contact data."""
Pair = tuple[PersonId, InsurerId]
Sealers = dict[InsurerId, Sealer | None]
"""What opens each loan of one incident; None where there is none, or it was deleted."""
_SIZE_CLASSES = (192, 384, 768, 1536)
_READ = 5_000


class _Record(msgspec.Struct, frozen=True, array_like=True):
    """The sealed form, version 1; fields are only ever added at the end, with a default."""

    version: int
    name: str
    email: str | None
    postal: tuple[str, ...]
    language: str
    representative: str | None
    former: bool
    adult_from: date | None = None

    def __repr__(self) -> str:
        return "_Record(•••)"


_decoder = msgspec.msgpack.Decoder(_Record)


def encode(contact: Contact) -> bytes:
    """Encode and pad to a size class, so that the sealed size tells at most a class."""
    record = _Record(
        1,
        contact.name,
        contact.email,
        contact.postal,
        contact.language,
        contact.representative,
        contact.former,
        contact.adult_from,
    )
    body = msgspec.msgpack.encode(record)
    size = next(one for one in _SIZE_CLASSES if len(body) + 2 <= one)
    return (len(body).to_bytes(2, "big") + body).ljust(size, b"\0")


def decode(plaintext: bytes) -> Contact:
    """Read back what `encode` wrote."""
    record = _decoder.decode(plaintext[2 : 2 + int.from_bytes(plaintext[:2], "big")])
    return Contact(
        record.name, record.email, record.postal, record.language, record.representative, former=record.former,
        adult_from=record.adult_from,
    )  # fmt: skip


class Contacts:
    """Reads and writes contact data over connections of role tierce_notices, the only one that may."""

    def __init__(self, keyring: Keyring) -> None:
        """Seal and open with the keys that the master `contact` unwraps."""
        self._keyring = keyring

    def of(
        self,
        connection: Connection,
        incident: IncidentId,
        pairs: Collection[Pair],
        sealers: Sealers | None = None,
    ) -> dict[Pair, Contact]:
        """The contact data lent for an incident of each (person, insurer) that has some; the others are left out.

        `sealers` keeps what opens each loan from one call to the next of one transaction.
        """
        found: dict[Pair, Contact] = {}
        sealers = {} if sealers is None else sealers
        for one in {insurer for _, insurer in pairs} - sealers.keys():
            sealers[one] = self.sealer(connection, incident, one)
        wanted = list(pairs)
        for some in (wanted[at : at + _READ] for at in range(0, len(wanted), _READ)):
            rows = connection.execute(
                "select c.person, c.insurer, c.sealed from unnest(%s::bigint[], %s::smallint[]) w(person, insurer)"
                " join contact.contact c on c.incident = %s and c.insurer = w.insurer and c.person = w.person",
                ([person for person, _ in some], [insurer for _, insurer in some], incident),
            )
            for person, insurer, sealed in rows:
                pair = (PersonId(person), InsurerId(insurer))
                sealer = sealers[pair[1]]
                if sealer is not None:
                    found[pair] = decode(sealer.open_(Compartment.CONTACT, pair[1], pair[0], bytes(sealed)))
        return found

    def sealer(self, connection: Connection, incident: IncidentId, insurer: InsurerId) -> Sealer | None:
        """What seals and opens one loan; None when there is none, or it was deleted."""
        row = connection.execute(
            "select k.version, k.wrapped from contact.loan l join registry.insurer_key k on k.insurer = l.insurer"
            " and k.compartment = %s and k.version = l.key_version where l.incident = %s and l.insurer = %s",
            (Compartment.CONTACT.value, incident, insurer),
        ).fetchone()
        if row is None:
            return None
        key = self._keyring.unwrap(KEY, Compartment.CONTACT, insurer, int(row[0]), bytes(row[1]))
        return Sealer({(Compartment.CONTACT, insurer): {int(row[0]): key}})

    def open_loan(self, connection: Connection, incident: IncidentId, insurer: InsurerId) -> Sealer:
        """Open a loan, with a key of its own, or find it again.

        Raises:
            LoanEndedError: what was lent for this incident was deleted; nothing more is taken in.
        """
        row = connection.execute("select contact.next_version(%s::smallint)", (insurer,)).fetchone()
        assert row is not None
        version = int(row[0])
        wrapped = wrap_key(self._keyring.raw(KEY), Compartment.CONTACT, insurer, version, os.urandom(KEY_BYTES))
        try:
            connection.execute(
                "select contact.open_loan(%s, %s::smallint, %s, %s::smallint)", (incident, insurer, wrapped, version)
            )
        except CheckViolation:
            raise LoanEndedError from None
        sealer = self.sealer(connection, incident, insurer)
        if sealer is None:
            raise SealBrokenError
        return sealer


def put(
    connection: Connection,
    incident: IncidentId,
    insurer: InsurerId,
    sealer: Sealer,
    lent: Sequence[tuple[PersonId, Contact]],
) -> int:
    """Keep some contact data, the last of each person; returns how many were new or differ from what was kept."""
    plain = {person: encode(contact) for person, contact in lent}
    rows = connection.execute(
        "select person, sealed from contact.contact where incident = %s and insurer = %s and person = any(%s)",
        (incident, insurer, list(plain)),
    ).fetchall()
    kept = {PersonId(row[0]): sealer.open_(Compartment.CONTACT, insurer, PersonId(row[0]), row[1]) for row in rows}
    changed = [person for person, text in plain.items() if kept.get(person) != text]
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into contact.contact (incident, insurer, person, sealed) values (%s, %s, %s, %s)"
            " on conflict (incident, insurer, person) do update set sealed = excluded.sealed",
            [(incident, insurer, one, sealer.seal(Compartment.CONTACT, insurer, one, plain[one])) for one in changed],
        )
    return len(changed)


Counts = tuple[int, int, int, int, int]
"""Lines read, taken, unchanged, refused, outside."""


def lent_file(connection: Connection, incident: IncidentId, insurer: InsurerId, sha256: bytes) -> Counts | None:
    """The counts of a file that was the last to be taken in, and under the newest list.

    One before which another came may change much again; whoever a list adds was outside it before.
    """
    return connection.execute(
        "select read, taken, unchanged, refused, outside from (select * from contact.lent_file"
        " where incident = %(incident)s and insurer = %(insurer)s order by at desc limit 1) f"
        " where f.sha256 = %(sha256)s"
        " and f.at >= (select max(s.at) from incident.scope s where s.incident = %(incident)s)",
        {"incident": incident, "insurer": insurer, "sha256": sha256},
    ).fetchone()


def keep_file(
    connection: Connection, incident: IncidentId, insurer: InsurerId, sha256: bytes, at: datetime, counts: Counts
) -> None:
    """Write what became of a file, the last time that it was taken in."""
    connection.execute(
        "insert into contact.lent_file (incident, insurer, sha256, at, read, taken, unchanged, refused, outside)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (incident, insurer, sha256) do update set"
        " at = excluded.at, read = excluded.read, taken = excluded.taken, unchanged = excluded.unchanged,"
        " refused = excluded.refused, outside = excluded.outside",
        (incident, insurer, sha256, at, *counts),
    )


def loans(connection: Connection, incident: IncidentId) -> list[InsurerId]:
    """The insurers that lent contact data for an incident, what was deleted included."""
    rows = connection.execute("select insurer from contact.loan where incident = %s order by insurer", (incident,))
    return [InsurerId(row[0]) for row in rows.fetchall()]


def forget(connection: Connection, incident: IncidentId, insurer: InsurerId) -> int | None:
    """Delete a loan's records and destroy its key; how many there were, or None when there was no loan left.

    Raises:
        LoanNeededError: messages or letters wait to be written with it.
    """
    try:
        row = connection.execute("select contact.forget(%s, %s::smallint)", (incident, insurer)).fetchone()
    except CheckViolation:
        raise LoanNeededError from None
    return None if row is None or row[0] is None else int(row[0])


def left(connection: Connection, incident: IncidentId, insurer: InsurerId) -> int:
    """How many records of a loan there are."""
    row = connection.execute(
        "select count(*) from contact.contact where incident = %s and insurer = %s", (incident, insurer)
    ).fetchone()
    assert row is not None
    return int(row[0])


def key_version(connection: Connection, incident: IncidentId, insurer: InsurerId) -> int:
    """The version of a loan's key."""
    row = connection.execute(
        "select key_version from contact.loan where incident = %s and insurer = %s", (incident, insurer)
    ).fetchone()
    assert row is not None
    return int(row[0])


def certificate(connection: Connection, incident: IncidentId, insurer: InsurerId) -> str | None:
    """The certificate of a loan that was deleted."""
    row = connection.execute(
        "select certificate from contact.loan where incident = %s and insurer = %s", (incident, insurer)
    ).fetchone()
    return None if row is None else row[0]


def keep_certificate(connection: Connection, incident: IncidentId, insurer: InsurerId, text: str) -> None:
    """Keep the certificate of a loan."""
    connection.execute(
        "update contact.loan set certificate = %s where incident = %s and insurer = %s", (text, incident, insurer)
    )
