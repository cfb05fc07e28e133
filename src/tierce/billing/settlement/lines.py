"""The journal's lines of transfers and refusals: who acted, of what; nobody is named."""

from datetime import datetime

from tierce.journal.model import Entry, EntryKind
from tierce.kernel.clock import micros
from tierce.kernel.ids import DeviceId, EstablishmentId, InsurerId, SessionId
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest


def batch_line(
    act: Act,
    at: datetime,
    *,
    who: int,
    number: int,
    insurer: int = 0,
    session: int = 0,
    digest: bytes = b"",
    establishment: int = 0,
    kind: EntryKind = EntryKind.INVOICE,
) -> Entry:
    """A line of a batch, transfer, invoice or agreement, which is `reference`; `device` begins its file's digest."""
    return Entry(
        kind=kind, act=act, outcome=Outcome.DONE, time_us=micros(at), professional=who,
        session=SessionId(session), device=DeviceId(int.from_bytes(digest[:8], "big") >> 1),
        insurer=InsurerId(insurer), establishment=EstablishmentId(establishment), policy=policy_digest(),
        reference=number,
    )  # fmt: skip
