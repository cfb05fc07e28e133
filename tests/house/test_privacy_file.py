"""The privacy file promises nothing that no test holds: a measure announced and never built is one more fault."""

import re

import pytest

from tests.house.test_named_in_pages import names_of_tests
from tests.house.wording import ROOT

FILE = ROOT / "docs/privacy"
PAGES = sorted(path.name for path in FILE.glob("*.md"))
_TEST = re.compile(r"(tests/[\w/]+\.py)::(\w+)")
_MEASURE = re.compile(r"^\| (R\d) \| (?P<what>[^|]+) \| (?P<held>[^|]+) \|$", re.MULTILINE)
_RISK = re.compile(r"^\| (R\d) \|", re.MULTILINE)


def _section(page: str, title: str) -> str:
    """The text of one second-level section of a page."""
    text = (FILE / page).read_text("utf-8")
    return text.split(f"## {title}", 1)[1].split("\n## ", 1)[0]


@pytest.mark.parametrize("page", PAGES)
def test_every_test_a_page_names_exists(page: str) -> None:
    named = set(_TEST.findall((FILE / page).read_text("utf-8")))
    assert sorted(f"{path}::{name}" for path, name in named if name not in names_of_tests(path)) == []


def test_every_measure_names_the_test_that_holds_it() -> None:
    measures = _MEASURE.findall(_section("impact-assessment.md", "4. Les mesures"))
    assert len(measures) > 10
    assert [what for _, what, held in measures if not _TEST.search(held)] == []


def test_every_risk_has_a_measure_and_every_measure_a_risk() -> None:
    risks = set(_RISK.findall(_section("impact-assessment.md", "3. Les risques")))
    answered = {risk for risk, _, _ in _MEASURE.findall(_section("impact-assessment.md", "4. Les mesures"))}
    assert risks
    assert risks == answered


def test_what_is_not_built_claims_no_test() -> None:
    assert _TEST.search(_section("impact-assessment.md", "Ce qui n’est pas construit")) is None


def test_the_index_lists_every_page() -> None:
    listed = set(re.findall(r"\]\(([\w-]+\.md)\)", (FILE / "README.md").read_text("utf-8")))
    assert listed == set(PAGES) - {"README.md"}
