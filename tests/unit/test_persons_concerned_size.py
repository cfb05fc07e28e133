"""The longest answer that the page gives fits the size that every answer is filled up to."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tierce.kernel.categories import DataCategory
from tierce.kernel.ids import IncidentId, InsurerId
from tierce.kernel.language import Language
from tierce.notices.model import Operator
from tierce.persons.concerned.advice import advice
from tierce.persons.concerned.model import Answer, ShownUnder, Told
from tierce.web.look.pages import Frame, Link, pages_of
from tierce.web.persons.concerned import FRAME_BYTES, INCIDENT_BYTES, all_shown, filled, shown_words
from tierce.web.persons.site import HERE

EVERY = DataCategory(sum(one.value for one in DataCategory))
AT = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
NAME = "Mutuelle générale des professions réunies de la Haute-Vallée — section d’Été"
OPERATOR = Operator("Opérateur", "1 rue des Lilas, 87000 Limoges", "05 55 00 00 00", "Ada", "dpo@operateur.example")
FRAME_LINKS = tuple(Link(f"/{key}", "nav.concerned") for key in "abcdefgh")


def told(answer: Answer, incidents: int, insurers: int) -> tuple[Told, ...]:
    shown = tuple(ShownUnder(InsurerId(one + 1), NAME, EVERY, AT, AT.replace(day=27)) for one in range(insurers))
    return tuple(
        Told(
            IncidentId(one + 1), "I-20261126-ABCD", AT, AT, answer, "invoices", shown if answer is Answer.YES else ()
        )
        for one in range(incidents)
    )


def page_of(said: tuple[Told, ...], language: Language) -> str:
    frame = Frame(language, "/concerned", FRAME_LINKS, who="Marie-Antoinette de La Rochefoucauld", csrf="x" * 64)
    values = {
        "told": said,
        "said": {one.incident: shown_words(one) for one in said},
        "advice": advice(all_shown(said)),
        "operator": OPERATOR,
    }
    return pages_of(HERE).render("concerned.html", frame, values)


def test_the_day_of_an_incident_is_that_of_paris() -> None:
    """Its reference is of that day, and its title was of the day before, for whatever came in the first hours."""
    (one,) = told(Answer.NO, 1, 0)
    page = page_of((replace(one, signal_at=datetime(2026, 7, 14, 22, 30, tzinfo=UTC)),), Language.EN)
    assert "15\u00a0July 2026" in page
    assert "14\u00a0July" not in page


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("incidents", [1, 3])
def test_i6_the_longest_answer_fits_and_every_answer_has_its_size(language: Language, incidents: int) -> None:
    pages = [page_of(told(answer, incidents, 6), language) for answer in Answer]
    assert max(len(one.encode()) for one in pages) <= FRAME_BYTES + INCIDENT_BYTES * incidents
    assert {len(filled(one, incidents).encode()) for one in pages} == {FRAME_BYTES + INCIDENT_BYTES * incidents}
