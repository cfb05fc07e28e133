"""How severe is it, for whom: cohorts scored step by step, and the conclusion that a person writes."""

from collections.abc import Mapping
from typing import TypeVar

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from psycopg import Connection

from tierce.incidents import store
from tierce.incidents.cohorts import store as cohort_rows
from tierce.incidents.cohorts.model import COHORT_LABELS, CohortCount
from tierce.incidents.cohorts.model import Cohort as ListCohort
from tierce.incidents.errors import FormError
from tierce.incidents.rules import incident_reference
from tierce.incidents.severity.model import (
    CNIL_LABELS,
    ENISA_LABELS,
    Adjustment,
    Bridge,
    Cohort,
    Controller,
    Count,
    DataClass,
    Ease,
    Loss,
    Scoring,
)
from tierce.incidents.severity.rules import CLASS_LABELS
from tierce.incidents.severity.service import Scored, Severity, cohorts_in
from tierce.incidents.statements.model import PROOF_LABELS, ProofKind
from tierce.incidents.statements.service import Statements, standing_in
from tierce.kernel.categories import LABELS, DataCategory
from tierce.kernel.digits import number_in
from tierce.kernel.ids import IncidentId
from tierce.kernel.language import Language, Phrase
from tierce.notices.insurer_notice import category_names
from tierce.policy.acts import Act
from tierce.policy.clocks import Risk
from tierce.web.office.site import OfficeSite, Visit
from tierce.web.office.writing import Typed, writer
from tierce.web.visit import AnyRequest

T = TypeVar("T")
_DIGITS_MAX = 9
_EASES = {
    Ease.NEGLIGIBLE: Phrase("0,25 : presque personne ne peut être reconnu", "0.25: almost nobody can be recognised"),
    Ease.LIMITED: Phrase("0,5 : en croisant d’autres données", "0.5: by crossing other data"),
    Ease.SIGNIFICANT: Phrase("0,75 : facilement, avec peu de moyens", "0.75: easily, with few means"),
    Ease.MAXIMUM: Phrase("1 : directement, par les données mêmes", "1: directly, by the data itself"),
}
_LOSSES = {
    Loss.NONE: Phrase("0 : aucune", "0: none"),
    Loss.SOME: Phrase("0,25 : destinataires connus, ou réparée", "0.25: known recipients, or put right"),
    Loss.FULL: Phrase("0,5 : destinataires inconnus, ou définitive", "0.5: unknown recipients, or for good"),
}
_RISKS = {
    Risk.NONE: Phrase("pas de risque : ni CNIL ni personnes", "no risk: neither the authority nor people"),
    Risk.RISK: Phrase("un risque : notifier la CNIL (33)", "a risk: notify the authority (33)"),
    Risk.HIGH: Phrase("un risque élevé : CNIL et personnes (33, 34)", "a high risk: authority and people (33, 34)"),
}
_CONTROLLERS = {
    Controller.INSURERS: Phrase("chaque organisme, pour ses assurés", "each insurer, for its own people"),
    Controller.OPERATOR: Phrase("nous, l’opérateur", "us, the operator"),
}
COUNTED = Phrase("compte exact du journal, par la liste", "exact count of the journal, by the list")
_STEPS = {"0": Phrase("aucun", "none"), "1": Phrase("+1", "+1"), "-1": Phrase("−1", "−1")}


def severity_handlers(site: OfficeSite, severity: Severity) -> list[HTTPRouteHandler]:
    """Make the routes of severity."""

    @get("/incidents/{number:int}/severity", opt={"act": Act.STAFF_SCOPE})
    async def page(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        asked, language = request.query_params.get("of", ""), visit.frame.language
        typed = await site.rows.read(lambda rows: _of_list(rows, IncidentId(number), asked, language))
        return await _page(site, severity, visit, IncidentId(number), typed, None)

    return [page, *_forms(site, severity)]


def _forms(site: OfficeSite, severity: Severity) -> list[HTTPRouteHandler]:
    """The routes of the page's forms."""

    async def again(visit: Visit, number: IncidentId, typed: Typed, problem: FormError) -> Response[str]:
        return await _page(site, severity, visit, number, typed, problem)

    def score(connection: Connection, visit: Visit, number: IncidentId, typed: Typed) -> object:
        categories = DataCategory(sum(one.value for one in LABELS if typed.get(f"category-{one.value}")))
        cohort = Cohort(
            typed.get("key", "").strip(), typed.get("label", "").strip(), _chosen("controller", _CONTROLLERS, typed),
            categories, _count(typed, "people"), _count(typed, "records"),
        )  # fmt: skip
        step = int(_chosen("step", _STEPS, typed))
        scoring = Scoring(
            data_class=_chosen("class", CLASS_LABELS, typed),
            class_reason=_reason(typed, "class_reason"),
            adjustments=(Adjustment(step, _reason(typed, "adjustment")),) if step else (),
            ease=_chosen("ease", _EASES, typed),
            ease_reason=_reason(typed, "ease_reason"),
            confidentiality=_chosen("confidentiality", _LOSSES, typed),
            integrity=_chosen("integrity", _LOSSES, typed),
            availability=_chosen("availability", _LOSSES, typed),
            malicious=bool(typed.get("malicious")),
            circumstances_reason=_reason(typed, "circumstances_reason"),
            unintelligible=bool(typed.get("unintelligible")),
        )
        return severity.score(connection, visit.caller, number, cohort, scoring)

    def conclude(connection: Connection, visit: Visit, number: IncidentId, typed: Typed) -> object:
        bridge = Bridge(
            typed.get("cohort", ""), _chosen("risk", _RISKS, typed), typed.get("reasoning", ""),
            typed.get("against_floor", ""),
        )  # fmt: skip
        return severity.conclude(connection, visit.caller, number, bridge)

    def exclude(connection: Connection, visit: Visit, number: IncidentId, typed: Typed) -> object:
        kind = next((one for one in ProofKind if str(one) == typed.get("proof")), None)
        return Statements(severity.register).say(
            connection, visit.caller, number, category=_chosen("category", LABELS, typed),
            cohort=_chosen("of", COHORT_LABELS, typed), kind=kind,
        )  # fmt: skip

    writes = writer(site, "/severity", (FormError,), again)
    return [
        writes("score", Act.STAFF_SEVERITY, score),
        writes("bridge", Act.STAFF_BRIDGE, conclude),
        writes("excluded", Act.STAFF_SEVERITY, exclude),
    ]


def _of_list(connection: Connection, number: IncidentId, asked: str, language: Language) -> Typed:
    """What the newest list already says of one cohort, as the form takes it; nothing of what a person judges."""
    scope = store.last_scope(connection, number)
    found = cohort_rows.cohorts(connection, number, scope.revision) if scope else []
    one = next((each for each in found if str(each.cohort) == asked), None)
    if one is None:
        return {}
    ours = one.cohort is ListCohort.PROFESSIONALS
    counts = {"people": one.persons, "records": one.entries}
    return {
        "key": str(one.cohort),
        "label": COHORT_LABELS[one.cohort][language],
        "controller": str(Controller.OPERATOR if ours else Controller.INSURERS),
        **{f"category-{each.value}": "1" for each in LABELS if each in one.categories},
        **{f"{what}_{end}": str(count) for what, count in counts.items() for end in ("least", "most")},
        **{f"{what}_method": COUNTED[language] for what in counts},
    }


def _reason(typed: Typed, field: str) -> str:
    """A reason without its full stop: the page puts its own after it."""
    return typed.get(field, "").strip().rstrip(".").rstrip()


def _chosen(field: str, options: Mapping[T, Phrase], typed: Typed) -> T:
    found = next((one for one in options if _code(one) == typed.get(field)), None)
    if found is None:
        raise FormError(field, Phrase("Choisissez une réponse.", "Choose an answer."))
    return found


def _code(option: object) -> str:
    return str(option.value) if isinstance(option, DataClass | Risk | DataCategory) else str(option)


def _number(typed: Typed, field: str, part: str) -> int:
    found = number_in("".join(typed.get(f"{field}_{part}", "").split()), _DIGITS_MAX)
    if found is None:
        raise FormError(field, Phrase("Donnez deux nombres entiers.", "Give two whole numbers."))
    return found


def _count(typed: Typed, field: str) -> Count:
    return Count(_number(typed, field, "least"), _number(typed, field, "most"), typed.get(f"{field}_method", ""))


async def _page(
    site: OfficeSite, severity: Severity, visit: Visit, number: IncidentId, typed: Typed, problem: FormError | None
) -> Response[str]:
    def read(connection: Connection) -> dict[str, object]:
        incident = site.incidents.incident(connection, number)
        rows = severity.register.rows(connection, number)
        cohorts = cohorts_in(rows)
        return {
            "incident": incident,
            "reference": incident_reference(incident.id, incident.day),
            "cohorts": cohorts,
            "listed": _unscored(connection, number, cohorts),
            "open": sum(one.bridge is None for one in cohorts),
            "not_concerned": standing_in(connection, number, rows),
            "choices": _choices(cohorts, visit.frame.language),
        }

    values = await site.rows.read(read)
    values |= {
        "typed": typed,
        "problem": problem,
        "cnil": CNIL_LABELS,
        "enisa": ENISA_LABELS,
        "names": category_names,
        "proof_labels": PROOF_LABELS,
        "cohort_labels": COHORT_LABELS,
    }
    return site.page(visit, "severity.html", values, status=422 if problem else 200)


def _unscored(connection: Connection, number: IncidentId, scored: list[Scored]) -> list[CohortCount]:
    """Cohorts of the newest list with somebody in them, save those that are scored under the list's own name."""
    scope = store.last_scope(connection, number)
    found = cohort_rows.cohorts(connection, number, scope.revision) if scope else []
    names = {one.cohort.key for one in scored}
    return [one for one in found if one.persons and str(one.cohort) not in names]


def _choices(cohorts: list[Scored], language: Language) -> dict[str, list[tuple[str, str]]]:
    def options(found: Mapping[T, Phrase]) -> list[tuple[str, str]]:
        return [(_code(one), phrase[language]) for one, phrase in found.items()]

    return {
        "cohorts": [(one.cohort.key, one.cohort.label) for one in cohorts],
        "risks": [("", "–"), *options(_RISKS)],
        "controllers": options(_CONTROLLERS),
        "categories": [(_code(one), category_names(one)[language]) for one in LABELS],
        "classes": options(CLASS_LABELS),
        "steps": options(_STEPS),
        "eases": options(_EASES),
        "losses": options(_LOSSES),
        "proofs": options(PROOF_LABELS),
        "of": options(COHORT_LABELS),
    }
