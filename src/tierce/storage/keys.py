"""Key files, keyed indexes and sealing.

One file per key, 32 random bytes, readable by the one process that needs it (docs/reference/keys.md). A keyed
index is HMAC-SHA-256 (RFC 2104) cut to 128 bits; a sealed record is AES-256-GCM (NIST SP 800-38D) under a key
of one insurer and one compartment, bound by its associated data to the person it belongs to, so that a record
moved to another person or insurer no longer opens. Destroying an insurer's wrapped keys ends its contract.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from enum import IntEnum, StrEnum
from itertools import starmap
from pathlib import Path
from struct import iter_unpack
from typing import TYPE_CHECKING
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from tierce.kernel.durable import write_new
from tierce.kernel.ids import InsurerId, PersonId
from tierce.kernel.os_errors import os_reason
from tierce.storage.errors import KeyMissingError, SealBrokenError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KEY_BYTES = 32
GENERATIONS_MAX = 100
"""Keys that one file of look-ups may hold: one a year, and all that go wrong."""
INDEX_BYTES = 16
"""What is kept of an HMAC where people are looked up, and what the next layer is made of."""
_SEAL_VERSION = 1
_NONCE_BYTES = 12
_TAG_BYTES = 16
_AT_ONCE = 512
"""Records sealed between two moments at which another thread may go on: about half a millisecond."""


class Compartment(IntEnum):
    """What a sealed record holds; numbers are stored."""

    PERSON = 1
    COVERAGE = 2
    CONTACT = 3
    BANK = 4
    CARE = 5


class Purpose(StrEnum):
    """What a keyed function is for; each purpose has its own key file, so that no two lists can be joined."""

    INDEX = "index"
    """(NIR | birth date | rank) -> person.key.idx."""
    TRAIT = "trait"
    """Pivot identity -> person.trait.idx."""
    PAIR = "pair"
    """(establishment, identifiers) -> access.pair.key."""
    NETWORK = "network"
    """Address prefix -> journal pseudonym."""
    FEED = "feed"
    """Feed line and contract number -> digest."""
    ENGAGEMENT = "engagement"
    """Entry number -> engagement number."""
    RECEIPT = "receipt"
    """Deposit number -> receipt number; digest of a deposit sent again."""
    DOOR = "door"
    """Insurer's AMC number -> what opens a session for its staff (`registry.door`)."""
    CARD = "card"
    """(nonce, person, establishment) -> the handle in a dynamic card."""


LOOKUPS = (Purpose.INDEX, Purpose.TRAIT)
"""The keys that are replaced by a further layer (`storage/lookup_keys.py`); their files hold every key so far."""

CHAINS = (*LOOKUPS, Purpose.NETWORK)
"""The files that hold every key so far."""

PROVED = (Purpose.PAIR, Purpose.NETWORK, Purpose.FEED, Purpose.ENGAGEMENT, Purpose.RECEIPT)
"""Keys by which nobody is looked up and of which another file would serve in silence: the database knows each by its
proof, as it knows those of look-ups."""

COMPARTMENT_KEYS: Mapping[Compartment, str] = {
    Compartment.PERSON: "person",
    Compartment.COVERAGE: "coverage",
    Compartment.CONTACT: "contact",
}
"""The master key file of each compartment that exists so far."""

DEPOSIT_KEY = "deposit"
"""X25519: opens deposits; the worker's alone. Its public half is `deposit.pub`."""

BANK_KEY = "bank"
"""X25519: opens establishments' accounts; the process `billing`'s alone. Its public half is `bank.pub`."""

SIGNER_KEY = "signer"
"""From which the signing keys of dynamic cards are derived; the signer's alone."""

ALERTS_KEY = "alerts"
"""From which the key that signs alerts to other operators is derived; the office's alone."""

NO_KEY = b"none"
"""What a service manager hands over in place of a key file that is not there: its units cannot leave one out."""

EVERY_KEY = [
    *(purpose.value for purpose in Purpose),
    *COMPARTMENT_KEYS.values(),
    DEPOSIT_KEY,
    BANK_KEY,
    SIGNER_KEY,
    ALERTS_KEY,
]


class KeyedHash:
    """HMAC-SHA-256 under one key, each from a copy of one prepared context (four times cheaper than hmac.digest).

    Under a chain of keys, oldest first, it is HMAC(k_n, … HMAC(k_1, data) cut to an index …): what was stored under
    the chain before is enough to make it (docs/adr/0120).
    """

    def __init__(self, chain: bytes) -> None:
        """Prepare a context for each key of `chain`, 32 bytes each."""
        first, *layers = (HMAC(chain[at : at + KEY_BYTES], SHA256()) for at in range(0, len(chain), KEY_BYTES))
        self._begun, self._layers = first, layers

    def lasting(self, data: bytes) -> UUID:
        """The index of `data` under the first key alone, whatever came since: for what is kept for hours only."""
        one = self._begun.copy()
        one.update(data)
        return UUID(bytes=one.finalize()[:INDEX_BYTES])

    def digest(self, data: bytes) -> bytes:
        """Return the 32-byte HMAC of `data`."""
        one = self._begun.copy()
        one.update(data)
        return self._layered(one.finalize()) if self._layers else one.finalize()

    def many(self, items: Iterable[bytes], head: bytes = b"") -> bytes:
        """Return the HMACs of `head` followed by each item, 32 bytes each, end to end."""
        begun = self._begun.copy()
        begun.update(head)
        digests, begin = [], begun.copy
        for item in items:
            one = begin()
            one.update(item)
            digests.append(one.finalize())
        return b"".join(map(self._layered, digests) if self._layers else digests)

    def uuid(self, data: bytes) -> UUID:
        """Return the first 128 bits, as PostgreSQL's fixed 16-byte type."""
        return UUID(bytes=self.digest(data)[:INDEX_BYTES])

    def int64(self, data: bytes) -> int:
        """Return the first 64 bits as a signed integer, to fit bigint."""
        return int.from_bytes(self.digest(data)[:8], "big", signed=True)

    def _layered(self, digest: bytes) -> bytes:
        for layer in self._layers:
            one = layer.copy()
            one.update(digest[:INDEX_BYTES])
            digest = one.finalize()
        return digest


class Keyring:
    """The key files that one process was given; anything else is refused by name."""

    def __init__(self, directory: Path, names: Iterable[str]) -> None:
        """Read the named files of `directory`; a missing or short file raises KeyMissingError."""
        self._directory = directory
        self._keys = {str(name): _read_key(directory / f"{name}.key", _most(name)) for name in names}
        self._others = {name: _others(directory, name) for name in self._keys}
        self._hashes: dict[str, KeyedHash] = {}

    def raw(self, name: str) -> bytes:
        """Return a key's bytes."""
        try:
            return self._keys[name]
        except KeyError:
            msg = f"ce processus n’a pas reçu la clé {name} / this process was not given the key '{name}'"
            raise KeyMissingError(msg) from None

    def under(self, name: str, generation: int) -> None:
        """Look up by the first `generation` keys of a file alone: as many as the database says.

        Raises:
            KeyMissingError: the file holds fewer.
        """
        chain = self.raw(name)
        held = len(chain) // KEY_BYTES
        if held < generation:
            msg = (
                f"{name}.key tient {held} clé(s) et la base est sous la {generation}e : donnez à cette machine le "
                f"fichier d’aujourd’hui / {name}.key holds {held} key(s), the database is under number {generation}: "
                "give this machine today's file (docs/runbooks/key-rotation.md)"
            )
            raise KeyMissingError(msg)
        self._keys[name] = chain[: generation * KEY_BYTES]
        self._hashes.pop(name, None)

    def every(self, name: str) -> tuple[bytes, ...]:
        """A key's bytes, and those of the keys beside it that are about to be or have been in use."""
        return self.raw(name), *self._others[name]

    def unwrap(self, name: str, compartment: Compartment, insurer: InsurerId, version: int, wrapped: bytes) -> bytes:
        """Unwrap a data key by the master `name`, or by the one that takes its place or had it before.

        Raises:
            SealBrokenError: none of them opens it.
        """
        for master in self._others.get(name, ()):
            with suppress(SealBrokenError):
                return unwrap_key(master, compartment, insurer, version, wrapped)
        return unwrap_key(self.raw(name), compartment, insurer, version, wrapped)

    def hash(self, purpose: Purpose) -> KeyedHash:
        """Return the keyed function of a purpose."""
        if purpose not in self._hashes:
            self._hashes[purpose] = KeyedHash(self.raw(purpose.value))
        return self._hashes[purpose]

    def index(self, purpose: Purpose, data: bytes) -> UUID:
        """Keyed 128-bit index of `data` for one purpose."""
        return self.hash(purpose).uuid(data)

    def instance(self, name: str) -> Ed25519PrivateKey:
        """Return the signing key of a process that writes journal batches."""
        return Ed25519PrivateKey.from_private_bytes(_read_key(self._directory / f"instance-{name}.key"))


def _others(directory: Path, name: str) -> tuple[bytes, ...]:
    """The keys of `name` that are about to be or have been in use, while a rotation is under way."""
    paths = (directory / f"{name}.next.key", directory / f"{name}.previous.key")
    return tuple(_read_key(path) for path in paths if path.exists() and path.read_bytes() != NO_KEY)


def _most(name: str) -> int:
    """How many keys a file may hold: one, but for those that are replaced by a further layer."""
    return GENERATIONS_MAX if name in CHAINS else 1


def _read_key(path: Path, most: int = 1) -> bytes:
    try:
        key = path.read_bytes()
    except OSError as error:
        why = os_reason(error)
        msg = (
            f"le fichier de clé {path.name} ne se lit pas ({why.fr}) : vérifiez `keys`, remettez-le de sa copie "
            "scellée, ou sur une installation neuve `tierce upkeep keys DOSSIER` / "
            f"key file {path.name} cannot be read ({why.en}): check `keys`, bring it back from its sealed copy, "
            "or on a new installation make keys with `tierce upkeep keys DIRECTORY`"
        )
        raise KeyMissingError(msg) from None
    if len(key) % KEY_BYTES or not 1 <= len(key) // KEY_BYTES <= most:
        msg = (
            f"{path.name} a {len(key)} octets et non {KEY_BYTES} : remettez-le de sa copie scellée / key file "
            f"{path.name} holds {len(key)} bytes instead of {KEY_BYTES}; restore it from its backup"
        )
        raise KeyMissingError(msg)
    return key


def create_keys(directory: Path, instances: Iterable[str]) -> list[str]:
    """Make every key file that does not exist yet, mode 0600; never overwrites one. Returns the names made."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = []
    for name in [*EVERY_KEY, *(f"instance-{instance}" for instance in instances)]:
        path = directory / f"{name}.key"
        if path.exists():
            continue
        write_new(path, os.urandom(KEY_BYTES))
        made.append(name)
    return made


Versions = Mapping[tuple[Compartment, InsurerId], Mapping[int, bytes]]
"""Every version of each data key that a process may read."""


class Sealer:
    """Seals and opens records with the insurers' keys of the compartments this process may read."""

    def __init__(self, keys: Versions, reload: Callable[[], Versions] | None = None) -> None:
        """Take, for each compartment and insurer, every version of its key; the latest seals.

        `reload` reads them again when a record was sealed under one that is not known here.
        """
        self._reload = reload
        self._take(keys)

    def _take(self, keys: Versions) -> None:
        self._ciphers = {
            place: {version: AESGCM(key) for version, key in versions.items()} for place, versions in keys.items()
        }

    def seal(self, compartment: Compartment, insurer: InsurerId, person: PersonId, plaintext: bytes) -> bytes:
        """Seal one record; layout: format (1), key version (1), nonce (12), ciphertext and tag."""
        version, cipher = self._latest(compartment, insurer)
        nonce = os.urandom(_NONCE_BYTES)
        sealed = cipher.encrypt(nonce, plaintext, _place(compartment, insurer, person))
        return b"".join((bytes((_SEAL_VERSION, version)), nonce, sealed))

    def seal_many(
        self,
        compartment: Compartment,
        insurer: InsurerId,
        persons: "NDArray[np.int64]",
        plaintexts: "NDArray[np.uint8]",
    ) -> "NDArray[np.uint8]":
        """Seal many records of one length, each bound to its person, as `seal` does one: a matrix in, a matrix out.

        What the cipher is asked is laid out for all of them first, so that no object is made but what it is given.
        """
        import numpy as np  # noqa: PLC0415 - every command reads keys, and only files taken in are sealed in matrices

        version, cipher = self._latest(compartment, insurer)
        place = np.frombuffer(_place(compartment, insurer, PersonId(0))[:-8], np.uint8)
        (count, size), nonce = plaintexts.shape, _NONCE_BYTES
        asked = np.empty((count, nonce + size + len(place) + 8), np.uint8)
        asked[:, :nonce] = np.frombuffer(os.urandom(nonce * count), np.uint8).reshape(count, nonce)
        asked[:, nonce : nonce + size] = plaintexts
        asked[:, nonce + size : -8] = place
        asked[:, -8:] = persons.astype(">i8").view(np.uint8).reshape(count, 8)
        sealed = np.empty((count, 2 + nonce + size + _TAG_BYTES), np.uint8)
        sealed[:, :2] = _SEAL_VERSION, version
        sealed[:, 2 : 2 + nonce] = asked[:, :nonce]
        for at in range(0, count, _AT_ONCE):
            some = asked[at : at + _AT_ONCE]
            each = iter_unpack(f"{nonce}s{size}s{len(place) + 8}s", some.reshape(-1).data)
            bodies = np.frombuffer(b"".join(starmap(cipher.encrypt, each)), np.uint8)
            sealed[at : at + _AT_ONCE, 2 + nonce :] = bodies.reshape(len(some), size + _TAG_BYTES)
        return sealed

    def open_(self, compartment: Compartment, insurer: InsurerId, person: PersonId, sealed: bytes) -> bytes:
        """Open one record, or raise SealBrokenError."""
        if len(sealed) <= 2 + _NONCE_BYTES:
            msg = (
                f"enregistrement scellé de {len(sealed)} octets : aucun n’est si court / "
                f"sealed record of {len(sealed)} bytes: none is as short"
            )
            raise SealBrokenError(msg)
        known = self._ciphers.get((compartment, insurer), {})
        cipher = known.get(sealed[1]) or self._again(compartment, insurer).get(sealed[1])
        if sealed[0] != _SEAL_VERSION or cipher is None:
            msg = (
                f"enregistrement scellé au format {sealed[0]}, version de clé {sealed[1]} : ce processus ne peut pas "
                f"l’ouvrir / sealed record of format {sealed[0]}, key version {sealed[1]}: not one this process can "
                "open"
            )
            raise SealBrokenError(msg)
        nonce, body = sealed[2 : 2 + _NONCE_BYTES], sealed[2 + _NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, body, _place(compartment, insurer, person))
        except InvalidTag:
            raise SealBrokenError from None

    def opener(self, compartment: Compartment, insurer: InsurerId) -> Callable[[int, bytes], bytes]:
        """What opens many records of one insurer, each by its person, as `open_` does one."""
        known = self._ciphers.get((compartment, insurer), {})
        place = _place(compartment, insurer, PersonId(0))[:-8]
        head = 2 + _NONCE_BYTES

        def opened(person: int, sealed: bytes) -> bytes:
            cipher = known.get(sealed[1])
            if cipher is None or sealed[0] != _SEAL_VERSION:
                return self.open_(compartment, insurer, PersonId(person), sealed)
            try:
                return cipher.decrypt(sealed[2:head], sealed[head:], place + person.to_bytes(8, "big"))
            except InvalidTag:
                raise SealBrokenError from None

        return opened

    def _latest(self, compartment: Compartment, insurer: InsurerId) -> tuple[int, AESGCM]:
        """The version that seals, and its cipher."""
        known = self._ciphers.get((compartment, insurer)) or self._again(compartment, insurer)
        version = max(known)
        return version, known[version]

    def _again(self, compartment: Compartment, insurer: InsurerId) -> dict[int, AESGCM]:
        """Read the keys again, for an insurer or a version that is new; an insurer without any is refused."""
        if self._reload is not None:
            self._take(self._reload())
        known = self._ciphers.get((compartment, insurer))
        if known is None:
            msg = (
                f"aucune clé du compartiment {compartment.name.lower()} de l’organisme {insurer} / "
                f"no key for compartment {compartment.name.lower()} of insurer {insurer}"
            )
            raise SealBrokenError(msg)
        return known


def _place(compartment: Compartment, insurer: InsurerId, person: PersonId) -> bytes:
    return b"tierce-seal-v1" + bytes((compartment,)) + insurer.to_bytes(2, "big") + person.to_bytes(8, "big")


def wrap_key(master: bytes, compartment: Compartment, insurer: InsurerId, version: int, key: bytes) -> bytes:
    """Wrap an insurer's key under the compartment's master key."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(master).encrypt(nonce, key, _wrap_place(compartment, insurer, version))


def unwrap_key(master: bytes, compartment: Compartment, insurer: InsurerId, version: int, wrapped: bytes) -> bytes:
    """Unwrap an insurer's key, or raise SealBrokenError."""
    nonce, body = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
    try:
        return AESGCM(master).decrypt(nonce, body, _wrap_place(compartment, insurer, version))
    except (InvalidTag, ValueError):  # the second of what is cut short
        msg = (
            f"la clé enveloppée de l’organisme {insurer} ne s’ouvre pas : mauvaise clé maîtresse ou octets altérés / "
            f"the wrapped key of insurer {insurer} does not open: wrong master key or altered bytes"
        )
        raise SealBrokenError(msg) from None


def _wrap_place(compartment: Compartment, insurer: InsurerId, version: int) -> bytes:
    return b"tierce-wrap-v1" + bytes((compartment, version)) + insurer.to_bytes(2, "big")
