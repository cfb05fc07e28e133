"""The inspector's own Ed25519 and hash trees, beside RFC 8032's vectors and libraries that are not ours.

The vectors hold for the independent reader of the journal too.
"""

import importlib
import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tierce.incidents.pack.inspector import proofs
from tierce.incidents.pack.inspector.proofs import (
    ORDER,
    WrongError,
    check_consistency,
    leaf_hash,
    list_head,
    root_from,
    signed_by,
)
from tierce.incidents.pack.inspector.proofs import drawn as drawn_by_the_inspector
from tierce.incidents.pack.rules import LINES_MAX, criteria_facts, drawn
from tierce.incidents.rules import account_criteria
from tierce.journal.encoding import encode
from tierce.journal.merkle import audit_ranges, consistency_ranges
from tierce.journal.model import Entry, EntryKind
from tierce.journal.verifier.notes import signed_by as reader_signed_by
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import (
    DeviceId,
    EstablishmentId,
    InsurerId,
    PersonId,
    ProfessionalId,
    SessionId,
    SoftwareId,
    StaffId,
    VendorId,
)
from tierce.policy.acts import Act, Evidence, Outcome
from tierce.scope.model import Criteria, Gap, GapKind, Head, TreeHead
from tierce.scope.rules import head_lines

pymerkle: Any = importlib.import_module("pymerkle")  # it has no types; a plain import would want stubs

VECTORS = (
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
)
"""RFC 8032, section 7.1, tests 1 to 3."""


def by_the_reader(key: bytes, message: bytes, signature: bytes) -> bool:
    return reader_signed_by(key, signature, message)


@pytest.mark.parametrize("signed_by", [signed_by, by_the_reader])
@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_the_vectors_of_the_rfc_hold_and_no_changed_byte_does(
    signed_by: Callable[[bytes, bytes, bytes], bool], key: str, message: str, signature: str
) -> None:
    raw = bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature)
    assert signed_by(*raw)
    assert not signed_by(raw[0], raw[1] + b"x", raw[2])
    assert not signed_by(raw[0][:31], raw[1], raw[2])
    assert not signed_by(b"", raw[1], raw[2])
    for place in (0, 31, 32, 63):
        changed = bytes(byte ^ (1 if at == place else 0) for at, byte in enumerate(raw[2]))
        assert not signed_by(raw[0], raw[1], changed)
    larger = int.from_bytes(raw[2][32:], "little") + ORDER
    assert not signed_by(raw[0], raw[1], raw[2][:32] + larger.to_bytes(32, "little")), "a second form of the same"
    assert not signed_by(raw[0], raw[1], raw[2][:63])


@pytest.mark.parametrize("number", range(8))
def test_signatures_of_a_library_hold(number: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(sha256(bytes([number])).digest())
    message = bytes(range(number * 17))
    public = key.public_key().public_bytes_raw()
    assert signed_by(public, message, key.sign(message))
    assert not signed_by(sha256(public).digest(), message, key.sign(message))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 21])
def test_paths_of_a_library_lead_to_its_root_and_its_old_roots_are_prefixes(size: int) -> None:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    entries = [bytes([number]) for number in range(size)]
    for one in entries:
        tree.append_entry(one)

    def over(low: int, high: int) -> bytes:
        part = pymerkle.InmemoryTree(algorithm="sha256")
        for one in entries[low:high]:
            part.append_entry(one)
        return bytes(part.get_root())

    root = bytes(tree.get_root())
    for index in range(size):
        path = [over(low, high) for low, high in audit_ranges(index, size)]
        assert root_from(leaf_hash(entries[index]), index, size, path) == root
        with pytest.raises(WrongError):
            root_from(leaf_hash(entries[index]), index, size, [*path, root])
    for old in range(1, size):
        path = [over(low, high) for low, high in consistency_ranges(old, size)]
        check_consistency(old, over(0, old), size, root, path)
        with pytest.raises(WrongError):
            check_consistency(old, root, size, root, path)


def test_a_pack_says_all_that_a_list_was_asked() -> None:
    asked = criteria_facts(account_criteria(ProfessionalId(501), frozenset(), 0, 1))
    assert set(asked) == set(Criteria.__slots__)


def test_the_inspector_s_own_script_writes_a_list_s_head_and_draws_its_lines_as_the_operator_does() -> None:
    asked = Criteria(
        frozenset({ProfessionalId(502), ProfessionalId(501)}), frozenset({DeviceId(66)}), frozenset({SessionId(73)}),
        5, 9, frozenset({EstablishmentId(3)}), frozenset({SoftwareId(4)}), frozenset({VendorId(2)}),
        frozenset({b"n" * 16}), Evidence.STRONG, DataCategory.GUARANTEES, ladder=True,
    )  # fmt: skip
    staff = Criteria(frozenset(), frozenset(), frozenset(), 5, 9, staff=frozenset({StaffId(900)}))
    gaps = (Gap(GapKind.NEVER_COMMITTED, 3, 4, 0), Gap(GapKind.LINES_MISSING, 7, 7, 2))
    for one in (asked, staff):
        head = Head((one,), TreeHead(12, b"r" * 32), gaps, 1)
        told = {
            "criteria": criteria_facts(one), "tree": [12, (b"r" * 32).hex()], "unattributed": 1,
            "gaps": [[gap.kind, gap.first_block, gap.last_block, gap.lines] for gap in gaps],
        }  # fmt: skip
        assert list_head(json.loads(json.dumps(told))) == "".join(head_lines(head))
    rows = [f"{person} 1 1 5 6 1 device confirmed" for person in range(1, LINES_MAX + 40)]
    pairs = ((int(row.split(" ")[0]), 1) for row in rows)
    assert sorted(drawn_by_the_inspector("ab" * 32, pairs)) == drawn(bytes.fromhex("ab" * 32), rows)


def test_what_staff_read_is_a_line_that_shows_something_to_the_inspector_s_script_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(proofs.__file__).parent))  # as in a pack, both files are side by side
    script = importlib.import_module("verify")
    read = Entry(
        kind=EntryKind.STAFF_ACT, act=Act.STAFF_PERSON_SHOW, outcome=Outcome.DONE, time_us=7,
        professional=StaffId(900), person=PersonId(5), insurer=InsurerId(1), categories=DataCategory.CIVIL_STATUS,
    )  # fmt: skip
    (tmp_path / "scope").mkdir()
    (tmp_path / "scope/lines.json").write_text("[3]", "utf-8")
    checked = script.Checked(script.Pack(tmp_path), {})
    checked.lines = {3: encode(read)}
    assert checked.released() == {(5, 1): [encode(read)]}
    checked.lines = {3: encode(replace(read, categories=DataCategory.NONE))}
    with pytest.raises(script.WrongError, match="ne montre rien"):
        checked.released()
