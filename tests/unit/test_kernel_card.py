"""Where a card leads: AMC numbers that several insurers print, told apart by the CSR."""

import pytest

from tierce.kernel.card import Routing, parse_csr
from tierce.kernel.errors import IdentifierError

SHARED = "00733931"
ROUTING = Routing(
    {"99100001": [], "99100002": [(SHARED, "003")], "99100003": [(SHARED, "017"), (SHARED, "A-1")], "00099100": []}
)


@pytest.mark.parametrize(
    ("amc", "csr", "owners"),
    [
        ("99100001", "", ("99100001",)),
        ("99100001", "999", ("99100001",)),  # nobody shares it: its CSR tells nobody apart
        ("99100002", "", ("99100002",)),
        (SHARED, "003", ("99100002",)),
        (SHARED, "3", ("99100002",)),
        ("0000733931", "003", ("99100002",)),
        ("000733931", "A-1", ("99100003",)),
        (SHARED, "", ("99100002", "99100003")),
        (SHARED, "004", ("99100002", "99100003")),
        ("0000099100", "", ("00099100",)),
        ("99100009", "003", ()),
    ],
)
def test_a_number_and_its_csr_lead_to_one_insurer_whatever_zeros_pad_them(
    amc: str, csr: str, owners: tuple[str, ...]
) -> None:
    assert ROUTING.owners(amc, csr) == owners
    assert not ROUTING.disputed


def test_whose_cards_bear_no_csr_keeps_the_number_for_cards_without_one() -> None:
    routing = Routing({"99100001": [], "99100002": [("99100001", "003")]})
    assert routing.owners("99100001", "") == ("99100001",)
    assert routing.owners("99100001", "003") == ("99100002",)
    assert routing.owners("99100001", "004") == ("99100001", "99100002")


@pytest.mark.parametrize(
    "printed",
    [
        {"99100001": [(SHARED, "3")], "99100002": [("000733931", "003")]},
        {"99100001": [], "99100002": [("99100001", "")]},
        {"99100001": [], "099100001": []},
    ],
)
def test_what_two_insurers_claim_is_disputed(printed: dict[str, list[tuple[str, str]]]) -> None:
    assert Routing(printed).disputed


def test_a_csr_is_read_as_it_is_printed_or_typed() -> None:
    assert [parse_csr(text) for text in ("003", " 00 3 ", "a-1", "")] == ["003", "003", "A-1", ""]
    for text in ("é", "0" * 11, "a_1"):
        with pytest.raises(IdentifierError) as caught:
            parse_csr(text)
        assert text not in f"{caught.value}{caught.value.reason}{caught.value.remedy}"
