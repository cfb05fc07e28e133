"""`tierce price`: what a product pays for one line, step by step; nobody is looked up."""

import re
from datetime import datetime
from typing import Annotated, Final

import msgspec
import typer

from tierce.billing.model import InvoiceLine, InvoiceReason
from tierce.billing.pricing.errors import EditionUnknownError, ProductUnknownError
from tierce.billing.pricing.model import Priced, Used
from tierce.billing.pricing.rules import amo_of, benefit_on, price_line, tariff_on
from tierce.billing.pricing.store import last_edition, load_tables, product_of
from tierce.billing.pricing.words import NOT_PRICED
from tierce.kernel.care import Domain
from tierce.kernel.clock import day_of
from tierce.settings import load
from tierce.storage.command_line import Json, SettingsFile, refusing

ROLE: Final = "tierce_billing"
_AMOUNT: Final = re.compile(r"(?P<euros>\d{1,6})(?:[.,](?P<cents>\d{2}))?", re.ASCII)
_USED: Final = re.compile(r"(?P<amount>[^/]+)(?:/(?P<count>\d{1,4}))?", re.ASCII)
_PRODUCT: Final = re.compile(r"(?P<amc>[0-9]{8,10})/(?P<code>[A-Z0-9_-]{1,12})", re.ASCII)
_EPILOG = """
Exemples / examples:

  tierce price --product 99100001/CONFORT --item XOPT02 --price 320 --date 2026-11-28 --settings tierce.toml

  tierce price --product 99100001/CONFORT --item XMEDG1 --price 30,50 --amo 17,50 --date 2026-11-28 --settings tierce.toml

  tierce price --product 99100001/CONFORT --item XOPT02 --price 320 --used 150,00/1 --date 2026-11-28 --settings tierce.toml --json -

Sortie / exit: 0 calculé / priced, 1 rien n’en est payé / nothing is paid for it, 2 refusé / refused.
"""  # noqa: E501 - an example is copied as it stands, on one line
NOT_PAID: Final = 1

app = typer.Typer(add_completion=False)


def _cents(text: str) -> int:
    """Read an amount, or raise BadParameter."""
    found = _AMOUNT.fullmatch(text)
    if found is None:
        msg = "écrivez des euros : 30 ou 30,50 / write euros: 30 or 30.50"
        raise typer.BadParameter(msg)
    return int(found["euros"]) * 100 + int(found["cents"] or 0)


def _used(text: str) -> Used:
    """Read what was used of a cap, or raise BadParameter."""
    found = _USED.fullmatch(text)
    if found is None:
        msg = "écrivez MONTANT ou MONTANT/UNITÉS : 150,00/1 / write AMOUNT or AMOUNT/UNITS: 150.00/1"
        raise typer.BadParameter(msg)
    return Used(_cents(found["amount"]), int(found["count"] or 0))


@app.command(epilog=_EPILOG)
def price(
    *,
    product: Annotated[str, typer.Option(help="Numéro AMC/code de la formule. / AMC number/product code.")],
    item: Annotated[str, typer.Option(help="Code au tarif. / Code in the tariff.")],
    cost: Annotated[
        int, typer.Option("--price", parser=_cents, metavar="EUROS", help="Prix de la ligne. / The line's price.")
    ],
    date: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Jour des soins. / Day of care.")],
    settings: SettingsFile,
    quantity: Annotated[int, typer.Option(min=1, max=99, help="Unités. / Units.")] = 1,
    amo: Annotated[
        int | None,
        typer.Option(
            parser=_cents,
            metavar="EUROS",
            help="Part obligatoire déclarée ; celle du tarif par défaut. / "
            "Compulsory part stated; the tariff's when left out.",
        ),
    ] = None,
    asked: Annotated[
        int | None,
        typer.Option(
            parser=_cents, metavar="EUROS", help="Demandé ; tout le reste par défaut. / Asked; else the rest."
        ),
    ] = None,
    used: Annotated[
        Used | None,
        typer.Option(parser=_used, metavar="EUROS/UNITÉS", help="Déjà pris du plafond. / Used of the cap so far."),
    ] = None,
    edition: Annotated[int | None, typer.Option(min=0, help="Tables d’alors. / The tables as they were.")] = None,
    json: Json = "",
) -> None:
    """Dire ce qu’une formule paie d’une ligne, et comment. / Say what a product pays for one line, and how."""
    with refusing():
        read = load(settings)
        with read.connection().connect(ROLE) as connection:
            named = _PRODUCT.fullmatch(product)
            found = None if named is None else product_of(connection, named["amc"], named["code"])
            if found is None:
                raise ProductUnknownError
            if edition is not None and edition > last_edition(connection):
                raise EditionUnknownError
            tables = load_tables(connection, edition)
    day = day_of(date.date())
    tariff = tariff_on(tables, item, day)
    line = _line(item, quantity, cost, amo_of(tariff, quantity, cost) if tariff and amo is None else amo or 0, asked)
    # Without a tariff there is no domain either: the price says so, whatever the domain.
    domain = Domain.MEDG if tariff is None else tariff.domain
    benefit = benefit_on(tables, found[0], domain, item, day)
    priced = price_line(
        line,
        tables=tables,
        product=found[0],
        responsible=found[1],
        domain=domain,
        care_day=day,
        used={benefit.key: used} if used and benefit else {},
    )
    if json == "-":
        typer.echo(msgspec.json.encode(_summary(priced, tables.edition)))
    else:
        _print(priced)
    if isinstance(priced, InvoiceReason):
        raise typer.Exit(NOT_PAID)


def _line(item: str, quantity: int, cost: int, amo: int, asked: int | None) -> InvoiceLine:
    """The line as an invoice would state it.

    Raises:
        typer.BadParameter: more than the price, or than is left of it.
    """
    if amo > cost:
        msg = "--amo : plus que le prix / more than the price"
        raise typer.BadParameter(msg)
    if asked is not None and asked > cost - amo:
        msg = "--asked : plus que le prix moins la part obligatoire / more than the price less the compulsory part"
        raise typer.BadParameter(msg)
    return InvoiceLine(item, quantity, cost, amo, cost - amo if asked is None else asked)


def _summary(priced: Priced | InvoiceReason, edition: int) -> dict[str, object]:
    if isinstance(priced, InvoiceReason):
        why = NOT_PRICED[priced]
        return {"due": 0, "reason": priced.name.lower(), "fr": why.fr, "en": why.en, "edition": edition}
    return {
        "due": priced.due,
        "amo": priced.amo,
        "edition": edition,
        "steps": [
            {"kind": one.kind.name.lower(), "cents": one.cents, "fr": one.words.fr, "en": one.words.en}
            for one in priced.steps
        ],
    }


def _print(priced: Priced | InvoiceReason) -> None:
    if isinstance(priced, InvoiceReason):
        why = NOT_PRICED[priced]
        typer.echo(f"✗ {why.fr} / {why.en}", err=True)
        return
    for one in priced.steps:
        typer.echo(f"  {one.words.fr}\n    {one.words.en}")
