"""Rewriting a segment so that some rows lose their person and their salt, and keep their leaf hash."""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from psycopg import Connection

from tierce.journal.segments import store
from tierce.journal.segments.build import PART, put_in_place
from tierce.journal.segments.check import groups
from tierce.journal.segments.columns import ENTRY_SCHEMA
from tierce.journal.segments.files import EntriesWriter, flush, sha256_of
from tierce.journal.segments.index import write_index
from tierce.journal.segments.model import PAGE_ROWS, Segment, stem
from tierce.kernel.clock import from_micros
from tierce.policy.segments import REDACTIONS, RedactionReason


def redacted_leaves(folder: Path, segment: Segment) -> set[int]:
    """The leaves whose row is redacted."""
    found: set[int] = set()
    if segment.redacted:
        for rows, leaf, _bodies in groups(folder, segment):
            found.update(leaf[np.asarray(pc.is_valid(rows["leaf"].combine_chunks()))].tolist())
    return found


def rows_to_redact(
    connection: Connection, folder: Path, segment: Segment, leaves: Mapping[int, int], now: datetime
) -> dict[int, bytes]:
    """Of the leaves asked for (with their numbers), those that the policy allows now: each with the hash to keep.

    An incident holds who is on its list, and every line of a time that it looks back to: one that has no list yet
    would else lose whom it is about to name.
    """
    reasons, since = store.redaction_reasons(connection), store.held_since(connection)
    found: dict[int, bytes] = {}
    for rows, leaf, bodies in groups(folder, segment):
        gone = np.asarray(pc.is_valid(rows["leaf"].combine_chunks()))
        for at in np.flatnonzero(np.isin(leaf, list(leaves)) & ~gone).tolist():
            rule = REDACTIONS[RedactionReason(reasons[leaves[int(leaf[at])]])]
            written = from_micros(int(bodies["time_us"][at]))
            person = int(rows["person"][at].as_py())
            held = (since is not None and written >= since) or store.is_held(connection, person)
            if written <= now - rule.after and (rule.despite_hold or not held):
                found[int(leaf[at])] = hashlib.sha256(b"\x00" + bodies[at].tobytes()).digest()
    return found


def rewrite(folder: Path, segment: Segment, redacted: Mapping[int, bytes]) -> Segment:
    """Write the next revision of a segment, with these leaves redacted; nothing reads it before the manifest does."""
    name = stem(segment.first, segment.end, segment.revision + 1)
    parts = {kind: folder / f"{name}.{kind}{PART}" for kind in ("entries", "blocks", "index")}
    writer = EntriesWriter(parts["entries"], segment.first, segment.end)
    persons: list[np.ndarray[tuple[int], np.dtype[np.int64]]] = []
    firsts: list[np.ndarray[tuple[int], np.dtype[np.int64]]] = []
    for rows, leaf, _bodies in groups(folder, segment):
        written = _redacted(rows, leaf.tolist(), redacted)
        writer.write(written)
        persons.append(written["person"].to_numpy())
        firsts.append(written["professional"].to_numpy()[::PAGE_ROWS])
    writer.close()
    shutil.copyfile(segment.blocks_path(folder), parts["blocks"])
    with parts["blocks"].open("rb+") as file:
        flush(file.fileno())
    blocks = pq.read_table(parts["blocks"], columns=["block"])["block"].to_numpy()
    write_index(
        parts["index"],
        np.concatenate(persons),
        parts["entries"],
        parts["blocks"],
        (np.concatenate(firsts), blocks[::PAGE_ROWS]),
    )
    made = replace(
        segment,
        revision=segment.revision + 1,
        redacted=segment.redacted + len(redacted),
        entries_sha256=sha256_of(parts["entries"]),
        blocks_sha256=sha256_of(parts["blocks"]),
        index_sha256=sha256_of(parts["index"]),
    )
    put_in_place(folder, made, parts)
    return made


def _redacted(rows: pa.Table, leaves: list[int], redacted: Mapping[int, bytes]) -> pa.Table:
    """The same rows; those of the leaves named without person and salt, with their hash."""
    chosen = {at: redacted[leaf] for at, leaf in enumerate(leaves) if leaf in redacted}
    if not chosen:
        return rows
    person = rows["person"].to_numpy().copy()
    salt, kept = rows["salt"].to_pylist(), rows["leaf"].to_pylist()
    for at, leaf in chosen.items():
        person[at], salt[at], kept[at] = 0, bytes(8), leaf
    new = {"person": person, "salt": pa.array(salt, pa.binary(8)), "leaf": pa.array(kept, pa.binary(32))}
    return pa.table([new.get(name, rows[name]) for name in ENTRY_SCHEMA.names], schema=ENTRY_SCHEMA)
