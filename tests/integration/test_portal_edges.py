"""The portal alone: what it answers when the API is away, a form is forged, or nobody is signed in."""

import asyncio
import functools
import gc
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tests.integration.asking import ask
from tests.integration.signin_world import free_port
from tests.unit.portal_samples import HOTLINE
from tests.unit.well_formed import faults_of
from tierce.policy.returning import AT_ONCE_SECONDS, QUEUE_FOR, TURN_FOR
from tierce.web.portal.app import create_app
from tierce.web.portal.reading import PICTURE_BYTES
from tierce.web.portal.settings import PortalSettings
from tierce.web.portal.site import form_token

HANDLE = "aGFuZGxlLW9mLWEtdGVzdA"
PAGES = (
    "/",
    "/ask",
    "/history",
    "/places",
    "/sessions",
    "/delegates",
    "/assistant",
    "/assistant/passkey",
    "/help",
    "/activity",
    "/nowhere",
    "/sign-in",
    "/sign-in/callback",
)


@pytest.fixture
def portal() -> Iterator[TestClient[Litestar]]:
    """A portal whose API's port nobody listens on."""
    away = f"http://127.0.0.1:{free_port()}"
    settings = PortalSettings(
        url="https://portal.example", api_url=away, api_public_url="https://api.example", operator=HOTLINE
    )
    with TestClient(create_app(settings), base_url="https://portal.example") as client:
        yield client


def with_session(client: TestClient[Litestar]) -> None:
    client.cookies.set("__Host-tierce-portal", HANDLE, domain="portal.example")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("signed_in", [False, True])
def test_every_answer_carries_the_strict_headers_and_is_well_formed(
    portal: TestClient[Litestar], path: str, *, signed_in: bool
) -> None:
    if signed_in:
        with_session(portal)
    response = portal.get(path, follow_redirects=False)
    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "max-age" in response.headers["strict-transport-security"]
    if response.status_code != 303:
        assert faults_of(response.text) == []


def test_without_a_session_a_page_asks_who_it_is(portal: TestClient[Litestar]) -> None:
    response = portal.get("/history", headers={"accept-language": "en"})
    assert response.status_code == 401
    assert "Who are you?" in response.text


def test_when_the_api_is_away_the_page_says_what_to_do(portal: TestClient[Litestar]) -> None:
    with_session(portal)
    response = portal.get("/ask")
    assert response.status_code == 503
    assert "Le service ne répond pas" in response.text
    assert "api_unreachable" in response.text


def test_nothing_of_a_form_outlives_its_request(portal: TestClient[Litestar]) -> None:
    """The framework kept the last 1,024 forms that it read: whoever had the process's memory had so many numbers."""
    with_session(portal)
    answered = portal.post("/ask?lang=en", data={"form_token": form_token("another"), "body": "1", "proof": ""})
    assert answered.status_code == 403
    kept = [one for one in gc.get_objects() if isinstance(one, functools._lru_cache_wrapper)]
    assert not [one for one in kept if one.__module__ == "litestar._parsers" and one.cache_info().currsize]


def test_a_request_leaves_no_object_behind(portal: TestClient[Litestar]) -> None:
    def after(requests: int) -> int:
        for _ in range(requests):
            assert portal.get("/ask").status_code == 401
        gc.collect()
        return len(gc.get_objects())

    after(5)
    before = after(1)
    assert after(20) - before < 20


@pytest.mark.parametrize("path", ["/ask", "/activity", "/history/AAAA/revisit", "/sessions/1/revoke", "/sign-out"])
@pytest.mark.parametrize("token", ["", form_token("another handle"), "é"])
def test_a_form_without_its_session_s_token_is_relayed_nowhere(
    portal: TestClient[Litestar], path: str, token: str
) -> None:
    with_session(portal)
    response = portal.post(path, data={"form_token": token, "nir": "1"})
    assert response.status_code == 403
    assert "n’était plus à jour" in response.text


def test_a_form_that_is_too_long_is_refused(portal: TestClient[Litestar]) -> None:
    with_session(portal)
    response = portal.post("/ask", data={"form_token": form_token(HANDLE), "label": "x" * 20_000})
    assert response.status_code == 413


@pytest.mark.parametrize(
    ("token", "size", "status"),
    [("", PICTURE_BYTES, 403), (form_token("another handle"), PICTURE_BYTES, 403), (form_token(HANDLE), 10, 503),
     (form_token(HANDLE), PICTURE_BYTES + 1, 503), (form_token(HANDLE), PICTURE_BYTES, 503)],
)  # fmt: skip
def test_a_picture_is_read_for_whoever_is_signed_in_alone(
    portal: TestClient[Litestar], token: str, size: int, status: int
) -> None:
    """The last three have all but an API that knows the session; before it does, nothing of them is read."""
    response = portal.post("/ask/picture", content=b"\0" * size, headers={"x-form-token": token})
    assert response.status_code == 401, "nobody is signed in"
    with_session(portal)
    response = portal.post("/ask/picture", content=b"\0" * size, headers={"x-form-token": token})
    assert response.status_code == status


def test_a_sign_in_that_began_elsewhere_is_not_completed(portal: TestClient[Litestar]) -> None:
    portal.cookies.set("__Host-tierce-portal-pending", "mine.binding", domain="portal.example")
    response = portal.get("/sign-in/callback", params={"state": "theirs", "code": "c"})
    assert response.status_code == 403
    assert "dans ce navigateur" in response.text
    assert "tierce-portal=" not in str(response.headers)


def test_a_form_that_comes_after_the_session_says_that_it_did_not_leave(portal: TestClient[Litestar]) -> None:
    assert "n’est pas parti" in portal.post("/ask?lang=fr").text
    assert "n’est pas parti" not in portal.get("/ask?lang=fr").text


def test_the_language_asked_for_is_remembered(portal: TestClient[Litestar]) -> None:
    assert "Who are you?" in portal.get("/?lang=en").text
    assert "Who are you?" in portal.get("/").text
    assert "Qui êtes-vous" in portal.get("/?lang=fr").text


def test_static_files_are_served_for_good_and_nothing_else_is(portal: TestClient[Litestar]) -> None:
    script = portal.get("/static/key.js")
    assert script.headers["content-type"].startswith(("text/javascript", "application/javascript"))
    assert "immutable" in script.headers["cache-control"]
    assert portal.get("/look/tierce.css").status_code == 200
    assert portal.get("/static/words.toml").status_code == 404
    assert portal.get("/static/..%2Fwords.toml").status_code == 404


def test_the_portal_s_code_reaches_no_database() -> None:
    files = list(Path("src/tierce/web/portal").rglob("*.py"))
    assert len(files) > 10
    for file in files:
        text = file.read_text("utf-8")
        assert "psycopg" not in text
        assert "tierce.storage" not in text


def test_a_client_of_the_portal_may_be_anybody_and_learns_nothing(portal: TestClient[Litestar]) -> None:
    response: httpx.Response = portal.post("/ask", data={"nir": "1"})
    assert response.status_code == 401


class Ticks:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        """Begin at some moment."""
        self.now = 1000.0

    def __call__(self) -> float:
        """The moment."""
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    """The clock of the queue."""
    return Ticks()


@pytest.fixture
def crowded(ticks: Ticks) -> Iterator[TestClient[Litestar]]:
    """A portal that lets one begin each second, at which ten more than may begin at once have just come."""
    away = f"http://127.0.0.1:{free_port()}"
    settings = PortalSettings(
        url="https://portal.example", api_url=away, api_public_url="https://api.example", operator=HOTLINE,
        status_path="/status/", sign_ins=1,
    )  # fmt: skip
    with TestClient(create_app(settings, ticks=ticks), base_url="https://portal.example") as client:
        for _ in range(AT_ONCE_SECONDS + 1 + AHEAD):
            client.cookies.clear()
            client.get("/sign-in")
        client.cookies.clear()
        yield client


TURN = "__Host-tierce-portal-turn"
AHEAD = 10
"""Who has a turn before those who come below, hence their wait in seconds less one."""


@pytest.mark.parametrize("path", ["/sign-in", "/assistant"])
def test_whoever_comes_among_many_is_told_her_turn_and_comes_again_by_herself(
    crowded: TestClient[Litestar], path: str
) -> None:
    told = crowded.get(path, headers={"accept-language": "en"})
    assert told.status_code == 200
    assert "Your turn is coming" in told.text
    assert "within a minute" in told.text
    assert f'href="{path}"' in told.text
    assert 'href="/status/"' in told.text
    assert faults_of(told.text) == []
    assert told.headers["refresh"] == str(AHEAD + 1)
    kept = told.headers["set-cookie"]
    assert kept.startswith(f"{TURN}=")
    assert f"Max-Age={AHEAD + 1 + TURN_FOR.seconds}" in kept
    for flag in ("HttpOnly", "Secure", "SameSite=lax"):
        assert flag in kept


def test_her_turn_is_hers_until_it_comes_and_lets_her_in_before_whoever_came_after(
    crowded: TestClient[Litestar], ticks: Ticks
) -> None:
    first = crowded.get("/sign-in")
    held = {"cookie": f"{TURN}={crowded.cookies[TURN]}"}
    crowded.cookies.clear()
    behind = crowded.get("/sign-in")
    assert int(behind.headers["refresh"]) == int(first.headers["refresh"]) + 1
    crowded.cookies.clear()
    ticks.now += AHEAD
    assert crowded.get("/sign-in", headers=held).headers["refresh"] == "1"
    ticks.now += 1
    crowded.cookies.clear()
    assert crowded.get("/sign-in").headers["refresh"] == "2"
    crowded.cookies.clear()
    # Her page asks as often as she loads it; she begins once, and meets the API, which is away.
    for _ in range(2):
        let_in = crowded.get("/sign-in", headers=held)
        assert (let_in.status_code, "refresh" in let_in.headers) == (200, False)
        assert "data-said=" in let_in.text
    script = held | {"content-type": "application/json"}
    assert crowded.post("/sign-in", headers=script | {"sec-fetch-site": "cross-site"}).json() == {
        "location": "/sign-in"
    }
    assert crowded.post("/sign-in", headers=script).status_code == 503
    assert crowded.post("/sign-in", headers=script).json() == {"location": "/sign-in"}
    assert crowded.get("/sign-in/without-key", headers=held, follow_redirects=False).headers["location"] == "/sign-in"
    assert "refresh" in crowded.get("/sign-in", headers=held).headers


def test_a_turn_that_nobody_gave_is_worth_none(crowded: TestClient[Litestar]) -> None:
    forged = f"1.0.{'0' * 32}"
    told = crowded.get("/sign-in", headers={"cookie": f"{TURN}={forged}"})
    assert told.headers["refresh"] == str(AHEAD + 1)
    assert crowded.cookies[TURN] != forged


def test_whoever_comes_past_the_longest_queue_is_told_when_to_come_back(
    crowded: TestClient[Litestar], ticks: Ticks
) -> None:
    ticks.now -= QUEUE_FOR.total_seconds()
    for _ in range(2):  # her network's own turn, then one that waits beside the queue
        assert "La file est longue" not in crowded.get("/sign-in").text
        crowded.cookies.clear()
    told = crowded.get("/sign-in", headers={"accept-language": "fr"})
    assert told.status_code == 200
    assert "La file est longue" in told.text
    assert QUEUE_FOR.total_seconds() / 2 <= int(told.headers["refresh"]) <= QUEUE_FOR.total_seconds()
    assert "set-cookie" not in told.headers


def test_whoever_is_in_waits_for_nobody(crowded: TestClient[Litestar]) -> None:
    with_session(crowded)
    assert crowded.get("/ask").status_code == 503
    assert "refresh" not in crowded.get("/", follow_redirects=False).headers


@pytest.mark.parametrize("path", ["/sign-in", "/assistant"])
def test_what_is_no_page_that_somebody_opens_takes_no_turn(portal: TestClient[Litestar], path: str) -> None:
    for what in ("image", "iframe", "script", "empty"):
        told = portal.get(path, headers={"sec-fetch-dest": what, "sec-fetch-site": "cross-site"})
        assert (told.status_code, "set-cookie" in told.headers) == (403, False), what
    led = portal.get(path, headers={"sec-fetch-dest": "document", "sec-fetch-site": "cross-site"})
    assert led.status_code == 200, "a link on another site leads here"


def test_a_crowd_of_one_network_does_not_keep_another_waiting() -> None:
    """The proxy says whence each comes, last; what a browser says of it itself stands before, and is dropped."""
    settings = PortalSettings(
        url="https://portal.example", api_url="http://127.0.0.1:9", api_public_url="https://api.example",
        operator=HOTLINE, sign_ins=1,
    )  # fmt: skip
    app = create_app(settings, ticks=lambda: 1000.0)

    async def wait(forwarded: str) -> int:
        told = await ask(app, "GET", "/sign-in", {"x-forwarded-for": forwarded}, b"")
        return int(dict(told.headers).get("refresh", "0"))

    async def scene() -> tuple[int, int, int]:
        crowd = [await wait(f"192.0.2.{number}, 203.0.113.{number % 250}") for number in range(200)]
        return max(crowd), await wait("198.51.100.7"), await wait("2001:db8::1")

    longest, hers, another = asyncio.run(scene())
    assert longest > 120
    assert (hers, another) == (4, 6)
