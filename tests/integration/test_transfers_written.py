"""The file of a batch: once under its name, whole, and never over another, whatever stops it."""

import os
import signal
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.forks import fork
from tests.integration.accounts_world import IBAN
from tests.integration.conftest import Connect
from tests.integration.transfers_world import Treasury
from tierce.billing.bank.sealing import Opener
from tierce.billing.settlement.errors import FileChangedError, FileMissingError, FileThereError
from tierce.billing.settlement.model import Payer
from tierce.billing.settlement.pain import file_name
from tierce.billing.settlement.service import LEFT_SECONDS, Settling
from tierce.journal.service import Appender
from tierce.kernel.clock import FixedClock, SystemClock
from tierce.kernel.durable import PART, write_beside
from tierce.storage.database import Database
from tierce.storage.keys import BANK_KEY, EVERY_KEY, Keyring

pytestmark = pytest.mark.integration


class KilledError(BaseException):
    """What no program catches."""


@pytest.fixture
def treasury(connect: Connect, keyring: Keyring, tmp_path: Path) -> Treasury:
    made = Treasury.open_(connect, keyring, tmp_path / "payments")
    made.admin.execute("insert into registry.insurer (id, amc, name) values (1, '99100001', 'Mutuelle')")
    return made


def test_a_file_is_written_again_the_same_or_not_at_all(treasury: Treasury) -> None:
    treasury.due(601, 100)
    treasury.turn()
    with pytest.raises(FileMissingError):
        treasury.settling.again(treasury.billing, treasury.batch(1))
    batch = treasury.approve()
    treasury.turn()
    first = treasury.plain(batch)
    (treasury.folder / file_name(batch)).unlink()
    assert treasury.settling.again(treasury.billing, batch).name == file_name(batch)
    assert treasury.plain(batch) == first
    kept = (treasury.folder / file_name(batch)).read_bytes()
    with pytest.raises(FileThereError):
        treasury.settling.again(treasury.billing, batch)
    assert (treasury.folder / file_name(batch)).read_bytes() == kept, "never over a file that is there"
    treasury.admin.execute("update bank.account set holder = 'Un autre' where establishment = 601")
    with pytest.raises(FileChangedError):
        treasury.settling.again(treasury.billing, batch)


@pytest.mark.parametrize("at", ["line", "name"])
def test_what_is_written_again_is_no_file_until_it_is_whole_whatever_turns_meanwhile(
    treasury: Treasury, at: str
) -> None:
    treasury.due(601, 100)
    treasury.turn()
    batch = treasury.approve()
    treasury.turn()
    (treasury.folder / file_name(batch)).unlink()

    def meanwhile(step: str) -> None:
        if step == at:
            treasury.turn()
            assert not list(treasury.folder.glob("virements-*")), "a bank could take it"
            raise KilledError

    with pytest.raises(KilledError):
        treasury.settling.again(treasury.billing, batch, meanwhile)
    assert treasury.settling.again(treasury.billing, batch).name == file_name(batch)


def test_what_a_killed_writing_left_is_deleted_a_day_later_and_what_is_being_written_is_not(
    treasury: Treasury,
) -> None:
    treasury.folder.mkdir(exist_ok=True)
    path = treasury.folder / file_name(5)
    old, new = (write_beside(path, b"x") for _ in range(2))
    day_ago = SystemClock().now().timestamp() - LEFT_SECONDS - 60
    os.utime(old, (day_ago, day_ago))
    treasury.turn()
    assert list(treasury.folder.iterdir()) == [new]


def test_a_file_of_this_name_that_is_there_is_not_written_over_and_is_said(treasury: Treasury) -> None:
    """A database brought back to before its file: the one at the bank may be the one in the folder."""
    treasury.due(601, 100)
    treasury.turn()
    batch = treasury.approve()
    path = treasury.folder / file_name(batch)
    treasury.folder.mkdir(exist_ok=True)
    path.write_bytes(b"sent")
    assert treasury.settling.turn(treasury.billing).failed == ["FileThereError"]
    assert (path.read_bytes(), [one.name for one in treasury.folder.iterdir()]) == (b"sent", [path.name])
    path.unlink()
    assert treasury.settling.turn(treasury.billing).filed == 1
    assert path.read_bytes() != b"sent"


def test_a_file_that_was_named_and_not_told_so_loses_its_other_name(treasury: Treasury) -> None:
    treasury.due(601, 100)
    treasury.turn()
    batch = treasury.approve()
    treasury.turn()
    path = treasury.folder / file_name(batch)
    path.with_name(path.name + PART).hardlink_to(path)
    treasury.turn()
    assert [one.name for one in treasury.folder.iterdir()] == [path.name]


def test_a_part_that_no_batch_kept_is_no_file(treasury: Treasury) -> None:
    treasury.folder.mkdir()
    (treasury.folder / (file_name(5) + PART)).write_bytes(b"x")
    treasury.turn()
    assert not list(treasury.folder.iterdir())


def _killed_at(database: Database, keys: Path, payer: Payer, at: str, batch: int | None) -> None:
    """In a process of its own: write what was approved, or one again, and be killed there."""

    def stop(step: str) -> None:
        if step == at:
            os.kill(os.getpid(), signal.SIGKILL)

    keyring = Keyring(keys, EVERY_KEY)
    with database.connect("tierce_billing", autocommit=True) as billing:
        signs = Appender.enrol(billing, "billing", keyring.instance("billing"))
        settling = Settling(signs, Opener(keyring.raw(BANK_KEY)), SystemClock(), payer)
        if batch is None:
            settling.turn(billing, stop)
        else:
            settling.again(billing, batch, stop)


@pytest.mark.parametrize(("again", "at"), [(False, one) for one in ("file", "filed", "commit", "name")] + [
    (True, one) for one in ("line", "name")
])  # fmt: skip
def test_killed_for_real_at_any_step_one_whole_file_is_there_after_the_next(
    treasury: Treasury, database: Database, key_directory: Path, again: bool, at: str
) -> None:
    treasury.due(601, 100)
    treasury.turn()
    batch = treasury.approve()
    if again:
        treasury.turn()
        (treasury.folder / file_name(batch)).unlink()
    assert treasury.settling.payer is not None
    process = fork(_killed_at, database, key_directory, treasury.settling.payer, at, batch if again else None)
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert not (treasury.folder / file_name(batch)).exists()
    treasury.turn()
    if again:
        treasury.settling.again(treasury.billing, batch)
    assert treasury.credits(batch) == {IBAN: "1.00"}
    left = [one.name for one in treasury.folder.iterdir() if one.name != file_name(batch)]
    assert all(name.startswith(".") for name in left), "nothing that a bank could take"
    day_later = replace(treasury.settling, clock=FixedClock(SystemClock().now() + timedelta(days=2)))
    day_later.turn(treasury.billing)
    assert [one.name for one in treasury.folder.iterdir()] == [file_name(batch)]
