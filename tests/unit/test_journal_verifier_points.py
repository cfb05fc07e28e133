"""The verifier holds the tree to each signed root once, however many there are: one for each second of a year."""

from typing import ClassVar

from tierce.journal.verifier.check import _Point, _Tree
from tierce.journal.verifier.front import Front
from tierce.journal.verifier.model import Report
from tierce.journal.verifier.stretch import Stretch
from tierce.journal.verifier.tiles import HASH

POINTS = 600


class Counted(_Point):
    """A signed root that counts how often its size is looked at."""

    looks: ClassVar[int] = 0

    def __getattribute__(self, name: str) -> object:
        if name == "size":
            Counted.looks += 1
        return super().__getattribute__(name)


def test_each_signed_root_is_looked_at_a_few_times_whatever_their_number() -> None:
    hashes = b"".join(number.to_bytes(HASH, "big") for number in range(POINTS))
    front, points = Front(), []
    for place in range(POINTS):
        front.add(0, hashes[place * HASH : place * HASH + HASH])
        points.append(Counted(place + 1, front.root(), "stored"))
    points.insert(2, Counted(2, bytes(HASH), "kept"))
    report = Report()
    tree = _Tree(report, points)
    Counted.looks = 0
    half = POINTS // 2
    tree.grow(Stretch(0, half, hashes=hashes[: half * HASH]))
    tree.grow(Stretch(half, POINTS, hashes=hashes[half * HASH :]))
    assert Counted.looks < 6 * POINTS
    tree.end()
    assert len(report.findings) == 1, "the one that somebody kept and that signs another root"
