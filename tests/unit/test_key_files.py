"""A key file is written whole or not at all: a full disk leaves no empty one that looks like a key."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tierce.storage.keys import create_keys, write_new
from tierce.upkeep.backup import keyfile
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


def test_nothing_is_ever_written_over(tmp_path: Path) -> None:
    file = tmp_path / "one.key"
    write_new(file, b"first")
    with pytest.raises(FileExistsError):
        write_new(file, b"second")
    assert (file.read_bytes(), [one.name for one in tmp_path.iterdir()]) == (b"first", ["one.key"])
    assert file.stat().st_mode & 0o777 == 0o600
