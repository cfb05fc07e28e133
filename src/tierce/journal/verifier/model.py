"""What the independent reader says of a journal."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

MEANS: Final = {
    "batch-cut": "un lot signé n’a plus toutes ses lignes",
    "batch-missing": "des lignes ne sont d’aucun lot signé",
    "batch-signature": "la signature du lot ne vaut pas pour ces lignes dans cet ordre",
    "block-abandoned": "des numéros ont été tirés et n’ont jamais servi : rien n’est perdu",
    "checkpoint-row": "la rangée du point de contrôle ne répète pas sa note signée",
    "checkpoint-signature": "un point de contrôle ne se lit pas ou sa signature est fausse",
    "columns-differ": "les colonnes à côté de la ligne ne répètent pas ses octets",
    "cosignature-alone": "un témoin a signé une taille dont aucun point de contrôle n’est gardé",
    "cosignature-signature": "la signature gardée d’un témoin n’est pas la sienne",
    "end-unlisted": "un segment a disparu et aucune ligne du journal ne le dit",
    "ended-early": "un segment a disparu avant la fin de son temps",
    "entry-added": "une ligne a été ajoutée à un lot signé",
    "entry-altered": "la ligne n’est pas celle de l’arbre",
    "entry-removed": "la ligne a disparu, son empreinte est dans l’arbre",
    "entry-unreadable": "la ligne n’est pas de version 1, ou de nature inconnue",
    "instance-unknown": "le lot est signé d’un processus qui n’est pas inscrit",
    "leaf-missing": "une feuille manque",
    "leaf-moved": "un bloc n’est plus à sa place",
    "leaf-unsigned": "des feuilles sont rangées sous aucun point de contrôle",
    "log-cut": "le journal s’arrête avant un point de contrôle signé",
    "redaction-unfinished": "une ligne caviardée tient encore une personne ou un sel",
    "redaction-unlisted": "une ligne est caviardée sans la demande de deux personnes",
    "root-differs": "un point de contrôle signe une autre racine",
    "segment-altered": "un segment est altéré",
    "segment-ended": "le temps de ce segment était fini : il a été retiré",
    "segment-missing": "un segment manque",
    "segments-unread": "des segments sont inscrits : donnez leur dossier et celui des tuiles",
    "tile-altered": "une tuile publiée est altérée",
    "tile-missing": "une tuile publiée manque ou est coupée",
    "tiles-behind": "les tuiles publiées sont en retard sur le journal",
}
"""What each code of a finding means, in French; `message` has the case in English."""


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
