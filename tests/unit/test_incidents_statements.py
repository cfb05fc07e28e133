"""“Not concerned” is a value with its proof: the text refuses it without one, or against what was shown."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tierce.incidents.cohorts.model import Cohort, CohortCount
from tierce.incidents.errors import FormError
from tierce.incidents.model import ScopeSummary
from tierce.incidents.statements.model import Privileges, Proof, ProofKind, Statement
from tierce.incidents.statements.rules import ProofMissingError, prove, standing
from tierce.kernel.categories import DataCategory as D
from tierce.kernel.clock import micros
from tierce.kernel.ids import DeviceId, IncidentId
from tierce.scope.model import Criteria, Gap, GapKind, TreeHead
from tierce.scope.rules import CLOCK_SLACK_US

SCOPE = ScopeSummary(
    IncidentId(1), 1, Criteria(frozenset(), frozenset({DeviceId(1)}), frozenset(), 0, 1), (), 0, 0, b"d" * 32, 9, 9,
    TreeHead(9, b"r" * 32), datetime(2026, 3, 3, tzinfo=UTC), 0, 0,
)  # fmt: skip
COUNTS = [
    CohortCount(Cohort.INSURED, 9, 9, 9, D.INSURER | D.GUARANTEES),
    CohortCount(Cohort.INVOICES, 2, 2, 2, D.INSURER | D.REIMBURSEMENTS),
    CohortCount(Cohort.PROFESSIONALS, 1, 1, 1, D.CIVIL_STATUS | D.PROFESSIONAL_RECORD | D.BANK),
]
CLOSED = Privileges(("tierce_api care schema USAGE", "tierce_notices contact schema USAGE"))
JOURNAL = Proof(ProofKind.JOURNAL, SCOPE.digest)


def made(category: D, cohort: Cohort, kind: ProofKind | None, scope: ScopeSummary = SCOPE) -> Proof:
    return prove(category, cohort, kind, scope=scope, counts=COUNTS, privileges=CLOSED)


def test_s4_a_proof_is_made_for_one_category_of_one_cohort() -> None:
    assert made(D.REIMBURSEMENTS, Cohort.INSURED, ProofKind.JOURNAL) == JOURNAL
    assert made(D.BANK, Cohort.INSURED, ProofKind.PRIVILEGES) == Proof(ProofKind.PRIVILEGES, CLOSED.digest)
    for cohort, category in ((Cohort.INVOICES, D.REIMBURSEMENTS), (Cohort.PROFESSIONALS, D.BANK)):
        for kind in ProofKind:
            with pytest.raises(ProofMissingError, match="shows the opposite"):
                made(category, cohort, kind)


@pytest.mark.parametrize(
    ("category", "kind", "scope"),
    [
        (D.BANK, None, SCOPE),
        (D.MEDICAL, ProofKind.PRIVILEGES, SCOPE),  # no compartment of its own: its being closed proves nothing
        (D.BANK, ProofKind.JOURNAL, replace(SCOPE, pending=1)),
        (D.BANK, ProofKind.JOURNAL, replace(SCOPE, unattributed=1)),
        (D.BANK, ProofKind.JOURNAL, replace(SCOPE, criteria=replace(SCOPE.criteria, until_us=micros(SCOPE.at)))),
        (D.BANK, ProofKind.JOURNAL, replace(SCOPE, criteria=replace(SCOPE.criteria, categories=D.GUARANTEES))),
        (D.BANK, ProofKind.JOURNAL, replace(SCOPE, gaps=(Gap(GapKind.LINES_MISSING, 1, 1, 1),))),
    ],
)
def test_s4_no_proof_is_made_of_what_proves_nothing(category: D, kind: ProofKind | None, scope: ScopeSummary) -> None:
    with pytest.raises(ProofMissingError):
        made(category, Cohort.INSURED, kind, scope)


def test_s4_a_list_made_before_its_window_was_over_says_so() -> None:
    """Whoever is read between the list and the end of its window is on no list: nobody says that she was not."""
    ends = [(micros(SCOPE.at) - CLOCK_SLACK_US + one, one > 0) for one in (-1, 0, 1, 180_000_000)]
    for until_us, is_open in ends:
        scope = replace(SCOPE, criteria=replace(SCOPE.criteria, until_us=until_us))
        assert scope.is_open is is_open
        assert [gap.kind for gap in scope.untold] == [GapKind.OPEN] * is_open


def test_s4_an_open_compartment_and_an_absent_list_prove_nothing() -> None:
    opened = Privileges((*CLOSED.lines, "tierce_api bank account SELECT"))
    with pytest.raises(ProofMissingError, match="reaches this compartment"):
        prove(D.BANK, Cohort.INSURED, ProofKind.PRIVILEGES, scope=SCOPE, counts=COUNTS, privileges=opened)
    with pytest.raises(ProofMissingError):
        prove(D.BANK, Cohort.INSURED, ProofKind.JOURNAL, scope=None, counts=[], privileges=CLOSED)
    with pytest.raises(FormError):
        made(D.BANK | D.EMAIL, Cohort.INSURED, ProofKind.JOURNAL)


def test_s4_a_statement_falls_with_its_list_and_against_what_a_list_shows() -> None:
    by_list = Statement(D.BANK, Cohort.INSURED, JOURNAL)
    by_roles = Statement(D.BANK, Cohort.INSURED, Proof(ProofKind.PRIVILEGES, CLOSED.digest))
    assert standing([by_list, by_roles], SCOPE, COUNTS) == [by_list, by_roles]
    assert standing([by_list, by_roles], replace(SCOPE, revision=2, digest=b"e" * 32), COUNTS) == [by_roles]
    assert standing([replace(by_list, proof=None)], SCOPE, COUNTS) == []
    for one in (by_list, by_roles):
        assert standing([replace(one, category=D.GUARANTEES)], SCOPE, COUNTS) == []
        assert standing([replace(one, cohort=Cohort.PROFESSIONALS)], SCOPE, COUNTS) == []
