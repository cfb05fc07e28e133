"""The page of refusals is made from the code; the vendors' page says what to do about each, the proxy the same words.

TIERCE_SNAPSHOTS=write makes the page's table and the proxy's two files again.
"""

import json
import os
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from tierce.identity.assistants.errors import AssistantReason, AssistantRefusedError
from tierce.identity.errors import (
    ClientReason,
    ClientRefusedError,
    ColleagueReason,
    ColleagueRefusedError,
    ContinuingReason,
    ContinuingRefusedError,
    NotHersError,
    ProofReason,
    ProofRefusedError,
    SessionReason,
    SessionRefusedError,
    SignInReason,
    SignInRefusedError,
)
from tierce.identity.exchange import ActivityWantedError
from tierce.web.api import accounts, agreements, deposits, invoices, problems, token, transfers
from tierce.web.api.problems import Problem
from tierce.web.api.signin import identity_problem
from tierce.web.signin_words import code_of, told

ROOT = Path(__file__).parents[2]
REFERENCE, SAID = ROOT / "docs" / "reference", ROOT / "deploy" / "nginx" / "said"
WRITE = os.environ.get("TIERCE_SNAPSHOTS") == "write"
MARKED = re.compile(r"(?<=<!-- errors: generated -->\n\n).*?(?=<!-- errors: end -->)", re.DOTALL)
OTHER_SITES = {
    SignInReason.NOT_STAFF,
    SignInReason.NOT_PHISHING_RESISTANT,
    SignInReason.AUTHENTICATED_LONG_AGO,
    SignInReason.INSURER_UNKNOWN,
    SignInReason.TOO_MANY_TODAY,
    SignInReason.TOO_OFTEN_TODAY,
}
"""Told to staff, insurers' staff or persons on their own pages alone."""
FIELD = "*la raison nomme le champ, le remède sa forme*", "*the reason names the field, the remedy its form*"
Row = tuple[int, str, str, str]


def of(problem: Problem) -> Row:
    reason, remedy = problem.title, problem.remedy
    return problem.status, problem.code, f"{reason.fr} {remedy.fr}", f"{reason.en} {remedy.en}"


def rows() -> Iterator[Row]:
    constants = [*vars(problems).values(), *vars(deposits).values(), *problems.REFUSED.values(),
                 *invoices.REFUSED.values(), *agreements.REFUSED.values()]  # fmt: skip
    constants += [*vars(accounts).values(), *accounts.STOPPED.values(), *vars(transfers).values()]
    yield from (of(one) for one in constants if isinstance(one, Problem))
    yield 422, "field", *FIELD
    yield 400, "form", *FIELD
    errors = [
        NotHersError(),
        *map(SignInRefusedError, set(SignInReason) - OTHER_SITES),
        *map(SessionRefusedError, SessionReason),
        *map(ColleagueRefusedError, ColleagueReason),
        *map(ContinuingRefusedError, ContinuingReason),
        *map(AssistantRefusedError, AssistantReason),
        *map(ProofRefusedError, ProofReason),
    ]
    yield from (of(identity_problem(one)) for one in errors)
    for error, status in [(ActivityWantedError([]), 400), *((ClientRefusedError(one), 401) for one in ClientReason)]:
        reason, remedy = told(error)
        yield status, code_of(error), f"{reason.fr} {remedy.fr}", f"{reason.en} {remedy.en}"


def table() -> str:
    known: dict[tuple[int, str], tuple[list[str], list[str]]] = {}
    for status, code, french, english in rows():
        texts = known.setdefault((status, code), ([], []))
        for kept, text in zip(texts, (french, english), strict=True):
            kept.extend([text] if text not in kept else [])
    lines = ["| status | code | raison et remède | reason and remedy |", "|---|---|---|---|"]
    for (status, code), texts in sorted(known.items()):
        in_french, in_english = ("<br>".join(one) for one in texts)
        lines.append(f"| {status} | `{code}` | {in_french} | {in_english} |")
    return "\n".join(lines) + "\n"


def test_the_page_tells_every_refusal_as_the_code_does() -> None:
    page = REFERENCE / "errors.md"
    made = MARKED.sub(lambda _: table() + "\n", page.read_text("utf-8"))
    if WRITE:
        page.write_text(made, "utf-8")
    assert page.read_text("utf-8") == made
    assert "| 429 | `out_of_attempts` |" in made


def test_the_vendors_page_says_what_to_do_about_each_and_names_none_that_is_not() -> None:
    page = (REFERENCE / "vendors.md").read_text("utf-8")
    section = page.partition("## What a refusal asks for")[2].partition("\n## ")[0]
    told_of = [row.split(" | ")[0] for row in section.splitlines() if row.startswith("| ")]
    named = {name for cell in told_of for name in re.findall(r"`([a-z_…]+)`", cell)}
    token_part = page.partition("## For each user")[2].partition("\n## ")[0]
    named |= {name for name in re.findall(r"`([a-z_…]+)`", token_part) if name.endswith("…")}
    codes = {code for _, code, _, _ in rows()}
    families = {name.removesuffix("…") for name in named if name.endswith("…")}
    left = {code for code in codes if code not in named and not any(code.startswith(one) for one in families)}
    assert left - set(re.findall(r"`([a-z_]+)`", token_part)) == set()
    assert families == {one for one in families if any(code.startswith(one) for code in codes)}
    assert {name for name in named if not name.endswith("…") and name not in codes} <= {"field", "code"}


@pytest.mark.parametrize(("name", "problem"), [("fast", problems.TOO_FAST), ("long", problems.TOO_LARGE)])
def test_the_proxy_s_own_refusals_are_ours_word_for_word(name: str, problem: Problem) -> None:
    file = SAID / f"{name}.json"
    if WRITE:
        file.write_text(json.dumps(json.loads(problem.body()), ensure_ascii=False) + "\n", "utf-8")
    assert json.loads(file.read_text("utf-8")) == json.loads(problem.body())


def test_each_refusal_has_a_status_that_exists_and_text_where_rfc_9457_wants_text() -> None:
    for status in {status for status, _, _, _ in rows()}:
        assert HTTPStatus(status)
    body = json.loads(problems.field_problem("rank", problems.BUSY.title, problems.BUSY.remedy).body())
    assert {name: type(body[name]) for name in ("type", "title", "status", "detail", "field")} == {
        "type": str, "title": str, "status": int, "detail": str, "field": str,
    }  # fmt: skip
    assert {**body["reason"]}.keys() == {**body["remedy"]}.keys() == {"fr", "en"}


def test_who_should_wait_is_told_how_long_and_who_should_sign_in_is_told_why() -> None:
    waits = {one.code: problems.headers_of(one).get("retry-after") for one in (
        problems.BUSY, problems.CLOSED, problems.NOT_ANSWERED, deposits.FAST, problems.TOO_LARGE,
    )}  # fmt: skip
    assert waits == {"busy": "1", "closed": "10", "not_answered": "1", "deposits_fast": "60", "too_large": None}
    errors = [
        SessionRefusedError(SessionReason.UNKNOWN), SessionRefusedError(SessionReason.IDLE),
        ProofRefusedError(ProofReason.BODY),
    ]  # fmt: skip
    challenges = [problems.headers_of(identity_problem(one))["www-authenticate"] for one in errors]
    assert [one.partition(", ")[2] for one in challenges] == [
        "", 'error="invalid_token"', 'error="invalid_dpop_proof"',
    ]  # fmt: skip
    assert token.ACCESS_TOKEN.endswith("access_token")
