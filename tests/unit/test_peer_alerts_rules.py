"""What a peer's signed alert must hold, whose keys may sign one, and that no person cared for comes in with it."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierce.kernel.care import Profession
from tierce.kernel.luhn import is_rpps
from tierce.lab.country.identifiers import STORY_COMMUNE, luhn, make_nir, make_rpps
from tierce.lab.standins.peer import CAEP, RISC, SSF, OtherOperator
from tierce.peer_alerts.errors import Err, PeerKeysError, SetRefusedError
from tierce.peer_alerts.model import Said
from tierce.peer_alerts.rules import HARVESTING, read
from tierce.peer_alerts.signing import issuer_of, read_keys, verified
from tierce.policy.evidence import ACCUSED_MAX, accuse, begin, excuse, rung_of, weight_of
from tierce.policy.ladder import Rung
from tierce.policy.peer_alerts import AHEAD, OLD, Confidence, Event

US, NOW = "https://alertes.riveclaire.example", datetime(2026, 3, 3, 12, tzinfo=UTC)
RPPS = make_rpps(501)
NIR = make_nir("F", 1985, 2, f"03{STORY_COMMUNE}", 41)
MERLERIVE = OtherOperator("https://alertes.merlerive.example", US)
COMPROMISE = f"{RISC}/credential-compromise"
USED = {"start": NOW.timestamp() - 3_600, "end": NOW.timestamp() - 60, "confidence": "probable"}


def claims(event: str = COMPROMISE, **told: object) -> dict[str, Any]:
    return MERLERIVE.claims(event, RPPS, NOW.timestamp(), **(told or {"credential_type": "fido2"}))


def refused(wrong: dict[str, Any]) -> SetRefusedError:
    with pytest.raises(SetRefusedError) as told:
        read(wrong, US, NOW)
    return told.value


@pytest.mark.parametrize(
    ("event", "told", "meant"),
    [
        (COMPROMISE, {"credential_type": "fido2"}, Event.CREDENTIAL_COMPROMISE),
        (f"{RISC}/account-disabled", {"reason": "hijacking"}, Event.ACCOUNT_DISABLED),
        (f"{RISC}/account-enabled", {}, Event.ACCOUNT_ENABLED),
        (f"{CAEP}/session-revoked", {"initiating_entity": "policy"}, Event.SESSION_REVOKED),
        (f"{CAEP}/session-revoked", {"initiating_entity": ["user"]}, Event.SESSION_REVOKED),
        (HARVESTING, USED, Event.HARVESTING),
    ],
)
def test_each_event_is_read_with_whom_it_names(event: str, told: dict[str, Any], meant: Event) -> None:
    said = read(MERLERIVE.claims(event, RPPS, NOW.timestamp(), **told), US, NOW)
    assert (said.event, said.rpps) == (meant, RPPS)
    assert (said.confidence, said.until) == (
        (Confidence.PROBABLE, NOW - timedelta(seconds=60)) if meant is Event.HARVESTING else (Confidence.UNSAID, None)
    )


@pytest.mark.parametrize(
    ("event", "told", "meant"),
    [
        (f"{CAEP}/session-revoked", {"initiating_entity": "user"}, Event.OTHER),
        (f"{CAEP}/token-claims-change", {"claims": [{}]}, Event.OTHER),
        (f"{CAEP}/device-compliance-change", {"current_status": "not-compliant"}, Event.OTHER),
        (f"{SSF}/verification", {"state": "VGhpcyBpcyBhIHRlc3Q"}, Event.VERIFICATION),
    ],
)
def test_what_accuses_nobody_is_taken_in_without_whom_it_names(
    event: str, told: dict[str, Any], meant: Event
) -> None:
    given_claims = claims(event, **told) | {"sub_id": {"format": "opaque", "id": "stream"}}
    said = read(given_claims, US, NOW)
    assert (said.event, said.rpps) == (meant, "")


@pytest.mark.parametrize(
    ("change", "code", "names"),
    [
        ({"aud": "https://alertes.ailleurs.example"}, Err.INVALID_AUDIENCE, "aud"),
        ({"aud": None}, Err.INVALID_AUDIENCE, "aud"),
        ({"jti": ""}, Err.INVALID_REQUEST, "jti"),
        ({"jti": "x" * 129}, Err.INVALID_REQUEST, "jti"),
        ({"iat": (NOW - OLD).timestamp() - 1}, Err.INVALID_REQUEST, "iat"),
        ({"iat": (NOW + AHEAD).timestamp() + 1}, Err.INVALID_REQUEST, "iat"),
        ({"iat": "now"}, Err.INVALID_REQUEST, "iat"),
        ({"iat": 10**30}, Err.INVALID_REQUEST, "iat"),
        ({"exp": 1}, Err.INVALID_REQUEST, "exp"),
        ({"sub": RPPS}, Err.INVALID_REQUEST, "sub"),
        ({"events": {}}, Err.INVALID_REQUEST, "events"),
        ({"events": {COMPROMISE: {}, HARVESTING: USED}}, Err.INVALID_REQUEST, "one event"),
        ({"events": {COMPROMISE: {}}}, Err.INVALID_REQUEST, "credential_type"),
        ({"events": {HARVESTING: USED | {"confidence": "certain"}}}, Err.INVALID_REQUEST, "confidence"),
        ({"events": {HARVESTING: USED | {"end": NOW.timestamp() + 600}}}, Err.INVALID_REQUEST, "end"),
        ({"events": {HARVESTING: USED | {"start": NOW.timestamp()}}}, Err.INVALID_REQUEST, "start"),
        ({"sub_id": {"format": "email", "email": "claire@cabinet.example"}}, Err.INVALID_REQUEST, "sub_id"),
        ({"sub_id": {"format": "iss_sub", "iss": "https://a.example", "sub": RPPS}}, Err.INVALID_REQUEST, "sub_id"),
        ({"sub_id": {**claims()["sub_id"], "sub": "12345678901"}}, Err.INVALID_REQUEST, "sub_id"),
        ({"sub_id": {**claims()["sub_id"], "name": "Claire Morvan"}}, Err.INVALID_REQUEST, "sub_id"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_code_and_its_field(
    change: dict[str, Any], code: Err, names: str
) -> None:
    error = refused(claims() | change)
    assert error.code is code
    assert names in str(error)


@pytest.mark.parametrize("written", [NIR, f"{NIR[0]} {NIR[1:3]} {NIR[3:5]} {NIR[5:7]} {NIR[7:10]} {NIR[10:]}"])
@pytest.mark.parametrize(
    "where",
    [
        lambda text: {"jti": text},
        lambda text: {"sub_id": {"format": "opaque", "id": text}},
        lambda text: {"events": {COMPROMISE: {"credential_type": "pin", "reason_admin": {"fr": f"lu : {text}"}}}},
        lambda text: {"events": {COMPROMISE: {"credential_type": "pin", "people": [[text]]}}},
        lambda text: {text: 1},
        lambda text: {"count": int("".join(text.split()))},
    ],
)
def test_a_token_that_seems_to_name_a_person_cared_for_is_refused_whole(
    where: Callable[[str], dict[str, Any]], written: str
) -> None:
    error = refused(claims() | where(written))
    assert "cared for" in str(error)
    assert not set(NIR.split()) & set(str(error).split())


def test_usual_numbers_and_times_name_nobody() -> None:
    told = {"credential_type": "pin", "event_timestamp": int(NOW.timestamp() * 1000)}
    for jti in ("4d3559ec-6750-4aa0-a58a-3e3f7a7c5bb1", "12345678-1234-1234-1234-123456789012", "b" * 128):
        assert read(claims(COMPROMISE, **told) | {"jti": jti}, US, NOW).event is Event.CREDENTIAL_COMPROMISE


def test_what_is_nested_a_thousand_deep_is_refused() -> None:
    deep: object = 1
    for _ in range(1_000):
        deep = [deep]
    assert refused(claims() | {"more": deep}).code is Err.INVALID_REQUEST


def test_the_key_of_an_rpps_is_checked() -> None:
    assert is_rpps(RPPS)
    assert not is_rpps(f"{RPPS[:-1]}{(int(RPPS[-1]) + 1) % 10}")
    assert not is_rpps(luhn("999000050"))
    assert not is_rpps("٩٩٩٠٠٠٠٥٠١٨")


@pytest.mark.parametrize("rsa", [False, True])
def test_a_token_is_verified_by_the_registered_keys_alone(rsa: bool) -> None:
    peer, thief = OtherOperator(MERLERIVE.issuer, US, rsa), OtherOperator(MERLERIVE.issuer, US, rsa)
    keys = read_keys(peer.jwks().encode())
    token = peer.sign(claims()).encode()
    assert issuer_of(token) == MERLERIVE.issuer
    said = read(verified(token, keys), US, NOW)
    assert isinstance(said, Said)
    head, body, signature = token.split(b".")
    other = urlsafe_b64encode(json.dumps(claims()).encode()).rstrip(b"=")
    plain = urlsafe_b64encode(b'{"alg":"none","typ":"secevent+jwt","kid":"a"}').rstrip(b"=")
    shared = urlsafe_b64encode(b'{"alg":"HS256","typ":"secevent+jwt","kid":"a"}').rstrip(b"=")
    for wrong in (
        thief.sign(claims()).encode(),
        peer.sign(claims(), kid="b").encode(),
        b".".join((head, other, signature)),
        b".".join((plain, body, b"")),
        b".".join((shared, body, signature)),
        token[:-4],
    ):
        with pytest.raises(SetRefusedError) as told:
            verified(wrong, keys)
        assert told.value.code is Err.INVALID_KEY
    with pytest.raises(SetRefusedError, match="typ"):
        verified(peer.sign(claims(), typ="JWT").encode(), keys)


@pytest.mark.parametrize("token", [b"", b"a", b"a.b.c", b"..", b"a." + b"W10" + b".c", b"\xff\xfe.\xff.\xff"])
def test_what_is_no_token_is_refused_as_such(token: bytes) -> None:
    with pytest.raises(SetRefusedError) as told:
        issuer_of(token)
    assert told.value.code is Err.INVALID_REQUEST


def test_a_peer_hands_over_public_keys_of_a_kind_that_we_verify() -> None:
    good = json.loads(MERLERIVE.jwks())["keys"][0]
    private = {**MERLERIVE.key.as_dict(private=True), "kid": "a"}
    nameless = {name: value for name, value in good.items() if name != "kid"}
    for wrong in (
        b"", b"[]", b"{}", json.dumps({"keys": []}).encode(), json.dumps({"keys": [good] * 6}).encode(),
        json.dumps({"keys": [good, good]}).encode(), json.dumps({"keys": [private]}).encode(),
        json.dumps({"keys": [nameless]}).encode(),
        json.dumps({"keys": [{"kty": "oct", "k": "x", "kid": "a"}]}).encode(),
        json.dumps({"keys": [good | {"crv": "P-384"}]}).encode(), json.dumps({"keys": [good | {"x": "AA"}]}).encode(),
        json.dumps({"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "a"}]}).encode(),
    ):  # fmt: skip
        with pytest.raises(PeerKeysError):
            read_keys(wrong)
    assert json.loads(read_keys(json.dumps({"keys": [good | {"x5u": "https://a.example"}]}).encode())) == {
        "keys": [good]
    }, "no address that a key names is ever read"


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 40)), max_size=60))
def test_nobody_is_held_by_what_peers_say_whatever_they_say_and_take_back(said: list[tuple[bool, int]]) -> None:
    state, day = begin(Profession.GP, 20_000), 20_000
    for accuses, later in said:
        day += later
        state = accuse(state, day) if accuses else excuse(state)
        assert rung_of(state) <= Rung.OBSERVED
        assert 1 <= weight_of(state) <= ACCUSED_MAX
    for _ in range(len(said)):
        state = excuse(state)
    assert (state.accusers, rung_of(state)) == (0, Rung.NONE)
