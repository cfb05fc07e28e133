"""Make the keys of an installation."""

from pathlib import Path

import pyrage

from tierce.billing.bank.sealing import PUBLIC_FILE as BANK_PUBLIC_FILE
from tierce.deposits.sealing import PUBLIC_FILE, public_of
from tierce.journal.kept import LOG_RETIRED_FILE
from tierce.journal.note import verifier_key
from tierce.journal.service import LOG_KEY_NAME, LOG_ORIGIN
from tierce.kernel.durable import write_new
from tierce.storage.errors import KeyMissingError
from tierce.storage.keys import BANK_KEY, DEPOSIT_KEY, Keyring, create_keys
from tierce.web.names import LOG_PUBLIC_FILE

INSTANCES = (
    "api", "office", "persons", "insurers", "signer", "worker", "feed", "notices", "billing", "peers", "upkeep",
    LOG_KEY_NAME,
)  # fmt: skip
"""The processes that sign journal lines, and the log that signs its checkpoints."""


LENDING_KEY = "lending.age"
"""The file, beside the keys, that opens what insurers lend and where persons wish to be written to."""


def make_keys(folder: Path) -> list[str]:
    """Make every key file that does not exist yet, and the public halves of three; returns the names of those made.

    Raises:
        KeyMissingError: the log's key is gone and its public half is there: another would take its place in silence.
    """
    if (folder / LOG_PUBLIC_FILE).exists() and not (folder / f"instance-{LOG_KEY_NAME}.key").exists():
        msg = (
            f"la clé du journal manque à {folder}, et sa ligne publique y est : ramenez sa copie scellée (`tierce "
            "backup open-keys`), ou donnez-lui une autre clé (`tierce keys log`) / the log's key is gone and its "
            "public line is there: bring its sealed copy back, or give it another key"
        )
        raise KeyMissingError(msg)
    made = create_keys(folder, INSTANCES)
    if not (folder / LENDING_KEY).exists():
        make_lending_key(folder)
        made.append(Path(LENDING_KEY).stem)
    public = verifier_key(LOG_ORIGIN, Keyring(folder, ()).instance(LOG_KEY_NAME).public_key())
    (folder / LOG_PUBLIC_FILE).write_text(public + "\n")
    for name, file in ((DEPOSIT_KEY, PUBLIC_FILE), (BANK_KEY, BANK_PUBLIC_FILE)):
        (folder / file).write_text(public_of(Keyring(folder, (name,)).raw(name)) + "\n")
    (folder / LOG_RETIRED_FILE).touch()  # a service manager hands over a file only if it is there
    return made


def make_lending_key(folder: Path) -> None:
    """Draw the age identity, mode 0600; never over one that is there."""
    write_new(folder / LENDING_KEY, f"{pyrage.x25519.Identity.generate()}\n".encode("ascii"))
