"""The spool: durable, bounded, each sending once, and readable by the worker's key alone."""

import os
import resource
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from tests.own_disk import own_disk
from tierce.deposits.errors import SpoolFullError
from tierce.deposits.sealing import Envelope, Opener, public_of, seal
from tierce.deposits.service import Counter
from tierce.deposits.spool import (
    CLOSED,
    KEY_BYTES,
    OPEN,
    SEGMENT_BYTES_MAX,
    SpoolWriter,
    bytes_held,
    forget,
    segments,
)
from tierce.identity.dpop import ProofVerifier
from tierce.kernel.clock import FixedClock
from tierce.kernel.disks import free_on

BYTES_MAX = 1_000_000
UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
GROUP = 64_900
"""Of the two users that share the spool; no such number is given out by Debian."""
SECRET = bytes(range(32))
PUBLIC = X25519PublicKey.from_public_bytes(bytes.fromhex(public_of(SECRET)))


def key(number: int) -> bytes:
    return number.to_bytes(16, "big")


def put(spool: SpoolWriter, number: int, text: bytes = b"sealed") -> int:
    return spool.append(key(number), 1_000_000 + number, lambda _given: text, BYTES_MAX)[0]


def numbers(root: Path) -> list[int]:
    return [record.number for segment in segments(root) for record in segment.records]


def test_what_is_acknowledged_is_on_disk_and_a_second_sending_has_the_same_number(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path)
    first, second = put(spool, 1), put(spool, 2)
    assert second == first + 1
    assert put(spool, 1, b"another sealing") == first
    assert numbers(tmp_path) == [first, second]
    assert spool.find(key(1)) == (first, 1_000_001)
    assert spool.find(key(9)) is None
    spool.close()


def test_two_processes_share_a_folder_and_a_second_sending_is_known_to_both(tmp_path: Path) -> None:
    one, two = SpoolWriter(tmp_path), SpoolWriter(tmp_path)
    first = put(one, 1)
    assert put(two, 1) == first
    other = put(two, 2)
    assert abs(other - first) > 1, "each slot has numbers of its own"
    assert two.given(first)
    assert one.given(other)
    assert not one.given(other + 1)
    one.close()
    two.close()


def test_numbers_go_on_after_a_restart_even_when_everything_was_taken_away(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path)
    last = [put(spool, number) for number in range(3)][-1]
    spool.rotate()
    spool.close()
    for segment in segments(tmp_path):
        forget(segment)
    again = SpoolWriter(tmp_path)
    assert put(again, 7) == last + 1
    assert put(again, 2) == last, "a second sending is known after a restart"
    again.close()


def test_a_record_written_in_part_is_cut_off_and_its_number_given_again(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path)
    first = put(spool, 1)
    lost = put(spool, 2)
    spool.close()
    (path,) = tmp_path.glob(f"*/*{OPEN}")
    path.write_bytes(path.read_bytes()[:-3])
    again = SpoolWriter(tmp_path)
    assert numbers(tmp_path) == [first]
    assert put(again, 3) == lost
    again.close()


def test_a_changed_byte_ends_the_segment_there(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path)
    put(spool, 1)
    put(spool, 2)
    spool.close()
    (path,) = tmp_path.glob(f"*/*{OPEN}")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert len(numbers(tmp_path)) == 1


def test_the_spool_is_bounded_and_refuses_whole(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path)
    put(spool, 1)
    with pytest.raises(SpoolFullError):
        spool.append(key(2), 0, lambda _given: bytes(500), spool.used + 100)
    assert spool.find(key(2)) is None
    assert len(numbers(tmp_path)) == 1
    assert put(spool, 2) > 0, "and takes it once there is room"
    spool.close()


def test_a_disk_that_fills_up_acknowledges_nothing_that_it_took_in_part(tmp_path: Path) -> None:
    """A part of a record in the middle would hide all that comes behind it, receipts and all."""
    spool = SpoolWriter(tmp_path)
    first = put(spool, 1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(
        resource.RLIMIT_FSIZE, (bytes_held(tmp_path) + 20, hard)
    )  # takes so much of the next record, as a full disk
    try:
        with pytest.raises(SpoolFullError):
            put(spool, 2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    second = put(spool, 3)
    assert numbers(tmp_path) == [first, second]
    spool.close()


def test_a_folder_in_which_nothing_can_be_made_is_told_as_one_without_room(tmp_path: Path) -> None:
    """On a full disk the key of a deposit is the first that finds no room, and its number the last."""
    spool = SpoolWriter(tmp_path)
    (tmp_path / "keys").rename(tmp_path / "away")
    with pytest.raises(SpoolFullError) as full:
        put(spool, 1)
    assert isinstance(full.value.__cause__, OSError)
    (tmp_path / "away").rename(tmp_path / "keys")
    first = put(spool, 1)
    assert numbers(tmp_path) == [first]

    def without_its_key(_number: int) -> bytes:
        shutil.rmtree(tmp_path / "keys")
        return b"sealed"

    second, _at = spool.append(key(2), 1, without_its_key, BYTES_MAX)
    assert numbers(tmp_path) == [first, second], "what is on disk is acknowledged"
    assert spool.find(key(2)) is None
    spool.close()


def test_a_segment_that_is_full_and_cannot_be_followed_takes_more_until_it_can(tmp_path: Path) -> None:
    spool, given = SpoolWriter(tmp_path), list[int]()
    (at,) = tmp_path.glob("[0-9]*")

    def in_the_way(number: int) -> bytes:
        (at / f"{number + 1:016x}{OPEN}").mkdir(exist_ok=True)
        return bytes(60_000)

    while spool.used < SEGMENT_BYTES_MAX + 100_000:
        given.append(spool.append(key(len(given)), 1, in_the_way, BYTES_MAX * 2)[0])
    for one in at.glob(f"*{OPEN}"):
        if one.is_dir():
            one.rmdir()
    given.append(spool.append(key(999), 1, lambda _given: b"sealed", BYTES_MAX * 2)[0])
    assert numbers(tmp_path) == given
    assert [segment.closed for segment in segments(tmp_path) if segment.records] == [True]
    spool.close()


def test_a_damaged_segment_is_never_deleted(tmp_path: Path) -> None:
    """What cannot be read of it was acknowledged too."""
    spool = SpoolWriter(tmp_path)
    put(spool, 1)
    put(spool, 2)
    spool.rotate()
    spool.close()
    (path,) = tmp_path.glob(f"*/*{CLOSED}")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    (damaged,) = (segment for segment in segments(tmp_path) if segment.closed)
    assert len(damaged.records) == 1
    with pytest.raises(OSError, match="damaged"):
        forget(damaged)
    assert path.exists()


@contextmanager
def no_file_opens() -> Iterator[None]:
    """Take every file this process may still open: what the system says then is what a flood makes it say."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1_024), hard))
    taken: list[int] = []
    try:
        with suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        yield
    finally:
        for one in taken:
            os.close(one)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_rotation_that_fails_loses_nothing_of_what_comes_after(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path)
    first = put(spool, 1)
    with no_file_opens(), pytest.raises(OSError, match="Too many open files"):
        spool.rotate()
    spool.rotate()
    for segment in segments(tmp_path):
        assert segment.closed == bool(segment.records), "what is closed is what was written, and nobody writes there"
    taken = [record.number for segment in segments(tmp_path) if segment.closed for record in segment.records]
    for segment in segments(tmp_path):
        forget(segment)
    assert taken == [first]
    second = put(spool, 2)
    assert numbers(tmp_path) == [second]
    spool.close()


def test_the_counter_goes_on_after_its_folder_failed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever looks at what is closed calls it, and must go on looking."""
    spool, clock = SpoolWriter(tmp_path), FixedClock(datetime(2026, 11, 23, tzinfo=UTC))
    counter = Counter(spool, PUBLIC, bytes(32), ProofVerifier(clock), clock)
    put(spool, 1)
    with no_file_opens():
        counter.turn()
        counter.turn()
    assert [one.message for one in caplog.records] == ["the spool fails: EMFILE"]
    counter.turn()
    assert [segment.closed for segment in segments(tmp_path) if segment.records] == [True]
    spool.close()


def test_an_open_segment_is_never_deleted(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path)
    put(spool, 1)
    (segment,) = segments(tmp_path)
    forget(segment)
    assert len(numbers(tmp_path)) == 1
    spool.rotate()
    assert [path.suffix for path in sorted(tmp_path.glob("0*/*")) if path.suffix in {OPEN, CLOSED}] == [CLOSED, OPEN]
    spool.close()


def test_keys_are_forgotten_after_a_day(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path)
    put(spool, 1)
    path = tmp_path / "keys" / key(1).hex()
    spool.forget_keys(path.lstat().st_mtime + 86_399)
    assert path.is_symlink()
    spool.forget_keys(path.lstat().st_mtime + 86_401)
    assert not path.is_symlink()
    spool.close()


def test_a_key_takes_no_block_and_counts_with_the_deposits(tmp_path: Path) -> None:
    """A file of its own for each took 4 kB that no bound knew of, and is kept a day."""
    spool = SpoolWriter(tmp_path)
    put(spool, 1)
    assert (tmp_path / "keys" / key(1).hex()).lstat().st_blocks == 0
    assert spool.used == bytes_held(tmp_path) + KEY_BYTES
    spool.rotate()
    for segment in segments(tmp_path):
        forget(segment)
    assert spool.used == KEY_BYTES, "what was taken away leaves its key behind"
    with pytest.raises(SpoolFullError):
        spool.append(key(2), 1, lambda _number: bytes(10), KEY_BYTES)
    spool.close()


def found_to_work(counter: Counter) -> bool:
    return counter.works


@contextmanager
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk on which no file can be made any more."""
    with own_disk(tmp_path / "disk", "size=8m,nr_inodes=40") as where:
        with suppress(OSError):
            for number in range(100):
                (where / f"other-{number}").touch()
        yield where


def test_on_a_disk_without_a_file_left_it_starts_refuses_and_begins_by_itself(tmp_path: Path) -> None:
    clock = FixedClock(datetime(2026, 11, 23, tzinfo=UTC))
    with full_disk(tmp_path) as where:
        assert (free_on(where).files, free_on(where).room > 0.5) == (0.0, True)
        spool = SpoolWriter(where)
        counter = Counter(spool, PUBLIC, bytes(32), ProofVerifier(clock), clock)
        counter.turn()
        assert found_to_work(counter) is False, "as readiness tells"
        with pytest.raises(SpoolFullError) as full:
            put(spool, 1)
        assert isinstance(full.value.__cause__, OSError)
        assert (spool.find(key(1)), spool.given(7)) == (None, False)
        for one in where.glob("other-*"):
            one.unlink()
        counter.turn()
        assert found_to_work(counter)
        first = put(spool, 1)
        assert numbers(where) == [first]
        for number in range(100):
            with suppress(OSError):
                (where / f"other-{number}").touch()
        assert put(spool, 1) == first, "one that was taken is still known"
        with pytest.raises(SpoolFullError):
            put(spool, 2)
        assert numbers(where) == [first]
        counter.close()


def test_only_the_worker_opens_what_was_sealed_and_only_under_its_number() -> None:
    envelope = Envelope(7, datetime(2026, 3, 3, tzinfo=UTC), b"h", "ath", "url", b'{"nir": "x"}', None)
    sealed = seal(PUBLIC, envelope)
    assert b"nir" not in sealed
    assert Opener(SECRET).open_(sealed, 7) == envelope
    assert Opener(SECRET).open_(sealed, 8) is None
    assert Opener(bytes(reversed(range(32)))).open_(sealed, 7) is None
    assert Opener(SECRET).open_(sealed[:-1] + bytes([sealed[-1] ^ 1]), 7) is None
    assert seal(PUBLIC, envelope) != sealed


def umask_of(unit: str) -> int:
    """What the shipped unit gives its process."""
    (mask,) = (line for line in (UNITS / unit).read_text("utf-8").splitlines() if line.startswith("UMask="))
    return int(mask.removeprefix("UMask="), 8)


def as_user(uid: int, unit: str, work: Callable[[], object]) -> None:
    """Do `work` in a process of another user of the spool's group, with that unit's umask."""
    mask = umask_of(unit)  # read before: that user may not come to where this checkout is
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups([])
            os.setresgid(GROUP, GROUP, GROUP)
            os.setresuid(uid, uid, uid)
            os.umask(mask)
            work()
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, f"refused to {uid} as in {unit}"


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming two other users takes root")
def test_what_one_user_of_the_group_writes_another_takes_away() -> None:
    root = Path(tempfile.mkdtemp(prefix="tierce-spool-"))
    try:
        os.chown(root, 0, GROUP)
        root.chmod(0o2770)  # deploy/tmpfiles.conf

        def write() -> None:
            writer = SpoolWriter(root)
            writer.append(os.urandom(16), 1, lambda _number: b"sealed", BYTES_MAX)
            writer.rotate()
            writer.close()

        def take() -> None:
            for segment in segments(root):
                forget(segment)

        as_user(64_901, "tierce-api.service", write)
        assert sum(len(one.records) for one in segments(root)) == 1
        as_user(64_902, "tierce-worker.service", take)
        assert not any(one.records for one in segments(root))
        as_user(64_903, "tierce-api.service", write)  # DynamicUser= may draw another number at each start
        assert len(list(root.glob("[0-9]*"))) == 1, "it goes on in the slot that the other left"
    finally:
        shutil.rmtree(root)
