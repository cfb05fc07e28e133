"""The verifier holds the tree to each signed root once, however many there are: one for each second of a year."""

import re
from pathlib import Path
from typing import ClassVar

from tierce.journal.verifier.check import _Point, _Tree
from tierce.journal.verifier.front import Front
from tierce.journal.verifier.model import MEANS, Report
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


def test_each_code_of_a_finding_is_said_in_french_and_has_its_section_of_the_runbook() -> None:
    root = Path(__file__).parents[2]
    source = "".join(path.read_text("utf-8") for path in sorted((root / "src/tierce/journal/verifier").glob("*.py")))
    written = set(re.findall(r'\b(?:error|gap)\(\s*"([a-z-]+)"', source)) | set(
        re.findall(r'altered="([a-z-]+)"', source)
    )
    assert written == set(MEANS)
    page = (root / "docs/runbooks/journal-does-not-verify.md").read_text("utf-8")
    assert not {code for code in MEANS if f"`{code}`" not in page}
