"""The complement to an insurer whose people are on the list no more: its part is empty, the one before has ended."""

from datetime import date

from tierce.kernel.language import Phrase
from tierce.kernel.saying import NBSP
from tierce.notices.insurer_notice import evidence_block, to_officer
from tierce.notices.letter import measures_block
from tierce.notices.model import Block, BlockKind, Document, Emptied, Facts, Operator


def make_emptied_notice(facts: Facts, operator: Operator, part: Emptied, reference: str, dated: date) -> Document:
    """Write to an insurer that the newest list has none of its people any more.

    Args:
        facts: what is established about the incident; `revision` is the newest list's.
        operator: who writes.
        part: the insurer, the digest of its empty part, and the list that it was told of.
        reference: the incident's reference.
        dated: the notice's date.

    Raises:
        TextRefusedError: a block would be empty or vague.
    """
    title = Phrase(
        f"Plus aucun assuré de {part.name} sur notre liste",
        f"Nobody insured by {part.name} on our list any more",
    )
    blocks = (
        Block(
            BlockKind.NATURE,
            Phrase("Ce qui a changé", "What has changed"),
            (
                Phrase(
                    "Nous vous avons écrit que des réponses portant sur vos assurés avaient été lues par un "
                    "accès volé. La liste a été établie de nouveau à partir de notre journal, et aucun de vos "
                    "assurés n’y figure.",
                    "We wrote to you that answers about people you insure had been read through a stolen access. "
                    "The list was drawn up again from our journal, and nobody you insure is on it.",
                ),
            ),
        ),
        _scope(facts, part),
        evidence_block(facts, part.digest),
        measures_block(facts),
        _duties(),
    )
    return to_officer(part.name, operator, reference, dated, title, blocks)


def _scope(facts: Facts, part: Emptied) -> Block:
    return Block(
        BlockKind.SCOPE,
        Phrase("Qui et quoi", "Who and what"),
        (),
        (
            Phrase(f"Vos assurés concernés{NBSP}: aucun.", "People you insure concerned: none."),
            Phrase(
                f"La liste nº {facts.revision} remplace la liste nº {part.before}, qui vous a été remise ou annoncée "
                f"et ne vaut plus. Votre partie de la liste nº {facts.revision} est vide.",
                f"List no. {facts.revision} takes the place of list no. {part.before}, which was handed to you or "
                f"announced, and is no longer good. Your part of list no. {facts.revision} is empty.",
            ),
        ),
    )


def _duties() -> Block:
    return Block(
        BlockKind.DUTIES,
        Phrase("Ce que cela change pour vous", "What this changes for you"),
        (
            Phrase(
                "Vous êtes responsable de ces traitements. Si vous avez notifié la CNIL, ou écrit à des personnes, "
                "d’après la liste d’avant, ce message est le fait nouveau à leur dire. Ne détruisez rien de ce que "
                "vous avez déjà noté de cet incident.",
                "You are the controller of this processing. If you notified the CNIL, or wrote to people, by the "
                "list before, this message is the new fact to tell them. Destroy nothing of what you have already "
                "noted of this incident.",
            ),
        ),
    )
