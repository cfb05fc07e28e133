"""Make docs/reference/journal-entry-v1.vectors.json and the generated tables of journal-entry-v1.md.

Run `python -m tests.vectors.journal_entry` after a change that only adds; a test holds both files to what
this program gives, byte for byte.
"""

import dataclasses
import json
import re
from enum import IntEnum, IntFlag
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.trees import consistency_proof, inclusion_proof
from tierce.journal.encoding import encode
from tierce.journal.engagement import format_engagement
from tierce.journal.merkle import leaf_hash, tree_root
from tierce.journal.model import Entry, EntryKind
from tierce.journal.note import checkpoint_note, verifier_key
from tierce.journal.service import PROOF_FORMAT, Proof
from tierce.journal.signing import batch_message, entry_seq, sign_batch
from tierce.kernel.care import Domain
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import (
    ActivityId,
    DeviceId,
    EntrySeq,
    EstablishmentId,
    InsurerId,
    PersonId,
    ProfessionalId,
    SessionId,
    SoftwareId,
    VendorId,
)
from tierce.policy.acts import Act, Evidence, Lane, Outcome, Presence

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
PAGE = REFERENCE / "journal-entry-v1.md"
VECTORS = REFERENCE / "journal-entry-v1.vectors.json"

INSTANCE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LOG_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
ENGAGEMENT_KEY = bytes(range(64, 96))
ORIGIN = "tierce.example/journal"
INSTANCE, BLOCK = 3, 9

FULL = Entry(
    kind=EntryKind.DISCLOSURE,
    act=Act.RIGHTS_ASK,
    lane=Lane.INTERACTIVE,
    outcome=Outcome.RELEASED,
    presence=Presence.DECLARED,
    evidence=Evidence.WATCHED,
    domain=Domain.OPTI,
    time_us=1_795_460_400_123_456,
    professional=ProfessionalId(0x1112131415161718),
    establishment=EstablishmentId(0x2122232425262728),
    session=SessionId(0x3132333435363738),
    device=DeviceId(0x4142434445464748),
    activity=ActivityId(0x51525354),
    software=SoftwareId(0x61626364),
    vendor=VendorId(0x71727374),
    insurer=InsurerId(84),
    seats_after=3,
    network=bytes(range(0x80, 0x90)),
    person=PersonId(0x1122334455667788),
    categories=DataCategory.INSURER | DataCategory.GUARANTEES,
    policy=bytes(range(0xA0, 0xB0)),
    reference=0,
    salt=bytes(range(0xC0, 0xC8)),
)
EMPTY = Entry(kind=EntryKind.HEARTBEAT, time_us=1, salt=bytes(8))
LINES = [
    FULL,
    dataclasses.replace(
        FULL,
        kind=EntryKind.MISS,
        outcome=Outcome.UNKNOWN,
        person=PersonId(0),
        categories=DataCategory.NONE,
        insurer=InsurerId(0),
    ),
    EMPTY,
    *(
        Entry(kind=kind, time_us=1_795_460_400_000_000 + kind, reference=kind, salt=bytes([kind] * 8))
        for kind in EntryKind
    ),
]


def _plain(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


def _fields(entry: Entry) -> dict[str, object]:
    return {field.name: _plain(getattr(entry, field.name)) for field in dataclasses.fields(entry)}


def _altered(place: int, value: int) -> str:
    body = bytearray(encode(FULL))
    body[place] = value
    return body.hex()


def vectors() -> dict[str, Any]:
    """Everything another implementation needs to check itself."""
    bodies = [encode(line) for line in LINES]
    leaves = [leaf_hash(body) for body in bodies]
    hexed = [leaf.hex() for leaf in leaves]
    root = tree_root(leaves)
    note = checkpoint_note(ORIGIN, len(leaves), root, LOG_KEY)
    proof = Proof(
        PROOF_FORMAT,
        entry_seq(BLOCK, 1),
        bodies[1].hex(),
        1,
        len(leaves),
        [node.hex() for node in inclusion_proof(leaves, 1)],
        note,
    )
    return {
        "about": "Vectors of the journal's entry encoding, version 1. All keys and people are made up.",
        "entries": [
            {"fields": _fields(line), "bytes": body.hex(), "leaf": leaf}
            for line, body, leaf in zip(LINES, bodies, hexed, strict=True)
        ],
        "refused": [
            {"why": "another version", "bytes": _altered(0, 2)},
            {"why": "unknown kind", "bytes": _altered(1, 200)},
            {"why": "unknown act", "bytes": _altered(2, 255)},
            {"why": "unknown category", "bytes": _altered(88, 128)},
            {"why": "reserved byte set", "bytes": _altered(92, 1)},
            {"why": "too short", "bytes": bodies[0].hex()[:-2]},
            {"why": "too long", "bytes": bodies[0].hex() + "00"},
        ],
        "batch": {
            "private_key": INSTANCE_KEY.private_bytes_raw().hex(),
            "public_key": INSTANCE_KEY.public_key().public_bytes_raw().hex(),
            "instance": INSTANCE,
            "block": BLOCK,
            "seqs": [entry_seq(BLOCK, place) for place in range(3)],
            "leaves": hexed[:3],
            "message": batch_message(INSTANCE, BLOCK, leaves[:3]).hex(),
            "signature": sign_batch(INSTANCE_KEY, INSTANCE, BLOCK, leaves[:3]).hex(),
        },
        "tree": {
            "leaves": hexed,
            "roots": [tree_root(leaves[:size]).hex() for size in range(len(leaves) + 1)],
            "inclusion": [
                {"index": index, "size": size, "path": [node.hex() for node in inclusion_proof(leaves[:size], index)]}
                for size in (1, 2, 7, len(leaves))
                for index in range(size)
            ],
            "consistency": [
                {"old": old, "new": new, "proof": [node.hex() for node in consistency_proof(leaves[:new], old)]}
                for new in (7, len(leaves))
                for old in range(1, new + 1)
            ],
        },
        "checkpoint": {
            "private_key": LOG_KEY.private_bytes_raw().hex(),
            "verifier_key": verifier_key(ORIGIN, LOG_KEY.public_key()),
            "note": note,
        },
        "proof": dataclasses.asdict(proof),
        "engagement": {
            "key": ENGAGEMENT_KEY.hex(),
            "numbers": [
                {"seq": seq, "printed": format_engagement(ENGAGEMENT_KEY, EntrySeq(seq))}
                for seq in (0, 1, 256, 257, 1_000_003, 2**40, 2**63 - 1)
            ],
        },
    }


def rendered_vectors() -> str:
    """Give the vectors' file as it must stand in the repository."""
    return json.dumps(vectors(), indent=1, ensure_ascii=False) + "\n"


def _codes(name: str, byte: str, enum: type[IntEnum] | type[IntFlag]) -> str:
    rows = [f"| {one.value} | `{one.name}` |" for one in enum if one.value or not issubclass(enum, IntFlag)]
    return f"### {name} (offset {byte})\n\n| code | meaning |\n|---|---|\n" + "\n".join(rows) + "\n"


def rendered_codes() -> str:
    """Give the tables of codes as they must stand in the page, between its two markers."""
    tables = (
        ("Kind", "1", EntryKind),
        ("Act", "2", Act),
        ("Lane", "3", Lane),
        ("Outcome", "4", Outcome),
        ("Presence", "5", Presence),
        ("Evidence", "6", Evidence),
        ("Domain", "7; 0 where no domain applies", Domain),
        ("Categories", "88, a set of bits", DataCategory),
    )
    return "\n" + "\n".join(_codes(*table) for table in tables)


MARKED = re.compile(r"(?<=<!-- codes: generated -->\n).*(?=<!-- end of codes -->)", re.DOTALL)


def main() -> None:
    """Write both files."""
    VECTORS.write_text(rendered_vectors(), encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(MARKED.sub(lambda _found: rendered_codes(), page), encoding="utf-8")


if __name__ == "__main__":
    main()
