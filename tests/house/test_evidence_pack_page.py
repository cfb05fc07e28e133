"""The page of the evidence pack prints the digests of the scripts that are in every pack."""

import re
from hashlib import sha256

from tests.house.wording import ROOT

PAGE = ROOT / "docs/reference/evidence-pack.md"
SCRIPTS = ROOT / "src/tierce/incidents/pack/inspector"
_ROW = re.compile(r"^\| `(\w+\.py)` \| `([0-9a-f]{64})` \|$", re.MULTILINE)


def test_the_page_prints_the_digests_of_the_scripts() -> None:
    printed = dict(_ROW.findall(PAGE.read_text("utf-8")))
    found = {path.name: sha256(path.read_bytes()).hexdigest() for path in SCRIPTS.glob("[!_]*.py")}
    assert printed == found
