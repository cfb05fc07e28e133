"""One invoice in one sentence."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

from tierce.kernel.language import Phrase
from tierce.persons.billed.model import Billed
from tierce.persons.billed.rules import sentence

AT = datetime(2026, 11, 25, 9, 12, tzinfo=UTC)
ONE = Billed(UUID(int=7), "Optique des Remparts (Port-Sérac)", date(2026, 11, 24), AT, True, None, None, None)


def plain(phrase: Phrase) -> tuple[str, str]:
    french, english = (text.replace("\u00a0", " ").replace("’", "'") for text in (phrase.fr, phrase.en))
    return french, english


def test_an_invoice_is_said_in_one_sentence() -> None:
    assert plain(sentence(ONE)) == (
        "Soins du 24 novembre 2026 : Optique des Remparts (Port-Sérac) les a facturés à votre nom.",
        "Care of 24 November 2026: Optique des Remparts (Port-Sérac) billed it in your name.",
    )


def test_what_is_odd_about_it_is_said_too() -> None:
    assert plain(sentence(replace(ONE, asked=False)))[0].endswith("Personne n'y avait demandé vos droits.")
    assert plain(sentence(replace(ONE, withdrawn=AT)))[1].endswith(
        "This invoice was taken back on 25 November 2026 at 10:12."
    )
