"""The keys by which people are looked up: the next one is a further layer over what is stored (docs/adr/0120).

The clear identifiers are not at hand, so the next index is HMAC(next key, index so far), made of the stored one. Rows
under it are added beside, then everybody is found by either; once every process looks up by the new one, the rows of
before are taken away. Each lot is one transaction with how far it has come: what was stopped goes on there.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.errors import LockNotAvailable

from tierce.registry.proving.store import prove_first
from tierce.settings import Settings
from tierce.storage.keys import (
    COMPARTMENT_KEYS,
    GENERATIONS_MAX,
    INDEX_BYTES,
    KEY_BYTES,
    Compartment,
    KeyedHash,
    Keyring,
    Purpose,
)
from tierce.storage.lookup_keys import Mark, Progress, mark, proof_of
from tierce.upkeep.rotation.errors import RotationError
from tierce.upkeep.rotation.files import append_key
from tierce.upkeep.rotation.lookups import store
from tierce.upkeep.rotation.service import FEED_ROLE, Step, no_step

CHUNK_ROWS = 10_000


class Layered(NamedTuple):
    """What a replacement put over an index: its key's number, and whether that key lay in the file before it."""

    generation: int
    again: bool


def rotate_lookup(
    settings: Settings,
    purpose: Purpose,
    progress: Callable[[int], None],
    step: Step = no_step,
    rows_at_once: int = CHUNK_ROWS,
) -> Layered:
    """Make the next key of `purpose`, and every index under it. Stopped, it goes on, with the key that it had made.

    Raises:
        RotationError: a file is being taken in, the replacement before is not finished, or its key is missing.
        KeyMissingError, LookupKeyError: the key file is not the one that the rows were made with.
    """
    folder = settings.key_directory()
    with alone(settings) as connection:
        now = mark(connection, purpose)
        if now.step in (Progress.BOTH, Progress.CLEARING):
            raise RotationError(
                f"le remplacement d’avant n’est pas fini : `tierce keys forget-lookup {purpose}` / "
                f"the replacement before is not finished: `tierce keys forget-lookup {purpose}`"
            )
        if now.proof is None:
            now = _proved(connection, folder, purpose)
        step("key")
        following = now.generation + 1
        now.hold(Keyring(folder, [purpose]), purpose)  # a layer over another chain would find nobody, for ever
        again = held(folder, purpose) > now.generation
        if not again:
            if now.step is Progress.FILLING:
                raise RotationError(
                    f"{purpose}.key n’a pas la clé d’un remplacement commencé : remettez le fichier d’aujourd’hui ; "
                    f"s’il est perdu, `tierce keys forget-lookup {purpose}`, puis recommencez / {purpose}.key lacks "
                    "the key of a replacement that has begun: bring today's file back; when that is lost, "
                    f"`tierce keys forget-lookup {purpose}`, then begin again"
                )
            append_next(folder, purpose, following)
        ring = _ring(folder, purpose, following)
        layer = KeyedHash(ring.raw(purpose)[-KEY_BYTES:])
        if now.step is Progress.NONE:
            step("begin")
            store.begin(connection, purpose, Progress.FILLING, proof_of(ring, purpose))
            connection.commit()
        else:
            now.insist(ring, purpose)
        after, more = (now.at_idx, now.at_person) if now.step is Progress.FILLING else (None, None), True
        while more:
            step("chunk")
            store.keep_removal_out(connection)
            rows = store.rows_before(connection, purpose, following, after, rows_at_once)
            store.add(connection, purpose, following, [(idx, person, _next(layer, idx)) for idx, person in rows])
            more = len(rows) == rows_at_once
            after = rows[-1] if rows else after
            store.come_to(connection, purpose, after)
            connection.commit()
            progress(len(rows))
        if purpose is Purpose.INDEX:
            store.layer_others(connection, lambda idx: _next(layer, idx), rows_at_once)
        step("switch")
        store.switch(connection, purpose)
        if purpose is Purpose.INDEX:  # whoever was given a number meanwhile; from the switch on, others wait
            store.layer_others(connection, lambda idx: _next(layer, idx), rows_at_once)
        step("commit")
        connection.commit()
    return Layered(following, again)


def forget_lookup(
    settings: Settings,
    purpose: Purpose,
    progress: Callable[[int], None],
    step: Step = no_step,
    rows_at_once: int = CHUNK_ROWS,
) -> int:
    """Take away the rows of the generation before; a process that still looks up by it is refused from then on.

    Of a replacement that was begun, and whose key is lost before anybody looks up by it, the rows of the next one.

    Returns how many rows went. Stopped, it goes on.

    Raises:
        RotationError: there is none to take away.
        KeyMissingError, LookupKeyError: the key file is not the one that the rows that stay were made with.
    """
    with alone(settings) as connection:
        now = mark(connection, purpose)
        if now.step is Progress.FILLING and held(settings.key_directory(), purpose) == now.generation:
            now.hold(Keyring(settings.key_directory(), [purpose]), purpose)
            step("give up")
            store.keep_removal_out(connection)
            removed = store.give_up(connection, purpose, now.generation + 1)
            connection.commit()
            return removed
        if now.step not in (Progress.BOTH, Progress.CLEARING):
            raise RotationError(
                f"rien à oublier : `tierce keys lookup {purpose}` d’abord, jusqu’au bout / "
                f"nothing to forget: `tierce keys lookup {purpose}` first, to its end"
            )
        if now.step is Progress.BOTH:
            # Who lost the newest key is found by the one before still: not once its rows are taken away.
            now.hold(Keyring(settings.key_directory(), [purpose]), purpose)
            step("clear")
            store.begin(connection, purpose, Progress.CLEARING)
            connection.commit()
        after, removed, more = (now.at_idx, now.at_person) if now.step is Progress.CLEARING else (None, None), 0, True
        while more:
            step("chunk")
            rows = store.rows_before(connection, purpose, now.generation, after, rows_at_once)
            store.remove(connection, purpose, now.generation, rows)
            more = len(rows) == rows_at_once
            after = rows[-1] if rows else after
            store.come_to(connection, purpose, after)
            connection.commit()
            removed += len(rows)
            progress(len(rows))
        step("end")
        store.end(connection, purpose)
        connection.commit()
    return removed


def append_next(folder: Path, purpose: Purpose, following: int) -> None:
    """Draw key number `following`, behind those of a file.

    Raises:
        RotationError: the file holds as many as anything reads.
    """
    if following > GENERATIONS_MAX:
        raise RotationError(
            f"{purpose}.key a déjà {GENERATIONS_MAX} clés, et rien n’en lit davantage / "
            f"{purpose}.key has {GENERATIONS_MAX} keys already, and nothing reads more"
        )
    append_key(folder / f"{purpose}.key", os.urandom(KEY_BYTES))


@contextmanager
def alone(settings: Settings) -> Iterator[Connection]:
    """A connection of the import role that holds the lock of imports: none runs meanwhile, nor another of these.

    Raises:
        RotationError: one does.
    """
    with settings.connection().connect(FEED_ROLE) as connection, ExitStack() as until:
        try:
            until.enter_context(store.imports_kept_out(connection))
        except LockNotAvailable:
            raise RotationError(
                "un fichier est en train d’être pris, ou une clé remplacée : relancez ceci quand ce sera fini / "
                "a file is being taken in, or a key replaced: run this again once that has ended"
            ) from None
        connection.commit()
        yield connection


def _ring(folder: Path, purpose: Purpose, generation: int) -> Keyring:
    ring = Keyring(folder, [purpose])
    ring.under(purpose, generation)
    return ring


def _proved(connection: Connection, folder: Path, purpose: Purpose) -> Mark:
    """Try a first key on people who are there: a layer over another file's would find nobody, for ever.

    Raises:
        LookupKeyError: it is another database's.
    """
    prove_first(connection, Keyring(folder, [purpose.value, COMPARTMENT_KEYS[Compartment.PERSON]]), [purpose])
    connection.commit()
    return mark(connection, purpose)


def held(folder: Path, purpose: Purpose) -> int:
    """How many keys a file holds."""
    return len(Keyring(folder, [purpose]).raw(purpose)) // KEY_BYTES


def _next(layer: KeyedHash, idx: UUID) -> UUID:
    return UUID(bytes=layer.digest(idx.bytes)[:INDEX_BYTES])
