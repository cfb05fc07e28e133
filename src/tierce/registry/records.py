"""The plaintext of sealed records: compact, versioned, padded to a size class.

A record is MessagePack (an array, fields in the order below), preceded by its length on two bytes, big-endian, and
followed by zeros up to 256, 512 or 1,024 bytes, so that its sealed size tells at most a class. Fields are only
ever added at the end, with a default; `version` changes with their meaning.
"""

from typing import Final

import msgspec

from tierce.kernel.nir import BirthDate, Nir, Rank, normalise

SIZE_CLASSES: Final = (256, 512, 1024)


class CivilRecord(msgspec.Struct, frozen=True, array_like=True, repr_omit_defaults=True):
    """Civil status, birth date and NIR of one person, in one insurer's copy: compartment PERSON.

    `card` and `vitale` are (NIR, birth date, rank) where they differ from the feed's own, else None.
    """

    version: int
    family_name: str
    used_name: str
    given_names: str
    sex: str
    birth_date: str
    birth_place: str
    right_holder_nir: str
    rank: int
    own_nir: str | None
    ins_oid: str
    card: tuple[str, str, int] | None = None
    vitale: tuple[str, str, int] | None = None
    provisional_nir: str | None = None

    def __repr__(self) -> str:
        return "CivilRecord(•••)"


class CoverageRecord(msgspec.Struct, frozen=True, array_like=True):
    """What one insurer covers for one person: compartment COVERAGE.

    `product` is the row of registry.product; days count from 1970-01-01, `until_day` included; `domains` holds the
    bits of `Domain.bit`; `status` and `relationship` are the numbers of registry.model.
    """

    version: int
    product: int
    product_code: str
    contract_number: str
    member_number: str
    holder_member_number: str
    relationship: int
    domains: int
    from_day: int
    until_day: int
    priority: int
    status: int
    is_former: bool
    left_day: int | None
    effective_day: int
    rank: int = 0
    """Rank of birth, with which an insurer tells twins apart; 0 in records written before it was kept."""
    card_amc: str = ""
    """AMC number printed on her card where another than the insurer's own; it and the next two may be empty."""
    convention: str = ""
    csr: str = ""

    def __repr__(self) -> str:
        return "CoverageRecord(•••)"


_encoder = msgspec.msgpack.Encoder()
_civil = msgspec.msgpack.Decoder(CivilRecord)
_coverage = msgspec.msgpack.Decoder(CoverageRecord)


def encode_record(record: CivilRecord | CoverageRecord) -> bytes:
    """Encode and pad a record; its length is one of SIZE_CLASSES.

    Raises:
        ValueError: the record is larger than the last class, which the lengths of the feed's fields exclude.
    """
    body = _encoder.encode(record)
    for size in SIZE_CLASSES:
        if len(body) + 2 <= size:
            return (len(body).to_bytes(2, "big") + body).ljust(size, b"\0")
    msg = f"a record of {len(body)} bytes does not fit the largest class, {SIZE_CLASSES[-1]}"
    raise ValueError(msg)


def decode_civil(plaintext: bytes) -> CivilRecord:
    """Read back what `encode_record` wrote."""
    return _civil.decode(_body(plaintext))


def decode_coverage(plaintext: bytes) -> CoverageRecord:
    """Read back what `encode_record` wrote."""
    return _coverage.decode(_body(plaintext))


def identifiers_of(record: CivilRecord) -> list[bytes]:
    """Return the canonical bytes of every set of identifiers in a copy, as RightsLine.identities lists them."""
    told = [(record.right_holder_nir, record.birth_date, record.rank), record.card, record.vitale]
    if record.own_nir is not None:
        told.append((record.own_nir, record.birth_date, 1))
    if record.provisional_nir is not None:
        told.append((record.provisional_nir, record.birth_date, record.rank))
    return [
        normalise(Nir.parse(nir), BirthDate.parse(birth), Rank.parse(rank)) for nir, birth, rank in filter(None, told)
    ]


def _body(plaintext: bytes) -> bytes:
    return plaintext[2 : 2 + int.from_bytes(plaintext[:2], "big")]
