"""A year of sealed entries of an invented country, made in columns: what scoping and histories are measured on.

Same seed, same files. About thirty entries a year for each of 33 million persons, 300,000 logins, a session a day,
batches of eight on average, hours of work. Nobody signed these entries: there is no tree over them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tierce.journal.segments.columns import BLOCK_SCHEMA, ENTRY_SCHEMA
from tierce.journal.segments.files import EntriesWriter, place, sha256_of, write_blocks, write_manifest
from tierce.journal.segments.index import write_index
from tierce.journal.segments.model import ENTRIES_MAX, PAGE_ROWS, ROW_GROUP_ROWS, Segment, stem
from tierce.kernel.categories import DataCategory
from tierce.policy.acts import Act, Outcome, Presence

LOGINS = 300_000
PERSONS = 33_000_000
YEAR_ENTRIES = 1_000_000_000
"""Entries of a year: fewer entries are fewer days, as busy."""
BEGINS_US = 1_764_547_200_000_000
"""2025-12-01T00:00:00Z."""
_DAY_US = 86_400 * 1_000_000
_CLIENTELE = 800
"""Persons whom one login sees in a year."""
_BATCH_MEAN = 8
_BATCH_MAX = 64
_SLICE = 8 * ROW_GROUP_ROWS
_HOURS = np.array([1, 1, 1, 1, 1, 2, 4, 10, 22, 30, 32, 30, 22, 22, 28, 30, 30, 28, 20, 10, 5, 3, 2, 1], np.float64)
"""How busy each hour of a day is."""
_SHOWN = int(DataCategory.CIVIL_STATUS | DataCategory.BIRTH_DATE | DataCategory.INSURER | DataCategory.GUARANTEES)
_JANUARY = 739_617
"""2026-01-01, counted from 0001-01-01, which is 1."""

_Ints = NDArray[np.int64]
_Progress = Callable[[int], None]


def person_ids(index: _Ints) -> _Ints:
    """The numbers of the persons `index`, from 0: they look drawn, and are always the same."""
    return _mix63(index + 1_000_000_000_000)


def professional_ids() -> _Ints:
    """The numbers of the professionals, ascending."""
    return np.sort(_mix63(np.arange(1, LOGINS + 1)))


def make_entries(folder: Path, entries: int, *, seed: int = 1, advance: _Progress = lambda _n: None) -> list[Segment]:
    """Write about `entries` entries as segments with their manifest; give the manifest.

    Args:
        folder: where; made when missing.
        entries: how many, cut to whole batches.
        seed: another seed, another year.
        advance: called with the entries just written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made: list[Segment] = []
    first, block = 0, 1
    while entries - first >= _BATCH_MAX:
        stretch = _Stretch.draw(first, min(ENTRIES_MAX, entries - first), block, np.random.default_rng([seed, first]))
        made.append(_write(folder, stretch, advance))
        first, block = made[-1].end, made[-1].last_block + 1
        write_manifest(folder, made)
    return made


@dataclass(slots=True)
class _Stretch:
    """What one segment is made from."""

    first: int
    count: int
    blocks: pa.Table
    keys: NDArray[np.uint64]
    """The rows in their order: login, device, day and place in the stretch, in one number."""
    of_block: NDArray[np.int32]
    """The block of each place in the stretch."""
    draws: np.random.Generator

    @classmethod
    def draw(cls, first: int, most: int, block: int, draws: np.random.Generator) -> "_Stretch":
        """Draw batches, their times, and whose each entry is."""
        sizes = np.minimum(draws.geometric(1 / _BATCH_MEAN, most // 4), _BATCH_MAX)
        sizes = sizes[: np.searchsorted(np.cumsum(sizes), most, "right")]
        count = int(sizes.sum())
        starts = np.cumsum(sizes) - sizes
        numbers = block + np.cumsum(1 + (draws.random(len(sizes)) < 0.001)) - 1
        at = _times(first, count, draws.random(len(sizes)))
        table = pa.table({"block": numbers, "first": first + starts, "at_us": at}, schema=BLOCK_SCHEMA)
        of_block = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        busy = _busy_logins()
        login = busy[draws.integers(0, len(busy), count, dtype=np.uint32)].astype(np.uint64)
        day = (((at - BEGINS_US) // _DAY_US).astype(np.uint64))[of_block]
        keys = login << np.uint64(34) | _device(login, day) << np.uint64(33) | day << np.uint64(24)
        keys |= np.arange(count, dtype=np.uint64)
        keys.sort()
        return cls(first, count, table, keys, of_block, draws)


def _write(folder: Path, stretch: _Stretch, advance: _Progress) -> Segment:
    """Write the three files of a segment and give its row of the manifest."""
    end = stretch.first + stretch.count
    name = stem(stretch.first, end, 0)
    parts = {kind: folder / f"{name}.{kind}.part" for kind in ("entries", "blocks", "index")}
    writer = EntriesWriter(parts["entries"], stretch.first, end)
    persons = np.empty(stretch.count, np.int64)
    for low, rows in _slices(stretch):
        persons[low : low + rows.num_rows] = rows["person"].to_numpy()
        writer.write(rows)
        advance(rows.num_rows)
    writer.close()
    write_blocks(parts["blocks"], stretch.blocks)
    at, block = stretch.blocks["at_us"].to_numpy(), stretch.blocks["block"].to_numpy()
    firsts = professional_ids()[(stretch.keys[::PAGE_ROWS] >> np.uint64(34)).astype(np.int64)], block[::PAGE_ROWS]
    write_index(parts["index"], persons, parts["entries"], parts["blocks"], firsts)
    made = Segment(
        first=stretch.first,
        end=end,
        revision=0,
        blocks=len(block),
        first_block=int(block.min()),
        last_block=int(block.max()),
        from_us=int(at.min()),
        until_us=int(at.max()),
        redacted=0,
        leaves=bytes(32),
        root=b"",
        entries_sha256=sha256_of(parts["entries"]),
        blocks_sha256=sha256_of(parts["blocks"]),
        index_sha256=sha256_of(parts["index"]),
    )
    paths = {"entries": made.entries_path, "blocks": made.blocks_path, "index": made.index_path}
    place([(parts[kind], path(folder)) for kind, path in paths.items()])
    return made


def _slices(stretch: _Stretch) -> Iterator[tuple[int, pa.Table]]:
    """The rows in their order, some at a time."""
    professionals, network = professional_ids(), _networks()
    for low in range(0, stretch.count, _SLICE):
        keys = stretch.keys[low : low + _SLICE]
        where = (keys & np.uint64(ENTRIES_MAX - 1)).astype(np.int64)
        login = (keys >> np.uint64(34)).astype(np.int64)
        device = (keys >> np.uint64(33) & np.uint64(1)).astype(np.int64)
        day = (keys >> np.uint64(24) & np.uint64(511)).astype(np.int64)
        block = stretch.of_block[where]
        asked = {
            "professional": professionals[login],
            "establishment": _mix63(login // 2 + 2_000_000_000),
            "device": _mix63(login * 2 + 3_000_000_000) // 4 * 2 + device,
            "session": _mix63((login << 10 | day << 1 | device) + 4_000_000_000_000),
            "activity": (login + 1).astype(np.uint32),
            "software": (login % 40 + 1).astype(np.uint32),
            "vendor": (login % 12 + 1).astype(np.uint32),
            "network": fixed(network[login // 2], 16),
            "policy": fixed(np.full(len(keys), np.void(b"policy of a year")), 16),
            "block": stretch.blocks["block"].to_numpy()[block],
            "place": (stretch.first + where - stretch.blocks["first"].to_numpy()[block]).astype(np.uint8),
        }
        yield low, _rows({**asked, **_told(login, stretch.draws)}, len(keys))


def _told(login: _Ints, draws: np.random.Generator) -> dict[str, object]:
    """What was asked about whom, and what was told."""
    count = len(login)
    person = (_mix(login * 1024 + draws.integers(0, _CLIENTELE, count)) % np.uint64(PERSONS)).astype(np.int64)
    of_person = _mix(person + 77)
    chance = draws.integers(0, 1000, count, dtype=np.uint16)
    shown, refused = chance < 920, (chance >= 920) & (chance < 970)
    revisit = (chance >= 880) & shown
    insurer = 1 + (84 * ((of_person & np.uint64(0xFFFF)).astype(np.float64) / 65_536) ** 2).astype(np.uint16)
    some_day = _JANUARY - (of_person >> np.uint64(32) & np.uint64(2047)).astype(np.int64)
    begins = np.where((of_person >> np.uint64(16) & np.uint64(7)) < 5, _JANUARY, some_day)
    domain = (_mix(login + 5) % np.uint64(12)).astype(np.uint8) + np.uint8(1)
    present = draws.integers(0, 20, count, dtype=np.uint8) == 0
    return {
        "kind": np.where(shown, np.where(revisit, 4, 1), np.where(refused, 2, 3)).astype(np.uint8),
        "act": np.where(revisit, Act.RIGHTS_REVISIT, Act.RIGHTS_ASK).astype(np.uint8),
        "lane": np.ones(count, np.uint8),
        "outcome": np.where(shown, Outcome.RELEASED, np.where(refused, Outcome.OUT_OF_SEATS, Outcome.UNKNOWN)).astype(
            np.uint8
        ),
        "presence": np.where(present & shown, Presence.VERIFIED, Presence.NONE).astype(np.uint8),
        "evidence": np.zeros(count, np.uint8),
        "domain": domain,
        "late_us": np.zeros(count, np.int64),
        "insurer": np.where(shown, insurer, 0).astype(np.uint16),
        "seats_after": np.clip(draws.normal(8, 3, count), 0, 20).astype(np.uint16),
        "person": np.where(shown, person_ids(person), 0),
        "categories": np.where(shown, _SHOWN, 0).astype(np.uint32),
        "reference": np.where(shown, begins, 0),
        "salt": fixed(np.frombuffer(draws.bytes(8 * count), "V8"), 8),
    }


def _rows(columns: dict[str, object], count: int) -> pa.Table:
    made = {**columns, "leaf": pa.nulls(count, pa.binary(32))}
    return pa.table(
        [pa.array(made[name]) if isinstance(made[name], np.ndarray) else made[name] for name in ENTRY_SCHEMA.names],
        schema=ENTRY_SCHEMA,
    )


def fixed(values: NDArray[np.void], width: int) -> pa.Array:
    """Values of `width` bytes each, as a column."""
    return pa.Array.from_buffers(pa.binary(width), len(values), [None, pa.py_buffer(np.ascontiguousarray(values))])


def _times(first: int, count: int, spread: NDArray[np.float64]) -> _Ints:
    """The times of the batches of a stretch, ascending: busy by day, quiet by night."""
    share = np.sort(spread) * count / YEAR_ENTRIES + first / YEAR_ENTRIES
    days = share * 365
    clock = np.interp(days % 1, np.concatenate([[0], np.cumsum(_HOURS) / _HOURS.sum()]), np.arange(25) / 24)
    return BEGINS_US + ((np.floor(days) + clock) * _DAY_US).astype(np.int64)


def _device(login: NDArray[np.uint64], day: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Which of a login's two devices served on a day: the second on one day in seven."""
    second: NDArray[np.uint64] = (_mix(login << np.uint64(9) | day) % np.uint64(7) == 0).astype(np.uint64)
    return second


def _busy_logins() -> NDArray[np.uint32]:
    """Each login as often as it asks, of some four million asks."""
    weights = np.random.default_rng(7).lognormal(0, 0.8, LOGINS)
    return np.repeat(
        np.arange(LOGINS, dtype=np.uint32), np.rint(weights / weights.sum() * (1 << 22)).astype(np.int64)
    )


def _networks() -> NDArray[np.void]:
    halves = np.stack([_mix(np.arange(LOGINS // 2) + 7), _mix(np.arange(LOGINS // 2) + 9_000_000)], axis=1)
    return np.ascontiguousarray(halves).view("V16")[:, 0]


def _mix(values: NDArray[np.int64] | NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A number for each, one to one, that looks drawn (the finaliser of splitmix64)."""
    x: NDArray[np.uint64] = values.astype(np.uint64)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58_476D_1CE4_E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D0_49BB_1331_11EB)
    mixed: NDArray[np.uint64] = x ^ (x >> np.uint64(31))
    return mixed


def _mix63(values: _Ints) -> _Ints:
    return (_mix(values) >> np.uint64(1)).view(np.int64)
