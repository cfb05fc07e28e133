"""Requests signed shortly before they are sent, as the browsers of the desks would sign them.

A proof of possession (RFC 9449) is good for a minute and serves once, so nothing can be recorded and replayed:
the requests of each run of at most 15 s are signed just before it, by two processes, about 100 µs each.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tierce.identity.dpop import digest_of, encode_b64, thumbprint_of
from tierce.kernel.clock import SystemClock
from tierce.lab.bench.load import write_requests
from tierce.lab.bench.traffic import Ask, identifiers_of, place_of

PROCESSES: Final = 2
SLICE_SECONDS_MAX: Final = 15

_ECDSA: Final = ECDSA(SHA256())


@dataclass(frozen=True, slots=True)
class Key:
    """The key of one desk's browser: its secret number, proof header (base64url) and RFC 7638 thumbprint."""

    secret: int
    header: str
    thumbprint: bytes


def make_key() -> Key:
    """Make a P-256 key."""
    private = generate_private_key(SECP256R1())
    numbers = private.private_numbers()
    public = numbers.public_numbers
    jwk: dict[str, Any] = {
        "kty": "EC",
        "crv": "P-256",
        "x": encode_b64(public.x.to_bytes(32, "big")),
        "y": encode_b64(public.y.to_bytes(32, "big")),
    }
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}
    encoded = encode_b64(json.dumps(header, separators=(",", ":")).encode())
    return Key(numbers.private_value, encoded, thumbprint_of(jwk))


@dataclass(frozen=True, slots=True)
class Desk:
    """What a signer needs of a desk: its key and the handle of its session."""

    key: Key
    handle: str


@dataclass(frozen=True, slots=True)
class Target:
    """Where the requests go: `port` on the loopback, `path`, the public address `url` that proofs name."""

    port: int
    path: str
    url: str
    care_date: str


class _Signer:
    """Signs requests in one process; private keys are imported on first use."""

    def __init__(self, desks: Sequence[Desk], target: Target) -> None:
        self._desks = desks
        self._target = target
        self._keys: dict[int, EllipticCurvePrivateKey] = {}
        self._ath = [digest_of(desk.handle.encode()) for desk in desks]
        self._clock = SystemClock()

    def _key(self, desk: int) -> EllipticCurvePrivateKey:
        if desk not in self._keys:
            self._keys[desk] = derive_private_key(self._desks[desk].key.secret, SECP256R1())
        return self._keys[desk]

    def request(self, ask: Ask) -> bytes:
        """Write one whole HTTP request."""
        nir, birth_date = identifiers_of(ask.person)
        body = (
            f'{{"nir":"{nir}","birth_date":"{birth_date}","rank":1,'
            f'"domain":"{place_of(ask.desk)[1].name}","care_date":"{self._target.care_date}"}}'
        ).encode()
        claims = (
            f'{{"htm":"POST","htu":"{self._target.url}","iat":{int(self._clock.now().timestamp())},'
            f'"jti":"{os.urandom(12).hex()}","ath":"{self._ath[ask.desk]}","bd":"{digest_of(body)}"}}'
        )
        desk = self._desks[ask.desk]
        signed = f"{desk.key.header}.{encode_b64(claims.encode())}"
        r, s = decode_dss_signature(self._key(ask.desk).sign(signed.encode(), _ECDSA))
        proof = f"{signed}.{encode_b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
        head = (
            f"POST {self._target.path} HTTP/1.1\r\nHost: 127.0.0.1:{self._target.port}\r\n"
            f"Authorization: DPoP {desk.handle}\r\nDPoP: {proof}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


_signer: _Signer | None = None


def _start(desks: Sequence[Desk], target: Target) -> None:
    global _signer  # noqa: PLW0603 - a pool's process has no other place for what it was started with
    _signer = _Signer(desks, target)


def _write(asks: Sequence[Ask], path: str) -> None:
    assert _signer is not None
    write_requests(Path(path), (_signer.request(ask) for ask in asks))


class RequestPress:
    """The processes that sign; a context manager."""

    def __init__(self, desks: Sequence[Desk], target: Target) -> None:
        """Start them; spawned, so that nothing of this process is shared."""
        self.target = target
        self._pool: Pool = get_context("spawn").Pool(PROCESSES, _start, (desks, target))

    def __enter__(self) -> "RequestPress":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.terminate()
        self._pool.join()

    def press(self, asks: Sequence[Ask], path: Path) -> None:
        """Sign the asks and write them to `path`, ready for the load generator."""
        share = -(-len(asks) // PROCESSES)
        parts = [path.with_suffix(f".{part}") for part in range(PROCESSES)]
        work = [(asks[part * share : (part + 1) * share], str(name)) for part, name in enumerate(parts)]
        self._pool.starmap(_write, work, chunksize=1)
        with path.open("wb") as whole:
            for part in parts:
                whole.write(part.read_bytes())
                part.unlink()
