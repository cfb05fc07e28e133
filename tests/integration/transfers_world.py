"""What is due to two places of one insurer, gathered by `billing` and spoken of by two of the staff, for tests."""

from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psycopg
import pyrage
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from tests.integration.accounts_world import BRUNO, HELENE, HOLDER, IBAN, OTHER_IBAN, THIRD_IBAN
from tests.integration.conftest import Connect
from tierce.billing.bank.copying import seal_copy
from tierce.billing.bank.sealing import Opener, seal_iban
from tierce.billing.settlement.desk import TransferDesk
from tierce.billing.settlement.model import Payer, Settled, Word
from tierce.billing.settlement.pain import NAMESPACE, file_name
from tierce.billing.settlement.recoveries.desk import RecoveryDesk
from tierce.billing.settlement.service import Settling, Step, no_step
from tierce.identity.model import StaffCaller
from tierce.journal.encoding import decode
from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock, paris_day
from tierce.kernel.ids import new_id
from tierce.storage.cluster import SUPERUSER
from tierce.storage.keys import BANK_KEY, Keyring

PAYER_IBAN = "FR5699999000010000000000475"
"""Invented, as all of them: no bank has the code 99999."""
TODAY = paris_day(SystemClock().now())
NS = {"p": NAMESPACE}


@dataclass
class Treasury:
    """Places with an account, what is due to them, and everybody who makes it leave."""

    admin: psycopg.Connection
    office: psycopg.Connection
    billing: psycopg.Connection
    settling: Settling
    desk: TransferDesk
    recoveries: RecoveryDesk
    identity: Any
    folder: Path
    public: X25519PublicKey

    @classmethod
    def open_(
        cls, connect: Connect, keyring: Keyring, folder: Path, places: tuple[int, ...] = (601, 602, 603)
    ) -> "Treasury":
        admin = connect(SUPERUSER, autocommit=True)
        office, billing = connect("tierce_office", autocommit=True), connect("tierce_billing", autocommit=True)
        identity = pyrage.x25519.Identity.generate()
        payer = Payer("Rive Claire Tiers Payant", PAYER_IBAN, folder, str(identity.to_public()))
        clock = SystemClock()
        signs = Appender.enrol(billing, "billing", keyring.instance("billing"))
        staff_sign = Appender.enrol(office, "office", keyring.instance("office"))
        made = cls(
            admin, office, billing, Settling(signs, Opener(keyring.raw(BANK_KEY)), clock, payer),
            TransferDesk(staff_sign, clock), RecoveryDesk(staff_sign, clock), identity, folder,
            X25519PrivateKey.from_private_bytes(keyring.raw(BANK_KEY)).public_key(),
        )  # fmt: skip
        for place, iban in zip(places, (IBAN, OTHER_IBAN, THIRD_IBAN), strict=False):
            admin.execute(
                "insert into directory.establishment (id, finess, name, town) values (%s, %s, %s, 'Valbrume')",
                (place, f"990000{place}", f"Cabinet {place}"),
            )
            made.account(place, iban)
        return made

    def account(self, place: int, iban: str, *, holder: str = HOLDER, state: int = 3) -> int:
        """Put an account in force, or another state, as if its days and calls were past."""
        number = new_id()
        self.admin.execute(
            "update bank.account set state = 4, ended = now() where establishment = %s and state = 3", (place,)
        )
        self.admin.execute(
            "insert into bank.account (id, establishment, sealed, copy, country, tail, holder, state, origin, due,"
            " since) values (%s, %s, %s, %s, 'FR', %s, %s, %s, 2, now(), now())",
            (
                number,
                place,
                seal_iban(self.public, place, iban),
                seal_copy(str(self.identity.to_public()), place, number, iban),
                iban[-4:],
                holder,
                state,
            ),
        )
        return number

    def due(self, place: int, cents: int, *, insurer: int = 1, state: int = 2) -> int:
        """An invoice of which so much is due."""
        number = new_id()
        self.admin.execute(
            "insert into care.invoice (id, establishment, professional, line, reference, engagement, person, insurer,"
            " domain, care_day, price, amo, asked, digest, entry, state, due, decided)"
            " values (%s, %s, 501, 1, %s, 1, 77, %s, 6, %s, 99999, 0, %s, sha256('one'), 1, %s, %s, now())",
            (number, place, f"F-{number % 10**12}", insurer, TODAY, cents, state, cents),
        )
        return number

    def turn(self, step: Step = no_step, *, transfers_max: int = 2_000) -> Settled:
        return replace(self.settling, transfers_max=transfers_max).turn(self.billing, step)

    def batch(self, state: int) -> int:
        """The newest batch in this state."""
        row = self.admin.execute(
            "select id from bank.batch where state = %s order by prepared desc limit 1", (state,)
        ).fetchone()
        assert row is not None, f"no batch in state {state}: {self.all('select state from bank.batch')}"
        return int(row[0])

    def total(self, batch: int) -> int:
        return int(self.all("select total from bank.batch where id = %s", batch)[0][0])

    def say(self, batch: int, what: Word, caller: StaffCaller = HELENE, said: str = "", seen: int = 0) -> bool:
        if what is Word.APPROVE:
            seen = seen or self.total(batch)
        return self.desk.say(self.office, caller, batch, what, said=said, seen_total=seen)

    def approve(self) -> int:
        """Two people approve the batch that waits."""
        batch = self.batch(1)
        assert not self.say(batch, Word.APPROVE, HELENE)
        assert self.say(batch, Word.APPROVE, BRUNO)
        return batch

    def filed(self) -> int:
        """A batch whose file is written."""
        self.turn()
        batch = self.approve()
        assert self.turn().filed == 1
        return batch

    def read(self, batch: int) -> ElementTree.Element:
        """The file for the bank, as whoever holds the key reads it."""
        return ElementTree.XML(self.plain(batch))

    def plain(self, batch: int) -> bytes:
        opened: bytes = pyrage.decrypt((self.folder / file_name(batch)).read_bytes(), [self.identity])
        assert sha256(opened).digest() == self.all("select digest from bank.batch where id = %s", batch)[0][0]
        return opened

    def credits(self, batch: int) -> dict[str, str]:
        """Amounts by IBAN."""
        return {
            str(one.findtext("p:CdtrAcct/p:Id/p:IBAN", None, NS)): str(one.findtext("p:Amt/p:InstdAmt", None, NS))
            for one in self.read(batch).iterfind(".//p:CdtTrfTxInf", NS)
        }

    def all(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        return self.admin.execute(query.encode(), parameters or None).fetchall()

    def invoices(self) -> dict[int, tuple[int, bool]]:
        """State of each invoice, and whether a transfer has it."""
        return {
            row[0]: (row[1], row[2]) for row in self.all("select id, state, transfer is not null from care.invoice")
        }

    def lines(self) -> list[Entry]:
        """Lines of batches and transfers, in order."""
        bodies = self.all("select body from journal.entry where kind = %s order by seq", EntryKind.INVOICE.value)
        return [decode(bytes(body)) for (body,) in bodies]
