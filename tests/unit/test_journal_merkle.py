"""The tree against the vectors of the Certificate Transparency project and against an outside library."""

import importlib
from hashlib import sha256
from typing import Any

import pytest

from tests.trees import consistency_proof, inclusion_proof, verify_inclusion
from tierce.journal.errors import ProofError
from tierce.journal.merkle import (
    EMPTY_ROOT,
    Frontier,
    leaf_hash,
    node_hash,
    tree_root,
    verify_consistency,
)

pymerkle: Any = importlib.import_module("pymerkle")  # it has no types; a plain import would want stubs

CT_INPUTS = [
    bytes.fromhex(one)
    for one in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIZES = range(1, 71)
LEAVES = [leaf_hash(bytes([number])) for number in range(70)]
ROOTS = [tree_root(LEAVES[:size]) for size in range(71)]


def test_the_empty_tree_has_the_root_of_rfc_6962() -> None:
    assert tree_root([]) == EMPTY_ROOT == sha256(b"").digest()


def test_roots_are_those_of_the_certificate_transparency_project() -> None:
    leaves = [leaf_hash(one) for one in CT_INPUTS]
    assert [tree_root(leaves[: size + 1]).hex() for size in range(8)] == CT_ROOTS


def test_the_example_of_rfc_6962_section_2_1_3() -> None:
    """Seven leaves a, b, c, d, e, f, j; the RFC names the nodes g, h, i, k and l and lists the paths."""
    a, b, c, d, e, f, j = leaves = LEAVES[:7]
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, late = node_hash(g, h), node_hash(i, j)
    assert tree_root(leaves) == node_hash(k, late)
    assert inclusion_proof(leaves, 0) == [b, h, late]
    assert inclusion_proof(leaves, 3) == [c, g, late]
    assert inclusion_proof(leaves, 4) == [f, j, k]
    assert inclusion_proof(leaves, 6) == [i, k]
    assert consistency_proof(leaves, 3) == [c, d, g, late]
    assert consistency_proof(leaves, 4) == [late]
    assert consistency_proof(leaves, 6) == [i, j, k]


@pytest.mark.parametrize("size", SIZES)
def test_every_leaf_of_every_size_has_a_proof_that_holds_for_it_alone(size: int) -> None:
    leaves, root = LEAVES[:size], ROOTS[size]
    for index in range(size):
        path = inclusion_proof(leaves, index)
        assert verify_inclusion(leaves[index], index, size, path, root)
        assert not verify_inclusion(leaf_hash(b"other"), index, size, path, root)
        other = (index + 1) % size
        assert size == 1 or not verify_inclusion(leaves[index], other, size, path, root)
        assert not verify_inclusion(leaves[index], index, size, [*path, root], root)
        assert not path or not verify_inclusion(leaves[index], index, size, path[:-1], root)


@pytest.mark.parametrize("size", SIZES)
def test_every_prefix_of_every_size_is_proved_consistent(size: int) -> None:
    for old in range(1, size + 1):
        proof = consistency_proof(LEAVES[:size], old)
        assert verify_consistency(old, ROOTS[old], size, ROOTS[size], proof)
        assert not verify_consistency(old, ROOTS[0], size, ROOTS[size], proof)
        assert not verify_consistency(old, ROOTS[old], size, ROOTS[0], proof)
        assert not verify_consistency(old, ROOTS[old], size, ROOTS[size], [*proof, ROOTS[0]])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 31, 64, 70])
def test_an_outside_library_computes_the_same_roots_and_paths(size: int) -> None:
    """`pymerkle` is not ours and shares no code with us."""
    theirs = pymerkle.InmemoryTree(algorithm="sha256")
    entries = [bytes([number]) for number in range(size)]
    for one in entries:
        theirs.append_entry(one)
    assert theirs.get_root() == ROOTS[size]
    for index in range(size):
        # The library counts leaves from one and lists the leaf itself among the nodes it folds.
        nodes = {bytes.fromhex(node) for node in theirs.prove_inclusion(index + 1, size).serialize()["path"]}
        assert nodes == {LEAVES[index], *inclusion_proof(LEAVES[:size], index)}


def test_a_frontier_and_its_copy_grow_apart() -> None:
    frontier = Frontier(LEAVES[:5])
    twin = frontier.copy()
    twin.append(LEAVES[5])
    assert frontier.root() == ROOTS[5]
    assert twin.root() == ROOTS[6]
    assert (frontier.size, twin.size) == (5, 6)


@pytest.mark.parametrize("index", [-1, 3])
def test_a_proof_of_a_leaf_that_is_not_there_is_refused(index: int) -> None:
    with pytest.raises(ProofError, match=f"leaf {index} is not in a tree of 3 leaves"):
        inclusion_proof(LEAVES[:3], index)
    assert not verify_inclusion(LEAVES[0], index, 3, [], ROOTS[3])


@pytest.mark.parametrize("old", [0, 4])
def test_a_prefix_that_cannot_be_is_refused(old: int) -> None:
    with pytest.raises(ProofError, match="no prefix"):
        consistency_proof(LEAVES[:3], old)
    assert not verify_consistency(old, ROOTS[0], 3, ROOTS[3], [])


@pytest.mark.parametrize("index", [-1, 3, 5])
def test_a_path_that_would_lead_to_the_root_is_none_of_a_leaf_that_is_not_there(index: int) -> None:
    """The bits of these numbers go left and right as those of leaf 1 do."""
    assert verify_inclusion(LEAVES[1], 1, 2, [LEAVES[0]], ROOTS[2])
    assert not verify_inclusion(LEAVES[1], index, 2, [LEAVES[0]], ROOTS[2])


def test_a_hash_is_thirty_two_bytes_wherever_the_cut_between_two_falls() -> None:
    longer, shorter = LEAVES[0] + LEAVES[1][:1], LEAVES[1][1:]
    assert node_hash(longer, shorter) == ROOTS[2]
    assert not verify_inclusion(shorter, 1, 2, [longer], ROOTS[2])
    assert not verify_inclusion(LEAVES[1], 1, 2, [LEAVES[0][:-1]], ROOTS[2])
    proof = consistency_proof(LEAVES[:3], 2)
    assert not verify_consistency(2, ROOTS[2] + proof[0][:1], 3, ROOTS[3], [proof[0][1:]])
    assert not verify_consistency(2, ROOTS[2], 3, ROOTS[3], [])


def test_a_log_that_gives_no_proof_of_having_only_appended_is_not_believed() -> None:
    old, new = leaf_hash(b"old"), leaf_hash(b"new")
    for old_size, new_size in ((3, 4), (3, 7), (4, 5)):
        assert not verify_consistency(old_size, old, new_size, new, [])
