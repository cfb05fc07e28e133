"""Which generation of a look-up key is in force: the database says it, a key file holds every key so far.

It also knows the keys of which another file would serve in silence (`keys.PROVED`), by their proofs.

A process looks up by as many keys of the file as the database says when it starts, and tells the database so at each
connection: a process that was not started again after a replacement is refused, and finds nobody by mistake
(docs/adr/0120).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, LiteralString, Self
from uuid import UUID

from psycopg import AsyncConnection, Connection
from psycopg.conninfo import make_conninfo

from tierce.storage.errors import LookupKeyError
from tierce.storage.keys import KEY_BYTES, LOOKUPS, PROVED, Keyring, Purpose

_FIRST: Final[LiteralString] = "select gate.prove_first(%s, %s, %s)"
_READ: Final[LiteralString] = (
    "select generation, oldest, step, proof, before, at_idx, at_person, since from gate.lookup where purpose = %s"
)


class Progress(StrEnum):
    """How far a replacement has come."""

    NONE = "none"
    """None is under way."""
    FILLING = "filling"
    """Rows of the next generation are added beside; nobody looks by them yet."""
    BOTH = "both"
    """Everybody is found by either generation."""
    CLEARING = "clearing"
    """Rows of the generation before are taken away; nobody looks by them any more."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What the database says of one look-up key."""

    generation: int
    """How many keys of the file are in force."""
    oldest: int
    """The oldest generation by which everybody is found."""
    step: Progress
    proof: bytes | None
    """`proof_of` the newest key's chain, of a replacement under way too; None until a file was taken in."""
    before: bytes | None
    """While one fills: of the chain in force."""
    at_idx: UUID | None
    at_person: int | None
    since: datetime

    @classmethod
    def of(cls, row: tuple[Any, ...] | None, purpose: Purpose) -> Self:
        """Make one of a row of gate.lookup."""
        if row is None:
            msg = (
                f"la base n’a pas de marque de la clé {purpose} : lancez `tierce upgrade` / "
                f"the database has no mark of the key {purpose}: run `tierce upgrade`"
            )
            raise LookupKeyError(msg)
        return cls(row[0], row[1], Progress(row[2]), *row[3:])

    def hold(self, keyring: Keyring, purpose: Purpose) -> None:
        """Have `keyring` look up by what is in force.

        Raises:
            KeyMissingError: the file holds fewer keys.
            LookupKeyError: the file holds others.
        """
        keyring.under(purpose.value, self.generation)
        _insist(self.before if self.step is Progress.FILLING else self.proof, keyring, purpose)

    def insist(self, keyring: Keyring, purpose: Purpose) -> None:
        """Refuse a chain that is not the one of the newest rows: nobody would be found, without a word.

        Raises:
            LookupKeyError: the file holds other keys.
        """
        _insist(self.proof, keyring, purpose)


def _insist(proof: bytes | None, keyring: Keyring, purpose: Purpose) -> None:
    if proof is not None and bytes(proof) != proof_of(keyring, purpose):
        raise another_file(purpose)


def another_file(purpose: Purpose) -> LookupKeyError:
    """What is said of a file that holds other keys."""
    return LookupKeyError(
        f"{purpose}.key n’est pas le fichier de cette base : remettez celui d’aujourd’hui / "
        f"{purpose}.key is not this database's file: bring today's back (docs/runbooks/key-rotation.md)"
    )


def proof_of(keyring: Keyring, purpose: Purpose) -> bytes:
    """What only these keys make; it tells nothing of them, nor of anybody."""
    return keyring.hash(purpose).digest(b"tierce-lookup-proof-v1")[:16]


def mark(connection: Connection, purpose: Purpose) -> Mark:
    """Read what is in force."""
    return Mark.of(connection.execute(_READ, (purpose.value,)).fetchone(), purpose)


def take(connection: Connection, keyring: Keyring, purposes: Iterable[Purpose]) -> Callable[[str], str]:
    """Have `keyring` serve by what is in force; returns what makes a connection string say so. The caller commits.

    Raises:
        KeyMissingError: a file holds fewer keys than are in force.
        LookupKeyError: a file holds others.
    """
    marks = {}
    for one in purposes:
        if one in PROVED:
            connection.execute(_FIRST, first_proof(keyring, one))
        marks[one] = mark(connection, one)
    return _taken(keyring, marks)


def first_proof(keyring: Keyring, purpose: Purpose) -> tuple[str, bytes, int]:
    """What proves a file of a database that knows none yet: whose, the proof, and how many keys it holds."""
    return purpose.value, proof_of(keyring, purpose), len(keyring.raw(purpose.value)) // KEY_BYTES


async def take_async(
    connection: AsyncConnection[Any], keyring: Keyring, purposes: Iterable[Purpose]
) -> Callable[[str], str]:
    """The same for a process that serves."""
    marks = {}
    for one in purposes:
        if one in PROVED:
            await connection.execute(_FIRST, first_proof(keyring, one))
        marks[one] = Mark.of(await (await connection.execute(_READ, (one.value,))).fetchone(), one)
    return _taken(keyring, marks)


def _taken(keyring: Keyring, marks: dict[Purpose, Mark]) -> Callable[[str], str]:
    for purpose, found in marks.items():
        found.hold(keyring, purpose)
        if purpose in PROVED and found.proof is None:
            raise LookupKeyError(
                f"rien ne prouve encore que {purpose}.key est le fichier de cette base, qui a déjà servi : `tierce "
                f"upgrade` l’essaie / nothing proves yet that {purpose}.key is the file of this database, which has "
                "served already: `tierce upgrade` tries it"
            )
    said = " ".join(f"-c tierce.{one.value}={marks[one].generation}" for one in LOOKUPS if one in marks)
    return lambda dsn: make_conninfo(dsn, options=said)


def take_to_write(connection: Connection, keyring: Keyring, purposes: Iterable[Purpose]) -> None:
    """Have `keyring` add rows under what is in force, in the caller's transaction or behind its lock of imports.

    Raises:
        LookupKeyError: a replacement is under way: what is added now would be under one of two generations alone.
    """
    for purpose in purposes:
        row = connection.execute(f"{_READ} for share", (purpose.value,)).fetchone()
        found = Mark.of(row, purpose)
        if found.step is not Progress.NONE:
            raise LookupKeyError(
                f"la clé {purpose} est en train d’être remplacée : finissez par `tierce keys lookup {purpose}` puis "
                f"`tierce keys forget-lookup {purpose}`, et relancez ceci / the key {purpose} is being replaced: "
                f"finish with `tierce keys lookup {purpose}`, then `tierce keys forget-lookup {purpose}`, and run "
                "this again"
            )
        found.hold(keyring, purpose)
