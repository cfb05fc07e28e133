"""A chunk of rights lines as columns: what is told, indexed and sealed of each, before any key has touched it.

Columns are numpy numbers and Arrow bytes, so that a million lines cost no million objects. Two ways lead here and
give the same columns: `batch_of` from lines that the rules have read one by one, `read_plain` (plain.py) from a whole
table at once. What is in clear here lives in memory alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyarrow as pa

from tierce.registry.arrays import Bools, Ints
from tierce.registry.model import Identity, RightsLine, Sender, Status
from tierce.registry.records import CivilRecord, CoverageRecord, encode_record

Column = Any
"""An Arrow array; the library has no type hints."""


@dataclass(slots=True)
class Spread:
    """Several byte strings a row: `values[i]` belongs to row `rows[i]`; rows ascend."""

    rows: Ints
    values: Column


@dataclass(slots=True)
class Batch:
    """Prepared lines in the order of the file; every column has one value a line.

    Numbers are those of RightsLine; `civil` and `coverage` are padded plaintexts; the rest is what keyed indexes are
    made of. `borrowed` is where no number of her own is told. `corrects` holds, for the few corrections, the row's
    former identity and card.
    """

    lines: Ints
    effective: Ints
    since: Ints
    until: Ints
    domains: Ints
    priority: Ints
    ended: Bools
    borrowed: Bools
    members: Column
    holders: Column
    representatives: Column
    contracts: Column
    told: Column
    traits: Column
    civil: Column
    coverage: Column
    identities: Spread
    cards: Spread
    corrects: dict[int, tuple[bytes, bytes]]

    def __len__(self) -> int:
        return len(self.lines)

    def __repr__(self) -> str:
        return f"Batch({len(self)} lines)"


def batch_of(read: Sequence[RightsLine], sender: Sender) -> Batch:
    """Lay lines out as columns."""
    identities = [[one.canonical() for one in line.identities()] for line in read]
    cards = [line.cards(sender.amc) for line in read]
    return Batch(
        lines=_ints([line.line for line in read]),
        effective=_ints([line.effective_day for line in read]),
        since=_ints([line.from_day for line in read]),
        until=_ints([line.until_day for line in read]),
        domains=_ints([line.domains for line in read]),
        priority=_ints([line.priority for line in read]),
        ended=np.array([line.status is Status.ENDED for line in read], dtype=np.bool_),
        borrowed=np.array([line.is_borrowed() for line in read], dtype=np.bool_),
        members=pa.array([line.member_number for line in read], pa.string()),
        holders=pa.array([line.holder_member_number for line in read], pa.string()),
        representatives=pa.array([line.representative_member_number for line in read], pa.string()),
        contracts=pa.array([line.contract_number for line in read], pa.string()),
        told=pa.array([line.told for line in read], pa.binary()),
        traits=pa.array([line.traits for line in read], pa.binary()),
        civil=pa.array([encode_record(civil_record(line)) for line in read], pa.binary()),
        coverage=pa.array([encode_record(coverage_record(line, sender)) for line in read], pa.binary()),
        identities=_spread(identities),
        cards=_spread(cards),
        corrects={
            row: (line.corrects.canonical(), line.card_of(sender.amc, line.corrects))
            for row, line in enumerate(read)
            if line.corrects is not None
        },
    )


def join(first: Batch, second: Batch) -> Batch:
    """Put two batches together, in the order of their lines."""
    if len(second) == 0:
        return first
    if len(first) == 0:
        return second
    order = np.argsort(np.concatenate([first.lines, second.lines]), kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    joined: dict[str, Any] = {}
    for one in fields(Batch):
        a, b = getattr(first, one.name), getattr(second, one.name)
        if isinstance(a, np.ndarray):
            joined[one.name] = np.concatenate([a, b])[order]
        elif isinstance(a, Spread):
            joined[one.name] = _join_spread(a, b, place, len(first))
        elif isinstance(a, dict):
            moved = {len(first) + row: pair for row, pair in b.items()}
            joined[one.name] = {int(place[row]): pair for row, pair in (a | moved).items()}
        else:
            joined[one.name] = pa.concat_arrays([a, b]).take(pa.array(order))
    return Batch(**joined)


def _join_spread(a: Spread, b: Spread, place: Ints, offset: int) -> Spread:
    rows = place[np.concatenate([a.rows, b.rows + offset])]
    order = np.argsort(rows, kind="stable")
    return Spread(rows[order], pa.concat_arrays([a.values, b.values]).take(pa.array(order)))


def _ints(values: list[int]) -> Ints:
    return np.array(values, dtype=np.int64)


def _spread(values: list[list[bytes]]) -> Spread:
    rows = np.repeat(np.arange(len(values), dtype=np.int64), [len(one) for one in values])
    return Spread(rows, pa.array([one for several in values for one in several], pa.binary()))


def civil_record(line: RightsLine) -> CivilRecord:
    """Say who she is, as this insurer's copy keeps it."""
    return CivilRecord(
        version=1,
        family_name=line.family_name,
        used_name=line.used_name,
        given_names=line.given_names,
        sex=line.sex,
        birth_date=line.identity.birth_date.reveal(),
        birth_place=line.birth_place,
        right_holder_nir=line.identity.nir.reveal(),
        rank=line.identity.rank.reveal(),
        own_nir=line.own_nir.reveal() if line.own_nir else None,
        ins_oid=line.ins_oid,
        card=_triple(line.card),
        vitale=_triple(line.vitale),
        provisional_nir=line.provisional.reveal() if line.provisional else None,
    )


def coverage_record(line: RightsLine, sender: Sender) -> CoverageRecord:
    """Say what covers her."""
    return CoverageRecord(
        version=1,
        product=sender.products[line.product_code].id,
        product_code=line.product_code,
        contract_number=line.contract_number,
        member_number=line.member_number,
        holder_member_number=line.holder_member_number,
        relationship=line.relationship.value,
        domains=line.domains,
        from_day=line.from_day,
        until_day=line.until_day,
        priority=line.priority,
        status=line.status.value,
        is_former=line.is_former,
        left_day=line.left_day,
        effective_day=line.effective_day,
        rank=line.identity.rank.reveal(),
        card_amc=line.card_amc,
        convention=line.convention,
        csr=line.csr,
    )


def _triple(one: Identity | None) -> tuple[str, str, int] | None:
    return (one.nir.reveal(), one.birth_date.reveal(), one.rank.reveal()) if one else None
