"""Taking a peer's signed alert in: verified first, then kept once, with its journal line, in one transaction.

Whoever sends it is told the same whether or not we know whom it names. Nothing of a token is logged.
"""

from psycopg import Connection

from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock, micros
from tierce.kernel.ids import DeviceId, new_id
from tierce.peer_alerts import store
from tierce.peer_alerts.errors import Err, PeerFullError, SetRefusedError
from tierce.peer_alerts.rules import read
from tierce.peer_alerts.signing import issuer_of, verified
from tierce.policy.acts import Act, Outcome
from tierce.policy.digest import policy_digest
from tierce.policy.peer_alerts import ACCUSES, Event

TOLD = ACCUSES | {Event.ACCOUNT_ENABLED}
"""What has a journal line; the rest changes nothing and is counted."""


class Receiver:
    """One per process `peers`; connections are of role tierce_peers in autocommit mode."""

    def __init__(self, appender: Appender, clock: Clock, audience: str) -> None:
        """Take in what is signed for `audience`, our own public address."""
        self._appender = appender
        self._clock = clock
        self._audience = audience

    def take(self, connection: Connection, token: bytes) -> None:
        """Take one token in; the same one a second time changes nothing.

        Raises:
            SetRefusedError: nobody whom we know signed it, or it does not say what an alert says.
            PeerFullError: that peer sent as much as it may today.
        """
        issuer = issuer_of(token)
        peer = next((one for one in store.peers(connection) if one.issuer == issuer), None)
        if peer is None:
            raise SetRefusedError(Err.INVALID_ISSUER, "iss: no operator is registered here under this issuer")
        now = self._clock.now()
        said = read(verified(token, peer.keys), self._audience, now)
        number = new_id()
        with connection.transaction():
            taken = store.take(connection, peer.number, said, number)
            if taken is store.Taken.KEPT and said.event in TOLD:
                entry = Entry(
                    kind=EntryKind.ALERT,
                    act=Act.PEER_ALERT,
                    outcome=Outcome.DONE,
                    time_us=micros(now),
                    device=DeviceId(peer.number),
                    policy=policy_digest(),
                    reference=number,
                )
                self._appender.write(connection, [entry])
        if taken is store.Taken.FULL:
            raise PeerFullError
        if taken is store.Taken.ENDED:
            raise SetRefusedError(Err.INVALID_ISSUER, "iss: no operator is registered here under this issuer")
