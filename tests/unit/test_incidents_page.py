"""The page of stages is the table of the program; TIERCE_SNAPSHOTS=write makes its rows again."""

import os
from pathlib import Path

from tierce.incidents.states.model import STEPS, Step

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "incidents.md"
HEAD = "| stage | needs | not when | it owes |\n| --- | --- | --- | --- |\n"


def row(name: str, step: Step) -> str:
    needs = " and ".join(" or ".join(f"`{one}`" for one in sorted(group)) for group in step.needs) or "–"
    bars = ", ".join(f"`{one}`" for one in sorted(step.bars)) or "–"
    owed = "a reasoning" if step.reasoned else "a sentence" if step.said else "–"
    return f"| `{name}` · {step.label.fr} · {step.label.en} | {needs} | {bars} | {owed} |\n"


def test_the_page_has_the_table_of_the_program() -> None:
    text = PAGE.read_text("utf-8")
    before, _, after = text.partition(HEAD)
    _, _, rest = after.partition("- *again*")
    wanted = f"{before}{HEAD}{''.join(row(str(stage), step) for stage, step in STEPS.items())}\n- *again*{rest}"
    if os.environ.get("TIERCE_SNAPSHOTS") == "write":
        PAGE.write_text(wanted, "utf-8")
    assert PAGE.read_text("utf-8") == wanted
