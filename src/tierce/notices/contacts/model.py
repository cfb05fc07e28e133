"""How to reach one person, as her insurer lent it for one incident."""

from dataclasses import dataclass, field, replace
from datetime import date

from tierce.kernel.language import Language


@dataclass(frozen=True, slots=True, repr=False)
class Contact:
    """One person's contact data. Its repr shows nothing.

    `name` is how she is addressed; `postal` the lines of her address, without the name, or none; `language` the code
    of the language she reads; `representative` the name of whoever must be written to in her place, a minor's or a
    protected adult's, at this same address; `former` that she no longer is insured there; `adult_from` the day on
    which she is 18, of somebody who was not yet when it was lent.
    """

    name: str
    email: str | None = None
    postal: tuple[str, ...] = ()
    language: str = field(default=Language.FR.value)
    representative: str | None = None
    former: bool = False
    adult_from: date | None = None

    def on(self, day: date) -> "Contact":
        """How she is written to on a day: whoever came of age since it was lent, at her address and in her own name.

        Her representative was a minor's, and the mailbox is read by whoever represented her: what concerns her now is
        not told there. A protected adult's has no day of majority, or is lent again.
        """
        if self.representative is None or self.adult_from is None or day < self.adult_from:
            return self
        return replace(self, representative=None, email=None)

    def is_alone(self, on: date) -> bool:
        """Whether she is a minor on a day and nobody is named to represent her: she is not written to."""
        return self.representative is None and self.adult_from is not None and on < self.adult_from

    def __repr__(self) -> str:
        return "Contact(•••)"
