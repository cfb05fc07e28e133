"""The policy's digest: it covers every table, and moves when one of them does."""

import json

from tierce.kernel.language import Phrase
from tierce.policy import acts, allowed, clocks, deposits, floors, ladder, lines, retention, seats
from tierce.policy.digest import DIGEST_BYTES, policy_digest, policy_text

MODULES = (acts, allowed, clocks, deposits, floors, ladder, lines, retention, seats)
WORDS_ALONE = {"RUNG_LABELS", "STATE_LABELS", "REASON_LABELS", "PLACE_UNSEEN", "DECLARED_UNSEEN", "MOMENT_LABELS"}
"""Tables of words decide nothing, and an unused line is made of the constants."""


def test_the_digest_is_sixteen_bytes_and_stable() -> None:
    assert len(policy_digest()) == DIGEST_BYTES == 16
    assert policy_digest() == policy_digest()


def test_every_public_table_of_the_policy_is_in_the_text() -> None:
    text = json.loads(policy_text())
    named = (
        set(text["seats.constants"])
        | set(text["deposits.constants"])
        | set(text["ladder.constants"])
        | set(text["lines.constants"])
        | set(text["retention.constants"])
        | {key.split(".")[-1] for key in text}
    )
    for module in MODULES:
        for name in vars(module):
            if name.isupper() and not name.startswith("_") and name not in WORDS_ALONE:
                assert name in named or name.lower() in named, f"{module.__name__}.{name} is not in the digest"
    assert all(isinstance(phrase, Phrase) for phrase in ladder.RUNG_LABELS.values())
