"""Which role of the staff may do what: what no row names is refused, and no role does everything."""

from tierce.gate.matrix_words import STAFF_WORDS
from tierce.policy.acts import Act
from tierce.policy.allowed import STAFF_ROLES
from tierce.policy.staff import STAFF_ACTS, StaffRole, may_act, roles_of

PERSONAL = {Act.STAFF_PERSON_SHOW, Act.STAFF_LETTER_SHOW, Act.STAFF_NOTICE_SHOW}


def test_what_no_row_names_is_refused_to_every_role() -> None:
    for act in (Act.RIGHTS_ASK, Act.PERSON_HISTORY, Act.FEED_RIGHTS, Act.NONE):
        assert not may_act(STAFF_ROLES, act)
        assert roles_of(act) == []
    assert not may_act(["cleaning"], Act.STAFF_LIVE)
    assert not may_act([], Act.STAFF_LIVE)


def test_operations_open_nobody_and_hold_nobody() -> None:
    held = STAFF_ACTS[StaffRole.OPERATIONS]
    assert not held & (PERSONAL | {Act.STAFF_LADDER_MOVE, Act.STAFF_ACCESS_END, Act.STAFF_SCOPE})


def test_the_dpo_reads_an_incident_and_moves_nobody() -> None:
    assert STAFF_ACTS[StaffRole.DPO] >= PERSONAL
    assert not STAFF_ACTS[StaffRole.DPO] & {Act.STAFF_LADDER_MOVE, Act.STAFF_ACCESS_END}


def test_every_act_of_staff_has_its_words_on_the_decision_page() -> None:
    assert {act for acts in STAFF_ACTS.values() for act in acts} <= set(STAFF_WORDS)
