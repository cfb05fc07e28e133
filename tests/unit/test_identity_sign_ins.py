"""The count of a day's sign-ins holds for each identity, in a memory that no flood of others makes larger."""

import tracemalloc
from random import Random
from uuid import UUID

from tierce.identity.local import SIGN_IN_CELLS, SIGN_IN_ROWS, SignInsToday
from tierce.identity.rules import PERSON_SIGN_INS_A_DAY

SEED, DAY = 20261127, 739_000


def test_a_flood_of_identities_takes_no_memory_and_locks_no_other_out() -> None:
    drawn, today = Random(SEED), SignInsToday()
    for _ in range(1_000):  # each as often as it may
        flooding = UUID(int=drawn.getrandbits(128))
        for _ in range(PERSON_SIGN_INS_A_DAY):
            today.once_more(flooding, DAY)
    tracemalloc.start()
    try:
        for _ in range(5_000):
            today.once_more(UUID(int=drawn.getrandbits(128)), DAY)
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert grown < 64 * 1024, f"seed {SEED}"
    for _ in range(1_000):
        honest = UUID(int=drawn.getrandbits(128))
        assert all(today.once_more(honest, DAY) for _ in range(5)), f"seed {SEED}"


def test_an_identity_has_its_forty_and_no_more_whoever_shares_its_cells() -> None:
    today, one = SignInsToday(), UUID(int=Random(SEED).getrandbits(128))
    crowd = [bytearray(one.bytes) for _ in range(SIGN_IN_ROWS)]
    for row, other in enumerate(crowd):  # each shares three cells of its four
        other[4 * row + 3] ^= 1
    for other in crowd:
        today.once_more(UUID(bytes=bytes(other)), DAY)
    told = [today.once_more(one, DAY) for _ in range(PERSON_SIGN_INS_A_DAY + 1)]
    assert told[: PERSON_SIGN_INS_A_DAY - SIGN_IN_ROWS] == [True] * (PERSON_SIGN_INS_A_DAY - SIGN_IN_ROWS)
    assert told[-1] is False, "never too low"
    assert today.once_more(one, DAY + 1), "a new day"
    assert not all(today.once_more(one, DAY) for _ in range(PERSON_SIGN_INS_A_DAY)), "an earlier day is no way back"
    assert SIGN_IN_CELLS < 1 << 32
