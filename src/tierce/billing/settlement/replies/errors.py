"""Why a file of the bank's is not taken in; no message holds anything of it but our own numbers."""

from tierce.kernel.errors import TierceError
from tierce.kernel.language import Phrase


class BankFileError(TierceError):
    """A file of the bank's is not one that is read here, or does not fit what was sent; nothing of it is kept."""

    def __init__(self, where: str, said: Phrase, remedy: Phrase) -> None:
        """Name the place in the file, what is wrong and what to do, in both languages."""
        super().__init__(f"{where} : {said.fr} {remedy.fr} / {said.en} {remedy.en}")
        self.where = where
        self.said = said
        self.remedy = remedy
