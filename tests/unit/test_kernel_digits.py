"""A number that is typed is read when our own ten digits write it, and no other's."""

import re
from pathlib import Path

import pytest

from tierce.kernel.digits import number_in

SITES = Path(__file__).parents[2] / "src" / "tierce" / "web"


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", " 1", "1 ", "1.0", "1_0", "0x1", "１２", "٣", "१", "1٣", "²", "12345"]
)
def test_anything_but_our_digits_is_no_number(text: str) -> None:
    assert number_in(text, 4) is None


def test_our_digits_are_read() -> None:
    assert [number_in(text, 4) for text in ("0", "7", "0042", "9999")] == [0, 7, 42, 9999]


@pytest.mark.parametrize("site", ["office", "insurers", "persons", "portal"])
def test_no_form_reads_digits_by_itself(site: str) -> None:
    found = [
        f"{file.name}: {line.strip()}"
        for file in sorted((SITES / site).rglob("*.py"))
        for line in file.read_text("utf-8").splitlines()
        if re.search(r"\.is(?:decimal|digit|numeric)\(", line)
    ]
    assert found == [], "number_in of kernel/digits.py reads them, in one place"
