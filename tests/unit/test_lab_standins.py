"""The stand-in providers are as strict as the real ones: codes once and 60 s, tokens 120 s, PKCE, secrets."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from tierce.identity.dpop import digest_of
from tierce.kernel.clock import FixedClock
from tierce.kernel.language import Language
from tierce.lab.standins.leaving import Browsers
from tierce.lab.standins.pages import choose_page, leave_page
from tierce.lab.standins.provider import (
    Client,
    Directory,
    Held,
    Place,
    ProviderError,
    PscEntry,
    Realm,
    RealmName,
)

BACK = "http://127.0.0.1:9/back"
VERIFIER = "v" * 43
GONE = "http://127.0.0.1:9/gone"
CLIENT = Client(RealmName.PSC, "portal", "secret", [BACK], post_logout_redirect_uris=[GONE])
ENTRY = PscEntry("800000000001", "Morvan", "Claire<b>", activities=[Place("990000001", "Tilleuls")], featured=True)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))


@pytest.fixture
def realm(clock: FixedClock) -> Realm:
    return Realm(RealmName.PSC, "http://127.0.0.1:1/psc", Directory(clients=[CLIENT], psc=[ENTRY]), clock)


def request(**changed: str) -> dict[str, str]:
    right = {
        "client_id": "portal",
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "openid scope_all",
        "state": "s",
        "nonce": "n",
        "code_challenge": digest_of(VERIFIER.encode()),
        "code_challenge_method": "S256",
    }
    return right | changed


def code(realm: Realm) -> dict[str, str]:
    granted = realm.grant(realm.begin(request()), ENTRY.national_id)
    return {
        "grant_type": "authorization_code",
        "code": granted["code"],
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
    }


@pytest.mark.parametrize(
    ("changed", "redirect"),
    [
        ({"client_id": "other"}, False),
        ({"redirect_uri": "http://evil.example/"}, False),
        ({"response_type": "token"}, True),
        ({"scope": "profile"}, True),
        ({"state": ""}, True),
        ({"nonce": ""}, True),
        ({"code_challenge_method": "plain"}, True),
        ({"code_challenge": "short"}, True),
    ],
)
def test_a_wrong_request_opens_no_page(realm: Realm, changed: dict[str, str], redirect: bool) -> None:
    with pytest.raises(ProviderError) as refused:
        realm.begin(request(**changed))
    assert refused.value.redirect is redirect, "an address that is not proved is never told anything"


def test_a_code_serves_once_and_its_second_use_revokes_its_tokens(realm: Realm) -> None:
    form = code(realm)
    tokens = realm.exchange(CLIENT, form)
    assert realm.userinfo(tokens["access_token"])["SubjectNameID"] == ENTRY.national_id
    with pytest.raises(ProviderError, match="used already"):
        realm.exchange(CLIENT, form)
    with pytest.raises(ProviderError, match="access token"):
        realm.userinfo(tokens["access_token"])


def test_lifetimes(realm: Realm, clock: FixedClock) -> None:
    late = code(realm)
    clock.advance(timedelta(seconds=60))
    with pytest.raises(ProviderError, match="expired code"):
        realm.exchange(CLIENT, late)
    tokens = realm.exchange(CLIENT, code(realm))
    assert (tokens["expires_in"], tokens["refresh_expires_in"]) == (120, 1800)
    clock.advance(timedelta(seconds=120))
    with pytest.raises(ProviderError, match="access token"):
        realm.userinfo(tokens["access_token"])
    again = realm.exchange(CLIENT, {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
    realm.userinfo(again["access_token"])
    clock.advance(timedelta(seconds=1800))
    with pytest.raises(ProviderError, match="refresh token"):
        realm.exchange(CLIENT, {"grant_type": "refresh_token", "refresh_token": again["refresh_token"]})


@pytest.mark.parametrize("changed", [{"code_verifier": "x" * 43}, {"redirect_uri": "http://evil.example/"}])
def test_a_code_needs_its_verifier_and_its_address(realm: Realm, changed: dict[str, str]) -> None:
    with pytest.raises(ProviderError):
        realm.exchange(CLIENT, code(realm) | changed)


def test_a_client_needs_its_secret(realm: Realm) -> None:
    for pair in (("portal", "wrong"), ("other", "secret"), ("portal", "")):
        with pytest.raises(ProviderError, match="wrong secret"):
            realm.authenticate(*pair)


def test_a_push_lets_through_whoever_opened_the_page(realm: Realm) -> None:
    thiefs_page = realm.begin(request())
    realm.push(thiefs_page, ENTRY.national_id)
    assert not realm.open_transaction(thiefs_page).approved
    assert realm.approve(ENTRY.national_id) == 1
    assert realm.open_transaction(thiefs_page).approved
    assert realm.approve(ENTRY.national_id) == 0


def test_userinfo_has_the_traps_of_the_real_one(realm: Realm) -> None:
    said = realm.userinfo(realm.exchange(CLIENT, code(realm))["access_token"])
    exercises = said["SubjectRefPro"]["exercices"]
    assert exercises[0] == exercises[1], "the same exercise comes twice"
    assert exercises[0]["codeSavoirFaire"] == "", "absent values are empty strings"
    assert said["email_verified"] is False
    assert said["sub"].startswith("f:")
    assert said["sub"].endswith(f":{ENTRY.national_id}")


def test_the_page_is_in_her_language_marked_and_escaped(realm: Realm) -> None:
    name = realm.begin(request())
    page = choose_page(RealmName.PSC, name, realm.open_transaction(name), [ENTRY])
    assert '<html lang="fr">' in page
    assert "Simulateur" in page
    assert "<b>" not in page
    assert "Claire&lt;b&gt; Morvan" in page
    told = choose_page(RealmName.PSC, name, realm.open_transaction(name), [ENTRY], ENTRY, language=Language.EN)
    assert '<html lang="en">' in told
    assert "Continue as Claire" in told
    assert re.search("[àçéèêîôù]", re.sub("<style>.*?</style>|<small>.*?</small>", "", told)) is None


def browsers(realm: Realm) -> tuple[Browsers, dict[str, str], str]:
    """A browser that has just signed in: its realm's table, its cookies, its ID token."""
    found: Browsers = Browsers(realm, Held())
    token = realm.exchange(CLIENT, code(realm))["id_token"]
    return found, {found.cookie: found.held.put(ENTRY.national_id)}, token


def test_a_browser_that_leaves_with_its_hint_is_forgotten_and_others_are_not(realm: Realm) -> None:
    found, cookies, token = browsers(realm)
    other = realm.exchange(CLIENT, code(realm))["access_token"]
    elsewhere = {found.cookie: found.held.put(ENTRY.national_id)}
    asked = found.read({"id_token_hint": token, "client_id": "portal", "post_logout_redirect_uri": GONE})
    assert not found.must_ask(asked, found.known(cookies))
    found.leave(asked, cookies)
    assert (found.known(cookies), found.known(elsewhere)) == ("", ENTRY.national_id)
    assert realm.userinfo(other)["SubjectNameID"] == ENTRY.national_id


def test_whoever_brings_no_hint_of_ours_is_asked_first(realm: Realm) -> None:
    found, cookies, token = browsers(realm)
    assert found.must_ask(found.read({"client_id": "portal"}), found.known(cookies))
    assert found.must_ask(found.read({"id_token_hint": token}), "800000000002"), "another sits there now"
    page = leave_page(ENTRY, {"state": '"><b>'}, Language.FR)
    assert "Claire&lt;b&gt;" in page
    assert '"><b>' not in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"id_token_hint": "a.b.c"},
        {"client_id": "other"},
        {"post_logout_redirect_uri": "http://evil.example/"},
        {"post_logout_redirect_uri": BACK},
    ],
)
def test_a_browser_is_led_back_nowhere_that_its_client_did_not_register(realm: Realm, wrong: dict[str, str]) -> None:
    found, _cookies, token = browsers(realm)
    right = {"id_token_hint": token, "client_id": "portal", "post_logout_redirect_uri": GONE}
    assert found.read(right).back == GONE
    with pytest.raises(ProviderError):
        found.read(right | wrong)
