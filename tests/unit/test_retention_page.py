"""docs/privacy/retention.md is what the table says, in both languages."""

import os
from datetime import timedelta
from pathlib import Path

from typer.testing import CliRunner

from tierce.cli import app
from tierce.policy.kept import End, Hand, Kept
from tierce.policy.retention import RETENTION
from tierce.upkeep.retention.page import render

PAGE = Path(__file__).parents[2] / "docs" / "privacy" / "retention.md"


def test_the_page_is_what_the_table_says() -> None:
    """TIERCE_SNAPSHOTS=write makes the page again; read the difference before you keep it."""
    if os.environ.get("TIERCE_SNAPSHOTS") == "write":
        PAGE.write_text(render(), "utf-8")
    assert PAGE.read_text("utf-8") == render()


def test_every_class_has_its_row_and_says_why() -> None:
    assert set(RETENTION) == set(Kept)
    for kept, rule in RETENTION.items():
        assert (rule.keep is None) == (rule.end is End.KEPT) == (rule.hand is Hand.NOBODY), kept
        assert rule.ground.fr, kept
        assert rule.ground.en, kept


def test_what_the_authority_wants_kept_six_months_to_one_year_is() -> None:
    kept = [rule.keep for rule in RETENTION.values() if rule.ground.en.endswith("six months to one year")]
    assert kept
    assert all(keep and timedelta(days=184) <= keep <= timedelta(days=366) for keep in kept)
    assert "MaxRetentionSec=184day" in (PAGE.parents[2] / "deploy" / "journald.conf").read_text("utf-8")


def test_a_text_that_was_not_read_again_is_said_to_be_confirmed() -> None:
    grounds = {rule.ground for rule in RETENTION.values()}
    codes = [one for one in grounds if "Code " in one.fr]
    assert codes
    assert all("à confirmer" in one.fr and "to confirm" in one.en for one in codes)


def test_the_command_prints_the_page_and_nothing_else() -> None:
    result = CliRunner().invoke(app, ["retention", "page"])
    assert (result.exit_code, result.stdout) == (0, render())
