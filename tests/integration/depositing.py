"""A world in which professionals deposit: sessions with real keys, a spool, its counter and its resolver."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from tests.integration.fresh import as_superuser
from tests.integration.signin_world import API
from tests.integration.tickets import give_ticket
from tests.integration.world import World, enrol
from tierce.deposits.model import Choice, Insurer, Receipt
from tierce.deposits.resolution import Resolver
from tierce.deposits.sealing import Opener, public_of
from tierce.deposits.service import Counter, Left
from tierce.deposits.spool import SpoolWriter
from tierce.deposits.store import Pairs
from tierce.identity.dpop import ProofVerifier
from tierce.identity.model import Caller
from tierce.journal.encoding import decode
from tierce.journal.model import Entry
from tierce.journal.service import Appender
from tierce.kernel.care import Domain, Profession
from tierce.kernel.clock import SystemClock, date_of, paris_day
from tierce.lab.country.identifiers import make_nir
from tierce.lab.standins.browser_key import BrowserKey
from tierce.storage.keys import DEPOSIT_KEY, Keyring, Purpose

DEPOSITS = f"{API}/v1/deposits"
OAK = Insurer(1, "99000001", "Mutuelle du Test", (Choice(1, Domain.OPTI, 150_00, 0, 99_999),))


@dataclass(frozen=True)
class Optician:
    """A professional in a session that a real key signs."""

    caller: Caller
    handle: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    key: BrowserKey = field(default_factory=BrowserKey)


def optician(world: World, profession: Profession = Profession.OPTICIAN) -> Optician:
    """Enrol one, with her own handle and her browser's key."""
    one = Optician(enrol(world, profession))
    with as_superuser(world.database) as admin:
        admin.execute(
            "update access.session set handle = %s where id = %s",
            (sha256(one.handle.encode()).digest(), one.caller.session),
        )
        admin.execute(
            "update access.device set thumbprint = %s where id = %s", (one.key.thumbprint, one.caller.device)
        )
        give_ticket(admin, one.caller.session, one.handle)
    return one


def person(order: int) -> dict[str, Any]:
    """An invented person's identifiers."""
    return {
        "nir": make_nir("F", 1970 + order % 30, 1 + order % 12, "41951", 1 + order % 990),
        "birth_date": "19880229",
    }


def card(order: int = 1, **changed: object) -> bytes:
    """The bytes of a deposit about one invented person, for care of today."""
    today = date_of(paris_day(SystemClock().now()))
    body = {
        **person(order), "amc": OAK.amc, "member": "A1204", "valid_until": (today + timedelta(days=30)).isoformat(),
        "domain": "OPTI", "care_date": today.isoformat(), "amount": "59.90", "request": secrets.token_urlsafe(12),
    }  # fmt: skip
    return json.dumps({**body, **changed}).encode()


@dataclass
class Shop:
    """One counter and one resolver on one spool."""

    world: World
    keyring: Keyring
    folder: Path
    counter: Counter
    spool: SpoolWriter

    def resolver(self, connection: psycopg.Connection, step: Callable[[str], None] = lambda _name: None) -> Resolver:
        """A resolver of its own, as the worker would make it."""
        appender = Appender.enrol(connection, "worker", self.keyring.instance("worker"))
        opener = Opener(self.keyring.raw(DEPOSIT_KEY))
        pairs, clock = Pairs(self.keyring), SystemClock()
        return Resolver(connection, appender, opener, pairs, clock, bytes(16), folder=self.folder, step=step)

    async def leave(
        self, who: Optician, body: bytes, *, signer: BrowserKey | None = None, signed: bool = True
    ) -> Receipt:
        """Leave a deposit as the portal would relay it."""
        at = SystemClock().now().timestamp()
        proof = (signer or who.key).proof("POST", DEPOSITS, handle=who.handle, at=at, body=body) if signed else None
        return await self.counter.take(Left(who.handle.encode(), body, proof, DEPOSITS), lambda _typed: True)

    def states(self) -> dict[int, tuple[int, int]]:
        """State and reason by number."""
        with as_superuser(self.world.database) as admin:
            rows = admin.execute("select number, state, reason from care.deposit order by number").fetchall()
        return {number: (state, reason) for number, state, reason in rows}

    def lines(self) -> list[Entry]:
        """The journal's lines of deposits."""
        with as_superuser(self.world.database) as admin:
            rows = admin.execute("select body from journal.entry where kind = 15 order by seq").fetchall()
        return [decode(bytes(row[0])) for row in rows]

    def number(self, receipt: Receipt) -> int:
        """The number under a receipt."""
        return self.counter.number(receipt.number)


def open_shop(world: World, keyring: Keyring, folder: Path) -> Shop:
    """Open the counter; the insurer guarantees optics up to 150 euros."""
    spool = SpoolWriter(folder)
    public = X25519PublicKey.from_public_bytes(bytes.fromhex(public_of(keyring.raw(DEPOSIT_KEY))))
    clock = SystemClock()
    counter = Counter(spool, public, keyring.raw(Purpose.RECEIPT.value), ProofVerifier(clock), clock)
    counter.insurers = {OAK.amc: OAK}
    with as_superuser(world.database) as admin:
        admin.execute("insert into registry.deposit_choice values (1, %s, 15000, 0, 99999, now(), 'lettre')", (6,))
    return Shop(world, keyring, folder, counter, spool)


def hold(world: World, level: int, subject: int, since: datetime) -> None:
    """Put somebody on the ladder since an instant."""
    with as_superuser(world.database) as admin:
        admin.execute(
            "insert into access.ladder (id, level, subject, rung, since, until, by, reason)"
            " values (%s, %s, %s, 3, %s, now() + interval '1 hour', 'watch', 'essai')",
            (secrets.randbits(60), level, subject, since),
        )
