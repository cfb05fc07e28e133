"""A letter about the data of a person covered, GDPR article 34: what happened to it and what can be done, plainly.

It speaks to the person herself, or to whoever represents her and perhaps others. It never names the professional
whose access was used nor the place of care, which would say where she is treated or accuse somebody whose access was
stolen. It carries no link and asks for nothing.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

from tierce.kernel.language import Phrase
from tierce.kernel.saying import NBSP, count, listing, say_instant, say_period
from tierce.notices.letter_words import HERSELF, LETTER, Voice, actions, consequences, read_points, voice_of
from tierce.notices.model import (
    Block,
    BlockKind,
    Document,
    Facts,
    Measure,
    MeasureKind,
    Operator,
    ReadOfHer,
    Subject,
)
from tierce.notices.rules import LETTER_CONTENTS, check_document, is_complete

_HAPPENED: Final = Phrase("Ce qui s’est passé", "What happened")


def make_letter(
    *,
    facts: Facts,
    operator: Operator,
    recipient: Phrase,
    subjects: tuple[Subject, ...],
    reference: str,
    dated: date,
    forbidden: tuple[str, ...] = (),
) -> Document:
    """Write one adult's letter from what the journal says was read.

    Args:
        facts: what is established about the incident.
        operator: who writes.
        recipient: whom it is addressed to, as on the envelope.
        subjects: of whom data was read: the reader alone, without a name, or those whom she represents.
        reference: what she can quote to have the letter checked.
        dated: the letter's date.
        forbidden: names that may not appear (the professional, the place of care).

    Raises:
        TextRefusedError: a block would be empty or vague; no letter is better than an empty one.
    """
    voice = voice_of(subjects)
    reads = tuple(read for one in subjects for read in one.reads)
    insurers = _insurers(reads)
    document = Document(
        title=Phrase(
            f"Une personne sans droit de le faire a lu des informations {voice.about.fr}",
            f"Somebody with no right to do so has read information {voice.about.en}",
        ),
        sender=(operator.name, operator.address, operator.phone),
        recipient=(recipient,),
        reference=reference,
        dated=dated,
        greeting=Phrase("Madame, Monsieur,", "Dear Sir or Madam,"),
        blocks=(
            _nature(facts, subjects, voice),
            consequences(reads, voice, insurers),
            measures_block(facts),
            actions(reads, voice, insurers),
            contact_block(operator, reference),
        ),
        closing=Phrase(
            f"Ces informations nous étaient confiées{NBSP}: nous vous présentons nos excuses.",
            "This information was in our care: we apologise to you.",
        ),
        signature=signature(operator),
    )
    check_document(document, LETTER_CONTENTS, forbidden)
    return document


def representative_of(name: str) -> Phrase:
    """Address whoever represents somebody, where her own name is not known."""
    return Phrase(f"Au représentant légal de {name}", f"To the legal representative of {name}")


def signature(operator: Operator) -> tuple[Phrase, ...]:
    """Who signs every document of the operator."""
    return (
        Phrase(operator.officer, operator.officer),
        Phrase("Délégué à la protection des données", "Data protection officer"),
        Phrase(operator.name, operator.name),
    )


def _insurers(reads: Iterable[ReadOfHer]) -> Phrase:
    names = list(dict.fromkeys(read.insurer_name for read in reads))
    return Phrase(" ou ".join(names), " or ".join(names))


def _nature(facts: Facts, subjects: tuple[Subject, ...], voice: Voice) -> Block:
    reads = [read for one in subjects for read in one.reads]
    when = say_period(min(one.first_at for one in reads), max(one.last_at for one in reads))
    entries = sum(one.entries for one in reads)
    times = count(entries, Phrase("fois", "time"), Phrase("fois", "times"))
    often = Phrase("", "") if entries == 1 else Phrase(f" {times.fr}", f" {times.en}")
    if facts.by_staff:
        return Block(
            BlockKind.NATURE,
            _HAPPENED,
            (_opened(when, often, voice),),
            _shown(subjects, voice),
            _no_other(facts, reads),
        )
    opening = Phrase(
        f"Une personne a volé l’accès d’un professionnel de santé. {_begun(when.fr)}, elle s’en "
        f"est servie pour interroger notre service de tiers payant{often.fr} {voice.about.fr}. "
        f"Voici ce que nous lui avons montré{NBSP}:",
        f"Somebody stole the access of a health professional. {_begun(when.en)}, they used it "
        f"to ask our tiers payant service{often.en} {voice.about.en}. This is what we showed:",
    )
    after = (
        Phrase(
            "Pour poser cette question, il faut taper une date de naissance, et un numéro de sécurité sociale ou "
            f"d’adhérent. L’auteur du vol les avait donc déjà{NBSP}; nous ne savons pas d’où il les tient. "
            "Notre réponse lui a confirmé qu’ils sont exacts.",
            "To ask this question, one has to type a birth date, and a social security or member number. So the "
            "thief already had them; we do not know from where. Our answer confirmed that they are right.",
        ),
    )
    return Block(BlockKind.NATURE, _HAPPENED, (opening,), _shown(subjects, voice), (*after, *_no_other(facts, reads)))


def _opened(when: Phrase, often: Phrase, voice: Voice) -> Phrase:
    """What was done with the access of a member of staff: nothing had to be known of her beforehand."""
    return Phrase(
        "Une personne s’est servie sans droit de l’accès d’un membre de notre équipe. "
        f"{_begun(when.fr)}, elle a lu nos fiches{often.fr} {voice.about.fr}. Voici ce qu’elle y a lu{NBSP}:",
        "Somebody used the access of a member of our staff with no right to do so. "
        f"{_begun(when.en)}, they read our records{often.en} {voice.about.en}. This is what they read:",
    )


def _no_other(facts: Facts, reads: Iterable[ReadOfHer]) -> tuple[Phrase, ...]:
    """Say that there is nothing else, where the journal allows it."""
    if not is_complete(facts.gaps, facts.unattributed):
        return ()
    named = listing([Phrase(name, name) for name in dict.fromkeys(one.insurer_name for one in reads)])
    if facts.by_staff:
        return (
            Phrase(
                "Notre journal note chaque lecture avant qu’elle ait lieu. Il n’en contient aucune autre, faite avec "
                f"cet accès, pour le contrat chez {named.fr}.",
                "Our journal records every reading before it takes place. It holds no other one made with that "
                f"access for the contract with {named.en}.",
            ),
        )
    return (
        Phrase(
            "Notre journal note chaque réponse avant qu’elle parte. Il n’en contient aucune autre, donnée à "
            f"l’accès volé, pour le contrat chez {named.fr}.",
            "Our journal records every answer before it leaves. It holds no other answer given to the stolen "
            f"access for the contract with {named.en}.",
        ),
    )


def _shown(subjects: tuple[Subject, ...], voice: Voice) -> tuple[Phrase, ...]:
    """What was shown: a point per category, or per contract where there are several persons or contracts."""
    if len(subjects) == 1 and len(subjects[0].reads) == 1:
        return read_points(subjects[0].reads[0], voice)
    found = []
    for one in subjects:
        own = HERSELF if one.name is None else voice_of((one,))
        for read in one.reads:
            when, what = say_period(read.first_at, read.last_at), listing(list(read_points(read, own)))
            who = Phrase(f"{one.name}, ", f"{one.name}, ") if one.name else Phrase("", "")
            found.append(
                Phrase(
                    f"{who.fr}contrat chez {read.insurer_name}, {when.fr}{NBSP}: {what.fr}",
                    f"{who.en}contract with {read.insurer_name}, {when.en}: {what.en}",
                )
            )
    return tuple(found)


def _begun(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"


def measure_sentence(measure: Measure) -> Phrase:
    """Say one measure really taken, with its time."""
    when = say_instant(measure.at)
    begun_fr, begun_en = f"{when.fr[0].upper()}{when.fr[1:]}", f"{when.en[0].upper()}{when.en[1:]}"
    if measure.kind is MeasureKind.LIST_COMPUTED:
        return Phrase(
            f"{begun_fr}, nous avons établi, à partir de notre journal, la liste des personnes dont des "
            "informations ont été lues et de ce qui a été lu de chacune.",
            f"{begun_en}, we drew up from our journal the list of the people whose information was read, and "
            "of what was read of each.",
        )
    if measure.kind is MeasureKind.ACCESS_ENDED:
        return Phrase(
            f"{begun_fr}, nous avons mis fin à toutes les sessions de cet accès.",
            f"{begun_en}, we ended every session of that access.",
        )
    if measure.until is not None:
        end = say_instant(measure.until)
        return Phrase(
            f"{begun_fr}, nous avons bridé l’accès volé. Jusqu’au {end.fr[3:]}, il n’a plus rien pu lire sur une "
            "personne dont la présence n’était pas prouvée.",
            f"{begun_en}, we curbed the stolen access. Until {end.en[3:]} it could read nothing about a person "
            "whose presence was not proved.",
        )
    return Phrase(
        f"{begun_fr}, nous avons bridé l’accès volé. Depuis, il ne peut plus rien lire sur une personne "
        "dont la présence n’est pas prouvée.",
        f"{begun_en}, we curbed the stolen access. Since then it can read nothing about a person whose "
        "presence is not proved.",
    )


def measures_block(facts: Facts) -> Block:
    """What was really done, each with its time."""
    return Block(
        BlockKind.MEASURES,
        Phrase("Ce que nous avons fait", "What we have done"),
        (),
        tuple(measure_sentence(one) for one in facts.measures),
    )


def contact_block(operator: Operator, reference: str, paper: Phrase = LETTER) -> Block:
    """Whom to talk to, and how to check that the letter is ours."""
    return Block(
        BlockKind.CONTACT,
        Phrase("À qui parler", "Whom to talk to"),
        (
            Phrase(
                f"{operator.officer}, délégué à la protection des données de {operator.name}{NBSP}: "
                f"{operator.called}, {operator.officer_email}, {operator.address}.",
                f"{operator.officer}, data protection officer of {operator.name}: {operator.called}, "
                f"{operator.officer_email}, {operator.address}.",
            ),
            Phrase(
                f"Pour vérifier que {paper.fr} vient de nous, appelez et donnez la référence "
                f"{reference}. Nous ne vous demanderons ni numéro de sécurité sociale, ni mot de passe, ni "
                "coordonnées bancaires.",
                f"To check that {paper.en} comes from us, call and give the reference {reference}. We will not ask "
                "for a social security number, a password or bank details.",
            ),
        ),
    )
