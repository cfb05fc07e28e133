"""Lines of the files of tariffs and benefits: what is read, and what is refused by its field."""

import csv
import re
from pathlib import Path

import pytest

from tierce.billing.pricing.loads.columns import BENEFITS, TARIFFS
from tierce.billing.pricing.loads.rules import NO_END, moves_benefit, moves_tariff, read_benefit, read_tariff
from tierce.billing.pricing.model import Basket, Cap, Formula, Measure
from tierce.kernel.care import Domain
from tierce.kernel.errors import FieldError
from tierce.kernel.feed import names
from tierce.lab.country.insurers import PRODUCTS, make_insurers
from tierce.lab.country.pricing import ITEMS, write_benefits, write_tariffs
from tierce.policy.documents import DocumentKind

TARIFF = {column.name: column.example for column in TARIFFS}
BENEFIT = {column.name: column.example for column in BENEFITS}


def test_the_examples_of_the_published_tables_are_read() -> None:
    tariff = read_tariff(TARIFF)
    assert (tariff.item, tariff.domain, tariff.basket) == ("OPTB1", Domain.OPTI, Basket.CLASS_B)
    assert (tariff.base, tariff.rate, tariff.ceiling, tariff.least, tariff.most) == (2000, 600, 40_000, 5000, 42_000)
    line = read_benefit(BENEFIT)
    assert (line.amc, line.product_code, line.benefit.item) == ("99100001", "CONFORT", "OPTB1")
    assert line.benefit.formula == Formula(Measure.FIXED, 15_000)
    assert line.benefit.cap == Cap(24, 40_000, 1)
    assert line.benefit.documents == (DocumentKind.PRESCRIPTION, DocumentKind.SIGNED_QUOTE)
    assert read_tariff(TARIFF | {"valid_until": "", "ceiling_cents": ""}).until_day == NO_END
    assert read_benefit(BENEFIT | {"item": "", "cap_cents": ""}).benefit.key == "*OPTI"


@pytest.mark.parametrize("page", ["invoices.md", "agreements.md"])
def test_what_a_vendor_s_page_invoices_is_in_the_demonstration_s_tariffs(page: str) -> None:
    text = (Path(__file__).parents[2] / "docs" / "reference" / page).read_text("utf-8")
    items = re.findall(r'"item": "([A-Z0-9]+)"', text)
    assert items
    assert set(items) <= {item.code for item in ITEMS}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"item": "x"}, "item"),
        ({"item": "OPT-1"}, "item"),
        ({"domain": "SPORT"}, "domain"),
        ({"basket": "C"}, "basket"),
        ({"basket": "A", "ceiling_cents": ""}, "ceiling_cents"),
        ({"base_cents": "20,00"}, "base_cents"),
        ({"base_cents": "-1"}, "base_cents"),
        ({"base_cents": "020"}, "base_cents"),
        ({"base_cents": "١"}, "base_cents"),
        ({"base_cents": "10000001"}, "base_cents"),
        ({"base_cents": ""}, "base_cents"),
        ({"rate_per_mille": "1001"}, "rate_per_mille"),
        ({"rate_per_mille": "60 %"}, "rate_per_mille"),
        ({"ceiling_cents": "0"}, "ceiling_cents"),
        ({"ceiling_cents": "1999"}, "ceiling_cents"),
        ({"whole_tm": "oui"}, "whole_tm"),
        ({"least_cents": "0"}, "least_cents"),
        ({"most_cents": "4999"}, "most_cents"),
        ({"label_fr": " "}, "label_fr"),
        ({"label_en": "x" * 121}, "label_en"),
        ({"label_en": "a\tb"}, "label_en"),
        ({"valid_from": "01/01/2026"}, "valid_from"),
        ({"valid_until": "2025-12-31"}, "valid_until"),
    ],
)
def test_a_wrong_tariff_is_refused_by_its_field(change: dict[str, str], field: str) -> None:
    with pytest.raises(FieldError) as caught:
        read_tariff(TARIFF | change)
    assert caught.value.field == field
    assert caught.value.remedy.fr != caught.value.remedy.en


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amc": "12"}, "amc"),
        ({"product_code": ""}, "product_code"),
        ({"domain": ""}, "domain"),
        ({"item": "x"}, "item"),
        ({"formula": "half"}, "formula"),
        ({"value": ""}, "value"),
        ({"value": "0"}, "value"),
        ({"value": "150.00"}, "value"),
        ({"formula": "share_with", "value": "1001"}, "value"),
        ({"formula": "share_beyond", "value": "1001"}, "value"),
        ({"formula": "real"}, "value"),
        ({"formula": "whole_tm"}, "value"),
        ({"cap_cents": "0"}, "cap_cents"),
        ({"cap_count": "10000"}, "cap_count"),
        ({"review_from_cents": "-1"}, "review_from_cents"),
        ({"review_from_cents": "8,00"}, "review_from_cents"),
        ({"documents": "passport"}, "documents"),
        ({"documents": "prescription prescription"}, "documents"),
        ({"documents": "prescription", "domain": "PHAR"}, "documents"),
        ({"cap_months": ""}, "cap_months"),
        ({"cap_months": "61"}, "cap_months"),
        ({"cap_cents": "", "cap_count": ""}, "cap_months"),
        ({"valid_from": ""}, "valid_from"),
        ({"valid_until": "2025-12-31"}, "valid_until"),
    ],
)
def test_a_wrong_benefit_is_refused_by_its_field(change: dict[str, str], field: str) -> None:
    with pytest.raises(FieldError) as caught:
        read_benefit(BENEFIT | change)
    assert caught.value.field == field
    assert caught.value.remedy.fr != caught.value.remedy.en


@pytest.mark.parametrize(
    ("change", "moves"),
    [
        ({}, False),
        ({"base_cents": "3000"}, False),
        ({"base_cents": "3001"}, True),
        ({"base_cents": "999"}, True),
        ({"base_cents": "20", "ceiling_cents": "400", "most_cents": "", "least_cents": ""}, True),
        ({"rate_per_mille": "250"}, True),
        ({"ceiling_cents": ""}, True),
        ({"most_cents": ""}, True),
        ({"basket": "A"}, True),
        ({"domain": "DENT"}, True),
        ({"label_fr": "Autre", "valid_from": "2026-02-01", "whole_tm": "no"}, False),
    ],
)
def test_a_tariff_that_moves_by_more_than_half_is_to_be_confirmed(change: dict[str, str], moves: bool) -> None:
    assert moves_tariff(read_tariff(TARIFF), read_tariff(TARIFF | change)) is moves
    assert not moves_tariff(None, read_tariff(TARIFF | change)), "a new item takes nobody by surprise"


@pytest.mark.parametrize(
    ("change", "moves"),
    [
        ({}, False),
        ({"value": "22500"}, False),
        ({"value": "22501"}, True),
        ({"value": "150"}, True),
        ({"formula": "real", "value": ""}, True),
        ({"cap_cents": ""}, True),
        ({"cap_count": "2"}, True),
        ({"cap_cents": "", "cap_count": "", "cap_months": ""}, True),
        ({"cap_months": "12"}, False),
        ({"cap_months": "11"}, True),
        ({"review_from_cents": "120000"}, False),
        ({"review_from_cents": ""}, True),
        ({"documents": "maker_invoice signed_quote prescription"}, False),
        ({"documents": "prescription"}, True),
        ({"documents": ""}, True),
    ],
)
def test_a_benefit_that_moves_by_more_than_half_is_to_be_confirmed(change: dict[str, str], moves: bool) -> None:
    before, after = read_benefit(BENEFIT).benefit, read_benefit(BENEFIT | change).benefit
    assert moves_benefit(before, after) is moves
    assert not moves_benefit(None, after)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_invented_country_prices_every_domain_as_its_cards_say(tmp_path: Path) -> None:
    insurers = make_insurers(2)
    write_tariffs(tmp_path / "tariffs.csv", 2026)
    write_benefits(tmp_path / "benefits.csv", insurers, 2026)
    tariffs, benefits = _rows(tmp_path / "tariffs.csv"), _rows(tmp_path / "benefits.csv")
    assert (list(tariffs[0]), list(benefits[0])) == (names(TARIFFS), names(BENEFITS))
    read = [read_tariff(row) for row in tariffs]
    assert {one.domain for one in read} == set(Domain)
    assert all(one.label.fr.endswith("(inventé)") and one.item.startswith("X") for one in read)
    assert {one.item for one in read} == {one.code for one in ITEMS}
    assert [one.base for one in read if one.item == "XMEDG1"] == [2500, 2600], "a dated row that another one ended"
    given = [read_benefit(row) for row in benefits]
    for product in PRODUCTS:
        own = [one.benefit for one in given if (one.amc, one.product_code) == (insurers[1].amc, product.code)]
        assert {one.domain for one in own if one.item is None} == set(product.domains)
        for one in own:
            said = product.formula(one.domain).fr
            value, measure = one.formula.value, one.formula.measure
            if one.item is not None:
                assert (measure, said.startswith("100 % Santé")) == (Measure.REAL, True)
            elif measure is Measure.FIXED:
                assert f"sinon {value // 100} € par" in said
            elif measure is Measure.SHARE_WITH:
                assert said in {f"{value} % du tarif de base, part obligatoire comprise",
                                f"100 % Santé ; autres prothèses {value} %"}  # fmt: skip
            else:
                assert (measure, said, product.responsible) == (Measure.WHOLE_TM, "100 % Santé", True)
