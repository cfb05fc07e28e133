"""The key of establishments' accounts replaced: each is sealed again before the old key is destroyed."""

from pathlib import Path

from tierce.billing.bank import store
from tierce.billing.bank.errors import AccountSealError
from tierce.billing.bank.sealing import PUBLIC_FILE, Opener, public_of, read_public, seal_iban
from tierce.settings import Settings
from tierce.storage.keys import BANK_KEY, Keyring
from tierce.upkeep.rotation.errors import RotationError
from tierce.upkeep.rotation.files import next_key, take_place, write_private
from tierce.upkeep.rotation.service import Step, no_step

ROLE = "tierce_billing"
CHUNK = 500


def previous_of(folder: Path) -> Path:
    """Where the key that was replaced waits."""
    return folder / f"{BANK_KEY}.previous.key"


def rotate_bank(settings: Settings, step: Step = no_step) -> None:
    """Give accounts a new key; what `billing` was not started again to open waits, and is not refused.

    Raises:
        RotationError: the key before is not destroyed yet.
    """
    folder, key = settings.key_directory(), settings.key_directory() / f"{BANK_KEY}.key"
    placed = previous_of(folder).exists() and not (folder / f"{BANK_KEY}.next.key").exists()
    if placed and (folder / PUBLIC_FILE).read_text().strip() == public_of(key.read_bytes()):
        raise RotationError(
            "la clé d’avant n’est pas détruite : `tierce keys forget-bank` d’abord / "
            "the key before is not destroyed yet: `tierce keys forget-bank` first"
        )
    if not placed:
        next_key(folder, BANK_KEY)
        step("place")
        take_place(folder, BANK_KEY, keep_previous=True)
    step("announce")
    write_private(folder / PUBLIC_FILE, f"{public_of(key.read_bytes())}\n".encode())
    (folder / PUBLIC_FILE).chmod(0o644)


def forget_bank(settings: Settings, step: Step = no_step) -> int:
    """Seal again what is sealed to the key before, then destroy that key; returns how many accounts there were.

    Raises:
        RotationError: there is none.
    """
    folder = settings.key_directory()
    if not previous_of(folder).exists():
        raise RotationError(f"{previous_of(folder)} n’existe pas / is not there")
    private, *before = Keyring(folder, (BANK_KEY,)).every(BANK_KEY)
    current, every, public = Opener(private), Opener(private, *before), read_public(folder)
    number, after = 0, -1
    with settings.connection().connect(ROLE) as connection:
        while rows := store.sealed_after(connection, after, CHUNK):
            step("chunk")
            after = rows[-1].id
            for one in rows:
                try:
                    iban = every.iban(one.establishment, one.sealed)
                except AccountSealError:
                    continue  # nobody's: `billing` counts it, and staff refuse it
                store.seal_again(connection, one.id, seal_iban(public, one.establishment, iban), current.twin(iban))
                number += 1
            connection.commit()
    step("forget")
    previous_of(folder).unlink()
    return number
