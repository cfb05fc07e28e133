"""What a professional types beside an ask is kept in clear: it must not name anybody by number or date."""

import pytest

from tierce.kernel.labels import Likeness, holds_nir, looks_like
from tierce.lab.country.identifiers import make_nir
from tierce.web.portal.question import group_nir

MAN = make_nir("M", 1979, 4, "41950", 14)
CORSICAN = MAN[:5] + "2A" + MAN[7:]


@pytest.mark.parametrize(
    "text",
    [MAN, MAN[:13], group_nir(MAN), f"dossier {MAN}", "-".join(MAN), CORSICAN, CORSICAN[:13].lower(),
     "".join(chr(ord(digit) - ord("0") + 0xFF10) for digit in MAN), "1234 5678 9012 3"],
)  # fmt: skip
def test_a_number_that_names_somebody_is_seen_however_it_is_written(text: str) -> None:
    assert looks_like(text) is Likeness.NIR
    assert holds_nir(f"vague de refus, vue par {text}, à revoir")


@pytest.mark.parametrize("between", ["_", "–", "·", "\u200b", "\u202f", "’", " – "])
def test_a_reason_holds_no_number_whatever_stands_between_its_digits(between: str) -> None:
    assert holds_nir(f"vue par {between.join((MAN[0], MAN[1:3], MAN[3:5], MAN[5:10], MAN[10:13]))}, à revoir")
    assert holds_nir("vue par " + "".join(chr(ord(digit) - ord("0") + 0x0660) for digit in MAN))


@pytest.mark.parametrize(
    "text",
    ["appel au 02 99 00 14 20, le 12/03/2026 à 14:30", "du 27/11/2026 – 28/11/2026", "formule 2A, 1 204 refus", ""],
)
def test_a_reason_may_hold_dates_and_telephone_numbers(text: str) -> None:
    assert not holds_nir(text)


@pytest.mark.parametrize(
    "text",
    ["23/04/1979", "23.04.79", "P. L. 23-4-1979", "19790423", "23041979", "1979-04-23", "né le 23 avril 1979",
     "23 avr. 1979", "23     04     1979", "1er août 2001", "April 23, 1979", "23rd of", "1979/4/23",
     "04/23/1979", "23–04–1979",
     "23_04_1979", "23,04,1979", "23·04·1979", "23∕04∕1979", "23\u200b/04/\u200b1979", "23:04:1979", "1979_04_23",
     "\u0662\u0663/\u0660\u0664/\u0661\u0669\u0667\u0669"],
)  # fmt: skip
def test_a_date_is_taken_for_a_birth_date(text: str) -> None:
    expected = None if text == "23rd of" else Likeness.BIRTH_DATE
    assert looks_like(text) is expected


@pytest.mark.parametrize(
    "text",
    ["", "P. L. 14 h", "14:30", "dossier 2026-1187", "20261234", "chambre 12/4", "BX-204417", "salle 3, 8 h 45",
     "facture 00417733", "3e étage", "12345678", "mars", "10:12:15", "3, 4 et 12", "lots 2, 12 et 1187"],
)  # fmt: skip
def test_initials_hours_and_file_numbers_pass(text: str) -> None:
    assert looks_like(text) is None
