"""The order of the queue: what is unusual comes first, and how large a desk is does not."""

import pytest

from tierce.kernel.care import Profession
from tierce.policy.kept import Kept
from tierce.policy.overdue import LOOK_AT, OVERDUE_DAYS, USUAL, Counted, score_of
from tierce.policy.retention import RETENTION


def test_every_profession_has_a_usual_delay_and_answers_are_kept_as_long_as_they_are_counted() -> None:
    assert set(USUAL) == set(Profession)
    keep = RETENTION[Kept.UNEXPLAINED].keep
    assert keep is not None
    assert max(usual.days for usual in USUAL.values()) + OVERDUE_DAYS <= keep.days


@pytest.mark.parametrize("profession", Profession)
def test_what_is_usual_does_not_stand_out_however_large_the_desk(profession: Profession) -> None:
    for answers in (10, 100, 1_000, 10_000):
        usual = round(answers * USUAL[profession].without_card / 100)
        assert score_of(profession, [Counted(answers, usual)]) < 0.5
        assert score_of(profession, [Counted(answers, usual + answers // 20)]) < LOOK_AT, "one in twenty more"


def test_one_a_day_on_a_device_of_its_own_stands_out_within_weeks_and_is_not_diluted() -> None:
    owner = Counted(76, 29)
    assert score_of(Profession.GP, [owner, Counted(3, 3)]) < LOOK_AT
    assert score_of(Profession.GP, [owner, Counted(14, 14)]) >= LOOK_AT
    assert score_of(Profession.GP, [owner, Counted(30, 30)]) > score_of(Profession.HOSPITAL, [Counted(1_000, 560)])


def test_nothing_past_the_delay_is_nothing_unusual() -> None:
    assert score_of(Profession.GP, []) == 0.0
    assert score_of(Profession.GP, [Counted(40, 0)]) < 0
