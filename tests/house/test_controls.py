"""A promise is held by something that fails, answered for by somebody, and looked at again before its day."""

import os
import re

import pytest

from tests.house.test_named_in_pages import names_of_tests
from tests.house.wording import ROOT
from tierce.controls.model import Control
from tierce.controls.rules import live_checks, overdue
from tierce.controls.table import controls
from tierce.kernel.clock import PARIS, SystemClock

PAGE = ROOT / "docs/reference/duties.md"
PRIORITY_A = (
    "P1 P2 P3 P4 P6 P7 P8 P9 P11 P12 P13 P17 L1 L2 L3 L4 L5 L6 L7 C1 N1 N2 N3 N4 N5 N6 N7 N8 N9 S1 S2 S4"
    " I1 I2 I3 I4 I5 I6 I8"
).split()
"""The failings and duties that a first version must answer."""
_DUTY = re.compile(r"[PLCNSI]\d+")
GROUPS = {
    "P": "Preventing and limiting",
    "L": "Seeing and proving",
    "C": "Containing without stopping care",
    "N": "Notifying authorities and controllers",
    "S": "Deciding severity",
    "I": "Informing people",
}
HEAD = """\
# Devoirs et manquements · Duties and failings

*En français.* Ce que la loi, la CNIL et ses sanctions demandent d'un opérateur, et le test qui le tient. Rendu
depuis la table des mesures (`src/tierce/controls/promised.toml`) : un test de construction vérifie que chaque test
nommé existe et qu'aucune date n'est passée.

Rendered from the table of promised measures; a test of the build checks that each test exists and that no day has
passed. Identifiers group failings seen in published decisions and duties of the law: P preventing, L seeing, C
containing, N notifying, S severity, I informing. **A** must be answered by a first version. *Not yet* says what
nothing holds, and why. [Controls](controls.md) says what is looked at every day.
"""


def _row(control: Control) -> str:
    held = "<br>".join(f"`{test}`" for test in control.tests)
    live = f"looked at every day: `{control.live}`" if control.live else ""
    missing = f"*Not yet:* {control.missing.en}" if control.missing else ""
    priority = "A" if control.key in PRIORITY_A else ""
    said = "<br>".join(part for part in (held, live, missing) if part)
    return f"| {control.key} | {priority} | {control.measure.fr}<br>{control.measure.en} | {said} |"


def rendered() -> str:
    """The page as the table gives it."""
    lines = [HEAD]
    for letter, title in GROUPS.items():
        rows = [one for one in controls() if _DUTY.fullmatch(one.key) and one.key[0] == letter]
        lines += [f"## {title}\n", "| | | duty | held by |", "| --- | --- | --- | --- |", *map(_row, rows), ""]
    return "\n".join(lines).rstrip() + "\n"


def test_p16_no_promised_measure_is_overdue() -> None:
    """A day that has passed stops the build: build the measure, look at it again, or write a new day and why."""
    today = SystemClock().now().astimezone(PARIS).date()
    assert [one.key for one in overdue(controls(), today)] == []


@pytest.mark.parametrize("control", controls(), ids=lambda one: one.key)
def test_p16_every_test_a_measure_names_exists(control: Control) -> None:
    named = [test.split("::") for test in control.tests]
    assert [f"{path}::{name}" for path, name in named if name not in names_of_tests(path)] == []
    assert control.held or control.missing is not None, "nothing holds it, and nothing says why"
    assert all((ROOT / page).exists() for page in control.promised)
    assert control.live is None or control.live in live_checks("")


def test_every_duty_of_priority_a_has_its_row() -> None:
    assert sorted(set(PRIORITY_A) - {one.key for one in controls()}) == []


def test_everything_looked_at_live_holds_a_promise() -> None:
    assert {one.live for one in controls() if one.live} == set(live_checks(""))


def test_every_measure_of_the_impact_assessment_is_in_the_table() -> None:
    text = (ROOT / "docs/privacy/impact-assessment.md").read_text("utf-8")
    section = text.split("## 4. Les mesures", 1)[1].split("\n## ", 1)[0]
    promised = set(re.findall(r"tests/[\w/]+\.py::\w+", section))
    assert promised
    assert sorted(promised - {test for one in controls() for test in one.tests}) == []


def test_the_page_of_duties_is_what_the_table_says() -> None:
    """TIERCE_SNAPSHOTS=write makes the page again; read the difference before you keep it."""
    if os.environ.get("TIERCE_SNAPSHOTS") == "write":
        PAGE.write_text(rendered(), "utf-8")
    assert PAGE.read_text("utf-8") == rendered()
