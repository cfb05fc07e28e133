"""The key of deposits replaced: what is sealed to the old one is sealed again before that one is destroyed."""

from pathlib import Path

from tierce.deposits.errors import DepositFieldError
from tierce.deposits.rules import parse_deposit
from tierce.deposits.sealing import PUBLIC_FILE, Opener, public_of, read_public, seal
from tierce.deposits.spool import segments
from tierce.journal.errors import SequencerBusyError
from tierce.journal.store import take_lock
from tierce.kernel.clock import date_of, paris_day
from tierce.settings import Settings
from tierce.storage.keys import DEPOSIT_KEY, Keyring
from tierce.upkeep.rotation import store
from tierce.upkeep.rotation.errors import RotationError
from tierce.upkeep.rotation.files import next_key, take_place, write_private
from tierce.upkeep.rotation.service import WORKER_ROLE, Step, no_step

CHUNK_DEPOSITS = 500


def previous_of(folder: Path) -> Path:
    """Where the key that was replaced waits."""
    return folder / f"{DEPOSIT_KEY}.previous.key"


def rotate_deposit(settings: Settings, step: Step = no_step) -> None:
    """Give deposits a new key while every worker is stopped: one with the old alone refuses what it cannot open.

    Raises:
        RotationError: a worker runs, or the key before is not destroyed yet.
    """
    folder, key = settings.key_directory(), settings.key_directory() / f"{DEPOSIT_KEY}.key"
    with settings.connection().connect(WORKER_ROLE) as connection:
        try:
            take_lock(connection)
        except SequencerBusyError:
            raise RotationError(
                "un worker tourne : arrêtez-le, relancez ceci, démarrez-le / "
                "a worker runs: stop it, run this again, start it"
            ) from None
        placed = previous_of(folder).exists() and not (folder / f"{DEPOSIT_KEY}.next.key").exists()
        if placed and (folder / PUBLIC_FILE).read_text().strip() == public_of(key.read_bytes()):
            raise RotationError(
                "la clé d’avant n’est pas détruite : `tierce keys forget-deposit` d’abord / "
                "the key before is not destroyed yet: `tierce keys forget-deposit` first"
            )
        if not placed:
            next_key(folder, DEPOSIT_KEY)
            step("place")
            take_place(folder, DEPOSIT_KEY, keep_previous=True)
        step("announce")
        write_private(folder / PUBLIC_FILE, f"{public_of(key.read_bytes())}\n".encode())
        (folder / PUBLIC_FILE).chmod(0o644)
        connection.rollback()


def kept_deposits(settings: Settings) -> int:
    """How many deposits are sealed, to any key."""
    with settings.connection().connect(WORKER_ROLE) as connection:
        return store.kept_deposits(connection)


def forget_deposit(settings: Settings, step: Step = no_step) -> int:
    """Seal again what is sealed to the key before, then destroy that key; returns how many deposits there were.

    Raises:
        RotationError: there is none, or deposits for it are in this machine's spool.
    """
    folder = settings.key_directory()
    if not previous_of(folder).exists():
        raise RotationError(f"{previous_of(folder)} n’existe pas / is not there")
    private, *before = Keyring(folder, (DEPOSIT_KEY,)).every(DEPOSIT_KEY)
    current, earlier, public = Opener(private), Opener(*before), read_public(folder)
    spool = (one for segment in segments(settings.spool_directory()) for one in segment.records)
    waiting = [one.number for one in spool if current.open_(one.sealed, one.number) is None]
    number, after = 0, -1
    with settings.connection().connect(WORKER_ROLE) as connection:
        if set(waiting) - store.known_deposits(connection, waiting):
            raise RotationError(
                "des dépôts scellés à l’ancienne clé sont dans le dossier des dépôts : démarrez `worker`, relancez "
                "`api`, puis ceci / deposits sealed to the old key lie in the spool: start `worker`, restart `api`, "
                "then run this again"
            )
        while rows := store.sealed_deposits(connection, after, CHUNK_DEPOSITS):
            step("chunk")
            after = rows[-1].number
            for one in rows:
                envelope = earlier.open_(one.sealed, one.number)
                if envelope is None:
                    continue  # the present key's, or nobody's
                twin = None
                if one.has_twin:
                    try:
                        typed = parse_deposit(envelope.body, date_of(paris_day(envelope.at)))
                        twin = current.twins(one.establishment, typed)[0]
                    except DepositFieldError:
                        continue  # a twin was made of it: it was readable; left as it is rather than lost
                store.seal_deposit(connection, one.number, seal(public, envelope), twin)
                number += 1
            connection.commit()
    step("forget")
    previous_of(folder).unlink()
    return number
