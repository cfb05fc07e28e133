"""Every page of the portal, in every state and both languages, as the real templates render it."""

import re
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.portal_samples import HOTLINE, SEATS, SHOWN, Case, cases
from tests.unit.well_formed import faults_of
from tierce.kernel.language import Language
from tierce.web.look import Pages
from tierce.web.portal.site import HERE

EVERY = [case for language in Language for case in cases(language)]
NAMES = [f"{name}-{frame.language}" for name, _, frame, _ in EVERY]


@cache
def portal() -> Pages:
    """The portal's own templates and words."""
    return Pages(HERE, HOTLINE)


def page_of(name: str, language: Language) -> str:
    _, template, frame, values = next(case for case in cases(language) if case[0] == name)
    return portal().render(template, frame, values)


@pytest.mark.parametrize("case", EVERY, ids=NAMES)
def test_a_page_is_well_formed_and_has_nothing_inline(case: Case) -> None:
    _, template, frame, values = case
    page = portal().render(template, frame, values)
    assert faults_of(page) == []
    assert f'<html lang="{frame.language}">' in page
    assert page.count("<h1") == 1
    assert page.index("<h1") < (page.find("<h2") if "<h2" in page else len(page))


@pytest.mark.parametrize("case", EVERY, ids=NAMES)
def test_a_page_that_says_to_call_says_whom(case: Case) -> None:
    _, template, frame, values = case
    assert (
        f'href="tel:{HOTLINE.phone.replace(" ", "")}"' in portal().render(template, frame, values).split("<footer")[1]
    )


@pytest.mark.parametrize("name", ["not-shown", "help", "places-free"])
def test_the_number_stands_in_the_sentence_that_says_to_call(name: str) -> None:
    page = page_of(name, Language.FR)
    assert page.count('href="tel:0199001420">01 99 00 14 20</a>') == 2
    assert "☎" not in page


def test_empty_places_that_serve_no_more_today_say_so() -> None:
    _, template, frame, values = next(case for case in cases(Language.FR) if case[0] == "ask")
    used_up = portal().render(template, frame, {**values, "seats": replace(SEATS, today=SEATS.cap_today)})
    assert "les places vides serviront demain" in used_up
    assert "les places vides serviront demain" not in page_of("ask", Language.FR)


def test_an_assistant_is_offered_no_appeal_that_would_be_refused() -> None:
    assert 'action="/held"' in page_of("held-by-a-person", Language.FR)
    hers = page_of("held-assistant", Language.FR)
    assert 'action="/held"' not in hers
    assert "Seul le professionnel qui vous a désigné" in hers


def test_every_template_has_a_sample() -> None:
    templates = {path.name for path in (HERE / "templates").glob("*.html")}
    assert (templates | {"renewing.html"}) - {  # the look's own, with words of the portal's
        "portal.html",
        "places_pieces.html",
        "presence_pieces.html",
        "rows_pieces.html",
        "documents_pieces.html",
        "papers_pieces.html",
    } == {template for _, template, _, _ in EVERY}


def test_what_a_person_typed_is_escaped() -> None:
    _, template, frame, values = next(case for case in cases(Language.FR) if case[0] == "history")
    hostile: dict[str, Any] = {**values, "rows": [{**values["rows"][0], "label": '<script>"&'}]}
    assert "<script>&#34;" not in portal().render(template, frame, values)
    assert "&lt;script&gt;&#34;&amp;" in portal().render(template, frame, hostile)


def test_the_answer_says_the_domain_dates_and_number_and_no_more() -> None:
    page = re.sub(r"\s+", " ", page_of("answer", Language.FR))
    for expected in ("Oui, couvert", "consultation généraliste", SHOWN.engagement, "Mutuelle du Grand Chêne"):
        assert expected in page
    assert "Date du soin" in page
    assert "sur la facture de ce soin" in page, "the number serves for that care, and for this insurer's share"
    assert 'name="nir"' not in page


def test_the_uniform_card_never_says_why() -> None:
    french, english = (page_of("not-shown", language) for language in Language)
    assert "Cela ne dit rien de la personne" in french
    assert "says nothing about the person" in english
    assert "Mutuelle" not in french
    stands = "déjà donné garantit toujours le paiement"
    assert stands in page_of("not-shown-again", Language.FR), "rights closed after the fact end no engagement"
    assert stands not in french


def test_a_wrong_field_is_named_at_the_top_and_at_its_place_and_keeps_its_input() -> None:
    page = page_of("ask-wrong", Language.FR)
    assert '<a href="#birth">' in page
    assert 'id="birth-error"' in page
    assert 'value="23/04/1979"' in page


def test_a_page_about_somebody_holds_the_digest_of_the_session_and_never_its_handle() -> None:
    page = page_of("ask", Language.FR)
    assert 'data-ath="4Zq1"' in page
    assert "Remplir avec Paul Lenoir (personne inventée)" in page
    assert "Remplir avec" not in page_of("ask-keyless", Language.FR)


def test_a_static_file_changes_address_with_its_content() -> None:
    assert re.fullmatch(r"/static/key\.js\?v=[0-9a-f]{12}", portal().address("static/key.js"))
