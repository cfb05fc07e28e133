"""Which role of the operator's staff may carry out which act in the office: an act that no row names is refused.

Four roles: whoever looks after files and the directory never opens a person and holds nobody, and whoever answers
for personal data reads everything that an incident holds without moving anybody on the ladder. An inspector reads
counts alone.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from tierce.kernel.language import Phrase
from tierce.policy.acts import Act


class StaffRole(StrEnum):
    """A role as the operator's provider names it; any other that it names is ignored."""

    SECURITY = "security"
    DPO = "dpo"
    OPERATIONS = "operations"
    INSPECTOR = "inspector"
    """Whoever inspects the operator, or her guest: reads how it stands, and changes nothing."""


ROLE_LABELS: Mapping[StaffRole, Phrase] = {
    StaffRole.SECURITY: Phrase("sécurité", "security"),
    StaffRole.DPO: Phrase("protection des données", "data protection"),
    StaffRole.OPERATIONS: Phrase("exploitation", "operations"),
    StaffRole.INSPECTOR: Phrase("contrôle", "inspection"),
}

_READ = frozenset({Act.STAFF_LIVE, Act.STAFF_POOLS, Act.STAFF_DIRECTORY, Act.STAFF_FEEDS})
_INCIDENTS = frozenset(
    {
        Act.STAFF_INCIDENT_OPEN,
        Act.STAFF_SCOPE,
        Act.STAFF_PERSON_SHOW,
        Act.STAFF_NOTICE_SHOW,
        Act.STAFF_LETTER_SHOW,
        Act.STAFF_TIME,
        Act.STAFF_DUTY,
        Act.STAFF_SEVERITY,
        Act.STAFF_BRIDGE,
        Act.STAFF_REGISTER,
        Act.STAFF_REGISTER_EXPORT,
        Act.STAFF_BREACH_FORM,
        Act.STAFF_BREACH_FORM_EXPORT,
        Act.STAFF_BREACH_CLOSE,
        Act.STAFF_AUDIENCE,
        Act.STAFF_MESSAGE_WRITE,
        Act.STAFF_MESSAGE_APPROVE,
        Act.STAFF_MESSAGE_STOP,
        Act.STAFF_LETTERS_TAKE,
        Act.STAFF_LETTERS_POSTED,
        Act.STAFF_INCIDENT_MOVE,
        Act.STAFF_HOLD_RELEASE,
        Act.STAFF_REPORT_ANSWER,
        Act.STAFF_REQUEST_ANSWER,
        Act.STAFF_SECRECY,
        Act.STAFF_RECIPIENT,
        Act.STAFF_PACK,
        Act.STAFF_INSPECTION,
    }
)
_ACCOUNTS = frozenset(
    {
        Act.STAFF_ACCOUNT_CONFIRM,
        Act.STAFF_ACCOUNT_REFUSE,
        Act.STAFF_BATCH_APPROVE,
        Act.STAFF_BATCH_LIST,
        Act.STAFF_BATCH_SETTLE,
        Act.STAFF_RECOVERY,
        Act.STAFF_INVOICE_REFUSE,
        Act.STAFF_INVOICE_RULE,
    }
)
"""Accounts and what is sent to them: two teams, so that a second member of staff is found."""

STAFF_ACTS: Mapping[StaffRole, frozenset[Act]] = {
    StaffRole.SECURITY: _READ
    | _INCIDENTS
    | _ACCOUNTS
    | {
        Act.STAFF_LADDER_MOVE,
        Act.STAFF_ACCESS_END,
        Act.STAFF_ASSISTANT_END,
        Act.STAFF_RELEASE_ASK,
        Act.STAFF_APPEAL_ANSWER,
        Act.STAFF_ALERT,
        Act.STAFF_ALERT_ASIDE,
        Act.STAFF_ALERT_SEND,
    },
    StaffRole.DPO: _READ | _INCIDENTS,
    StaffRole.OPERATIONS: _READ | _ACCOUNTS | {Act.ENROLMENT_MOVE, Act.SUBSTITUTE_DECLARE, Act.SUBSTITUTE_END},
    StaffRole.INSPECTOR: frozenset({Act.STAFF_INSPECTION}),
}
"""Signing in and out is everybody's who holds a role."""


def may_act(roles: Iterable[str], act: Act) -> bool:
    """Whether one of these roles may carry out the act."""
    return any(act in STAFF_ACTS[role] for role in StaffRole if role in set(roles))


def roles_of(act: Act) -> list[StaffRole]:
    """The roles that may carry out the act, for the sentence that refuses it to another."""
    return [role for role in StaffRole if act in STAFF_ACTS[role]]
