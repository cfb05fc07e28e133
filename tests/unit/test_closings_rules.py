"""What a person of the operator may close, for how long and why: what is mistyped closes nothing."""

from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tierce.closings.errors import ClosingError
from tierce.closings.model import Target
from tierce.closings.rules import ACTS, LEVELS, check_rung, narrower, read_length, read_reason
from tierce.policy.ladder import Level, Rung
from tierce.upkeep import ladder
from tierce.web.api import openapi_deposits


@pytest.mark.parametrize(
    ("text", "length"), [("1m", timedelta(minutes=1)), ("72h", timedelta(hours=72)), ("3d", timedelta(days=3))]
)
def test_a_closing_lasts_as_long_as_was_written_and_three_days_at_most(text: str, length: timedelta) -> None:
    assert read_length(text) == length


@pytest.mark.parametrize("text", ["", "0m", "4", "4w", "73h", "4d", "4321m", "-1h", "٣h", "4h ", "10000m"])
def test_a_length_that_would_close_care_for_longer_or_for_nothing_is_refused(text: str) -> None:
    with pytest.raises(ClosingError):
        read_length(text)


def test_each_act_that_may_be_closed_is_named_where_vendors_and_operators_read_of_it() -> None:
    told = str(openapi_deposits.CLOSED_PART["properties"])
    page = (Path(__file__).parents[2] / "docs" / "reference" / "deposits.md").read_text("utf-8")
    of_service = page.partition("`GET /v1/service`")[2].partition("\n\n")[0]
    asked = CliRunner().invoke(ladder.app, ["close", "--help"], env={"COLUMNS": "200"}).output
    for act in ACTS:
        assert f"`{act}`" in told
        assert f"`{act}`" in of_service
        assert act in asked


@pytest.mark.parametrize("reason", ["x" * 10, "x" * 300])
def test_a_reason_of_one_sentence_is_kept(reason: str) -> None:
    assert read_reason(f"  {reason}\n") == reason


@pytest.mark.parametrize("reason", ["x" * 9, "x" * 301, " " * 20, "vol à \x07 Lyon ce soir"])
def test_a_reason_that_nobody_could_read_at_night_is_refused(reason: str) -> None:
    with pytest.raises(ClosingError):
        read_reason(reason)


def test_an_insurer_is_closed_whole_or_not_at_all_since_less_would_tell_whose_a_person_is() -> None:
    for level in LEVELS.values():
        stands = {Rung.SUSPENDED} if level is Level.INSURER else {Rung.STEP_UP, Rung.PRESENCE_ONLY, Rung.SUSPENDED}
        for rung in Rung:
            if rung in stands:
                check_rung(Target(level, 1), rung)
            else:
                with pytest.raises(ClosingError):
                    check_rung(Target(level, 1), rung)


def test_every_level_offers_one_that_hinders_fewer_down_to_one_device() -> None:
    for level in LEVELS.values():
        offered = narrower(Target(level, 1))
        assert offered[-1] is Level.DEVICE
        assert level not in offered
