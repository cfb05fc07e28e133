"""Where an operator plugs in a verifier of its own: appli carte Vitale, SESAM-Vitale, or another.

No public specification lets anybody verify those two without a contract, so none comes with Tierce and nothing stands
in for one. A package that declares an entry point of the group `tierce.presence` is found at start.
"""

from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Protocol

from tierce.kernel.ids import EstablishmentId
from tierce.kernel.nir import BirthDate, Nir, Rank, normalise
from tierce.presence.model import OWN_MEANS

GROUP = "tierce.presence"


@dataclass(frozen=True, slots=True, repr=False)
class Verified:
    """What a verifier found: whose presence is proved, and the number of the proof, which serves once."""

    who: bytes
    once: str

    @classmethod
    def of(cls, nir: Nir, birth_date: BirthDate, rank: Rank, once: str) -> "Verified":
        """Name the person by the identifiers that the verifier read itself, never by what the asker typed."""
        return cls(normalise(nir, birth_date, rank), once)

    def __repr__(self) -> str:
        """Show nothing of the person."""
        return "Verified(...)"


class Verifier(Protocol):
    """Verifies one means of proof. It must refuse what is not fresh, and what was made for another place."""

    async def verify(self, proof: str, place: EstablishmentId) -> Verified | None:
        """Return what `proof` proves, read at `place`, or None when it proves nothing."""


def installed() -> dict[str, Verifier]:
    """The verifiers of this installation, by the name of their entry point; none may take a name of ours."""
    found: dict[str, Verifier] = {}
    for point in entry_points(group=GROUP):
        if point.name in OWN_MEANS:
            msg = f"the entry point {point.name} of group {GROUP} takes a name of ours; rename it"
            raise ValueError(msg)
        found[point.name] = point.load()()
    return found
