"""What can go wrong when somebody asks for a price by hand."""

from tierce.kernel.errors import TierceError


class ProductUnknownError(TierceError):
    """Aucun organisme n’a cette formule / no insurer has this product: `--product AMC/CODE`, as 99100001/CONFORT."""


class EditionUnknownError(TierceError):
    """Aucune ligne n’a ce numéro ; laissez vide / no row has this number: leave --edition out."""
