"""What a witness remembers of each log, and what it refuses: C2SP `tlog-witness`, the `add-checkpoint` call.

It trusts nobody: a checkpoint is cosigned only when it is signed by the log's key and proved to contain the last one
seen. The last one is on disk, durably, before the cosignature leaves, so that no crash lets it cosign two histories.
"""

import base64
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tierce.journal.errors import JournalError, NoteFormatError
from tierce.journal.merkle import HASH_BYTES, verify_consistency
from tierce.journal.note import note_text, parse_verifier_key, read_checkpoint, unverified_checkpoint
from tierce.journal.witness.cosignature import cosign
from tierce.kernel.clock import Clock
from tierce.kernel.durable import replace

PROOF_LINES_MAX = 63


class WitnessRefusedError(JournalError):
    """The witness does not cosign; `status` is that of HTTP, `size` the last one seen where that is the reason."""

    def __init__(self, status: int, reason: str, size: int | None = None) -> None:
        """Say why, and under which status."""
        super().__init__(reason)
        self.status, self.size = status, size


@dataclass(frozen=True, slots=True)
class Request:
    """One call: the size that the log believes we have seen, the proof from there, and the new note."""

    old: int
    proof: tuple[bytes, ...]
    note: str


def write_request(request: Request) -> str:
    """The body of a call."""
    proof = "".join(f"{base64.b64encode(one).decode()}\n" for one in request.proof)
    return f"old {request.old}\n{proof}\n{request.note}"


def read_request(body: str) -> Request:
    """Read the body of a call.

    Raises:
        WitnessRefusedError: it is malformed.
    """
    head, blank, note = body.partition("\n\n")
    lines = head.split("\n")
    word, _space, old = lines[0].partition(" ")
    try:
        proof = tuple(base64.b64decode(one, validate=True) for one in lines[1:])
    except ValueError:
        proof = (b"",)
    if (
        not blank
        or word != "old"
        or not (old.isascii() and old.isdigit() and len(old) < 20)
        or len(proof) > PROOF_LINES_MAX
        or any(len(one) != HASH_BYTES for one in proof)
    ):
        raise WitnessRefusedError(
            400, "the call must have a line `old SIZE`, at most 63 hashes, a blank line and a note"
        )
    return Request(int(old), proof, note)


class Witness:
    """One witness, for any number of logs; calls may come from several threads."""

    def __init__(
        self, folder: Path, name: str, key: Ed25519PrivateKey, log_keys: Sequence[str], clock: Clock
    ) -> None:
        """Remember in `folder`; cosign as `name` for the logs whose key lines are given.

        Raises:
            KeyFormatError: a key line is malformed.
        """
        self._folder, self._name, self._key, self._clock = folder, name, key, clock
        self._logs: dict[str, list[Ed25519PublicKey]] = {}
        for line in log_keys:
            origin, public = parse_verifier_key(line)
            self._logs.setdefault(origin, []).append(public)
        self._turn = threading.Lock()

    def last(self, origin: str) -> str | None:
        """The last note cosigned for a log."""
        try:
            return self._file(origin).read_text("utf-8")
        except FileNotFoundError:
            return None

    def add_checkpoint(self, request: Request) -> str:
        """Check a checkpoint against the last one seen, remember it, and cosign it; gives the signature line.

        Raises:
            WitnessRefusedError: with the status that C2SP names for the reason.
        """
        try:
            origin = unverified_checkpoint(request.note).origin
        except NoteFormatError as error:
            raise WitnessRefusedError(400, str(error)) from None
        keys = self._logs.get(origin)
        if keys is None:
            raise WitnessRefusedError(404, "this witness does not know that log")
        try:
            signed = read_checkpoint(request.note, origin, *keys)
        except NoteFormatError as error:
            raise WitnessRefusedError(403, str(error)) from None
        if request.old > signed.size:
            raise WitnessRefusedError(400, "the old size is beyond the checkpoint")
        with self._turn:
            note = self.last(origin)
            last = None if note is None else read_checkpoint(note, origin, *keys)
            size = 0 if last is None else last.size
            if request.old != size:
                raise WitnessRefusedError(409, f"the last checkpoint seen has {size} leaves", size)
            if last is not None and size == signed.size and last.root != signed.root:
                raise WitnessRefusedError(409, f"another root of {size} leaves was seen: the log has forked", size)
            if last is None or size == 0:
                holds = not request.proof
            else:
                holds = verify_consistency(size, last.root, signed.size, signed.root, request.proof)
            if not holds:
                raise WitnessRefusedError(422, "the proof does not show that the log only grew")
            replace(self._file(origin), request.note.encode())
            return cosign(note_text(request.note), self._name, self._key, int(self._clock.now().timestamp()))

    def _file(self, origin: str) -> Path:
        return self._folder / f"{sha256(origin.encode()).hexdigest()[:32]}.checkpoint"
