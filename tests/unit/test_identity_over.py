"""What a provider must say for a session to be over, and what is taken for something else."""

from typing import Any

import pytest

from tierce.identity.errors import SignInRefusedError
from tierce.identity.over import EVENT, OVER_SECONDS_MAX, Over, Vouched, read_over, vouched_by

NOW, SKEW = 1_800_000_000, 5
SAID: dict[str, Any] = {
    "iss": "https://id.example", "aud": "tierce", "iat": NOW, "exp": NOW + 120, "jti": "once", "sub": "her",
    "sid": "s-1", "events": {EVENT: {}},
}  # fmt: skip


def read(header: dict[str, Any] | None = None, **changed: object) -> Over:
    claims = {name: value for name, value in (SAID | changed).items() if value is not None}
    return read_over(
        header or {"alg": "RS256"}, claims, issuer="https://id.example", client_id="tierce", now=NOW, skew=SKEW
    )


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, ("once", "s-1", "her")),
        ({"sid": None}, ("once", None, "her")),
        ({"sub": None}, ("once", "s-1", None)),
        ({"aud": ["other", "tierce"]}, ("once", "s-1", "her")),
        ({"exp": None, "iat": NOW - OVER_SECONDS_MAX}, ("once", "s-1", "her")),
        ({"events": {EVENT: {}, "other": {}}}, ("once", "s-1", "her")),
        ({"iat": NOW + SKEW}, ("once", "s-1", "her")),
    ],
)
def test_what_is_over_is_read(changed: dict[str, Any], found: tuple[str, str | None, str | None]) -> None:
    over = read(**changed)
    assert (over.jti, over.sid, over.sub) == found


@pytest.mark.parametrize("kind", ["JWT", "logout+jwt", "LOGOUT+JWT"])
def test_its_kind_may_be_said(kind: str) -> None:
    assert read({"alg": "ES256", "typ": kind}).jti == "once"


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://other.example"}, {"iss": None}, {"aud": "other"}, {"aud": None}, {"aud": []}, {"aud": 3},
        {"iat": NOW - OVER_SECONDS_MAX - SKEW - 1}, {"iat": NOW + SKEW + 1}, {"iat": None}, {"iat": "now"},
        {"iat": float("nan")}, {"exp": NOW - SKEW - 1}, {"exp": "never"}, {"jti": None}, {"jti": ""}, {"jti": 7},
        {"jti": "j" * 256}, {"sid": None, "sub": None}, {"sid": ""}, {"sid": 1}, {"sub": ["her"]}, {"sub": ""},
        {"events": None}, {"events": {}}, {"events": {EVENT: None}}, {"events": [EVENT]}, {"events": EVENT},
        {"nonce": "n"}, {"nonce": ""},
    ],
)  # fmt: skip
def test_anything_else_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(SignInRefusedError):
        read(**changed)


@pytest.mark.parametrize("kind", ["at+jwt", "dpop+jwt", "", 7])
def test_a_token_of_another_kind_is_refused(kind: object) -> None:
    with pytest.raises(SignInRefusedError):
        read({"alg": "ES256", "typ": kind})


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"sub": "her", "sid": "s"}, Vouched("s", "her")),
        ({"sub": "her", "session_state": "t"}, Vouched("t", "her")),
        ({"sub": "her", "sid": 5}, Vouched(None, "her")),
    ],
)
def test_how_a_session_is_named_there(said: dict[str, Any], found: Vouched) -> None:
    assert vouched_by(said) == found
