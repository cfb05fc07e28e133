"""The API keeps its published description: whatever is sent, no server error and no answer that it does not name.

Schemathesis reads the description from a running installation and makes requests from it, right and wrong; each is
signed by a browser's key as a client's would be, so that what answers is the route and not the door in front of it.
"""

from collections.abc import Iterator
from copy import deepcopy
from itertools import product
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import booleans
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Err, Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.forks import tierce
from tests.installation import installation
from tests.integration.thief import Thief, enter
from tests.waiting import eventually
from tierce.kernel.loopback import NO_TLS
from tierce.lab.demo.stage import Stage

PERSONS, INSURERS, EXAMPLES, FEW = 300, 2, 40, 2
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
DESCRIPTION = "/v1/openapi.json"
Operation = schemathesis.APIOperation[Any, Any, Any, Any]
Case = schemathesis.Case[Any]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with installation(PERSONS, INSURERS, ("api", "worker")) as running:
        yield running


@pytest.fixture(scope="module")
def description(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(stage.url("api") + DESCRIPTION, trust_env=False, verify=NO_TLS).json()
    return found


def operations(description: dict[str, Any]) -> list[Operation]:
    """Every operation of a description."""
    found = list(schemathesis.openapi.from_dict(description).get_all_operations())
    assert [one for one in found if isinstance(one, Err)] == []
    return [one.ok() for one in found if isinstance(one, Ok)]


def _send(case: Case, thief: Thief, web: requests.Session, *, signed: bool) -> requests.Response:
    """The request as a client that holds the session's key sends it, or bare."""
    prepared = requests.Request(**case.as_transport_kwargs(base_url=thief.api)).prepare()
    if signed:
        body = prepared.body or b""
        body = body.encode() if isinstance(body, str) else body
        assert isinstance(body, bytes)
        path = (prepared.url or "").removeprefix(thief.api).split("?")[0]
        prepared.headers.update(thief.bearer | {"DPoP": thief.proof(path, body, htm=prepared.method)})
    return web.send(prepared, timeout=10, allow_redirects=False)


def _faults(operation: Operation, thief: Thief, examples: int = EXAMPLES, checks: list[Any] = CHECKS) -> list[str]:
    """What a route answers that its description does not say, each fault once."""
    faults: dict[str, None] = {}
    right, wrong = (operation.as_strategy(generation_mode=mode) for mode in GenerationMode)

    @given(case=right | wrong, signed=booleans())
    @settings(
        max_examples=examples,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    def send(case: Case, *, signed: bool) -> None:
        response = _send(case, thief, web, signed=signed)
        try:
            case.validate_response(response, checks=checks)
        except FailureGroup as group:
            faults.update({f"{operation.label} {response.status_code}: {one}": None for one in group.exceptions})

    with requests.Session() as web:
        web.trust_env = False
        send()
    return list(faults)


def test_no_request_gets_a_server_error_or_an_answer_that_is_not_described(
    stage: Stage, description: dict[str, Any]
) -> None:
    found = operations(description)
    assert len(found) > 10
    faults = [fault for one in found for fault in _faults(one, enter(stage, "nadia_ferrand"))]
    assert faults == [], "\n".join(faults)


def test_a_body_that_no_decoder_reads_is_refused_as_such_by_every_route(
    stage: Stage, description: dict[str, Any]
) -> None:
    """Programs of the field send Windows-1252; told to try again, they would for ever."""
    bodied = [path for path, item in description["paths"].items() if "requestBody" in item.get("post", {})]
    assert len(bodied) > 10
    who, told = enter(stage, "nadia_ferrand"), {}
    deep = b'{"x":' + 1200 * b"[" + 1200 * b"]" + b"}"
    for path, body in product(bodied, ('{"label": "é", "name": "é"}'.encode("latin-1"), deep)):
        address = path.replace("{device}", "1").replace("{engagement}", "1")
        headers = who.bearer | {"DPoP": who.proof(address, body), "Content-Type": "application/json"}
        answer = httpx.post(stage.url("api") + address, content=body, headers=headers, trust_env=False, verify=NO_TLS)
        told[path, body[:5]] = answer.status_code
    assert {status for (_, sent), status in told.items() if sent != deep[:5]} <= {400, 422}, told
    assert set(told.values()) <= {400, 413, 422}, told


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/devices/confirm", b'{"code": 12345678}', "code"),
        ("/v1/devices/confirm", b'{"code": "123456789012345678901"}', "code"),
        ("/v1/holds/appeal", b'{"hold": 5, "said": "essai"}', "hold"),
        (
            "/v1/substitutions",
            b'{"substitute": "8", "first_day": "27/11/2026", "last_day": "2026-11-27"}',
            "first_day",
        ),
        ("/v1/devices/confirm", b'{"code": "1", "179044197901487": 1}', None),
        ("/v1/devices/confirm", b"{}", None),
    ],
)
def test_a_field_of_the_wrong_type_is_named_and_nothing_that_was_sent(
    stage: Stage, path: str, body: bytes, field: str | None
) -> None:
    who = enter(stage, "nadia_ferrand")
    headers = who.bearer | {"DPoP": who.proof(path, body)}
    answer = httpx.post(stage.url("api") + path, content=body, headers=headers, trust_env=False, verify=NO_TLS)
    assert (answer.status_code, answer.json()["code"], answer.json().get("field")) == (400, "malformed", field)
    assert "179044197901487" not in answer.text


def test_an_answer_left_out_of_the_description_is_found(stage: Stage, description: dict[str, Any]) -> None:
    shorter = deepcopy(description)
    del shorter["paths"]["/v1/sessions"]["get"]["responses"]["401"]
    (listing,) = (one for one in operations(shorter) if one.label == "GET /v1/sessions")
    (fault,) = _faults(listing, enter(stage, "nadia_ferrand"), examples=8)
    assert "Undocumented HTTP status code" in fault or "Undocumented status code" in fault


def test_nor_while_a_part_is_closed_or_the_store_is_stopped_or_has_just_stopped(
    stage: Stage, description: dict[str, Any]
) -> None:
    """Last of this file: the store is not started again."""
    found, who = operations(description), enter(stage, "nadia_ferrand")
    named = ("--reason", "répétition", "--by", "Hélène Vasseur", "--for", "30m", "--yes")
    assert tierce("ladder", "close", "nation", *named, "--settings", stage.settings_file).returncode == 0
    eventually(lambda: _service(stage)["open"] is False, "the closing is seen")
    faults = {"closed": _every(found, who)}
    assert stage.cluster is not None
    stage.cluster.stop(immediate=True)
    faults["just stopped"] = _every(found, who)
    eventually(lambda: _service(stage)["store"] is False, "the store is missed")
    faults["stopped"] = _every(found, who)
    assert faults == {"closed": [], "just stopped": [], "stopped": []}


def _service(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(stage.url("api") + "/v1/service", trust_env=False, verify=NO_TLS).json()
    return found


def _every(found: list[Operation], who: Thief) -> list[str]:
    """Faults of every route; refusing for want of the store is none where the description says so, and a 500 is."""
    assert not any("500" in one.definition.raw["responses"] for one in found)
    return [fault for one in found for fault in _faults(one, who, FEW, CHECKS[1:])]
