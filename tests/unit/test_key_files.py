"""A key file is written whole or not at all: a full disk leaves no empty one that looks like a key."""

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tierce.deposits.spool import SpoolWriter
from tierce.journal.witness.commands import app
from tierce.kernel.durable import replace, write_new
from tierce.storage.cluster import new_secret
from tierce.storage.keys import create_keys
from tierce.upkeep.backup import keyfile
from tierce.upkeep.rotation.files import next_key, take_place, write_private
from tierce.upkeep.service import make_keys

PHRASE = "six mots choisis au hasard par la machine"


@contextmanager
def no_room(most: int = 10) -> Iterator[None]:
    """The system takes so many bytes of a file and refuses the next, as a disk that fills up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_no_empty_key(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    with pytest.raises(OSError, match="too large"), no_room():
        create_keys(keys, ["worker"])
    assert list(keys.iterdir()) == []
    assert "instance-worker" in create_keys(keys, ["worker"])
    assert {file.stat().st_size for file in keys.iterdir()} == {32}


def test_a_full_disk_leaves_no_empty_copy_of_the_keys_and_none_brought_back(tmp_path: Path) -> None:
    keys, copy, back = tmp_path / "keys", tmp_path / "copy", tmp_path / "back"
    make_keys(keys)
    keyfile.seal(keys, copy, PHRASE)
    with pytest.raises(OSError, match="too large"), no_room():
        keyfile.seal(keys, tmp_path / "other", PHRASE)
    assert not (tmp_path / "other").exists(), "it would have been taken for the copy that a lost machine needs"
    with pytest.raises(OSError, match="too large"), no_room():
        keyfile.open_sealed(copy, back, PHRASE)
    assert list(back.iterdir()) == []
    assert len(keyfile.open_sealed(copy, back, PHRASE)) == len(list(back.iterdir()))


def test_a_full_disk_leaves_no_empty_password_nor_witness_s_key(tmp_path: Path) -> None:
    """Read back, it would be the password that the next upgrade gives a role, or a key that is none."""
    password, witness = tmp_path / "tierce_api.password", tmp_path / "witness"
    with no_room():
        with pytest.raises(OSError, match="too large"):
            new_secret(password)
        CliRunner().invoke(app, ["key", str(witness), "--name", "caisse.example/temoin"])
    assert not password.exists()
    assert not (witness / "witness.key").exists()
    assert len(new_secret(password)) == 32
    assert password.stat().st_mode & 0o777 == 0o600


def test_a_full_disk_leaves_a_replaced_file_as_it_was_and_nothing_beside(tmp_path: Path) -> None:
    """A batch of letters is replaced so: what was begun of it names people."""
    file = tmp_path / "batch.zip"
    replace(file, b"first")
    with no_room(), pytest.raises(OSError, match="too large") as full:
        replace(file, bytes(100_000))
    assert full.value.filename == str(file)
    assert ([one.name for one in tmp_path.iterdir()], file.read_bytes()) == ([file.name], b"first")


def test_nothing_is_ever_written_over(tmp_path: Path) -> None:
    file = tmp_path / "one.key"
    write_new(file, b"first")
    with pytest.raises(FileExistsError):
        write_new(file, b"second")
    assert (file.read_bytes(), [one.name for one in tmp_path.iterdir()]) == (b"first", ["one.key"])
    assert file.stat().st_mode & 0o777 == 0o600


SEEN: list[tuple[str, str]] = []
WATCHES: list[bool] = []


def _note(event: str, given: tuple[object, ...]) -> None:
    if WATCHES and event in {"open", "os.link", "os.rename"}:
        SEEN.append((event, str(given[1 if event != "open" else 0])))


def test_the_name_of_a_key_is_durable_before_anything_is_sealed_to_it(tmp_path: Path) -> None:
    """A power cut a second after a rotation wrapped every data key by a key whose name was in memory alone."""
    sys.addaudithook(_note)
    for write in (
        lambda: write_new(tmp_path / "one.key", bytes(32)),
        lambda: next_key(tmp_path, "one"),
        lambda: take_place(tmp_path, "one", keep_previous=True),
        lambda: write_private(tmp_path / "log.pub", b"line"),
        lambda: replace(tmp_path / "checkpoint", b"note"),
    ):
        SEEN.clear()
        WATCHES.append(True)  # a hook is never taken away again
        write()
        WATCHES.clear()
        named = max(at for at, (event, _path) in enumerate(SEEN) if event != "open")
        assert ("open", str(tmp_path)) in SEEN[named:], SEEN


def test_a_slot_of_deposits_has_its_name_on_the_disk_before_any_receipt_is_given(tmp_path: Path) -> None:
    sys.addaudithook(_note)
    SEEN.clear()
    WATCHES.append(True)
    writer = SpoolWriter(tmp_path / "spool")
    WATCHES.clear()
    try:
        assert ("open", str(tmp_path / "spool")) in SEEN, SEEN
    finally:
        writer.close()
