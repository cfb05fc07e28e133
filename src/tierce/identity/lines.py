"""The journal line of an act of one session: a professional's, or one of the staff's."""

from datetime import datetime

from tierce.identity.model import SessionState, StaffCaller
from tierce.journal.model import Entry, EntryKind
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import micros
from tierce.kernel.ids import NOBODY, ActivityId, DeviceId, EstablishmentId, InsurerId, PersonId
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest


def line_of(state: SessionState, act: Act, at: datetime, policy: bytes, reference: int = 0) -> Entry:
    """Say who acted, where, on which device; of nobody covered."""
    place = state.activity
    return Entry(
        kind=EntryKind.IDENTITY,
        act=act,
        outcome=Outcome.DONE,
        time_us=micros(at),
        professional=state.professional,
        establishment=place.establishment if place else EstablishmentId(0),
        activity=place.id if place else ActivityId(0),
        session=state.id,
        device=state.device or DeviceId(0),
        software=state.software,
        vendor=state.vendor,
        network=state.network,
        policy=policy,
        reference=reference,
    )


def staff_line(
    caller: StaffCaller,
    act: Act,
    at: datetime,
    *,
    reference: int = 0,
    person: PersonId = NOBODY,
    insurer: InsurerId | None = None,
    categories: DataCategory = DataCategory.NONE,
    purpose: int = 0,
) -> Entry:
    """Say who of the staff did what, on what (`reference`, by act), about which person and why.

    The number of a stated purpose stands in `activity`.
    """
    return Entry(
        kind=EntryKind.STAFF_ACT,
        act=act,
        outcome=Outcome.DONE,
        time_us=micros(at),
        professional=caller.staff,
        session=caller.session,
        activity=ActivityId(purpose),
        insurer=insurer or InsurerId(0),
        person=person,
        categories=categories,
        policy=policy_digest(),
        reference=reference,
    )
