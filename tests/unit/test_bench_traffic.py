"""The measurement's own parts: invented people, signed requests, frozen reference."""

import hashlib
from collections import Counter
from pathlib import Path

import pytest

from tierce.identity.dpop import ProofVerifier, digest_of, encode_b64
from tierce.kernel.clock import SystemClock
from tierce.kernel.nir import BirthDate, Nir
from tierce.lab.bench.proofs import Desk, RequestPress, Target, make_key
from tierce.lab.bench.reference import FOLDER
from tierce.lab.bench.traffic import PROFESSIONS, Traffic, identifiers_of, place_of


@pytest.mark.parametrize("number", [0, 1, 998, 999, 123_456, 199_999, 10**9 - 1])
def test_people_of_the_measurement_can_be_nobody(number: int) -> None:
    nir, birth_date = identifiers_of(number)
    assert Nir.parse(nir).is_synthetic()
    born = BirthDate.parse(birth_date).as_date()
    assert born is not None
    assert f"{born:%y%m}" == nir[1:5]


def test_people_of_the_measurement_are_distinct() -> None:
    assert len({identifiers_of(number) for number in range(20_000)}) == 20_000


def test_desks_follow_the_shares_of_professions() -> None:
    counted = Counter(place_of(desk) for desk in range(100, 200))
    assert counted == {(profession, domain): share for profession, domain, share in PROFESSIONS}


def test_asks_follow_the_mix_and_repeat_from_a_seed() -> None:
    traffic = Traffic(desks=50, persons=10_000, seed=3)
    asks = traffic.draw(20_000)
    known = sum(ask.person in traffic.known[ask.desk] for ask in asks) / len(asks)
    unknown = sum(ask.person >= 10_000 for ask in asks) / len(asks)
    assert known == pytest.approx(0.70, abs=0.02)
    assert unknown == pytest.approx(0.05, abs=0.01)
    assert Traffic(desks=50, persons=10_000, seed=3).draw(100) == asks[:100]


def test_signed_requests_pass_the_verifier_of_the_product(tmp_path: Path) -> None:
    desks = [Desk(make_key(), encode_b64(bytes([n]) * 32)) for n in range(3)]
    target = Target(8001, "/v1/rights", "http://127.0.0.1:8001/v1/rights", "2026-11-23")
    asks = Traffic(desks=3, persons=100, seed=1).draw(7)
    with RequestPress(desks, target) as press:
        press.press(asks, tmp_path / "asks.bin")
    written = (tmp_path / "asks.bin").read_bytes()
    verifier, place, identifiers = ProofVerifier(SystemClock()), 0, set()
    for ask in asks:
        length = int.from_bytes(written[place : place + 4], "little")
        head, _, body = written[place + 4 : place + 4 + length].partition(b"\r\n\r\n")
        place += 4 + length
        headers = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
        desk = desks[ask.desk]
        assert headers[b"Authorization"] == b"DPoP " + desk.handle.encode()
        proof = verifier.verify(
            headers[b"DPoP"],
            method="POST",
            url=target.url,
            ath=digest_of(desk.handle.encode()),
            body=body,
            bound_to=desk.key.thumbprint,
        )
        identifiers.add(proof.jti)
    assert place == len(written)
    assert len(identifiers) == len(asks)


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("reference.sql", "20e79659dc92238d9b34b16bcd9fc08a8c50a56c44588859201a098481ced149"),
        ("reference_setup.sql", "8498f73b2714c4278fef6eec7cbe81817193495e524d19ecbc71ff623caad544"),
        ("reference_statements.sql", "9bbfc0695e8d469dbff70928e083f005adedd137831a706a9ca5e8d93fa6fb7a"),
    ],
)
def test_the_reference_is_frozen(name: str, digest: str) -> None:
    assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest, (
        f"bench/{name} changed: ratios measured before are not comparable any more; write a new version beside it"
    )
