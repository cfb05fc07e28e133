"""Whatever stands wherever in a FHIR resource, it is read or refused by a path, and no number of it is told."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fhir_examples import Json, by_card, by_nir, claim
from tierce.kernel.clock import SystemClock, date_of, paris_day
from tierce.kernel.errors import FieldError
from tierce.rights.rules import parse_question
from tierce.web.api import problems
from tierce.web.fhir.claims import read_claim
from tierce.web.fhir.eligibility import Eligibility
from tierce.web.fhir.outcomes import outcome_of

NIR = "180010397900159"
READER = Eligibility(SystemClock(), real=False)
TODAY = date_of(paris_day(SystemClock().now()))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
    | st.sampled_from([NIR, "#patient", "#card", "agreement-1", "D-1", 10**30]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from([NIR, "resourceType", "id", "system", "value", "code", "coding", "reference", "extension",
                         "url", "valueString", "identifier", "unit"]),
        inner, max_size=3,
    ),
    max_leaves=6,
)  # fmt: skip


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:  # noqa: ANN401 - any JSON value at all
    """Every place of a resource."""
    yield path
    for key, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from places(inner, (*path, key))


def with_at(value: Json, path: tuple[str | int, ...], put: object, name: str | None) -> Any:  # noqa: ANN401 - any JSON value at all
    """The resource with something else at a place, or with one more element there."""
    if not path:
        return put
    at: Any = value
    for step in path[:-1]:
        at = at[step]
    if name is not None and isinstance(at[path[-1]], dict):
        at[path[-1]][name] = put
    else:
        at[path[-1]] = put
    return value


NAMES = st.none() | st.sampled_from(
    [NIR, "identifier", "extension", "_birthDate", "order", "class", "modifierExtension"]
)


def refusal_of(body: bytes, *, is_claim: bool) -> FieldError | None:
    """Why it is refused, by our words or by those of the rules behind; None when it is read."""
    try:
        if is_claim:
            read_claim(body)
            return None
        asked = READER.read(body)
    except FieldError as error:
        return error
    try:
        parse_question(asked.question, TODAY)
    except FieldError as error:
        return asked.placed(error)
    return None


@pytest.mark.parametrize("make", [by_nir, by_card, claim])
@settings(max_examples=150)
@given(data=st.data())
def test_anything_anywhere_is_read_or_refused_and_no_number_is_told(
    make: Callable[[], Json], data: st.DataObject
) -> None:
    sent = make()
    path = data.draw(st.sampled_from(list(places(sent))))
    body = json.dumps(with_at(sent, path, data.draw(ANYTHING), data.draw(NAMES))).encode()
    refusal = refusal_of(body, is_claim=make is claim)
    if refusal is not None:
        told = outcome_of(json.loads(problems.of_field(refusal).body())).decode()
        assert NIR not in told
        assert NIR not in str(refusal)
        assert json.loads(told)["issue"][0]["expression"] == [refusal.field]
