"""A draft's checks, what changed between two, and its JSON form: pure."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from tierce.incidents.errors import FormError
from tierce.incidents.form.model import (
    NOT_KNOWN,
    Change,
    Content,
    Draft,
    Field,
    FieldKind,
    FormType,
    Knowledge,
    Problem,
    Value,
)
from tierce.incidents.form.vocabulary import BY_KEY, FIELDS, SCHEMA_VERSION
from tierce.incidents.rules import check_free_text
from tierce.kernel.clock import PARIS
from tierce.kernel.ids import InsurerId
from tierce.kernel.language import Phrase

FORMAT = "tierce-cnil-form-v1"
TEXT_MAX, LONG_MAX = 300, 2_000
LATE = timedelta(hours=72)
RANGE_PARTS = 3
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def empty_draft(controller: InsurerId) -> Draft:
    """A draft of which nothing is known yet."""
    return Draft(controller, {field.key: NOT_KNOWN for field in FIELDS})


def with_values(draft: Draft, changed: Mapping[str, Value]) -> Draft:
    """The draft with some values replaced.

    Raises:
        FormError: a field is not of the schema, or its content not of its kind.
    """
    for key, value in changed.items():
        if key not in BY_KEY:
            raise FormError("form", Phrase("Un champ n’est pas du formulaire.", "A field is not of the form."))
        check_value(BY_KEY[key], value)
    return Draft(draft.controller, {**draft.values, **changed})


def check_value(field: Field, value: Value) -> None:
    """Refuse a content that is not of its field's kind or vocabulary; only what is known has a content.

    Raises:
        FormError: naming the field.
    """
    if (value.knowledge is Knowledge.KNOWN) is not (value.content is not None):
        raise FormError(
            field.key, Phrase("Dites ce qui est connu, ou « pas encore ».", "Say what is known, or not yet.")
        )
    if value.knowledge is Knowledge.NOT_APPLICABLE and field.always:
        raise FormError(field.key, Phrase("Ce champ concerne toujours.", "This field always applies."))
    content = value.content
    if content is None:
        return
    if not _fits(field, content):
        reason = Phrase("Cette réponse n’est pas de celles du formulaire.", "This answer is not one of the form’s.")
        raise FormError(field.key, reason)
    if field.kind in {FieldKind.TEXT, FieldKind.LONG}:
        check_free_text(field.key, str(content), most=LONG_MAX if field.kind is FieldKind.LONG else TEXT_MAX)
    if field.kind is FieldKind.COUNT:
        assert isinstance(content, tuple)
        check_free_text(field.key, str(content[2]))


def _fits(field: Field, content: Content) -> bool:
    words = field.vocabulary or {}
    match field.kind:
        case FieldKind.TEXT | FieldKind.LONG:
            return isinstance(content, str) and ("email" not in field.key or bool(_MAIL.fullmatch(content)))
        case FieldKind.CHOICE:
            return isinstance(content, str) and content in words
        case FieldKind.MANY:
            return isinstance(content, tuple) and bool(content) and all(one in words for one in content)
        case FieldKind.YES_NO:
            return isinstance(content, bool)
        case FieldKind.MOMENT:
            return isinstance(content, str) and _moment(content) is not None
        case FieldKind.COUNT:
            return _is_range(content)


def _is_range(content: object) -> bool:
    if not isinstance(content, tuple) or len(content) != RANGE_PARTS:
        return False
    least, most, method = content
    return isinstance(least, int) and isinstance(most, int) and isinstance(method, str) and 0 <= least <= most


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        found.astimezone(UTC)  # the first and the last day have hours that no other zone has
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo is not None else None


def problems(draft: Draft, now: datetime) -> list[Problem]:
    """What keeps a draft from being sent now, in the order of the service.

    An initial notification may leave fields *not known yet*, save the few always due; a complete one may not.
    """
    found = [*_missing(draft), *_between_fields(draft, now)]
    order = [field.key for field in FIELDS]
    return sorted(found, key=lambda one: order.index(one.field))


def _missing(draft: Draft) -> list[Problem]:
    complete = _content(draft, "type") == FormType.COMPLETE
    found = []
    for field in FIELDS:
        value = draft.values.get(field.key)
        if value is None:
            found.append(Problem(field.key, Phrase("Ce champ n’a pas de réponse.", "This field has no answer.")))
        elif value.knowledge is Knowledge.UNKNOWN and field.always:
            found.append(Problem(field.key, Phrase("Toujours exigé.", "Always required.")))
        elif value.knowledge is Knowledge.UNKNOWN and complete:
            reason = Phrase(
                "« Pas encore connu » ne va pas dans une notification complète.",
                "“Not known yet” does not go into a complete notification.",
            )
            found.append(Problem(field.key, reason))
    return found


def _between_fields(draft: Draft, now: datetime) -> list[Problem]:
    found = []
    if _content(draft, "type") == FormType.COMPLEMENT and not _content(draft, "first_reference"):
        reason = Phrase("Une complémentaire cite l’initiale.", "A complement refers to the first.")
        found.append(Problem("first_reference", reason))
    aware = _moment(str(_content(draft, "aware") or ""))
    first = _content(draft, "type") != FormType.COMPLEMENT
    if aware is not None and first and now - aware > LATE and not _content(draft, "delay_reasons"):
        reason = Phrase("Plus de 72 heures : écrivez les motifs du retard.", "Past 72 hours: write the reasons.")
        found.append(Problem("delay_reasons", reason))
    begun, ended = (_moment(str(_content(draft, key) or "")) for key in ("begun", "ended"))
    if begun is not None and ended is not None and ended < begun:
        found.append(Problem("ended", Phrase("La fin précède le début.", "The end is before the start.")))
    told = _content(draft, "told")
    if told == "non" and not _content(draft, "not_told_why"):
        found.append(Problem("not_told_why", Phrase("Dites pourquoi elles ne le seront pas.", "Say why not.")))
    if told in {"oui", "seront"} and not _content(draft, "told_at"):
        found.append(Problem("told_at", Phrase("Dites quand.", "Say when.")))
    return found


def _content(draft: Draft, key: str) -> Content:
    return draft.values.get(key, NOT_KNOWN).content


def difference(before: Draft, after: Draft) -> list[Change]:
    """The fields that differ, in the order of the service."""
    return [
        Change(field.key, before.values.get(field.key, NOT_KNOWN), after.values.get(field.key, NOT_KNOWN))
        for field in FIELDS
        if before.values.get(field.key, NOT_KNOWN) != after.values.get(field.key, NOT_KNOWN)
    ]


def value_facts(value: Value) -> object:
    """A value as JSON."""
    content = list(value.content) if isinstance(value.content, tuple) else value.content
    return {"knowledge": str(value.knowledge), "content": content}


def value_from(found: object) -> Value:
    """Read a value back.

    Raises:
        FormError: it is not one.
    """
    try:
        knowledge, content = Knowledge(found["knowledge"]), found["content"]  # type: ignore[index]  # any JSON may come
    except (KeyError, TypeError, ValueError):
        raise FormError("form", Phrase("Cette réponse est illisible.", "This answer cannot be read.")) from None
    return Value(knowledge, tuple(content) if isinstance(content, list) else content)


def as_json(draft: Draft, reference: str) -> bytes:
    """The draft as a file: fields by their keys, with the version of the schema."""
    found = {
        "format": FORMAT,
        "schema": SCHEMA_VERSION,
        "reference": reference,
        "controller": int(draft.controller),
        "values": {key: value_facts(value) for key, value in draft.values.items()},
    }
    return (json.dumps(found, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def say(field: Field, value: Value) -> str:
    """The text to carry into the service, in French, times in Paris; empty when nothing is known."""
    content = value.content
    if content is None:
        return ""
    if isinstance(content, bool):
        return "Oui" if content else "Non"
    if isinstance(content, tuple):
        if field.kind is FieldKind.COUNT:
            least, most, method = content
            numbers = f"{least}" if least == most else f"entre {least} et {most}"
            return f"{numbers} ({method})"
        return "\n".join((field.vocabulary or {})[str(one)] for one in content)
    if field.kind is FieldKind.CHOICE:
        return (field.vocabulary or {})[content]
    if field.kind is FieldKind.MOMENT:
        return datetime.fromisoformat(content).astimezone(PARIS).strftime("%d/%m/%Y %H:%M")
    return content
