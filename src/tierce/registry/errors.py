"""What can go wrong with an insurer's file as a whole; a single line that is refused is a Rejection."""

from tierce.kernel.errors import TierceError


class FeedRefusedError(TierceError):
    """The file cannot be taken in; nothing of it was written."""


class SenderRefusedError(FeedRefusedError):
    """No rights file of this insurer is taken in."""


class InsurerUnknownError(SenderRefusedError):
    """Aucun organisme n’a ce numéro AMC / no insurer has this AMC number: `tierce feed insurers FILE`."""


class ContractEndedError(SenderRefusedError):
    """Le contrat de cet organisme a pris fin : `tierce contract status` / the contract of this insurer has ended."""


class InsurerRemoteError(SenderRefusedError):
    """Cet organisme tient lui-même ses assurés : `tierce remote list` / this insurer keeps its people itself."""


class FeedBusyError(FeedRefusedError):
    """Un autre fichier est pris en ce moment ; attendez sa fin / another import is running: wait for its end."""


class FeedHeldError(TierceError):
    """Abnormally many would lose cover, or a domain of it: what adds was taken, what takes away waits for a word."""

    def __init__(self, losing: int, covered: int, unread: int) -> None:
        """Say how many of how many, and how many refused lines could be told to be nobody's."""
        unread_fr = f" ; lignes refusées dont on ne sait de qui elles sont : {unread}" if unread else ""
        unread_en = f"; refused lines of nobody known: {unread}" if unread else ""
        super().__init__(
            f"Personnes qui perdraient des droits : {losing} sur {covered}{unread_fr}. Rien n’est retiré à personne. "
            f"Vérifiez le fichier, puis relancez avec --confirm-shrink {losing}. / "
            f"People who would lose cover: {losing} of {covered}{unread_en}. Nothing was taken from anybody. "
            f"Check the file, then run again with --confirm-shrink {losing}."
        )
        self.losing = losing


class ListingHeldError(TierceError):
    """A contracts' file would close domains, open until then, to whoever it does not name; nothing was written."""

    def __init__(self, begun: int) -> None:
        """Say how many (insurer, domain) would begin to be listed."""
        super().__init__(
            f"{begun} domaine(s) d’organisme, ouverts à tous jusqu’ici, seraient fermés à qui le fichier ne nomme "
            f"pas. Rien n’a été écrit. Vérifiez-le avec --dry-run, puis relancez avec --confirm {begun}. / "
            f"{begun} domain(s) of insurers, open to everybody until now, would be closed to whoever the file does "
            f"not name. Nothing was written. Check it with --dry-run, then run again with --confirm {begun}."
        )
        self.begun = begun
