"""Which holds a person may order, and the journal line of each; pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from tierce.identity.model import StaffCaller
from tierce.incidents.holds.errors import OrderError
from tierce.incidents.holds.model import Order
from tierce.journal.model import Entry, EntryKind
from tierce.kernel.clock import micros
from tierce.kernel.ids import DeviceId
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest
from tierce.policy.ladder import Level, Rung

DURATIONS: Mapping[int, timedelta] = {hours: timedelta(hours=hours) for hours in (24, 72, 168)}
"""How long a person may hold somebody for, in hours: a hold always ends, and is prolonged by ordering it again."""
LEVELS = frozenset({Level.LOGIN, Level.DEVICE})
"""What these pages hold. A wider closing needs its own page, which shows who would be without care."""


def check_order(order: Order) -> None:
    """Refuse an order that these pages do not take; raises OrderError naming the field."""
    if order.rung is Rung.NONE:
        raise OrderError("rung", Phrase("Choisissez un échelon.", "Choose a rung."))
    if order.last not in DURATIONS.values():
        raise OrderError("hours", Phrase("Choisissez une durée de la liste.", "Choose a duration of the list."))
    if order.level not in LEVELS:
        raise OrderError("on", Phrase("Choisissez le compte ou un appareil.", "Choose the account or a device."))


def move_line(caller: StaffCaller, at: datetime, number: int, order: Order | None = None) -> Entry:
    """The line of a hold placed (with its order) or lifted; `reference` is the ladder's row."""
    device = order.subject if order is not None and order.level is Level.DEVICE else 0
    return Entry(
        kind=EntryKind.LADDER_MOVE,
        act=Act.STAFF_LADDER_MOVE,
        outcome=Outcome.DONE,
        time_us=micros(at),
        professional=caller.staff,
        session=caller.session,
        device=DeviceId(device),
        policy=policy_digest(),
        reference=number,
    )
