"""The columnar engine says what the rules say, on any journal: sealed, hot, with holes and clocks that jump."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tierce.journal.encoding import encode
from tierce.journal.model import Entry, EntryKind
from tierce.journal.segments.build import build
from tierce.journal.segments.model import Segment, Stretch
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import (
    DeviceId,
    EntrySeq,
    EstablishmentId,
    InsurerId,
    PersonId,
    ProfessionalId,
    SessionId,
    SoftwareId,
    VendorId,
)
from tierce.policy.acts import Act, Evidence, Outcome
from tierce.scope.engine.parts.store import MANY_ROWS
from tierce.scope.engine.store import Engine, write_list
from tierce.scope.model import AccountUse, Batch, Beat, Criteria, JournalLine, TreeHead
from tierce.scope.rules import Scope, compute_scope, find_holes, named_by
from tierce.scope.sources import Blocks, Hot, Sealed, hot_rows

TREE = TreeHead(size=1_000, root=b"r" * 32)
MINUTE = 60_000_000
NETWORKS = [b"n" * 16, b"m" * 16]

entries = st.builds(
    Entry,
    kind=st.sampled_from([*[EntryKind.DISCLOSURE] * 3, EntryKind.IDENTITY, *list(EntryKind)[:6]]),
    act=st.sampled_from([Act.RIGHTS_ASK, Act.SESSION_OPEN, Act.STAFF_SESSION_OPEN]),
    outcome=st.sampled_from([*[Outcome.RELEASED] * 3, Outcome.UNKNOWN, Outcome.OUT_OF_SEATS]),
    time_us=st.just(0),
    professional=st.sampled_from([1, 2, 2**63 - 1]).map(ProfessionalId),
    establishment=st.sampled_from([7, 8]).map(EstablishmentId),
    device=st.sampled_from([10, 20]).map(DeviceId),
    session=st.sampled_from([100, 200]).map(SessionId),
    software=st.sampled_from([30, 31]).map(SoftwareId),
    vendor=st.sampled_from([40, 41]).map(VendorId),
    network=st.sampled_from(NETWORKS),
    evidence=st.sampled_from(Evidence),
    person=st.sampled_from([0, 1, 2, 3, 2**62, 2**63 - 1]).map(PersonId),
    insurer=st.integers(0, 2).map(InsurerId),
    categories=st.sampled_from([0, 1, 8, 24]).map(DataCategory),
)
beats = st.builds(
    Entry,
    kind=st.just(EntryKind.HEARTBEAT),
    time_us=st.just(0),
    professional=st.sampled_from([1, 2]),
    reference=st.sampled_from([20, 60, 3_600]),
)
minutes = st.integers(0, 40).map(lambda n: n * MINUTE // 2)
"""Half minutes: on either side of the slack of a hole and of a clock."""


@st.composite
def clauses(draw: st.DrawFn) -> Criteria:
    begun = draw(st.sampled_from([0, 0, MINUTE, 7 * MINUTE, 15 * MINUTE]))
    some = draw(
        st.fixed_dictionaries(
            {
                "professionals": st.frozensets(st.sampled_from([1, 2**63 - 1]), max_size=2),
                "devices": st.frozensets(st.just(10)),
                "sessions": st.frozensets(st.just(200)),
                "establishments": st.frozensets(st.just(7)),
                "software": st.frozensets(st.just(30)),
                "vendors": st.frozensets(st.just(41)),
                "networks": st.frozensets(st.sampled_from(NETWORKS), max_size=1),
                "evidence": st.sampled_from(Evidence),
            }
        )
    )
    if draw(st.sampled_from([False, False, True])):
        some = {name: frozenset() for name in some} | {"evidence": Evidence.NONE}
        some["staff"] = draw(st.frozensets(st.sampled_from([1, 2]), min_size=1))
    elif not any(some.values()):
        some["devices"] = frozenset({10})
    return Criteria(
        **some,
        from_us=begun,
        until_us=begun + draw(st.sampled_from([1, 5 * MINUTE, 20 * MINUTE, 240 * MINUTE])),
        categories=draw(st.sampled_from([DataCategory.NONE, DataCategory(8)])),
        ladder="staff" not in some and draw(st.booleans()),
    )


Journal = list[tuple[int, int, list[Entry]]]
"""Blocks: number, time, entries."""


@st.composite
def journals(draw: st.DrawFn) -> Journal:
    found: Journal = []
    block, at = 0, draw(minutes)
    for _ in range(draw(st.sampled_from([0, 1, 3, 4, 5, 6, 7, 8]))):
        block += draw(st.sampled_from([1, 1, 1, 2, 4]))
        at = max(
            0,
            at
            + draw(
                st.sampled_from(
                    [0, 1, 30_000_000, MINUTE, 4 * MINUTE, 200 * MINUTE, -MINUTE, -5 * MINUTE, 2_000 * MINUTE]
                )
            ),
        )
        inside = draw(st.lists(entries | beats, min_size=2, max_size=6))
        late = [0, *draw(st.lists(st.integers(0, MINUTE), min_size=len(inside) - 1, max_size=len(inside) - 1))]
        found.append((block, at, [_at(one, at + more) for one, more in zip(inside, late, strict=True)]))
    return found


def _at(entry: Entry, time_us: int) -> Entry:
    values = {name: getattr(entry, name) for name in Entry.__slots__}
    return Entry(**{**values, "time_us": time_us})


def beats_of(journal: Journal) -> list[Beat]:
    return [
        Beat(int(one.professional), one.time_us, block, one.reference)
        for block, _, inside in journal
        for one in inside
        if one.kind is EntryKind.HEARTBEAT
    ]


def by_rules(sought: list[Criteria], journal: Journal) -> Scope:
    batches = [Batch(block, at, len(inside), len(inside)) for block, at, inside in journal]
    lines = [
        JournalLine(EntrySeq(block << 8 | place), one)
        for block, _, inside in journal
        for place, one in enumerate(inside)
    ]
    return compute_scope(sought, lines, TREE, find_holes(batches, sought, beats=beats_of(journal)))


def seal(folder: Path, first: int, some: Journal) -> Segment:
    stretch = Stretch(
        first,
        np.array([block for block, _, _ in some], np.int64),
        np.array([len(inside) for _, _, inside in some], np.int64),
    )
    return build(folder, stretch, [[encode(one) for _, _, inside in some for one in inside]], b"", lambda _step: None)


def sources(folder: Path, journal: Journal, cuts: list[int]) -> tuple[Sealed, Hot]:
    """Seal the journal up to the last cut, a segment for each; the rest is hot."""
    segments, first, low = [], 0, 0
    for cut in sorted(set(cuts)):
        some = journal[low:cut]
        if some:
            segments.append(seal(folder, first, some))
            first, low = segments[-1].end, cut
    left = journal[low:]
    rows = [
        hot_rows([encode(one) for one in inside], [block << 8 | place for place in range(len(inside))])
        for block, _, inside in left
    ]
    blocks = Blocks(
        np.array([block for block, _, _ in left], np.int64), np.array([at for _, at, _ in left], np.int64)
    )
    return Sealed(folder, segments), Hot(rows, beats_of(left), blocks)


def accounts_by_rules(sought: list[Criteria], journal: Journal) -> list[AccountUse]:
    holes = find_holes([Batch(block, at, len(inside), len(inside)) for block, at, inside in journal], sought)
    found: dict[ProfessionalId, list[int]] = {}
    for block, _, inside in journal:
        doubt = holes.doubts.get(block)
        for one in inside:
            signs_in = one.kind is EntryKind.IDENTITY and one.act in {Act.SESSION_OPEN, Act.DEVICE_ENROL}
            met = (signs_in or one.kind <= EntryKind.REVISIT) and any(
                named_by(clause, one)
                and (
                    clause.from_us <= one.time_us < clause.until_us
                    or (doubt is not None and doubt.from_us < clause.until_us and doubt.until_us >= clause.from_us)
                )
                for clause in sought
                if not clause.staff
            )
            if met:
                found.setdefault(ProfessionalId(one.professional), []).append(one.time_us)
    return [AccountUse(who, min(at), max(at), len(at)) for who, at in sorted(found.items())]


@settings(deadline=None, max_examples=30)
@given(st.lists(clauses(), min_size=1, max_size=3), journals(), st.lists(st.integers(0, 8), max_size=2))
def test_the_engine_says_what_the_rules_say(sought: list[Criteria], journal: Journal, cuts: list[int]) -> None:
    """Whether its partial rows fit their table or go to files."""
    expected = by_rules(sought, journal)
    with tempfile.TemporaryDirectory() as name:
        sealed, hot = sources(Path(name), journal, cuts)
        for many in (MANY_ROWS, 1):
            with Engine(sought, TREE, sealed=sealed, hot=hot, many=many) as engine:
                assert engine.head == expected.head
                assert tuple(engine.exposures()) == expected.exposures
                assert engine.accounts() == accounts_by_rules(sought, journal)
                path, digest = write_list(engine, Path(name) / "lists")
            assert digest == expected.digest
            assert path.name == f"{digest.hex()}.scope"
