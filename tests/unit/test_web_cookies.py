"""A cookie of ours is read by the bytes of its name: no other host of the domain has one that stands in its place."""

import pytest
from litestar.connection import ASGIConnection

from tierce.web.cookies import VALUE_CHARS_MAX, cookie_in

NAME = "__Host-tierce-office"
SPACES = [bytes([byte]) for byte in range(256) if not chr(byte).strip() and chr(byte) not in " \t"]
"""What Python takes for a space and a browser for a letter of a name."""


def read(*headers: bytes) -> str:
    scope = {"type": "http", "headers": [(b"cookie", one) for one in headers]}
    return cookie_in(ASGIConnection(scope), NAME)  # type: ignore[arg-type]  # of the rest of a scope nothing is read


def test_the_one_of_that_name_is_read_wherever_it_stands() -> None:
    for sent in (b"%s=hers", b"a=1; %s=hers", b"%s=hers; b=2", b" a=1 ;\t%s = hers ", b"%s=hers;"):
        assert read(sent % NAME.encode()) == "hers", sent
    assert read(b"a=1", b"%s=hers" % NAME.encode()) == "hers", "a proxy may hand them on in several headers"
    assert read(b"%s=a=b" % NAME.encode()) == "a=b"
    assert read(b"a=1") == read() == read(b"%s" % NAME.encode()) == ""


@pytest.mark.parametrize("space", [*SPACES, b"\xc2\xa0", b"\xe2\x80\x80", b"%C2%A0", b"\x00"])
def test_a_name_with_something_in_front_or_behind_is_another_name(space: bytes) -> None:
    name = NAME.encode()
    for forged in (space + name, name + space):
        assert read(b"%s=his" % forged) == ""
        assert read(b"%s=hers; %s=his" % (name, forged)) == "hers"
        assert read(b"%s=his; %s=hers" % (forged, name)) == "hers"


def test_other_spellings_of_the_name_are_others() -> None:
    for forged in (b"__host-tierce-office", b"tierce-office", b"%5F%5FHost-tierce-office", b'"__Host-tierce-office"'):
        assert read(b"%s=his" % forged) == ""
    assert read(b'$Version=1; x="1; __Host-tierce-office=his') == "his", "which no browser of ours writes"


def test_of_two_nobody_knows_which_is_ours() -> None:
    name = NAME.encode()
    assert read(b"%s=hers; %s=his" % (name, name)) == ""
    assert read(b"%s=hers" % name, b"%s=his" % name) == ""
    assert read(b"%s=hers; %s=" % (name, name)) == ""


@pytest.mark.parametrize("value", [b"h\xc3\xa9", b"h\x00", b"h\x7f", b"h" * (VALUE_CHARS_MAX + 1), b"h\x80"])
def test_a_value_that_is_none_of_ours_is_none(value: bytes) -> None:
    assert read(b"%s=%s" % (NAME.encode(), value)) == ""


def test_nothing_of_a_value_is_decoded() -> None:
    assert read(b"%s=a%%3db" % NAME.encode()) == "a%3db"
    assert read(b'%s="hers"' % NAME.encode()) == '"hers"'
