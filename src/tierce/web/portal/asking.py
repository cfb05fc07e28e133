"""The question and its answer."""

from dataclasses import replace
from datetime import date

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from tierce.kernel.care import DOMAIN_LABELS, Domain
from tierce.kernel.clock import date_of, paris_day, read_date
from tierce.kernel.language import Language
from tierce.policy.acts import Act
from tierce.policy.agreements import AGREED
from tierce.web.portal.api import RIGHTS, RightsBody, Seats, revisit_path
from tierce.web.portal.depositing import closed_parts, or_deposit
from tierce.web.portal.errors import ApiRefusedError
from tierce.web.portal.question import (
    AskForm,
    Wrong,
    blank_form,
    domains_of,
    fill_from,
    find_wrong,
    other_payer_fields,
    read_form,
    same_fields,
)
from tierce.web.portal.site import AnyRequest, PortalSite, Visit

DEMO_PERSON = "paul_lenoir"
PRESENCE = "presence"
UNPROVED = frozenset({"proof_refused", "proof_of_another", "not_confirmed"})
"""Refusals that are about the proof of presence, and told at its field."""


def domain_label(name: str, language: Language) -> str:
    """The words of a domain; its code when it is not one of ours."""
    return DOMAIN_LABELS[Domain[name]][language] if name in Domain.__members__ else name


def today_of(site: PortalSite) -> date:
    """The civil day in Paris."""
    return date_of(paris_day(site.clock.now()))


async def _ask_page(site: PortalSite, visit: Visit, form: AskForm, wrong: list[Wrong] | None = None) -> Response[str]:
    language = visit.frame.language
    profession = visit.session.activity.profession if visit.session.activity else ""
    found = wrong or []
    values = {
        "form": form,
        "errors": {one.field: one.text(language) for one in found},
        "error_list": [(one.field, one.text(language)) for one in found],
        "domains": [(one.name, DOMAIN_LABELS[one][language]) for one in domains_of(profession)],
        "seats": await site.api.seats(visit.held),
        "place_code": await site.api.place_code(visit.held),
        "act_url": site.act_url(RIGHTS),
        "parts": closed_parts(await site.api.service(), language),
        "demo": DEMO_PERSON in site.demo,
    }
    return site.page(visit, "ask.html", values, status=422 if found else 200)


def answer_page(
    site: PortalSite,
    visit: Visit,
    answer: RightsBody,
    seats: Seats,
    form: AskForm | None = None,
    place_code: str = "",
) -> Response[str]:
    """Show an answer; with `form`, the question may be asked again: of the other insurer, or with her card."""
    language = visit.frame.language
    values = {
        "answer": answer,
        "domain": domain_label(answer.domain, language),
        "guarantee": getattr(answer.guarantee, language) if answer.guarantee else "",
        "reason": _reason(answer, language),
        "seats": seats,
        "at": site.clock.now(),
    }
    if answer.shown:
        asked = other_payer_fields(form) if form is not None and answer.other_payer else ()
        # Opened again from the list, the day of care is not known here.
        care = None if form is None else read_date(form.care_date)
        agreed = answer.domain in {domain.name for domain in AGREED}
        told = {"again": asked, "act_url": site.act_url(RIGHTS), "care": care, "agreed": agreed}
        return site.page(visit, "answer.html", {**values, **told})
    if answer.replayed:
        address = site.act_url(revisit_path(answer.engagement)) if answer.engagement else ""
        return site.page(visit, "already.html", {**values, "revisit_url": address})
    again = () if form is None else same_fields(form)
    more = {"again": again, "act_url": site.act_url(RIGHTS), "place_code": place_code, "revisited": form is None}
    return site.page(visit, "not_shown.html", {**values, **more})


def _reason(answer: RightsBody, language: Language) -> dict[str, str] | None:
    """The reason and its remedy, when presence was proved and nothing is shown."""
    if answer.reason is None:
        return None
    return {
        "sentence": getattr(answer.reason.detail, language),
        "remedy": getattr(answer.reason.remedy, language),
    }


def ask_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the routes of the question and of its answer."""

    @get("/ask", opt={"act": Act.NONE})
    @or_deposit(site)
    async def show_form(request: AnyRequest, fill: FromQuery[str] = "", payer: FromQuery[str] = "") -> Response[str]:
        """Show the form, perhaps for the other insurer; a demonstration may fill it with an invented person."""
        visit = await site.visit(request)
        if visit.session.activity is None:
            return choose_first()
        form = blank_form(visit.session.activity.profession, today_of(site))
        if payer == "2":
            form = replace(form, payer="2")
        if fill in site.demo:
            person = site.demo[fill]
            form = fill_from(form, person.nir, person.birth_date, str(person.rank))
        return await _ask_page(site, visit, form)

    @post("/ask", status_code=200, opt={"act": Act.RIGHTS_ASK})
    @or_deposit(site)
    async def ask(request: AnyRequest) -> Response[str]:
        """Relay the question as the browser signed it, and show the answer."""
        _, fields = await site.form(request)
        visit = await site.visit(request)
        form, signed = read_form(fields)
        wrong = find_wrong(form, signed.body, today_of(site))
        if wrong:
            return await _ask_page(site, visit, form, wrong)
        try:
            answer = await site.api.ask(visit.held, signed)
        except ApiRefusedError as error:
            field = PRESENCE if error.code in UNPROVED else error.field
            if field is None:
                raise
            named = Wrong("nir" if field == "body" else field, error.reason, error.remedy)
            # A card that was shown is spent, whatever came of it.
            return await _ask_page(site, visit, replace(form, presence="", means=""), [named])
        place_code = "" if answer.shown else await site.api.place_code(visit.held)
        return answer_page(site, visit, answer, await site.api.seats(visit.held), form, place_code)

    return [show_form, ask]


def choose_first() -> Response[str]:
    """Lead whoever has no activity yet to the choice of one."""
    return Response("", status_code=303, headers={"location": "/activity"})
