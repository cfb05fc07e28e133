"""FHIR is the same question in other words: what goes in is what /v1 reads, what comes out HL7's own schema takes."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fhir_examples import Json, by_card, by_nir, examples, faults_of
from tierce.kernel.card import Route
from tierce.kernel.care import Domain
from tierce.kernel.language import Phrase
from tierce.rights.model import Already, ByCard, ByNir, NotShown, Shown
from tierce.rights.reasons import REASONS
from tierce.rights.rules import ANSWER_BYTES as PLAIN_BYTES
from tierce.rights.rules import answer_bytes, parse_question
from tierce.web.api import hot, problems
from tierce.web.fhir import names
from tierce.web.fhir.capability import statement
from tierce.web.fhir.eligibility import ANSWER_BYTES, PURPOSES, Asked, Eligibility
from tierce.web.fhir.errors import ElementError, Issue
from tierce.web.fhir.outcomes import outcome_of
from tierce.web.fhir.reading import BYTES_MAX

TODAY = date(2026, 11, 25)
NIR = "180010397900159"


class At:
    """A clock that stands."""

    def now(self) -> datetime:
        return datetime(2026, 11, 25, 9, tzinfo=UTC)


READER = Eligibility(At(), real=False)


def read(resource: object) -> Asked:
    return READER.read(json.dumps(resource).encode())


def question(resource: object) -> Json:
    found: Json = json.loads(read(resource).question)
    return found


def refused(resource: object) -> ElementError:
    """Why it is refused; the message never holds a number that was sent."""
    with pytest.raises(ElementError) as caught:
        read(resource)
    told = f"{caught.value} {caught.value.field} {caught.value.reason} {caught.value.remedy}"
    assert NIR not in told
    assert "1980" not in told
    return caught.value


def test_every_example_of_the_page_is_fhir() -> None:
    assert len(examples()) == 4
    assert [faults_of(one) for one in examples()] == [[], [], [], []]


def test_the_page_s_questions_are_those_of_v1() -> None:
    assert question(examples()[0]) == question(by_nir()) == {
        "birth_date": "1980-01-12", "nir": NIR, "domain": "MEDG", "care_date": "2026-11-25",
    }  # fmt: skip
    assert question(by_card()) == {
        "birth_date": "1980-01-12", "amc": "99000001", "member_number": "M-1", "csr": "003", "domain": "MEDG",
        "care_date": "2026-11-25",
    }  # fmt: skip
    assert isinstance(parse_question(read(by_nir()).question, TODAY).who, ByNir)
    assert isinstance(parse_question(read(by_card()).question, TODAY).who, ByCard)


def test_the_page_s_answer_is_what_is_answered() -> None:
    assert json.loads(read(by_nir()).answer_bytes(NotShown())) == examples()[2]


def a_child(**more: Any) -> Json:  # noqa: ANN401 - members of a resource
    """A child under her parent's number, by rank."""
    asked = by_nir()
    asked["contained"][0] = {"resourceType": "Patient", "id": "patient", "birthDate": "2015-03-01"}
    asked["contained"] += [
        {"resourceType": "Patient", "id": "parent", "identifier": [{"system": names.INS + "10", "value": NIR}]},
        {
            "resourceType": "Coverage", "id": "cover", "status": "active", "beneficiary": {"reference": "#patient"},
            "payor": [{"display": "?"}], "subscriber": {"reference": "#parent"}, "dependent": "2", **more,
        },
    ]  # fmt: skip
    asked["insurance"] = [{"coverage": {"reference": "#cover"}}]
    return asked


def test_a_dependant_is_named_by_the_rights_holder_and_the_rank() -> None:
    asked = a_child(order=2)
    assert faults_of(asked) == []
    assert question(asked) == {
        "birth_date": "2015-03-01", "nir": NIR, "rank": 2, "payer": 2, "domain": "MEDG", "care_date": "2026-11-25",
    }  # fmt: skip
    inline = a_child(subscriber={"identifier": {"system": names.INS + "10", "value": NIR}})
    assert question(inline)["nir"] == NIR


def test_label_presence_and_a_lunar_date() -> None:
    asked = by_nir()
    asked["identifier"] = [{"system": "https://hopital.example/demande", "value": "7"},
                           {"system": names.LABEL, "value": "P. L."}]  # fmt: skip
    means, proof = ({"url": one, "valueString": one.upper()} for one in ("means", "proof"))
    asked["extension"] = [{"url": "https://hopital.example/x", "valueBoolean": True},
                          {"url": names.PRESENCE, "extension": [means, proof]}]  # fmt: skip
    asked["contained"][0]["_birthDate"] = {"extension": [{"url": names.BIRTH_DATE, "valueString": "19802012"}]}
    assert faults_of(asked) == []
    found = question(asked)
    assert (found["label"], found["presence"]) == ("P. L.", {"means": "MEANS", "proof": "PROOF"})
    assert found["birth_date"] == "19802012"


@given(
    card=st.booleans(),
    payer=st.sampled_from([None, 1, 2]),
    purposes=st.sets(st.sampled_from(PURPOSES), min_size=1),
    domain=st.sampled_from(Domain),
    wrapped=st.booleans(),
    names_given=st.lists(st.text(max_size=20), max_size=3),
)
def test_any_question_survives_the_translation(
    *, card: bool, payer: int | None, purposes: set[str], domain: Domain, wrapped: bool, names_given: list[str]
) -> None:
    asked = by_card() if card else a_child()
    asked["purpose"] = sorted(purposes)
    asked["item"][0]["category"]["coding"][0]["code"] = domain.name
    asked["contained"][0]["name"] = [{"family": one} for one in names_given]
    if payer is not None:
        next(one for one in asked["contained"] if one["resourceType"] == "Coverage")["order"] = payer
    wrapper = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": asked}]}
    sent = read(wrapper if wrapped else asked)
    found = parse_question(sent.question, TODAY)
    assert (found.domain, found.payer, isinstance(found.who, ByCard)) == (domain, payer or 1, card)
    assert set(sent.purposes) == purposes


def changed(change: Callable[[Json], object], start: Callable[[], Json] = by_nir) -> Json:
    asked = start()
    change(asked)
    return asked


def put(*path: str | int, value: object) -> Callable[[Json], object]:
    def change(asked: Json) -> None:
        at: Any = asked
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = value

    return change


KIND = "CoverageEligibilityRequest"
CODING = {"system": names.DOMAIN, "code": "OPTI"}
WRONG: list[tuple[Callable[[Json], object], str, Issue]] = [
    (put("resourceType", value="Claim"), "resourceType", Issue.STRUCTURE),
    (lambda asked: asked.pop("status"), f"{KIND}.status", Issue.REQUIRED),
    (put("status", value="cancelled"), f"{KIND}.status", Issue.CODE),
    (put("purpose", value=["validation", "discovery"]), f"{KIND}.purpose[1]", Issue.UNSUPPORTED),
    (put("purpose", value=["auth-requirements"]), f"{KIND}.purpose[0]", Issue.UNSUPPORTED),
    (put("purpose", value="validation"), f"{KIND}.purpose", Issue.STRUCTURE),
    (put("purpose", value=[]), f"{KIND}.purpose", Issue.STRUCTURE),
    (put("purpose", value=[1]), f"{KIND}.purpose[0]", Issue.STRUCTURE),
    (put("diagnosis", value=[{"diagnosisCodeableConcept": {}}]), f"{KIND}.diagnosis", Issue.STRUCTURE),
    (put("modifierExtension", value=[{"url": "x"}]), f"{KIND}.modifierExtension", Issue.STRUCTURE),
    (put("supportingInfo", value=[]), f"{KIND}.supportingInfo", Issue.STRUCTURE),
    (put("servicedPeriod", value={}), f"{KIND}.servicedPeriod", Issue.STRUCTURE),
    (put(NIR, value=1), KIND, Issue.STRUCTURE),
    (lambda asked: asked.pop("servicedDate"), f"{KIND}.servicedDate", Issue.REQUIRED),
    (put("servicedDate", value=20261125), f"{KIND}.servicedDate", Issue.STRUCTURE),
    (lambda asked: asked.pop("item"), f"{KIND}.item", Issue.REQUIRED),
    (lambda asked: asked["item"].append(asked["item"][0]), f"{KIND}.item", Issue.STRUCTURE),
    (lambda asked: asked["item"][0]["category"]["coding"].append(CODING), f"{KIND}.item[0].category.coding[1]",
     Issue.STRUCTURE),
    (put("item", 0, "category", "coding", 0, "system", value="x"), f"{KIND}.item[0].category.coding", Issue.REQUIRED),
    (put("item", 0, "productOrService", value={}), f"{KIND}.item[0].productOrService", Issue.STRUCTURE),
    (put("patient", value={"reference": "Patient/12"}), f"{KIND}.patient.reference", Issue.VALUE),
    (put("patient", value={"reference": "https://hopital.example/Patient/12"}), f"{KIND}.patient.reference",
     Issue.VALUE),
    (lambda asked: asked.pop("patient"), f"{KIND}.patient", Issue.REQUIRED),
    (put("contained", 0, "address", value=[{}]), f"{KIND}.contained[0].address", Issue.STRUCTURE),
    (put("contained", 0, "resourceType", value="Organization"), f"{KIND}.contained[0].resourceType",
     Issue.UNSUPPORTED),
    (lambda asked: asked["contained"].append(asked["contained"][0]), f"{KIND}.contained[1].id", Issue.STRUCTURE),
    (lambda asked: asked["contained"][0].pop("birthDate"), f"{KIND}.contained[0].birthDate", Issue.REQUIRED),
    (lambda asked: asked["contained"][0]["identifier"].append(asked["contained"][0]["identifier"][0]),
     f"{KIND}.contained[0].identifier[1]", Issue.STRUCTURE),
    (put("contained", 0, "identifier", 0, "system", value=names.INS + "8"),
     f"{KIND}.contained[0].identifier[0].system", Issue.CODE),
    (put("contained", 0, "identifier", 0, value=NIR), f"{KIND}.contained[0].identifier[0]", Issue.STRUCTURE),
    (put("insurance", value=[{"coverage": {"reference": "#patient"}}]), f"{KIND}.insurance[0].coverage.reference",
     Issue.VALUE),
]  # fmt: skip


@pytest.mark.parametrize(("change", "path", "issue"), WRONG)
def test_what_is_wrong_is_named_by_its_path_with_a_remedy(
    change: Callable[[Json], object], path: str, issue: Issue
) -> None:
    error = refused(changed(change))
    assert (error.field, error.issue) == (path, issue)
    assert error.remedy.fr != error.remedy.en


ANOTHER: Json = {"resourceType": "Patient", "id": "another", "birthDate": "1981-02-03"}


@pytest.mark.parametrize(
    ("change", "field", "issue"),
    [
        ({"status": "cancelled"}, "status", Issue.CODE),
        ({"status": "entered-in-error"}, "status", Issue.CODE),
        ({"beneficiary": {"reference": "#another"}}, "beneficiary", Issue.VALUE),
        ({"beneficiary": {"reference": "Patient/12"}}, "beneficiary.reference", Issue.VALUE),
        ({"beneficiary": {"display": "somebody"}}, "beneficiary.reference", Issue.REQUIRED),
    ],
)
def test_a_coverage_that_says_that_it_is_another_s_or_over_is_not_taken_for_hers(
    change: Json, field: str, issue: Issue
) -> None:
    asked = by_card()
    asked["contained"].append(ANOTHER)
    asked["contained"][1].update(change)
    error = refused(asked)
    assert (error.field, error.issue) == (f"{KIND}.contained[1].{field}", issue)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"[]", "body"),
        (b"{", "body"),
        ('{"resourceType": "é"}'.encode("latin-1"), "body"),
        (b'{"x":' + 100_000 * b"[" + 100_000 * b"]" + b"}", "body"),
        (b'{"x": 1e99999999999999999999}', "body"),
        (b"{}", "resourceType"),
        (b'{"resourceType": "Parameters"}', "Parameters.parameter"),
        (b'{"resourceType": "Parameters", "parameter": [{"name": "x"}]}', "Parameters.parameter[0].name"),
        (b'{"resourceType": "Parameters", "parameter": [{"name": "resource"}]}', "Parameters.parameter[0].resource"),
        (b'{"resourceType": "Parameters", "parameter": [{}, {}]}', "Parameters.parameter"),
        (b'{"resourceType": "Parameters", "parameter": [], "parameter": []}', "Parameters.parameter"),
        (json.dumps(by_nir()).encode()[:-1] + b', "servicedDate": "2026-11-26"}', f"{KIND}.servicedDate"),
        (
            json.dumps(by_nir()).replace('"birthDate"', '"birthDate": "1980-01-13", "birthDate"').encode(),
            f"{KIND}.contained[0].birthDate",
        ),
    ],
)
def test_a_body_that_is_no_request_is_refused(body: bytes, field: str) -> None:
    with pytest.raises(ElementError) as caught:
        READER.read(body)
    assert caught.value.field == field


def test_what_the_rules_of_v1_refuse_is_placed_where_it_stood() -> None:
    for change, start, path in (
        (put("contained", 0, "identifier", 0, "value", value="180010397900158"), by_nir,
         f"{KIND}.contained[0].identifier[0].value"),
        (put("contained", 0, "birthDate", value="1980-01"), by_nir, f"{KIND}.contained[0].birthDate"),
        (put("servicedDate", value="2026-13-01"), by_nir, f"{KIND}.servicedDate"),
        (put("servicedDate", value="1999-01-01"), by_nir, f"{KIND}.servicedDate"),
        (put("item", 0, "category", "coding", 0, "code", value="XXXX"), by_nir,
         f"{KIND}.item[0].category.coding[0].code"),
        (lambda asked: asked["contained"][0].pop("identifier"), by_nir, f"{KIND}.patient"),
        (lambda asked: asked["contained"][1].pop("subscriberId"), by_card, f"{KIND}.insurance[0].coverage"),
        (put("contained", 1, "order", value=3), by_card, f"{KIND}.contained[1].order"),
    ):  # fmt: skip
        asked = read(changed(change, start))
        with pytest.raises(Exception) as caught:  # noqa: PT011 - placed below, which takes field errors alone
            parse_question(asked.question, TODAY)
        placed = asked.placed(caught.value)  # type: ignore[arg-type]  # what is not one has no field
        assert placed.field == path
        assert "18001039790015" not in str(placed)


def test_an_installation_of_real_people_takes_their_numbers_alone() -> None:
    real = Eligibility(At(), real=True)
    with pytest.raises(ElementError):
        real.read(json.dumps(by_nir()).encode())
    asked = changed(put("contained", 0, "identifier", 0, "system", value=names.INS + "8"))
    assert json.loads(real.read(json.dumps(asked).encode()).question)["nir"] == NIR


SHOWN = Shown(
    Domain.OPTI, date(2026, 1, 1), date(2026, 12, 31), Phrase("100 % du tarif de base", "100% of the base tariff"),
    True, "Mutuelle du Grand Chêne", 1, True, "7K3M-9QXD-V2T8P-C", date(2027, 2, 25), Route("99100900", "C1", "003"),
)  # fmt: skip
ANSWERS = [SHOWN, NotShown(), Already(None), Already("7K3M-9QXD-V2T8P-C"), *map(NotShown, REASONS.values())]


@pytest.mark.parametrize("told", ANSWERS)
@pytest.mark.parametrize("purposes", [("validation",), ("benefits",), PURPOSES])
def test_every_answer_has_one_length_is_fhir_and_repeats_nothing(
    told: Shown | NotShown | Already, purposes: tuple[str, ...]
) -> None:
    body = Asked(b"", purposes, {}, TODAY).answer_bytes(told)
    assert len(body) == ANSWER_BYTES
    answer = json.loads(body)
    assert faults_of(answer) == []
    assert (answer["outcome"] == "complete") is isinstance(told, Shown)
    assert answer["purpose"] == list(purposes)
    if told is SHOWN:
        (insurance,) = answer["insurance"]
        assert answer["preAuthRef"] == SHOWN.engagement
        assert ("item" in insurance) is ("benefits" in purposes)
        assert (insurance["inforce"], insurance["benefitPeriod"]["end"]) == (True, "2026-12-31")


def test_the_longest_answer_of_v1_fits() -> None:
    """Whichever of its texts is long: what `/v1` can say, this can."""
    for name in ("insurer", "guarantee"):
        long = {"insurer": "M" * 1_500, "guarantee": Phrase("g" * 750, "g" * 750)}[name]
        told = Shown(**{**{field: getattr(SHOWN, field) for field in Shown.__slots__}, name: long})
        assert len(answer_bytes(told)) == PLAIN_BYTES
        assert len(Asked(b"", PURPOSES, {}, TODAY).answer_bytes(told)) == ANSWER_BYTES


def test_a_card_that_prints_nothing_more_has_no_empty_value() -> None:
    told = Shown(**{**{field: getattr(SHOWN, field) for field in Shown.__slots__}, "route": Route("99100900")})
    answer = json.loads(Asked(b"", PURPOSES, {}, TODAY).answer_bytes(told))
    assert faults_of(answer) == []
    assert "class" not in answer["contained"][0]


def test_refusals_are_operation_outcomes_in_both_languages() -> None:
    told = [*problems.REFUSED.values(), problems.CLOSED, problems.FAULT, problems.TOO_LARGE,
            hot.as_problem(refused(changed(put("status", value="x"))))]  # fmt: skip
    issue: Json = {}
    for problem in told:
        outcome = json.loads(outcome_of(json.loads(problem.body())))
        assert faults_of(outcome) == []
        (issue,) = outcome["issue"]
        assert issue["details"]["coding"] == [{"system": names.REFUSAL, "code": problem.code}]
        assert issue["details"]["text"] == problem.title.fr
        assert problem.remedy.en in json.dumps(issue, ensure_ascii=False)
    assert issue["expression"] == [f"{KIND}.status"]
    assert issue["code"] == "code-invalid"


def test_the_statement_of_capabilities_is_fhir() -> None:
    told = statement("https://api.tierce.example/")
    assert told["fhirVersion"] == "4.0.1"
    # The schema is that of 4.0.0, which could not know the number of its own correction.
    assert faults_of({**told, "fhirVersion": "4.0.0"}) == []
    assert BYTES_MAX > PLAIN_BYTES


def test_the_schema_refuses_what_is_wrong() -> None:
    assert faults_of({**by_nir(), "purpose": ["perhaps"]}) != []
    assert faults_of({**by_nir(), "servicedDat": "2026-01-01"}) != []
