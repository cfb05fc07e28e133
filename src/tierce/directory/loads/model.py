"""What a line of the directory says, once read."""

from dataclasses import dataclass
from enum import IntEnum

from tierce.kernel.care import Profession


class Source(IntEnum):
    """Who named a row last. Numbers are stored; a whole file ends only what its own source had named."""

    OWN = 1
    NATIONAL = 2


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """One establishment; at least one of its three numbers is there."""

    finess: str | None
    legal_finess: str | None
    siret: str | None
    structure: str | None
    name: str
    town: str
    category: str = ""


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """One professional, and where a place is told, one profession exercised there; all of it is public.

    `base` is what she is wherever she works, `profession` what she is there; None: not served.
    """

    national_id: str
    rpps: str | None
    family_name: str
    given_name: str
    base: Profession | None
    place: PlaceLine | None
    profession: Profession | None
    profession_code: str = ""
    category_code: str = ""
    skill_code: str = ""
    mode_code: str = ""
    sector_code: str = ""
    role_code: str = ""
    kind_code: str = ""


@dataclass(frozen=True, slots=True)
class SkillLine:
    """One skill of one professional."""

    national_id: str
    skill_code: str


@dataclass(slots=True)
class Difference:
    """What a file would change, in rows, beside what there is now."""

    listed: int = 0
    ended: int = 0
    professionals: int = 0
    professionals_ended: int = 0
    renamed: int = 0
    new: int = 0
    professionals_new: int = 0
    lines: int = 0
    refused: int = 0
    nobody: int = 0
    """Refused lines of which it cannot be told whom they name."""
    day: int = 0
    last: int | None = None
    """The day of the latest file of this layout."""

    @property
    def number(self) -> int:
        """What whoever has looked repeats."""
        return self.ended + self.professionals_ended + self.renamed + self.new + self.professionals_new + self.refused
