"""Questions in, answers out: each field refused by name, never by value; every answer of one length."""

import json
from datetime import date, timedelta

import pytest

from tests.people import SYNTHETIC_NIR
from tierce.kernel.care import Domain
from tierce.kernel.language import Phrase
from tierce.rights.errors import QuestionError
from tierce.rights.model import NotShown, Shown
from tierce.rights.rules import ANSWER_BYTES, answer_bytes, parse_question

TODAY = date(2027, 3, 3)
GOOD = {"nir": SYNTHETIC_NIR, "birth_date": "19800112", "rank": 1, "domain": "OPTI", "care_date": "2027-03-03"}


def body(**changes: object) -> bytes:
    """A question with some fields changed."""
    return json.dumps({**GOOD, **changes}).encode()


def test_a_good_question_is_read() -> None:
    question = parse_question(body(label=" dossier 12 "), TODAY)
    assert question.domain is Domain.OPTI
    assert question.label == "dossier 12"
    assert SYNTHETIC_NIR not in repr(question)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"nir": SYNTHETIC_NIR[:-2] + "00"}, "nir"),
        ({"birth_date": "janvier 1980"}, "birth_date"),
        ({"rank": 0}, "rank"),
        ({"domain": "SPORT"}, "domain"),
        ({"care_date": "03/03/2027"}, "care_date"),
        ({"care_date": "2020-01-01"}, "care_date"),
        ({"care_date": (TODAY + timedelta(days=200)).isoformat()}, "care_date"),
        ({"label": "x" * 41}, "label"),
        ({"label": SYNTHETIC_NIR}, "label"),
        ({"unexpected": 1}, "body"),
        ({"nir": 7}, "body"),
    ],
)
def test_each_misfit_names_its_field_and_a_remedy_but_no_value(changes: dict[str, object], field: str) -> None:
    with pytest.raises(QuestionError) as caught:
        parse_question(body(**changes), TODAY)
    assert caught.value.field == field
    assert caught.value.remedy.fr
    assert caught.value.remedy.en
    told = f"{caught.value}{caught.value.reason}{caught.value.remedy}"
    assert SYNTHETIC_NIR not in told
    assert "SPORT" not in told


def test_every_answer_has_the_same_length_and_reads_as_json() -> None:
    shown = Shown(
        Domain.OPTI, TODAY, TODAY, Phrase("é" * 60, "e" * 60), "Mutuelle du Grand Chêne", "AAAA-BBBB-CCCCC-D"
    )
    for answer in (shown, NotShown()):
        told = answer_bytes(answer)
        assert len(told) == ANSWER_BYTES
        assert json.loads(told)["shown"] is isinstance(answer, Shown)


def test_an_answer_that_does_not_fit_is_an_error_not_a_longer_answer() -> None:
    shown = Shown(Domain.OPTI, TODAY, TODAY, Phrase("é" * 900, "e"), "M", "A")
    with pytest.raises(ValueError, match="does not fit"):
        answer_bytes(shown)
