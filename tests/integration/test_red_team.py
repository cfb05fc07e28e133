"""Attacks on a whole installation over HTTP, each named after what the attacker tries."""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest

from tests.installation import installation
from tests.integration.thief import RIGHTS, Thief, begin, enter, question, visit
from tests.waiting import eventually
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import InsurerId, PersonId
from tierce.kernel.loopback import NO_TLS
from tierce.kernel.nir import BirthDate, Nir, Rank, normalise
from tierce.lab.demo.stage import OFFICER, Stage
from tierce.rights.rules import ANSWER_BYTES
from tierce.storage.cluster import SUPERUSER
from tierce.storage.insurer_keys import load_sealer, make_insurer_keys
from tierce.storage.keys import EVERY_KEY, Compartment, Keyring, Purpose

PERSONS, INSURERS = 600, 4
UNKNOWN = {"nir": "299074197999960", "birth_date": "19990717", "rank": 1}
"""Identifiers in the right form of nobody at all."""
HISTORY = "/v1/history/{}/revisit"


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with installation(PERSONS, INSURERS) as running:
        yield running


@pytest.fixture(scope="module")
def morvan(stage: Stage) -> Thief:
    """Dr Morvan's stolen account, on a new device."""
    return enter(stage, "claire_morvan")


@pytest.fixture(scope="module")
def ferrand(stage: Stage) -> Thief:
    """An optician of another town."""
    return enter(stage, "nadia_ferrand")


@pytest.fixture(scope="module")
def engagement(stage: Stage, morvan: Thief) -> str:
    """The number of an answer that Dr Morvan was given."""
    answer = morvan.ask(stage.person("paul_lenoir"), "MEDG").json()
    assert answer["shown"] is True
    number: str = answer["engagement"]
    return number


def not_covered(stage: Stage) -> dict[str, Any]:
    """A person of the register whose cover has ended."""
    return stage.person("henri_castaing_former")


def told(response: httpx.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    """All that an answer is made of, save the date."""
    headers = sorted((name, value) for name, value in response.headers.items() if name != "date")
    return response.status_code, response.content, headers


def counts(thief: Thief) -> str:
    text = thief.get("/metrics").text
    return "\n".join(line for line in text.splitlines() if line.startswith("tierce_gate_asks_total"))


def test_unknown_not_covered_and_out_of_seats_are_told_alike_and_metrics_say_no_more(stage: Stage) -> None:
    thief = enter(stage, "nadia_ferrand")
    domain = "OPTI"
    seats, shapes, changes = [], [], []
    asked = [UNKNOWN, not_covered(stage), {**UNKNOWN, "rank": 2}, {**UNKNOWN, "rank": 3}]
    for who in asked:
        before_seats, before = thief.get("/v1/seats").json(), counts(thief)
        shapes.append(told(thief.ask(who, domain)))
        after = thief.get("/v1/seats").json()
        seats.append({name: after[name] - before_seats[name] for name in ("open", "attempts_left", "known_left")})
        changes.append([line.split(" ")[0] for line in set(counts(thief).splitlines()) - set(before.splitlines())])
    assert all(shape == shapes[0] for shape in shapes), shapes
    assert len(shapes[0][1]) == ANSWER_BYTES
    assert seats[0] == seats[1] == {"open": 1, "attempts_left": -1, "known_left": 0}
    assert seats[3] == {"open": 0, "attempts_left": -1, "known_left": 0}, "the day's cap was reached"
    found = thief.get("/v1/seats")
    policy, left = found.headers["ratelimit-policy"], found.headers["ratelimit"]
    assert policy == f'"asks";q={found.json()["attempts_limit"]};w=86400'
    assert left.startswith(f'"asks";r={found.json()["attempts_left"]};t=')
    assert "ratelimit" not in thief.ask(UNKNOWN, domain).headers, "what an ask costs is told by no answer"
    assert [change == changes[0] for change in changes] == [True] * len(asked)


def test_metrics_are_not_for_those_who_come_from_elsewhere(morvan: Thief) -> None:
    assert morvan.get("/metrics").status_code == 200
    for header in ("x-forwarded-for", "forwarded", "x-real-ip"):
        assert morvan.get("/metrics", **{header: "203.0.113.7"}).status_code == 404


def test_a_stolen_cookie_without_its_key_opens_nobody(stage: Stage, morvan: Thief, engagement: str) -> None:
    body = question(stage.person("paul_lenoir"), "MEDG")
    other = enter(stage, "claire_morvan")
    for path, sent in ((RIGHTS, body), (HISTORY.format(engagement), b"")):
        assert morvan.post(path, sent, {}).status_code == 401
        assert morvan.post(path, sent, {"dpop": ""}).status_code == 401
        assert morvan.post(path, sent, {"dpop": other.proof(path, sent)}).status_code == 401


@pytest.mark.parametrize(
    "over",
    [
        {"iat": 10**400},
        {"iat": 0},
        {"htm": "post"},
        {"htm": "GET"},
        {"htu": "https://elsewhere.example/v1/rights"},
        {"ath": None},
        {"bd": None},
        {"jti": "x"},
        {"jti": "\ud800" * 20},
    ],
)
def test_a_proof_made_for_something_else_is_refused(stage: Stage, morvan: Thief, over: dict[str, object]) -> None:
    body = question(stage.person("paul_lenoir"), "MEDG")
    answer = morvan.post(RIGHTS, body, {"dpop": morvan.proof(RIGHTS, body, **over)})
    assert answer.status_code == 401
    assert answer.json()["code"].startswith("proof_")


@pytest.mark.parametrize("path", ["/v1/rights/", "//v1/rights", "/v1/Rights", "/v1/history/A%2FB/revisit"])
def test_a_path_written_otherwise_reaches_nobody(stage: Stage, morvan: Thief, path: str) -> None:
    body = question(stage.person("paul_lenoir"), "MEDG")
    answer = httpx.post(
        morvan.api + path,
        content=body,
        headers=morvan.bearer | {"dpop": morvan.proof(RIGHTS, body)},
        trust_env=False,
        verify=NO_TLS,
    )
    assert answer.status_code in {401, 404}


def test_a_repeated_proof_header_is_refused(stage: Stage, morvan: Thief) -> None:
    body = question(stage.person("paul_lenoir"), "MEDG")
    twice = [("dpop", morvan.proof(RIGHTS, body)), ("dpop", morvan.proof(RIGHTS, body))]
    answer = httpx.post(
        morvan.api + RIGHTS, content=body, headers=[*morvan.bearer.items(), *twice], trust_env=False, verify=NO_TLS
    )
    assert answer.status_code == 400, "which of the two would be read is nobody's to choose"


def test_a_relay_cannot_change_the_question_nor_send_it_twice(stage: Stage, morvan: Thief) -> None:
    asked, other = question(stage.person("paul_lenoir"), "MEDG"), question(not_covered(stage), "MEDG")
    proof = {"dpop": morvan.proof(RIGHTS, asked)}
    assert morvan.post(RIGHTS, other, proof).status_code == 401
    assert morvan.post(RIGHTS, asked, proof).json()["shown"] is True
    again = morvan.post(RIGHTS, asked, proof).json()
    assert again.keys() == {"shown", "replayed", "outcome", "engagement", "ways"}, (
        "where the answer is, not what it says"
    )
    assert (again["shown"], again["replayed"]) == (False, True)


def test_a_proof_is_not_sent_again_after_a_crash_of_the_database_that_forgot_it(stage: Stage, morvan: Thief) -> None:
    body = question(stage.person("paul_lenoir"), "MEDG")
    made = int(SystemClock().now().timestamp())
    proof = {"dpop": morvan.proof(RIGHTS, body, iat=made)}
    assert morvan.post(RIGHTS, body, proof).status_code == 200
    with stage.database.connect(SUPERUSER) as admin:
        # What a crash does: the unlogged table is emptied, and every connection is closed.
        admin.execute("truncate access.proof")
        admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'tierce_api'")
    eventually(lambda: SystemClock().now().timestamp() >= made + 1, "the next second")
    # Each worker reconnects in its own time, and says 503 until it has: whichever is reached must refuse the proof.

    def answered() -> httpx.Response | None:
        answer = morvan.post(RIGHTS, body, proof)
        return None if answer.status_code == 503 else answer

    again = eventually(answered, "the gate open")
    assert again is not None
    assert (again.status_code, again.json()["code"]) == (401, "proof_iat")
    eventually(lambda: serves_again(stage), "every worker")
    # What is signed in the very second in which a gate came back is refused: the tests that follow sign in the next.
    back = SystemClock().now().timestamp()
    eventually(lambda: SystemClock().now().timestamp() >= back + 1, "the next second")


def serves_again(stage: Stage) -> bool:
    """Whether every worker has its connections back: which of them answers is drawn anew for each connection."""
    start, body = stage.url("api") + "/v1/sign-in/start", {"site": "portal", "return_to": "/"}
    return all(httpx.post(start, json=body, trust_env=False, verify=NO_TLS).status_code == 200 for _ in range(16))


def move_to_a_new_insurer(stage: Stage, who: dict[str, Any]) -> None:
    """An insurer that joins while the API runs covers somebody from now on, as its feed would write it."""
    keyring, new = Keyring(stage.home / "keys", EVERY_KEY), InsurerId(99)
    index = normalise(Nir.parse(who["nir"]), BirthDate.parse(who["birth_date"]), Rank.parse(who["rank"]))
    with stage.database.connect(SUPERUSER) as admin:
        admin.execute("insert into registry.insurer (id, amc, name) values (99, '99199199', 'Mutuelle Nouvelle')")
        make_insurer_keys(admin, keyring, [new])
        sealer = load_sealer(admin, keyring, [Compartment.COVERAGE])
        row = admin.execute(
            "select c.person, c.insurer, c.sealed from coverage.coverage c join person.key k using (person)"
            " where k.idx = %s",
            (keyring.hash(Purpose.INDEX).uuid(index),),
        ).fetchone()
        assert row is not None
        person, old, sealed = PersonId(row[0]), InsurerId(row[1]), bytes(row[2])
        resealed = sealer.seal(
            Compartment.COVERAGE, new, person, sealer.open_(Compartment.COVERAGE, old, person, sealed)
        )
        admin.execute(
            "update coverage.coverage set insurer = 99, sealed = %s where person = %s and insurer = %s",
            (resealed, person, old),
        )


def test_cover_by_an_insurer_who_joined_since_the_start_is_told_like_any_other(stage: Stage) -> None:
    who = stage.person("lucie_armand")
    move_to_a_new_insurer(stage, who)
    answer = enter(stage, "claire_morvan", 1).ask(who, "HOSP")
    assert answer.status_code == 200
    assert answer.json()["insurer"] == "Mutuelle Nouvelle"


def test_an_engagement_number_of_another_establishment_looks_mistyped(
    stage: Stage, morvan: Thief, ferrand: Thief, engagement: str
) -> None:
    hers = told(ferrand.post(HISTORY.format(engagement)))
    assert hers == told(ferrand.post(HISTORY.format("0000-0000-00000-0")))
    at_hospital = enter(stage, "claire_morvan", 1)
    assert told(at_hospital.post(HISTORY.format(engagement))) == hers, "the same person at another establishment"
    assert engagement not in at_hospital.get("/v1/history").text
    own = [row["outcome"] for row in ferrand.get("/v1/history").json()["rows"]]
    before = ferrand.get(f"/v1/history?cursor={engagement}").json()["rows"]
    assert [row["engagement"] for row in before if row["engagement"]] == [], (
        "her own asks, none of which showed anybody"
    )
    assert len(before) <= len(own)


def test_somebody_elses_session_can_be_neither_seen_nor_ended(morvan: Thief, ferrand: Thief) -> None:
    number = morvan.get("/v1/session").json()["id"]
    assert number not in {row["id"] for row in ferrand.get("/v1/sessions").json()["sessions"]}
    refused = ferrand.post(f"/v1/sessions/{number}/revoke", b"", {})
    assert told(refused) == told(ferrand.post("/v1/sessions/12345/revoke", b"", {}))
    assert morvan.get("/v1/session").status_code == 200


def test_a_session_that_was_just_ended_reads_no_history(stage: Stage) -> None:
    thief = enter(stage, "nadia_ferrand")
    assert thief.get("/v1/history").status_code == 200
    assert thief.post("/v1/session/end", b"", {}).status_code == 204
    for path in ("/v1/history", "/v1/seats", "/v1/session", "/v1/sessions"):
        assert thief.get(path).status_code == 401, path


def test_nothing_of_the_api_is_kept_by_a_cache(morvan: Thief, engagement: str) -> None:
    for path in ("/v1/session", "/v1/sessions", "/v1/history", "/v1/seats", "/v1/nowhere", "/v1/history?cursor=bad"):
        answer = morvan.get(path)
        assert answer.headers["cache-control"] == "no-store", path
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert morvan.post(HISTORY.format(engagement)).headers["cache-control"] == "no-store"


def test_the_api_serves_no_page_that_loads_scripts(morvan: Thief) -> None:
    for path in ("/v1/framework", "/v1/framework/", "/schema", "/docs"):
        assert "<script" not in morvan.get(path).text.lower(), path


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example"]
)
def test_a_sign_in_never_leads_to_another_site(stage: Stage, elsewhere: str) -> None:
    started = httpx.post(
        stage.url("api") + "/v1/sign-in/start",
        json={"site": "portal", "return_to": elsewhere},
        trust_env=False,
        verify=NO_TLS,
    )
    assert started.status_code == 403
    for site in ("office", "persons"):
        answer = httpx.get(
            stage.url(site) + "/sign-in",
            params={"return_to": elsewhere},
            trust_env=False,
            verify=NO_TLS,
        )
        assert answer.status_code == 401
        assert "location" not in answer.headers
        assert "evil" not in answer.text


@pytest.mark.parametrize("site", ["portal", "office", "persons"])
def test_a_sign_in_begun_by_the_thief_does_not_end_in_the_victims_browser(stage: Stage, site: str) -> None:
    with httpx.Client(trust_env=False, verify=NO_TLS) as anybody:
        begun = begin(anybody, stage, site)
    state = httpx.URL(begun.headers["location"]).params["state"]
    for cookies in ({}, {f"tierce-{site}-pending": "other.binding"}, {f"tierce-{site}-pending": f"{state}.guess"}):
        answer = httpx.get(
            stage.url(site) + "/sign-in/callback",
            params={"state": state, "code": "x", "iss": "x"},
            cookies=cookies,
            trust_env=False,
            verify=NO_TLS,
        )
        assert answer.status_code in {401, 403}
        kept = [cookie for cookie in answer.headers.get_list("set-cookie") if cookie.startswith(f"tierce-{site}=")]
        assert all("max-age=0" in cookie.lower() for cookie in kept)


FORMS = {
    "portal": ("/ask", "/activity", "/sessions/1/revoke", "/history/A/revisit", "/sign-out"),
    "office": (
        "/sign-out",
        "/accounts/1/incident",
        "/incidents/1/scope",
        "/incidents/1/reference",
        "/incidents/1/people/1/1",
        "/incidents/1/duties/export",
        "/incidents/1/pack",
        "/register/new",
        "/reports/1",
        "/requests/1",
    ),
    "persons": ("/sign-out", "/lines/1/not-me", "/concerned", "/my-data", "/my-data.json", "/requests"),
}


def browser(stage: Stage, site: str) -> AbstractContextManager[httpx.Client]:
    subject = {"portal": stage.national_id("claire_morvan"), "office": OFFICER, "persons": "paul_lenoir-0"}[site]
    return visit(stage, site, subject)


@pytest.mark.parametrize("site", FORMS)
def test_a_form_sent_from_another_site_changes_nothing(stage: Stage, site: str) -> None:
    with browser(stage, site) as web:
        for path in FORMS[site]:
            for sent in (
                {},
                {"form_token": ""},
                {"form_token": "AAAA"},
                {"form_token": "é\ud800".encode("utf-8", "replace")},
            ):
                answer = web.post(path, data=sent)
                assert answer.status_code in {401, 403}, path
        assert web.get("/activity" if site == "portal" else "/").status_code == 200, "still signed in"


@pytest.mark.parametrize("site", FORMS)
def test_cookies_are_out_of_reach_of_scripts_and_pages_out_of_caches(stage: Stage, site: str) -> None:
    with browser(stage, site) as web:
        opened = begin(web, stage, site).headers.get_list("set-cookie")
        assert opened
        assert all("httponly" in cookie.lower() and "samesite=" in cookie.lower() for cookie in opened)
        for path in ("/", "/sessions", "/read", "/incidents", "/nowhere", "/lines/1/proof.json"):
            assert web.get(path).headers["cache-control"] == "no-store", path


def test_another_persons_line_and_its_proof_are_not_hers_to_read(stage: Stage) -> None:
    with visit(stage, "persons", "paul_lenoir-0") as his, stage.database.connect("tierce_office") as office:
        assert his.get("/").status_code == 200
        rows = office.execute("select seq from journal.entry order by seq desc limit 40").fetchall()
        owned = {number for (number,) in rows if his.get(f"/lines/{number}/proof.json").status_code != 404}
        with visit(stage, "persons", "lucie_armand-0") as hers:
            assert hers.get("/").status_code == 200
            assert owned
            assert {hers.get(f"/lines/{number}/proof.json").status_code for number in owned} == {404}
            assert {hers.get(f"/lines/{number}/not-me").status_code for number in owned} == {404}


def test_identifiers_sent_to_the_wrong_place_reach_no_log_and_no_error_page(stage: Stage, morvan: Thief) -> None:
    who = stage.person("thomas_garrigue_two_insurers")
    nir, name = str(who["nir"]), "NOMTRESSECRET"
    bad = (nir + name).encode()
    answers = [
        morvan.get(f"/v1/{nir}"),
        morvan.get(f"/v1/history?cursor={nir}"),
        morvan.post(f"/v1/history/{nir}/revisit"),
        morvan.post(RIGHTS, bad),
        morvan.post(RIGHTS, b'{"' + bad + b'":1}'),
        morvan.post(RIGHTS, question({**who, "nir": nir + "0"}, "MEDG")),
        morvan.post(RIGHTS, question(who, nir)),
        morvan.post("/v1/sign-in/start", b'{"' + bad + b'":1}', {}),
        morvan.post("/v1/sign-in/complete", b'{"state":"' + bad + b'","binding":3}', {}),
        morvan.post("/v1/session/activity", b'{"activity":"' + bad + b'"}', {}),
    ]
    for site, forms in FORMS.items():
        with browser(stage, site) as web:
            answers += [web.get(f"/{nir}"), web.get(f"/sign-in/callback?state={nir}&code={name}")]
            answers += [web.get(f"/?before={nir}{name}&cursor={nir}"), web.get(f"/lines/{nir}{nir}{nir}/proof.json")]
            answers += [web.post(path.replace("/1", f"/{nir}"), content=bad) for path in forms]
            answers += [
                web.post(path, headers={"content-type": "multipart/form-data"}, content=bad) for path in forms
            ]
    for answer in answers:
        assert answer.status_code >= 400 or answer.request.url.path in {"/", "/ask"}, answer.request.url
        if nir not in answer.request.url.path:  # a page's language link leads to its own address
            assert nir not in answer.text, answer.request.url.path
        assert name not in answer.text, answer.request.url.path
    logs = list(stage.logs.glob("*.log"))
    assert logs
    for log in logs:
        text = log.read_text(errors="replace")
        assert nir not in text, log.name
        assert name not in text, log.name
        assert str(who["family_name"]) not in text.upper(), log.name
        assert "Traceback" not in text, f"{log.name}: {text[-1500:]}"


@pytest.mark.parametrize(
    "typed",
    [
        {"title": "a\x00b"},
        {"title": "1 79 04 41 979 014 87"},
        {"why": "w" * 20_000},
        {"begun": "0001-01-01T00:00"},
        {"ended": "9999-12-31T23:59"},
        {"begun": "2026-02-30T99:99"},
        {"device": "9" * 5_000, "title": ""},
        {"form_token": "x"},
    ],
)
def test_what_staff_type_in_an_incidents_form_breaks_nothing(
    stage: Stage, morvan: Thief, typed: dict[str, str]
) -> None:
    number = morvan.get("/v1/session").json()["id"]
    with stage.database.connect("tierce_office") as office, browser(stage, "office") as web:
        found = office.execute("select professional from access.session where id = %s", (number,)).fetchone()
        assert found is not None
        before = office.execute("select count(*) from incident.incident").fetchone()
        form = f"/accounts/{found[0]}/incident"
        token = re.search(r'name="form_token" value="([^"]+)"', web.get(form).text)
        assert token is not None
        fields = {"form_token": token[1], "title": "Vol", "why": "<script>", "device": "1"}
        times = {"begun": "2026-11-20T00:00", "ended": "2026-11-21T00:00"}
        answer = web.post(form, data=fields | times | typed)
        assert answer.status_code == (401 if "form_token" in typed else 422)
        assert "<script>" not in answer.text
        assert office.execute("select count(*) from incident.incident").fetchone() == before
