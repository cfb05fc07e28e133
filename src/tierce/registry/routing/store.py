"""What insurers' cards print, as the database holds it; no person is in it."""

from collections.abc import Iterable
from typing import LiteralString

READ_PRINTED: LiteralString = """
    select i.amc, p.amc, p.csr from registry.insurer i left join registry.printed p on p.insurer = i.id
    order by i.id, p.amc, p.csr"""

PrintedRow = tuple[str, str | None, str]
"""(own number, AMC number printed or None where nothing is declared, CSR) as READ_PRINTED returns it."""


def printed_of(rows: Iterable[PrintedRow]) -> dict[str, list[tuple[str, str]]]:
    """What each insurer's cards print, (AMC number, CSR), by its own number; nothing where that is all they print."""
    found: dict[str, list[tuple[str, str]]] = {}
    for own, amc, csr in rows:
        found.setdefault(own, []).extend([] if amc is None else [(amc, csr)])
    return found
