"""The deposit: the form that stands in the ask form's place while closed, its receipt, and a receipt's state.

Nothing here looks anybody up. When the store is away the API cannot say whose session this is: the pages then
say so little that they need not know.
"""

import functools
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from tierce.deposits.errors import DepositFieldError
from tierce.deposits.rules import parse_deposit
from tierce.kernel.bodies import UNREADABLE
from tierce.kernel.care import DOMAIN_LABELS, Domain
from tierce.kernel.clock import date_of, paris_day
from tierce.kernel.language import Language
from tierce.policy.acts import Act
from tierce.web.portal.api import DEPOSITS, DepositStateBody, ReceiptBody, Service, Session, Signed
from tierce.web.portal.errors import ApiRefusedError, ApiUnreachableError
from tierce.web.portal.question import (
    BODY_CHARS_MAX,
    PROOF_CHARS_MAX,
    Wrong,
    birth_digits,
    birth_text,
    domains_of,
    read_form,
)
from tierce.web.portal.site import AnyRequest, PortalSite, Visit

CLOSED: Final = frozenset({"closed", "insurer_away"})
"""Refusals of an ask after which a deposit is taken; the second one is of one insurer's people alone."""
_FIELD_OF: Final = {"birth_date": "birth", "body": "nir", "request": "nir"}
_NEVER: Final = datetime.fromtimestamp(0, UTC)
_NOBODY: Final = Session(id="", signs=True, created_at=_NEVER, expires_at=_NEVER)
"""What is known of a session while the store is away."""

Page = Callable[..., Awaitable[Response[str]]]


@dataclass(frozen=True, slots=True, repr=False)
class DepositForm:
    """What the fields hold, as typed; `repr` shows nothing of it.

    `request` makes a second sending the same deposit.
    """

    nir: str = ""
    birth: str = ""
    rank: str = "1"
    amc: str = ""
    csr: str = ""
    member: str = ""
    valid_until: str = ""
    domain: str = ""
    care_date: str = ""
    amount: str = ""
    label: str = ""
    request: str = ""

    def __repr__(self) -> str:
        return "DepositForm(•••)"


def or_deposit(site: PortalSite) -> Callable[[Page], Page]:
    """Wrap the ask page: when the service is closed the deposit form stands in its place, same fields kept."""

    def wrap(page: Page) -> Page:
        @functools.wraps(page)
        async def wrapped(request: AnyRequest, **given: object) -> Response[str]:
            try:
                return await page(request, **given)
            except ApiRefusedError as error:
                if error.code not in CLOSED:
                    raise
                return await _in_its_place(site, request)

        return wrapped

    return wrap


async def _in_its_place(site: PortalSite, request: AnyRequest) -> Response[str]:
    form = DepositForm()
    if request.method == "POST":
        _, fields = await site.form(request)
        asked, _ = read_form(fields)
        form = DepositForm(
            nir=asked.nir, birth=asked.birth, rank=asked.rank, domain=asked.domain, care_date=asked.care_date,
            label=asked.label,
        )  # fmt: skip
    return await _deposit_page(site, request, form, status=503)


def deposit_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the routes of deposits and of their receipts."""

    @get("/deposit", opt={"act": Act.NONE})
    async def show_deposit(request: AnyRequest) -> Response[str]:
        """Show the form, or say that the service is open."""
        service = await site.api.service()
        if service.open:
            visit = await _visit(site, request)
            return site.page(visit, "deposit_open.html", {})
        return await _deposit_page(site, request, DepositForm())

    @post("/deposit", status_code=200, opt={"act": Act.DEPOSIT_MAKE})
    async def deposit(request: AnyRequest) -> Response[str]:
        """Relay the deposit as the browser signed it, and show the receipt."""
        _, fields = await site.form(request)
        form, signed = read_deposit(fields)
        try:
            parse_deposit(signed.body, _today(site))
        except DepositFieldError as error:
            return await _deposit_page(site, request, form, [_wrong(error.field, error)], status=422)
        try:
            receipt = await site.api.deposit(site.held(request), signed)
        except ApiRefusedError as error:
            if error.field is not None:
                return await _deposit_page(site, request, form, [_wrong(error.field, error)], status=422)
            if error.code == "open":
                return site.page(await _visit(site, request), "deposit_open.html", {}, status=409)
            raise
        return _receipt_page(site, await _visit(site, request), receipt)

    @get("/receipts", opt={"act": Act.NONE})
    async def receipts(request: AnyRequest) -> Response[str]:
        """Show the form that asks for a receipt's number."""
        return site.page(
            await _visit(site, request), "deposit_state.html", {"number": "", "state": None, "error": ""}
        )

    @post("/receipts", status_code=200, opt={"act": Act.DEPOSIT_READ})
    async def receipt_state(request: AnyRequest) -> Response[str]:
        """Tell the state of a receipt of the establishment; who is in it is never shown."""
        _, fields = await site.form(request)
        visit, number = await _visit(site, request), fields.get("number", "")[:40].strip()
        values: dict[str, object] = {"number": number, "state": None, "error": ""}
        try:
            found = await site.api.receipt(visit.held, number)
        except ApiRefusedError as error:
            if error.code not in {"receipt_unknown", "not_found"}:
                raise
            values["error"] = f"{error.reason[visit.frame.language]} {error.remedy[visit.frame.language]}"
            return site.page(visit, "deposit_state.html", values, status=404)
        return site.page(visit, "deposit_state.html", {**values, **_state_values(found, visit.frame.language)})

    return [show_deposit, deposit, receipts, receipt_state]


def read_deposit(fields: Mapping[str, str]) -> tuple[DepositForm, Signed]:
    """Read a submitted deposit: what to show again in the fields, and what to relay."""
    body = fields.get("body", "")
    if body:
        signed = Signed(body[:BODY_CHARS_MAX].encode(), fields.get("proof", "")[:PROOF_CHARS_MAX] or None)
        return _form_of(signed.body), signed
    form = DepositForm(**{name: fields.get(name, "")[:80].strip() for name in DepositForm.__slots__})
    rank: int | str = int(form.rank) if form.rank in set("123456789") else form.rank
    deposit = {
        "nir": form.nir, "birth_date": birth_digits(form.birth), "rank": rank, "amc": form.amc, "member": form.member,
        "valid_until": form.valid_until, "domain": form.domain, "care_date": form.care_date, "amount": form.amount,
        "request": form.request, **({"csr": form.csr} if form.csr else {}),
        **({"label": form.label} if form.label else {}),
    }  # fmt: skip
    return form, Signed(msgspec.json.encode(deposit), None)


def _form_of(body: bytes) -> DepositForm:
    """Read the signed bytes back into fields; bytes that are no deposit leave the form empty."""
    try:
        raw = msgspec.json.decode(body, type=dict[str, str | int | None])
    except UNREADABLE:
        return DepositForm()
    text = {name: str(raw.get(name) or "")[:80] for name in DepositForm.__slots__ if name != "birth"}
    return DepositForm(birth=birth_text(str(raw.get("birth_date") or "")[:80]), **text)


def _wrong(field: str, error: DepositFieldError | ApiRefusedError) -> Wrong:
    return Wrong(_FIELD_OF.get(field, field), error.reason, error.remedy)


async def _visit(site: PortalSite, request: AnyRequest) -> Visit:
    """Whose session this is, or a page for somebody whom the API cannot look up now."""
    try:
        return await site.visit(request)
    except (ApiRefusedError, ApiUnreachableError) as error:
        if isinstance(error, ApiRefusedError) and error.code not in CLOSED:
            raise
    held = site.held(request)
    signing = {**site.signing(held.handle, _NOBODY), "signs": "held"}
    return Visit(held, _NOBODY, site.frame(request, handle=held.handle), signing)


async def _deposit_page(
    site: PortalSite, request: AnyRequest, form: DepositForm, wrong: list[Wrong] | None = None, *, status: int = 200
) -> Response[str]:
    visit, service = await _visit(site, request), await site.api.service()
    language = visit.frame.language
    found, today = wrong or [], _today(site)
    activity = visit.session.activity
    domains = (domains_of(activity.profession) if activity else ()) or tuple(Domain)
    shown = replace(
        form,
        care_date=form.care_date or today.isoformat(),
        domain=form.domain or domains[0].name,
        request=form.request or secrets.token_urlsafe(12),
    )
    values = {
        "form": shown,
        "errors": {one.field: one.text(language) for one in found},
        "error_list": [(one.field, one.text(language)) for one in found],
        "domains": [(one.name, DOMAIN_LABELS[one][language]) for one in domains],
        "act_url": site.act_url(DEPOSITS),
        "parts": closed_parts(service, language),
        "since": service.since if not service.store else None,
    }
    return site.page(visit, "deposit.html", values, status=status)


def closed_parts(service: Service, language: Language) -> list[tuple[str, datetime]]:
    """What is closed, in words, and until when at the latest."""
    return [(getattr(part.name, language), part.until) for part in service.closed]


def _receipt_page(site: PortalSite, visit: Visit, receipt: ReceiptBody) -> Response[str]:
    language = visit.frame.language
    other = Language.EN if language is Language.FR else Language.FR
    label = DOMAIN_LABELS[Domain[receipt.domain]]
    values = {
        "receipt": receipt,
        "amount": Decimal(receipt.amount),
        "domain": label[language],
        "why": getattr(receipt.promise.detail, language),
        "other": other,
        "other_kind": "guaranteed" if receipt.promise.guaranteed else "recorded",
        "other_lines": _other_lines(site, receipt, label[other], other),
    }
    return site.page(visit, "deposit_receipt.html", values)


def _other_lines(site: PortalSite, receipt: ReceiptBody, domain: str, language: Language) -> list[str]:
    """The receipt in the other language, in a few sentences: whoever reads the paper may not be who typed."""
    say = site.pages.words.say
    kind = "guaranteed" if receipt.promise.guaranteed else "recorded"
    facts = say(
        "receipt.facts", language, number=receipt.receipt, domain=domain, amount=receipt.amount,
        care=receipt.care_date.isoformat(),
    )  # fmt: skip
    return [facts, say(f"receipt.{kind}", language), getattr(receipt.promise.detail, language)]


def _state_values(found: DepositStateBody, language: Language) -> dict[str, object]:
    kind = {"guaranteed": "good", "refused": "stop", "on_card": "attention"}.get(found.state, "info")
    return {
        "state": found,
        "kind": kind,
        "label": getattr(found.label, language),
        "why": getattr(found.detail, language) if found.state != "received" else "",
        "domain": DOMAIN_LABELS[Domain[found.domain]][language] if found.domain else "",
        "amount": Decimal(found.amount) if found.amount else None,
    }


def _today(site: PortalSite) -> date:
    return date_of(paris_day(site.clock.now()))
