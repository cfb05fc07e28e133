"""Keys of cards, deposits and lent addresses replaced, stopped at every step: nothing in flight is lost."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec
import psycopg
import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from typer.testing import CliRunner

from tests.integration.accounts_world import account_in_force
from tests.integration.depositing import Optician, Shop, card, open_shop, optician
from tests.integration.test_operation_keys import Stopped, stop_at
from tests.integration.world import World, make_world
from tests.settings_file import settings_text
from tierce.billing.bank.errors import AccountSealError
from tierce.billing.bank.sealing import Opener as AccountOpener
from tierce.billing.bank.sealing import read_public as bank_public
from tierce.billing.bank.sealing import seal_iban
from tierce.cli import app
from tierce.deposits.model import Receipt
from tierce.deposits.resolution import Resolver
from tierce.deposits.sealing import Opener, read_public
from tierce.deposits.store import Pairs
from tierce.journal.service import Appender
from tierce.journal.store import take_lock
from tierce.kernel.clock import FixedClock, SystemClock
from tierce.kernel.durable import write_new
from tierce.kernel.ids import InsurerId
from tierce.persons.wishes.model import Sealed
from tierce.persons.wishes.store import offer, open_, seal
from tierce.policy.deposits import DepositReason, DepositState
from tierce.presence.signing import signing_key
from tierce.settings import MailSettings, Settings, load
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import BANK_KEY, DEPOSIT_KEY, EVERY_KEY, SIGNER_KEY, Keyring, Purpose
from tierce.storage.roles import ROLES
from tierce.upkeep.doctor import files
from tierce.upkeep.doctor.model import Grade
from tierce.upkeep.presence import register_signers
from tierce.upkeep.rotation import accounts as bank_accounts
from tierce.upkeep.rotation import cards, deposits, lending
from tierce.upkeep.rotation.errors import RotationError
from tierce.upkeep.rotation.files import append_key, next_key
from tierce.upkeep.service import LENDING_KEY, make_keys

RUNNER = CliRunner()


@dataclass(frozen=True)
class House:
    """An installation with a counter for deposits, and a place for wishes and signers."""

    file: Path
    keys: Path
    world: World
    shop: Shop
    who: Optician
    admin: psycopg.Connection

    @property
    def settings(self) -> Settings:
        return load(self.file)

    def run(self, *words: str) -> str:
        done = RUNNER.invoke(app, [*words, "--settings", str(self.file)])
        assert done.exit_code == 0, done.output
        return done.output

    def leave(self, body: bytes) -> Receipt:
        """Leave a deposit; it is closed in the spool, where the worker finds it."""
        receipt = asyncio.run(self.shop.leave(self.who, body))
        self.shop.counter.turn()
        return receipt

    def api_is_started(self) -> None:
        """`api` reads the public half when it starts."""
        self.shop.counter._public = read_public(self.keys)

    def work(self) -> None:
        """A worker is started, does everything there is to do, and is stopped."""
        keyring = Keyring(self.keys, (DEPOSIT_KEY, Purpose.PAIR))
        with self.world.database.connect("tierce_worker") as connection:
            resolver = Resolver(
                connection, Appender.enrol(connection, "worker", keyring.instance("worker")),
                Opener(*keyring.every(DEPOSIT_KEY)), Pairs(keyring), SystemClock(), bytes(16),
                folder=self.shop.folder,
            )  # fmt: skip
            while (done := resolver.turn()).taken or done.resolved:
                pass

    def worth(self, receipt: Receipt) -> tuple[DepositState, DepositReason]:
        state, reason = self.shop.states()[self.shop.number(receipt)]
        return DepositState(state), DepositReason(reason)


GOOD = (DepositState.GUARANTEED, DepositReason.NONE)


@pytest.fixture
def house(database: Database, tmp_path: Path) -> Iterator[House]:
    keys, secrets = tmp_path / "keys", tmp_path / "secrets"
    make_keys(keys)
    secrets.mkdir()
    for role in (*ROLES, SUPERUSER):
        (secrets / f"{role}.password").write_text((database.secrets / f"{role}.password").read_text())
    file, spool = tmp_path / "tierce.toml", tmp_path / "spool"
    own = Database(database.host, database.port, database.name, secrets)
    file.write_text(settings_text(own, keys, operator="Rive Claire") + f'\n[deposits]\nspool = "{spool}"\n')
    world = make_world(database)
    shop = open_shop(world, Keyring(keys, EVERY_KEY), spool)
    with database.connect(SUPERUSER, autocommit=True) as admin:
        yield House(file, keys, world, shop, optician(world), admin)
    shop.spool.close()


@pytest.mark.parametrize("step", ["place", "announce", "chunk", "forget"])
def test_the_key_of_deposits_is_replaced_and_none_is_lost_wherever_it_stops(house: House, step: str) -> None:
    """Left and resolved before, left before and resolved after, left meanwhile by an `api` of before, left after."""
    resolved = house.leave(card(1))
    house.work()
    waits, first = house.leave(card(2)), (house.keys / "deposit.key").read_bytes()
    if step in {"place", "announce"}:
        with pytest.raises(Stopped):
            deposits.rotate_deposit(house.settings, stop_at(step))
    assert "1 dépôts" in house.run("keys", "deposit", "--dry-run")
    house.run("keys", "deposit")
    with pytest.raises(RotationError, match="forget-deposit"):
        deposits.rotate_deposit(house.settings)
    assert (house.keys / "deposit.previous.key").read_bytes() == first != (house.keys / "deposit.key").read_bytes()
    meanwhile = house.leave(card(3))
    with pytest.raises(RotationError, match="lie in the spool"):
        deposits.forget_deposit(house.settings)
    house.work()
    house.api_is_started()
    again = house.leave(card(1, label="again"))
    house.work()
    assert house.worth(again) == (DepositState.ON_CARD, DepositReason.REPEATED), "known by the key of before"
    if step in {"chunk", "forget"}:
        with pytest.raises(Stopped):
            deposits.forget_deposit(house.settings, stop_at(step))
    house.run("keys", "forget-deposit")
    assert not (house.keys / "deposit.previous.key").exists()
    assert [house.worth(one) for one in (resolved, waits, meanwhile)] == [GOOD] * 3
    later = house.leave(card(2, label="again, later"))
    house.work()
    assert house.worth(later) == (DepositState.ON_CARD, DepositReason.REPEATED)
    old = Opener(first)
    rows = house.admin.execute("select number, sealed from care.deposit").fetchall()
    assert [old.open_(bytes(sealed), number) for number, sealed in rows] == [None] * 5, "the old key opens nothing"


def test_the_key_of_accounts_is_replaced_and_each_is_sealed_again_wherever_it_stops(house: House) -> None:
    iban, place = "FR8999999000010000000000172", house.who.caller.establishment
    first = (house.keys / "bank.key").read_bytes()
    house.admin.execute(
        "insert into bank.account (id, establishment, sealed, country, tail, holder, state, origin, due, since, twin)"
        " values (1, %s, %s, 'FR', '0172', 'SELARL', 3, 2, now(), now(), %s)",
        (place, seal_iban(bank_public(house.keys), place, iban), AccountOpener(first).twin(iban)),
    )
    for stopped in ("place", "announce"):
        with pytest.raises(Stopped):
            bank_accounts.rotate_bank(house.settings, stop_at(stopped))
    house.run("keys", "bank")
    with pytest.raises(RotationError, match="forget-bank"):
        bank_accounts.rotate_bank(house.settings)
    both = AccountOpener(*Keyring(house.keys, (BANK_KEY,)).every(BANK_KEY))
    with house.world.database.connect("tierce_billing") as billing:
        found = account_in_force(billing, place)
        assert found is not None
        assert both.iban(place, found.sealed) == iban
    for stopped in ("chunk", "forget"):
        with pytest.raises(Stopped):
            bank_accounts.forget_bank(house.settings, stop_at(stopped))
    assert "1 comptes" in house.run("keys", "forget-bank")
    new = AccountOpener((house.keys / "bank.key").read_bytes())
    row = house.admin.execute("select sealed, twin from bank.account").fetchone()
    assert row is not None
    assert (new.iban(place, bytes(row[0])), row[1]) == (iban, new.twin(iban))
    with pytest.raises(AccountSealError):
        AccountOpener(first).iban(place, bytes(row[0]))


def test_a_worker_that_runs_keeps_the_key_of_deposits(house: House) -> None:
    first = (house.keys / "deposit.key").read_bytes()
    with house.world.database.connect("tierce_worker") as worker:
        take_lock(worker)
        refused = RUNNER.invoke(app, ["keys", "deposit", "--settings", str(house.file)])
    assert (refused.exit_code, "un worker tourne" in refused.output) == (2, True)
    assert (house.keys / "deposit.key").read_bytes() == first
    X25519PublicKey.from_public_bytes(bytes.fromhex((house.keys / "deposit.pub").read_text().strip()))


@pytest.mark.parametrize("step", ["commit", "place"])
def test_every_insurer_signs_with_a_new_key_wherever_it_stops(house: House, step: str) -> None:
    register_signers(house.world.database, house.keys)
    first = (house.keys / "signer.key").read_bytes()
    before = house.admin.execute("select id from presence.signer where revoked is null").fetchall()
    assert "Nothing was done" in house.run("keys", "signer", "--dry-run")
    with pytest.raises(Stopped):
        cards.rotate_signers(house.settings, stop_at(step))
    house.run("keys", "signer")
    new = Keyring(house.keys, (SIGNER_KEY,)).raw(SIGNER_KEY)
    live = house.admin.execute("select id, insurer, public_key from presence.signer where revoked is null").fetchall()
    assert new != first
    assert len(live) == len(before) > 0
    for number, insurer, public in live:
        derived = signing_key(new, number, InsurerId(insurer)).public_key().public_bytes_raw()
        assert bytes(public) == derived
    (rows,) = house.admin.execute("select count(*) from presence.signer").fetchone() or (0,)
    assert rows == 2 * len(before), "a stop revokes nobody twice"
    assert register_signers(house.world.database, house.keys) == 0


def test_keys_of_which_no_earlier_one_is_kept_are_replaced_wherever_it_stops(house: House) -> None:
    for name, rotate in (("card", cards.rotate_card), ("alerts", cards.rotate_alerts)):
        first = (house.keys / f"{name}.key").read_bytes()
        house.run("keys", name, "--dry-run")
        with pytest.raises(Stopped):
            rotate(house.settings, stop_at("place"))
        assert (house.keys / f"{name}.key").read_bytes() == first
        waiting = (house.keys / f"{name}.next.key").read_bytes()
        house.run("keys", name)
        assert (house.keys / f"{name}.key").read_bytes() == waiting != first
        assert not (house.keys / f"{name}.next.key").exists()


@pytest.mark.parametrize("step", ["commit", "forget"])
def test_addresses_and_lent_files_open_until_they_are_sealed_again(house: House, step: str, tmp_path: Path) -> None:
    file = house.keys / LENDING_KEY
    first = file.read_text("ascii").strip()
    old = pyrage.x25519.Identity.from_str(first)
    wish = seal(str(old.to_public()), Sealed("paul@foyer.example", "12345678"))
    house.admin.execute(
        "insert into notice.wish (id, person, language, sealed, code, token, proved)"
        " values (1, 1, 'fr', %s, null, %s, now())",
        (wish, bytes(10)),
    )
    lent = pyrage.encrypt(b"lent before", [old.to_public()])
    assert "1 adresses" in house.run("keys", "lending", "--dry-run")
    public = house.run("keys", "lending").splitlines()[0]
    assert house.run("notice", "lending-key").strip() == public != str(old.to_public())
    text = file.read_text("ascii")
    both = [pyrage.x25519.Identity.from_str(one) for one in text.split()]
    assert pyrage.decrypt(lent, both) == b"lent before"
    assert open_(text, wish) == Sealed("paul@foyer.example", "12345678")
    with pytest.raises(RotationError, match="forget-lending"):
        lending.rotate_lending(house.settings)
    with pytest.raises(Stopped):
        lending.forget_lending(house.settings, stop_at(step))
    house.run("keys", "forget-lending")
    (sealed,) = house.admin.execute("select sealed from notice.wish").fetchone() or (b"",)
    assert open_(file.read_text("ascii"), bytes(sealed)) == Sealed("paul@foyer.example", "12345678")
    assert open_(first, bytes(sealed)) is None
    assert len(file.read_text("ascii").split()) == 1
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_key_of_addresses_stays_while_notices_still_offer_it(house: House) -> None:
    old = str(pyrage.x25519.Identity.from_str((house.keys / LENDING_KEY).read_text("ascii").strip()).to_public())
    offer(house.admin, old)
    house.run("keys", "lending")
    relay = MailSettings("relay.example", 25, "a@b.example", "b.example", "b.example", "s", "k")
    with_mail = msgspec.structs.replace(house.settings, mail=relay)
    with pytest.raises(RotationError, match="still offers the key before"):
        lending.forget_lending(with_mail)


def test_the_doctor_says_which_key_is_old_and_which_replacement_was_left(house: House) -> None:
    now = SystemClock().now()
    assert [one.grade for one in files.replaced(house.settings, FixedClock(now))] == [Grade.GOOD]
    old = files.replaced(house.settings, FixedClock(now + files.KEY_AGE_MAX + timedelta(days=1)))
    assert {one.subject for one in old} >= {
        "card.key",
        "signer.key",
        "deposit.key",
        LENDING_KEY,
        "person.key",
        "network.key",
    }
    assert not {one.subject for one in old} & {"pair.key", "door.key"}, "nothing replaces these"
    house.run("keys", "lending")
    house.run("keys", "deposit")
    late = files.replaced(house.settings, FixedClock(now + files.LENT_MAX + timedelta(days=1)))
    said = {one.subject: one.remedy.en.split("`")[1] for one in late if one.remedy is not None}
    assert said == {
        "deposit.previous.key": "tierce keys forget-deposit",
        LENDING_KEY: "tierce keys forget-lending",
    }


@pytest.mark.parametrize(
    ("writing", "moves"),
    [
        (lambda keys: write_new(keys / "new.key", bytes(32)), 0),
        (lambda keys: next_key(keys, "index"), 0),
        (lambda keys: append_key(keys / "index.key", bytes(32)), 0),
        (lambda keys: append_key(keys / "index.key", bytes(32)), 1),
    ],
)
def test_the_doctor_says_what_a_killed_writing_of_a_key_left(
    house: House, writing: Callable[[Path], object], moves: int
) -> None:
    """No sweeper may take it: nobody else knows whether a writing goes on. A key, or a part of one, is in it."""
    before, child = set(house.keys.iterdir()), os.fork()
    if child == 0:
        seen = 0

        def at(event: str, _arguments: object) -> None:
            nonlocal seen
            moving = event in {"os.link", "os.rename"}
            seen += moving
            if moving and seen > moves:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(at)
        try:
            writing(house.keys)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    (left,) = set(house.keys.iterdir()) - before
    now = SystemClock().now()
    assert [one.grade for one in files.replaced(house.settings, FixedClock(now))] == [Grade.GOOD], "it may go on"
    late = files.replaced(house.settings, FixedClock(now + files.UNFINISHED_MAX + timedelta(hours=1)))
    assert [(one.code, one.subject) for one in late] == [("key-part-left", left.name)]
