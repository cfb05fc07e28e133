"""A key file is written whole or not at all: a full disk leaves no empty one that looks like a key."""

import errno
import os
from pathlib import Path

import pytest

from tierce.storage.keys import create_keys, write_new
from tierce.upkeep.backup import keyfile
from tierce.upkeep.service import make_keys

PHRASE = "six mots choisis au hasard par la machine"


@pytest.fixture
def disk_full(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """What the system says when the bytes must reach the disk."""

    def refuse(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)
    return monkeypatch


def test_a_full_disk_leaves_no_empty_key(tmp_path: Path, disk_full: pytest.MonkeyPatch) -> None:
    keys = tmp_path / "keys"
    with pytest.raises(OSError, match="No space"):
        create_keys(keys, ["worker"])
    assert list(keys.iterdir()) == []
    disk_full.undo()
    assert "instance-worker" in create_keys(keys, ["worker"])
    assert {file.stat().st_size for file in keys.iterdir()} == {32}


def test_a_full_disk_leaves_no_empty_copy_of_the_keys_and_none_brought_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    keys, copy, back = tmp_path / "keys", tmp_path / "copy", tmp_path / "back"
    make_keys(keys)
    keyfile.seal(keys, copy, PHRASE)
    request.getfixturevalue("disk_full")
    with pytest.raises(OSError, match="No space"):
        keyfile.seal(keys, tmp_path / "other", PHRASE)
    assert not (tmp_path / "other").exists(), "it would have been taken for the copy that a lost machine needs"
    with pytest.raises(OSError, match="No space"):
        keyfile.open_sealed(copy, back, PHRASE)
    assert list(back.iterdir()) == []
    monkeypatch.undo()
    assert len(keyfile.open_sealed(copy, back, PHRASE)) == len(list(back.iterdir()))


def test_nothing_is_ever_written_over(tmp_path: Path) -> None:
    file = tmp_path / "one.key"
    write_new(file, b"first")
    with pytest.raises(FileExistsError):
        write_new(file, b"second")
    assert (file.read_bytes(), [one.name for one in tmp_path.iterdir()]) == (b"first", ["one.key"])
    assert file.stat().st_mode & 0o777 == 0o600
