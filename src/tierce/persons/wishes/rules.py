"""What the two messages say, and the form of an address and of a code; pure.

A message may be read by somebody else than the person: it names nobody, no place, no profession, no kind of care and
no hour. It has no link, and asks for nothing.
"""

import re
from datetime import date, timedelta
from hashlib import sha256
from typing import Final

from tierce.kernel.errors import FieldError
from tierce.kernel.language import Phrase
from tierce.kernel.mailbox import is_mailbox
from tierce.notices.model import Block, BlockKind, Document, Operator
from tierce.persons.wishes.model import Ended, Standing, Wish

CODE_DIGITS: Final = 8
CODE_TRIES: Final = 5
"""At once, then 1, 3, 7 and 15 minutes later: a code lives half an hour, and she waits in front of the page."""
CODE_FIRST_WAIT: Final = timedelta(minutes=1)
_SPACES: Final = re.compile(r"[\s\u00a0-]")


def read_address(typed: str) -> str:
    """An e-mail address as she typed it, without spaces around.

    Raises:
        FieldError: it has not the form of one.
    """
    found = typed.strip()
    if not is_mailbox(found) or ".." in found:
        raise FieldError(
            "address",
            Phrase("Ce n’est pas une adresse électronique.", "This is not an e-mail address."),
            Phrase(
                "Écrivez-la comme dans votre messagerie : nom@exemple.fr.",
                "Write it as in your mailbox: name@example.com.",
            ),
        )
    return found


def read_code(typed: str) -> str:
    """The digits of a code, spaces aside; empty when it is none."""
    found = _SPACES.sub("", typed)
    return found if found.isascii() and found.isdigit() and len(found) == CODE_DIGITS else ""


def code_digest(wish: int, code: str) -> bytes:
    """What the database keeps of a code."""
    return sha256(b"tierce-wish-code-v1" + wish.to_bytes(8, "big") + code.encode()).digest()


def code_wait(attempts: int) -> timedelta | None:
    """How long a code waits after so many tries, or None when there were enough."""
    return None if attempts >= CODE_TRIES else CODE_FIRST_WAIT * (1 << (attempts - 1))


def standing(wishes: list[Wish], *, offered: bool) -> Standing:
    """Sort her wishes, the newest first, into what she reads."""
    live = next((one for one in wishes if one.proved is not None and one.ended is None), None)
    waiting = next((one for one in wishes if one.proved is None and one.ended is None), None)
    ended = [one for one in wishes if one.ended is not None and one.why is not Ended.REPLACED]
    if live is not None:  # of another address that she gave since, she reads that its code came to nothing
        ended = [one for one in ended if one.made > live.made and one.why in {Ended.UNSENT, Ended.LATE}]
    return Standing(offered, live, waiting, ended[0] if ended and waiting is None else None)


def code_message(operator: Operator, code: str, dated: date) -> Document:
    """The message that proves an address: whoever reads it there types its code in her space."""
    spoken = f"{code[:4]}\u00a0{code[4:]}"
    return _document(
        operator,
        Phrase("Votre code pour être prévenu", "Your code to be told"),
        "",
        dated,
        (
            Block(
                BlockKind.ACTIONS,
                Phrase("Tapez ce code dans votre espace", "Type this code in your space"),
                (
                    Phrase(f"Code\u00a0: {spoken}", f"Code: {spoken}"),
                    Phrase(
                        "Il sert une fois, pendant trente minutes. Tapez-le sur la page déjà ouverte, et nulle part "
                        "ailleurs.",
                        "It works once, for thirty minutes. Type it on the page that is open, and nowhere else.",
                    ),
                ),
            ),
            Block(
                BlockKind.NATURE,
                Phrase("Vous n’avez rien demandé ?", "You asked for nothing?"),
                (
                    Phrase(
                        "Ne faites rien. Sans ce code, nous n’écrirons plus à cette adresse.",
                        "Do nothing. Without this code, we will not write to this address again.",
                    ),
                ),
            ),
        ),
    )


def look_message(operator: Operator, reference: str, dated: date) -> Document:
    """The message of a first look-up."""
    return _document(
        operator,
        Phrase("Un nouveau professionnel a demandé vos droits", "A new professional asked about your rights"),
        reference,
        dated,
        (
            Block(
                BlockKind.NATURE,
                Phrase("Ce qui s’est passé", "What happened"),
                (
                    Phrase(
                        "Vous avez voulu être prévenu. Un professionnel a demandé si votre complémentaire vous "
                        "couvre. Il ne l’avait pas fait depuis un an au moins.",
                        "You wanted to be told. A professional asked whether your insurer covers you. They had not "
                        "done so for at least a year.",
                    ),
                    Phrase(
                        "Si vous venez de voir un soignant, c’est sans doute lui.",
                        "If you have just seen a carer, it is likely them.",
                    ),
                ),
            ),
            Block(
                BlockKind.ACTIONS,
                Phrase("Ce que vous pouvez faire", "What you can do"),
                (
                    Phrase(
                        "Ouvrez votre espace, à l’adresse que vous avez déjà. Vous y lirez qui, où et quand. Si cela "
                        "ne vous dit rien, répondez «\u00a0Ce n’était pas moi\u00a0».",
                        "Open your space, at the address that you already have. You will read who, where and when. "
                        "If it means nothing to you, answer “It was not me”.",
                    ),
                    Phrase(
                        "Un bouton de votre espace arrête ces messages.",
                        "One button of your space stops these messages.",
                    ),
                ),
            ),
            Block(
                BlockKind.SCOPE,
                Phrase("Ce que ce message ne dit pas", "What this message does not say"),
                (
                    Phrase(
                        "Il ne dit ni qui, ni où, ni pour quel soin : un autre que vous peut le lire. Il n’a pas de "
                        "lien. Nous ne demandons jamais de code par téléphone.",
                        "It says neither who, nor where, nor for which care: somebody else may read it. It has no "
                        "link. We never ask for a code by phone.",
                    ),
                ),
            ),
        ),
    )


def _document(operator: Operator, title: Phrase, reference: str, dated: date, blocks: tuple[Block, ...]) -> Document:
    return Document(
        title=title,
        sender=(operator.name, operator.address, operator.phone),
        recipient=(),
        reference=reference,
        dated=dated,
        greeting=Phrase("Bonjour,", "Hello,"),
        blocks=blocks,
        closing=Phrase("Bien à vous,", "Yours,"),
        signature=(Phrase(operator.name, operator.name),),
    )
