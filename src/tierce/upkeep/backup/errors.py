"""What can go wrong with a backup."""

from tierce.kernel.errors import TierceError


class BackupError(TierceError):
    """A backup could not be taken or brought back; what was there before is untouched."""


class ServerStoppedError(BackupError):
    """PostgreSQL stopped, or cannot write: make room on its disk, start it if need be, run the same command again."""

    in_french = (
        "PostgreSQL s’est arrêté, ou ne peut plus écrire (son journal dit pourquoi) : faites de la place sur son "
        "disque, démarrez-le s’il le faut, et relancez la même commande."
    )


class BackupBrokenError(BackupError):
    """The files of this backup are not those that its manifest lists."""
