"""Proofs of possession: each wrong part is refused with its own reason."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tierce.identity.dpop import Proof, ProofVerifier, decode_b64, digest_of, encode_b64, normalised, thumbprint_of
from tierce.identity.errors import ProofReason, ProofRefusedError
from tierce.kernel.clock import FixedClock, SystemClock
from tierce.lab.standins.browser_key import BrowserKey

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
URL = "https://api.tierce.example/v1/rights"
HANDLE = "a-handle-that-only-the-site-holds"
BODY = b'{"domain":"OPTI"}'


def verify(
    verifier: ProofVerifier, proof: bytes | None, *, body: bytes = BODY, bound_to: bytes | None = None
) -> Proof:
    ath = digest_of(HANDLE.encode())
    return verifier.verify(proof, method="POST", url=URL, ath=ath, body=body, bound_to=bound_to)


def claims(**changed: object) -> dict[str, Any]:
    right: dict[str, Any] = {
        "htm": "POST",
        "htu": URL,
        "iat": int(AT.timestamp()),
        "jti": "0123456789abcdef",
        "ath": digest_of(HANDLE.encode()),
        "bd": digest_of(BODY),
    }
    return {name: value for name, value in (right | changed).items() if value is not None}


@pytest.fixture
def verifier() -> ProofVerifier:
    return ProofVerifier(FixedClock(AT))


@pytest.mark.parametrize("edwards", [False, True])
def test_a_right_proof_gives_thumbprint_and_identifier(verifier: ProofVerifier, edwards: bool) -> None:
    key = BrowserKey(edwards=edwards)
    proof = key.proof("POST", URL, handle=HANDLE, at=AT.timestamp(), body=BODY)
    found = verify(verifier, proof, bound_to=key.thumbprint)
    again = verify(verifier, key.sign(key.header(), claims()))
    assert found.thumbprint == again.thumbprint == key.thumbprint
    assert again.jti == "0123456789abcdef"
    assert len(found.once) == 16
    assert found.once != again.once


WRONG_CLAIMS = [
    ({"htm": "GET"}, ProofReason.METHOD),
    ({"htm": "post"}, ProofReason.METHOD),
    ({"htm": None}, ProofReason.CLAIMS),
    ({"htu": "https://api.tierce.example/v1/history"}, ProofReason.ADDRESS),
    ({"htu": "http://api.tierce.example/v1/rights"}, ProofReason.ADDRESS),
    ({"htu": "https://evil.example/v1/rights"}, ProofReason.ADDRESS),
    ({"htu": "https://api.tierce.example@evil.example/v1/rights"}, ProofReason.ADDRESS),
    ({"htu": "v1/rights"}, ProofReason.ADDRESS),
    ({"htu": "https://api.tierce.example:99999/v1/rights"}, ProofReason.ADDRESS),
    ({"iat": int(AT.timestamp()) - 61}, ProofReason.ISSUED),
    ({"iat": int(AT.timestamp()) + 61}, ProofReason.ISSUED),
    ({"iat": "now"}, ProofReason.CLAIMS),
    ({"iat": True}, ProofReason.CLAIMS),
    ({"iat": 1e400}, ProofReason.CLAIMS),
    ({"jti": "short"}, ProofReason.IDENTIFIER),
    ({"jti": "x" * 15}, ProofReason.IDENTIFIER),
    ({"jti": "x" * 129}, ProofReason.IDENTIFIER),
    ({"jti": "é" * 20}, ProofReason.IDENTIFIER),
    ({"jti": None}, ProofReason.CLAIMS),
    ({"ath": digest_of(b"another handle")}, ProofReason.HANDLE),
    ({"ath": None}, ProofReason.HANDLE),
    ({"bd": digest_of(b"another question")}, ProofReason.BODY),
    ({"bd": None}, ProofReason.BODY),
]


@pytest.mark.parametrize(("changed", "reason"), WRONG_CLAIMS)
def test_each_wrong_claim_has_its_reason(
    verifier: ProofVerifier, changed: dict[str, Any], reason: ProofReason
) -> None:
    key = BrowserKey()
    with pytest.raises(ProofRefusedError) as refused:
        verify(verifier, key.sign(key.header(), claims(**changed)))
    assert refused.value.reason is reason


@pytest.mark.parametrize("length", [16, 128])
def test_an_identifier_is_random_enough_and_short_enough(verifier: ProofVerifier, length: int) -> None:
    key = BrowserKey()
    assert verify(verifier, key.sign(key.header(), claims(jti="x" * length))).jti == "x" * length


def _with_private(jwk: dict[str, str]) -> dict[str, str]:
    return jwk | {"d": encode_b64(bytes(32))}


WRONG_HEADERS = [
    ({"typ": "JWT"}, ProofReason.TYPE),
    ({"typ": None}, ProofReason.TYPE),
    ({"alg": "none"}, ProofReason.ALGORITHM),
    ({"alg": "HS256"}, ProofReason.ALGORITHM),
    ({"alg": "RS256"}, ProofReason.ALGORITHM),
    ({"alg": ["ES256"]}, ProofReason.ALGORITHM),
    ({"alg": "EdDSA"}, ProofReason.KEY),
    ({"jwk": None}, ProofReason.KEY),
    ({"jwk": "a key"}, ProofReason.KEY),
    ({"jwk": {"kty": "oct", "k": "c2VjcmV0"}}, ProofReason.PRIVATE_KEY),
    ({"jwk": {"kty": "EC", "crv": "P-256", "x": encode_b64(bytes(32))}}, ProofReason.KEY),
    (
        {"jwk": {"kty": "EC", "crv": "P-256", "x": encode_b64(bytes(32)), "y": encode_b64(b"\1" * 32)}},
        ProofReason.KEY,
    ),
    ({"jwk": {"kty": "EC", "crv": "P-256", "x": encode_b64(bytes(31)), "y": "AA"}}, ProofReason.KEY),
    ({"jwk": {"kty": "EC", "crv": "P-256", "x": "not base64!", "y": "AA"}}, ProofReason.KEY),
    ({"crit": ["exp"]}, ProofReason.HEADER),
    ({"b64": False}, ProofReason.HEADER),
]


@pytest.mark.parametrize(("changed", "reason"), WRONG_HEADERS)
def test_each_wrong_header_has_its_reason(
    verifier: ProofVerifier, changed: dict[str, Any], reason: ProofReason
) -> None:
    key = BrowserKey()
    header = {name: value for name, value in (key.header() | changed).items() if value is not None}
    with pytest.raises(ProofRefusedError) as refused:
        verify(verifier, key.sign(header, claims()))
    assert refused.value.reason is reason


SPELT = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.mark.parametrize("edwards", [False, True])
def test_a_key_has_one_spelling_and_is_one_device(verifier: ProofVerifier, edwards: bool) -> None:
    key = BrowserKey(edwards=edwards)
    stood = set()
    for last in SPELT:
        for before in ("", "AA"):
            jwk = key.jwk | {"x": before + key.jwk["x"][:-1] + last}
            try:
                stood.add(verify(verifier, key.sign(key.header() | {"jwk": jwk}, claims())).thumbprint)
            except ProofRefusedError as refused:
                assert refused.reason in {ProofReason.KEY, ProofReason.SIGNATURE}  # noqa: PT017 - many are refused
    assert stood == {key.thumbprint}


@pytest.mark.parametrize("spare", [0, 1])
def test_an_edwards_key_beyond_the_field_is_no_key(verifier: ProofVerifier, spare: int) -> None:
    """The field's p + 1 spells the point 1, under which anybody signs anything."""
    beyond = (2**255 - 19 + spare).to_bytes(32, "little")
    key = BrowserKey(edwards=True)
    header = key.header() | {"jwk": key.jwk | {"x": encode_b64(beyond)}}
    with pytest.raises(ProofRefusedError) as refused:
        verify(verifier, key.sign(header, claims()))
    assert refused.value.reason is ProofReason.KEY


def test_a_private_key_in_the_header_is_refused(verifier: ProofVerifier) -> None:
    key = BrowserKey()
    header = key.header() | {"jwk": _with_private(key.jwk)}
    with pytest.raises(ProofRefusedError) as refused:
        verify(verifier, key.sign(header, claims()))
    assert refused.value.reason is ProofReason.PRIVATE_KEY


def test_a_header_that_names_a_member_twice_is_refused(verifier: ProofVerifier) -> None:
    key = BrowserKey()
    header = json.dumps(key.header())[:-1] + ',"alg":"ES256"}'
    parts = key.sign(key.header(), claims()).split(b".")
    with pytest.raises(ProofRefusedError) as refused:
        verify(verifier, b".".join((encode_b64(header.encode()).encode(), *parts[1:])))
    assert refused.value.reason is ProofReason.HEADER


@pytest.mark.parametrize(
    ("proof", "reason"),
    [
        (None, ProofReason.MISSING),
        (b"", ProofReason.MISSING),
        (b"a.b", ProofReason.NOT_A_JWT),
        (b"a.b.c.d", ProofReason.NOT_A_JWT),
        (b"!.b.c", ProofReason.HEADER),
        (b"W10.b.c", ProofReason.HEADER),
        (b"x" * 5000, ProofReason.TOO_LONG),
    ],
)
def test_what_is_not_a_proof_is_refused(verifier: ProofVerifier, proof: bytes | None, reason: ProofReason) -> None:
    with pytest.raises(ProofRefusedError) as refused:
        verify(verifier, proof)
    assert refused.value.reason is reason


def test_a_signature_by_another_key_is_refused(verifier: ProofVerifier) -> None:
    owner, thief = BrowserKey(), BrowserKey()
    with pytest.raises(ProofRefusedError) as refused:
        verify(verifier, thief.sign(owner.header(), claims()))
    assert refused.value.reason is ProofReason.SIGNATURE


def test_another_key_than_the_sessions_is_refused(verifier: ProofVerifier) -> None:
    owner, thief = BrowserKey(), BrowserKey()
    proof = thief.proof("POST", URL, handle=HANDLE, at=AT.timestamp(), body=BODY)
    with pytest.raises(ProofRefusedError) as refused:
        verify(verifier, proof, bound_to=owner.thumbprint)
    assert refused.value.reason is ProofReason.NOT_BOUND


def test_a_key_seen_before_still_has_to_sign(verifier: ProofVerifier) -> None:
    key = BrowserKey()
    good = key.sign(key.header(), claims())
    verify(verifier, good)
    head, payload, _ = good.split(b".")
    with pytest.raises(ProofRefusedError) as refused:
        verify(verifier, b".".join((head, payload, encode_b64(bytes(64)).encode())))
    assert refused.value.reason is ProofReason.SIGNATURE


def test_the_cache_is_bounded_and_forgets_without_harm() -> None:
    verifier = ProofVerifier(FixedClock(AT), keys_max=2)
    keys = [BrowserKey() for _ in range(4)]
    for key in keys + keys:
        proof = key.proof("POST", URL, handle=HANDLE, at=AT.timestamp(), body=BODY)
        assert verify(verifier, proof).thumbprint == key.thumbprint
    assert len(verifier._keys) == 2


def test_the_window_follows_the_clock() -> None:
    clock = FixedClock(AT)
    verifier, key = ProofVerifier(clock), BrowserKey()
    proof = key.proof("POST", URL, handle=HANDLE, at=AT.timestamp(), body=BODY)
    clock.advance(timedelta(seconds=60))
    verify(verifier, proof)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(ProofRefusedError):
        verify(verifier, proof)


def test_an_empty_body_needs_no_digest_but_a_wrong_one_is_refused(verifier: ProofVerifier) -> None:
    key = BrowserKey()
    verify(verifier, key.sign(key.header(), claims(bd=None)), body=b"")
    with pytest.raises(ProofRefusedError):
        verify(verifier, key.sign(key.header(), claims()), body=b"")


def test_the_example_of_rfc_9449_section_7_1() -> None:
    """The published proof of RFC 9449 §7.1, with its access token in the place of our handle."""
    proof = (
        b"eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZ"
        b"OXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIs"
        b"ImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJj"
        b"ZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05y"
        b"V0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6"
        b"Fy1dqd-jfxSYoMxhAJpLjA"
    )
    token = b"Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
    verifier = ProofVerifier(FixedClock(datetime.fromtimestamp(1562262618, UTC)))
    found = verifier.verify(
        proof,
        method="GET",
        url="https://resource.example.org/protectedresource",
        ath=digest_of(token),
        body=b"",
        bound_to=decode_b64(b"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"),
    )
    assert found.jti == "e1j3V_bKic8-LAEB"


def test_the_thumbprint_of_rfc_7638_section_3_1() -> None:
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZ"
        "CiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJ"
        "ZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBn"
        "iIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    key = {"kty": "RSA", "n": modulus, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"}
    assert encode_b64(thumbprint_of(key)) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("HTTPS://API.Tierce.example:443/v1/rights?x=1#y", URL),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
        ("http://[::1]:80/a", "http://[::1]/a"),
        ("http://[::1]/v1/history/FBZR-VSQ5-TAA5T-%3D/revisit", "http://[::1]/v1/history/FBZR-VSQ5-TAA5T-=/revisit"),
    ],
)
def test_addresses_are_compared_in_their_normal_form(given: str, expected: str) -> None:
    assert normalised(given) == expected


def test_a_proof_is_verified_in_well_under_a_millisecond() -> None:
    """The target is 100 µs on a quiet machine; the bound here only catches a lost cache or a wrong order."""
    verifier, key = ProofVerifier(SystemClock()), BrowserKey()
    at = SystemClock().now().timestamp()
    proofs = [key.proof("POST", URL, handle=HANDLE, at=at, body=BODY) for _ in range(200)]
    verify(verifier, proofs[0])
    started = time.process_time()
    for proof in proofs:
        verify(verifier, proof)
    assert (time.process_time() - started) / len(proofs) < 0.000_5
