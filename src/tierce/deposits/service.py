"""The counter at which deposits are left: reached while the database is not, and unable to read back what it takes.

Fail closed for disclosure, open for deposit, bounded. Without the store nobody's session can be looked up, so a
deposit is taken from whoever sends a well-formed handle, with the proof by her browser's key when there is one;
whether that session stands is verified at the resolution, from the very bytes that were sealed.
"""

import asyncio
import errno
import hmac
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from tierce.deposits.errors import NotClosedError, SpoolBusyError, SpoolFullError, TooManyDepositsError
from tierce.deposits.model import Insurer, Receipt, State, Typed
from tierce.deposits.receipts import print_receipt, read_receipt
from tierce.deposits.rules import check_label, insurer_of, parse_deposit, promise
from tierce.deposits.sealing import Envelope, seal
from tierce.deposits.spool import SpoolWriter
from tierce.identity.dpop import ProofVerifier, digest_of
from tierce.identity.errors import SessionReason, SessionRefusedError
from tierce.identity.reading.service import HANDLE_LENGTH
from tierce.kernel.clock import Clock, date_of, from_micros, micros, paris_day
from tierce.policy.deposits import (
    SESSION_A_DAY,
    SESSION_A_MINUTE,
    SPOOL_BYTES_MAX,
    STRANGERS_A_MINUTE,
    STRANGERS_BYTES_MAX,
    DepositReason,
    DepositState,
)

COUNTED_MAX: Final = 100_000
TIDY_SECONDS: Final = 600
_MINUTE, _DAY = 60, 86_400
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, repr=False)
class Left:
    """A deposit as it reached us: handle, body and proof as bytes, and the public address the proof is made for."""

    handle: bytes
    body: bytes
    proof: bytes | None
    url: str


@dataclass(slots=True)
class Pace:
    """Counts per subject and stretch of time; what is oldest is forgotten first."""

    seconds: int
    most: int
    counts: OrderedDict[tuple[bytes, int], int] = field(default_factory=OrderedDict)

    def count(self, subject: bytes, now: int) -> bool:
        """Count one more; False when it is one too many."""
        place = (subject, now // self.seconds)
        number = self.counts.pop(place, 0) + 1
        self.counts[place] = number
        if len(self.counts) > COUNTED_MAX:
            self.counts.popitem(last=False)
        return number <= self.most


class Counter:
    """Takes deposits for one `api` process."""

    def __init__(
        self,
        spool: SpoolWriter,
        public: X25519PublicKey,
        key: bytes,
        proofs: ProofVerifier,
        clock: Clock,
    ) -> None:
        """Seal to `public`; print receipts under `key`, 32 bytes."""
        self._spool = spool
        self._public = public
        self._key = key
        self._proofs = proofs
        self._clock = clock
        self._paces = (Pace(_MINUTE, SESSION_A_MINUTE), Pace(_DAY, SESSION_A_DAY))
        self._tidied = 0.0
        self._failing = False
        self._strangers = Pace(_MINUTE, STRANGERS_A_MINUTE)
        self.insurers: Mapping[str, Insurer] = {}
        """By AMC number, with their choices; public, kept for when the store is away."""
        self.knows: Callable[[bytes], bool] = lambda _digest: False
        """Whether this process has seen a session alive, by the digest of its handle."""

    async def take(self, left: Left, takes: Callable[[Typed], bool]) -> Receipt:
        """Take one deposit; on return it is on disk. `takes` says whether what it is about is closed.

        Raises:
            NotClosedError: it is not; the question is to be asked.
            DepositFieldError: a field is missing or malformed; nothing was kept.
            SessionRefusedError: no handle; ProofRefusedError: the proof does not fit this very request.
            TooManyDepositsError, SpoolFullError: beyond a bound; nothing was kept.
        """
        now = self._clock.now()
        typed = parse_deposit(left.body, date_of(paris_day(now)))
        check_label(typed)
        handle = sha256(left.handle).digest()
        if not takes(typed):
            raise NotClosedError
        self._check(left)
        key = hmac.digest(self._key, b"tierce-deposit-key-v1" + handle + left.body, "sha256")[:16]
        found = self._spool.find(key)
        if found is None:
            stranger = not self.knows(handle)
            self._pace(handle, int(now.timestamp()), stranger=stranger)

            def make(number: int) -> bytes:
                ath = digest_of(left.handle)
                return seal(self._public, Envelope(number, now, handle, ath, left.url, left.body, left.proof))

            most = STRANGERS_BYTES_MAX if stranger else SPOOL_BYTES_MAX
            try:
                found = await asyncio.to_thread(self._spool.append, key, micros(now), make, most)
            except SpoolFullError as error:
                if isinstance(error.__cause__, OSError | SpoolBusyError):
                    self._fails(error.__cause__)
                raise
        return self._receipt(found, typed, signed=left.proof is not None)

    def given(self, text: str) -> bool:
        """Whether this spool gave a receipt of this number; it says nothing of what is under it."""
        return self._spool.given(read_receipt(self._key, text))

    def waiting(self, number: int) -> State:
        """The state of a receipt that is still in the spool."""
        return State(self.printed(number), None, DepositState.RECEIVED, DepositReason.NONE, None, None, None, None)

    def number(self, text: str) -> int:
        """Read a receipt's number as typed."""
        return read_receipt(self._key, text)

    def printed(self, number: int) -> str:
        """Print a receipt's number."""
        return print_receipt(self._key, number)

    def turn(self) -> None:
        """Hand what was taken to the worker; called now and then, and again when the folder failed."""
        now = self._clock.now().timestamp()
        try:
            if self._failing:
                self._spool.insist_room()
            self._spool.rotate()
            if now - self._tidied > TIDY_SECONDS:
                self._tidied = now
                self._spool.forget_keys(now)
        except (OSError, SpoolBusyError) as error:
            self._fails(error)
        else:
            self._failing = False

    def close(self) -> None:
        """Let the spool go."""
        self._spool.close()

    @property
    def works(self) -> bool:
        """Whether a deposit that comes now finds its folder, as far as is known."""
        return not self._failing

    def _fails(self, error: OSError | SpoolBusyError) -> None:
        """Log once what the folder fails by, until it has worked again."""
        number = error.errno if isinstance(error, OSError) else None
        if not self._failing:
            _log.warning("the spool fails: %s", errno.errorcode.get(number or 0, type(error).__name__))
        self._failing = True

    def _check(self, left: Left) -> None:
        """The handle has its shape, and a proof fits this request by the key that it carries itself."""
        if len(left.handle) != HANDLE_LENGTH:
            raise SessionRefusedError(SessionReason.UNKNOWN)
        if left.proof is None:
            return
        proof = self._proofs.verify(
            left.proof, method="POST", url=left.url, ath=digest_of(left.handle), body=left.body
        )
        seconds = int(self._clock.now().timestamp())
        if not self._paces[0].count(proof.thumbprint, seconds):
            raise TooManyDepositsError

    def _pace(self, handle: bytes, seconds: int, *, stranger: bool) -> None:
        # First, and nothing more is counted of one too many: a flood of them would have others' counts forgotten.
        if stranger and not self._strangers.count(b"", seconds):
            raise TooManyDepositsError
        counted = [pace.count(handle, seconds) for pace in self._paces]
        if not all(counted):
            raise TooManyDepositsError

    def _receipt(self, found: tuple[int, int], typed: Typed, *, signed: bool) -> Receipt:
        number, at_us = found
        received = from_micros(at_us)
        insurer = insurer_of(typed, self.insurers)
        return Receipt(
            number=self.printed(number),
            received=received,
            domain=typed.domain,
            care_date=typed.care_date,
            amount=typed.amount,
            insurer=insurer.name if insurer else None,
            promised=promise(typed, received, self.insurers, signed=signed),
            label=typed.label,
        )
