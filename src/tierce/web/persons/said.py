"""How each category is named in a person's own space."""

from typing import Final

from tierce.kernel.categories import LABELS, DataCategory
from tierce.kernel.language import Phrase

SAID: Final = {
    **LABELS,
    DataCategory.INSURER: Phrase("le nom de votre complémentaire", "the name of your insurer"),
    DataCategory.GUARANTEES: Phrase(
        "ce qu’elle prend en charge pour les soins demandés, et jusqu’à quelle date",
        "what it covers for the care asked about, and until what date",
    ),
}
