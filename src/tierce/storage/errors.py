"""What can go wrong under the stores."""

from tierce.kernel.errors import TierceError


class KeyMissingError(TierceError):
    """A key file that this process needs is missing: make it with `tierce upkeep keys`, or restore the backup."""

    in_french = (
        "Il manque une clé à ce processus : faites-la par `tierce upkeep keys`, ou rendez-la de la sauvegarde."
    )


class LookupKeyError(TierceError):
    """A look-up key is being replaced, or not as the database says: finish the replacement."""

    in_french = "Une clé de recherche est en cours de remplacement, ou n’est pas celle de la base : finissez-le."


class SealBrokenError(TierceError):
    """A sealed record does not open: wrong key, wrong place, or altered bytes."""

    in_french = "Un enregistrement scellé ne s’ouvre pas : autre clé, autre place, ou octets changés."


class SchemaNewerError(TierceError):
    """The database is at a newer schema than this program knows: install the program that upgraded it."""

    in_french = "La base est à un schéma plus récent que ce programme : installez celui qui l’a mise à jour."


class SchemaOtherError(TierceError):
    """The database is not at this program's schema: nothing that serves or works starts on it."""

    def __init__(self, found: str | None, known: str) -> None:
        """Say both versions, and what to do of each."""
        here = found or "—"
        super().__init__(
            f"la base est au schéma {here}, ce programme est du {known} : `tierce upgrade` si la base est en retard, "
            f"relancez par le programme qui l’a mise à niveau si elle est en avance / "
            f"the database is at schema {here}, this program is of {known}: `tierce upgrade` if the database is "
            f"behind, start again with the program that upgraded it if it is ahead"
        )


class ClusterError(TierceError):
    """PostgreSQL could not be found or started."""

    in_french = "PostgreSQL n’a pas été trouvé, ou n’a pas démarré."
