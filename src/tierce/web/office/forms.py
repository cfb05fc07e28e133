"""The CNIL form in the office: one draft a controller, section by section as the service asks, to copy and export."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect
from psycopg import Connection

from tierce.incidents import store
from tierce.incidents.clocks.rules import OPERATOR
from tierce.incidents.errors import FormError
from tierce.incidents.form.model import Content, Draft, Field, FieldKind, Knowledge, Value
from tierce.incidents.form.printed import form_pdf
from tierce.incidents.form.rules import as_json, empty_draft, problems, say
from tierce.incidents.form.rules import difference as changed_between
from tierce.incidents.form.service import Forms, versions_in
from tierce.incidents.form.vocabulary import BY_KEY, FIELDS, SECTIONS
from tierce.incidents.model import Incident
from tierce.incidents.rules import incident_reference
from tierce.kernel.clock import PARIS
from tierce.kernel.digits import number_in
from tierce.kernel.ids import IncidentId, InsurerId
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act
from tierce.web.office.site import OfficeSite, Visit
from tierce.web.office.writing import minute
from tierce.web.visit import AnyRequest

Typed = Mapping[str, str]

_DIGITS_MAX = 9
_PATH = "/incidents/{number:int}/forms"


def form_handlers(site: OfficeSite, forms: Forms) -> list[HTTPRouteHandler]:
    """Make the routes of the form."""

    @get(_PATH, opt={"act": Act.STAFF_SCOPE})
    async def listed(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        return site.page(visit, "forms.html", await site.rows.read(_list(site, forms, IncidentId(number))))

    @get(f"{_PATH}/{{controller:int}}", opt={"act": Act.STAFF_BREACH_FORM})
    async def whole(request: AnyRequest, number: FromPath[int], controller: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        return await _page(site, forms, visit, IncidentId(number), _known(controller))

    @post(f"{_PATH}/{{controller:int}}/export", status_code=200, opt={"act": Act.STAFF_BREACH_FORM_EXPORT})
    async def export(request: AnyRequest, number: FromPath[int], controller: FromPath[int]) -> Response[bytes]:
        visit = await site.visit(request)
        typed = await site.sign_in.check_form(request)
        kind = "pdf" if typed.get("as") == "pdf" else "json"

        def read(connection: Connection) -> bytes:
            incident = site.incidents.incident(connection, IncidentId(number))
            draft = forms.draft(connection, incident.id, _known(controller))
            made = (
                _pdf(site, forms, connection, incident, draft)
                if kind == "pdf"
                else as_json(draft, incident_reference(incident.id, incident.day))
            )
            forms.register.note_export(connection, visit.caller, incident.id, Act.STAFF_BREACH_FORM_EXPORT)
            return made

        named = {"content-disposition": f'attachment; filename="cnil-{number}-{controller}.{kind}"'}
        return Response(await site.rows.read(read), media_type=f"application/{kind}", headers=named)

    @get(f"{_PATH}/{{controller:int}}/carry", opt={"act": Act.STAFF_BREACH_FORM})
    async def carry(request: AnyRequest, number: FromPath[int], controller: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        return await _page(site, forms, visit, IncidentId(number), _known(controller), template="form_carry.html")

    @get(f"{_PATH}/{{controller:int}}/difference", opt={"act": Act.STAFF_BREACH_FORM})
    async def difference(request: AnyRequest, number: FromPath[int], controller: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        asked = tuple(request.query_params.get(name, "") for name in ("before", "after"))
        read = _differences(site, forms, IncidentId(number), _known(controller), asked)
        return site.page(visit, "form_difference.html", await site.rows.read(read))

    return [listed, whole, export, carry, difference, *_section_handlers(site, forms)]


def _section_handlers(site: OfficeSite, forms: Forms) -> list[HTTPRouteHandler]:
    path = f"{_PATH}/{{controller:int}}/sections/{{section:int}}"

    @get(path, opt={"act": Act.STAFF_BREACH_FORM})
    async def section(
        request: AnyRequest, number: FromPath[int], controller: FromPath[int], section: FromPath[int]
    ) -> Response[str]:
        visit = await site.visit(request)
        return await _page(site, forms, visit, IncidentId(number), _known(controller), section=_section(section))

    @post(path, status_code=200, opt={"act": Act.STAFF_BREACH_FORM})
    async def write(
        request: AnyRequest, number: FromPath[int], controller: FromPath[int], section: FromPath[int]
    ) -> Response[Any]:
        visit = await site.visit(request)
        typed = await site.sign_in.check_form(request)
        whose, shown = _known(controller), _section(section)
        try:
            draft = await site.rows.read(lambda connection: forms.draft(connection, IncidentId(number), whose))
            changed = {
                field.key: _value(field, typed, draft.values[field.key]) for field in FIELDS if field.section == shown
            }
            await site.rows.read(
                lambda connection: forms.save(connection, visit.caller, IncidentId(number), whose, changed)
            )
        except FormError as problem:
            return await _page(
                site, forms, visit, IncidentId(number), whose, section=shown, typed=typed, problem=problem
            )
        after = f"/sections/{shown + 1}" if shown < len(SECTIONS) else ""
        return Redirect(f"/incidents/{number}/forms/{controller}{after}", status_code=303)

    return [section, write]


def _known(controller: int) -> InsurerId:
    if not 0 <= controller < 2**15:
        raise NotFoundException
    return InsurerId(controller)


def _section(section: int) -> int:
    if not 1 <= section <= len(SECTIONS):
        raise NotFoundException
    return section


def _value(field: Field, typed: Typed, before: Value) -> Value:
    """Read one field from the page's controls.

    An answer typed under a choice left at *not known yet* or *not applicable*, as it was, is known: nobody types
    one to have it dropped.

    Raises:
        FormError: what is known is not given, or is not of the field's kind.
    """
    knowledge = next((one for one in Knowledge if str(one) == typed.get(f"{field.key}-is")), Knowledge.UNKNOWN)
    if knowledge is before.knowledge and _answered(field, typed):
        knowledge = Knowledge.KNOWN
    return Value(knowledge, _content(field, typed) if knowledge is Knowledge.KNOWN else None)


def _answered(field: Field, typed: Typed) -> bool:
    """Whether any control of a field holds something."""
    parts = [f"{field.key}-{one}" for one in ("least", "most", "method", *(field.vocabulary or {}))]
    return any(typed.get(one, "").strip() for one in (field.key, *parts))


def _content(field: Field, typed: Typed) -> Content:
    text = typed.get(field.key, "").strip()
    match field.kind:
        case FieldKind.MANY:
            return tuple(code for code in field.vocabulary or {} if typed.get(f"{field.key}-{code}"))
        case FieldKind.YES_NO:
            return {"oui": True, "non": False}.get(text)
        case FieldKind.MOMENT:
            return minute(field.key, text).isoformat(timespec="minutes")
        case FieldKind.COUNT:
            parts = (typed.get(f"{field.key}-{part}", "").replace(" ", "") for part in ("least", "most"))
            least, most = (number_in(part, _DIGITS_MAX) for part in parts)
            if least is None or most is None:
                raise FormError(field.key, Phrase("Donnez deux nombres entiers.", "Give two whole numbers."))
            return least, most, typed.get(f"{field.key}-method", "").strip()
        case _:
            return text or None


def _list(site: OfficeSite, forms: Forms, number: IncidentId) -> Callable[[Connection], dict[str, object]]:
    def read(connection: Connection) -> dict[str, object]:
        incident = site.incidents.incident(connection, number)
        rows = forms.register.rows(connection, number)
        scope = store.last_scope(connection, number)
        listed = [one.insurer for one in store.insurer_counts(connection, scope)] if scope else []
        names = store.insurer_names(connection, listed)
        found = [(OPERATOR, "", len(versions_in(rows, OPERATOR)))]
        found += [(one, names.get(one, str(one)), len(versions_in(rows, one))) for one in listed]
        return {
            "incident": incident,
            "reference": incident_reference(incident.id, incident.day),
            "controllers": found,
        }

    return read


def _pdf(site: OfficeSite, forms: Forms, connection: Connection, incident: Incident, draft: Draft) -> bytes:
    now, controller = site.clock.now(), draft.controller
    versions = versions_in(forms.register.rows(connection, incident.id), controller)
    names = store.insurer_names(connection, [controller]) if controller != OPERATOR else {}
    return form_pdf(
        draft,
        whose=names.get(controller, "") or forms.operator,
        reference=incident_reference(incident.id, incident.day),
        at=now,
        version=len(versions),
        problems=problems(draft, now),
        changes=versions[-1].changes if len(versions) > 1 else (),
    )


def _differences(
    site: OfficeSite, forms: Forms, number: IncidentId, controller: InsurerId, asked: tuple[str, ...]
) -> Callable[[Connection], dict[str, object]]:
    def read(connection: Connection) -> dict[str, object]:
        incident = site.incidents.incident(connection, number)
        versions = versions_in(forms.register.rows(connection, number), controller)
        drafts = [empty_draft(controller), *(one.draft for one in versions)]
        known = [one for text in asked if (one := number_in(text, _DIGITS_MAX)) is not None and one < len(drafts)]
        if not versions or len(known) != len(asked):
            raise NotFoundException
        before, after = known
        return {
            "incident": incident,
            "reference": incident_reference(incident.id, incident.day),
            "controller": controller,
            "whose": store.insurer_names(connection, [controller]).get(controller, ""),
            "versions": versions,
            "before": before,
            "after": after,
            "changes": [(BY_KEY[one.field], one) for one in changed_between(drafts[before], drafts[after])],
            "say_value": say,
        }

    return read


async def _page(
    site: OfficeSite,
    forms: Forms,
    visit: Visit,
    number: IncidentId,
    controller: InsurerId,
    *,
    section: int | None = None,
    typed: Typed | None = None,
    problem: FormError | None = None,
    template: str = "form_whole.html",
) -> Response[str]:
    def read(connection: Connection) -> dict[str, object]:
        incident = site.incidents.incident(connection, number)
        draft = forms.draft(connection, number, controller)
        found = versions_in(forms.register.rows(connection, number), controller)
        names = store.insurer_names(connection, [controller]) if controller != OPERATOR else {}
        return {
            "incident": incident,
            "reference": incident_reference(incident.id, incident.day),
            "controller": controller,
            "whose": names.get(controller, ""),
            "sections": [
                (place, label, [_row(field, draft) for field in FIELDS if field.section == place])
                for place, label in enumerate(SECTIONS, start=1)
                if section is None or place == section
            ],
            "problems": [(BY_KEY[one.field], one.reason) for one in problems(draft, site.clock.now())],
            "versions": [
                (one, [(BY_KEY[change.field], change) for change in one.changes]) for one in reversed(found)
            ],
            "carried": sum(value.content is not None for value in draft.values.values()),
            "unknown": sum(value.knowledge is Knowledge.UNKNOWN for value in draft.values.values()),
        }

    values = await site.rows.read(read)
    values |= {"typed": typed or {}, "problem": problem, "section": section, "say_value": say, "last": len(SECTIONS)}
    shown = "form_section.html" if section else template
    return site.page(visit, shown, values, status=422 if problem else 200)


def _row(field: Field, draft: Draft) -> dict[str, object]:
    """A field as a page shows it: its value in the service's words, and as its controls take it."""
    value = draft.values[field.key]
    content = value.content
    control = content
    if field.kind is FieldKind.MOMENT and isinstance(content, str):
        control = datetime.fromisoformat(content).astimezone(PARIS).strftime("%Y-%m-%dT%H:%M")
    return {"field": field, "value": value, "text": say(field, value), "control": control}
