"""The identifiers of a person: what is accepted, what is refused and how, and that nothing shows."""

import traceback
from datetime import date

import pytest
from stdnum.fr import nir as oracle

from tierce.kernel.card import MemberNumber, parse_amc
from tierce.kernel.errors import IdentifierError
from tierce.kernel.nir import BirthDate, Nir, Rank, nir_key, normalise


def keyed(body: str) -> str:
    return f"{body}{nir_key(body):02d}"


SYNTHETIC = keyed("2840590955321")


@pytest.mark.parametrize("place", ["90955", "2A955", "2B955", "99955", "97955", "01955"])
def test_the_key_is_the_one_a_public_library_computes(place: str) -> None:
    body = f"28405{place}321"
    assert f"{nir_key(body):02d}" == oracle.calc_check_digits(body)
    assert oracle.is_valid(Nir.parse(keyed(body)).reveal())


def test_spaces_dots_and_lower_case_are_read_as_the_same_number() -> None:
    corsican = keyed("284052A955321")
    spaced = oracle.format(corsican).replace("2A", "2a")
    assert Nir.parse(spaced) == Nir.parse(corsican)
    assert Nir.parse(SYNTHETIC.replace("90", "90.", 1)) == Nir.parse(SYNTHETIC)


@pytest.mark.parametrize("space", [" ", "\t", "\u00a0", "\u2007", "\u2009", "\u202f"])
@pytest.mark.parametrize("dash", ["-", "\u2010", "\u2011", "\u2012", "\u2013"])
def test_what_is_copied_from_a_printed_card_is_read_as_what_it_looks_like(space: str, dash: str) -> None:
    assert Nir.parse(f"{SYNTHETIC[0]}{space}{SYNTHETIC[1:13]}{dash}{SYNTHETIC[13:]}") == Nir.parse(SYNTHETIC)
    assert parse_amc(f"0073{space}3931") == "00733931", "leading zeros are kept"
    assert MemberNumber.parse(f"a{dash}000{space}417") == MemberNumber.parse("A-000417")
    assert MemberNumber.parse("0417") != MemberNumber.parse("417")


@pytest.mark.parametrize("month", ["01", "12", "20", "30", "31", "42", "50", "99"])
def test_months_of_incomplete_acts_are_accepted(month: str) -> None:
    assert Nir.parse(keyed(f"284{month}90955321")).is_synthetic()


@pytest.mark.parametrize(
    "text",
    [
        "",
        SYNTHETIC[:13],
        SYNTHETIC[:14],
        SYNTHETIC + "1",
        keyed("9840590955321"),
        keyed("0840590955321"),
        keyed("2840090955321"),
        keyed("2841390955321"),
        keyed("2844390955321"),
        keyed("2840500955321"),
        "284052C95532112",
        SYNTHETIC[:14] + str((int(SYNTHETIC[14]) + 1) % 10),
        "٢" + SYNTHETIC[1:],
    ],
)
def test_what_is_not_a_nir_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(IdentifierError) as caught:
        Nir.parse(text)
    error = caught.value
    assert error.field == "nir"
    assert error.reason.fr
    assert error.remedy.en
    shown = "".join(traceback.format_exception_only(error))
    assert not text or text not in shown


@pytest.mark.parametrize("digits", ["19840512", "19841399", "18800000", "21001231", "1984-05-12"])
def test_birth_dates_keep_days_and_months_no_calendar_has(digits: str) -> None:
    assert BirthDate.parse(digits).reveal() == digits.replace("-", "")


@pytest.mark.parametrize("digits", ["", "1984051", "198405123", "18791231", "21010101", "1984AB12", "12051984"])
def test_birth_dates_that_cannot_be_are_refused(digits: str) -> None:
    with pytest.raises(IdentifierError) as caught:
        BirthDate.parse(digits)
    assert caught.value.field == "birth_date"
    assert not digits or digits not in str(caught.value)


def test_a_lunar_date_is_no_calendar_date() -> None:
    assert BirthDate.parse("19841399").as_date() is None
    assert BirthDate.parse("19840512").as_date() == date(1984, 5, 12)


@pytest.mark.parametrize("rank", ["1", "9", 4, " 2 "])
def test_ranks_run_from_one_to_nine(rank: str | int) -> None:
    assert Rank.parse(rank).reveal() == int(rank)


@pytest.mark.parametrize("rank", ["0", "10", "", "a", -1, "²"])
def test_other_ranks_are_refused(rank: str | int) -> None:
    with pytest.raises(IdentifierError) as caught:
        Rank.parse(rank)
    assert caught.value.field == "rank"


@pytest.mark.parametrize(
    ("place", "synthetic"),
    [("90955", True), ("03950", True), ("89979", True), ("90949", False), ("90980", False), ("75955", False)],
)
def test_only_communes_never_assigned_make_a_synthetic_number(place: str, synthetic: bool) -> None:
    assert Nir(keyed(f"28405{place}321")).is_synthetic() is synthetic


def test_nothing_shows_itself() -> None:
    values: list[Nir | BirthDate | Rank] = [Nir.parse(SYNTHETIC), BirthDate.parse("19840512"), Rank.parse(3)]
    for value in values:
        assert str(value.reveal()) not in f"{value} {value!r} {value:} {[value]!r}"


def test_identifiers_are_values() -> None:
    assert len({Nir.parse(SYNTHETIC), Nir.parse(SYNTHETIC)}) == 1


def test_the_canonical_bytes_of_version_1() -> None:
    bytes_ = normalise(Nir.parse(SYNTHETIC), BirthDate.parse("19840512"), Rank.parse(1))
    assert bytes_ == b"1|" + SYNTHETIC[:13].encode() + b"|19840512|1"


def test_a_number_not_of_man_or_woman_is_provisional() -> None:
    assert Nir.parse(keyed("7840590955321")).is_provisional()
    assert not Nir.parse(SYNTHETIC).is_provisional()
