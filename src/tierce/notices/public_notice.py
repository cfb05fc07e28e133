"""The public notice, GDPR article 34(3)(c): for the people whom nothing else reaches, and for them alone.

It says why each of them is not written to, in counts, and names nobody. It stands where it is seen as well as a
letter would be: a banner on the insurers' and the operator's own pages, and the press; a page apart is not enough.
"""

from collections.abc import Mapping
from datetime import date

from tierce.kernel.categories import LABELS, each
from tierce.kernel.language import Phrase
from tierce.kernel.saying import NBSP, count, say_period
from tierce.notices.audience.model import Why
from tierce.notices.letter import contact_block, measures_block, signature
from tierce.notices.letter_words import HERSELF, actions, consequences
from tierce.notices.model import Block, BlockKind, Document, Facts, Operator, ReadOfHer
from tierce.notices.rules import LETTER_CONTENTS, check_document, check_readable

_PEOPLE = (Phrase("personne", "person"), Phrase("personnes", "people"))
_PAPER = Phrase("cette annonce", "this notice")
_UNREACHED: dict[Why, Phrase] = {
    Why.NO_CONTACT: Phrase("aucune adresse ne nous est connue", "no address is known to us"),
    Why.NO_ADDRESS: Phrase("aucune adresse ne nous a été donnée", "no address was given to us"),
    Why.SHARED_MAILBOX: Phrase(
        "l’adresse électronique sert aussi à quelqu’un d’autre", "somebody else uses the e-mail address too"
    ),
    Why.EMAIL_FAILED: Phrase("notre message n’est pas arrivé", "our message did not arrive"),
    Why.UNPRINTABLE: Phrase("l’adresse ne s’imprime pas", "the address cannot be printed"),
    Why.RETURNED: Phrase("notre lettre est revenue", "our letter came back"),
    Why.MINOR_ALONE: Phrase(
        "des enfants dont nous ne savons pas qui les représente",
        "children of whom we do not know who represents them",
    ),
}
"""Why nothing else reaches somebody, in words for whoever reads the notice in a newspaper."""
_INSURER = Phrase("votre organisme complémentaire", "your insurer")


def make_public_notice(
    facts: Facts, operator: Operator, read: ReadOfHer, unreached: Mapping[Why, int], reference: str, dated: date
) -> Document:
    """Write the public notice for the people who are reached by nothing else.

    Args:
        facts: what is established about the incident.
        operator: who writes.
        read: all that was read of them together; its insurer's name is not said.
        unreached: how many, by reason; the reasons are said in the notice.
        reference: the incident's.
        dated: the notice's date.

    Raises:
        TextRefusedError: nobody is unreached, or a block would be empty, vague or hard to read.
    """
    document = Document(
        title=Phrase(
            "Des informations de personnes couvertes ont été lues par quelqu’un qui n’en avait pas le droit",
            "Information about people covered was read by somebody who had no right to it",
        ),
        sender=(operator.name, operator.address, operator.phone),
        recipient=(),
        reference=reference,
        dated=dated,
        greeting=Phrase("Madame, Monsieur,", "Dear Sir or Madam,"),
        blocks=(
            _nature(facts, read, unreached),
            consequences((read,), HERSELF, _INSURER),
            measures_block(facts),
            actions((read,), HERSELF, _INSURER, _PAPER),
            contact_block(operator, reference, _PAPER),
        ),
        closing=Phrase(
            f"Ces informations nous étaient confiées{NBSP}: nous vous présentons nos excuses.",
            "This information was in our care: we apologise to you.",
        ),
        signature=signature(operator),
    )
    check_document(document, LETTER_CONTENTS)
    check_readable(document)
    return document


def _nature(facts: Facts, read: ReadOfHer, unreached: Mapping[Why, int]) -> Block:
    when = say_period(read.first_at, read.last_at)
    total = count(sum(unreached.values()), *_PEOPLE)
    reasons = tuple(
        Phrase(f"{say.fr}{NBSP}: {_UNREACHED[why].fr}", f"{say.en}: {_UNREACHED[why].en}")
        for why, number in sorted(unreached.items())
        for say in (count(number, *_PEOPLE),)
    )
    what = (
        Phrase(
            "Une personne s’est servie sans droit de l’accès d’un membre de notre équipe. Elle a lu nos fiches "
            f"{when.fr}. Voici ce qu’elle a pu y lire{NBSP}:",
            "Somebody used the access of a member of our staff with no right to do so. They read our records "
            f"{when.en}. This is what they can have read:",
        )
        if facts.by_staff
        else Phrase(
            "Une personne a volé l’accès d’un professionnel de santé. Elle s’en est servie pour interroger notre "
            f"service de tiers payant {when.fr}. Voici ce que nos réponses ont pu lui montrer{NBSP}:",
            "Somebody stole the access of a health professional. They used it to ask our tiers payant service "
            f"{when.en}. This is what our answers can have shown:",
        )
    )
    return Block(
        BlockKind.NATURE,
        Phrase("Ce qui s’est passé", "What happened"),
        (what,),
        tuple(LABELS[one] for one in each(read.categories)),
        (
            Phrase(
                f"Nous écrivons à chaque personne que nous pouvons joindre. Cette annonce est pour {total.fr} que "
                f"nous ne pouvons pas joindre autrement{NBSP}:",
                f"We write to each person whom we can reach. This notice is for {total.en} whom we cannot reach "
                "otherwise:",
            ),
            *reasons,
            Phrase(
                "Pour savoir si vous en êtes, ouvrez votre espace personnel sur notre site, ou écrivez-nous par la "
                "poste, à l’adresse de cette annonce. Nous ne répondons à cette question nulle part ailleurs.",
                "To know whether you are one of them, open your personal space on our site, or write to us by post, "
                "at the address of this notice. We answer that question nowhere else.",
            ),
        ),
    )


def together(reads: list[ReadOfHer]) -> ReadOfHer:
    """All that was read, over several people, without an insurer's name."""
    categories = reads[0].categories
    for one in reads[1:]:
        categories |= one.categories
    return ReadOfHer(
        _INSURER.fr,
        categories,
        min(one.first_at for one in reads),
        max(one.last_at for one in reads),
        sum(one.entries for one in reads),
    )
