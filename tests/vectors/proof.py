"""Make docs/reference/proof.vectors.json: proofs and assertions for whoever writes a client in another language.

Run `python -m tests.vectors.proof`; signatures are deterministic (RFC 6979), and a test holds the file to what this
program gives and each of its expectations to what the API's own verifiers say.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tierce.identity.dpop import digest_of, encode_b64, thumbprint_of

FILE = Path(__file__).parents[2] / "docs" / "reference" / "proof.vectors.json"
API, HANDLE, CLIENT = "https://api.tierce.example", "kJ3-example-handle-of-a-session-0123456789A", "lgo-merle"
AT = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)
SECOND = int(AT.timestamp())
SECRET = 0x3E4D5C6B7A8998A7B6C5D4E3F2011F2E3D4C5B6A798897A6B5C4D3E2F1001122
_KEY = derive_private_key(SECRET, SECP256R1())
_POINT = _KEY.public_key().public_numbers()
JWK = {"crv": "P-256", "kty": "EC", "x": encode_b64(_POINT.x.to_bytes(32)), "y": encode_b64(_POINT.y.to_bytes(32))}
HEADER = {"typ": "dpop+jwt", "alg": "ES256", "jwk": JWK}
SPELT = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
BODIES = {
    "question": '{"nir":"179044197901487","rank":1,"birth_date":"19790423","domain":"PHAR","care_date":"2026-11-27"}',
    "accent": '{"label":"Éléonore ?"}',
    "none": "",
}
JTI = "7QmA0gV2sXw4b1Yd"


def compact(value: object) -> bytes:
    """JSON as short as it can be, in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def signed(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A JWT, ES256, with the nonce of RFC 6979: the same each time."""
    text = f"{encode_b64(compact(header))}.{encode_b64(compact(claims))}"
    r, s = decode_dss_signature(_KEY.sign(text.encode(), ECDSA(SHA256(), deterministic_signing=True)))
    return f"{text}.{encode_b64(r.to_bytes(32) + s.to_bytes(32))}"


def _proofs() -> list[dict[str, Any]]:
    right = {"htm": "POST", "htu": f"{API}/v1/rights", "iat": SECOND, "jti": JTI}
    right |= {"ath": digest_of(HANDLE.encode()), "bd": digest_of(BODIES["question"].encode())}
    revisit = f"{API}/v1/history/7K3M-9QXD-V2T8P-%3D/revisit"

    def one(name: str, expect: str, body: str = "question", url: str = "", **changed: object) -> dict[str, Any]:
        header = HEADER | {key: changed.pop(key) for key in ("typ", "alg", "jwk") if key in changed}
        claims = {key: value for key, value in (right | changed).items() if value is not None}
        told = {"name": name, "method": "POST", "url": url or f"{API}/v1/rights", "body": BODIES[body]}
        return told | {"header": header, "claims": claims, "proof": signed(header, claims), "expect": expect}

    short = signed(HEADER, right)
    cut = one("a signature cut short", "proof_signature") | {"proof": short[:-4]}
    return [
        one("a question", "stands"),
        one("a body with accents: its digest is of the bytes in UTF-8", "stands", "accent",
            bd=digest_of(BODIES["accent"].encode())),
        one("no body: bd may be left out", "stands", "none", revisit, htu=revisit, bd=None),
        one("no body: or be the digest of nothing", "stands", "none", revisit, htu=revisit, bd=digest_of(b"")),
        one("a clock fifty-nine seconds behind", "stands", iat=SECOND - 59),
        one("a clock sixty-one seconds behind", "proof_iat", iat=SECOND - 61),
        one("iat in milliseconds", "proof_iat", iat=SECOND * 1000),
        one("the address of a proxy of yours", "proof_htu", htu="https://proxy.lgo.example/v1/rights"),
        one("the path alone", "proof_htu", htu="/v1/rights"),
        one("the method in lower case", "proof_htm", htm="post"),
        one("the digest of another body: one more space", "proof_bd",
            bd=digest_of(BODIES["question"].encode() + b" ")),
        one("the digest in hexadecimal", "proof_bd", bd="e3b0c44298fc1c149afbf4c8996fb924"),
        one("no digest of a body that is there", "proof_bd", bd=None),
        one("no digest of the handle", "proof_ath", ath=None),
        one("a digest of the whole header Authorization", "proof_ath", ath=digest_of(f"DPoP {HANDLE}".encode())),
        one("an identifier too short", "proof_jti", jti="12345678"),
        one("an ordinary JWT", "proof_typ", typ="JWT"),
        one("an algorithm that is not taken", "proof_alg", alg="RS256"),
        one("the key in another spelling: the last symbol's spare bits", "proof_jwk",
            jwk=JWK | {"x": JWK["x"][:-1] + SPELT[SPELT.index(JWK["x"][-1]) + 1]}),
        one("the key in another spelling: a zero before a coordinate", "proof_jwk",
            jwk=JWK | {"x": encode_b64(_POINT.x.to_bytes(33))}),
        one("the key in another spelling: padding", "proof_jwk", jwk=JWK | {"x": JWK["x"] + "="}),
        cut,
    ]  # fmt: skip


def _assertions() -> list[dict[str, Any]]:
    right = {"iss": CLIENT, "sub": CLIENT, "aud": f"{API}/v1/token", "iat": SECOND, "exp": SECOND + 60, "jti": JTI}

    def one(name: str, expect: str, **changed: object) -> dict[str, Any]:
        header, claims = {"alg": "ES256", "typ": "JWT"}, right | changed
        return {"name": name, "claims": claims, "assertion": signed(header, claims), "expect": expect}

    return [
        one("an assertion", "stands"),
        one("the audience in a list", "stands", aud=[f"{API}/v1/token"]),
        one("the API instead of the route", "client_assertion aud", aud=API),
        one("another name", "client_assertion iss", iss="merle-psc"),
        one("an hour long", "client_expired exp", exp=SECOND + 3600),
        one("an identifier too short", "client_assertion jti", jti="1"),
    ]


def vectors() -> dict[str, Any]:
    """All of the file."""
    return {
        "about": "Proofs (RFC 9449 with bd) and assertions (RFC 7523) of a key made up for this file: never use it. "
        "Sign anything with it and compare claims; ECDSA signatures differ each time, so verify rather than compare.",
        "at": {"instant": AT.isoformat(), "iat": SECOND},
        "key": JWK | {"d": encode_b64(SECRET.to_bytes(32))},
        "thumbprint": encode_b64(thumbprint_of(JWK)),
        "handle": HANDLE,
        "ath": digest_of(HANDLE.encode()),
        "bodies": {name: {"body": body, "bd": digest_of(body.encode())} for name, body in BODIES.items()},
        "proofs": _proofs(),
        "client_id": CLIENT,
        "assertions": _assertions(),
    }


def written() -> str:
    """The file's text."""
    return json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(), "utf-8")
