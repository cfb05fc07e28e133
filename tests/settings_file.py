"""A settings file of a demonstration, for tests that run commands."""

from pathlib import Path

from tierce.storage.database import Database


def settings_text(database: Database, keys: Path, *, operator: str) -> str:
    """The text of a complete settings file around one database and one folder of keys."""
    fields = ("address", "phone", "officer", "officer_email")
    text = f'mode = "demo"\nkeys = "{keys}"\n[operator]\nname = "{operator}"\n'
    text += "".join(f'{field} = "inventé"\n' for field in fields)
    text += f'[database]\nhost = "{database.host}"\nport = {database.port}\nname = "{database.name}"\n'
    text += f'secrets = "{database.secrets}"\n'
    for name in ("portal", "api", "office", "persons", "insurers"):
        text += f'[{name}]\nurl = "http://127.0.0.1:1"\nport = 1\n'
    for name in ("psc", "staff", "persons_provider", "insurers_provider"):
        text += f'[{name}]\ndiscovery = "http://127.0.0.1:1/"\nissuer = "http://127.0.0.1:1"\n'
        text += 'client_id = "none"\nclient_secret_file = "none"\n'
    return text
