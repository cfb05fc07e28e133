"""The journal's lines of transfers: who acted, of which batch or transfer; nobody is named."""

from datetime import datetime

from tierce.journal.model import Entry, EntryKind
from tierce.kernel.clock import micros
from tierce.kernel.ids import DeviceId, InsurerId, SessionId
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest


def batch_line(
    act: Act, at: datetime, *, who: int, number: int, insurer: int = 0, session: int = 0, digest: bytes = b""
) -> Entry:
    """A line of kind INVOICE: `reference` is the batch or the transfer, `device` begins the digest of its file."""
    return Entry(
        kind=EntryKind.INVOICE, act=act, outcome=Outcome.DONE, time_us=micros(at), professional=who,
        session=SessionId(session), device=DeviceId(int.from_bytes(digest[:8], "big") >> 1),
        insurer=InsurerId(insurer), policy=policy_digest(), reference=number,
    )  # fmt: skip
