"""The policy's digest: it covers every table, and moves when one of them does."""

import json

import pytest

from tierce.kernel.care import Profession
from tierce.kernel.language import Phrase
from tierce.policy import acts, allowed, floors, ladder, seats
from tierce.policy.digest import DIGEST_BYTES, policy_digest, policy_text

MODULES = (acts, allowed, floors, ladder, seats)
WORDS_ALONE = {"RUNG_LABELS"}
"""Tables of words: they decide nothing."""


def test_the_digest_is_sixteen_bytes_and_stable() -> None:
    assert len(policy_digest()) == DIGEST_BYTES == 16
    assert policy_digest() == policy_digest()


def test_every_public_table_of_the_policy_is_in_the_text() -> None:
    text = json.loads(policy_text())
    named = set(text["seats.constants"]) | set(text["ladder.constants"]) | {key.split(".")[-1] for key in text}
    for module in MODULES:
        for name in vars(module):
            if name.isupper() and not name.startswith("_") and name not in WORDS_ALONE:
                assert name in named or name.lower() in named, f"{module.__name__}.{name} is not in the digest"
    assert all(isinstance(phrase, Phrase) for phrase in ladder.RUNG_LABELS.values())


@pytest.mark.parametrize(
    ("module", "name", "value"),
    [
        (seats, "PROBATION_LIMIT", 6),
        (seats, "SEATS", {**seats.SEATS, Profession.GP: seats.SeatConstants(15, 100, 120)}),
        (seats, "DAY_LIMITS", {**seats.DAY_LIMITS, Profession.GP: seats.DayLimits(151, 75)}),
        (allowed, "DOMAINS", {**allowed.DOMAINS, Profession.GP: frozenset()}),
        (allowed, "SHOWN", {}),
        (allowed, "LEVEL_MIN", 2),
        (floors, "BATCH_MAX", 65),
        (floors, "CEILINGS", {"nation": floors.Ceiling(1, 1)}),
        (ladder, "HOLD_REFUSED", 13),
    ],
)
def test_one_changed_constant_changes_the_text(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str, value: object
) -> None:
    before = policy_text()
    monkeypatch.setattr(module, name, value)
    assert policy_text() != before
