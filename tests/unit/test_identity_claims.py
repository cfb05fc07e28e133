"""Names as providers give them: an insurer's provider is not ours, and its staff's names stand in our registers."""

import pytest

from tierce.identity import claims
from tierce.identity.errors import SignInReason, SignInRefusedError
from tierce.identity.oidc import Claims

HAND = {"sub": "1", "acr": "phr", "amr": ["hwk", "user"]}


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "a" * 121,
        "Camille\nRouvray",
        "Camille\x00",
        "Camille \u202eyarvuoR",
        "Ca\u200bmille",
        "Camille\ud800",
    ],
)
def test_a_name_that_is_not_read_as_it_is_written_signs_nobody_in(name: str) -> None:
    said = Claims(HAND, {"name": name, "amc": "99100001", "roles": ["security"]})
    with pytest.raises(SignInRefusedError) as of_insurer:
        claims.insurer_staff(said)
    with pytest.raises(SignInRefusedError) as of_operator:
        claims.staff(said, frozenset({"security"}))
    assert of_insurer.value.reason is of_operator.value.reason is SignInReason.IDENTITY_INCOMPLETE


@pytest.mark.parametrize("name", ["Hélène Vasseur", "Nguyễn Thị Ánh", "O’Brien-Świętek", "=1+1"])
def test_whatever_is_seen_is_a_name(name: str) -> None:
    said = Claims(HAND, {"name": f" {name} ", "amc": "99100001"})
    assert claims.insurer_staff(said).name == name
