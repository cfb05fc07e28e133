"""Why a message that was set aside cannot be taken up."""

from typing import Final

from tierce.kernel.errors import FieldError
from tierce.kernel.language import Phrase
from tierce.notices.aside.model import TakenUp

_REFUSED: Final = {
    TakenUp.NOT_ASIDE: (
        Phrase("rien n’est mis de côté sous ce numéro", "nothing is set aside under this number"),
        Phrase(
            "prenez un numéro de `tierce notice aside list` ; ceux d’un incident repartent par `tierce notice send`",
            "take a number of `tierce notice aside list`; an incident’s message goes on by `tierce notice send`",
        ),
    ),
    TakenUp.UNADDRESSED: (
        Phrase("aucune adresse ne permet de l’envoyer", "there is no address to send it to"),
        Phrase(
            "notez une adresse (`tierce directory contact`, ou `tierce notice chain set` pour un organisme)",
            "put an address on file (`tierce directory contact`, or `tierce notice chain set` for an insurer)",
        ),
    ),
    TakenUp.OVER: (
        Phrase("le compte dont il parle n’est plus demandé", "the account of which it tells is asked for no more"),
        Phrase("classez-le : `tierce notice aside settle`", "settle it: `tierce notice aside settle`"),
    ),
}


def refused(found: TakenUp) -> FieldError:
    """What is said of a number that cannot be taken up."""
    return FieldError("number", *_REFUSED[found])
