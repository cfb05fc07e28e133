"""Reads one line of the file of tariffs or of benefits, or says which field is wrong and what to do about it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from tierce.billing.pricing.model import Basket, Benefit, Cap, Formula, Measure, Tariff
from tierce.billing.pricing.rules import CAP_MONTHS_MAX
from tierce.kernel.card import parse_amc
from tierce.kernel.care import Domain
from tierce.kernel.clock import day_of
from tierce.kernel.language import Phrase
from tierce.policy.agreements import AGREED
from tierce.policy.documents import DocumentKind, bits_of, kinds_of
from tierce.policy.feeds import moves_abnormally
from tierce.registry.rules import CODE, YES_NO, choice, day, refuse, text

NO_END: Final = day_of(date.max)
CENTS_MAX: Final = 10_000_000
CAP_CENTS_MAX: Final = 100_000_000
_SHARE_MAX: Final = 1_000
_COUNT_MAX: Final = 9_999
_LABEL_MAX: Final = 120
_ITEM: Final = re.compile(r"[A-Z0-9]{2,12}", re.ASCII)
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_BASKETS: Final = {"none": Basket.NONE, "A": Basket.CLASS_A, "B": Basket.CLASS_B}
_DOCUMENTS: Final = {kind.code: kind for kind in DocumentKind}
_MEASURES: Final = {one.name.lower(): one for one in Measure}
_VALUE_MAX: Final = {
    Measure.SHARE_WITH: _SHARE_MAX,
    Measure.SHARE_BEYOND: _SHARE_MAX,
    Measure.FIXED: CENTS_MAX,
}
"""Measures that take a value, and the greatest."""

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BenefitLine:
    """A benefit whose product is still named by its insurer and code; `benefit.product` is 0."""

    amc: str
    product_code: str
    benefit: Benefit

    def of(self, product: int) -> Benefit:
        """The benefit, once its product is found."""
        return replace(self.benefit, product=product)


def read_tariff(row: Row) -> Tariff:
    """Read one line of tariffs.

    Raises:
        FieldError: the first field that cannot be accepted, with a remedy; never with the value.
    """
    item, domain = text(row, "item", _ITEM), _domain(row)
    basket = choice(row, "basket", _BASKETS)
    base = _number(row, "base_cents", 0, CENTS_MAX)
    ceiling = _maybe(row, "ceiling_cents", CENTS_MAX)
    if ceiling is None and basket is Basket.CLASS_A:
        refuse("ceiling_cents", "un article du panier A a un prix limite.",
               "an item of basket A has a price ceiling.",
               "Donnez-le : il est payé en entier jusque-là.",
               "Give it: it is paid in full up to there.")  # fmt: skip
    if ceiling is not None and ceiling < base:
        refuse("ceiling_cents", "le prix limite est sous la base.", "the price ceiling is below the base.",
               "Corrigez l’un des deux.", "Correct one of the two.")  # fmt: skip
    least, most = _maybe(row, "least_cents", CENTS_MAX), _maybe(row, "most_cents", CENTS_MAX)
    if least is not None and most is not None and most < least:
        refuse("most_cents", "le plus est sous le moins.", "the most is below the least.",
               "Corrigez l’un des deux.", "Correct one of the two.")  # fmt: skip
    since, until = _days(row)
    return Tariff(
        item=item, domain=domain, basket=basket, base=base, rate=_number(row, "rate_per_mille", 0, 1000),
        ceiling=ceiling, whole_tm=choice(row, "whole_tm", YES_NO), least=least, most=most,
        label=Phrase(_label(row, "label_fr"), _label(row, "label_en")), from_day=since, until_day=until,
    )  # fmt: skip


def read_benefit(row: Row) -> BenefitLine:
    """Read one line of benefits.

    Raises:
        FieldError: the first field that cannot be accepted, with a remedy; never with the value.
    """
    amc, code = parse_amc(row["amc"]), text(row, "product_code", CODE)
    domain = _domain(row)
    item = text(row, "item", _ITEM) if row["item"] else None
    measure = choice(row, "formula", _MEASURES)
    if measure in _VALUE_MAX:
        value = _number(row, "value", 1, _VALUE_MAX[measure])
    elif row["value"]:
        refuse("value", "cette formule n’a pas de valeur.", "this formula has no value.",
               "Laissez vide.", "Leave it empty.")  # fmt: skip
    else:
        value = 0
    since, until = _days(row)
    benefit = Benefit(
        product=0, domain=domain, item=item, formula=Formula(measure, value), cap=_cap(row),
        from_day=since, until_day=until,
        review_from=_number(row, "review_from_cents", 0, CAP_CENTS_MAX) if row["review_from_cents"] else None,
        documents=_documents(row, domain),
    )  # fmt: skip
    return BenefitLine(amc, code, benefit)


def moves_tariff(before: Tariff | None, after: Tariff) -> bool:
    """Tell whether a new row moves what an item is worth so far that somebody must have looked."""
    return before is not None and (
        (before.domain, before.basket) != (after.domain, after.basket)
        or moves_abnormally(before.base, after.base)
        or moves_abnormally(before.rate, after.rate)
        or moves_abnormally(before.ceiling, after.ceiling)
        or moves_abnormally(before.most, after.most)
    )


def moves_benefit(before: Benefit | None, after: Benefit) -> bool:
    """Tell whether a new row moves what a product gives so far that somebody must have looked."""
    if before is None:
        return False
    caps = [
        (one.cap.cents, one.cap.count, one.cap.months) if one.cap else (None, None, None) for one in (before, after)
    ]
    return (
        before.formula.measure is not after.formula.measure
        or moves_abnormally(before.formula.value, after.formula.value)
        or any(moves_abnormally(was, now) for was, now in zip(*caps, strict=True))
        or moves_abnormally(before.review_from, after.review_from)
        or not set(before.documents) <= set(after.documents)
    )


def _cap(row: Row) -> Cap | None:
    cents, count = _maybe(row, "cap_cents", CAP_CENTS_MAX), _maybe(row, "cap_count", _COUNT_MAX)
    if cents is None and count is None:
        if row["cap_months"]:
            refuse("cap_months", "aucun plafond ne compte sur ces mois.", "no cap counts over these months.",
                   "Donnez cap_cents ou cap_count, ou laissez vide.",
                   "Give cap_cents or cap_count, or leave it empty.")  # fmt: skip
        return None
    return Cap(_number(row, "cap_months", 1, CAP_MONTHS_MAX), cents, count)


def _documents(row: Row, domain: Domain) -> tuple[DocumentKind, ...]:
    """Read the documents that an agreement is subject to, in a domain that has agreements."""
    words = row["documents"].split()
    for word in words:
        if word not in _DOCUMENTS or words.count(word) > 1:
            refuse("documents", "pièce inconnue, ou donnée deux fois.", "unknown document, or given twice.",
                   f"Écrivez au plus une fois chacune : {' '.join(_DOCUMENTS)}.",
                   f"Write each once at most: {' '.join(_DOCUMENTS)}.")  # fmt: skip
    if words and domain not in AGREED:
        refuse("documents", "ce domaine n’a pas de prise en charge, donc pas de pièce.",
               "this domain has no prior agreement, so no document.",
               "Laissez vide, ou corrigez le domaine.", "Leave it empty, or correct the domain.")  # fmt: skip
    return kinds_of(bits_of(_DOCUMENTS[word] for word in words))


def _domain(row: Row) -> Domain:
    return choice(row, "domain", Domain.__members__)


def _days(row: Row) -> tuple[int, int]:
    since = day(row, "valid_from")
    until = day(row, "valid_until") if row["valid_until"] else NO_END
    if until < since:
        refuse("valid_until", "la fin précède le début.", "the end comes before the beginning.",
               "Corrigez l’une des deux dates.", "Correct one of the two dates.")  # fmt: skip
    return since, until


def _number(row: Row, field: str, least: int, most: int) -> int:
    told = row[field]
    if _NUMBER.fullmatch(told) is None or not least <= int(told) <= most:
        refuse(field, "ce n’est pas un nombre entier permis.", "this is not a whole number that is allowed.",
               f"Écrivez un nombre de {least} à {most}, sans virgule ni espace.",
               f"Write a number from {least} to {most}, without comma or space.")  # fmt: skip
    return int(told)


def _maybe(row: Row, field: str, most: int) -> int | None:
    return _number(row, field, 1, most) if row[field] else None


def _label(row: Row, field: str) -> str:
    told = row[field].strip()
    if not 1 <= len(told) <= _LABEL_MAX or not told.isprintable():
        refuse(field, "vide, trop long ou caractère non imprimable.", "empty, too long or not printable.",
               f"Écrivez 1 à {_LABEL_MAX} caractères.", f"Write 1 to {_LABEL_MAX} characters.")  # fmt: skip
    return told
