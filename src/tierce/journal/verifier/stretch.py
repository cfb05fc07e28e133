"""Verifies one stretch of leaves: entries against their columns, tiles and signatures. Several may run at once."""

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from struct import Struct

from psycopg import Connection

from tierce.journal.verifier import store, tiles
from tierce.journal.verifier.front import complete
from tierce.journal.verifier.model import Report, Sealed
from tierce.journal.verifier.notes import signed_by
from tierce.journal.verifier.store import Batch, Block

KINDS = frozenset((*range(1, 20), *range(21, 27)))
"""The kinds of version 1; a kind outside them was written by a newer program or altered."""
_ENTRY = 128
_BODIES = Struct(f"{_ENTRY}s")
_HASH = 32
_NONE = bytes(_HASH)


@dataclass(frozen=True, slots=True)
class Task:
    """What one stretch needs to know; `low` is a multiple of a tile's width."""

    low: int
    high: int
    published: int
    """Leaves below it have tiles."""
    log: Path | None
    sample: int
    """Verify the signature of one block in so many, chosen by its number; 1 verifies all."""
    instances: dict[int, bytes]
    sealed: Sealed = field(default_factory=Sealed)
    """What segments speak for, where rows are gone from the database."""


@dataclass(slots=True)
class Stretch:
    """What was found between two leaves."""

    low: int
    high: int
    entries: int = 0
    signatures: int = 0
    hashes: bytes = b""
    """The leaf hashes as the entries give them; of a missing entry, as its tile gives it."""
    tiled: bytes | None = None
    """The leaf hashes as the tiles give them, when they differ."""
    roots: list[bytes] = field(default_factory=list)
    """The root of each full tile of `hashes`."""
    differ: list[tuple[int, int, int]] = field(default_factory=list)
    """Runs of leaves whose entries and tiles do not agree: first, last, the first one's entry (-1: none)."""
    report: Report = field(default_factory=Report)


def leaf_hashes(bodies: bytes) -> bytes:
    """The joined leaf hashes of joined entries, each of its length: SHA-256(0x00 || entry)."""
    return b"".join([sha256(b"\x00" + body).digest() for (body,) in _BODIES.iter_unpack(bodies)])


def readable(bodies: bytes) -> bool:
    """Whether joined entries are all of version 1, of its length, of a known kind, their reserved bytes clear."""
    count = len(bodies) // _ENTRY
    return (
        len(bodies) == count * _ENTRY
        and bodies[0::_ENTRY] == b"\x01" * count
        and KINDS.issuperset(bodies[1::_ENTRY])
        and not any(any(bodies[at::_ENTRY]) for at in range(92, 96))
    )


def verify_stretch(connection: Connection, task: Task) -> Stretch:
    """Read the blocks of a stretch and hold them to everything but the tree above them."""
    found = Stretch(task.low, task.high)
    own = bytearray((task.high - task.low) * _HASH)
    firsts: list[tuple[int, int]] = []
    for block in store.blocks(connection, task.low, task.high):
        mine = block.first >= task.low
        absent: list[int] = []
        if block.bodies is not None and block.alike and readable(block.bodies):
            hashes = leaf_hashes(block.bodies)
            found.entries += block.count if mine else 0
        elif block.empty and task.sealed.covers(block.first):
            hashes = _tiled(task, block.first, block.count)
            found.entries += block.count if mine and task.sealed.holds(block.first) else 0
        else:
            hashes, absent = _irregular(connection, task, block, found, mine=mine)
        if mine:
            _check_batch(found, task, block, None if absent else hashes)
        firsts.append((block.first, block.block))
        at = block.first - task.low
        cut = hashes[max(0, -at) * _HASH : (task.high - block.first) * _HASH]
        own[max(0, at) * _HASH : max(0, at) * _HASH + len(cut)] = cut
    _hold_to_tiles(found, task, own, firsts)
    found.hashes = bytes(own)
    tile = tiles.WIDTH * _HASH
    found.roots = [
        complete(found.hashes[start : start + tile])
        for start in range(0, len(found.hashes) - len(found.hashes) % tile, tile)
    ]
    return found


def _irregular(
    connection: Connection, task: Task, block: Block, found: Stretch, *, mine: bool
) -> tuple[bytes, list[int]]:
    """A block that is not what it should be, line by line: its hashes, and the entries that are gone."""
    there = {line.seq: line for line in store.lines(connection, block.block)}
    hashes, absent = [], []
    report = found.report if mine else Report()
    for place in range(block.count):
        seq = block.block * 256 + place
        line = there.pop(seq, None)
        index = block.first + place
        if line is None and task.sealed.covers(index):
            found.entries += mine
            hashes.append(_tiled(task, index, 1))
            continue
        if line is None:
            absent.append(seq)
            hashes.append(_NONE)
            report.error("entry-removed", "the tree has this entry's hash, the entry is gone", seq=seq, index=index)
            continue
        found.entries += mine
        hashes.append(sha256(b"\x00" + line.body).digest())
        if not readable(line.body):
            report.error("entry-unreadable", "not an entry of version 1, or an unknown kind", seq=seq)
        elif (line.kind, line.professional, line.person) != (
            line.body[1],
            int.from_bytes(line.body[16:24], "big", signed=True),
            int.from_bytes(line.body[80:88], "big", signed=True),
        ):
            report.error("columns-differ", "the columns beside the entry do not repeat its bytes", seq=seq)
    for seq in there:
        found.entries += mine
        report.error("entry-added", "the batch has more entries than were signed", seq=seq, block=block.block)
    return b"".join(hashes), absent


def _tiled(task: Task, first: int, count: int) -> bytes:
    """The hashes of leaves whose sealed entries were held to their tiles."""
    assert task.log is not None
    found = b""
    for leaf in range(first, first + count):
        tile = _tile(
            task.log, leaf // tiles.WIDTH, min(tiles.WIDTH, task.published - leaf // tiles.WIDTH * tiles.WIDTH)
        )
        found += tile[leaf % tiles.WIDTH * _HASH :][:_HASH].ljust(_HASH, b"\0")
    return found


@lru_cache(maxsize=4)
def _tile(log: Path, number: int, width: int) -> bytes:
    return tiles.find(log, 0, number, width)


def _check_batch(found: Stretch, task: Task, block: Block, hashes: bytes | None) -> None:
    """The block's batch is there, and signed by a registered instance over exactly these entries."""
    batch, report = block.batch, found.report
    if batch is None:
        report.error("batch-missing", "the leaves belong to no signed batch", index=block.first, block=block.block)
        return
    if batch.count != block.count:
        message = f"{batch.count} entries were signed and {block.count} are in the tree"
        report.error("batch-cut", message, index=block.first, block=block.block)
        return
    if block.block % task.sample or hashes is None:
        return
    found.signatures += 1
    raw = task.instances.get(batch.instance)
    if raw is None:
        report.error("instance-unknown", f"instance {batch.instance} is not registered", block=batch.block)
    elif not holds(raw, batch, hashes):
        message = f"instance {batch.instance} did not sign these entries in this order"
        report.error("batch-signature", message, index=block.first, block=batch.block)


def holds(raw: bytes, batch: Batch, hashes: bytes) -> bool:
    """Whether a batch's signature is over these leaf hashes."""
    message = (
        b"tierce-batch-v1\n"
        + batch.instance.to_bytes(2, "big")
        + batch.block.to_bytes(8, "big")
        + batch.count.to_bytes(2, "big")
        + hashes
    )
    return signed_by(raw, batch.signature, message)


def _hold_to_tiles(found: Stretch, task: Task, own: bytearray, firsts: list[tuple[int, int]]) -> None:
    """Compare the leaves with their tiles; where an entry is gone, take the tile's word for what it was."""
    if task.log is None:
        return
    tiled = bytearray(own)
    for low in range(task.low, min(task.high, task.published), tiles.WIDTH):
        width = min(tiles.WIDTH, task.published - low)
        at = (low - task.low) * _HASH
        data = tiles.find(task.log, 0, low // tiles.WIDTH, width)
        if len(data) != width * _HASH:
            found.report.error("tile-missing", "the tile of these leaves is missing or cut short", index=low)
        elif data != own[at : at + width * _HASH]:
            tiled[at : at + len(data)] = data[: len(own) - at]
            for here in range(at, min(at + len(data), len(own)), _HASH):
                if own[here : here + _HASH] == _NONE:
                    own[here : here + _HASH] = tiled[here : here + _HASH]
                elif own[here : here + _HASH] != tiled[here : here + _HASH]:
                    _differs(found, task.low + here // _HASH, firsts)
    if found.differ:
        found.tiled = bytes(tiled)


def _differs(found: Stretch, leaf: int, firsts: list[tuple[int, int]]) -> None:
    """Note a leaf whose entry and tile do not agree: behind the run before it, or in a new one."""
    if found.differ and found.differ[-1][1] == leaf - 1:
        first, _last, seq = found.differ[-1]
        found.differ[-1] = (first, leaf, seq)
        return
    place = bisect_right(firsts, (leaf, 1 << 62)) - 1
    seq = -1 if place < 0 else firsts[place][1] * 256 + leaf - firsts[place][0]
    found.differ.append((leaf, leaf, seq))
