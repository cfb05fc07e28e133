"""One installation without processes, for `tierce doctor` to look at."""

from dataclasses import dataclass
from pathlib import Path

from tests.settings_file import settings_text
from tierce.settings import Settings, load
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.roles import ROLES
from tierce.upkeep.doctor.commands import examine
from tierce.upkeep.doctor.model import Grade
from tierce.upkeep.service import make_keys


@dataclass(frozen=True)
class House:
    """One installation without processes."""

    file: Path
    keys: Path
    secrets: Path
    state: Path
    database: Database

    @property
    def settings(self) -> Settings:
        return load(self.file)

    def codes(self) -> set[str]:
        """What is wrong now."""
        return {one.code for one in examine(self.file) if one.grade is not Grade.GOOD}


def made_in(folder: Path, database: Database) -> House:
    """Make one: keys, passwords, settings; the database is there already."""
    keys, secrets, state = folder / "keys", folder / "secrets", folder / "state"
    make_keys(keys)
    secrets.mkdir()
    state.mkdir()
    for role in (*ROLES, SUPERUSER):
        copy = secrets / f"{role}.password"
        copy.write_text((database.secrets / copy.name).read_text())
        copy.chmod(0o600)
    client = folder / "client.secret"
    client.write_text("dev-insecure-none")
    client.chmod(0o600)
    own = Database(database.host, database.port, database.name, secrets)
    text = settings_text(own, keys, operator="Rive Claire").replace('"none"', f'"{client}"')
    file = folder / "tierce.toml"
    file.write_text(f'state = "{state}"\n' + text)
    return House(file, keys, secrets, state, database)
