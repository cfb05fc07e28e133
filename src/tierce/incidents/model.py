"""An incident, the criteria of its scope, and the exact list of people exposed."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum

from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import DeviceId, IncidentId, InsurerId, StaffId
from tierce.kernel.language import Phrase
from tierce.kernel.saying import say_name
from tierce.scope.model import Criteria, Gap, GapKind, TreeHead
from tierce.scope.rules import is_over


class Purpose(IntEnum):
    """Why a member of staff looks at one person; kept in the `activity` field of her journal line."""

    ANSWER_PERSON = 1
    MATCH_IDENTITY = 2
    PREPARE_LETTER = 3
    AUTHORITY_REQUEST = 4


PURPOSES: dict[Purpose, Phrase] = {
    Purpose.ANSWER_PERSON: Phrase(
        "répondre à cette personne, qui nous a contactés", "answer this person, who has contacted us"
    ),
    Purpose.MATCH_IDENTITY: Phrase(
        "vérifier une correspondance d’identité avec l’assureur", "check an identity match with the insurer"
    ),
    Purpose.PREPARE_LETTER: Phrase("préparer ou relire sa lettre", "prepare or proofread her letter"),
    Purpose.AUTHORITY_REQUEST: Phrase(
        "répondre à une demande écrite d’une autorité", "answer an authority’s written request"
    ),
}
"""The purposes a member of staff may state, in the words of the form."""


@dataclass(frozen=True, slots=True)
class InsurerCount:
    """One insurer's part of a scope: (person, insurer) pairs, and the released lines under them."""

    insurer: InsurerId
    persons: int
    entries: int
    categories: DataCategory


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident: its three times are apart, since different clocks start from each.

    `signal_at` is when something was first noticed; `aware_at` when it was established, with reasonable
    certainty, that personal data was compromised, by whom and on what ground (GDPR article 33; EDPB 9/2022).
    """

    id: IncidentId
    title: str
    signal_at: datetime
    day: date
    """Of the first signal as it was said first, in Paris: the reference bears it, whatever is corrected since."""
    aware_at: datetime | None
    aware_by: str | None
    aware_why: str | None
    dismissed_at: datetime | None = None
    """Since when it is proved not to be a breach."""


ENTERED = 0
"""In place of an account, what every event entered without one is opened on: each opener has seen all before hers."""


@dataclass(frozen=True, slots=True)
class OpenedOn:
    """On what an incident is opened, once: two people who had seen the same cannot both open one.

    `subject` is the account, or `ENTERED` for an event that is entered without one; `seen` is how many incidents of
    it, or events entered so, whoever opens this one knows of.
    """

    subject: int
    seen: int = 0


@dataclass(frozen=True, slots=True)
class SmallerAsk:
    """A list that some people would be on no more, as one member of staff asked for it; `gone` counts them."""

    criteria: Criteria
    gone: int
    why: str
    staff: StaffId
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DismissalAsk:
    """That an established breach was none, as one member of staff wrote it; `gone` counts the lines of its list."""

    gone: int
    why: str
    staff: StaffId
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ScopeSummary:
    """A stored revision of a scope, without its list."""

    incident: IncidentId
    revision: int
    criteria: Criteria
    gaps: tuple[Gap, ...]
    unattributed: int
    pending: int
    """Lines of the window that were written but not yet under the checkpoint when the list was computed."""
    digest: bytes
    persons: int
    entries: int
    tree: TreeHead
    at: datetime
    possible: int | None
    """People of whom the journal cannot tell; None in a list that was made before they were counted."""
    excluded: int | None
    """People who were asked for and of whom nothing was shown; None as above."""
    writing: bool = False
    """Whether a transaction that may write lines of the window was open when the list was made."""

    @property
    def is_open(self) -> bool:
        """Whether lines of the window could still come when the list was made (as gate.person_concerned says)."""
        return not is_over([self.criteria], self.at) or self.writing

    @property
    def untold(self) -> tuple[Gap, ...]:
        """Why the list says less than "nobody else": its gaps, lines that wait or may come, categories left out."""
        going_on = (Gap(GapKind.OPEN, 0, 0, 0),) if self.is_open else ()
        waiting = (Gap(GapKind.WAITING, 0, 0, self.pending),) if self.pending else ()
        narrowed = (Gap(GapKind.NARROWED, 0, 0, 0),) if self.criteria.categories else ()
        return self.gaps + going_on + waiting + narrowed


@dataclass(frozen=True, slots=True)
class ListPreview:
    """How many people a list would count, before it is kept: by status, and whether the journal is whole there."""

    confirmed: int
    possible: int
    excluded: int
    whole: bool


@dataclass(frozen=True, slots=True)
class DeviceUse:
    """What one device did with one account, for staff to tell the owner's from the thief's.

    `asks` counts every line, `released` those that showed somebody, `persons` the different people shown.
    """

    device: DeviceId
    created: datetime | None
    first_at: datetime
    last_at: datetime
    asks: int
    released: int
    persons: int


@dataclass(frozen=True, slots=True, repr=False)
class Civil:
    """A person's civil status as staff read it after a journalled act. Its repr shows nothing."""

    family_name: str
    used_name: str
    given_names: str
    birth_date: str

    def __repr__(self) -> str:
        """Show nothing of the person."""
        return "Civil(...)"

    @property
    def full_name(self) -> str:
        """First given name and the name she uses, as one writes it on an envelope."""
        given = self.given_names.split()[0] if self.given_names.split() else ""
        return f"{say_name(given)} {say_name(self.used_name or self.family_name)}".strip()
