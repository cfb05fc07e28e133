"""Invented tariffs, and what the invented products give: the numbers whose words `insurers.py` prints on cards.

Every item and amount is invented and says so in its label: codes begin with X, and none is an act of a real list. The
least and the most of the simple pair of glasses are those that article R871-2 sets for a responsible contract.
"""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tierce.billing.pricing.loads.columns import BENEFITS, TARIFFS
from tierce.billing.pricing.model import Measure
from tierce.kernel.care import Domain
from tierce.kernel.feed import names
from tierce.lab.country.insurers import EAR_EUROS, PAIR_EUROS, PLAIN_SHARES, PRODUCTS, SHARES, Insurer, Product


@dataclass(frozen=True, slots=True)
class Item:
    """One invented item; amounts in cents, the rate in per mille."""

    code: str
    domain: Domain
    base: int
    rate: int
    fr: str
    en: str
    basket: str = "none"
    ceiling: int | None = None
    least: int | None = None
    most: int | None = None


ITEMS: Final = (
    Item("XMEDG1", Domain.MEDG, 26_00, 700, "Consultation", "Consultation"),
    Item("XMEDS1", Domain.MEDS, 34_00, 700, "Consultation spécialisée", "Specialist’s consultation"),
    Item("XPHAR1", Domain.PHAR, 12_40, 650, "Boîte de comprimés", "Box of tablets"),
    Item("XDENT1", Domain.DENT, 28_90, 600, "Soin d’une dent", "Care of a tooth"),
    Item("XDENTA", Domain.DENT, 120_00, 600, "Couronne, 100 % Santé", "Crown, 100% Santé", "A", 440_00),
    Item("XDENTB", Domain.DENT, 120_00, 600, "Couronne, prix limité", "Crown, limited price", "B", 550_00),
    Item("XAUXM1", Domain.AUXM, 16_10, 600, "Séance", "Session"),
    Item("XOPTIA", Domain.OPTI, 30_00, 600, "Lunettes, 100 % Santé", "Glasses, 100% Santé", "A", 95_00),
    Item("XOPTIB", Domain.OPTI, 20, 600, "Lunettes simples", "Simple glasses", "B", None, 50_00, 420_00),
    Item("XAUDIA", Domain.AUDI, 400_00, 600, "Audioprothèse, 100 % Santé", "Hearing aid, 100% Santé", "A", 950_00),
    Item("XAUDIB", Domain.AUDI, 400_00, 600, "Audioprothèse", "Hearing aid", "B"),
    Item("XLABO1", Domain.LABO, 21_60, 600, "Analyse", "Analysis"),
    Item("XRADL1", Domain.RADL, 39_90, 700, "Image", "Image"),
    Item("XHOSP1", Domain.HOSP, 310_00, 800, "Journée", "Day"),
    Item("XEXTE1", Domain.EXTE, 30_70, 700, "Consultation externe", "Outpatient consultation"),
    Item("XTRAN1", Domain.TRAN, 58_30, 550, "Trajet", "Journey"),
)
BEFORE: Final = {"XMEDG1": 25_00}
"""What an item was worth until the year of the country: a dated row that another one ended."""
YEARS_BEFORE: Final = 2


def write_tariffs(path: Path, year: int) -> None:
    """Write the file of tariffs, of which the first rows are two years old."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names(TARIFFS))
        for item in ITEMS:
            before = BEFORE.get(item.code)
            if before is not None:
                writer.writerow(_tariff(item, before, year - YEARS_BEFORE))
            writer.writerow(_tariff(item, item.base, year if before is not None else year - YEARS_BEFORE))


REVIEWED: Final = frozenset({Domain.DENT.name, Domain.OPTI.name, Domain.AUDI.name})
REVIEWED_FROM_EUROS: Final = 300
"""From so much on one request, insurers of this country have a person review it, where care is dearest."""
DOCUMENTS: Final = {
    "XOPTIA": "prescription",
    "XAUDIA": "prescription signed_quote",
    Domain.AUDI.name: "prescription signed_quote",
}
"""To which documents they make a grant subject, by item or domain."""


def write_benefits(path: Path, insurers: list[Insurer], year: int) -> None:
    """Write the file of benefits of every product of these insurers."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names(BENEFITS))
        since = f"{year - YEARS_BEFORE}-01-01"
        for one in insurers:
            for product in PRODUCTS:
                for row in _of_product(product):
                    reviewed = REVIEWED_FROM_EUROS * 100 if row[0] in REVIEWED else ""
                    documents = DOCUMENTS.get(str(row[1] or row[0]), "")
                    writer.writerow([one.amc, product.code, *row, "", "", "", since, "", reviewed, documents])


def _of_product(product: Product) -> list[tuple[object, ...]]:
    """Domain, item, formula and value of each of a product's lines."""
    rows: list[tuple[object, ...]] = []
    for domain in product.domains:
        measure, value = _given(product, domain)
        rows.append((domain.name, "", measure.name.lower(), value))
        rows += [
            (domain.name, item.code, Measure.REAL.name.lower(), "")
            for item in ITEMS
            if item.domain is domain and item.basket == "A"
        ]
    return rows


def _given(product: Product, domain: Domain) -> tuple[Measure, int | str]:
    """What a product gives in a domain, outside the 100 % Santé basket."""
    if domain is Domain.OPTI:
        return Measure.FIXED, PAIR_EUROS[product.level] * 100
    if domain is Domain.AUDI:
        euros = EAR_EUROS[product.level]
        return (Measure.WHOLE_TM, "") if euros is None else (Measure.FIXED, euros * 100)
    return Measure.SHARE_WITH, SHARES.get(domain, PLAIN_SHARES)[product.level]


def _tariff(item: Item, base: int, year: int) -> list[object]:
    return [
        *(item.code, item.domain.name, item.basket, base, item.rate, item.ceiling or "", "yes"),
        *(item.least or "", item.most or "", f"{item.fr} (inventé)", f"{item.en} (invented)"),
        *(f"{year}-01-01", ""),
    ]
