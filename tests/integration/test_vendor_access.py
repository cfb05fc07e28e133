"""Vendor software exchanges its user's sign-in for a session of hers, bound to a key; and asks as she would."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.integration.conftest import Connect
from tests.integration.signin_world import API, FERRAND, UNLISTED, Desk, desk, fill_directory, providers
from tests.integration.vendor_play import Software
from tierce.identity.exchange import ClientKeysError
from tierce.identity.software.service import Registration, SoftwareError, SoftwareRegister
from tierce.journal.encoding import decode
from tierce.journal.model import EntryKind
from tierce.journal.service import Appender
from tierce.kernel.clock import SystemClock
from tierce.kernel.ids import SoftwareId, VendorId
from tierce.lab.standins.browser_key import BrowserKey
from tierce.policy.acts import Act, Site
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

Play = Callable[[Callable[[Desk], Awaitable[Any]]], None]


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with providers(tmp_path_factory.mktemp("standins")) as found:
        yield found


@pytest.fixture
def register(connect: Connect, keyring: Keyring) -> SoftwareRegister:
    connection = connect("tierce_feed")
    appender = Appender.enrol(connection, "feed", keyring.instance("feed"))
    connection.commit()
    return SoftwareRegister(connection, appender, SystemClock(), bytes(16))


def registration(software: Software) -> Registration:
    return Registration(
        software.client_id, SoftwareId(12), VendorId(4), "LGO Merle", keys=software.jwks, azp=["merle-psc"]
    )


@pytest.fixture
def merle(database: Database, register: SoftwareRegister) -> Software:
    """Registered software."""
    fill_directory(database)
    software = Software()
    register.add(registration(software))
    return software


@pytest.fixture
def scene(database: Database, keyring: Keyring, origin: str) -> Play:
    """Play on a directory that `merle` has filled already."""

    def run(played: Callable[[Desk], Awaitable[Any]]) -> None:
        async def whole() -> None:
            async with desk(database, keyring, origin) as found:
                await played(found)

        asyncio.run(whole())

    return run


def test_a_session_is_the_users_own_and_bound_to_the_key_of_the_proof(
    scene: Play, merle: Software, connect: Connect
) -> None:
    async def played(found: Desk) -> None:
        key = BrowserKey()
        refused = await merle.exchange(found, key=key)
        assert refused.json()["code"] == "activity_wanted"
        offered = refused.json()["activities"]
        assert len(offered) == 2
        told = await merle.exchange(found, key=key, activity=str(offered[1]["id"]))
        assert told.status_code == 200, told.text
        body = told.json()
        assert (body["token_type"], body["activity"]["profession"]) == ("DPoP", "HOSPITAL")
        assert 0 < body["expires_in"] <= 30 * 60
        state = await found.sessions.read(body["access_token"])
        assert (state.site, state.software, state.vendor, state.level) == (Site.API, 12, 4, 3)
        assert state.thumbprint == key.thumbprint

    scene(played)
    rows = connect(SUPERUSER).execute("select body from journal.entry where kind = 14 order by seq").fetchall()
    acts = [(entry.act, int(entry.software)) for entry in (decode(row[0]) for row in rows)]
    assert (Act.SESSION_OPEN, 12) in acts
    assert acts.count((Act.DEVICE_ENROL, 12)) == 1


@pytest.mark.parametrize(
    ("over", "status", "code"),
    [
        ({"aud": "https://elsewhere.example/v1/token"}, 401, "client_assertion"),
        ({"iss": "somebody-else"}, 401, "client_assertion"),
        ({"sub": "somebody-else"}, 401, "client_assertion"),
        ({"exp": 1}, 401, "client_expired"),
        ({"exp": 4_000_000_000}, 401, "client_expired"),
        ({"exp": None}, 401, "client_assertion"),
        ({"exp": 10**400}, 401, "client_assertion"),
        ({"iat": 10**400}, 401, "client_assertion"),
        ({"jti": "short"}, 401, "client_assertion"),
    ],
)
def test_an_assertion_that_does_not_fit_opens_nothing(
    scene: Play, merle: Software, over: dict[str, object], status: int, code: str
) -> None:
    async def played(found: Desk) -> None:
        assertion = merle.assertion(found.clock.now().timestamp(), **over)
        told = await merle.exchange(found, key=BrowserKey(), client_assertion=assertion)
        assert (told.status_code, told.json()["error"], told.json()["code"]) == (status, "invalid_client", code)

    scene(played)


def test_an_assertion_serves_once_and_another_key_is_not_the_software(scene: Play, merle: Software) -> None:
    async def played(found: Desk) -> None:
        at = found.clock.now().timestamp()
        assertion = merle.assertion(at)
        first = await merle.exchange(found, key=BrowserKey(), client_assertion=assertion)
        assert first.json()["code"] == "activity_wanted"
        again = await merle.exchange(found, key=BrowserKey(), client_assertion=assertion)
        assert again.json()["code"] == "client_replayed"
        forged = Software(key=ECKey.generate_key("P-256", {"kid": "merle-1"})).assertion(at)
        told = await merle.exchange(found, key=BrowserKey(), client_assertion=forged)
        assert (told.status_code, told.json()["code"]) == (401, "client_assertion")
        stranger = await Software("nobody-here").exchange(found, key=BrowserKey())
        assert (stranger.status_code, stranger.json()["code"]) == (401, "client_unknown")

    scene(played)


@pytest.mark.parametrize("named", [True, False])
def test_while_keys_are_changed_over_either_signs_whether_it_is_named_or_not(
    scene: Play, merle: Software, register: SoftwareRegister, named: bool
) -> None:
    def draw(kid: str) -> ECKey:
        return ECKey.generate_key("P-256", {"kid": kid} if named else None)

    old, new, stranger = draw("old"), draw("new"), draw("old")
    keys = {"keys": [key.as_dict(private=False) for key in (old, new)]}
    register.add(replace(registration(merle), keys=keys))

    async def played(found: Desk) -> None:
        at = int(found.clock.now().timestamp())
        for key, status in ((old, 400), (new, 400), (stranger, 401)):
            for kid in (None, "old", "another"):
                claims = {
                    "iss": merle.client_id, "sub": merle.client_id, "aud": API + "/v1/token", "iat": at,
                    "exp": at + 60, "jti": secrets.token_urlsafe(16),
                }  # fmt: skip
                assertion = jwt.encode({"alg": "ES256", **({"kid": kid} if kid else {})}, claims, key)
                told = await merle.exchange(found, key=BrowserKey(), client_assertion=assertion)
                assert told.status_code == status, told.text
                assert told.json()["code"] == ("activity_wanted" if status == 400 else "client_assertion")

    scene(played)


def test_a_token_given_to_another_service_or_too_old_is_refused(scene: Play, merle: Software) -> None:
    async def played(found: Desk) -> None:
        stolen = await merle.exchange(found, key=BrowserKey(), client="other-psc")
        assert (stolen.status_code, stolen.json()["code"]) == (400, "sign_in_token_refused")
        invented = await merle.exchange(found, key=BrowserKey(), subject_token="a" * 43)
        assert invented.json()["code"] == "sign_in_token_expired"

    scene(played)


def test_who_is_not_in_the_directory_or_signed_in_too_weakly_gets_no_session(scene: Play, merle: Software) -> None:
    async def played(found: Desk) -> None:
        unlisted = await merle.exchange(found, key=BrowserKey(), subject=UNLISTED)
        assert unlisted.json()["code"] == "sign_in_not_in_directory"
        weak = await merle.exchange(found, key=BrowserKey(), subject=FERRAND)
        assert weak.json()["code"] == "sign_in_level_too_low"

    scene(played)


def test_without_the_proof_of_a_key_there_is_no_session(scene: Play, merle: Software, connect: Connect) -> None:
    async def played(found: Desk) -> None:
        told = await merle.exchange(found)
        assert (told.status_code, told.json()["error"], told.json()["code"]) == (
            400, "invalid_dpop_proof", "proof_missing",
        )  # fmt: skip

    scene(played)
    assert connect(SUPERUSER).execute("select count(*) from access.session").fetchone() == (0,)


@pytest.mark.parametrize(
    ("over", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "unsupported_grant_type"),
        ({"client_id": ""}, "invalid_request"),
        ({"client_id": "a\x00b"}, "invalid_request"),
        ({"client_assertion_type": "urn:something"}, "invalid_request"),
        ({"subject_token_type": "urn:something"}, "invalid_request"),
        ({"activity": "mine"}, "invalid_request"),
    ],
)
def test_a_form_that_is_none_says_what_to_send(
    scene: Play, merle: Software, over: dict[str, str], error: str
) -> None:
    async def played(found: Desk) -> None:
        told = await merle.exchange(found, key=BrowserKey(), **over)
        assert (told.status_code, told.json()["error"], told.json()["code"]) == (400, error, "form")
        assert [told.json()["field"]] == list(over)
        assert "grant_type" in told.json()["remedy"]["fr"]
        other = await found.api.post("/v1/token", json={"grant_type": "x"})
        assert (other.status_code, other.json()["error"], other.json()["field"]) == (
            400,
            "invalid_request",
            "Content-Type",
        )
        twice = await found.api.post(
            "/v1/token",
            content=b"grant_type=a&grant_type=b",
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
        assert (twice.status_code, twice.json()["field"]) == (400, "grant_type")

    scene(played)


def test_ended_software_exchanges_nothing_more(scene: Play, merle: Software, register: SoftwareRegister) -> None:
    register.end(merle.client_id)

    async def played(found: Desk) -> None:
        told = await merle.exchange(found, key=BrowserKey())
        assert (told.status_code, told.json()["code"]) == (401, "client_unknown")

    scene(played)
    with pytest.raises(SoftwareError):
        register.end(merle.client_id)


def test_what_cannot_be_registered_is_refused_whole(register: SoftwareRegister, connect: Connect) -> None:
    software = Software()
    right = registration(software)
    private = {"keys": [software.key.as_dict(private=True)]}
    wrong: list[tuple[Registration, type[Exception]]] = [
        (replace(right, client_id="No Spaces"), SoftwareError),
        (replace(right, azp=[]), SoftwareError),
        (replace(right, name=""), SoftwareError),
        (replace(right, keys=private), ClientKeysError),
        (replace(right, keys={"keys": []}), ClientKeysError),
        (replace(right, keys={"keys": [{"kty": "EC"}]}), ClientKeysError),
        (replace(right, keys=None), ClientKeysError),
    ]
    for given, error in wrong:
        with pytest.raises(error, match=" / "):  # in both languages
            register.add(given)
    admin = connect(SUPERUSER)
    assert admin.execute("select count(*) from access.client").fetchone() == (0,)
    register.add(right)
    with pytest.raises(SoftwareError, match=" / "):
        register.add(replace(right, software=SoftwareId(13)))
    assert [one.software for one in register.every()] == [12]
    kinds = admin.execute("select kind from journal.entry").fetchall()
    assert kinds == [(EntryKind.KEY_OR_POLICY_CHANGE,)]
