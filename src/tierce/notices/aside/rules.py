"""What to do about a message that was set aside; pure."""

from typing import Final

from tierce.kernel.language import Phrase
from tierce.notices.aside.model import AsideWhy, Road

ROADS: Final = {
    Road.INSURER: Phrase("notification à un organisme", "notice to an insurer"),
    Road.PROFESSIONAL: Phrase("courriel à un professionnel", "e-mail to a professional"),
    Road.PERSON: Phrase("première consultation, à une personne", "first look-up, to a person"),
    Road.MESSAGE: Phrase("message ou lettre d’un incident", "message or letter of an incident"),
}
REASONS: Final = {
    AsideWhy.REFUSED: Phrase("refusé par la messagerie", "refused by the mail server"),
    AsideWhy.UNADDRESSED: Phrase("pas d’adresse", "no address"),
    AsideWhy.UNWRITTEN: Phrase("texte qui ne peut pas être écrit", "text that cannot be written"),
    AsideWhy.DOUBTFUL: Phrase("peut-être envoyé", "perhaps sent"),
    AsideWhy.RETURNED: Phrase("revenu", "came back"),
    AsideWhy.CHANGED: Phrase("coordonnées changées", "contact data changed"),
}
_CHAIN: Final = Phrase(
    "corrigez sa chaîne de contacts (`tierce notice chain set`) : le tour suivant écrit au nouveau contact ; sinon "
    "appelez, puis classez",
    "correct its chain of contacts (`tierce notice chain set`): the next turn writes to the new one; or call, then "
    "settle",
)
_ADDRESS: Final = Phrase(
    "vérifiez son adresse (`tierce directory contact`), puis réessayez ; ou appelez ce professionnel, puis classez",
    "check the address (`tierce directory contact`), then try again; or call this professional, then settle",
)
_WAITS: Final = Phrase(
    "réessayez quand la messagerie va bien ; cette personne lit tout dans son espace",
    "try again once the mail server is well; this person reads everything in her space",
)
_PROGRAM: Final = Phrase(
    "le journal de `tierce-notices` dit quelle erreur ; une fois corrigée, réessayez",
    "the log of `tierce-notices` says which error; once it is mended, try again",
)
_DOUBT: Final = Phrase(
    "cherchez-le dans le journal du relais ; s’il n’y est pas, réessayez, sinon classez",
    "look for it in the relay’s log; if it is not there, try again, otherwise settle",
)
_SENDING: Final = {
    AsideWhy.DOUBTFUL: Phrase("`tierce notice send --really` le règle", "`tierce notice send --really` settles it"),
    AsideWhy.CHANGED: Phrase(
        "figez de nouveau les destinataires : `tierce notice audience`",
        "freeze another audience: `tierce notice audience`",
    ),
    AsideWhy.UNWRITTEN: Phrase(
        "`tierce notice send` sans --really dit pourquoi ; corrigez, puis recommencez",
        "`tierce notice send` without --really says why; mend that, then run it again",
    ),
}  # fmt: skip


def remedy(road: Road, why: AsideWhy) -> Phrase:
    """What to do next."""
    if road is Road.MESSAGE:
        return _SENDING[why]
    if why is AsideWhy.UNWRITTEN:
        return _PROGRAM
    if why is AsideWhy.DOUBTFUL:
        return _DOUBT
    return {Road.INSURER: _CHAIN, Road.PROFESSIONAL: _ADDRESS}.get(road, _WAITS)
