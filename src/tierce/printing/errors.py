"""What can go wrong between data and paper."""

from tierce.kernel.errors import TierceError


class PrintingError(TierceError):
    """The template is not one of ours, or lacks a value it needs: its name and the typesetter's words follow."""


class UnprintableError(PrintingError):
    """A text holds a character that no font of ours draws; write it in Latin, Greek or Cyrillic letters."""

    in_french = (
        "Un texte a un caractère que nos polices ne dessinent pas ; employez des lettres latines, grecques "
        "ou cyrilliques."
    )
