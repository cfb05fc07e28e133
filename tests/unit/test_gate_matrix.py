"""The decision page in docs is what the rules decide today, and says it in both languages."""

import os
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tierce.cli import app
from tierce.gate.matrix import render
from tierce.gate.matrix_words import ACTS, OUTCOMES
from tierce.kernel.care import PROFESSION_LABELS
from tierce.kernel.categories import LABELS, DataCategory
from tierce.kernel.language import Language
from tierce.policy import seats
from tierce.policy.acts import Outcome
from tierce.policy.allowed import SHOWN
from tierce.policy.digest import policy_digest

DOCS = Path(__file__).parents[2] / "docs" / "reference"
rendered = cache(render)


@pytest.mark.parametrize("language", list(Language))
def test_the_page_is_what_the_rules_decide(language: Language) -> None:
    """TIERCE_SNAPSHOTS=write makes the page again; read the difference before you keep it."""
    page = DOCS / f"decision-matrix.{language}.md"
    if os.environ.get("TIERCE_SNAPSHOTS") == "write":
        page.write_text(rendered(language), "utf-8")
    assert page.read_text("utf-8") == rendered(language)


@pytest.mark.parametrize("language", list(Language))
def test_the_page_names_every_profession_and_no_category_but_those_shown(language: Language) -> None:
    page = rendered(language)
    assert all(label[language] in page for label in PROFESSION_LABELS.values())
    for category, label in LABELS.items():
        if not any(category in shown for shown in SHOWN.values()):
            assert label[language] not in page
    assert policy_digest().hex() in page


def test_every_act_and_outcome_of_an_ask_has_its_words() -> None:
    assert set(ACTS) == set(SHOWN)
    assert set(OUTCOMES) == {
        one for one in Outcome if one <= Outcome.CLOSED or one in range(Outcome.PLACE_FULL, Outcome.NOT_ANSWERED + 1)
    } - {Outcome.NONE, Outcome.DONE}
    assert all(shown & ~(DataCategory.INSURER | DataCategory.GUARANTEES) == 0 for shown in SHOWN.values())


def test_the_command_prints_the_page_and_nothing_else() -> None:
    result = CliRunner().invoke(app, ["policy", "show", "--language", "en"])
    assert (result.exit_code, result.stdout) == (0, rendered(Language.EN))
    assert str(seats.PROBATION_LIMIT) in result.stdout
