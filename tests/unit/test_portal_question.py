"""From the form to the bytes that are relayed."""

import json
from datetime import date

import pytest

from tierce.lab.country.identifiers import make_nir
from tierce.web.portal.question import (
    AskForm,
    birth_digits,
    birth_text,
    blank_form,
    domains_of,
    find_wrong,
    group_nir,
    read_form,
)

TODAY = date(2026, 3, 3)
NIR = make_nir("M", 1979, 4, "41950", 14)
FIELDS = {"nir": group_nir(NIR), "birth": "23/04/1979", "rank": "1", "domain": "MEDG", "care_date": "2026-03-03"}


def test_plain_fields_become_the_question_without_a_proof() -> None:
    form, signed = read_form({**FIELDS, "label": "P. L."})
    assert signed.proof is None
    assert json.loads(signed.body) == {
        "nir": group_nir(NIR), "birth_date": "19790423", "rank": 1, "domain": "MEDG",
        "care_date": "2026-03-03", "label": "P. L.",
    }  # fmt: skip
    assert find_wrong(form, signed.body, TODAY) == []


def test_signed_bytes_are_relayed_untouched_whatever_their_spacing() -> None:
    question = {"nir": NIR, "birth_date": "19790423", "domain": "MEDG", "care_date": "2026-03-03"}
    body = f" {json.dumps(question, indent=3)} "
    form, signed = read_form({"body": body, "proof": "a.b.c", "nir": "ignored"})
    assert signed.body == body.encode()
    assert signed.proof == "a.b.c"
    assert form.birth == "23/04/1979"


@pytest.mark.parametrize(
    ("field", "typed", "wrong"),
    [
        ("nir", NIR[:13], "nir"),
        ("nir", "", "nir"),
        ("birth", "23/04/79", "birth"),
        ("rank", "0", "rank"),
        ("rank", "12", "rank"),
        ("domain", "NONE", "domain"),
        ("care_date", "2020-01-01", "care_date"),
        ("care_date", "", "care_date"),
        ("label", NIR, "label"),
    ],
)
def test_a_slip_is_found_at_its_field_before_anything_is_relayed(field: str, typed: str, wrong: str) -> None:
    form, signed = read_form({**FIELDS, field: typed})
    found = find_wrong(form, signed.body, TODAY)
    assert [one.field for one in found] == [wrong]
    assert typed == "" or typed not in found[0].reason.fr + found[0].remedy.fr + found[0].reason.en


def test_several_slips_are_told_together() -> None:
    form, signed = read_form({**FIELDS, "nir": "1", "birth": "1979"})
    assert [one.field for one in find_wrong(form, signed.body, TODAY)] == ["nir", "birth"]


@pytest.mark.parametrize("body", ["[]", "{", '{"nir": {}}', "null", "\x00"])
def test_bytes_that_are_no_question_are_an_empty_form_to_correct(body: str) -> None:
    form, signed = read_form({"body": body, "proof": "x"})
    assert form == AskForm(rank=form.rank)
    assert find_wrong(form, signed.body, TODAY)


def test_a_birth_date_goes_there_and_back_even_a_lunar_one() -> None:
    for digits in ("19790423", "19540000"):
        assert birth_digits(birth_text(digits)) == digits
    assert birth_digits("23 04 1979") == "19790423"


def test_a_form_starts_with_the_domain_of_the_profession() -> None:
    assert blank_form("OPTICIAN", TODAY) == AskForm(domain="OPTI", care_date="2026-03-03")
    assert [domain.name for domain in domains_of("HOSPITAL")] == ["HOSP", "EXTE"]
    assert [domain.name for domain in domains_of("TRANSPORT")] == ["TRAN", "AUXM"], "columns of a card that it is in"
    assert domains_of("NOBODY") == ()


def test_a_form_shows_nothing_of_itself_in_a_trace() -> None:
    assert repr(AskForm(nir=NIR, birth="23/04/1979")) == repr(AskForm())
