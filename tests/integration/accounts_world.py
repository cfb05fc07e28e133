"""Accounts asked for by a professional of long standing, opened, told, confirmed and put in force, for tests."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg

from tests.integration.conftest import Connect
from tests.integration.signin_world import MORVAN, Desk
from tierce.billing.bank.model import AccountState
from tierce.billing.bank.sealing import Opener
from tierce.billing.bank.service import AccountDesk, Mover
from tierce.identity.model import StaffCaller
from tierce.journal.service import Appender
from tierce.kernel.care import Profession
from tierce.kernel.clock import SystemClock, paris_day
from tierce.kernel.ids import SessionId, StaffId
from tierce.lab.standins.browser_key import BrowserKey
from tierce.policy.seats import pack, settled_line
from tierce.storage.cluster import SUPERUSER
from tierce.storage.keys import BANK_KEY, Keyring

IBAN, OTHER_IBAN, THIRD_IBAN = (
    "FR8999999000010000000000172", "FR7899999000010000000000273", "FR6799999000010000000000374",
)  # fmt: skip
"""Invented: no bank has the code 99999."""
HOLDER = "SELARL des Tilleuls"
HELENE = StaffCaller(StaffId(9001), SessionId(9101), "Hélène Vasseur", frozenset({"security"}))
BRUNO = StaffCaller(StaffId(9002), SessionId(9102), "Bruno Caradec", frozenset({"operations"}))


@dataclass(frozen=True, slots=True)
class Stored:
    """An account in force as `billing` may read it."""

    id: int
    sealed: bytes = field(repr=False)
    tail: str
    holder: str


def account_in_force(connection: psycopg.Connection, establishment: int) -> Stored | None:
    """The account to which what is due to an establishment is sent; None while it has none."""
    row = connection.execute(
        "select id, sealed, tail, holder from bank.account where establishment = %s and state = %s",
        (establishment, AccountState.IN_FORCE),
    ).fetchone()
    return None if row is None else Stored(*row)


@dataclass(frozen=True)
class At:
    """A professional at one device."""

    handle: str
    key: BrowserKey
    device: str

    async def send(self, desk: Desk, path: str, body: dict[str, str] | None = None) -> httpx.Response:
        return await desk.send("POST", path, self.handle, self.key, json.dumps(body or {}).encode())

    async def ask(self, desk: Desk, iban: str = IBAN, holder: str = HOLDER) -> httpx.Response:
        return await self.send(desk, "/v1/account", {"iban": iban, "holder": holder})

    async def read(self, desk: Desk) -> dict[str, Any]:
        found: dict[str, Any] = (await desk.send("GET", "/v1/account", self.handle)).json()
        return found


async def arrive(desk: Desk, subject: str = MORVAN, *, place: int = 0) -> At:
    """Sign in at a new device."""
    opened = await desk.open_session(subject)
    key = opened["key"]
    bound = await desk.bind(opened, key, place=place)
    return At(opened["handle"], key, bound.json()["device"])


async def known(desk: Desk, admin: psycopg.Connection, subject: str = MORVAN, *, days: int = 400) -> At:
    """Sign in at a device that has been used for `days`."""
    found = await arrive(desk, subject)
    state = pack(settled_line(Profession.GP, paris_day(SystemClock().now())))
    admin.execute(
        "update access.line set state = %s where id = any(select line from access.session where device = %s)",
        (state, found.device),
    )
    admin.execute(
        "update access.device set created = now() - make_interval(days => %s) where id = %s", (days, found.device)
    )
    return found


@dataclass(frozen=True)
class Offices:
    """What stands behind the API: staff, the process that opens, and the owner's connection."""

    admin: psycopg.Connection
    office: psycopg.Connection
    billing: psycopg.Connection
    desk: AccountDesk
    mover: Mover

    @classmethod
    def open_(cls, connect: Connect, keyring: Keyring) -> "Offices":
        admin = connect(SUPERUSER, autocommit=True)
        office, billing = connect("tierce_office", autocommit=True), connect("tierce_billing", autocommit=True)
        # Clients of long standing, whose addresses have long been on file.
        admin.execute(
            "update directory.enrolment set at = now() - interval '1 year';"
            "update directory.enrolment set manager = true where professional = 201;"
            "insert into directory.contact (professional, email, language, at, by) values"
            " (201, 'claire@tilleuls.example', 'fr', now() - interval '1 year', 'x'),"
            " (204, 'luc@tilleuls.example', 'en', now() - interval '1 year', 'x')"
        )
        clock = SystemClock()
        # Its own process's key is settled by its own installation: any instance's signs here.
        signs = keyring.instance("worker")
        return cls(
            admin, office, billing,
            AccountDesk(Appender.enrol(office, "office", keyring.instance("office")), clock),
            Mover(Appender.enrol(billing, "billing", signs), Opener(keyring.raw(BANK_KEY)), clock),
        )  # fmt: skip

    def number(self) -> int:
        """The newest ask."""
        row = self.admin.execute("select id from bank.account order by asked desc limit 1").fetchone()
        assert row is not None
        return int(row[0])

    def told(self) -> None:
        """Say that every message has left."""
        self.admin.execute("update notice.own_mail set ended = now(), how = 'sent'")

    def wait(self) -> None:
        """Let the days pass."""
        self.admin.execute(
            "update bank.account set due = due - interval '30 days', asked = asked - interval '30 days'"
            " where state in (1, 2)"
        )

    def turn(self) -> tuple[int, int, int]:
        done = self.mover.turn(self.billing)
        return done.opened, done.refused, done.in_force

    def confirm(self, caller: StaffCaller = HELENE, said: str = "Le compte a été lu par la titulaire.") -> None:
        self.desk.confirm(self.office, caller, self.number(), "2", "Claire Morvan, gérante", said)

    def states(self) -> list[int]:
        """The states of every account, in the order of the asks."""
        return [row[0] for row in self.admin.execute("select state from bank.account order by asked").fetchall()]
