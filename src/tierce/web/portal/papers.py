"""What invoices and agreements have in common: read, listed, sent and taken back through the API, and their pages."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Generic, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from litestar import Response
from litestar.response import Redirect

from tierce.identity.sites.model import Held
from tierce.kernel.bodies import UNREADABLE
from tierce.kernel.labels import looks_like
from tierce.kernel.language import Language, Phrase
from tierce.policy.invoices import WHY_MAX
from tierce.web.answers import AgreementAnswer, InvoiceAnswer, LineAnswer, Said, StateAnswer
from tierce.web.portal.agreement_form import AgreementForm
from tierce.web.portal.api import Api, Signed, decode
from tierce.web.portal.asking import choose_first, domain_label
from tierce.web.portal.errors import ApiRefusedError
from tierce.web.portal.invoice_form import MORE_ROWS, InvoiceForm, field_of
from tierce.web.portal.question import Wrong, signed_of
from tierce.web.portal.site import AnyRequest, PortalSite, Visit

CHARS_MAX: Final = 64


class Why(msgspec.Struct):
    """The body that takes one back, as the browser signs it; unsigned where the session has no key."""

    why: str


Row = TypeVar("Row")
One = TypeVar("One")
Taken = TypeVar("Taken")


class Page(msgspec.Struct, Generic[Row]):
    """Own ones, newest first, and the cursor of the next page, if there is one."""

    rows: list[Row]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Papers(Generic[Row, One, Taken]):
    """The API's routes of one's place's invoices, or of its agreements."""

    path: str
    page: type[Page[Row]]
    single: type[One]
    taken: type[Taken]
    """What is answered to one that is sent."""

    async def send(self, api: Api, held: Held, signed: Signed) -> Taken:
        """Relay one."""
        return decode(await api.relay(self.path, held, signed), self.taken)

    async def listed(self, api: Api, held: Held, query: dict[str, str]) -> Page[Row]:
        """Read one page of the place's; `query` holds a cursor and a state."""
        return await api.read(self.path, held, self.page, query or None)

    async def one(self, api: Api, held: Held, number: str) -> One:
        """Read one of the place's."""
        return await api.read(self.below(number), held, self.single)

    async def act(self, api: Api, held: Held, number: str, what: str, signed: Signed) -> None:
        """Relay an act on one, `cancel` for one."""
        await api.relay(self.below(number, what), held, signed)

    def below(self, number: str, *more: str) -> str:
        """The path of one, or of an act on it."""
        return "/".join((self.path, quote(number, safe=""), *more))


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row, One, Taken]):
    """The page that lists them, by state."""

    template: str
    papers: Papers[Row, One, Taken]
    states: Mapping[str, Phrase]
    shown: Callable[[Row, Language], dict[str, object]]

    async def page(self, site: PortalSite, request: AnyRequest, cursor: str, stands: str) -> Response[str]:
        """List the place's own; nobody is named."""
        visit = await site.visit(request)
        if visit.session.activity is None:
            return choose_first()
        wanted = stands if stands in self.states else ""
        query = {"state": wanted} if wanted else {}
        asked = query | ({"cursor": cursor[:CHARS_MAX]} if cursor else {})
        found = await self.papers.listed(site.api, visit.held, asked)
        following = {"stands": wanted, "cursor": found.cursor or ""}
        language = visit.frame.language
        values = {
            "rows": [self.shown(row, language) for row in found.rows],
            "wanted": wanted,
            "states": [(code, label[language]) for code, label in self.states.items()],
            "older": urlencode({name: text for name, text in following.items() if text}) if found.cursor else "",
            "first": not cursor,
        }
        return site.page(visit, self.template, values)


Filled = TypeVar("Filled", InvoiceForm, AgreementForm)
FormPage = Callable[[Visit, Filled, Wrong | None, int], Response[str]]


async def relayed(
    site: PortalSite, request: AnyRequest, papers: Papers[Row, One, Taken], *,
    typed: Callable[[Mapping[str, str]], Filled], read: Callable[[Mapping[str, str]], tuple[Filled, Signed]],
    again: FormPage[Filled], done: Callable[[Visit, Taken], Response[str]],
) -> Response[str]:  # fmt: skip
    """Relay what the browser signed, and show what became of it; or its form, with more lines or what is wrong."""
    _, fields = await site.form(request)
    visit = await site.visit(request)
    if "more" in fields:
        form = typed(fields)
        return again(visit, form.with_rows(len(form.rows) + MORE_ROWS), None, 200)
    form, signed = read(fields)
    try:
        taken = await papers.send(site.api, visit.held, signed)
    except ApiRefusedError as error:
        if error.ends_session or error.code.startswith("proof_"):
            raise
        wrong = Wrong(field_of(error.field or "reference"), error.reason, error.remedy)
        return again(visit, form.kept(), wrong, error.status)
    return done(visit, taken)


async def taken_back(
    site: PortalSite, request: AnyRequest, papers: Papers[Row, One, Taken], number: str, *, settled: str,
    again: Callable[[Visit, str, Wrong, int], Awaitable[Response[str]]],
) -> Response[str]:  # fmt: skip
    """Relay that one is taken back; its page again, with what is wrong, where `settled` or a field says so."""
    _, fields = await site.form(request)
    visit, signed = await site.visit(request), signed_of(fields)
    if not signed.body:
        signed = Signed(msgspec.json.encode(Why(fields.get("why", "")[: 2 * WHY_MAX])), None)
    try:
        await papers.act(site.api, visit.held, number, "cancel", signed)
    except ApiRefusedError as error:
        if error.field is None and error.code != settled:
            raise
        wrong = Wrong("why", error.reason, error.remedy)
        return await again(visit, _why_of(signed.body), wrong, error.status)
    return Redirect(f"{papers.path.removeprefix('/v1')}/{number}", status_code=303)


def _why_of(body: bytes) -> str:
    """The reason as typed, for its field; nothing of a body that is none, nor of one that may name somebody."""
    try:
        why = msgspec.json.decode(body, type=Why).why
    except UNREADABLE:
        return ""
    return "" if looks_like(why) else why


def errors_of(wrong: Wrong | None, language: Language) -> dict[str, object]:
    """What a template says of a field at fault, beside it and above."""
    errors = {wrong.field: wrong.text(language)} if wrong else {}
    return {"errors": errors, "error_list": list(errors.items())}


def line_shown(line: LineAnswer) -> dict[str, object]:
    """One line as the pages say it, in euros."""
    return {
        "item": line.item,
        "quantity": line.quantity,
        **{name: euros(getattr(line, name)) for name in ("price", "amo", "asked", "due")},
    }


def euros(cents: int | None) -> Decimal | None:
    """An amount as the pages say it."""
    return None if cents is None else Decimal(cents) / 100


def in_language(words: Said, language: Language) -> str:
    """The words in the page's language."""
    return words.en if language is Language.EN else words.fr


def paper_shown(
    one: InvoiceAnswer | AgreementAnswer, language: Language, kinds: Mapping[str, str]
) -> dict[str, object]:
    """What the pages say of an invoice and of an agreement alike."""
    return {
        "id": one.id,
        "reference": one.reference,
        "label": one.label or "",
        "domain": domain_label(one.domain, language),
        "at": one.received_at,
        **state_shown(one.state, language, kinds),
        "reason": in_language(one.reason.detail, language) if one.reason else "",
        "remedy": in_language(one.reason.remedy, language) if one.reason else "",
        "asked": euros(one.asked),
        "due": euros(one.due),
        "decided": one.decided_at,
        "cancelled_why": one.cancelled_why or "",
        "said": one.said or "",
        "cancellable": one.cancellable,
    }


def state_shown(state: StateAnswer, language: Language, kinds: Mapping[str, str]) -> dict[str, str]:
    """A state as the pages say it: its code, how it looks, its word."""
    return {
        "code": state.code,
        "kind": kinds.get(state.code, "quiet"),
        "state": in_language(state.label, language),
    }
