"""What comes off the press, read back by a program that is not ours (pypdf)."""

from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject

from tests.unit.test_notices_documents import FACTS, OPERATOR, READ
from tierce import printing
from tierce.kernel.language import Language, Phrase
from tierce.notices.letter import make_letter
from tierce.notices.model import Subject
from tierce.notices.printed import TEMPLATE, printed

LETTER = make_letter(
    facts=FACTS,
    operator=OPERATOR,
    recipient=Phrase("Jeanne Le Goff", "Jeanne Le Goff"),
    subjects=(Subject(None, (READ,)),),
    reference="3F7K-9QXT-M2AB",
    dated=FACTS.signal_at.date(),
)
ADDRESS = ("12 rue des Genêts", "99120 Saint-Ourle")


def letter_pdf(language: Language) -> bytes:
    return printing.pdf(TEMPLATE, printed(LETTER, language, ADDRESS))


def tags(root: DictionaryObject) -> list[str]:
    """Every structure tag of a document, in reading order."""
    found: list[str] = []

    def walk(node: object) -> None:
        if isinstance(node, ArrayObject):
            for one in node:
                walk(one.get_object())
        elif isinstance(node, DictionaryObject):
            if "/S" in node:
                found.append(str(node["/S"]))
            if "/K" in node:
                walk(node["/K"])

    walk(root["/StructTreeRoot"])
    return found


def plain(text: str) -> str:
    """Text without its line ends and special spaces."""
    return " ".join(text.split())


@pytest.mark.parametrize("language", list(Language))
def test_a_letter_is_tagged_and_says_its_language_and_title(language: Language) -> None:
    reader = PdfReader(BytesIO(letter_pdf(language)))
    root: Any = reader.root_object
    assert root["/MarkInfo"]["/Marked"]
    assert str(root["/Lang"]).startswith(language.value)
    assert reader.metadata is not None
    assert reader.metadata.title == LETTER.title[language]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert "pdfuaid:part" in root["/Metadata"].get_object().get_data().decode()
    found = tags(root)
    assert found.count("/H1") == 1
    assert found.count("/H2") == len(LETTER.blocks)
    assert found.count("/LI") == sum(len(block.points) for block in LETTER.blocks)


@pytest.mark.parametrize("language", list(Language))
def test_every_sentence_of_the_letter_is_on_paper_and_nothing_is_a_link(language: Language) -> None:
    reader = PdfReader(BytesIO(letter_pdf(language)))
    whole = plain(" ".join(page.extract_text() for page in reader.pages))
    for block in LETTER.blocks:
        for text in (block.heading, *block.texts()):
            assert plain(text[language]) in whole
    for line in ("Jeanne Le Goff", *ADDRESS, LETTER.reference, *LETTER.sender):
        assert line in whole
    assert all("/Annots" not in page for page in reader.pages)
    assert "/AcroForm" not in reader.root_object
    assert "/Names" not in reader.root_object
    assert "/OpenAction" not in reader.root_object


def test_the_same_letter_gives_the_same_bytes() -> None:
    assert letter_pdf(Language.FR) == letter_pdf(Language.FR)


def test_a_character_without_a_shape_is_refused_and_not_repeated() -> None:
    data = printed(LETTER, Language.FR) | {"recipient": ["Zoé 李"]}
    with pytest.raises(printing.UnprintableError) as refused:
        printing.pdf(TEMPLATE, data)
    assert "李" not in str(refused.value)
    assert "Zoé" not in str(refused.value)


def test_a_template_that_is_not_ours_or_lacks_a_value_is_refused() -> None:
    for name in ("nothing", "../letter", "/etc/passwd", ""):
        with pytest.raises(printing.PrintingError, match="template"):
            printing.pdf(name, printed(LETTER, Language.FR))
    with pytest.raises(printing.PrintingError, match="language"):
        printing.pdf(TEMPLATE, {"title": "x"})
    with pytest.raises(printing.PrintingError, match="closing"):
        printing.pdf(TEMPLATE, {k: v for k, v in printed(LETTER, Language.FR).items() if k != "closing"})


def test_many_letters_come_back_in_order_and_one_bad_name_stops_nobody() -> None:
    names = [f"Jeanne {number}" for number in range(40)]
    names[17] = "李"
    documents = [printed(LETTER, Language.FR) | {"recipient": [name]} for name in names]
    made = list(printing.print_all(TEMPLATE, documents, processes=2))
    assert [number for number, one in enumerate(made) if one is None] == [17]
    for number, one in enumerate(made):
        if one is not None:
            assert names[number] in PdfReader(BytesIO(one)).pages[0].extract_text()
