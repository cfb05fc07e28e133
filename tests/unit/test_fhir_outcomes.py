"""What leaves under `/fhir/`: refusals in FHIR's words, however they arrive in pieces, and the rest as it is."""

import asyncio
import json
from typing import Any

from tests.fhir_examples import faults_of
from tierce.web.api import problems
from tierce.web.api.agreements import closed_at
from tierce.web.fhir.names import CLAIM_PATH, DEPOSIT, ELIGIBILITY_PATH, RETRY_DATE
from tierce.web.fhir.outcomes import in_fhir, outcome_of

Message = dict[str, Any]
BODY = problems.CLOSED.body()


def told(media: str, *parts: bytes) -> tuple[Message, list[Message]]:
    """What is sent on, of an answer in these pieces."""
    sent: list[Any] = []

    async def run() -> None:
        async def send(message: Any) -> None:  # noqa: ANN401 - as ASGI has it
            sent.append(message)

        send_on = in_fhir(send)
        headers = [(b"Content-Type", media.encode()), (b"content-length", b"1"), (b"retry-after", b"10")]
        await send_on({"type": "http.response.start", "status": 503, "headers": headers})
        for n, part in enumerate(parts, start=1):
            await send_on({"type": "http.response.body", "body": part, "more_body": n < len(parts)})

    asyncio.run(run())
    return sent[0], sent[1:]


def test_a_problem_in_pieces_is_one_outcome_with_its_status_and_headers() -> None:
    for parts in ((BODY,), (BODY[:9], BODY[9:], b"")):
        head, bodies = told("application/problem+json; charset=utf-8", *parts)
        (only,) = bodies
        assert head["status"] == 503
        assert head["headers"] == [
            (b"content-type", b"application/fhir+json"),
            (b"retry-after", b"10"),
            (b"content-length", str(len(only["body"])).encode()),
        ]
        assert faults_of(json.loads(only["body"])) == []


def test_what_is_no_problem_and_what_has_no_body_leave_as_they_are() -> None:
    head, bodies = told("application/fhir+json", b"a", b"b")
    assert [one["body"] for one in bodies] == [b"a", b"b"]
    assert (b"content-length", b"1") in head["headers"]
    head, bodies = told("application/problem+json", b"")
    assert ([one["body"] for one in bodies], head["status"]) == ([b""], 503)


def test_a_question_may_be_deposited_while_closed_and_a_claim_waits() -> None:
    issues = {}
    for path in (ELIGIBILITY_PATH, CLAIM_PATH):
        (issue,) = json.loads(outcome_of(json.loads(closed_at(path).body())))["issue"]
        issues[path] = issue.get("extension"), issue["code"]
    assert issues[ELIGIBILITY_PATH] == ([{"url": DEPOSIT, "valueBoolean": True}], "transient")
    assert issues[CLAIM_PATH] == (None, "transient")
    spent = json.loads(problems.REFUSED["out_of_attempts"].body()) | {"retry_date": "2026-11-26"}
    (issue,) = json.loads(outcome_of(spent))["issue"]
    assert (issue["code"], issue["extension"]) == ("throttled", [{"url": RETRY_DATE, "valueDate": "2026-11-26"}])
