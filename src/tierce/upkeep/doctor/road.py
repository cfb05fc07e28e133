"""The doctor on the road to the database: who could read it, and who could stand in the server's place."""

from tierce.kernel.language import Phrase
from tierce.settings import DatabaseSettings
from tierce.upkeep.doctor.files import LOOPBACK
from tierce.upkeep.doctor.model import Finding, Grade, bad


def road(given: DatabaseSettings, *, encrypted: bool) -> list[Finding]:
    """Judge what lies between us and the server: who can read it, who can stand in the server's place."""
    if given.host in LOOPBACK:
        return []
    if not encrypted:
        said = Phrase(
            "la base est jointe sans TLS par le réseau", "the database is reached over the network without TLS"
        )
        remedy = Phrase("`ssl = on` sur le serveur", "`ssl = on` on the server")
        return [bad("server-tls", given.host, said, remedy)]
    if given.authority is not None:
        return []
    said = Phrase(
        "la base est jointe par le réseau sans que son certificat soit vérifié : qui s’y tient au milieu lit tout",
        "the database is reached over the network and its certificate is not verified: whoever is between reads all",
    )
    remedy = Phrase(
        "`authority`, sous [database], nomme le fichier de l’autorité : docs/runbooks/standby.md",
        "`authority`, under [database], names its authority's file: docs/runbooks/standby.md",
    )
    return [bad("server-unverified", given.host, said, remedy, grade=Grade.WARNING)]
