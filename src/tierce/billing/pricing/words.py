"""Each step of the calculation in words, French and English, with every number that it is made of."""

from typing import assert_never

from tierce.billing.model import InvoiceLine, InvoiceReason
from tierce.billing.pricing.model import Benefit, Cap, Measure, Step, StepKind, Tariff
from tierce.kernel.language import Phrase

NOT_PRICED: dict[InvoiceReason, Phrase] = {
    InvoiceReason.ITEM_UNKNOWN: Phrase("aucun tarif n’a ce code ce jour-là", "no tariff has this code on that day"),
    InvoiceReason.NOT_IN_DOMAIN: Phrase("ce code est d’un autre domaine", "this code belongs to another domain"),
    InvoiceReason.NO_BENEFIT: Phrase("la formule n’en paie rien", "the product pays nothing for it"),
}
"""Why a line has no price, in words."""


def euros(cents: int) -> Phrase:
    """An amount: « 1250,50 € », "€1250.50"."""
    whole, rest = divmod(cents, 100)
    return Phrase(f"{whole},{rest:02} €", f"€{whole}.{rest:02}")


def price(line: InvoiceLine, tariff: Tariff, counted: int) -> Step:
    """Say the price, and the part of it beyond the price ceiling."""
    told = _said("Prix de {n} : {0}", "Price of {n}: {0}", line.price, n=_units(line.quantity))
    if tariff.ceiling is not None and counted < line.price:
        told = _more(told, _said(
            " ; prix limite {0} × {n} = {1}, le reste ne compte pas",
            "; price ceiling {0} × {n} = {1}, the rest does not count",
            tariff.ceiling, counted, n=line.quantity,
        ))  # fmt: skip
    return Step(StepKind.PRICE, _more(told, Phrase(".", ".")), counted)


def base(line: InvoiceLine, tariff: Tariff, counted: int) -> Step:
    """Say the base of reimbursement, or the price where that is less."""
    whole = tariff.base * line.quantity
    told = _said("Base de remboursement : {0} × {n} = {1}", "Base of reimbursement: {0} × {n} = {1}",
                 tariff.base, whole, n=line.quantity)  # fmt: skip
    if counted < whole:
        told = _more(told, _said(" ; le prix est moindre : {0}", "; the price is less: {0}", counted))
    return Step(StepKind.BASE, _more(told, Phrase(".", ".")), counted)


def amo(line: InvoiceLine, tariff: Tariff, counted_base: int, owed: int, counted: int) -> Step:
    """Say the compulsory part: the tariff's, or the one stated where that is more."""
    rate = f"{tariff.rate // 10}" if tariff.rate % 10 == 0 else f"{tariff.rate // 10}.{tariff.rate % 10}"
    told = _said("Part obligatoire : {rate} de {0} = {1}", "Compulsory part: {rate} of {0} = {1}",
                 counted_base, owed, rate=Phrase(f"{rate.replace('.', ',')} %", f"{rate}%"))  # fmt: skip
    if line.amo > owed:
        told = _more(
            told, _said(" ; {0} déclarés, davantage : comptés", "; {0} stated, which is more: counted", counted)
        )
    elif line.amo < owed:
        told = _more(told, _said(
            " ; {0} déclarés, moins : l’organisme ne paie pas la différence",
            "; {0} stated, which is less: the insurer does not pay the difference",
            line.amo,
        ))  # fmt: skip
    return Step(StepKind.AMO, _more(told, Phrase(".", ".")), counted)


def tm(counted_base: int, counted_amo: int, rest: int) -> Step:
    """Say what the compulsory scheme leaves of the base."""
    return Step(StepKind.TM, _said(
        "Ticket modérateur : {0} − {1} = {2}.", "Ticket modérateur (what is left of the base): {0} − {1} = {2}.",
        counted_base, counted_amo, rest,
    ), rest)  # fmt: skip


def formula(benefit: Benefit, quantity: int, counted_base: int, counted_amo: int, given: int) -> Step:
    """Say the benefit used: its formula, and whether it is the item's own."""
    value = benefit.formula.value
    match benefit.formula.measure:
        case Measure.SHARE_WITH:
            told = _said("{n} % de {0}, part obligatoire comprise, moins {1} : {2}",
                         "{n}% of {0}, compulsory part in it, less {1}: {2}",
                         counted_base, counted_amo, given, n=value)  # fmt: skip
        case Measure.SHARE_BEYOND:
            told = _said("{n} % de {0}, en plus de la part obligatoire : {1}",
                         "{n}% of {0}, on top of the compulsory part: {1}", counted_base, given, n=value)  # fmt: skip
        case Measure.WHOLE_TM:
            told = _said("tout le ticket modérateur : {0}", "the whole ticket modérateur: {0}", given)
        case Measure.FIXED:
            told = _said("{0} × {n} = {1}", "{0} × {n} = {1}", value, given, n=quantity)
        case Measure.REAL:
            told = _said("le reste du prix : {0}", "the rest of the price: {0}", given)
        case _:
            assert_never(benefit.formula.measure)
    where = (
        _said("Garantie de {n} : ", "Benefit for {n}: ", n=benefit.item)
        if benefit.item
        else Phrase("Garantie du domaine : ", "Benefit for the domain: ")
    )
    return Step(StepKind.FORMULA, _more(_more(where, told), Phrase(".", ".")), given)


def class_a(rest: int) -> Step:
    """Say that a responsible contract pays this basket in full."""
    return _responsible("« 100 % Santé », payé en entier : {0}.", "“100 % Santé” basket, paid in full: {0}.", rest)


def most(unit: int, quantity: int, given: int) -> Step:
    """Say that a responsible contract pays no more."""
    return _responsible("au plus {0} × {n} = {1}.", "at most {0} × {n} = {1}.", unit, given, n=quantity)


def least(unit: int, quantity: int, given: int) -> Step:
    """Say that a responsible contract pays no less."""
    return _responsible("au moins {0} × {n} = {1}.", "at least {0} × {n} = {1}.", unit, given, n=quantity)


def whole_tm(given: int) -> Step:
    """Say that a responsible contract pays the whole TM."""
    return _responsible("tout le ticket modérateur : {0}.", "the whole ticket modérateur: {0}.", given)


def left(counted_price: int, counted_amo: int, rest: int) -> Step:
    """Say that no more is paid than the compulsory scheme leaves of the price."""
    return Step(StepKind.LIMIT, _said(
        "Pas plus que le prix moins la part obligatoire : {0} − {1} = {2}.",
        "No more than the price less the compulsory part: {0} − {1} = {2}.",
        counted_price, counted_amo, rest,
    ), rest)  # fmt: skip


def asked(given: int) -> Step:
    """Say that no more is paid than is asked."""
    return Step(
        StepKind.LIMIT,
        _said("Pas plus que ce qui est demandé : {0}.", "No more than what is asked: {0}.", given),
        given,
    )


def count_cap(cap: Cap, count: int, used: int, units: int, quantity: int, given: int) -> Step:
    """Say how many units a cap leaves."""
    return Step(StepKind.CAP, _said(
        "Plafond : {count} en {months}, {used} avant ; reste {units} sur {n} : {0}.",
        "Cap: {count} in {months}, {used} before, leaving {units} of {n}: {0}.",
        given, count=_units(count), months=_months(cap.months), used=_units(used), units=_units(units), n=quantity,
    ), given)  # fmt: skip


def cents_cap(cap: Cap, cents: int, used: int, given: int) -> Step:
    """Say what a cap leaves of its amount."""
    return Step(StepKind.CAP, _said(
        "Plafond : {0} en {months}, {1} avant ; reste {2}.",
        "Cap: {0} in {months}, {1} before, leaving {2}.",
        cents, used, given, months=_months(cap.months),
    ), given)  # fmt: skip


def result(given: int) -> Step:
    """Say what is due."""
    return Step(StepKind.RESULT, _said("Dû : {0}.", "Due: {0}.", given), given)


def _responsible(fr: str, en: str, *cents: int, n: int = 0) -> Step:
    told = _said(fr, en, *cents, n=n)
    return Step(
        StepKind.RESPONSIBLE, _more(Phrase("Contrat responsable : ", "Responsible contract: "), told), cents[-1]
    )


def _units(count: int) -> Phrase:
    return Phrase(f"{count} unité" + "s" * (count > 1), f"{count} unit" + "s" * (count != 1))


def _months(count: int) -> Phrase:
    return Phrase(f"{count} mois", f"{count} month" + "s" * (count != 1))


def _said(fr: str, en: str, *cents: int, **words: object) -> Phrase:
    amounts = [euros(one) for one in cents]
    in_fr = {name: word.fr if isinstance(word, Phrase) else word for name, word in words.items()}
    in_en = {name: word.en if isinstance(word, Phrase) else word for name, word in words.items()}
    return Phrase(fr.format(*[one.fr for one in amounts], **in_fr), en.format(*[one.en for one in amounts], **in_en))


def _more(first: Phrase, then: Phrase) -> Phrase:
    return Phrase(first.fr + then.fr, first.en + then.en)
