"""The keys of doors and of networks: each is replaced at once, and nothing that stands is lost by it.

And what is done about a key that is lost, of those that are not replaced.

A door is made of an insurer's AMC number, which the database has in clear: all are written again in one transaction,
and sessions that are open stay open. A network's pseudonym is in journal lines, which nobody rewrites: the next key
is one more layer, new lines bear it, and whoever holds the file still makes those of before.
"""

from tierce.settings import Settings
from tierce.storage.insurer_keys import doors, replace_doors
from tierce.storage.keys import KeyedHash, Keyring, Purpose
from tierce.storage.lookup_keys import first_proof, mark, proof_of, take
from tierce.upkeep.rotation.errors import RotationError
from tierce.upkeep.rotation.files import next_key, take_place
from tierce.upkeep.rotation.lookups import service as lookups
from tierce.upkeep.rotation.lookups import store as lookups_store
from tierce.upkeep.rotation.service import FEED_ROLE, Step, no_step


def count_doors(settings: Settings) -> int:
    """How many insurers have a door."""
    with settings.connection().connect(FEED_ROLE) as connection:
        return len(doors(connection))


def rotate_doors(settings: Settings, step: Step = no_step) -> int:
    """Give every insurer's door another key; returns how many. Stopped, it goes on, with the key that it had made.

    Between the commit and the restart of `insurers` nobody of an insurer's staff can sign in; whoever is, stays.

    Raises:
        RotationError: a file is being taken in, which may make a door.
    """
    folder, name = settings.key_directory(), Purpose.DOOR.value
    with lookups.alone(settings) as connection:
        new = next_key(folder, name)
        step("doors")
        number = replace_doors(connection, KeyedHash(new))
        step("commit")
        connection.commit()
        step("place")
        take_place(folder, name, keep_previous=False)
    return number


def rotate_networks(settings: Settings, step: Step = no_step) -> lookups.Layered:
    """Put one more key into the file of networks, whole or not at all. Stopped, it goes on with the key it made.

    Raises:
        RotationError: the file holds as many keys as anything reads.
        KeyMissingError, LookupKeyError: the file is not the one under which the database's lines are.
    """
    folder, purpose = settings.key_directory(), Purpose.NETWORK
    with settings.connection().connect(FEED_ROLE) as connection:
        take(connection, Keyring(folder, [purpose]), [purpose])
        following = lookups_store.lock_generation(connection, purpose) + 1
        again = lookups.held(folder, purpose) >= following
        if not again:
            step("key")
            lookups.append_next(folder, purpose, following)
        ring = Keyring(folder, [purpose])
        ring.under(purpose, following)
        step("mark")
        lookups_store.put_in_force(connection, purpose, following, proof_of(ring, purpose))
        step("commit")
        connection.commit()
    return lookups.Layered(following, again)


def accept_file(settings: Settings, purpose: Purpose) -> None:
    """Have the database know the file that is there, the key before being lost, with what it was worth.

    Raises:
        RotationError: the file is the database's.
    """
    ring = Keyring(settings.key_directory(), [purpose])
    with settings.connection().connect(FEED_ROLE) as connection:
        lookups_store.lock_generation(connection, purpose)
        name, proof, keys = first_proof(ring, purpose)
        now = mark(connection, purpose)
        if (now.generation, now.proof) == (keys, proof):
            raise RotationError(f"{name}.key est celui de cette base / {name}.key is this database's file")
        lookups_store.put_in_force(connection, purpose, keys, proof)
        connection.commit()
