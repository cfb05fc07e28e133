"""The order of the queue: what is unusual comes first, and how large a desk is does not."""

import math

import pytest

from tierce.kernel.care import Profession
from tierce.policy.kept import Kept
from tierce.policy.overdue import LOOK_AT, OVERDUE_DAYS, USUAL, Counted, OfVendor, beside_others, score_of
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


@pytest.mark.parametrize(
    ("line", "above", "variance"),
    [
        # By hand, of a GP: 38 % stay open without a card, 6 % where one was declared; a tenth of all answers strays.
        (Counted(10, 10), 6.2, 1 + 2.356 + 1),
        (Counted(0, 0, 100, 30), 24, 1 + 5.64 + 100),
        (Counted(100, 40, 50, 5), 4, 1 + 23.56 + 2.82 + 225),
    ],
)
def test_answers_with_a_declared_card_are_held_to_their_own_share(
    line: Counted, above: float, variance: float
) -> None:
    assert score_of(Profession.GP, [line]) == pytest.approx(above / math.sqrt(variance))


def test_each_vendor_is_held_to_the_share_of_the_others() -> None:
    """By hand: 30 of the other's 300 answers are in vain, so 100 of 1,000; then 160 of 1,000, so 48 of 300."""
    first, last = beside_others([OfVendor(2, Profession.GP, 300, 30), OfVendor(1, Profession.GP, 1_000, 160)])
    assert (first.vendor, first.answers, first.overdue, first.expected) == (1, 1_000, 160, 100)
    assert first.score == pytest.approx(60 / math.sqrt(1 + 90 + 400))
    assert (last.vendor, last.expected) == (2, 48)
    assert last.score == pytest.approx(-18 / math.sqrt(1 + 40.32 + 36))


GPS, PHARMACIES = 25_000, 220_000
"""First answers on a declared card that 1,000 practices and 1,000 pharmacies give in thirty days."""


def stands(in_vain: float, late: float = 0.0) -> dict[int, bool]:
    """Whether each of four vendors stands out: of GPs, of both, of GPs robbed of so many a practice, of pharmacies.

    `late` is the share of everybody's invoices that did not come.
    """
    open_gp, open_pharmacy = 0.06 + late, 0.03 + late
    more = round(1_000 * in_vain)
    told = [
        OfVendor(1, Profession.GP, GPS, round(GPS * (open_gp - 0.01))),
        OfVendor(2, Profession.GP, GPS, round(GPS * (open_gp + 0.01))),
        OfVendor(2, Profession.PHARMACY, PHARMACIES, round(PHARMACIES * open_pharmacy)),
        OfVendor(3, Profession.GP, GPS + more, round(GPS * open_gp) + more),
        OfVendor(4, Profession.PHARMACY, PHARMACIES, round(PHARMACIES * open_pharmacy)),
    ]
    found = beside_others(told)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    return {one.vendor: one.score >= LOOK_AT for one in found}


def test_a_vendor_of_whom_two_people_a_practice_are_declared_in_vain_stands_out_and_no_other() -> None:
    assert stands(0) == {1: False, 2: False, 3: False, 4: False}
    assert stands(2) == {1: False, 2: False, 3: True, 4: False}
    assert stands(11) == {1: False, 2: False, 3: True, 4: False}


@pytest.mark.parametrize(("a_pharmacy", "stands_out"), [(6, False), (15, True)])
def test_of_pharmacies_who_declare_most_it_takes_fifteen_people_each(a_pharmacy: int, stands_out: bool) -> None:
    own, more = round(PHARMACIES * 0.03), 1_000 * a_pharmacy
    robbed = OfVendor(1, Profession.PHARMACY, PHARMACIES + more, own + more)
    first, other = beside_others([robbed, OfVendor(2, Profession.PHARMACY, PHARMACIES, own)])
    assert (first.vendor, first.score >= LOOK_AT, other.score >= LOOK_AT) == (1, stands_out, False)


@pytest.mark.parametrize("late", [0.1, 0.5, 0.9])
def test_invoices_that_are_late_for_all_single_no_vendor_out(late: float) -> None:
    assert not any(stands(0, late).values())


def test_a_vendor_beside_whom_there_is_hardly_anybody_is_compared_with_what_is_usual() -> None:
    usual = USUAL[Profession.GP].declared
    [alone] = beside_others([OfVendor(1, Profession.GP, 1_000, 10 * usual)])
    assert (alone.overdue, alone.expected) == (60, 60)
    few = [OfVendor(1, Profession.GP, 1_000, 400), OfVendor(2, Profession.GP, 100, 100)]
    assert beside_others(few)[0].score >= LOOK_AT, "a hundred answers of another excuse nobody"
