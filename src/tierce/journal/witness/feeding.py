"""How the worker asks witnesses: each published checkpoint, with the proof from the last one that they have seen."""

from collections.abc import Sequence
from dataclasses import dataclass

import httpx
import psycopg
from psycopg import Connection

from tierce.journal.errors import ForkError, NoteFormatError, ProofError, TileMissingError
from tierce.journal.note import note_text, unverified_checkpoint
from tierce.journal.tiles.folder import LogFolder
from tierce.journal.tiles.tree import TileTree
from tierce.journal.witness import store
from tierce.journal.witness.cosignature import WitnessKey, read_cosignature
from tierce.journal.witness.server import PATH
from tierce.journal.witness.service import Request, write_request

CALL_SECONDS_MAX = 5.0
SIZE_DIGITS_MAX = 18
"""What the database's numbers hold; no log is that long."""


@dataclass(frozen=True, slots=True)
class Address:
    """One witness: where it is, and its key."""

    url: str
    key: WitnessKey


class Feeder:
    """Feeds the published checkpoint to each witness, and keeps what it answers."""

    def __init__(
        self, connection: Connection, log: LogFolder, witnesses: Sequence[Address], http: httpx.Client
    ) -> None:
        """Write through `connection`, of role tierce_worker in autocommit mode.

        `http` bounds the time of a whole answer: a witness that sends byte by byte must hold nobody up.
        """
        self._connection, self._log, self._http = connection, log, http
        self._witnesses = witnesses
        self._sizes = {one.key.name: store.last_cosigned(connection, one.key.name) for one in witnesses}
        self._answered: dict[str, int] = {}

    def turn(self) -> int:
        """Ask every witness that has not cosigned what is published; gives how many cosigned.

        The first turn asks every witness: what our own database says of it may have come back from a backup.
        A witness that cannot be reached is asked again at the next turn: nothing waits for it.

        Raises:
            ForkError: a witness is ahead of us, or holds another root: the writer must stop.
            Exception: whatever else asking one of them met, once all the others were asked.
        """
        note = self._log.checkpoint()
        if note is None:
            return 0
        size, cosigned = unverified_checkpoint(note).size, 0
        failed: Exception | None = None
        for one in self._witnesses:
            if self._answered.get(one.key.name) == size:
                continue
            try:
                cosigned += self._ask(one, note, size)
            except (httpx.HTTPError, TileMissingError):
                continue
            except (ForkError, psycopg.Error):
                raise
            except Exception as error:  # noqa: BLE001 - a witness is a stranger: it keeps no other from being asked
                failed = error
        if failed is not None:
            raise failed
        return cosigned

    def _ask(self, witness: Address, note: str, size: int) -> bool:
        name = witness.key.name
        for _second_time in (False, True):
            old = min(self._sizes[name], size)
            answer = self._call(witness, Request(old, self._proof(old, size), note))
            if answer.status_code == 200:
                line = _said(answer)
                try:
                    read_cosignature(line, note_text(note), witness.key)
                except NoteFormatError:
                    return False
                store.put_cosignature(self._connection, name, size, line)
                self._sizes[name] = self._answered[name] = size
                return True
            theirs = _size(answer)
            if answer.status_code == 422 or (theirs is not None and (theirs > size or theirs == old)):
                self._dissent(name, size, old if theirs is None else theirs)
            if theirs is None:
                return False
            self._sizes[name] = theirs
        return False

    def _proof(self, old: int, size: int) -> tuple[bytes, ...]:
        if not 0 < old < size:
            return ()
        try:
            return tuple(TileTree(self._log, size).consistency(old))
        except ProofError:
            return ()

    def _call(self, witness: Address, request: Request) -> httpx.Response:
        return self._http.post(
            witness.url.rstrip("/") + PATH,
            content=write_request(request).encode(),
            headers={"content-type": "text/plain; charset=utf-8"},
            timeout=CALL_SECONDS_MAX,
        )

    def _dissent(self, name: str, ours: int, theirs: int) -> None:
        store.put_dissent(self._connection, name, ours, theirs)
        french, how = (
            (f"a vu {theirs} feuilles, pas {ours}", f"has seen {theirs} leaves, not {ours}")
            if theirs > ours
            else (f"tient une autre racine de {theirs} feuilles", f"holds another root of {theirs} leaves")
        )
        msg = (
            f"le témoin {name} {french} : une sauvegarde plus ancienne a été ramenée, ou le journal a bifurqué. Plus "
            "rien n’est mis en séquence ; voyez docs/runbooks/witnesses.md / "
            f"the witness {name} {how}: an older backup was restored, or the log has forked. Nothing is sequenced; "
            "see that page"
        )
        raise ForkError(msg)


def _said(answer: httpx.Response) -> str:
    """What a witness answered: as UTF-8, for an encoding that it names may be of no text at all."""
    return answer.content.decode("utf-8", "replace").strip()


def _size(answer: httpx.Response) -> int | None:
    """The size that a witness says it has seen, in an answer of conflict."""
    text = _said(answer)
    if answer.status_code != 409 or not (text.isascii() and text.isdigit() and len(text) <= SIZE_DIGITS_MAX):
        return None
    return int(text)
