"""From frozen facts to each reader's text, and the digest of all that can be said; every function is pure."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

from tierce.incidents.cohorts.model import Cohort
from tierce.kernel.ids import InsurerId, PersonId
from tierce.kernel.language import Language, Phrase
from tierce.notices.audience.model import Pair, Why
from tierce.notices.contacts.model import Contact
from tierce.notices.errors import TextRefusedError
from tierce.notices.letter import make_letter, representative_of
from tierce.notices.messages.model import Message, Specimen
from tierce.notices.model import Document, ReadOfHer, Subject
from tierce.notices.professional_letter import UsedAccount, make_professional_letter
from tierce.notices.public_notice import make_public_notice, together
from tierce.notices.rules import check_readable, letter_reference

_INSURER: Final = "Mutuelle d’exemple"
_READER: Final = Phrase("[Nom de la personne]", "[The person’s name]")
_CHILDREN: Final = ("Léa Exemple", "Tom Exemple")
_SPECIMEN_REFERENCE: Final = "XXXX-XXXX-XXXX"

Contacts = Mapping[tuple[PersonId, InsurerId], Contact]


def text_for(
    message: Message,
    pairs: tuple[Pair, ...],
    source: Pair,
    contacts: Contacts,
    reads: Mapping[Pair, ReadOfHer],
    used: Mapping[PersonId, UsedAccount],
) -> Document:
    """Write one item's text.

    Args:
        message: the frozen facts.
        pairs: what the item tells of.
        source: the pair with whose contact data it is sent.
        contacts: that data, and the names of those whom the reader represents.
        reads: what was read under each pair.
        used: what was done with each professional's account.

    Raises:
        TextRefusedError: the text would be empty or vague.
    """
    contact = contacts[source.person, source.insurer]
    first = pairs[0]
    reference = letter_reference(message.facts.digest, first.person, first.insurer)
    if source.cohort is Cohort.PROFESSIONALS:
        return make_professional_letter(
            facts=message.facts,
            operator=message.operator,
            recipient=Phrase(contact.name, contact.name),
            used=used[source.person],
            reference=reference,
            dated=message.dated,
        )
    reader = contact.representative or contact.name
    return make_letter(
        facts=message.facts,
        operator=message.operator,
        recipient=Phrase(reader, reader),
        subjects=_subjects(pairs, contacts, reads, represented=contact.representative is not None),
        reference=reference,
        dated=message.dated,
    )


def _subjects(
    pairs: Iterable[Pair], contacts: Contacts, reads: Mapping[Pair, ReadOfHer], *, represented: bool
) -> tuple[Subject, ...]:
    by_person: dict[PersonId, list[Pair]] = {}
    for pair in pairs:
        by_person.setdefault(pair.person, []).append(pair)
    found = []
    for own in by_person.values():
        name = contacts[own[0].person, own[0].insurer].name if represented else None
        found.append(Subject(name, tuple(reads[pair] for pair in own)))
    return tuple(found)


def specimens(message: Message) -> tuple[Specimen, ...]:
    """The text of each cohort as one reader gets it, with invented names; a representative's too.

    Raises:
        TextRefusedError: one of them would be empty, vague or hard to read, or nobody was shown anything.
    """
    made: list[Specimen] = []
    for one in message.shown:
        if one.cohort is Cohort.PROFESSIONALS:
            used = UsedAccount(one.categories, one.first_at, one.last_at, 1)
            document = make_professional_letter(
                facts=message.facts, operator=message.operator, recipient=_READER, used=used,
                reference=_SPECIMEN_REFERENCE, dated=message.dated,
            )  # fmt: skip
            made.append(Specimen(one.cohort, represented=False, document=document))
            continue
        read = ReadOfHer(_INSURER, one.categories, one.first_at, one.last_at, 1)
        herself = (_READER, (Subject(None, (read,)),))
        children = (representative_of(_CHILDREN[0]), tuple(Subject(name, (read,)) for name in _CHILDREN))
        for represented, (recipient, subjects) in enumerate((herself, children)):
            document = make_letter(
                facts=message.facts, operator=message.operator, recipient=recipient, subjects=subjects,
                reference=_SPECIMEN_REFERENCE, dated=message.dated,
            )  # fmt: skip
            made.append(Specimen(one.cohort, bool(represented), document))
    if not made:
        msg = (
            "aucune donnée de personne n’a été montrée : il n’y a rien à dire / "
            "nobody was shown anything: there is nothing to say"
        )
        raise TextRefusedError(msg)
    # What is measured is the words that two people approve. One reader's names, insurers and dates move the measure
    # by a point or two, and nobody is left untold for the length of her insurer's name.
    for text in made:
        check_readable(text.document)
    return tuple(made)


def text_digest(encoded: bytes, texts: Iterable[Specimen]) -> bytes:
    """SHA-256 of the stored facts and of every specimen in both languages: new words are a new text."""
    found = hashlib.sha256(b"tierce-message-v1\n" + encoded + b"\n")
    for one in texts:
        for language in Language:
            found.update(f"{one.cohort} {one.represented:d} {language}\n{_words(one.document, language)}\n".encode())
    return found.digest()


def notice_digest(document: Document) -> str:
    """What names a published text in the register: SHA-256 of its words in both languages, its first 16 digits."""
    words = "\n".join(_words(document, language) for language in Language)
    return hashlib.sha256(f"tierce-public-notice-v1\n{words}\n".encode()).hexdigest()[:16]


def _words(document: Document, language: Language) -> str:
    phrases = [document.title, *document.recipient, document.greeting]
    for block in document.blocks:
        phrases += [block.heading, *block.texts()]
    phrases += [document.closing, *document.signature]
    return "\n".join([*(one[language] for one in phrases), *document.sender])


def public_notice(message: Message, unreached: Mapping[Why, int]) -> Document:
    """Write the public notice for the people whom nothing else reaches, from the same facts.

    Raises:
        TextRefusedError: persons covered were shown nothing, or the text would be hard to read.
    """
    shown = [one for one in message.shown if one.cohort is not Cohort.PROFESSIONALS]
    if not shown:
        msg = (
            "aucune donnée de personnes couvertes n’a été montrée : il n’y a rien à rendre public / "
            "persons covered were shown nothing: there is nothing to make public"
        )
        raise TextRefusedError(msg)
    read = together([ReadOfHer("", one.categories, one.first_at, one.last_at, 1) for one in shown])
    return make_public_notice(message.facts, message.operator, read, unreached, message.reference, message.dated)
