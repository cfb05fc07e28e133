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


class UpgradeRefusedError(TierceError):
    """The database refuses a step of an upgrade, by what somebody made of it: no other upgrade is the remedy."""

    def __init__(self, named: str) -> None:
        """Say what is refused, as the server names it: objects, and never a row's values."""
        super().__init__(
            f"la base refuse une étape de la mise à niveau ({named}) : elle n’est pas telle que le programme d’avant "
            "l’a laissée, quelqu’un l’a changée à la main. Défaites cela (le `tierce doctor` du programme d’avant le "
            "nomme) ou ramenez la sauvegarde, puis relancez / "
            f"the database refuses a step of the upgrade ({named}): it is not as the program before left it, "
            "somebody changed it by hand. Undo that (`tierce doctor` of the program before names it) or bring the "
            "backup back, then run it again"
        )


class AdministratorError(TierceError):
    """The role that upgrades is not the server's administrator."""

    def __init__(self, role: str) -> None:
        """Name the role, and what to give instead."""
        super().__init__(
            f"le rôle {role} n’a pas ce droit sur ce serveur : donnez par --admin un superutilisateur de PostgreSQL, "
            f"dont le mot de passe est dans SECRETS / the role {role} may not do this on this server: give by "
            "--admin a superuser of PostgreSQL, whose password is in SECRETS"
        )


class ClusterError(TierceError):
    """PostgreSQL could not be found or started."""

    in_french = "PostgreSQL n’a pas été trouvé, ou n’a pas démarré."
