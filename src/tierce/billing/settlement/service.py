"""Process `billing` gathers what is due into batches, and writes the file of each that two people approved."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

import pyrage
from psycopg import Connection

from tierce.billing.bank.errors import AccountSealError
from tierce.billing.bank.sealing import Opener
from tierce.billing.settlement import store
from tierce.billing.settlement.errors import FileChangedError, FileMissingError, FileThereError
from tierce.billing.settlement.lines import batch_line
from tierce.billing.settlement.model import Credit, Payer, Settled
from tierce.billing.settlement.pain import file_name, write_file
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.kernel.durable import PART, name_new, sync_folder, write_beside
from tierce.kernel.ids import EntrySeq, new_id
from tierce.policy.acts import Act
from tierce.policy.transfers import TRANSFERS_MAX

LEFT_SECONDS: Final = 86_400.0

Step = Callable[[str], None]
"""Called with the name of the step about to begin; tests of crashes stop there."""


def no_step(_name: str) -> None:
    """Do nothing: production."""


@dataclass(frozen=True, slots=True)
class Settling:
    """Gathers what is due and files what was approved, on connections of role tierce_billing in autocommit mode."""

    appender: Appender
    opener: Opener
    clock: Clock
    payer: Payer | None
    """Without one, what is due waits: nothing is gathered."""
    transfers_max: int = TRANSFERS_MAX

    def turn(self, connection: Connection, step: Step = no_step) -> Settled:
        """Do one turn: each batch in a transaction of its own; one that fails keeps no other waiting."""
        done = Settled()
        if self.payer is None:
            return done
        _try(connection, done, partial(_give_names, connection, _folder(self.payer), self.clock.now()))
        for batch, insurer in store.approved(connection):
            _try(connection, done, partial(self._file, connection, batch, insurer, self.payer, done, step))
        for insurer in store.to_prepare(connection, self.transfers_max):
            _try(connection, done, partial(self._prepare, connection, insurer, done, step))
        return done

    def _prepare(self, connection: Connection, insurer: int, done: Settled, step: Step) -> None:
        """Gather what is due of one insurer into a batch."""
        with connection.transaction():
            places = store.payable(connection, insurer, self.transfers_max)
            batch = new_id()
            if not store.prepare(connection, insurer, batch, places, [new_id() for _ in places]):
                return
            step("prepared")
            self._line(connection, Act.BATCH_PREPARE, batch, insurer)
            step("commit")
        done.prepared += 1

    def _file(
        self, connection: Connection, batch: int, insurer: int, payer: Payer, done: Settled, step: Step
    ) -> None:
        """Write the file of an approved batch, keep its digest, then give it its name: once, whatever stops it."""
        folder, digest = _folder(payer), None
        with connection.transaction():
            rows = store.take_up(connection, batch)
            if rows:
                written = self._written(batch, rows, payer)
                digest = sha256(written).digest()
                step("file")
                _prepare(folder / file_name(batch), _encrypted(written, payer))
            step("filed")
            store.filed(connection, batch, digest, self._line(connection, Act.BATCH_FILE, batch, insurer, digest))
            step("commit")
        if digest is None:
            done.emptied += 1
            return
        step("name")
        _give_name(folder, batch)
        done.filed += 1

    def again(self, connection: Connection, batch: int, step: Step = no_step) -> Path:
        """Write the file of a batch again, the same; for one that was lost on its way to the bank.

        Beside a process that runs, which never takes what is half written here for what a crash left it.

        Raises:
            FileMissingError: no file was ever written of this batch, or nothing pays here.
            FileChangedError: it would not be the same: an account that it names was forgotten, or the payer changed.
            FileThereError: there is one; nothing is ever written over it.
        """
        found = store.digest_of(connection, batch)
        if found is None or self.payer is None:
            raise FileMissingError
        try:
            written = self._written(batch, store.held_by_file(connection, batch), self.payer)
        except AccountSealError:
            raise FileChangedError from None
        if sha256(written).digest() != found[1]:
            raise FileChangedError
        path = _folder(self.payer) / file_name(batch)
        if path.exists():
            raise FileThereError
        part = write_beside(path, _encrypted(written, self.payer))
        try:
            step("line")
            with connection.transaction():
                self._line(connection, Act.BATCH_FILE, batch, found[0], found[1])
            step("name")
            name_new(part, path)
        except FileExistsError:
            raise FileThereError from None
        finally:
            part.unlink(missing_ok=True)
        return path

    def _written(self, batch: int, rows: Sequence[store.Row], payer: Payer) -> bytes:
        paid = [
            Credit(transfer, amount, holder, self.opener.iban(establishment, sealed))
            for transfer, establishment, amount, sealed, holder, _ in rows
        ]
        return write_file(batch, rows[0][-1], payer, paid)

    def _line(
        self, connection: Connection, act: Act, batch: int, insurer: int, digest: bytes | None = None
    ) -> EntrySeq:
        line = batch_line(
            act, self.clock.now(), who=self.appender.instance, number=batch, insurer=insurer, digest=digest or b""
        )
        return self.appender.write(connection, [line])[0]


def _try(connection: Connection, done: Settled, work: Callable[[], None]) -> None:
    try:
        work()
    except Exception as error:
        # A fault of one batch, of the folder or of a key keeps no other insurer's batch waiting.
        if connection.closed:
            raise
        done.failed.append(type(error).__name__)


def _folder(payer: Payer) -> Path:
    payer.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return payer.folder


def _encrypted(written: bytes, payer: Payer) -> bytes:
    """What only whoever takes files to the bank reads: accounts never rest in clear."""
    sealed: bytes = pyrage.encrypt(written, [pyrage.x25519.Recipient.from_str(payer.recipient)])
    return sealed


def _prepare(path: Path, content: bytes) -> None:
    """Write what is a batch's file once that is kept: whole and under a name that lasts, before anything is kept."""
    if path.exists():
        raise FileThereError
    write_beside(path, content).replace(path.with_name(path.name + PART))
    sync_folder(path.parent)


def _give_name(folder: Path, batch: int) -> Path:
    path = folder / file_name(batch)
    part = path.with_name(path.name + PART)
    try:
        name_new(part, path)
    except FileExistsError:
        if not path.samefile(part):
            raise FileThereError from None
        part.unlink()  # killed between the two, it had both names
    return path


def _give_names(connection: Connection, folder: Path, now: datetime) -> None:
    """Finish what a crash left: a part whose batch was kept is its file, any other never was.

    What `again` was killed over has a name of its own, hidden: a day later nobody writes it any more.
    """
    for stopped in folder.glob(".virements-*" + PART):
        with suppress(FileNotFoundError):
            if stopped.stat().st_mtime < now.timestamp() - LEFT_SECONDS:
                stopped.unlink()
    for part in folder.glob("virements-*" + PART):
        with suppress(ValueError):
            batch = int(part.name.removeprefix("virements-").split(".")[0], 16)
            if store.digest_of(connection, batch) is None:
                part.unlink()
            else:
                _give_name(folder, batch)
