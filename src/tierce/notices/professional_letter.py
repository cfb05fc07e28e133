"""The letter to a professional whose own account somebody else used: the operator always writes it itself.

She is told of her own data and of what was done in her name. She is never told whose rights were read: those people
are told by themselves.
"""

from dataclasses import dataclass
from datetime import date, datetime

from tierce.kernel.categories import DataCategory, each
from tierce.kernel.language import Phrase
from tierce.kernel.saying import NBSP, count, say_period
from tierce.notices.letter import contact_block, measures_block, signature
from tierce.notices.letter_words import bank_action, bank_consequence, complaint_action, coupled
from tierce.notices.model import Block, BlockKind, Document, Facts, Operator
from tierce.notices.rules import LETTER_CONTENTS, check_document

_ASKS = (
    Phrase("demande ou connexion faite", "ask or sign-in made"),
    Phrase("demandes et connexions faites", "asks and sign-ins made"),
)
_OWN = {
    DataCategory.CIVIL_STATUS: Phrase("votre nom et vos prénoms", "your full name"),
    DataCategory.PROFESSIONAL_RECORD: Phrase(
        "votre fiche de professionnel, vos lieux d’exercice, vos appareils et vos demandes passées",
        "your professional record, your places of work, your devices and your past asks",
    ),
    DataCategory.BANK: Phrase("vos coordonnées bancaires (RIB)", "your bank details"),
    DataCategory.POSTAL_ADDRESS: Phrase("votre adresse postale", "your postal address"),
    DataCategory.PHONE: Phrase("votre numéro de téléphone", "your phone number"),
    DataCategory.EMAIL: Phrase("votre adresse électronique", "your e-mail address"),
    DataCategory.BIRTH_DATE: Phrase("votre date de naissance", "your birth date"),
    DataCategory.NIR: Phrase("votre numéro de sécurité sociale (NIR)", "your social security number (NIR)"),
    DataCategory.INSURER: Phrase("le nom de votre complémentaire", "the name of your insurer"),
    DataCategory.GUARANTEES: Phrase("vos garanties", "your cover"),
    DataCategory.MEDICAL: Phrase("des données médicales vous concernant", "medical data about you"),
    DataCategory.REIMBURSEMENTS: Phrase("les remboursements qui vous sont versés", "the reimbursements paid to you"),
}


@dataclass(frozen=True, slots=True)
class UsedAccount:
    """What was done with one professional's account: what her own pages can have shown, when, how many lines."""

    categories: DataCategory
    first_at: datetime
    last_at: datetime
    entries: int


def make_professional_letter(
    *, facts: Facts, operator: Operator, recipient: Phrase, used: UsedAccount, reference: str, dated: date
) -> Document:
    """Write to a professional whose account was used.

    Raises:
        TextRefusedError: a block would be empty or vague.
    """
    document = Document(
        title=Phrase(
            "Quelqu’un s’est servi de votre accès à notre service", "Somebody used your access to our service"
        ),
        sender=(operator.name, operator.address, operator.phone),
        recipient=(recipient,),
        reference=reference,
        dated=dated,
        greeting=Phrase("Madame, Monsieur,", "Dear Sir or Madam,"),
        blocks=(
            _nature(used),
            _consequences(used.categories),
            measures_block(facts),
            _actions(used.categories),
            contact_block(operator, reference),
        ),
        closing=Phrase(
            f"Votre accès nous était confié{NBSP}: nous vous présentons nos excuses.",
            "Your access was in our care: we apologise to you.",
        ),
        signature=signature(operator),
    )
    check_document(document, LETTER_CONTENTS)
    return document


def _nature(used: UsedAccount) -> Block:
    when, lines = say_period(used.first_at, used.last_at), count(used.entries, *_ASKS)
    return Block(
        BlockKind.NATURE,
        Phrase("Ce qui s’est passé", "What happened"),
        (
            Phrase(
                f"Une autre personne que vous s’est servie de votre accès {when.fr}. Notre journal garde {lines.fr} "
                f"ainsi sous votre nom. Elle a pu lire sur vos propres pages{NBSP}:",
                f"Somebody other than you used your access {when.en}. Our journal holds {lines.en} so under "
                "your name. They were able to read on your own pages:",
            ),
        ),
        tuple(_OWN[one] for one in each(used.categories)),
        (
            Phrase(
                "Elle s’est aussi servie de votre nom pour lire les droits de personnes couvertes. Nous prévenons "
                f"ces personnes{NBSP}: ni votre nom ni votre lieu d’exercice ne leur est donné.",
                "They also used your name to read the rights of people who are covered. We tell those people: "
                "neither your name nor your place of work is given to them.",
            ),
            Phrase(
                "Un accès volé n’est pas une faute. Ce courrier ne vous accuse de rien.",
                "A stolen access is no fault. This message accuses you of nothing.",
            ),
        ),
    )


def _consequences(shown: DataCategory) -> Block:
    points = [
        Phrase(
            "Un appel ou un message qui cite vos demandes passées pour se faire passer pour nous, pour un organisme "
            "ou pour un éditeur de logiciel. Il demande ensuite un code, ou de changer un compte bancaire.",
            "A call or a message that quotes your past asks to pass for us, for an insurer or for a software vendor. "
            "Then it asks for a code, or for a bank account to be changed.",
        ),
        Phrase(
            "D’autres demandes faites sous votre nom, ici ou sur un autre service, si votre messagerie ou un mot de "
            "passe est connu du voleur.",
            "Other asks made under your name, here or on another service, if the thief knows your mailbox or a "
            "password.",
        ),
    ]
    if shown & DataCategory.BANK:
        points.append(bank_consequence())
    more = coupled(shown)
    return Block(
        BlockKind.CONSEQUENCES,
        Phrase("Ce que cela peut entraîner", "What this can lead to"),
        (),
        tuple(points),
        (more,) if more else (),
    )


def _actions(shown: DataCategory) -> Block:
    points = [
        Phrase(
            "Changez le mot de passe de votre messagerie, puis celui de tout service qui a le même. Faites-le depuis "
            "un autre appareil que celui qui a pu être pris.",
            "Change the password of your mailbox, then that of any service that shares it. Do it from another device "
            "than the one that was perhaps taken.",
        ),
        Phrase(
            "Sur notre portail, relisez vos appareils et vos sessions, et terminez ce que vous ne reconnaissez pas. "
            f"Tapez vous-même son adresse{NBSP}: nous n’envoyons jamais de lien.",
            "On our portal, read your devices and your sessions, and end what you do not recognise. Type its address "
            "yourself: we never send a link.",
        ),
        Phrase(
            "Si quelqu’un vous demande un code ou un changement de compte bancaire, refusez. Appelez-nous au numéro "
            "que vous connaissez déjà.",
            "If somebody asks you for a code or for a change of bank account, refuse. Call us at the number that you "
            "already know.",
        ),
    ]
    if shown & DataCategory.BANK:
        points.append(bank_action())
    points.append(complaint_action())
    return Block(BlockKind.ACTIONS, Phrase("Ce que vous pouvez faire", "What you can do"), (), tuple(points))
