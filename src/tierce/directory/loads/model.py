"""What a line of the directory says, once read."""

from dataclasses import dataclass

from tierce.kernel.care import Profession


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """One professional, one place, one profession exercised there; all of it is public."""

    national_id: str
    rpps: str | None
    family_name: str
    given_name: str
    finess: str
    establishment_name: str
    town: str
    profession: Profession
