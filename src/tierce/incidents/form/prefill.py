"""What an incident already says of the form: from its times, list, severity and register. Nothing is guessed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from tierce.incidents.form.model import NOT_APPLICABLE, Content, FormType, Knowledge, Organisation, Value
from tierce.incidents.model import Incident, InsurerCount
from tierce.incidents.register.model import Row, RowKind
from tierce.incidents.severity.model import Controller, Level
from tierce.incidents.severity.service import Scored
from tierce.kernel.categories import DataCategory as D
from tierce.policy.clocks import Risk

COUNTED = "compte exact des personnes dont le journal montre une réponse, sous l’empreinte de la liste"

_DATA = {
    "etat-civil": D.CIVIL_STATUS | D.BIRTH_DATE,
    "nir": D.NIR,
    "coordonnees": D.POSTAL_ADDRESS | D.PHONE | D.EMAIL,
    "financieres": D.BANK,
    "autres": D.INSURER | D.GUARANTEES | D.PROFESSIONAL_RECORD,
}
_GRAVITY = {
    Level.LOW: "negligeable",
    Level.MEDIUM: "limite",
    Level.HIGH: "important",
    Level.VERY_HIGH: "maximal",
}
_TEXTS = {RowKind.FACTS: "description", RowKind.ACTION: "measures_after"}


def known(content: Content) -> Value:
    """A value that is known."""
    return Value(Knowledge.KNOWN, content)


def of_event(incident: Incident, read: tuple[datetime, datetime] | None, rows: Sequence[Row]) -> dict[str, Value]:
    """What an event says in every controller's form.

    `read` is when the first and the last answer of the list were read: a list looks further than the theft lasted.
    """
    found = {
        "type": known(FormType.INITIAL.value),
        "first_reference": NOT_APPLICABLE,
        "nature": known(("confidentialite",)),
        "consequences_integrity": NOT_APPLICABLE,
        "consequences_availability": NOT_APPLICABLE,
    }
    if incident.aware_at is not None:
        found["certainty"] = known("etablie")
    if incident.aware_why:
        found["discovery"] = known(incident.aware_why)
    if read is not None:
        found["begun"], found["ended"] = known(_text(read[0])), known(_text(read[1]))
    for kind, key in _TEXTS.items():
        said = " ".join(str(row.facts["text"]) for row in rows if row.kind is kind)[:2_000]
        if said:
            found[key] = known(said)
    return found


def of_operator(incident: Incident, own: Organisation, cohorts: Sequence[Scored]) -> dict[str, Value]:
    """The operator's own form: data of professionals, which it controls."""
    found = {
        **_organisation(own),
        **_severity([one for one in cohorts if one.cohort.controller is Controller.OPERATOR]),
    }
    if incident.aware_at is not None:
        found["aware"] = known(_text(incident.aware_at))
    return found


def of_insurer(
    name: str, count: InsurerCount, received: datetime | None, processor: str, cohorts: Sequence[Scored]
) -> dict[str, Value]:
    """One insurer's draft: its own people alone; it was aware, in principle, when it received the notice."""
    found = {
        **_severity([one for one in cohorts if one.cohort.controller is Controller.INSURERS], counts=False),
        "organisation": known(name),
        "processors": known(f"{processor}, opérateur de tiers payant"),
        "people": known(("adherents",)),
        "people_count": known((count.persons, count.persons, COUNTED)),
        "records": known((count.entries, count.entries, "compte exact des réponses montrées par le journal")),
        **_data(count.categories),
    }
    if received is not None:
        found["aware"] = known(_text(received))
    return found


def _organisation(own: Organisation) -> dict[str, Value]:
    texts = {
        "organisation": own.name,
        "address": own.address,
        "contact": own.officer,
        "contact_email": own.officer_email,
        "contact_phone": own.phone,
    }
    found = {key: known(text) for key, text in texts.items() if text}
    if own.officer:
        found["contact_dpo"] = known(content=True)
        found["contact_function"] = known("Délégué à la protection des données")
    return found


def _data(categories: D) -> dict[str, Value]:
    codes = tuple(code for code, holds in _DATA.items() if categories & holds)
    health = bool(categories & (D.MEDICAL | D.REIMBURSEMENTS))
    found: dict[str, Value] = {"sensitive": known(("sante",)) if health else NOT_APPLICABLE}
    if codes:
        found["data"] = known(codes)
    return found


def _severity(cohorts: Sequence[Scored], *, counts: bool = True) -> dict[str, Value]:
    """Gravity, harms and numbers of the cohorts that one controller answers for."""
    if not cohorts:
        return {}
    categories = D.NONE
    for one in cohorts:
        categories |= one.cohort.categories
    found = _data(categories) | {
        "gravity": known(_GRAVITY[max(one.coupled.score.level for one in cohorts)]),
        "consequences": known(
            ("diffusees", "correlees") if any(one.coupled.leaks for one in cohorts) else ("diffusees",)
        ),
    }
    if any(one.scoring.malicious for one in cohorts):
        found["cause"] = known("externe-malveillant")
    if all(one.bridge is not None for one in cohorts):
        high = any(one.bridge is not None and one.bridge.risk is Risk.HIGH for one in cohorts)
        if high:
            found["told"] = known("seront")
    if counts:
        for key, numbers in (
            ("people_count", [one.cohort.people for one in cohorts]),
            ("records", [one.cohort.records for one in cohorts]),
        ):
            least, most = sum(one.least for one in numbers), sum(one.most for one in numbers)
            found[key] = known((least, most, " ; ".join(dict.fromkeys(one.method for one in numbers))[:300]))
    return found


def _text(at: datetime) -> str:
    return at.isoformat(timespec="minutes")


def changed_only(values: Mapping[str, Value], before: Mapping[str, Value]) -> dict[str, Value]:
    """Those of `values` that are not already so in `before`."""
    return {key: value for key, value in values.items() if before.get(key) != value}
