"""What is due of one line: exact, in whole cents, from nothing but its arguments."""

from collections.abc import Iterable, Mapping

from tierce.billing.model import InvoiceLine, InvoiceReason
from tierce.billing.pricing.model import Past, Priced, Tables, Used
from tierce.kernel.care import Domain


def price_line(
    line: InvoiceLine,
    *,
    tables: Tables,
    product: int,
    responsible: bool,
    domain: Domain,
    care_day: int,
    used: Mapping[str, Used],
) -> Priced | InvoiceReason:
    """Price one line, whose amounts are for all its units; `used` is what `used_so_far` gives for it.

    A reason says why nothing can be priced: ITEM_UNKNOWN, NOT_IN_DOMAIN or NO_BENEFIT.
    """
    raise NotImplementedError


def used_so_far(
    history: Iterable[Past], *, tables: Tables, product: int, domain: Domain, item: str, care_day: int
) -> dict[str, Used]:
    """Count what caps count: the lines already decided of the same person, product and domain, in whatever order.

    Give lines up to `CAP_MONTHS_MAX` months before and after the care day, those of the same invoice that come
    before this one included.
    """
    raise NotImplementedError
