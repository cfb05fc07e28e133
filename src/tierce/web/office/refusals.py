"""What nothing decides, of invoices and agreements: two of the staff refuse it, in words that its place reads."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect
from psycopg import Connection

from tierce.billing.agreements.rules import REASONS as AGREEMENT_REASONS
from tierce.billing.bank.rules import holds_iban
from tierce.billing.invoices.rules import REASONS
from tierce.billing.model import STATE_LABELS
from tierce.billing.refusing.desk import RefusalDesk
from tierce.billing.refusing.errors import UndecidedMissingError
from tierce.billing.refusing.model import OBSTACLE_LABELS, RULING_LABELS, Obstacle, Which
from tierce.billing.settlement.recoveries.desk import LOOKED_AT, SAID_CHARS_MAX
from tierce.identity.model import StaffCaller
from tierce.incidents.errors import FormError
from tierce.journal.model import EntryKind
from tierce.kernel.care import DOMAIN_LABELS
from tierce.policy.acts import Act
from tierce.policy.invoices import UNDECIDED_DAYS
from tierce.web.office.payments import euros
from tierce.web.office.site import OfficeSite, Visit
from tierce.web.visit import AnyRequest


@dataclass(frozen=True, slots=True)
class _Sent:
    """What was typed and is given back, and what is wrong with it."""

    reason: str = ""
    said: str = ""
    problem: FormError | None = None


_Say = Callable[[Connection, StaffCaller, Which, str, str], bool]
_NOTHING: Final = _Sent()
KINDS: Final = {"invoice": EntryKind.INVOICE, "agreement": EntryKind.AGREEMENT}
"""By the word that the address of a page has for it."""
_SENTENCES: Final = {EntryKind.INVOICE: REASONS, EntryKind.AGREEMENT: AGREEMENT_REASONS}


def which_of(what: str, number: int) -> Which:
    """Read what an address names.

    Raises:
        UndecidedMissingError: nothing has that word.
    """
    if what not in KINDS:
        raise UndecidedMissingError
    return Which(KINDS[what], number)


def address(which: Which) -> str:
    """Where the page of one is."""
    return f"/undecided/{which.kind.name.lower()}/{which.number}"


def refusal_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes of what nothing decides."""
    desk = RefusalDesk(site.holds.appender, site.clock)

    @get("/undecided", opt={"act": Act.STAFF_DIRECTORY})
    async def listed(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        rows = await site.rows.read(desk.listed)
        return site.page(visit, "undecided.html", _common(site) | {"rows": rows})

    @get("/undecided/{what:str}/{number:int}", opt={"act": Act.STAFF_DIRECTORY})
    async def one(request: AnyRequest, what: FromPath[str], number: FromPath[int]) -> Response[str]:
        return await _page(site, await site.visit(request), desk, which_of(what, number), _NOTHING)

    @post("/undecided/{what:str}/{number:int}/refuse", status_code=200, opt={"act": Act.STAFF_INVOICE_REFUSE})
    async def refuse(request: AnyRequest, what: FromPath[str], number: FromPath[int]) -> Response[Any]:
        return await say(request, which_of(what, number), desk.refuse)

    @post("/undecided/{what:str}/{number:int}/rule", status_code=200, opt={"act": Act.STAFF_INVOICE_RULE})
    async def rule(request: AnyRequest, what: FromPath[str], number: FromPath[int]) -> Response[Any]:
        return await say(request, which_of(what, number), desk.rule)

    async def say(request: AnyRequest, which: Which, how: _Say) -> Response[Any]:
        visit = await site.visit(request)
        sent = await site.sign_in.check_form(request)
        reason, said = sent.get("reason", ""), sent.get("said", "")
        try:
            await site.rows.read(lambda connection: how(connection, visit.caller, which, reason, said))
        except FormError as problem:
            # No page shows an account, not even to whoever typed it.
            shown = "" if holds_iban(said[:LOOKED_AT]) else said
            return await _page(site, visit, desk, which, _Sent(reason, shown, problem))
        return Redirect(address(which), status_code=303)

    return [listed, one, refuse, rule]


def _common(site: OfficeSite) -> dict[str, object]:
    return {
        "obstacles": OBSTACLE_LABELS,
        "domains": DOMAIN_LABELS,
        "now": site.clock.now(),
        "address": address,
        "euros": euros,
        "days": UNDECIDED_DAYS,
    }


async def _page(site: OfficeSite, visit: Visit, desk: RefusalDesk, which: Which, sent: _Sent) -> Response[str]:
    found = await site.rows.read(lambda connection: desk.one(connection, which))
    others = [one for one in found.words if one.staff != visit.caller.staff]
    values = _common(site) | {
        "one": found,
        "mine": found.said_by(visit.caller.staff),
        "others": others,
        "sent": sent,
        "verb": "rule" if found.obstacle is Obstacle.ALIKE else "refuse",
        "rulings": RULING_LABELS,
        "states": STATE_LABELS,
        "sentences": _SENTENCES[which.kind],
        "said_max": SAID_CHARS_MAX,
    }
    return site.page(visit, "undecided_one.html", values, status=422 if sent.problem else 200)
