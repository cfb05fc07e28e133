"""The published vectors are what their program makes, and each is taken or refused as the file says."""

import json
from typing import Any

import pytest

from tests.vectors.proof import API, AT, FILE, written
from tierce.identity.dpop import ProofVerifier, decode_b64
from tierce.identity.errors import ClientRefusedError, ProofRefusedError
from tierce.identity.exchange import check_assertion
from tierce.identity.model import SoftwareClient
from tierce.kernel.clock import FixedClock
from tierce.kernel.ids import SoftwareId
from tierce.web.signin_words import code_of

VECTORS: dict[str, Any] = json.loads(FILE.read_text("utf-8"))


def test_the_file_is_what_its_program_makes() -> None:
    assert FILE.read_text("utf-8") == written(), "run: python -m tests.vectors.proof"


def told_of_proof(vector: dict[str, Any]) -> str:
    try:
        found = ProofVerifier(FixedClock(AT)).verify(
            vector["proof"].encode(), method=vector["method"], url=vector["url"], ath=VECTORS["ath"],
            body=vector["body"].encode(), bound_to=decode_b64(VECTORS["thumbprint"].encode()),
        )  # fmt: skip
    except ProofRefusedError as error:
        return code_of(error)
    return "stands" if found.jti == vector["claims"]["jti"] else "another"


def told_of_assertion(vector: dict[str, Any]) -> str:
    public = {name: value for name, value in VECTORS["key"].items() if name != "d"}
    client = SoftwareClient(
        VECTORS["client_id"], SoftwareId(12), {"keys": [public]}, frozenset({VECTORS["client_id"]})
    )
    try:
        check_assertion(vector["assertion"], client, f"{API}/v1/token", AT)
    except ClientRefusedError as error:
        return f"{code_of(error)} {error.claim}"
    return "stands"


@pytest.mark.parametrize("vector", VECTORS["proofs"], ids=lambda vector: vector["name"])
def test_each_proof_is_taken_or_refused_as_it_says(vector: dict[str, Any]) -> None:
    assert told_of_proof(vector) == vector["expect"]


@pytest.mark.parametrize("vector", VECTORS["assertions"], ids=lambda vector: vector["name"])
def test_each_assertion_is_taken_or_refused_as_it_says(vector: dict[str, Any]) -> None:
    assert told_of_assertion(vector) == vector["expect"]
