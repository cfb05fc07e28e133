"""What another operator asks about, and what we say of it."""

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What an indicator names."""

    RPPS = "rpps"
    """A professional, by the eleven digits that every operator knows her by."""
    FINESS = "finess"
    """An establishment, by its nine characters."""
    DEVICE = "device"
    """A device's public key, by its RFC 7638 thumbprint (SHA-256, base64url)."""
    NETWORK = "network"
    """A range of addresses."""
    SOFTWARE = "software"
    """A vendor's software, by its name."""


class Verdict(StrEnum):
    """What we can say of one indicator."""

    TOUCHED = "touched"
    NOT_TOUCHED = "not touched"
    CANNOT_TELL = "cannot tell"


class Why(StrEnum):
    """The ground of a verdict."""

    RELEASED = "released"
    """Touched: a line says that something of a person was shown."""
    ASKED = "asked"
    """Touched: questions were asked, and nothing was shown."""
    NO_LINE = "no line"
    """Not touched: no line of the whole window bears it."""
    NEVER_KNOWN = "never known"
    """Not touched: no line can bear what our registers, which forget nothing here, never held."""
    COARSE = "coarse"
    """Cannot tell: lines bear the /24 or /48 around this range, and the journal keeps nothing finer."""
    NAME = "name"
    """Cannot tell: no software has this name here; it may be known by another."""
    FORGOTTEN = "forgotten"
    """Cannot tell: this device is not known, and those that were not used since may have been forgotten."""
    NOT_OVER = "not over"
    """Cannot tell: the window ends after what the last checkpoint covers."""
    NOT_KEPT = "not kept"
    """Cannot tell: the window begins before what is kept."""
    HOLE = "hole"
    """Cannot tell: lines of the window are missing or unreadable."""
    CLOCK = "clock"
    """Cannot tell: a clock jumped, and lines written around it may be of the window."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """One line of a question. Its repr leaves the value out.

    `from_us` is included and `until_us` is not; both count microseconds since 1970-01-01T00:00:00Z.
    """

    line: int
    kind: Kind
    value: str = field(repr=False)
    from_us: int
    until_us: int


@dataclass(frozen=True, slots=True)
class Question:
    """A file of indicators; `digest` is the SHA-256 of its bytes."""

    digest: bytes
    indicators: tuple[Indicator, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """What lines an indicator is looked for by.

    Attributes:
        kind: which of the columns.
        values: numbers of ours, or pseudonyms of networks; none when no line can bear it.
        unknown: what to say when there are none.
        exact: False where a line that bears it may be of a neighbour.
    """

    kind: Kind
    values: frozenset[int] | frozenset[bytes]
    unknown: Why = Why.NEVER_KNOWN
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Hits:
    """What the lines of an indicator come to: how many, how many showed something, of how many people."""

    lines: int = 0
    released: int = 0
    persons: int = 0


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the journal answers: from when it is kept, and before when every line is under the checkpoint."""

    from_us: int
    until_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is said of the indicator on one line of the question."""

    line: int
    verdict: Verdict
    why: Why
    lines: int
    released: int
    persons: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is signed (docs/reference/scope-indicators.md): it repeats no value of the question, and names nobody.

    Attributes:
        format: FORMAT.
        operator: the name of the log that was read.
        question: the SHA-256 of the file that was sent, hexadecimal.
        at: when, RFC 3339 in UTC.
        tree_size: the leaves under the checkpoint that was read.
        tree_root: their root, hexadecimal.
        indicators: one for each, in the order of the lines.
    """

    format: str
    operator: str
    question: str
    at: str
    tree_size: int
    tree_root: str
    indicators: list[Said]
