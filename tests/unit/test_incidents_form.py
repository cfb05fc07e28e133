"""The CNIL form: fourteen sections, each field known, not known yet or not applicable, checked and compared."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tierce.incidents.errors import FormError
from tierce.incidents.form.model import NOT_APPLICABLE, NOT_KNOWN, Content, Draft, Field, FieldKind, Knowledge, Value
from tierce.incidents.form.rules import as_json, difference, empty_draft, problems, say, value_from, with_values
from tierce.incidents.form.vocabulary import BY_KEY, FIELDS, SECTIONS
from tierce.kernel.ids import InsurerId

AWARE = datetime(2026, 11, 20, 9, tzinfo=UTC)


def known(content: Content) -> Value:
    return Value(Knowledge.KNOWN, content)


def initial() -> Draft:
    return with_values(
        empty_draft(InsurerId(0)),
        {
            "type": known("initiale"),
            "organisation": known("Rive Claire Tiers Payant"),
            "contact_email": known("dpo@riveclaire.example"),
            "aware": known(AWARE.isoformat()),
            "nature": known(("confidentialite",)),
        },
    )


def wrong(draft: Draft, hours: int = 1) -> list[str]:
    return [one.field for one in problems(draft, AWARE + timedelta(hours=hours))]


def test_there_are_fourteen_sections_and_each_has_fields() -> None:
    assert len(SECTIONS) == 14
    assert {field.section for field in FIELDS} == set(range(1, 15))
    assert len(BY_KEY) == len(FIELDS)
    coded = {FieldKind.CHOICE, FieldKind.MANY}
    assert all((field.kind in coded) is (field.vocabulary is not None) for field in FIELDS)


def test_an_initial_notification_may_leave_fields_not_known_yet() -> None:
    assert wrong(initial()) == []
    assert wrong(empty_draft(InsurerId(0))) == ["type", "organisation", "contact_email", "aware", "nature"]


def test_every_field_has_an_answer_and_a_complete_one_leaves_none_unknown() -> None:
    draft = with_values(initial(), {"type": known("complete")})
    unknown = [key for key, value in draft.values.items() if value == NOT_KNOWN]
    assert wrong(draft) == unknown
    lacking = replace(draft, values={key: value for key, value in draft.values.items() if key != "siren"})
    assert "siren" in wrong(lacking)


def test_n2_past_seventy_two_hours_no_form_goes_without_its_reasons() -> None:
    assert wrong(initial(), hours=72) == []
    assert wrong(initial(), hours=73) == ["delay_reasons"]
    told = with_values(initial(), {"delay_reasons": known("L'accès au téléservice manquait au suppléant.")})
    assert wrong(told, hours=73) == []


def test_fields_answer_to_each_other() -> None:
    assert wrong(with_values(initial(), {"type": known("complementaire")}), hours=99) == ["first_reference"]
    assert wrong(with_values(initial(), {"told": known("non")})) == ["not_told_why"]
    assert wrong(with_values(initial(), {"told": known("seront")})) == ["told_at"]
    swapped = {"begun": known("2026-11-19T10:00+00:00"), "ended": known("2026-11-19T09:00+00:00")}
    assert wrong(with_values(initial(), swapped)) == ["ended"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("origin", known("ailleurs")),
        ("nature", known(())),
        ("nature", known(("confidentialite", "autre"))),
        ("people_count", known((9, 1, "compté"))),
        ("people_count", known((1, 9, " "))),
        ("records", known((1, 9))),  # type: ignore[arg-type]  # wrong on purpose
        ("aware", known("2026-11-20")),
        ("aware", known("0001-01-01T00:00+14:00")),
        ("aware", NOT_APPLICABLE),
        ("contact_email", known("personne")),
        ("ongoing", known("oui")),
        ("siren", known(None)),
        ("siren", Value(Knowledge.UNKNOWN, "123456789")),
        ("description", known("Lue : 1 80 05 99 999 001 23.")),
        ("description", known("Lue : 1–80–05–99–999–001–23.")),
        ("colour", known("vert")),
    ],
)
def test_what_is_not_of_the_form_is_refused(key: str, value: Value) -> None:
    with pytest.raises(FormError):
        with_values(initial(), {key: value})


SAMPLES: dict[FieldKind, Content] = {
    FieldKind.TEXT: "dpo@riveclaire.example",
    FieldKind.LONG: "Un appareil volé a lu deux personnes ; l'accès est coupé.",
    FieldKind.MOMENT: "2026-11-20T09:00+00:00",
    FieldKind.COUNT: (30, 49, "compté par le journal"),
    FieldKind.YES_NO: False,
}


def sample(field: Field) -> Value:
    words = tuple(field.vocabulary or ())
    if field.kind is FieldKind.MANY:
        return known(words)
    return known(words[-1] if field.kind is FieldKind.CHOICE else SAMPLES[field.kind])


def test_n5_a_form_goes_to_its_file_and_back_for_every_kind_of_field() -> None:
    whole = with_values(empty_draft(InsurerId(7)), {field.key: sample(field) for field in FIELDS})
    assert {field.kind for field in FIELDS} == set(FieldKind)
    other = with_values(whole, {field.key: NOT_APPLICABLE for field in FIELDS if not field.always})
    for draft in (empty_draft(InsurerId(0)), initial(), whole, other):
        found = json.loads(as_json(draft, "I-20261120-ABCD"))
        values = {key: value_from(value) for key, value in found["values"].items()}
        assert with_values(empty_draft(InsurerId(found["controller"])), values) == draft
    spoiled: object
    for spoiled in (None, [], {}, {"knowledge": "secret", "content": None}):
        with pytest.raises(FormError):
            value_from(spoiled)


def test_n6_people_and_records_are_each_a_range_with_its_method() -> None:
    for key in ("people_count", "records", "told_count"):
        assert BY_KEY[key].kind is FieldKind.COUNT
        for wrong_count in ((9, 1, "compté"), (-1, 2, "compté"), (1, 9, " "), (1, 9), "12", (1, 9, "x" * 301)):
            with pytest.raises(FormError):
                with_values(initial(), {key: known(wrong_count)})  # type: ignore[arg-type]  # wrong on purpose
    complete = with_values(initial(), {"type": known("complete"), "people_count": known((2, 2, "compté"))})
    assert "people_count" not in wrong(complete)
    assert "records" in wrong(complete)


def test_the_difference_names_what_changed_and_nothing_else() -> None:
    after = with_values(initial(), {"ongoing": known(content=False), "nature": known(("confidentialite",))})
    (change,) = difference(initial(), after)
    assert (change.field, change.before, change.after.content) == ("ongoing", NOT_KNOWN, False)
    assert difference(after, after) == []


def test_what_is_carried_into_the_service_is_in_its_words() -> None:
    assert say(BY_KEY["people_count"], known((30, 49, "compté"))) == "entre 30 et 49 (compté)"
    assert say(BY_KEY["ongoing"], known(content=False)) == "Non"
    assert say(BY_KEY["aware"], known("2026-07-20T22:30+00:00")) == "21/07/2026 00:30"
    assert say(BY_KEY["origin"], known("inconnue")) == "Ne sait pas"
    assert say(BY_KEY["nature"], known(("confidentialite", "integrite"))) == (
        "Perte de la confidentialité\nPerte de l’intégrité"
    )
    assert say(BY_KEY["siren"], NOT_KNOWN) == ""
