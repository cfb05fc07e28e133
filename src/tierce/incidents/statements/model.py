"""A statement that a category was not concerned, and the proof it rests on."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from tierce.incidents.cohorts.model import Cohort
from tierce.kernel.categories import DataCategory
from tierce.kernel.language import Phrase


class ProofKind(StrEnum):
    """What may prove that a category was not concerned; the words are stored."""

    JOURNAL = "journal"
    """The list of people exposed, by its digest: it is whole, and no line of the cohort showed the category."""
    PRIVILEGES = "privileges"
    """What the database lets each role do, by the digest of its snapshot: the role that answers professionals may
    not reach the compartment of the category."""


PROOF_LABELS: dict[ProofKind, Phrase] = {
    ProofKind.JOURNAL: Phrase("le journal : la dernière liste, entière", "the journal: the newest list, whole"),
    ProofKind.PRIVILEGES: Phrase(
        "les droits dans la base : ce compartiment lui est fermé", "the database’s privileges: it is closed there"
    ),
}


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof: its kind, and the SHA-256 of what proves (a list, or a snapshot of privileges)."""

    kind: ProofKind
    digest: bytes


@dataclass(frozen=True, slots=True)
class Statement:
    """One category was not concerned, for one cohort."""

    category: DataCategory
    cohort: Cohort
    proof: Proof | None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Privileges:
    """What each role of ours may do in the compartments: lines ``role schema object privilege``, sorted."""

    lines: tuple[str, ...]

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the lines, one line feed after each."""
        return hashlib.sha256("".join(f"{line}\n" for line in self.lines).encode()).digest()

    def may(self, role: str, schema: str) -> bool:
        """Whether a role has any privilege in a schema."""
        return any(line.split(" ")[:2] == [role, schema] for line in self.lines)
