"""Use cases of contact data lent: taken in whole or not at all, kept for one incident, deleted with a certificate."""

import csv
import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from typing import TextIO

import msgspec
import pyrage
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import Connection

from tierce.incidents import store as incident_rows
from tierce.journal.service import Appender
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import PARIS, Clock
from tierce.kernel.errors import FieldError
from tierce.kernel.feed import Rejection, delimiter_of
from tierce.kernel.ids import IncidentId, InsurerId, PersonId
from tierce.kernel.language import Phrase
from tierce.kernel.os_errors import os_reason
from tierce.notices.contacts import store
from tierce.notices.contacts.columns import HEADER
from tierce.notices.contacts.model import Contact
from tierce.notices.contacts.rules import Key, by_name, read_line
from tierce.notices.errors import FileRefusedError, IncidentNotAwareError
from tierce.notices.lines import notice_line
from tierce.notices.mandates.model import Mandate
from tierce.notices.mandates.store import mandate_of
from tierce.notices.slices.rules import References
from tierce.notices.slices.store import Cover, members, told_scope
from tierce.policy.acts import Act

CHUNK_LINES = 500
LENT = DataCategory.EMAIL | DataCategory.POSTAL_ADDRESS


@dataclass(slots=True)
class Lent:
    """What became of a file's lines; `read` is the sum of the others. `outside` are not on the insurer's slice."""

    read: int = 0
    taken: int = 0
    unchanged: int = 0
    refused: int = 0
    outside: int = 0
    again: bool = False
    """The same file was taken in before: nothing was done."""


@dataclass(frozen=True, slots=True)
class Lending:
    """Takes in and deletes contact data, over autocommit connections of role tierce_notices."""

    appender: Appender
    contacts: store.Contacts
    cover: Cover
    clock: Clock

    def lend(
        self,
        connection: Connection,
        incident: IncidentId,
        insurer: InsurerId,
        file: Path,
        *,
        identity: str,
        refuse: Callable[[Rejection], None] = lambda rejection: None,
        progress: Callable[[int], None] = lambda lines: None,
    ) -> Lent:
        """Take in an encrypted file, in one transaction: nothing of it is kept unless all of it was read.

        Raises:
            FieldError: the insurer has no mandate that has the operator write.
            FileRefusedError: the file does not open with our key, was cut short, or has other columns.
            IncidentNotAwareError: the breach is not established.
            LoanEndedError: what was lent for this incident was deleted.
        """
        found = incident_rows.incident(connection, incident)
        if found is None or found.aware_at is None:
            raise IncidentNotAwareError
        if mandate_of(connection, insurer, self._today()) is not Mandate.OPERATOR_SENDS:
            raise FieldError(
                "insurer",
                Phrase("Cet organisme n’a pas mandaté l’opérateur pour écrire.", "It gave no mandate to write."),
                Phrase(
                    "Notez le mandat signé : tierce notice mandate write.",
                    "Write the signed mandate down: tierce notice mandate write.",
                ),
            )
        sha256 = _digest(file)
        known = store.lent_file(connection, incident, insurer, sha256)
        if known is not None:
            return Lent(*known, again=True)
        with connection.transaction():
            sealer = self.contacts.open_loan(connection, incident, insurer)
            people = self._people(connection, incident, insurer)
            lent = Lent()
            with decrypted(file, identity) as plain:
                for chunk in _chunks(plain, lent, people, self._today(), refuse):
                    changed = store.put(connection, incident, insurer, sealer, chunk)
                    lent.taken += changed
                    lent.unchanged += len(chunk) - changed
                    progress(lent.read)
            now = self.clock.now()
            line = notice_line(
                self.appender, Act.CONTACT_LENT, now, incident=incident, insurer=insurer, categories=LENT
            )
            self.appender.write(connection, [line])
            counts = (lent.read, lent.taken, lent.unchanged, lent.refused, lent.outside)
            store.keep_file(connection, incident, insurer, sha256, now, counts)
        return lent

    def _people(self, connection: Connection, incident: IncidentId, insurer: InsurerId) -> "People":
        scope = incident_rows.last_scope(connection, incident)
        if scope is None:
            raise IncidentNotAwareError
        told = told_scope(connection, incident, insurer) or scope
        people = People([References(digest, insurer) for digest in {scope.digest, told.digest}])
        found = members(connection, incident, insurer, scope.revision)
        for member, (number, rank) in self.cover.opened(connection, insurer, found):
            people.add(PersonId(member.person), number, rank)
        return people

    def forget(
        self, connection: Connection, incident: IncidentId, insurer: InsurerId, amc: str, key: Ed25519PrivateKey
    ) -> str | None:
        """Delete what one insurer lent for one incident, and destroy its key; None when it lent nothing.

        The certificate is signed by the process's own key, which the journal knows, and kept with the loan. Done
        again, the same one is given.

        Raises:
            LoanNeededError: messages or letters wait to be written with what it lent.
        """
        kept = store.certificate(connection, incident, insurer)
        if kept is not None:
            return kept
        with connection.transaction():
            deleted = store.forget(connection, incident, insurer)
            if deleted is None:
                return None
            now = self.clock.now()
            line = notice_line(
                self.appender, Act.CONTACT_FORGOTTEN, now, incident=incident, insurer=insurer, categories=LENT
            )
            (seq,) = self.appender.write(connection, [line])
            said: dict[str, object] = {
                "certificate": "tierce-contacts-deleted-v1",
                "incident": str(incident),
                "insurer": amc,
                "records_deleted": deleted,
                "records_left": store.left(connection, incident, insurer),
                "key_version_destroyed": store.key_version(connection, incident, insurer),
                "at": now.isoformat(),
                "journal_entry": str(seq),
                "signed_by": self.appender.instance,
            }
            text = sign(said, key)
            store.keep_certificate(connection, incident, insurer, text)
        return text

    def _today(self) -> date:
        return self.clock.now().astimezone(PARIS).date()


class People:
    """Whoever is on an insurer's slice, found by reference, or by member number and rank."""

    def __init__(self, references: Sequence[References]) -> None:
        """Begin with nobody; `references` are those of the newest list and of the one that the insurer holds."""
        self._references = references
        self._by_member: dict[str, list[tuple[PersonId, int]]] = {}
        self._by_reference: dict[str, PersonId] = {}

    def add(self, person: PersonId, number: str, rank: int) -> None:
        """Add one."""
        for one in self._references:
            self._by_reference[one.of(person)] = person
        if number:
            self._by_member.setdefault(number, []).append((person, rank))

    def find(self, key: Key) -> PersonId | None:
        """The person a line is about; None when she is not on the slice, or what names her is of two people.

        Adults of one contract may share a member number, where their insurer keeps its people itself: neither is told
        at the other's address.
        """
        by_reference = self._by_reference.get(key.reference) if key.reference else None
        if not key.member_number:
            return by_reference
        fit = [
            person
            for person, rank in self._by_member.get(key.member_number, ())
            if not (key.rank and rank and key.rank != rank)
        ]
        if key.reference:
            return by_reference if by_reference in fit else None
        return fit[0] if len(fit) == 1 else None


def _chunks(
    plain: TextIO, lent: Lent, people: People, on: date, refuse: Callable[[Rejection], None]
) -> Iterator[list[tuple[PersonId, Contact]]]:
    """Read the lines, count what is refused or outside, and give the others in chunks."""
    chunk: list[tuple[PersonId, Contact]] = []
    number = 1
    try:
        header = plain.readline()
        reader = csv.reader(chain([header], plain), delimiter=delimiter_of(header), strict=True)
        names = next(reader, [])
        if set(names) - set(HEADER) or len(set(names)) < len(names) or "name" not in names:
            msg = (
                "en-tête : ce ne sont pas les colonnes de docs/reference/contacts-lent.md, chacune une fois / "
                "header: its columns are not those of that page, each of them once"
            )
            raise FileRefusedError(msg)
        for number, cells in enumerate(reader, start=2):
            if not any(cells):
                continue
            lent.read += 1
            try:
                key, contact = read_line(by_name(names, cells), on)
            except FieldError as error:
                lent.refused += 1
                refuse(Rejection.of(number, error))
                continue
            person = people.find(key)
            if person is None:
                lent.outside += 1
                continue
            chunk.append((person, contact))
            if len(chunk) == CHUNK_LINES:
                yield chunk
                chunk = []
    except (csv.Error, UnicodeDecodeError):
        line = number + 1
        msg = (
            f"ligne {line} : pas un texte UTF-8 en colonnes ; réécrivez le fichier / line {line}: not UTF-8 text in "
            "columns; write the file again"
        )
        raise FileRefusedError(msg) from None
    yield chunk


@contextmanager
def decrypted(file: Path, identity: str) -> Iterator[TextIO]:
    """Read an age file as it is decrypted, through a pipe: its text is never on a disk, nor whole in memory.

    Raises:
        FileRefusedError: at the end, when it does not open or was cut short; whatever was read must be given up.
    """
    read, write = os.pipe()
    failed: list[str] = []

    def run() -> None:
        with os.fdopen(write, "wb") as plain, file.open("rb") as sealed:
            try:
                pyrage.decrypt_io(sealed, plain, [pyrage.x25519.Identity.from_str(one) for one in identity.split()])
            except BrokenPipeError:
                return
            except Exception:  # noqa: BLE001 - the library raises several kinds; which one tells nothing more here
                failed.append("it does not open with this installation's key, or was cut short")

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        with os.fdopen(read, encoding="utf-8-sig", newline="") as plain:
            yield plain
    except FileRefusedError:
        thread.join()
        if not failed:
            raise
    finally:
        thread.join()
    if failed:
        raise FileRefusedError(failed[0])


def sign(said: dict[str, object], key: Ed25519PrivateKey) -> str:
    """Sign a certificate: canonical JSON whose last name is the signature, in hexadecimal, of the text without it."""
    body = msgspec.json.encode(said)
    return msgspec.json.encode({**said, "signature": key.sign(body).hex()}).decode()


def _digest(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").digest()
    except OSError as error:
        why = os_reason(error)
        msg = f"le fichier ne se lit pas : {why.fr} / the file cannot be read: {why.en}"
        raise FileRefusedError(msg) from None
