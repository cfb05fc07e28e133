"""Register and end vendor software, each with its journal line in the same transaction."""

import re
from dataclasses import dataclass

from psycopg import Connection

from tierce.identity.exchange import check_keys
from tierce.identity.software import store
from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock, micros
from tierce.kernel.errors import TierceError
from tierce.kernel.ids import SoftwareId, VendorId
from tierce.policy.acts import Act, Outcome

_CLIENT_ID = re.compile(r"[a-z0-9][a-z0-9-]{2,62}", re.ASCII)
_NAME_CHARS_MAX = 80
_AZP_CHARS_MAX = 128


class SoftwareError(TierceError):
    """The registration cannot be made as given; nothing was written. Its text is for staff, French first."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What the operator registers of one piece of software."""

    client_id: str
    """The name by which it signs in at the API (`iss` and `sub` of its assertions, RFC 7523)."""
    software: SoftwareId
    vendor: VendorId
    name: str
    """As professionals know it."""
    keys: object
    """A JWK set (RFC 7517) as it was read; not checked yet."""
    azp: list[str]
    """Clients of the professionals' identity provider: tokens issued to these (`azp`) may be exchanged."""
    bulk: bool = False
    """Whether its asks are robots' or batch work, which wait in a lane of their own."""


class SoftwareRegister:
    """The register, over one connection of role tierce_feed."""

    def __init__(self, connection: Connection, appender: Appender, clock: Clock, policy: bytes) -> None:
        """`policy` is the 16-byte digest of the rendered policy, written with each line."""
        self._connection = connection
        self._appender = appender
        self._clock = clock
        self._policy = policy

    def add(self, given: Registration) -> None:
        """Register software, or give a registered one other keys.

        Raises:
            SoftwareError, ClientKeysError: what is given cannot be taken; nothing was written.
        """
        if not _CLIENT_ID.fullmatch(given.client_id):
            msg = (
                "nom du client : 3 à 63 minuscules, chiffres ou traits d’union, sans trait d’union au début / "
                "the client name has 3 to 63 small letters, digits and hyphens, and begins with no hyphen"
            )
            raise SoftwareError(msg)
        if not given.azp or not all(
            name and len(name) <= _AZP_CHARS_MAX and name.isprintable() for name in given.azp
        ):
            msg = (
                "nommez au moins un client du fournisseur d’identité des professionnels (--provider-client) / "
                "name at least one client of the professionals' provider (--provider-client)"
            )
            raise SoftwareError(msg)
        if not 1 <= len(given.name) <= _NAME_CHARS_MAX or not given.name.isprintable():
            msg = (
                f"nom du logiciel : 1 à {_NAME_CHARS_MAX} caractères imprimables / "
                f"the software's name has 1 to {_NAME_CHARS_MAX} printable characters"
            )
            raise SoftwareError(msg)
        keys = check_keys(given.keys)
        with self._connection.transaction():
            store.put_software(self._connection, given.software, given.vendor, given.name, bulk=given.bulk)
            now = self._clock.now()
            if not store.put_client(self._connection, given.client_id, given.software, keys, given.azp, now):
                msg = (
                    "ce nom de client est celui d’un autre logiciel : choisissez-en un autre / "
                    "this client name is another software's: choose another name"
                )
                raise SoftwareError(msg)
            self._note(given.software, given.vendor)

    def end(self, client_id: str) -> None:
        """End a client: it exchanges nothing more; sessions that it opened end by themselves.

        Raises:
            SoftwareError: no live client has this name.
        """
        with self._connection.transaction():
            software = store.end_client(self._connection, client_id, self._clock.now())
            if software is None:
                msg = (
                    "aucun client de ce nom : voyez `tierce software list` / "
                    "no live client has this name: see `tierce software list`"
                )
                raise SoftwareError(msg)
            self._note(software, VendorId(0))

    def every(self) -> list[store.Registered]:
        """List what is registered."""
        with self._connection.transaction():
            return store.clients(self._connection)

    def _note(self, software: SoftwareId, vendor: VendorId) -> None:
        entry = Entry(
            kind=EntryKind.KEY_OR_POLICY_CHANGE,
            act=Act.KEY_REGISTER,
            outcome=Outcome.DONE,
            time_us=micros(self._clock.now()),
            software=software,
            vendor=vendor,
            policy=self._policy,
        )
        self._appender.write(self._connection, [entry])
