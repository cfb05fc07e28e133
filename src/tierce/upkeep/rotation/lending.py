"""The key of what insurers lend and of where persons wish to be told: a file of identities, the present one first."""

from pathlib import Path

import pyrage

from tierce.persons.wishes.store import offer, open_
from tierce.persons.wishes.store import seal as seal_wish
from tierce.settings import Settings
from tierce.upkeep.rotation import store
from tierce.upkeep.rotation.errors import RotationError
from tierce.upkeep.rotation.files import write_private
from tierce.upkeep.rotation.service import Step, no_step
from tierce.upkeep.service import LENDING_KEY

NOTICES_ROLE = "tierce_notices"


def identities(settings: Settings) -> list[str]:
    """The identities of the file."""
    return _file(settings).read_text("ascii").split()


def rotate_lending(settings: Settings) -> str:
    """Put a new identity before the present one, in one move; returns its public half, to be announced to insurers.

    Raises:
        RotationError: the one before is still there.
    """
    present = identities(settings)
    if len(present) > 1:
        raise RotationError(
            "la clé d’avant n’est pas détruite : `tierce keys forget-lending` d’abord / "
            "the key before is not destroyed yet: `tierce keys forget-lending` first"
        )
    new = pyrage.x25519.Identity.generate()
    _write(settings, [str(new), *present])
    return str(new.to_public())


def kept_wishes(settings: Settings) -> int:
    """How many addresses are sealed."""
    with settings.connection().connect(NOTICES_ROLE) as connection:
        return len(store.sealed_wishes(connection))


def forget_lending(settings: Settings, step: Step = no_step) -> int:
    """Seal again to the present identity the addresses sealed to the one before, then destroy that one; how many.

    Raises:
        RotationError: there is none, or addresses are still sealed to it from now on.
    """
    first, *before = identities(settings)
    if not before:
        raise RotationError(
            f"{LENDING_KEY} ne tient qu’une clé : rien à détruire / holds one key alone: nothing to destroy"
        )
    public, number = str(pyrage.x25519.Identity.from_str(first).to_public()), 0
    with settings.connection().connect(NOTICES_ROLE) as connection:
        if settings.mail is not None and store.offered(connection) not in (None, public):
            raise RotationError(
                "`tierce-notices` offre encore la clé d’avant : relancez-le, puis ceci une minute après / "
                "`tierce-notices` still offers the key before: restart it, then run this a minute later"
            )
        for wish, sealed in store.sealed_wishes(connection):
            if open_(first, sealed) is None and (kept := open_("\n".join(before), sealed)) is not None:
                store.seal_wish(connection, wish, seal_wish(public, kept))
                number += 1
        offer(connection, public)
        step("commit")
        connection.commit()
    step("forget")
    _write(settings, [first])
    return number


def _file(settings: Settings) -> Path:
    return settings.key_directory() / LENDING_KEY


def _write(settings: Settings, identities: list[str]) -> None:
    file = _file(settings)
    owner = file.stat()
    write_private(file, "".join(f"{one}\n" for one in identities).encode("ascii"), (owner.st_uid, owner.st_gid))
