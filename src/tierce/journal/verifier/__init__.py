"""The independent reader of the journal: it shares no code with what writes."""

from tierce.journal.verifier.check import Journal, verify
from tierce.journal.verifier.model import Finding, Report, Severity
from tierce.journal.verifier.proof import check_proof

__all__ = [
    "Finding",
    "Journal",
    "Report",
    "Severity",
    "check_proof",
    "verify",
]
