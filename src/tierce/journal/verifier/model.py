"""What the independent reader says of a journal."""

from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """Whether a finding means tampering or loss, or only something that can happen and must be seen."""

    ERROR = "error"
    GAP = "gap"
    """Nothing is wrong: a block number was drawn and never used, or a tile is about to be written."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be, and where."""

    severity: Severity
    code: str
    message: str
    seq: int | None = None
    index: int | None = None
    block: int | None = None


@dataclass(slots=True)
class Report:
    """What was read and what was found."""

    entries: int = 0
    batches: int = 0
    leaves: int = 0
    checkpoints: int = 0
    signatures: int = 0
    """Batches whose signature was verified: all of them unless a sample was asked for."""
    sealed: int = 0
    """Entries in segments, each held to its tile."""
    redacted: int = 0
    """Sealed entries that lost their person, as two people asked."""
    waiting: int = 0
    """Entries not yet under a checkpoint; normal for about a second."""
    published: int = 0
    """Leaves under the published checkpoint: those whose tiles were held to the entries."""
    cosigned: dict[str, int] = field(default_factory=dict)
    """By witness whose key was given, the last size that it cosigned."""
    root: str = ""
    """The root over all leaves, in hexadecimal."""
    findings: list[Finding] = field(default_factory=list)

    @property
    def intact(self) -> bool:
        """True when nothing found means tampering or loss."""
        return all(one.severity is not Severity.ERROR for one in self.findings)

    def error(
        self, code: str, message: str, *, seq: int | None = None, index: int | None = None, block: int | None = None
    ) -> None:
        """Record a finding that means tampering or loss."""
        self.findings.append(Finding(Severity.ERROR, code, message, seq, index, block))

    def gap(self, code: str, message: str, *, index: int | None = None, block: int | None = None) -> None:
        """Record a finding that means nothing bad."""
        self.findings.append(Finding(Severity.GAP, code, message, None, index, block))


@dataclass(slots=True)
class Sealed:
    """What the sealed part holds."""

    held: list[tuple[int, int]] = field(default_factory=list)
    """Leaves whose sealed entries were held to the tiles: first, one past the last."""
    ended: list[tuple[int, int]] = field(default_factory=list)
    """Leaves whose time was over, as a line says."""

    def holds(self, leaf: int) -> bool:
        """Whether a segment has this leaf's entry."""
        return any(first <= leaf < end for first, end in self.held)

    def covers(self, leaf: int) -> bool:
        """Whether this leaf's row may be gone from the database."""
        return self.holds(leaf) or any(first <= leaf < end for first, end in self.ended)
