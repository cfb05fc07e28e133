"""The operator's notice to one insurer, GDPR article 33(2): a processor tells its controller without delay.

It states what is established and does not weigh the risk first, which is the controller's to do. It names no
other insurer and counts nobody else's people.
"""

from datetime import date
from typing import Final

from tierce.kernel.categories import LABELS, DataCategory, each
from tierce.kernel.language import Phrase
from tierce.kernel.saying import NBSP, count, say_instant, say_period
from tierce.notices.letter import measures_block, signature
from tierce.notices.model import Block, BlockKind, Document, Facts, InsurerSlice, Operator
from tierce.notices.rules import NOTICE_CONTENTS, check_document
from tierce.scope.model import GapKind

_PERSONS = (Phrase("personne", "person"), Phrase("personnes", "people"))
_ANSWERS = (Phrase("réponse", "answer"), Phrase("réponses", "answers"))


def make_insurer_notice(
    facts: Facts, operator: Operator, part: InsurerSlice, reference: str, dated: date, before: int = 0
) -> Document:
    """Write the notice to one insurer, or the complement that takes the place of one.

    Args:
        facts: what is established about the incident.
        operator: who writes.
        part: this insurer's part of the list, and nothing of any other.
        reference: the incident's reference.
        dated: the notice's date.
        before: the list that it was told of last; 0 when it is told for the first time.

    Raises:
        TextRefusedError: a block would be empty or vague.
    """
    again = (
        Phrase(f"Complément{NBSP}: violation", "Complement: personal") if before else Phrase("Violation", "Personal")
    )
    title = Phrase(
        f"{again.fr} de données personnelles concernant des assurés de {part.name}",
        f"{again.en} data breach concerning people insured by {part.name}",
    )
    blocks = (
        _nature(facts, part),
        _scope(facts, part, before),
        evidence_block(facts, part.digest),
        measures_block(facts),
        _duties(),
    )
    return to_officer(part.name, operator, reference, dated, title, blocks)


def to_officer(
    name: str, operator: Operator, reference: str, dated: date, title: Phrase, blocks: tuple[Block, ...]
) -> Document:
    """Write to the officer of an insurer: these blocks, and whom to answer.

    Raises:
        TextRefusedError: a block would be empty or vague.
    """
    document = Document(
        title=title,
        sender=(operator.name, operator.address, operator.phone),
        recipient=_officer_of(name),
        reference=reference,
        dated=dated,
        greeting=Phrase("Madame, Monsieur,", "Dear Sir or Madam,"),
        blocks=(*blocks, insurer_contact(operator, reference)),
        closing=Phrase(
            f"Nous compléterons ce message à chaque fait nouveau, sous la même référence{NBSP}: {reference}.",
            f"We will complete this message with every new fact, under the same reference: {reference}.",
        ),
        signature=signature(operator),
    )
    check_document(document, NOTICE_CONTENTS)
    return document


def _officer_of(name: str) -> tuple[Phrase, ...]:
    officer = Phrase(
        "À l’attention du délégué à la protection des données", "For the attention of the data protection officer"
    )
    return Phrase(name, name), officer


def _nature(facts: Facts, part: InsurerSlice) -> Block:
    period, signal, aware = (
        say_period(part.first_at, part.last_at),
        say_instant(facts.signal_at),
        say_instant(facts.aware_at),
    )
    what = (
        Phrase(
            "L’accès d’un membre de notre équipe a servi, sans droit, à lire nos fiches. Celles de personnes que "
            f"vous assurez ont été lues {period.fr}. Il s’agit d’une perte de confidentialité, par un acte "
            "malveillant.",
            "The access of a member of our staff was used, with no right, to read our records. Those of people you "
            f"insure were read {period.en}. This is a loss of confidentiality, through a malicious act.",
        )
        if facts.by_staff
        else Phrase(
            "L’accès volé d’un professionnel de santé a servi à interroger notre service de tiers payant. Des "
            f"réponses portant sur vos assurés ont été lues {period.fr}. Il s’agit d’une perte de "
            "confidentialité, par un acte externe malveillant.",
            "The stolen access of a health professional was used to ask our tiers payant service. Answers about "
            f"people you insure were read {period.en}. This is a loss of confidentiality, through a malicious "
            "act from outside.",
        )
    )
    return Block(
        BlockKind.NATURE,
        Phrase("Ce qui s’est passé", "What happened"),
        (
            what,
            Phrase(
                f"Premier signal{NBSP}: {signal.fr}. Violation établie{NBSP}: {aware.fr}.",
                f"First signal: {signal.en}. Breach established: {aware.en}.",
            ),
        ),
    )


def category_names(categories: DataCategory) -> Phrase:
    """Name data categories in a sentence, as an insurer reads them."""
    named = {
        **LABELS,
        DataCategory.INSURER: Phrase("nom de l’organisme complémentaire", "name of the insurer"),
    }
    found = [named[one] for one in each(categories)]
    return Phrase(", ".join(one.fr for one in found), ", ".join(one.en for one in found))


def _scope(facts: Facts, part: InsurerSlice, before: int) -> Block:
    persons, answers = count(part.persons, *_PERSONS), count(part.entries, *_ANSWERS)
    data = category_names(part.categories)
    held = (
        Phrase(
            "Pour poser chaque question, l’auteur a tapé la date de naissance de la personne, et son NIR ou son "
            "numéro d’adhérent. Il les détenait donc déjà, et une réponse confirme qu’ils sont exacts.",
            "To ask each question, the author typed the person’s birth date, and a NIR or member number. They "
            "already held them, and an answer confirms that they are right.",
        ),
    )
    replaced = (
        Phrase(
            f"Ce message remplace celui qui portait sur la liste nº {before}{NBSP}: seuls valent les nombres de la "
            f"liste nº {facts.revision}, ci-dessous.",
            f"This message takes the place of the one about list no. {before}: the numbers of list no. "
            f"{facts.revision}, below, alone are valid.",
        ),
    )
    return Block(
        BlockKind.SCOPE,
        Phrase("Qui et quoi", "Who and what"),
        replaced if before else (),
        (
            Phrase(f"Vos assurés concernés{NBSP}: {persons.fr}.", f"People you insure concerned: {persons.en}."),
            Phrase(
                f"Enregistrements lus{NBSP}: {answers.fr} du service.",
                f"Records read: {answers.en} of the service.",
            ),
            Phrase(f"Catégories de données montrées{NBSP}: {data.fr}.", f"Categories of data shown: {data.en}."),
            *(() if facts.by_staff else held),
        ),
    )


_UNTOLD: Final[dict[GapKind, Phrase]] = {
    GapKind.LOST: Phrase(
        "Notre journal est interrompu dans cette période, entre ce qui était gardé d’une machine et sa reprise : qui "
        "a été lu alors n’est sur aucune liste. D’autres de vos assurés ont pu être lus, et nous ne pouvons pas dire "
        "lesquels.",
        "Our journal is interrupted in that period, between what was kept of a machine and its return: whoever was "
        "read then is on no list. Others you insure can have been read, and we cannot say which.",
    ),
    GapKind.ENDED: Phrase(
        "La période commence avant la plus ancienne ligne que notre journal garde encore. Nous ne pouvons pas "
        "affirmer que personne d’autre n’est concerné.",
        "The period begins before the oldest line that our journal still keeps. We cannot say that nobody else is "
        "concerned.",
    ),
    GapKind.OPEN: Phrase(
        "La période n’était pas finie quand cette liste a été faite. Si d’autres de vos assurés y sont lus, un "
        "complément vous le dira.",
        "The period was not over when this list was made. If others you insure are read in it, a complement will "
        "tell you.",
    ),
    GapKind.WAITING: Phrase(
        "Des lignes de cette période étaient écrites et pas encore sous le sceau du journal. Si d’autres de vos "
        "assurés y sont, un complément vous le dira.",
        "Lines of that period were written and not under the journal’s seal yet. If others you insure are in them, a "
        "complement will tell you.",
    ),
    GapKind.NARROWED: Phrase(
        "Cette liste laisse de côté les réponses qui montrent d’autres données que celles qu’elle nomme. D’autres de "
        "vos assurés ont pu être lus.",
        "This list leaves out the answers that show other data than it names. Others you insure can have been read.",
    ),
}


def evidence_block(facts: Facts, digest: bytes) -> Block:
    """What the count rests on, and what the journal cannot say; `digest` is of the insurer's own part."""
    lines = count(facts.tree_size, Phrase("ligne", "line"), Phrase("lignes", "lines"))
    never = sum(one.last_block - one.first_block + 1 for one in facts.gaps if one.kind is GapKind.NEVER_COMMITTED)
    missing = sum(one.lines for one in facts.gaps if one.kind is GapKind.LINES_MISSING)
    paragraphs = [
        Phrase(
            "Avant de partir, chaque réponse est inscrite dans un journal dont toute modification se voit. La liste "
            f"est tirée de ce journal, arrêté à {lines.fr}.",
            "Every answer is written in a tamper-evident journal before it leaves. The list is drawn from that "
            f"journal as it stood at {lines.en}.",
        ),
        Phrase(
            f"Empreinte de votre partie de la liste (SHA-256){NBSP}: {digest.hex()}. La liste nominative, "
            "qui vous est remise à part et n’est pas dans ce document, la porte en tête.",
            f"Digest of your part of the list (SHA-256): {digest.hex()}. The list of names, which is "
            "handed to you apart and is not in this document, bears it at its head.",
        ),
    ]
    if never:
        lots = count(never, Phrase("lot", "batch"), Phrase("lots", "batches"))
        paragraphs.append(
            Phrase(
                f"{lots.fr} de demandes ouverts et jamais inscrits pendant cette période{NBSP}: aucune réponse n’a "
                "pu en partir.",
                f"{lots.en} of asks opened and never written in that period: no answer can have left them.",
            )
        )
    if missing or facts.unattributed:
        lost = count(
            missing + facts.unattributed,
            Phrase("ligne du journal ne dit plus", "line of the journal no longer says"),
            Phrase("lignes du journal ne disent plus", "lines of the journal no longer say"),
        )
        paragraphs.append(
            Phrase(
                f"{lost.fr} de qui il s’agissait{NBSP}: d’autres de vos assurés ont pu être lus, et nous ne pouvons "
                "pas dire lesquels.",
                f"{lost.en} who was concerned: others you insure can have been read, and we cannot say which.",
            )
        )
    doubtful = sum(
        one.last_block - one.first_block + 1 for one in facts.gaps if one.kind in {GapKind.CLOCK, GapKind.UNREADABLE}
    )
    if doubtful:
        lots = count(doubtful, Phrase("lot", "batch"), Phrase("lots", "batches"))
        paragraphs.append(
            Phrase(
                f"{lots.fr} de lignes dont l’heure est douteuse ou qui ne se lisent pas{NBSP}: nous ne pouvons pas "
                "affirmer que personne d’autre n’est concerné.",
                f"{lots.en} of lines whose time is in doubt or which cannot be read: we cannot say that nobody else "
                "is concerned.",
            )
        )
    paragraphs += [phrase for kind, phrase in _UNTOLD.items() if any(gap.kind is kind for gap in facts.gaps)]
    return Block(
        BlockKind.EVIDENCE, Phrase("Sur quoi repose ce compte", "What this count rests on"), tuple(paragraphs)
    )


def _duties() -> Block:
    return Block(
        BlockKind.DUTIES,
        Phrase("Ce que la loi vous demande", "What the law asks of you"),
        (
            Phrase(
                "Vous êtes responsable de ces traitements. Ce message est l’information prévue à l’article 33, "
                "paragraphe 2, du RGPD. Le délai de 72 heures pour notifier la CNIL court en principe depuis sa "
                "réception.",
                "You are the controller of this processing. This message is the information required by article "
                "33(2) of the GDPR. The 72 hours to notify the CNIL run, in principle, from its receipt.",
            ),
            Phrase(
                "Nous n’avons pas évalué le risque à votre place avant de vous écrire. L’information de chaque "
                "personne (article 34) se fait selon le mandat signé entre nous.",
                "We did not weigh the risk in your place before writing to you. Each person is told (article 34) "
                "under the mandate signed between us.",
            ),
        ),
    )


def insurer_contact(operator: Operator, reference: str) -> Block:
    """Whom to call about a notice."""
    return Block(
        BlockKind.CONTACT,
        Phrase("Contact", "Contact"),
        (
            Phrase(
                f"{operator.officer}, délégué à la protection des données{NBSP}: {operator.called}, "
                f"{operator.officer_email}. Référence à citer{NBSP}: {reference}.",
                f"{operator.officer}, data protection officer: {operator.called}, {operator.officer_email}. "
                f"Reference to quote: {reference}.",
            ),
        ),
    )
