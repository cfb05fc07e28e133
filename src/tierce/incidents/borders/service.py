"""Use cases of the cross-border answer: say it, read it. It is a row of the register; the last one stands."""

import re
from collections.abc import Iterable

from psycopg import Connection

from tierce.identity.model import StaffCaller
from tierce.incidents.borders.model import Authority, Border, Residence
from tierce.incidents.errors import FormError
from tierce.incidents.register.model import Row, RowKind
from tierce.incidents.register.service import Register
from tierce.incidents.rules import check_free_text
from tierce.kernel.ids import IncidentId
from tierce.kernel.language import Phrase

MEMBERS = frozenset("AT BE BG CY CZ DE DK EE ES FI GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split())
"""Member states other than France, and the three of the European Economic Area that apply the GDPR."""


def border_in(rows: Iterable[Row]) -> Border | None:
    """The answer as it stands, or None while nobody gave one."""
    found = None
    for row in rows:
        if row.kind is RowKind.BORDER:
            countries = row.facts["countries"]
            assert isinstance(countries, list)
            found = Border(
                Residence(str(row.facts["residence"])), tuple(countries), Authority(str(row.facts["authority"])),
                str(row.facts["why"]), row.by, row.at,
            )  # fmt: skip
    return found


def residence_named(text: str) -> Residence:
    """Read where people live from a form.

    Raises:
        FormError: nothing is chosen.
    """
    found = next((one for one in Residence if str(one) == text), None)
    if found is None:
        raise FormError("residence", Phrase("Dites où vivent ces personnes.", "Say where these people live."))
    return found


def authority_named(text: str) -> Authority:
    """Read which authority leads from a form.

    Raises:
        FormError: nothing is chosen.
    """
    found = next((one for one in Authority if str(one) == text), None)
    if found is None:
        raise FormError("authority", Phrase("Dites quelle autorité est chef de file.", "Say which authority leads."))
    return found


def countries_of(text: str) -> list[str]:
    """Read codes of countries, apart by spaces or commas.

    Raises:
        FormError: one is no other state where the GDPR applies, or there is none.
    """
    found = sorted({one for one in re.split(r"[\s,;]+", text.upper()) if one})
    if not found or not MEMBERS.issuperset(found):
        reason = Phrase(
            "Donnez des codes de pays de deux lettres, comme BE ou DE ; la France n’en est pas.",
            "Give codes of countries in two letters, such as BE or DE; France is not one.",
        )
        raise FormError("countries", reason)
    return found


class Borders:
    """Cross-border answers in one process, on its register; connections are in autocommit mode."""

    def __init__(self, register: Register) -> None:
        """Write rows through `register`."""
        self._register = register

    def say(
        self,
        connection: Connection,
        caller: StaffCaller,
        number: IncidentId,
        *,
        residence: Residence,
        countries: str,
        authority: Authority,
        why: str,
    ) -> Row:
        """Say where the people concerned live and which authority leads, with the reason.

        Raises:
            FormError: a country is missing or unknown, or nothing says why.
        """
        facts = {
            "residence": str(residence),
            "countries": countries_of(countries) if residence is Residence.ABROAD else [],
            "authority": str(authority),
            "why": check_free_text("border_why", why),
        }
        return self._register.add(connection, caller, number, RowKind.BORDER, lambda _rows, _now: facts)
