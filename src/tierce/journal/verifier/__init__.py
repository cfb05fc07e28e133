"""The independent reader of the journal: it shares no code with what writes."""

from tierce.journal.verifier.check import Finding, Journal, Report, Severity, verify
from tierce.journal.verifier.proof import check_proof
from tierce.journal.verifier.store import read_journal

__all__ = [
    "Finding",
    "Journal",
    "Report",
    "Severity",
    "check_proof",
    "read_journal",
    "verify",
]
