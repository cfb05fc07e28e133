"""The levels of the ladder: which are closed whole, which take two people to let go, and how a cell is numbered."""

import pytest

from tierce.policy.ladder import BROAD, CLOSABLE, HELD_WHOLE, Level, cell_of, cell_profession, department_of


def test_each_level_is_one_account_s_or_held_whole_or_closed() -> None:
    alone = {Level.LOGIN, Level.DEVICE}
    assert alone | HELD_WHOLE | CLOSABLE == set(Level)
    assert not HELD_WHOLE & CLOSABLE
    assert {Level.NATION, Level.INSURER, Level.PORTAL, Level.ACT, Level.DOMAIN} == CLOSABLE


def test_letting_go_of_many_takes_two_people_at_every_level_that_holds_more_than_one_place() -> None:
    assert set(Level) - {Level.LOGIN, Level.DEVICE, Level.ESTABLISHMENT} == BROAD


@pytest.mark.parametrize(
    "department", ["01", "2A", "30", "75", "90", "00", "97", "98", "9G", "ZZ", "971", "974", "976"]
)
@pytest.mark.parametrize("profession", [1, 13, 99])
def test_a_cell_says_its_departement_and_profession(department: str, profession: int) -> None:
    cell = cell_of(department, profession)
    assert (department_of(cell), cell_profession(cell)) == (department, profession)


def test_finess_writes_the_departements_overseas_with_letters_too() -> None:
    written = [cell_of(f"9{letter}", 1) for letter in "ABCDEF"]
    assert written == [cell_of(f"97{last}", 1) for last in range(1, 7)]
    assert [department_of(cell) for cell in written] == ["971", "972", "973", "974", "975", "976"]


@pytest.mark.parametrize("text", ["", "7", "970", "977", "075", "2a", "é1", "1é", " 1", "-1"])
def test_what_is_no_departement_has_no_cell(text: str) -> None:
    assert cell_of(text, 1) == 0
