"""Stand-in identity providers over HTTP, one realm for each kind of people who sign in (`RealmName`).

Faithful where it hurts: the professionals' discovery document has its own name, its sign-in page is on another
host than the issuer, access tokens live two minutes, the national identifier is in UserInfo, an exercise comes
twice, and a push can be relayed: whoever opened the page goes on once the phone is answered.
"""

import os
from base64 import b64decode
from binascii import Error as Base64Error
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus, urlencode

import httpx
from litestar import Litestar, MediaType, Request, Response, get, post
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from tierce.kernel.clock import SystemClock
from tierce.kernel.loopback import NO_TLS
from tierce.lab.standins.leaving import SECONDS, Browsers
from tierce.lab.standins.pages import (
    SECURITY_HEADERS,
    choose_page,
    error_page,
    leave_page,
    left_page,
    waiting_page,
)
from tierce.lab.standins.provider import (
    Directory,
    Held,
    ProviderError,
    Realm,
    RealmName,
    Transaction,
    load_directory,
)
from tierce.web.visit import language_of

PORT_VARIABLE = "TIERCE_STANDINS_PORT"
DIRECTORY_VARIABLE = "TIERCE_STANDINS_DIRECTORY"
DISCOVERY = {
    RealmName.PSC: "wallet-openid-configuration",
    RealmName.STAFF: "openid-configuration",
    RealmName.PERSONS: "openid-configuration",
    RealmName.INSURERS: "openid-configuration",
}
AnyRequest = Request[Any, Any, State]


def _realm(request: AnyRequest, name: RealmName) -> Realm:
    found: Realm = request.app.state.realms[name]
    return found


def _browsers(request: AnyRequest, name: RealmName) -> Browsers:
    found: Browsers = request.app.state.browsers[name]
    return found


def _html(text: str, status: int = 200) -> Response[str]:
    return Response(text, status_code=status, media_type=MediaType.HTML, headers=SECURITY_HEADERS)


def _back(address: str, params: dict[str, str]) -> Redirect:
    glue = "&" if "?" in address else "?"
    return Redirect(f"{address}{glue}{urlencode(params)}", status_code=303, headers=SECURITY_HEADERS)


@get("/{name:str}/.well-known/{document:str}")
async def discovery(
    request: AnyRequest, name: FromPath[RealmName], document: FromPath[str]
) -> Response[dict[str, Any]]:
    """The discovery document, under this realm's own name only."""
    if document != DISCOVERY[name]:
        raise HTTPException(status_code=404, detail="no such document")
    realm = _realm(request, name)
    sign_in: str = request.app.state.sign_in_origin
    return Response(
        {
            "issuer": realm.issuer,
            "authorization_endpoint": f"{sign_in}/{name}/auth",
            "end_session_endpoint": f"{sign_in}/{name}/logout",
            "token_endpoint": f"{realm.issuer}/token",
            "userinfo_endpoint": f"{realm.issuer}/userinfo",
            "introspection_endpoint": f"{realm.issuer}/token/introspect",
            "jwks_uri": f"{realm.issuer}/certs",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [realm.algorithm],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["openid", "scope_all"],
            "authorization_response_iss_parameter_supported": True,
            "backchannel_logout_supported": True,
            "backchannel_logout_session_supported": True,
        }
    )


@get("/{name:str}/certs")
async def certs(request: AnyRequest, name: FromPath[RealmName]) -> dict[str, Any]:
    """The public keys of the realm."""
    return {"keys": [_realm(request, name).key.as_dict(private=False)]}


@get("/{name:str}/auth")
async def sign_in_page(request: AnyRequest, name: FromPath[RealmName]) -> Response[Any]:
    """The sign-in page."""
    realm = _realm(request, name)
    query = {key: str(value) for key, value in request.query_params.items()}
    try:
        transaction = realm.begin(query)
    except ProviderError as error:
        if not error.redirect:
            return _html(error_page(error.description, language_of(request)), 400)
        told = {"error": error.error, "error_description": error.description, "iss": realm.issuer}
        return _back(query["redirect_uri"], told | {"state": query.get("state", "")})
    found = realm.open_transaction(transaction)
    known = realm.entries.get(_browsers(request, name).known(request.cookies))
    return _html(
        choose_page(name, transaction, found, list(realm.entries.values()), known, language=language_of(request))
    )


async def _form(request: AnyRequest) -> dict[str, str]:
    return {key: str(value) for key, value in (await request.form()).items()}


def _finish(request: AnyRequest, name: str, transaction: Transaction, subject: str) -> Redirect:
    browsers = _browsers(request, transaction.client.realm)
    response = _back(transaction.redirect_uri, browsers.realm.grant(name, subject))
    path, value = f"/{browsers.realm.name}", browsers.held.put(subject)
    response.set_cookie(browsers.cookie, value, path=path, httponly=True, samesite="lax", max_age=SECONDS)
    return response


@post("/{name:str}/choose")
async def choose(request: AnyRequest, name: FromPath[RealmName]) -> Response[Any]:
    """One click: sign in as an invented identity."""
    form, realm = await _form(request), _realm(request, name)
    transaction = form.get("transaction", "")
    return _finish(request, transaction, realm.open_transaction(transaction), form.get("subject", "").strip())


@post("/psc/push")
async def push(request: AnyRequest) -> Response[Any]:
    """Ring the phone of a professional for this page."""
    form = await _form(request)
    transaction = form.get("transaction", "")
    _realm(request, RealmName.PSC).push(transaction, form.get("subject", "").strip())
    return _html(waiting_page(transaction, language_of(request)))


@post("/psc/approve", status_code=200)
async def approve(request: AnyRequest) -> dict[str, int]:
    """The professional accepts on her phone whatever rings; she cannot see whose browser it lets in."""
    form = await _form(request)
    return {"approved": _realm(request, RealmName.PSC).approve(form.get("subject", "").strip())}


@get("/psc/continue")
async def go_on(request: AnyRequest, transaction: FromQuery[str]) -> Response[Any]:
    """The page that waits for the phone goes on once it is answered."""
    realm = _realm(request, RealmName.PSC)
    found = realm.open_transaction(transaction)
    if not found.approved or found.pushed_to is None:
        return _html(waiting_page(transaction, language_of(request)))
    return _finish(request, transaction, found, found.pushed_to)


@post("/{name:str}/end", status_code=200)
async def end(request: AnyRequest, name: FromPath[RealmName]) -> dict[str, list[int]]:
    """End an identity's sessions and tell each client, as a real provider does when somebody signs out elsewhere."""
    return {"told": await _tell(_realm(request, name).end((await _form(request)).get("subject", "")))}


async def _tell(tokens: list[tuple[str, str]]) -> list[int]:
    """Take each logout token where its client wants it; what each answered, 0 for one that is away."""
    told = []
    async with httpx.AsyncClient(verify=NO_TLS, timeout=5) as web:
        for address, logout_token in tokens:
            try:
                told.append((await web.post(address, data={"logout_token": logout_token})).status_code)
            except httpx.TransportError:
                told.append(0)
    return told


async def _leave(request: AnyRequest, name: RealmName, query: dict[str, str], *, sure: bool) -> Response[Any]:
    browsers = _browsers(request, name)
    asked, known = browsers.read(query), browsers.known(request.cookies)
    if browsers.must_ask(asked, known) and not sure:
        return _html(leave_page(browsers.realm.entries.get(known), query, language_of(request)))
    await _tell(browsers.leave(asked, request.cookies))
    response: Response[Any] = _html(left_page(language_of(request)))
    if asked.back:
        response = _back(asked.back, {"state": asked.state} if asked.state else {})
    response.delete_cookie(browsers.cookie, path=f"/{name}")
    return response


@get("/{name:str}/logout")
async def leave(request: AnyRequest, name: FromPath[RealmName]) -> Response[Any]:
    """Where a client leads the browser of somebody who signs out (RP-Initiated Logout)."""
    query = {key: str(value) for key, value in request.query_params.items()}
    return await _leave(request, name, query, sure=False)


@post("/{name:str}/logout", status_code=200)
async def leave_sure(request: AnyRequest, name: FromPath[RealmName]) -> Response[Any]:
    """The same by a form: the page's own, when the person is sure."""
    form = await _form(request)
    return await _leave(request, name, form, sure=form.pop("sure", "") == "yes")


def _basic(request: AnyRequest) -> tuple[str, str]:
    """Client credentials as RFC 6749 §2.3.1 writes them."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, secret = b64decode(value, validate=True).decode().partition(":")
    except (Base64Error, UnicodeDecodeError):
        user = secret = ""
    if scheme.lower() != "basic" or not user:
        raise ProviderError("invalid_client", "client_secret_basic is required")
    return unquote_plus(user), unquote_plus(secret)


@post("/{name:str}/token", status_code=200)
async def token(request: AnyRequest, name: FromPath[RealmName]) -> Response[dict[str, Any]]:
    """The token endpoint."""
    realm = _realm(request, name)
    client = realm.authenticate(*_basic(request))
    return Response(realm.exchange(client, await _form(request)), headers={"Cache-Control": "no-store"})


@post("/{name:str}/token/introspect", status_code=200)
async def introspect(request: AnyRequest, name: FromPath[RealmName]) -> Response[dict[str, Any]]:
    """The introspection endpoint."""
    realm = _realm(request, name)
    realm.authenticate(*_basic(request))
    answer = realm.introspect((await _form(request)).get("token", ""))
    return Response(answer, headers={"Cache-Control": "no-store"})


@get("/{name:str}/userinfo")
async def userinfo(request: AnyRequest, name: FromPath[RealmName]) -> dict[str, Any]:
    """The UserInfo endpoint."""
    return _realm(request, name).userinfo(request.headers.get("authorization", "").removeprefix("Bearer "))


def _refuse(request: AnyRequest, error: ProviderError) -> Response[Any]:
    if request.url.path.endswith(("/token", "/introspect", "/userinfo")):
        status = 401 if error.error in {"invalid_client", "invalid_token"} else 400
        answer = {"error": error.error, "error_description": error.description}
        return Response(answer, status_code=status, headers={"Cache-Control": "no-store"})
    return _html(error_page(error.description, language_of(request)), 400)


def make_app(directory: Directory, *, port: int) -> Litestar:
    """Make the application; issuers are on 127.0.0.1 and the sign-in pages on `localhost`, another host."""
    clock = SystemClock()
    issuer = f"http://127.0.0.1:{port}"
    realms = {name: Realm(name, f"{issuer}/{name}", directory, clock) for name in RealmName}
    return Litestar(
        [
            discovery,
            certs,
            sign_in_page,
            choose,
            push,
            approve,
            go_on,
            token,
            introspect,
            userinfo,
            end,
            leave,
            leave_sure,
        ],
        state=State(
            {
                "realms": realms,
                "browsers": {name: Browsers(realm, Held()) for name, realm in realms.items()},
                "sign_in_origin": f"http://localhost:{port}",
            }
        ),
        exception_handlers={ProviderError: _refuse},
        openapi_config=None,
        logging_config=None,
    )


def from_environment() -> Litestar:
    """Make the application of the server process, from the two variables that the command sets."""
    directory = load_directory(Path(os.environ[DIRECTORY_VARIABLE]).read_bytes())
    return make_app(directory, port=int(os.environ[PORT_VARIABLE]))
