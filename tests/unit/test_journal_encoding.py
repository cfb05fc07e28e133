"""The frozen bytes of an entry, and what is refused."""

import dataclasses

import pytest

from tierce.journal.encoding import ENTRY_BYTES, decode, encode
from tierce.journal.errors import EntryFieldError, EntryFormatError
from tierce.journal.model import Entry, EntryKind
from tierce.kernel.care import Domain
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import (
    ActivityId,
    DeviceId,
    EstablishmentId,
    InsurerId,
    PersonId,
    ProfessionalId,
    SessionId,
    SoftwareId,
    VendorId,
)
from tierce.policy.acts import Act, Evidence, Lane, Outcome, Presence

FULL = Entry(
    kind=EntryKind.DISCLOSURE,
    act=Act.RIGHTS_ASK,
    lane=Lane.INTERACTIVE,
    outcome=Outcome.RELEASED,
    presence=Presence.DECLARED,
    evidence=Evidence.WATCHED,
    domain=Domain.OPTI,
    time_us=0x0102030405060708,
    professional=ProfessionalId(0x1112131415161718),
    establishment=EstablishmentId(0x2122232425262728),
    session=SessionId(0x3132333435363738),
    device=DeviceId(0x4142434445464748),
    activity=ActivityId(0x51525354),
    software=SoftwareId(0x61626364),
    vendor=VendorId(0x71727374),
    insurer=InsurerId(0x0A0B),
    seats_after=0x0C0D,
    network=bytes(range(0x80, 0x90)),
    person=PersonId(0x1122334455667788),
    categories=DataCategory.INSURER | DataCategory.GUARANTEES,
    policy=bytes(range(0xA0, 0xB0)),
    reference=0x7172737475767778,
    salt=bytes(range(0xC0, 0xC8)),
)
FULL_HEX = (
    "0101010101010106" "0102030405060708" "1112131415161718" "2122232425262728"
    "3132333435363738" "4142434445464748" "51525354616263647172737" "40a0b0c0d"
    "808182838485868788898a8b8c8d8e8f" "1122334455667788" "0000001800000000"
    "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf" "7172737475767778" "c0c1c2c3c4c5c6c7"
)  # fmt: skip


def test_every_field_has_its_frozen_place() -> None:
    assert encode(FULL).hex() == FULL_HEX
    assert decode(bytes.fromhex(FULL_HEX)) == FULL


def test_what_is_left_out_is_zero_and_seats_are_not_applicable() -> None:
    body = encode(Entry(kind=EntryKind.HEARTBEAT, time_us=5, salt=bytes(8)))
    assert body.hex() == "010b" + "00" * 6 + "0000000000000005" + "00" * 46 + "ffff" + "00" * 64


def test_two_equal_acts_never_have_the_same_bytes() -> None:
    one, other = (Entry(kind=EntryKind.MISS, time_us=5) for _ in range(2))
    assert encode(one) != encode(other)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": b"short"}, "network has 5 bytes"),
        ({"policy": bytes(17)}, "policy has 17 bytes"),
        ({"salt": b""}, "salt has 0 bytes"),
        ({"seats_after": 0xFFFF}, "seats_after is 65535"),
        ({"seats_after": -1}, "seats_after is -1"),
        ({"categories": DataCategory(4096)}, "0x1000"),
        ({"activity": 2**32}, "activity does not fit 32 unsigned bits"),
        ({"insurer": 2**16}, "insurer does not fit 16 unsigned bits"),
        ({"person": -1}, "person does not fit 64 unsigned bits"),
        ({"time_us": 2**64}, "time_us does not fit 64 unsigned bits"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(change: dict[str, object], message: str) -> None:
    entry = dataclasses.replace(FULL, **change)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(EntryFieldError, match=message):
        encode(entry)


def test_a_value_that_does_not_fit_is_not_repeated_in_the_error() -> None:
    """A caller's mistake could have put a NIR there."""
    entry = dataclasses.replace(FULL, activity=ActivityId(185019900112345))
    with pytest.raises(EntryFieldError) as refusal:
        encode(entry)
    assert "185019900112345" not in str(refusal.value)


@pytest.mark.parametrize(
    ("offset", "value", "message"),
    [
        (0, 0, "entry version 0 is unknown"),
        (0, 2, "entry version 2 is unknown"),
        (1, 0, "kind 0 is unknown"),
        (1, 99, "kind 99 is unknown"),
        (2, 255, "act 255 is unknown"),
        (3, 9, "lane 9 is unknown"),
        (4, 99, "outcome 99 is unknown"),
        (5, 99, "presence 99 is unknown"),
        (6, 99, "evidence 99 is unknown"),
        (7, 99, "domain 99 is unknown"),
        (88, 1, "categories sets bits 0x1000000"),
        (95, 1, "reserved bytes"),
    ],
)
def test_bytes_of_no_known_meaning_are_refused(offset: int, value: int, message: str) -> None:
    body = bytearray(bytes.fromhex(FULL_HEX))
    body[offset] = value
    with pytest.raises(EntryFormatError, match=message):
        decode(bytes(body))


@pytest.mark.parametrize("length", [0, ENTRY_BYTES - 1, ENTRY_BYTES + 1])
def test_another_length_is_refused(length: int) -> None:
    with pytest.raises(EntryFormatError, match=f"these are {length}"):
        decode(bytes(length))


def test_a_field_that_is_empty_comes_back_empty_and_is_not_blamed_for_another() -> None:
    bare = Entry(kind=EntryKind.REFUSAL, act=Act.RIGHTS_ASK, outcome=Outcome.HELD, time_us=0, policy=bytes(16))
    assert (bare.seats_after, bare.professional, bare.time_us) == (None, 0, 0)
    assert decode(encode(bare)) == bare
    with pytest.raises(EntryFieldError, match=r"^person does not fit"):
        encode(dataclasses.replace(bare, person=PersonId(2**64)))
