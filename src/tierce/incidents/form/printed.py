"""A draft on paper, in the authority's language: the fourteen sections under the labels of its service."""

from collections.abc import Sequence
from datetime import datetime

from tierce import printing
from tierce.incidents.form.model import Change, Draft, Knowledge, Problem, Value
from tierce.incidents.form.rules import say
from tierce.incidents.form.vocabulary import BY_KEY, FIELDS, SCHEMA_VERSION, SECTIONS
from tierce.kernel.clock import PARIS

TEMPLATE = "form"
_UNSAID = {
    Knowledge.UNKNOWN: "Pas encore connu",
    Knowledge.NOT_APPLICABLE: "Ne s’applique pas",
    Knowledge.KNOWN: "",
}


def form_pdf(
    draft: Draft,
    *,
    whose: str,
    reference: str,
    at: datetime,
    version: int,
    problems: Sequence[Problem] = (),
    changes: Sequence[Change] = (),
) -> bytes:
    """Print a draft as an accessible PDF.

    Args:
        draft: every field of the schema with its value.
        whose: the controller, by name.
        reference: the incident's.
        at: when this is printed.
        version: the version's number; 0 for what the incident says before there is one.
        problems: what keeps it from being sent.
        changes: what it changed beside the version before.

    Raises:
        UnprintableError: a text holds a character that our fonts do not have.
    """
    read = datetime.fromisoformat(SCHEMA_VERSION).strftime("%d/%m/%Y")
    made = at.astimezone(PARIS).strftime("%d/%m/%Y %H:%M")
    stands = f"Version {version}" if version else "Préremplie depuis l’incident, aucune version écrite"
    data = {
        "language": "fr",
        "title": "Notification d’une violation de données personnelles",
        "author": whose,
        "reference": reference,
        "reference_label": "Référence",
        "page_label": "Page",
        "lead": [
            f"{stands}, imprimée le {made} (heure de Paris). Incident {reference}.",
            "À porter champ par champ dans le téléservice de la CNIL, seul moyen de notifier.",
            f"Intitulés relevés le {read} : comparez-les à ceux du service.",
        ],
        "problems_heading": "Ce qui manque encore",
        "problems": [f"{_named(one.field)} : {one.reason.fr}" for one in problems],
        "sections": [
            {
                "heading": f"{place}. {label.fr}",
                "fields": [
                    _field(field.label.fr, say(field, draft.values[field.key]), draft.values[field.key])
                    for field in FIELDS
                    if field.section == place
                ],
            }
            for place, label in enumerate(SECTIONS, start=1)
        ],
        "changes_heading": "Ce que cette version a changé",
        "changes": [
            f"{_named(one.field)} : {_plain(one.field, one.before)} → {_plain(one.field, one.after)}"
            for one in changes
        ],
    }
    return printing.pdf(TEMPLATE, data)


def _named(key: str) -> str:
    """A field with its section: two of them ask for an e-mail address."""
    field = BY_KEY[key]
    return f"{SECTIONS[field.section - 1].fr}, {field.label.fr}"


def _field(label: str, text: str, value: Value) -> dict[str, object]:
    return {"label": label, "known": bool(text), "lines": (text or _UNSAID[value.knowledge]).split("\n")}


def _plain(key: str, value: Value) -> str:
    return say(BY_KEY[key], value).replace("\n", ", ") or _UNSAID[value.knowledge].lower()
