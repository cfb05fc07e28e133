"""The journal line of an act of one session of a professional."""

from datetime import datetime

from tierce.identity.model import SessionState
from tierce.journal.model import Entry, EntryKind
from tierce.kernel.clock import micros
from tierce.kernel.ids import ActivityId, DeviceId, EstablishmentId
from tierce.policy.acts import Act, Outcome


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
