"""What each cohort is told, and what it is not: the five contents, nothing vague, nothing to follow, readable."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.unit.test_notices_documents import FACTS, OPERATOR, READ, START, with_point
from tierce.incidents.cohorts.model import Cohort
from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import InsurerId, PersonId
from tierce.kernel.language import Language, Phrase
from tierce.kernel.saying import fixed_french
from tierce.notices.audience.model import Pair, Why
from tierce.notices.contacts.model import Contact
from tierce.notices.deliveries.mail import compose, message_id, plain, return_path, token_of
from tierce.notices.errors import TextRefusedError
from tierce.notices.letter import make_letter
from tierce.notices.messages.model import Message, Shown, Specimen
from tierce.notices.messages.rules import public_notice, specimens, text_digest, text_for
from tierce.notices.messages.store import encode
from tierce.notices.model import Document, Subject
from tierce.notices.public_notice import make_public_notice
from tierce.notices.readability import LEAST, reading_ease, sentences, syllables, words
from tierce.notices.rules import LETTER_CONTENTS, REQUESTS, check_document, check_readable

D = DataCategory
COHORTS = {
    Cohort.INSURED: D.INSURER | D.GUARANTEES,
    Cohort.INVOICES: D.INSURER | D.MEDICAL | D.REIMBURSEMENTS,
    Cohort.PROFESSIONALS: D.CIVIL_STATUS | D.PROFESSIONAL_RECORD | D.BANK,
}
MESSAGE = Message(
    FACTS,
    OPERATOR,
    date(2027, 3, 4),
    "I-20270303-0007",
    tuple(Shown(cohort, shown, START, START + timedelta(minutes=9)) for cohort, shown in COHORTS.items()),
)
TEXTS = specimens(MESSAGE)


def every(document: Document, language: Language) -> str:
    return plain(document, language).replace("\u00a0", " ").replace("’", "'")


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("one", TEXTS, ids=lambda one: f"{one.cohort}-{one.represented}")
def test_i1_each_cohort_is_told_the_five_contents_readably(one: Specimen, language: Language) -> None:
    assert [block.kind for block in one.document.blocks] == list(LETTER_CONTENTS)
    check_document(one.document, LETTER_CONTENTS)
    text = "\n".join(phrase[language] for block in one.document.blocks for phrase in block.texts())
    assert reading_ease(text, language) >= LEAST


def test_i1_consequences_and_what_one_can_do_follow_what_was_shown() -> None:
    french = {(one.cohort, one.represented): every(one.document, Language.FR) for one in TEXTS}
    assert "chantage" in french[Cohort.INVOICES, False]
    assert "chantage" not in french[Cohort.INSURED, False]
    assert "Prévenez votre banque" in french[Cohort.PROFESSIONALS, False]
    assert "Prévenez votre banque" not in french[Cohort.INSURED, False]
    assert "faire payer les remboursements d'un professionnel" in french[Cohort.PROFESSIONALS, False]
    assert "faux message de remboursement crédible" in french[Cohort.INSURED, False]
    assert "Léa Exemple, contrat chez" in french[Cohort.INSURED, True]
    assert "mot de passe de votre messagerie" in french[Cohort.PROFESSIONALS, False]
    assert "mot de passe de votre messagerie" not in french[Cohort.INSURED, False]


def test_i1_a_text_that_is_heavy_is_refused() -> None:
    heavy = (
        "Conformément aux dispositions réglementaires applicables en matière de protection des informations "
        "individuelles, l'organisation responsable procédera ultérieurement à l'identification systématique"
    )
    document = TEXTS[0].document
    for _ in range(8):
        document = with_point(document, heavy, "Fine.")
    with pytest.raises(TextRefusedError, match="reading ease"):
        check_readable(document)


def test_i1_nobody_is_left_untold_for_the_length_of_her_insurer_s_name() -> None:
    """What is measured is the words that are approved; one reader's own names are hers."""
    read = replace(READ, insurer_name="Anticonstitutionnellement" * 12)
    written = make_letter(
        facts=FACTS,
        operator=OPERATOR,
        recipient=Phrase("Odile", "Odile"),
        subjects=(Subject(None, (read,)),),
        reference="7QK4-0ABC-9XYZ",
        dated=MESSAGE.dated,
    )
    with pytest.raises(TextRefusedError, match="reading ease"):
        check_readable(written)


@pytest.mark.parametrize("one", TEXTS, ids=lambda one: f"{one.cohort}-{one.represented}")
def test_i5_a_message_has_no_link_no_tracking_and_asks_for_nothing(one: Specimen) -> None:
    for language in Language:
        raw = compose(
            one.document, language, sender=("Rive Claire", "information@riveclaire.example"),
            to=("Anne\r\nBcc: x@y.example", "anne@foyer.example"), token=bytes(10), at=START,
        )  # fmt: skip
        head, _, _ = raw.partition(b"\r\n\r\n")
        assert b"text/plain" in head
        assert b"\nBcc:" not in head
        assert b"html" not in raw.lower()
        text = every(one.document, language).casefold()
        for word in ("http", "www.", "href", *(one.casefold() for one in REQUESTS)):
            assert word not in text
        assert "call and give the reference" in text or "appelez et donnez la référence" in text


@pytest.mark.parametrize("phrase", REQUESTS)
def test_i5_a_text_that_asks_for_something_is_refused(phrase: str) -> None:
    with pytest.raises(TextRefusedError, match="request"):
        check_document(with_point(TEXTS[0].document, f"Vous pouvez {phrase} ici.", "Fine."), LETTER_CONTENTS)


def test_i4_one_letter_for_two_contracts_names_both_and_no_professional() -> None:
    first, second = (Pair(PersonId(5), InsurerId(number), Cohort.INSURED) for number in (1, 2))
    contacts = {(PersonId(5), InsurerId(1)): Contact("Anne Serre", "anne@foyer.example")}
    other = READ.__class__("Prévoyance des Deux Caps", READ.categories, START, START, 2)
    made = text_for(MESSAGE, (first, second), first, contacts, {first: READ, second: other}, {})
    french = every(made, Language.FR)
    assert "Mutuelle du Grand Chêne" in french
    assert "Prévoyance des Deux Caps" in french
    assert "3 fois" in french
    check_document(made, LETTER_CONTENTS, ("Claire Morvan", "Cabinet médical des Tilleuls"))


def test_i5_a_letter_about_minors_is_her_representative_s_and_names_each_of_them() -> None:
    pairs = tuple(Pair(PersonId(number), InsurerId(1), Cohort.INSURED) for number in (5, 6))
    contacts = {
        (pair.person, pair.insurer): Contact(name, "rose@foyer.example", representative="Rose Aubry")
        for pair, name in zip(pairs, ("Léa Aubry", "Tom Aubry"), strict=True)
    }
    made = text_for(MESSAGE, pairs, pairs[0], contacts, dict.fromkeys(pairs, READ), {})
    assert [line.fr for line in made.recipient] == ["Rose Aubry"]
    french = every(made, Language.FR)
    assert "Léa Aubry" in french
    assert "Tom Aubry" in french
    grown = {key: replace(one, representative=None) for key, one in contacts.items()}
    own = text_for(MESSAGE, pairs[:1], pairs[0], grown, {pairs[0]: READ}, {})
    assert [line.fr for line in own.recipient] == ["Léa Aubry"]
    assert "Tom" not in every(own, Language.FR)
    assert "Léa Aubry, contrat" not in every(own, Language.FR), "she is spoken to, not of"


def test_nobody_who_was_shown_nothing_is_written_to() -> None:
    with pytest.raises(TextRefusedError, match="nothing to say"):
        specimens(replace(MESSAGE, shown=()))
    professionals = tuple(one for one in MESSAGE.shown if one.cohort is Cohort.PROFESSIONALS)
    with pytest.raises(TextRefusedError, match="nothing to make public"):
        public_notice(replace(MESSAGE, shown=professionals), {Why.NO_CONTACT: 1})
    covered = public_notice(replace(MESSAGE, shown=MESSAGE.shown), {Why.NO_CONTACT: 1})
    assert covered == public_notice(replace(MESSAGE, shown=MESSAGE.shown[:2]), {Why.NO_CONTACT: 1})


def test_new_words_or_facts_are_a_new_text() -> None:
    same = text_digest(encode(MESSAGE), specimens(MESSAGE))
    assert same == text_digest(encode(MESSAGE), TEXTS)
    assert same != text_digest(encode(MESSAGE), TEXTS[:-1])
    assert same != text_digest(encode(MESSAGE).replace(b"Tessier", b"Tissier"), TEXTS)
    first = TEXTS[0]
    for language in ("fr", "en"):
        said = {"fr": "Un fait de plus, écrit ici.", "en": "One more fact, written here."} | {
            language: "Un autre fait."
        }
        documents = (with_point(first.document, "Un fait de plus, écrit ici.", "One more fact, written here."),
                     with_point(first.document, said["fr"], said["en"]))  # fmt: skip
        one, other = (text_digest(b"", (replace(first, document=document),)) for document in documents)
        assert one != other


def test_i2_the_public_notice_says_for_whom_it_is_and_names_nobody() -> None:
    made = make_public_notice(FACTS, OPERATOR, READ, {Why.NO_CONTACT: 3, Why.RETURNED: 1}, "I-1", date(2027, 3, 4))
    french = every(made, Language.FR)
    assert "4 personnes que nous ne pouvons pas joindre autrement" in french
    assert "3 personnes : aucune adresse ne nous est connue" in french
    assert "ce courrier" not in french, "it is a notice, and calls itself one"
    assert "Grand Chêne" not in french


@pytest.mark.parametrize("one", TEXTS)
def test_as_text_a_paragraph_stands_apart_and_whoever_signs_is_named_once(one: Specimen) -> None:
    for language in Language:
        text = plain(one.document, language)
        parts = text.split("\n\n")
        for block in one.document.blocks:
            for said in (*block.paragraphs, *block.after):
                assert (fixed_french(said[language]) if language is Language.FR else said[language]) in parts
        assert parts[-1].count(OPERATOR.name) == 1
        assert parts[-1].endswith(f"{OPERATOR.name}\n{OPERATOR.address}\n{OPERATOR.phone}\n")
        assert re.search(" [:;?!»]", text) is None, "no line begins with what ends a phrase"


def test_a_message_without_a_reference_shows_none() -> None:
    bare = replace(TEXTS[0].document, reference="")
    sent = compose(
        bare, Language.FR, sender=("Rive Claire", "a@rive.example"), to=("", "b@x.example"), token=bytes(10), at=START
    )
    assert b"(" not in sent.partition(b"Date:")[0]
    assert "Référence" not in plain(bare, Language.FR)


def test_a_token_goes_out_and_comes_back() -> None:
    token = bytes(range(10))
    assert token_of(f"<{return_path(token, 'retours.example')}>") == token
    assert message_id(token, "a.example") == "<00010203040506070809@a.example>"
    for foreign in ("", "anne@foyer.example", "retour-zz@x", "retour-00@x", "00010203040506070809@x"):
        assert token_of(foreign) is None


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("assurance", 3), ("été", 2), ("oiseaux", 2), ("sécurité", 4), ("réunion", 3), ("payant", 2), ("famille", 2),
        ("l’accès", 2), ("quelqu’un", 3), ("que", 1), ("guerre", 1), ("créer", 2), ("maïs", 2), ("2027", 2),
    ],
)  # fmt: skip
def test_syllables_of_french_words(word: str, number: int) -> None:
    assert syllables(word, Language.FR) == number


@pytest.mark.parametrize(
    ("word", "number"), [("the", 1), ("letter", 2), ("insurance", 3), ("stolen", 2), ("asked", 1)]
)
def test_syllables_of_english_words(word: str, number: int) -> None:
    assert syllables(word, Language.EN) == number


def test_a_score_worked_by_hand() -> None:
    # 7 words, 2 sentences, 8 syllables (le-chat-dort; il-fait-très-beau-ici is 3 + 4): 207 − 1.015·3.5 − 73.6·8/7.
    text = "Le chat dort. Il fait beau ici."
    assert (len(words(text)), sentences(text)) == (7, 2)
    assert reading_ease(text, Language.FR) == pytest.approx(207 - 1.015 * 3.5 - 73.6 * 8 / 7)
    assert reading_ease("The cat sat on the mat.", Language.EN) == pytest.approx(206.835 - 1.015 * 6 - 84.6)
    with pytest.raises(ValueError, match="no word"):
        reading_ease("… !", Language.FR)
