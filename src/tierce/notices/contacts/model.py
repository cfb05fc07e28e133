"""How to reach one person, as her insurer lent it for one incident."""

from dataclasses import dataclass, field

from tierce.kernel.language import Language


@dataclass(frozen=True, slots=True, repr=False)
class Contact:
    """One person's contact data. Its repr shows nothing.

    `name` is how she is addressed; `postal` the lines of her address, without the name, or none; `language` the code
    of the language she reads; `representative` the name of whoever must be written to in her place, a minor's or a
    protected adult's, at this same address; `former` that she no longer is insured there.
    """

    name: str
    email: str | None = None
    postal: tuple[str, ...] = ()
    language: str = field(default=Language.FR.value)
    representative: str | None = None
    former: bool = False

    def __repr__(self) -> str:
        return "Contact(•••)"
