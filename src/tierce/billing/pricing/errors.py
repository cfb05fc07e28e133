"""What can go wrong with a file as a whole, and when somebody asks for a price by hand."""

from tierce.kernel.errors import TierceError


class ProductUnknownError(TierceError):
    """Aucun organisme n’a cette formule / no insurer has this product: `--product AMC/CODE`, as 99100001/CONFORT."""


class PricesHeldError(TierceError):
    """A file moves tariffs or benefits further than usual, and nobody said that it is meant; nothing was written."""

    def __init__(self, moved: int) -> None:
        """Say how many lines do."""
        super().__init__(
            f"{moved} ligne(s) changent de plus de moitié ce qui vaut déjà. Rien n’a été écrit. Vérifiez-les (des "
            f"euros pris pour des centimes ?), puis relancez avec --confirm {moved}. / {moved} line(s) change by "
            "more than half what holds already. Nothing was written. Check them (euros taken for cents?), then run "
            f"again with --confirm {moved}."
        )
        self.moved = moved


class EditionUnknownError(TierceError):
    """Aucune ligne n’a ce numéro ; laissez vide / no row has this number: leave --edition out."""
