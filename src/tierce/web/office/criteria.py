"""Choose what a list looks for, see how many people that counts, then keep it: nothing is stored before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect
from psycopg import Connection

from tierce.incidents import store
from tierce.incidents.errors import FormError, ListShrinksError
from tierce.incidents.model import ListPreview
from tierce.incidents.rules import incident_reference
from tierce.journal.segments.sealed import SealedLog
from tierce.kernel.categories import LABELS, DataCategory, each
from tierce.kernel.clock import PARIS, from_micros, micros
from tierce.kernel.digits import number_in
from tierce.kernel.ids import DeviceId, IncidentId, SessionId, SoftwareId, VendorId
from tierce.kernel.language import Phrase
from tierce.notices.insurer_notice import category_names
from tierce.policy.acts import Act, Evidence
from tierce.scope import store as scope_rows
from tierce.scope.criteria import NETWORK_HEX
from tierce.scope.errors import CriteriaError
from tierce.scope.model import Criteria
from tierce.scope.rules import check_criteria
from tierce.web.office.site import OfficeSite, Visit
from tierce.web.office.writing import MINUTE, minute, minute_end, seen_at
from tierce.web.visit import AnyRequest

_EVIDENCE: Mapping[Evidence, Phrase] = {
    Evidence.NONE: Phrase("peu importe", "does not matter"),
    Evidence.WATCHED: Phrase("suivies ou plus", "watched or more"),
    Evidence.STRONG: Phrase("fortement soupçonnées", "strongly suspected"),
}
LISTS = ("rpps", "finess", "devices", "sessions", "software", "vendors", "networks", "staff")
_BITS = {"devices": 63, "sessions": 63, "software": 31, "vendors": 31}


@dataclass(frozen=True, slots=True)
class Typed:
    """What the form holds, as typed; `category` and `stay` are codes."""

    texts: Mapping[str, str]
    categories: frozenset[str]

    def get(self, name: str, default: str = "") -> str:
        """A text by its name."""
        return self.texts.get(name, default)

    def words(self, name: str) -> list[str]:
        """The words of a field, apart by spaces, commas or line feeds."""
        return self.get(name).replace(",", " ").split()


def criteria_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes of a list's criteria."""
    path = "/incidents/{number:int}/criteria"

    @get(path, opt={"act": Act.STAFF_SCOPE})
    async def show(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        typed = await site.rows.read(lambda connection: _prefilled(site, connection, IncidentId(number)))
        return await _page(site, visit, IncidentId(number), typed)

    @post(path, status_code=200, opt={"act": Act.STAFF_SCOPE})
    async def keep(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
        visit = await site.visit(request)
        await site.sign_in.check_form(request)
        typed, of = _typed(await request.form()), IncidentId(number)

        def work(connection: Connection) -> ListPreview | None:
            criteria = criteria_from(typed, connection, site.sealed)
            if typed.get("step") == "ask":
                site.incidents.ask_smaller(connection, visit.caller, of, criteria, typed.get("why"))
            elif typed.get("step") == "keep":
                site.incidents.compute_scope(connection, visit.caller, of, criteria)
            else:
                return site.incidents.preview(connection, criteria)
            return None

        try:
            preview = await site.rows.read(work)
        except (FormError, CriteriaError) as problem:
            return await _page(site, visit, of, typed, problem=problem, asks=problem.field == "why")
        except ListShrinksError as shrinks:
            return await _page(site, visit, of, typed, gone=shrinks.gone, asks=True)
        if preview is None:
            return Redirect(f"/incidents/{number}", status_code=303)
        return await _page(site, visit, of, typed, preview=preview)

    @post(f"{path}/confirm", status_code=200, opt={"act": Act.STAFF_SCOPE})
    async def confirm(request: AnyRequest, number: FromPath[int]) -> Redirect:
        visit = await site.visit(request)
        seen = seen_at((await site.sign_in.check_form(request)).get("seen", ""))
        await site.rows.read(
            lambda connection: site.incidents.confirm_smaller(connection, visit.caller, IncidentId(number), seen)
        )
        return Redirect(f"/incidents/{number}", status_code=303)

    return [show, keep, confirm]


def _typed(form: FormMultiDict) -> Typed:
    texts = {key: str(value) for key, value in form.items() if key != "category"}
    return Typed(texts, frozenset(str(one) for one in form.getall("category", [])))


def _prefilled(site: OfficeSite, connection: Connection, number: IncidentId) -> Typed:
    """The criteria that wait for a second person, else of the newest list, else the day before now."""
    found = store.smaller_asked(connection, number) or store.last_scope(connection, number)
    if found is None:
        now = site.clock.now().astimezone(PARIS)
        texts = {"begun": (now - timedelta(days=1)).strftime(MINUTE), "ended": now.strftime(MINUTE)}
        return Typed({**texts, "evidence": "0", "stay": ""}, frozenset())
    one = found.criteria

    def local(at: int) -> str:
        return from_micros(at).astimezone(PARIS).strftime(MINUTE)

    return Typed(
        {
            "begun": local(one.from_us),
            "ended": local(one.until_us - 60_000_000),
            "rpps": "\n".join(scope_rows.rpps_of(connection, sorted(one.professionals))),
            "finess": "\n".join(scope_rows.finess_of(connection, sorted(one.establishments))),
            "devices": "\n".join(map(str, sorted(one.devices))),
            "sessions": "\n".join(map(str, sorted(one.sessions))),
            "software": "\n".join(map(str, sorted(one.software))),
            "vendors": "\n".join(map(str, sorted(one.vendors))),
            "networks": "\n".join(sorted(each_.hex() for each_ in one.networks)),
            "staff": "\n".join(scope_rows.staff_names(connection, sorted(one.staff))),
            "evidence": str(int(one.evidence)),
            "stay": "",
        },
        frozenset(str(int(category)) for category in each(one.categories)),
    )


def criteria_from(typed: Typed, connection: Connection, sealed: SealedLog) -> Criteria:
    """Read the criteria from what was typed, registers looked up.

    Raises:
        FormError: a field cannot be read; it is named, and its value is not repeated.
        CriteriaError: nothing says whom to look for, or the window is empty.
    """
    begun, ended = minute("begun", typed.get("begun")), minute_end("ended", typed.get("ended"))
    rpps, finess = typed.words("rpps"), typed.words("finess")
    found_rpps, found_finess = (
        scope_rows.professionals(connection, rpps),
        scope_rows.establishments(connection, finess),
    )
    for field, wanted, found in (("rpps", rpps, found_rpps), ("finess", finess, found_finess)):
        if set(wanted) - set(found):
            raise FormError(field, Phrase("L’annuaire ne connaît pas ce numéro.", "The directory does not know it."))
    named = typed.words("staff")
    staff = scope_rows.staff(connection, named, sealed)
    if set(named) - set(staff):
        reason = Phrase(
            "Le journal n’a aucune ligne à ce nom : donnez-le comme votre fournisseur d’identité l’écrit.",
            "The journal has no line of that name: give it as your identity provider writes it.",
        )
        raise FormError("staff", reason)
    criteria = Criteria(
        professionals=frozenset(found_rpps.values()),
        devices=frozenset(map(DeviceId, _numbers(typed, "devices"))),
        sessions=frozenset(map(SessionId, _numbers(typed, "sessions"))),
        establishments=frozenset(found_finess.values()),
        software=frozenset(map(SoftwareId, _numbers(typed, "software"))),
        vendors=frozenset(map(VendorId, _numbers(typed, "vendors"))),
        networks=frozenset(_network(one) for one in typed.words("networks")),
        evidence=_evidence(typed.get("evidence", "0")),
        categories=DataCategory(sum(int(one) for one in LABELS if str(int(one)) in typed.categories)),
        from_us=micros(begun),
        until_us=micros(ended),
        staff=frozenset(staff.values()),
    )
    if typed.get("stay"):
        criteria = _stayed(connection, typed.get("stay"), criteria)
    check_criteria(criteria)
    return criteria


def _numbers(typed: Typed, field: str) -> list[int]:
    found = []
    for word in typed.words(field):
        number = number_in(word, 20)
        if number is None or not 0 < number < 1 << _BITS[field]:
            raise FormError(
                field, Phrase("Donnez des numéros internes, un par ligne.", "Give internal numbers, one a line.")
            )
        found.append(number)
    return found


def _network(word: str) -> bytes:
    try:
        raw = bytes.fromhex(word)
    except ValueError:
        raw = b""
    if len(raw) * 2 != NETWORK_HEX:
        reason = Phrase("Donnez 32 chiffres hexadécimaux par réseau.", "Give 32 hexadecimal digits for each network.")
        raise FormError("networks", reason)
    return raw


def _evidence(text: str) -> Evidence:
    found = next((one for one in Evidence if str(int(one)) == text), None)
    if found is None:
        raise FormError("evidence", Phrase("Choisissez un degré de soupçon.", "Choose a degree of suspicion."))
    return found


def _stayed(connection: Connection, code: str, base: Criteria) -> Criteria:
    """The lines of a subject while it stood on the ladder, in the window of that stay."""
    stay = next((one for one in scope_rows.stays(connection) if str(one.id) == code), None)
    if stay is None or base.devices or base.professionals or base.networks or base.evidence:
        reason = Phrase(
            "Choisissez un frein de la liste, et laissez alors vides les comptes, appareils, réseaux et soupçons.",
            "Choose a hold of the list, and then leave accounts, devices, networks and suspicion empty.",
        )
        raise FormError("stay", reason)
    return stay.criteria(base.categories)


async def _page(
    site: OfficeSite,
    visit: Visit,
    number: IncidentId,
    typed: Typed,
    *,
    problem: FormError | CriteriaError | None = None,
    preview: ListPreview | None = None,
    gone: int = 0,
    asks: bool = False,
) -> Response[str]:
    """Show the form; `asks` with why people would leave the list, `gone` being how many once that was refused."""

    def read(connection: Connection) -> dict[str, object]:
        incident = site.incidents.incident(connection, number)
        last, asked = store.last_scope(connection, number), store.smaller_asked(connection, number)
        return {
            "asked": asked,
            "asked_words": criteria_words(asked.criteria) if asked else None,
            "asked_window": (from_micros(asked.criteria.from_us), from_micros(asked.criteria.until_us))
            if asked
            else None,
            "own": asked is not None and asked.staff == visit.caller.staff,
            "incident": incident,
            "reference": incident_reference(incident.id, incident.day),
            "last": last,
            "known_software": scope_rows.software_names(connection),
            "stays": scope_rows.stays(connection),
        }

    values = await site.rows.read(read)
    values |= {
        "typed": typed, "problem": problem, "preview": preview, "gone": gone, "asks": asks, "evidences": _EVIDENCE,
        "data_labels": {one: category_names(one) for one in LABELS},
    }  # fmt: skip
    return site.page(visit, "criteria.html", values, status=422 if problem or gone else 200)


def criteria_words(criteria: Criteria) -> Phrase:
    """Say in one line what a list looked for."""
    counted: Sequence[tuple[int, str, str, str, str]] = (
        (len(criteria.professionals), "compte", "comptes", "account", "accounts"),
        (len(criteria.devices), "appareil", "appareils", "device", "devices"),
        (len(criteria.sessions), "session", "sessions", "session", "sessions"),
        (len(criteria.establishments), "établissement", "établissements", "establishment", "establishments"),
        (len(criteria.software), "logiciel", "logiciels", "software", "software"),
        (len(criteria.vendors), "éditeur", "éditeurs", "vendor", "vendors"),
        (len(criteria.networks), "réseau", "réseaux", "network", "networks"),
        (len(criteria.staff), "membre du personnel", "membres du personnel", "member of staff", "members of staff"),
    )
    fr = [f"{count} {many if count > 1 else one}" for count, one, many, _, _ in counted if count]
    en = [f"{count} {many if count > 1 else one}" for count, _, _, one, many in counted if count]
    if criteria.evidence:
        fr.append(f"lignes {_EVIDENCE[criteria.evidence].fr}")
        en.append(f"lines {_EVIDENCE[criteria.evidence].en}")
    if criteria.ladder:
        fr.append("pendant un frein")
        en.append("while held")
    if criteria.categories:
        named = category_names(criteria.categories)
        fr.append(f"données : {named.fr}")
        en.append(f"data: {named.en}")
    return Phrase(", ".join(fr), ", ".join(en))
