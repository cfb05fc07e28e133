"""Names and places kept in capitals, as people write them."""

import pytest

from tierce.kernel.saying import say_place


@pytest.mark.parametrize(
    ("kept", "written"),
    [
        ("CABINET DES TILLEULS", "Cabinet des Tilleuls"),
        ("OPTIQUE A LA CROIX", "Optique a la Croix"),
        ("OPTIQUE À L’ANCRE", "Optique à l’Ancre"),
        ("CABINET D'ARC", "Cabinet d'Arc"),
        ("CABINET D ARC", "Cabinet d Arc"),
        ("ANNEXE DELTA", "Annexe Delta"),
        ("PHARMACIE A DUPONT", "Pharmacie A Dupont"),
        ("12 A RUE DES LILAS", "12 A Rue des Lilas"),
        ("12 A LA BUTTE", "12 A la Butte"),
        ("CENTRE HOSPITALIER A", "Centre Hospitalier A"),
        ("ESCALIER D", "Escalier D"),
        ("LA SOURCE", "La Source"),
        ("Clinique A. Camus", "Clinique A. Camus"),
    ],
)
def test_a_place_has_its_capitals_and_what_links_its_words_none(kept: str, written: str) -> None:
    assert say_place(kept) == written
