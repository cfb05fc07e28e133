"""The texts: what the law wants is there, nothing vague, nobody named, and both languages say it."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import IncidentId, InsurerId, PersonId
from tierce.kernel.language import Language, Phrase
from tierce.kernel.saying import count, say_instant, say_name, say_period
from tierce.notices.audience.model import Why
from tierce.notices.errors import TextRefusedError
from tierce.notices.insurer_notice import make_insurer_notice
from tierce.notices.letter import contact_block, make_letter, representative_of
from tierce.notices.model import (
    BlockKind,
    Document,
    Facts,
    InsurerSlice,
    Measure,
    MeasureKind,
    Operator,
    ReadOfHer,
    Subject,
)
from tierce.notices.professional_letter import UsedAccount, make_professional_letter
from tierce.notices.public_notice import make_public_notice
from tierce.notices.rules import (
    LETTER_CONTENTS,
    VAGUE,
    check_document,
    check_readable,
    is_minor,
    letter_reference,
)
from tierce.scope.model import Gap, GapKind

START = datetime(2027, 3, 3, 9, 12, tzinfo=UTC)
OPERATOR = Operator(
    name="Rive Claire Tiers Payant",
    address="4 quai des Merles, 99000 Port-Sérac",
    phone="01 99 00 14 20",
    officer="Marc Tessier",
    officer_email="dpo@riveclaire.example",
)
FACTS = Facts(
    incident=IncidentId(7),
    revision=1,
    signal_at=START + timedelta(minutes=1),
    aware_at=START + timedelta(minutes=31),
    tree_size=20_431,
    digest=b"d" * 32,
    gaps=(),
    unattributed=0,
    measures=(
        Measure(MeasureKind.ACCESS_HELD, START + timedelta(minutes=1)),
        Measure(MeasureKind.LIST_COMPUTED, START + timedelta(minutes=40)),
    ),
    by_staff=False,
)
READ = ReadOfHer(
    insurer_name="Mutuelle du Grand Chêne",
    categories=DataCategory.INSURER | DataCategory.GUARANTEES,
    first_at=START,
    last_at=START,
    entries=1,
)
NAME = "Paul Lenoir"
PART = InsurerSlice(
    insurer=InsurerId(3),
    name="Mutuelle du Grand Chêne",
    persons=4,
    entries=5,
    categories=READ.categories,
    first_at=START,
    last_at=START + timedelta(minutes=1),
    digest=b"s" * 32,
)


def letter(facts: Facts = FACTS, read: ReadOfHer = READ, *, minor: bool = False) -> Document:
    return make_letter(
        facts=facts,
        operator=OPERATOR,
        recipient=representative_of(NAME) if minor else Phrase(NAME, NAME),
        subjects=(Subject(NAME if minor else None, (read,)),),
        reference="7QK4-0ABC-9XYZ",
        dated=date(2027, 3, 4),
        forbidden=("Claire Morvan", "Cabinet médical des Tilleuls"),
    )


def text_of(document: Document, language: Language) -> str:
    phrases = [document.title, document.greeting, document.closing, *document.recipient, *document.signature]
    for block in document.blocks:
        phrases += [block.heading, *block.texts()]
    return "\n".join(phrase[language] for phrase in phrases).replace("’", "'")


@pytest.mark.parametrize("minor", [False, True])
@pytest.mark.parametrize("language", list(Language))
def test_a_letter_holds_the_five_contents_and_nothing_it_must_not(language: Language, *, minor: bool) -> None:
    document = letter(minor=minor)
    assert [block.kind for block in document.blocks] == list(LETTER_CONTENTS)
    text = text_of(document, language)
    for word in ("Mutuelle du Grand Chêne", "7QK4-0ABC-9XYZ", "Marc Tessier", "dpo@riveclaire.example", "CNIL"):
        assert word in text
    for word in ("http", "Morvan", "Tilleuls", "Valbrume", "None"):
        assert word not in text


def test_a_letter_says_what_was_read_and_when() -> None:
    nature = letter().blocks[0]
    assert "Le 3\u00a0mars 2027 à\u00a010\u00a0h\u00a012, elle s’en est servie" in nature.paragraphs[0].fr
    assert [point.en for point in nature.points] == [
        "the name of your health insurer: Mutuelle du Grand Chêne",
        "what your insurer covers for one kind of care, and until what date",
    ]


@pytest.mark.parametrize("names", [(None,), ("Léa Exemple",), ("Léa Exemple", "Tom Exemple")])
def test_french_is_elided_and_she_is_told_how_to_find_her_page(names: tuple[str | None, ...]) -> None:
    made = make_letter(
        facts=FACTS,
        operator=OPERATOR,
        recipient=Phrase(NAME, NAME),
        subjects=tuple(Subject(name, (READ,)) for name in names),
        reference="7QK4-0ABC-9XYZ",
        dated=date(2027, 3, 4),
    )
    text = text_of(made, Language.FR)
    assert re.findall(r"\b(?:que|de|le|la|ne|se) (?=[aeiouéèê])\w+", text) == []
    assert "appelez-nous pour avoir son adresse" in text, "nobody types an address that she was not given"


@pytest.mark.parametrize(("entries", "said"), [(1, "connexion faite ainsi"), (21, "connexions faites ainsi")])
def test_a_professional_s_letter_counts_in_words_that_agree(entries: int, said: str) -> None:
    used = UsedAccount(DataCategory.CIVIL_STATUS, START, START, entries)
    made = make_professional_letter(
        facts=FACTS, operator=OPERATOR, recipient=Phrase(NAME, NAME), used=used, reference="7QK4-0ABC-9XYZ",
        dated=date(2027, 3, 4),
    )  # fmt: skip
    assert said in text_of(made, Language.FR)


def test_a_childs_letter_goes_to_whoever_represents_her() -> None:
    document = letter(minor=True)
    assert document.recipient[0].fr == "Au représentant légal de Paul Lenoir"
    french, english = text_of(document, Language.FR), text_of(document, Language.EN)
    assert "votre numéro" not in french
    assert "au sujet de Paul Lenoir" in french
    assert "à son nom" in french
    assert "your social security" not in english
    assert "about Paul Lenoir" in english


@pytest.mark.parametrize("category", list(DataCategory.__members__.values())[1:])
def test_every_category_has_its_own_words(category: DataCategory) -> None:
    plain = letter(read=replace(READ, categories=category)).blocks[0]
    child = letter(read=replace(READ, categories=category), minor=True).blocks[0]
    assert len(plain.points) == len(child.points) == 1
    assert "sa adresse" not in child.points[0].fr


def test_nothing_else_is_said_only_when_the_journal_is_whole() -> None:
    whole = text_of(letter(), Language.FR)
    assert "n'en contient aucune autre" in whole
    torn = replace(FACTS, gaps=(Gap(GapKind.LINES_MISSING, 5, 5, 2),))
    for kind in (GapKind.ENDED, GapKind.WAITING, GapKind.OPEN, GapKind.NARROWED, GapKind.LOST):
        less = replace(FACTS, gaps=(Gap(kind, 0, 0, 0),))
        assert "aucune autre" not in text_of(letter(less), Language.FR)
        notice = make_insurer_notice(less, OPERATOR, PART, "I-20270303-0007", date(2027, 3, 4))
        (evidence,) = (block for block in notice.blocks if block.kind is BlockKind.EVIDENCE)
        assert len(evidence.paragraphs) == 3, "each is said to the insurer too"
    lost = replace(FACTS, unattributed=1)
    harmless = replace(FACTS, gaps=(Gap(GapKind.NEVER_COMMITTED, 5, 9, 0),))
    assert "aucune autre" not in text_of(letter(torn), Language.FR)
    assert "aucune autre" not in text_of(letter(lost), Language.FR)
    assert "aucune autre" in text_of(letter(harmless), Language.FR)


def test_a_hold_that_has_ended_is_said_in_the_past() -> None:
    ended = Measure(MeasureKind.ACCESS_HELD, START, START + timedelta(hours=24))
    text = text_of(letter(replace(FACTS, measures=(ended,))), Language.FR)
    assert "Jusqu'au 4\u00a0mars 2027 à\u00a010\u00a0h\u00a012, il n'a plus rien pu lire" in text
    assert "Depuis, il ne peut" not in text


def test_what_was_read_with_the_access_of_staff_is_not_said_of_a_professional() -> None:
    """Nothing had to be typed of anybody, and no professional is accused; the letter stays as readable."""
    ended = Measure(MeasureKind.ACCESS_ENDED, START + timedelta(minutes=5))
    facts = replace(FACTS, by_staff=True, measures=(ended, FACTS.measures[1]))
    read = replace(READ, categories=DataCategory.CIVIL_STATUS | DataCategory.BIRTH_DATE | DataCategory.INSURER)
    written = letter(facts, read)
    check_readable(written)
    notice = make_insurer_notice(facts, OPERATOR, replace(PART, categories=read.categories), "I-1", date(2027, 3, 4))
    public = make_public_notice(facts, OPERATOR, read, {Why.NO_ADDRESS: 2}, "I-1", date(2027, 3, 4))
    for document in (written, notice, public):
        french, english = text_of(document, Language.FR), text_of(document, Language.EN)
        assert "accès d'un membre de notre équipe" in french
        assert "access of a member of our staff" in english
        assert "professionnel de santé a servi" not in french
        assert "l'accès d'un professionnel" not in french
        assert "a tapé" not in french
        assert "taper" not in french
    assert "nous avons mis fin à toutes les sessions de cet accès" in text_of(written, Language.FR)
    assert "aucune autre, faite avec cet accès" in text_of(written, Language.FR)
    assert "aucune autre" not in text_of(letter(replace(facts, unattributed=1), read), Language.FR)


def test_no_measure_no_letter() -> None:
    with pytest.raises(TextRefusedError, match="measures"):
        letter(replace(FACTS, measures=()))


def with_point(document: Document, french: str, english: str) -> Document:
    first, *rest = document.blocks
    return replace(document, blocks=(replace(first, points=(*first.points, Phrase(french, english))), *rest))


@pytest.mark.parametrize("phrase", VAGUE)
def test_vague_phrases_are_refused(phrase: str) -> None:
    with pytest.raises(TextRefusedError, match="vague phrase"):
        check_document(with_point(letter(), f"Nous avons {phrase} ici.", "Fine."), LETTER_CONTENTS)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Voyez https://exemple.example", "link"),
        ("Allez sur www.riveclaire.example", "link"),
        ("Rendez-vous sur riveclaire.fr/aide", "link"),
        ("<a>ici</a>", "link"),
        ("Votre praticienne est CLAIRE MORVAN", "holds a name"),
        ("mot " * 45, "45 words"),
        ("   ", "empty"),
    ],
)
def test_links_names_blanks_and_endless_sentences_are_refused(text: str, reason: str) -> None:
    with pytest.raises(TextRefusedError, match=reason) as caught:
        check_document(with_point(letter(), text, "Fine."), LETTER_CONTENTS, ("Claire Morvan",))
    assert "Morvan" not in str(caught.value).title()


def test_a_missing_content_is_refused() -> None:
    document = letter()
    with pytest.raises(TextRefusedError, match="no block 'actions'"):
        check_document(
            replace(document, blocks=tuple(b for b in document.blocks if b.kind is not BlockKind.ACTIONS)),
            LETTER_CONTENTS,
        )


def test_an_address_of_mail_is_no_link() -> None:
    check_document(
        with_point(letter(), "Écrivez à dpo@riveclaire.fr.", "Write to dpo@riveclaire.fr."), LETTER_CONTENTS
    )


def test_a_reference_that_spells_a_word_of_links_is_none() -> None:
    """A few references in a hundred thousand hold these letters: their letters must leave like the others."""
    for spelt in ("HREF-7QK4-0ABC", "7QK4-0ABC-9WWW"):
        check_document(with_point(letter(), f"Référence {spelt}. Nous", f"Reference {spelt}. We"), LETTER_CONTENTS)
    whole = letter()
    for number in range(20_000):
        drawn = letter_reference(b"d" * 32, PersonId(number), InsurerId(1))
        said = contact_block(OPERATOR, drawn)
        check_document(replace(whole, blocks=(said,)), [BlockKind.CONTACT])


@pytest.mark.parametrize("language", list(Language))
def test_a_notice_counts_its_own_people_and_no_others(language: Language) -> None:
    document = make_insurer_notice(FACTS, OPERATOR, PART, "I-20270303-0007", date(2027, 3, 4))
    text = text_of(document, language)
    for word in ("4", "5", (b"s" * 32).hex(), "72", "33", "I-20270303-0007"):
        assert word in text
    assert (b"d" * 32).hex() not in text
    known = {Language.FR: "son NIR ou son numéro d'adhérent", Language.EN: "a NIR or member number"}[language]
    assert known in text, "there are two ways to name a person, and the journal does not say which was used"


def test_a_notice_states_the_journals_holes() -> None:
    torn = replace(
        FACTS, gaps=(Gap(GapKind.NEVER_COMMITTED, 5, 9, 0), Gap(GapKind.LINES_MISSING, 12, 12, 2)), unattributed=1
    )
    text = text_of(make_insurer_notice(torn, OPERATOR, PART, "I-1", date(2027, 3, 4)), Language.FR)
    assert "5\u00a0lots de demandes ouverts et jamais inscrits" in text
    assert "3\u00a0lignes du journal ne disent plus de qui il s'agissait" in text


@pytest.mark.parametrize(
    ("birth", "on", "minor"),
    [
        ("20090304", date(2027, 3, 3), True),
        ("20090303", date(2027, 3, 3), False),
        ("19500101", date(2027, 3, 3), False),
        ("20091399", date(2027, 12, 30), True),
        ("20091399", date(2027, 12, 31), False),
        ("20080020", date(2027, 1, 1), False),
    ],
)
def test_majority(birth: str, on: date, *, minor: bool) -> None:
    assert is_minor(birth, on) is minor


def test_references_differ_by_list_person_and_insurer() -> None:
    base = letter_reference(b"d" * 32, PersonId(5), InsurerId(3))
    assert base == letter_reference(b"d" * 32, PersonId(5), InsurerId(3))
    assert (
        len(
            {
                base,
                letter_reference(b"e" * 32, PersonId(5), InsurerId(3)),
                letter_reference(b"d" * 32, PersonId(6), InsurerId(3)),
                letter_reference(b"d" * 32, PersonId(5), InsurerId(4)),
            }
        )
        == 4
    )


def test_dates_are_said_in_paris_time() -> None:
    at = datetime(2026, 6, 30, 22, 5, tzinfo=UTC)
    assert say_instant(at) == Phrase(
        "le 1er\u00a0juillet 2026 à\u00a00\u00a0h\u00a005", "on 1\u00a0July 2026 at\u00a000:05"
    )
    later = at + timedelta(minutes=3)
    assert say_period(at, later).en == "on 1\u00a0July 2026 between 00:05 and 00:08"
    assert say_period(at, at) == say_instant(at)
    assert say_period(at, at + timedelta(days=1)).fr.startswith("entre le 1er\u00a0juillet")


@pytest.mark.parametrize(
    ("kept", "said"),
    [("CLAIRE MORVAN", "Claire Morvan"), ("JEAN-PIERRE D'ARC", "Jean-Pierre D'Arc"), ("Anne de Lys", "Anne de Lys")],
)
def test_names_in_capitals_are_said_as_people_write_them(kept: str, said: str) -> None:
    assert say_name(kept) == said


def test_numbers_carry_their_word() -> None:
    one, many = Phrase("personne", "person"), Phrase("personnes", "people")
    assert [count(n, one, many).en for n in (0, 1, 1204)] == ["0\u00a0people", "1\u00a0person", "1,204\u00a0people"]
    assert [count(n, one, many).fr for n in (0, 1204)] == ["0\u00a0personne", "1\u202f204\u00a0personnes"]
