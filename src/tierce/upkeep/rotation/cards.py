"""Keys of which no earlier one is kept: those behind dynamic cards, which live for minutes, and our alerts'."""

from tierce.journal.model import EntryKind
from tierce.policy.acts import Act
from tierce.presence.signing import signing_key
from tierce.presence.store import add_signer, revoke_signer, set_signer_key
from tierce.settings import Settings
from tierce.storage.keys import ALERTS_KEY, SIGNER_KEY, Purpose
from tierce.upkeep import lines
from tierce.upkeep.rotation import store
from tierce.upkeep.rotation.files import next_key, take_place
from tierce.upkeep.rotation.service import UPKEEP_ROLE, Step, no_step

WHY = "tierce keys signer"
"""What is kept with the keys that it revokes."""


def rotate_card(settings: Settings, step: Step = no_step) -> None:
    """Give the handles of cards a new key; until `api` and `signer` both read it, no new card serves."""
    folder, name = settings.key_directory(), Purpose.CARD.value
    next_key(folder, name)
    step("place")
    take_place(folder, name, keep_previous=False)


def rotate_alerts(settings: Settings, step: Step = no_step) -> None:
    """Give our alerts another key; the office, once started again, signs with it and publishes its public half."""
    folder = settings.key_directory()
    next_key(folder, ALERTS_KEY)
    step("place")
    take_place(folder, ALERTS_KEY, keep_previous=False)


def live_signers(settings: Settings) -> int:
    """How many insurers' keys sign."""
    with settings.connection().connect(UPKEEP_ROLE) as connection:
        return len(store.live_signers(connection))


def rotate_signers(settings: Settings, step: Step = no_step) -> int:
    """Revoke every insurer's key and give it one derived from a new file; returns how many insurers had one.

    Stopped after the commit, the next run finds the keys derived from the file that waits, and puts it in place.
    """
    folder = settings.key_directory()
    new = next_key(folder, SIGNER_KEY)
    with settings.connection().connect(UPKEEP_ROLE) as connection:
        appender = lines.enrol(settings, connection)
        live = store.live_signers(connection)
        for number, insurer, public in live:
            if signing_key(new, number, insurer).public_key().public_bytes_raw() == public:
                continue
            revoke_signer(connection, number, WHY)
            other = add_signer(connection, insurer)
            key = signing_key(new, other, insurer).public_key().public_bytes_raw()
            set_signer_key(connection, other, key)
            told = [
                lines.entry(appender, Act.PRESENCE_SIGNER, one, EntryKind.KEY_OR_POLICY_CHANGE)
                for one in (number, other)
            ]
            appender.write(connection, told)
        step("commit")
        connection.commit()
    step("place")
    take_place(folder, SIGNER_KEY, keep_previous=False)
    return len(live)
