"""The independent reader: holds the stored journal to its signatures, its tree and its checkpoints.

It shares no code with what writes: bytes are cut by their offsets in docs/reference/journal-entry-v1.md, the tree is
hashed from the definition in RFC 6962 §2.1, notes are read again from the C2SP texts. It changes nothing
and stops at nothing: it lists all it finds, each finding at its entry, index or block.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

from tierce.journal.verifier.notes import read_note, signed_by

KINDS = frozenset(range(1, 20))
"""The kinds of version 1; a kind outside them was written by a newer program or altered."""


class Severity(StrEnum):
    """Whether a finding means tampering or loss, or only something that can happen and must be seen."""

    ERROR = "error"
    GAP = "gap"
    """A block number was drawn and never used: a batch that was given up before it was committed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be, and where."""

    severity: Severity
    code: str
    message: str
    seq: int | None = None
    index: int | None = None
    block: int | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """A stored batch."""

    block: int
    instance: int
    count: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class Line:
    """A stored entry: its bytes, and the columns that repeat some of them."""

    seq: int
    kind: int
    professional: int
    person: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Leaf:
    """A stored leaf."""

    index: int
    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Signed:
    """A stored checkpoint, or one kept elsewhere (then only its note is known)."""

    note: str
    size: int | None = None
    root: bytes | None = None


@dataclass(frozen=True, slots=True)
class Journal:
    """All that is verified, each list ascending by its key."""

    instances: Mapping[int, bytes]
    batches: Sequence[Batch]
    lines: Sequence[Line]
    leaves: Sequence[Leaf]
    checkpoints: Sequence[Signed]


@dataclass(slots=True)
class Report:
    """What was read and what was found."""

    entries: int = 0
    batches: int = 0
    leaves: int = 0
    checkpoints: int = 0
    waiting: int = 0
    """Entries not yet under a checkpoint; normal for about a second."""
    root: str = ""
    """The root over all leaves, in hexadecimal."""
    findings: list[Finding] = field(default_factory=list)

    @property
    def intact(self) -> bool:
        """True when nothing found means tampering or loss."""
        return all(one.severity is not Severity.ERROR for one in self.findings)

    def error(
        self, code: str, message: str, *, seq: int | None = None, index: int | None = None, block: int | None = None
    ) -> None:
        """Record a finding that means tampering or loss."""
        self.findings.append(Finding(Severity.ERROR, code, message, seq, index, block))


def verify(journal: Journal, log_key: str, kept: Sequence[str] = (), retired: Sequence[str] = ()) -> Report:
    """Check a journal against the log's public key line and against checkpoints kept elsewhere.

    Args:
        journal: what the database holds.
        log_key: `name+id+base64`, from outside the database if the answer is to hold against its owner.
        kept: signed notes that somebody else kept: a rewritten or restored log contradicts them.
        retired: the log's earlier key lines, each followed by a space and the last size that it may have signed.
    """
    report = Report(
        entries=len(journal.lines),
        batches=len(journal.batches),
        leaves=len(journal.leaves),
        checkpoints=len(journal.checkpoints),
    )
    computed = {line.seq: sha256(b"\x00" + line.body).digest() for line in journal.lines}
    stored = {leaf.seq: leaf for leaf in journal.leaves}
    report.waiting = sum(seq not in stored for seq in computed)
    _check_lines(report, journal)
    _check_leaves(report, journal, computed)
    _check_batches(report, journal, computed, stored)
    _check_blocks(report, journal)
    _check_checkpoints(report, journal, (log_key, *retired), kept)
    return report


def _check_lines(report: Report, journal: Journal) -> None:
    """Each entry is 128 bytes of version 1, and the columns beside it say the same."""
    for line in journal.lines:
        body = line.body
        if len(body) != 128 or body[0] != 1:
            report.error("entry-unreadable", "the bytes are not an entry of version 1", seq=line.seq)
            continue
        if body[1] not in KINDS or any(body[92:96]):
            report.error("entry-unreadable", "unknown kind or reserved bytes set", seq=line.seq)
        said = (body[1], _signed64(body[16:24]), _signed64(body[80:88]))
        if said != (line.kind, line.professional, line.person):
            report.error("columns-differ", "the columns beside the entry do not repeat its bytes", seq=line.seq)


def _check_leaves(report: Report, journal: Journal, computed: Mapping[int, bytes]) -> None:
    """Leaves are numbered without a hole, and each is the hash of its own entry."""
    content = {leaf.hash: leaf.seq for leaf in journal.leaves}
    for place, leaf in enumerate(journal.leaves):
        if leaf.index != place:
            report.error("leaf-missing", f"leaf {place} is not stored; leaf {leaf.index} follows", index=place)
            break
    for leaf in journal.leaves:
        own = computed.get(leaf.seq)
        if len(leaf.hash) != 32:
            report.error("tile-missing", "no tile has this leaf's hash", seq=leaf.seq, index=leaf.index)
        elif own is None:
            report.error(
                "entry-removed", "the tree holds this entry's hash, the entry is gone", seq=leaf.seq, index=leaf.index
            )
        elif own != leaf.hash:
            owner = content.get(own)
            where = f": it now holds the content of entry {owner}" if owner is not None else ""
            report.error(
                "entry-altered", f"the entry is not the one in the tree{where}", seq=leaf.seq, index=leaf.index
            )


def _check_batches(
    report: Report, journal: Journal, computed: Mapping[int, bytes], stored: Mapping[int, Leaf]
) -> None:
    """Each batch is whole and signed by a registered instance over exactly its entries."""
    known = {batch.block for batch in journal.batches}
    for line in journal.lines:
        if line.seq // 256 not in known:
            report.error("batch-missing", "the entry belongs to no signed batch", seq=line.seq, block=line.seq // 256)
    for leaf in journal.leaves:
        if leaf.seq // 256 not in known and leaf.seq not in computed:
            report.error("batch-missing", "the leaf belongs to no signed batch", seq=leaf.seq, index=leaf.index)
    places: dict[int, int] = {}
    for seq in computed:
        places[seq // 256] = max(places.get(seq // 256, -1), seq % 256)
    for batch in journal.batches:
        if places.get(batch.block, -1) >= batch.count:
            report.error(
                "entry-added", f"the batch was signed for {batch.count} entries, more are stored", block=batch.block
            )
        seqs = range(batch.block * 256, batch.block * 256 + batch.count)
        own = [computed.get(seq) for seq in seqs]
        for seq, leaf_now in zip(seqs, own, strict=True):
            if leaf_now is None and seq not in stored:
                report.error("entry-removed", "the batch was signed with this entry, it is gone", seq=seq)
        _check_signature(report, journal.instances, batch, own, [stored.get(seq) for seq in seqs])


def _check_signature(
    report: Report,
    instances: Mapping[int, bytes],
    batch: Batch,
    own: Sequence[bytes | None],
    stored: Sequence[Leaf | None],
) -> None:
    raw = instances.get(batch.instance)
    if raw is None:
        report.error("instance-unknown", f"instance {batch.instance} is not registered", block=batch.block)
        return
    if _holds(raw, batch, own):
        return
    # The leaves in the tree, when they are all there, tell whether the entries or the signature were touched.
    if stored and all(stored) and _holds(raw, batch, [leaf.hash if leaf else None for leaf in stored]):
        message = "the instance signed what the tree holds, not the entries as they are stored now"
    else:
        message = f"instance {batch.instance} did not sign these entries in this order"
    report.error("batch-signature", message, block=batch.block)


def _holds(raw: bytes, batch: Batch, hashes: Sequence[bytes | None]) -> bool:
    if not all(hashes):
        return False
    message = (
        b"tierce-batch-v1\n"
        + batch.instance.to_bytes(2, "big")
        + batch.block.to_bytes(8, "big")
        + batch.count.to_bytes(2, "big")
        + b"".join(one for one in hashes if one)
    )
    return signed_by(raw, batch.signature, message)


def _check_blocks(report: Report, journal: Journal) -> None:
    """List the block numbers that were drawn and never used, as ranges."""
    expected = 1
    for batch in journal.batches:
        if batch.block > expected:
            last = batch.block - 1
            span = f"block {last} was" if last == expected else f"blocks {expected} to {last} were"
            report.findings.append(
                Finding(Severity.GAP, "block-abandoned", f"{span} drawn and never written", block=expected)
            )
        expected = batch.block + 1


def _check_checkpoints(report: Report, journal: Journal, log_keys: Sequence[str], kept: Sequence[str]) -> None:
    """Every checkpoint, stored or kept elsewhere, is the log's and signs the root that the leaves give."""
    hashes = [leaf.hash for leaf in journal.leaves]
    read: list[tuple[int, bytes, str]] = []
    for row in (*journal.checkpoints, *(Signed(note) for note in kept)):
        origin = "stored" if row.size is not None else "kept"
        try:
            size, root = read_note(row.note, *log_keys)
        except ValueError as error:
            report.error("checkpoint-signature", f"a {origin} checkpoint: {error}", index=row.size)
            continue
        if row.size is not None and (row.size, row.root) != (size, root):
            report.error("checkpoint-row", "the row does not repeat its signed note", index=row.size)
        read.append((size, root, origin))
    roots = _roots(hashes, {size for size, _root, _origin in read} | {len(hashes)})
    report.root = roots[len(hashes)].hex()
    good = 0
    wrong: set[str] = set()
    for size, root, origin in sorted(read):
        if size > len(hashes):
            message = f"a {origin} checkpoint signs {size} leaves, {len(hashes)} are stored: the log was cut back"
            report.error("log-cut", message, index=len(hashes))
        elif roots[size] == root:
            good = size
        elif origin not in wrong:
            # Every later root differs too: only the first says something of the place.
            wrong.add(origin)
            message = f"a {origin} checkpoint signs another root of {size} leaves: see leaves {good} to {size - 1}"
            report.error("root-differs", message, index=good)
    largest = max((size for size, _root, origin in read if origin == "stored"), default=0)
    if largest < len(hashes):
        report.error("leaf-unsigned", "leaves are stored under no checkpoint", index=largest)
    _check_order(report, journal, sorted({0, *(size for size, _root, origin in read if origin == "stored")}))


def _check_order(report: Report, journal: Journal, sizes: Sequence[int]) -> None:
    """What one checkpoint added stands in the order of the entries' numbers."""
    for low, high in itertools.pairwise(sizes):
        added = journal.leaves[low:high]
        for one, other in itertools.pairwise(added):
            if one.seq >= other.seq:
                report.error(
                    "leaf-moved", f"the leaf stands after that of entry {one.seq}", seq=other.seq, index=other.index
                )


def _roots(hashes: Sequence[bytes], sizes: Iterable[int]) -> dict[int, bytes]:
    """The roots over the first n leaves, for several n: RFC 6962 §2.1 written as it stands.

    Only complete subtrees are remembered, so that each is hashed once whatever the number of sizes.
    """
    complete: dict[tuple[int, int], bytes] = {}

    def tree(low: int, high: int) -> bytes:
        if high - low == 1:
            return hashes[low]
        whole = (high - low).bit_count() == 1
        if whole and (low, high) in complete:
            return complete[low, high]
        half = 1
        while half * 2 < high - low:
            half *= 2
        made = sha256(b"\x01" + tree(low, low + half) + tree(low + half, high)).digest()
        if whole:
            complete[low, high] = made
        return made

    return {
        size: tree(0, size) if size else sha256(b"").digest() for size in sorted(set(sizes)) if size <= len(hashes)
    }


def _signed64(value: bytes) -> int:
    return int.from_bytes(value, "big", signed=True)
