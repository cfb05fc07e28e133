"""Properties of proofs and traits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierce.identity.dpop import ProofVerifier, decode_b64, digest_of, encode_b64
from tierce.identity.errors import ProofRefusedError
from tierce.identity.rules import is_local_return
from tierce.kernel.clock import SystemClock
from tierce.kernel.network import address_prefix
from tierce.kernel.traits import name_words
from tierce.lab.standins.browser_key import BrowserKey

URL = "https://api.tierce.example/v1/rights"
KEY = BrowserKey()
VERIFIER = ProofVerifier(SystemClock())
ATH = digest_of(b"handle")


def fresh(body: bytes) -> bytes:
    return KEY.proof("POST", URL, handle="handle", at=SystemClock().now().timestamp(), body=body)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_a_proof_fits_its_own_body_and_no_other(signed: bytes, sent: bytes) -> None:
    proof = fresh(signed)
    if signed == sent:
        VERIFIER.verify(proof, method="POST", url=URL, ath=ATH, body=sent, bound_to=KEY.thumbprint)
        return
    with pytest.raises(ProofRefusedError):
        VERIFIER.verify(proof, method="POST", url=URL, ath=ATH, body=sent, bound_to=KEY.thumbprint)


@given(st.data())
def test_a_changed_byte_never_passes(data: st.DataObject) -> None:
    proof = bytearray(fresh(b"question"))
    place = data.draw(st.integers(0, len(proof) - 1))
    proof[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte != proof[place]))
    last_of_signature = place == len(proof) - 1
    try:
        VERIFIER.verify(bytes(proof), method="POST", url=URL, ath=ATH, body=b"question", bound_to=KEY.thumbprint)
    except ProofRefusedError:
        return
    # The last character of 64 bytes in base64url carries two bits that mean nothing; no other byte may change.
    assert last_of_signature
    assert decode_b64(bytes(proof).rsplit(b".", 1)[1])


@given(st.binary(max_size=3000))
def test_anything_at_all_is_refused_cleanly(junk: bytes) -> None:
    for proof in (junk, b"a." + junk + b".b", fresh(b"").split(b".")[0] + b"." + junk):
        with pytest.raises(ProofRefusedError):
            VERIFIER.verify(proof, method="POST", url=URL, ath=ATH, body=b"")


@given(st.binary(max_size=100))
def test_base64url_comes_back(value: bytes) -> None:
    assert decode_b64(encode_b64(value).encode()) == value


@given(st.text(max_size=60))
def test_words_of_a_name_are_plain_and_stable(name: str) -> None:
    words = name_words(name)
    assert all(word.isascii() and word.isupper() and word.isalpha() for word in words)
    assert name_words(" ".join(words)) == words


@given(st.text(max_size=60))
def test_a_return_that_passes_stays_on_the_site(path: str) -> None:
    if is_local_return(path):
        assert path.startswith("/")
        assert not path.startswith(("//", "/\\"))


@given(st.ip_addresses(v=4), st.integers(0, 255))
def test_neighbours_share_a_network_and_the_host_is_dropped(address: object, host: int) -> None:
    prefix, _, _ = str(address).rpartition(".")
    assert address_prefix(str(address)) == address_prefix(f"{prefix}.{host}") == address_prefix(f"::ffff:{address}")
