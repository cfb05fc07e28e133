"""The journal's lines of an account: who acted, at which establishment, which state the account reached."""

from datetime import datetime

from tierce.billing.bank.model import AccountState
from tierce.journal.model import Entry, EntryKind
from tierce.kernel.categories import DataCategory
from tierce.kernel.clock import micros
from tierce.kernel.ids import ActivityId, DeviceId, EstablishmentId, SessionId
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest


def account_line(
    act: Act,
    at: datetime,
    *,
    who: int,
    establishment: int,
    account: int,
    state: AccountState,
    session: int = 0,
    device: int = 0,
) -> Entry:
    """A line of kind ACCOUNT: `activity` is the state, `reference` the account; it holds no part of an IBAN."""
    return Entry(
        kind=EntryKind.ACCOUNT,
        act=act,
        outcome=Outcome.DONE,
        time_us=micros(at),
        professional=who,
        establishment=EstablishmentId(establishment),
        session=SessionId(session),
        device=DeviceId(device),
        activity=ActivityId(state),
        categories=DataCategory.BANK,
        policy=policy_digest(),
        reference=account,
    )
