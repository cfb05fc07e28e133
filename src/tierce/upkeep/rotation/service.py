"""Each rotation as its steps, in the order in which a stop between any two does no harm."""

import os
import secrets as random
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import Connection
from psycopg.errors import CheckViolation, UniqueViolation

from tierce.journal.errors import SequencerBusyError
from tierce.journal.kept import LOG_RETIRED_FILE, KeptCheckpoint
from tierce.journal.note import unverified_checkpoint, verifier_key
from tierce.journal.segments.store import tree_size
from tierce.journal.service import LOG_KEY_NAME, LOG_ORIGIN
from tierce.journal.store import take_lock
from tierce.kernel.ids import InsurerId, PersonId
from tierce.settings import Settings
from tierce.storage.errors import SealBrokenError
from tierce.storage.insurer_keys import load_sealer
from tierce.storage.keys import COMPARTMENT_KEYS, KEY_BYTES, Compartment, Keyring, unwrap_key, wrap_key
from tierce.upkeep.rotation import store
from tierce.upkeep.rotation.errors import RotationError, StillSealingError
from tierce.upkeep.rotation.files import next_key, take_place, write_private
from tierce.web.names import CHECKPOINT_FILE, LOG_PUBLIC_FILE

CHUNK_RECORDS = 2_000
FEED_ROLE, UPKEEP_ROLE, WORKER_ROLE = "tierce_feed", "tierce_upkeep", "tierce_worker"
_HELD = (
    "une autre commande remplace une clé de cet organisme, ou supprime ce qu’il avait confié : relancez ensuite "
    "celle-ci / another command replaces a key of this insurer, or deletes what it had stored: run this again "
    "afterwards"
)
VERSION_MAX = 255
"""A record has one byte for it."""

Step = Callable[[str], None]
"""Called with the name of the step about to begin; tests of crashes stop there."""


def no_step(_name: str) -> None:
    """Do nothing: production."""


def rotate_data_key(
    settings: Settings, insurer: int, compartment: Compartment, progress: Callable[[int], None], step: Step = no_step
) -> int:
    """Give an insurer's compartment a new data key and seal every record again under it; returns the new version.

    Runs as the role of feeds, which opens and seals these records anyway. Stopped, it goes on with the version begun.

    Raises:
        RotationError: a file is being taken in and goes on sealing under the old key: run again once it has ended.
        StillSealingError: this insurer is asked on the way, and `api` may go on for some minutes: run again then.
    """
    if compartment is Compartment.CONTACT:
        raise RotationError(
            "les coordonnées prêtées ont une clé par incident, détruite avec lui : aucune à remplacer / "
            "contact data has a key for each incident, destroyed with it: there is none to replace"
        )
    keyring = Keyring(settings.key_directory(), list(COMPARTMENT_KEYS.values()))
    database = settings.connection()
    with (
        database.connect(FEED_ROLE) as writer,
        database.connect(FEED_ROLE) as reader,
        database.connect(UPKEEP_ROLE) as keeper,
    ):
        if not store.hold_data(writer, insurer):
            raise RotationError(_HELD)
        known = store.versions(writer, insurer, compartment)
        if not known:
            raise RotationError(
                "cet organisme n’a plus de clé : son contrat a pris fin / this insurer has no key any more: its "
                "contract ended"
            )
        used = store.in_use(keeper, insurer, compartment)
        keeper.rollback()
        begun = len(known) > 1
        version = known[-1] if begun else known[-1] + 1
        if version > VERSION_MAX:
            raise RotationError(
                "cet organisme a eu toutes les clés qu’un octet compte : il n’en vient plus / "
                "a record's key version has one byte, and all of them are used"
            )
        if not begun:
            step("add")
            _add(writer, keyring, insurer, compartment, version)
        writer.commit()
        sealer = load_sealer(writer, keyring, [compartment])
        writer.commit()
        for records in store.sealed_before(reader, insurer, compartment, version, CHUNK_RECORDS):
            step("chunk")
            pairs = []
            for record in records:
                person = PersonId(record.person)
                plain = sealer.open_(compartment, InsurerId(insurer), person, record.sealed)
                pairs.append((record, sealer.seal(compartment, InsurerId(insurer), person, plain)))
            store.write_sealed(writer, insurer, compartment, pairs)
            writer.commit()
            progress(len(records))
        step("drop")
        used = store.in_use(keeper, insurer, compartment)
        left = sum(number for each, number in used.items() if each != version)
        if left:
            keeper.rollback()
            raise RotationError(
                f"entre‑temps {left} enregistrements ont été scellés sous l’ancienne clé : relancez quand aucun "
                f"fichier ne sera en cours / {left} records were sealed under the old key meanwhile: run this again "
                "once no file runs"
            )
        _drop(keeper, insurer, compartment, [old for old in known if old != version])
        keeper.commit()
    return version


def _add(writer: Connection, keyring: Keyring, insurer: int, compartment: Compartment, version: int) -> None:
    """Write a new key; whoever wrote the same version meanwhile goes on with it."""
    wrapped = wrap_key(
        keyring.raw(COMPARTMENT_KEYS[compartment]), compartment, InsurerId(insurer), version, os.urandom(KEY_BYTES)
    )
    try:
        store.add_version(writer, insurer, compartment, version, wrapped)
    except UniqueViolation:
        raise RotationError(_HELD) from None


def _drop(keeper: Connection, insurer: int, compartment: Compartment, versions: list[int]) -> None:
    """Destroy versions that no record is sealed under."""
    try:
        for version in versions:
            store.drop_version(keeper, insurer, compartment, version)
    except CheckViolation as error:  # the database looks last: who may hold the old key in memory, or used it
        if error.diag.constraint_name == "asked_on_the_way":
            raise StillSealingError(
                "cet organisme est interrogé en chemin : l’ancienne clé reste dix minutes, relancez ensuite / this "
                "insurer is asked on the way: the old key stays for ten minutes, run this again afterwards"
            ) from None
        raise RotationError(
            "un fichier est en cours, ou vient de finir : l’ancienne clé reste, relancez après lui / a file is being "
            "taken in, or was until now: the old key stays, run this again afterwards"
        ) from None


def rotate_master(settings: Settings, compartment: Compartment, step: Step = no_step) -> int | None:
    """Wrap every data key of a compartment under a new master key; returns how many, or None after the first part.

    The first run makes NAME.next.key and stops: every process that holds the master is started again and reads
    both. The second wraps the data keys again in one transaction, then puts the new master in place.
    """
    name, folder = COMPARTMENT_KEYS[compartment], settings.key_directory()
    if not (folder / f"{name}.next.key").exists():
        next_key(folder, name)
        return None
    keyring = Keyring(folder, [name])
    new = next_key(folder, name)
    with settings.connection().connect(UPKEEP_ROLE) as connection:
        rows = []
        for insurer, version, wrapped in store.wrapped_keys(connection, compartment):
            place = compartment, InsurerId(insurer), version
            rows.append((insurer, version, wrap_key(new, *place, keyring.unwrap(name, *place, wrapped))))
        step("wrap")
        store.rewrap(connection, compartment, rows)
        step("commit")
        connection.commit()
    step("place")
    take_place(folder, name, keep_previous=True)
    return len(rows)


def opens_by_current_alone(settings: Settings, compartment: Compartment) -> bool:
    """Whether the master in place opens every data key, so that the previous one may be destroyed."""
    name = COMPARTMENT_KEYS[compartment]
    master = (settings.key_directory() / f"{name}.key").read_bytes()
    with settings.connection().connect(UPKEEP_ROLE) as connection:
        for insurer, version, wrapped in store.wrapped_keys(connection, compartment):
            try:
                unwrap_key(master, compartment, InsurerId(insurer), version, wrapped)
            except SealBrokenError:
                return False
        connection.rollback()
    return True


def rotate_instance(settings: Settings, name: str, step: Step = no_step) -> None:
    """Give process `name` a new signing key. It signs with the old one until it is started again; both verify."""
    folder, key = settings.key_directory(), f"instance-{name}"
    next_key(folder, key)
    step("retire")
    with settings.connection().connect(UPKEEP_ROLE) as connection:
        store.retire_instance(connection, name)
        connection.commit()
    step("place")
    take_place(folder, key, keep_previous=False)


def rotate_log(settings: Settings, step: Step = no_step) -> str:
    """Give the log a new key; returns its new public line, to be announced. The worker must be stopped meanwhile.

    The old public line is kept with the last size that it signed: it vouches for no later checkpoint.

    Raises:
        RotationError: a worker runs; nothing waits for it but checkpoints, so stop it for the second that this takes.
    """
    folder, key = settings.key_directory(), f"instance-{LOG_KEY_NAME}"
    with settings.connection().connect(WORKER_ROLE) as connection:
        try:
            take_lock(connection)
        except SequencerBusyError:
            raise RotationError(
                "le worker tourne : arrêtez-le, relancez ceci, démarrez-le / "
                "the worker runs: stop it, run this again, start it"
            ) from None
        size = tree_size(connection)
        _insist_same_log(settings, size)
        line = replace_log_key(folder, key, size, step)
        connection.rollback()
    return line


def _insist_same_log(settings: Settings, size: int) -> None:
    """Refuse a database that is behind the checkpoint kept outside: the key would be retired at a wrong size."""
    state = settings.state_directory()
    note = None if state is None else KeptCheckpoint(state / CHECKPOINT_FILE).read()
    if note is not None and unverified_checkpoint(note).size > size:
        raise RotationError(
            "cette base est en retard sur le point de contrôle de `state` : autre base, ou sauvegarde "
            "plus ancienne ; corrigez [database] name / this database is behind the checkpoint kept in `state`: "
            "another database, or an older backup; correct [database] name"
        )


def replace_log_key(folder: Path, key: str, size: int, step: Step) -> str:
    """Retire the log's key after `size` and put the next one in place; the last move is the private key's.

    A key that was lost is retired by its public line. One that a stopped rotation retired and that signed on since is
    retired where it ends now.
    """
    public, lost = folder / LOG_PUBLIC_FILE, not (folder / f"{key}.key").exists()
    old = public.read_text("utf-8").strip() if lost else _public(Keyring(folder, ()).instance(LOG_KEY_NAME))
    new = _public(Ed25519PrivateKey.from_private_bytes(next_key(folder, key)))
    step("retire")
    file = folder / LOG_RETIRED_FILE
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    if old != new:
        others = [line for line in lines if line.split(" ")[0] != old]
        write_private(file, "".join(f"{line}\n" for line in (*others, f"{old} {size}")).encode())
        file.chmod(0o644)
    step("announce")
    write_private(public, f"{new}\n".encode())
    public.chmod(0o644)
    step("place")
    take_place(folder, key, keep_previous=False)
    return new


def rotate_passwords(settings: Settings, admin: Connection, roles: tuple[str, ...], step: Step = no_step) -> None:
    """Draw a new password for each role: connections that stand go on, new ones read the new file.

    The file is replaced before the server is told; between the two a new connection is refused and tried again by
    every pool. Stopped there, the next run draws and sets another.
    """
    folder = settings.connection().secrets
    for role in roles:
        password = random.token_urlsafe(24)
        step(role)
        write_private(folder / f"{role}.password", password.encode())
        store.set_password(admin, role, password)
        admin.commit()


def _public(key: Ed25519PrivateKey) -> str:
    return verifier_key(LOG_ORIGIN, key.public_key())
