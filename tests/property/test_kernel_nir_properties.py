"""Identifiers over their whole range: the key agrees with a public library, and a slip never passes unseen."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.fr import nir as oracle

from tierce.kernel.errors import IdentifierError
from tierce.kernel.nir import SYNTHETIC_COMMUNES, SYNTHETIC_DEPARTMENTS, BirthDate, Nir, Rank, nir_key, normalise

MONTHS = [f"{month:02d}" for month in (*range(1, 13), *range(20, 43), *range(50, 100))]
DEPARTMENTS = [*sorted(SYNTHETIC_DEPARTMENTS), "2A", "2B"]
bodies = st.builds(
    lambda sex, year, month, department, commune, order: f"{sex}{year:02d}{month}{department}{commune}{order:03d}",
    st.sampled_from("12345678"),
    st.integers(0, 99),
    st.sampled_from(MONTHS),
    st.sampled_from(DEPARTMENTS),
    st.sampled_from(SYNTHETIC_COMMUNES),
    st.integers(1, 999),
)
dates = st.builds(
    lambda year, month, day: f"{year}{month:02d}{day:02d}",
    st.integers(1880, 2100),
    st.integers(0, 99),
    st.integers(0, 99),
)


def keyed(body: str) -> str:
    return f"{body}{nir_key(body):02d}"


def said_of(parse: Callable[[str], object], text: str) -> str:
    """What is shown of a text: the value that was read, or the error."""
    try:
        return f"{parse(text)} {parse(text)!r}"
    except IdentifierError as error:
        return f"{error}"


@given(bodies)
def test_a_number_with_its_key_is_read_and_printed_alike(body: str) -> None:
    text = keyed(body)
    assert oracle.is_valid(text)
    assert Nir.parse(text).reveal() == text
    assert Nir.parse(oracle.format(text).lower()) == Nir.parse(text)
    assert Nir.parse(text).is_synthetic()


@given(bodies, st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_is_always_refused(body: str, place: int, shift: int) -> None:
    if not body[place].isdigit():
        return
    wrong = body[:place] + str((int(body[place]) + shift) % 10) + body[place + 1 :]
    with pytest.raises(IdentifierError) as caught:
        Nir.parse(wrong + keyed(body)[13:])
    assert wrong not in str(caught.value)


@given(st.text(max_size=24), st.text(max_size=24))
def test_any_text_is_refused_without_being_repeated(before: str, after: str) -> None:
    # No message of ours holds this sign: where it appears, what was sent is being repeated.
    for parse in (Nir.parse, BirthDate.parse, Rank.parse):
        assert "§" not in said_of(parse, f"{before}§{after}")


@given(bodies, dates, st.integers(1, 9), bodies, dates, st.integers(1, 9))
def test_different_identifiers_never_share_their_canonical_bytes(
    body: str, birth: str, rank: int, other_body: str, other_birth: str, other_rank: int
) -> None:
    one = normalise(Nir.parse(keyed(body)), BirthDate.parse(birth), Rank.parse(rank))
    other = normalise(Nir.parse(keyed(other_body)), BirthDate.parse(other_birth), Rank.parse(other_rank))
    assert (one == other) is ((body, birth, rank) == (other_body, other_birth, other_rank))
    assert one.count(b"|") == 3
