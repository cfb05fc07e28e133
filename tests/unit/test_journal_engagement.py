"""Engagement numbers as they are printed and typed."""

import hmac

import pytest

from tierce.journal.engagement import (
    CHECK_SYMBOLS,
    SYMBOLS,
    _round,
    engagement_number,
    entry_number,
    format_engagement,
    parse_engagement,
)
from tierce.journal.errors import EngagementFormatError, KeyFormatError
from tierce.kernel.ids import EngagementNo, EntrySeq

KEY = bytes(range(32))
SEQ = EntrySeq(1_000_003)


def test_the_round_function_is_hmac_sha_256() -> None:
    message = b"tierce-engagement-v1" + bytes.fromhex("03" "89abcdef")  # fmt: skip
    wanted = hmac.digest(KEY, message, "sha256")[:4]
    assert _round(KEY, 3, 0x89ABCDEF) == int.from_bytes(wanted, "big")


def test_neighbours_print_nothing_alike() -> None:
    printed = [format_engagement(KEY, EntrySeq(SEQ + step)) for step in range(100)]
    assert len({one[:4] for one in printed}) > 95
    assert format_engagement(bytes(32), SEQ) != printed[0]


def test_it_is_read_as_people_type_it() -> None:
    printed = format_engagement(KEY, SEQ)
    assert parse_engagement(KEY, printed.lower()) == SEQ
    assert parse_engagement(KEY, " " + printed.replace("-", " ")) == SEQ
    assert parse_engagement(KEY, printed.replace("-", "")) == SEQ
    assert parse_engagement(KEY, printed.replace("0", "o").replace("1", "l")) == SEQ
    assert parse_engagement(KEY, printed.replace("0", "O").replace("1", "i")) == SEQ


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "this one has 0"),
        ("ABC", "this one has 3"),
        ("X" * 65, "longer than 64"),
        ("U000-0000-00000-0", "symbol 1 "),
        ("0000-0000-0000!-0", "symbol 13 "),
        ("0000-0000-00000-1", "misread"),
        ("0000-0000-00000-!", "misread"),
        ("G000-0000-00000-" + CHECK_SYMBOLS[16 * 32**12 % 37], "no engagement has this number"),
    ],
)
def test_what_is_no_engagement_number_is_refused(text: str, message: str) -> None:
    with pytest.raises(EngagementFormatError, match=message):
        parse_engagement(KEY, text)


def test_a_number_that_no_entry_can_have_is_refused() -> None:
    """Half of the 64-bit numbers lead to an entry number of more than 63 bits."""
    refused = 0
    for number in range(200):
        try:
            seq = entry_number(KEY, EngagementNo(number))
        except EngagementFormatError:
            refused += 1
        else:
            assert engagement_number(KEY, seq) == number
    assert 60 < refused < 140


@pytest.mark.parametrize("seq", [-1, 2**63])
def test_an_entry_number_out_of_range_is_refused(seq: int) -> None:
    with pytest.raises(EngagementFormatError):
        format_engagement(KEY, EntrySeq(seq))


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(KeyFormatError, match="has 16 bytes"):
        format_engagement(bytes(16), SEQ)


def test_every_single_misreading_and_every_swap_of_neighbours_is_noticed() -> None:
    printed = format_engagement(KEY, SEQ).replace("-", "")
    for place in range(13):
        for symbol in SYMBOLS:
            if symbol != printed[place]:
                with pytest.raises(EngagementFormatError):
                    parse_engagement(KEY, printed[:place] + symbol + printed[place + 1 :])
    for place in range(12):
        if printed[place] != printed[place + 1]:
            swapped = printed[:place] + printed[place + 1] + printed[place] + printed[place + 2 :]
            with pytest.raises(EngagementFormatError):
                parse_engagement(KEY, swapped)


@pytest.mark.parametrize("seq", [0, 2**63 - 1])
def test_the_first_and_the_last_entry_have_numbers_that_read_back(seq: int) -> None:
    assert parse_engagement(KEY, format_engagement(KEY, EntrySeq(seq))) == seq


def test_a_number_typed_with_room_around_it_is_read_up_to_64_characters() -> None:
    assert parse_engagement(KEY, format_engagement(KEY, SEQ).ljust(64)) == SEQ
