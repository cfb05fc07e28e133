"""A journal line that stands for one answer shown: for a theft larger than any gate lets through."""

from dataclasses import dataclass
from datetime import datetime

from tierce.journal.model import Entry, EntryKind
from tierce.kernel.care import Domain
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import micros
from tierce.kernel.ids import DeviceId, EstablishmentId, InsurerId, PersonId, ProfessionalId, SessionId
from tierce.policy.acts import Act, Lane, Outcome

SHOWN = DataCategory.INSURER | DataCategory.GUARANTEES


@dataclass(frozen=True, slots=True)
class Theft:
    """Under which account, from which device, where."""

    professional: ProfessionalId
    device: DeviceId
    establishment: EstablishmentId
    session: SessionId


def disclosure(theft: Theft, person: PersonId, insurer: InsurerId, at: datetime, more: DataCategory) -> Entry:
    """The line of one answer that the thief was shown."""
    return Entry(
        kind=EntryKind.DISCLOSURE,
        act=Act.RIGHTS_ASK,
        lane=Lane.INTERACTIVE,
        outcome=Outcome.RELEASED,
        domain=Domain.HOSP,
        time_us=micros(at),
        professional=theft.professional,
        establishment=theft.establishment,
        session=theft.session,
        device=theft.device,
        insurer=insurer,
        seats_after=0,
        person=person,
        categories=SHOWN | more,
    )
