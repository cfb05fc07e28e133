"""The API keeps its published description: whatever is sent, no server error and no answer that it does not name.

Schemathesis reads the description from a running installation and makes requests from it, right and wrong; each is
signed by a browser's key as a client's would be, so that what answers is the route and not the door in front of it.
"""

import json
import re
import socket
from collections.abc import Iterator
from copy import deepcopy
from http.client import HTTPResponse
from itertools import product
from typing import Any
from urllib.parse import urlsplit

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
        ("/v1/devices/confirm", b"{}", "code"),
        ("/v1/devices/confirm", b'{"code": "1", "code": "12345678"}', "code"),
        ("/v1/account", b'{"iban": "1", "holder": "x", "iban": "2"}', "iban"),
        ("/v1/devices/confirm", b'{"code": "1", "179044197901487": 1, "179044197901487": 2}', "body"),
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


def test_another_method_is_told_which_the_address_takes(stage: Stage, description: dict[str, Any]) -> None:
    described = {path: {method.upper() for method in item} for path, item in description["paths"].items()}
    asked = {path: re.sub(r"{\w+}", "1", path) for path in described if path not in {"/health", "/metrics"}}
    with httpx.Client(base_url=stage.url("api"), trust_env=False, verify=NO_TLS) as web:
        told = {path: web.request("PROPFIND", address) for path, address in asked.items()}
    assert {answer.status_code for answer in told.values()} == {405}
    taken = {path: set(answer.headers.get("allow", "").split(", ")) for path, answer in told.items()}
    assert {path: methods - {"OPTIONS"} for path, methods in taken.items()} == {
        path: described[path] for path in asked
    }


def test_a_header_given_twice_is_named_as_the_description_has_it(stage: Stage, description: dict[str, Any]) -> None:
    for path, item in description["paths"].items():
        for method, operation in item.items() if path != "/metrics" else ():
            sent = [("DPoP", "a"), ("Accept", "x"), ("Accept", "y"), ("DPoP", "b")]
            answer = httpx.request(method, stage.url("api") + path, headers=sent, trust_env=False, verify=NO_TLS)
            assert (answer.status_code, answer.json()["field"]) == (400, "DPoP"), path
            assert answer.headers["content-type"] in operation["responses"]["400"]["content"], path


def test_a_body_that_ends_early_is_told_so_by_every_route_that_takes_one(
    stage: Stage, description: dict[str, Any]
) -> None:
    """With 408 and its own code: a fault of ours was told, of status 500, under that very 408."""
    who, where = enter(stage, "nadia_ferrand"), urlsplit(stage.url("api"))
    bodied = [path for path, item in description["paths"].items() if "requestBody" in item.get("post", {})]
    for path in bodied:
        address = re.sub(r"{\w+}", "1", path)
        head = {"Host": where.netloc, "Content-Type": "application/json", "Transfer-Encoding": "chunked"}
        head |= who.bearer | {"DPoP": who.proof(address, b"")}
        if path == "/v1/token":
            head["Content-Type"] = "application/x-www-form-urlencoded"
        lines = [f"POST {address} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", "zz", ""]
        answer, content = _raw(stage, "\r\n".join(lines).encode())
        told = json.loads(content)
        code = told["issue"][0]["details"]["coding"][0]["code"] if "issue" in told else told["code"]
        assert (answer.status, code) == (408, "too_slow"), (path, told)
        assert answer.headers["content-type"] in description["paths"][path]["post"]["responses"]["408"]["content"]


def test_what_is_no_http_or_too_long_for_it_is_refused_without_a_document(stage: Stage) -> None:
    many = "".join(f"X-{number}: a\r\n" for number in range(120))
    for sent, status in (
        ("hello", 400),
        (f"GET /{70_000 * 'a'} HTTP/1.1", 414),
        (f"GET /v1/service HTTP/1.1\r\n{many}", 431),
    ):
        answer, content = _raw(stage, f"{sent}\r\n\r\n".encode())
        assert (answer.status, content) == (status, b"")


def _raw(stage: Stage, sent: bytes) -> tuple[HTTPResponse, bytes]:
    """What is answered to these very bytes."""
    where = urlsplit(stage.url("api"))
    with socket.create_connection((where.hostname, where.port or 80), timeout=20) as line:
        line.sendall(sent)
        answer = HTTPResponse(line)
        answer.begin()
        return answer, answer.read()


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
