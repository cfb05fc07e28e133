"""`POST /v1/token`: vendor software exchanges its user's sign-in for a session (RFC 8693), bound to a key (RFC 9449).

Answers and errors have the shapes of OAuth 2.0 (RFC 6749 §5), beside which stand the reason and the remedy in both
languages as everywhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Response, post

from tierce.identity.errors import (
    ClientRefusedError,
    IdentityError,
    ProofRefusedError,
    SignInReason,
    SignInRefusedError,
)
from tierce.identity.exchange import ActivityWantedError, Exchange, VendorDoor
from tierce.kernel.clock import Clock
from tierce.kernel.ids import ActivityId
from tierce.kernel.language import Phrase
from tierce.policy.acts import Act
from tierce.web.api.openapi_schemas import WORDS, problem, ref
from tierce.web.api.signin import AnyRequest, activity_answer, client_address, received
from tierce.web.signin_words import code_of, told

TOKEN_PATH = "/v1/token"  # noqa: S105 - an address
VENDOR_KEY = "vendor"
GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a name of RFC 8693
SUBJECT_TYPES = frozenset({ACCESS_TOKEN, "urn:ietf:params:oauth:token-type:jwt"})
TOKEN_CHARS_MAX = 8_192
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_PARAMETERS = frozenset(
    {
        "grant_type", "client_id", "client_assertion_type", "client_assertion", "subject_token", "subject_token_type",
        "activity",
    }
)  # fmt: skip
_FORM = Phrase(
    "Envoyez un formulaire avec grant_type, client_id, client_assertion_type, client_assertion, subject_token et "
    "subject_token_type, et au besoin activity.",
    "Send a form with grant_type, client_id, client_assertion_type, client_assertion, subject_token and "
    "subject_token_type, and activity if needed.",
)


@dataclass(frozen=True, slots=True)
class VendorWiring:
    """What the route needs; the process puts it in its state under VENDOR_KEY."""

    door: VendorDoor
    clock: Clock
    url: str
    proxies: frozenset[str]


class _FormError(Exception):
    """The form is not one of an exchange."""

    def __init__(self, error: str, reason: Phrase, field: str) -> None:
        super().__init__(error)
        self.error, self.reason, self.field = error, reason, field


@post(TOKEN_PATH, status_code=200, include_in_schema=False, opt={"act": Act.SESSION_OPEN})
async def token(request: AnyRequest) -> Response[bytes]:
    """Exchange the access token of the professionals' provider for a session bound to the key of the proof."""
    wiring: VendorWiring = request.app.state[VENDOR_KEY]
    try:
        given = _read(await _form(request))
        exchanged = await wiring.door.exchange(
            given, await received(request, wiring.url), client_address(request, wiring.proxies)
        )
    except _FormError as error:
        return _refusal(400, error.error, "form", error.reason, _FORM, {"field": error.field})
    except IdentityError as error:
        return _refused(error)
    activity = exchanged.state.activity
    assert activity is not None, "the session was just bound"
    seconds = int((exchanged.opened.expires - wiring.clock.now()).total_seconds())
    return _answer(
        200,
        {
            "access_token": exchanged.opened.handle,
            "issued_token_type": ACCESS_TOKEN,
            "token_type": "DPoP",
            "expires_in": seconds,
            "activity": activity_answer(activity),
        },
    )


async def _form(request: AnyRequest) -> Mapping[str, str]:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        reason = Phrase("la demande n’est pas un formulaire", "the request is not a form")
        raise _FormError("invalid_request", reason, "Content-Type")
    found = list((await request.form()).multi_items())
    form = {name: value for name, value in found if isinstance(value, str)}
    if len(form) != len(found):
        reason = Phrase("un paramètre est donné deux fois", "a parameter is given twice")
        names = [name for name, _ in found]
        twice = next(
            (name for place, name in enumerate(names) if name in names[:place] and name in _PARAMETERS), "body"
        )
        raise _FormError("invalid_request", reason, twice)
    return form


def _read(form: Mapping[str, str]) -> Exchange:
    if form.get("grant_type") != GRANT:
        reason = Phrase("ce type de demande n’est pas servi ici", "this grant type is not served here")
        raise _FormError("unsupported_grant_type", reason, "grant_type")
    wanted = {"client_assertion_type": {ASSERTION}, "subject_token_type": SUBJECT_TYPES}
    needed = ("client_id", "client_assertion", "subject_token")
    wrong = [name for name in needed if not _is_word(form.get(name, ""))]
    wrong += [name for name, values in wanted.items() if form.get(name) not in values]
    activity = form.get("activity", "")
    if activity and not (activity.isascii() and activity.isdigit() and len(activity) < 10):
        wrong.append("activity")
    if wrong:
        listed = ", ".join(wrong)
        reason = Phrase(f"à revoir : {listed}", f"to be looked at: {listed}")
        raise _FormError("invalid_request", reason, wrong[0])
    return Exchange(
        client_id=form["client_id"],
        assertion=form["client_assertion"],
        subject_token=form["subject_token"],
        activity=ActivityId(int(activity)) if activity else None,
    )


def _is_word(text: str) -> bool:
    """Whether it may be a name or a token: what the database or a header cannot hold is neither."""
    return 0 < len(text) <= TOKEN_CHARS_MAX and text.isascii() and text.isprintable()


def _refused(error: IdentityError) -> Response[bytes]:
    reason, remedy = told(error)
    status, name, more = 400, "invalid_request", dict[str, Any]()
    if isinstance(error, ClientRefusedError):
        status, name = 401, "invalid_client"
        more = {} if error.claim is None else {"field": error.claim}
    elif isinstance(error, ProofRefusedError):
        name = "invalid_dpop_proof"
    elif isinstance(error, SignInRefusedError) and error.reason is SignInReason.PROVIDER_DOWN:
        status, name = 503, "temporarily_unavailable"
    elif isinstance(error, ActivityWantedError):
        more = {"activities": [activity_answer(one) for one in error.offered]}
    return _refusal(status, name, code_of(error), reason, remedy, more)


def _refusal(
    status: int, error: str, code: str, reason: Phrase, remedy: Phrase, more: Mapping[str, Any] | None = None
) -> Response[bytes]:
    body = {
        "error": error,
        "error_description": reason.en,
        "code": code,
        "reason": {"fr": reason.fr, "en": reason.en},
        "remedy": {"fr": remedy.fr, "en": remedy.en},
    }
    return _answer(status, body | dict(more or {}))


def _answer(status: int, body: Mapping[str, Any]) -> Response[bytes]:
    return Response(msgspec.json.encode(body), status_code=status, media_type="application/json", headers=_NO_STORE)


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


_ACTIVITY = ref("ActivityAnswer")
_ERROR = {
    "type": "object",
    "description": "RFC 6749 §5.2, with our code, reason and remedy.",
    "required": ["error", "error_description", "code", "reason", "remedy"],
    "properties": {
        "error": _text("`invalid_request`, `invalid_client`, `unsupported_grant_type`, `invalid_dpop_proof` or "
                       "`temporarily_unavailable`."),
        "error_description": _text("The reason, in English."),
        "code": _text("Ours, stable: `client_…`, `proof_…`, `sign_in_…`, `activity_wanted` or `form`."),
        "reason": WORDS,
        "remedy": WORDS,
        "field": _text("The parameter or header at fault, the first of several; or the claim of the assertion, when "
                       "a registered key signed it."),
        "activities": {
            "type": "array",
            "items": _ACTIVITY,
            "description": "The professional's own activities, when one must be chosen.",
        },
    },
}  # fmt: skip
_BODY = {
    "type": "object",
    "required": [
        "grant_type", "client_id", "client_assertion_type", "client_assertion", "subject_token", "subject_token_type",
    ],
    "properties": {
        "grant_type": {"type": "string", "enum": [GRANT]},
        "client_id": _text("The name under which the operator registered the software."),
        "client_assertion_type": {"type": "string", "enum": [ASSERTION]},
        "client_assertion": _text("A JWT signed by a registered key: iss, sub, aud (this address), iat, exp, jti."),
        "subject_token": _text("The access token that the professionals' provider gave the user of the software."),
        "subject_token_type": {"type": "string", "enum": sorted(SUBJECT_TYPES)},
        "activity": _text("The activity chosen, when the professional has several."),
    },
}  # fmt: skip
_TOKEN = {
    "type": "object",
    "required": ["access_token", "issued_token_type", "token_type", "expires_in", "activity"],
    "properties": {
        "access_token": _text("The handle, for `Authorization: DPoP <handle>`."),
        "issued_token_type": _text(f"`{ACCESS_TOKEN}`."),
        "token_type": _text("`DPoP`."),
        "expires_in": {"type": "integer", "description": "Seconds unused; each use renews them."},
        "activity": _ACTIVITY,
    },
}
SCHEMAS: dict[str, dict[str, Any]] = {"TokenForm": _BODY, "TokenAnswer": _TOKEN, "TokenError": _ERROR}
"""The named parts of the route's description."""


def _refusal_of(why: str) -> dict[str, Any]:
    return {"description": why, "content": {"application/json": {"schema": ref("TokenError")}}}


def _away() -> dict[str, Any]:
    found = problem("The professionals' provider is out of reach; or, as a problem document, the store is.", 503)
    found["content"] |= _refusal_of("")["content"]
    return found


DESCRIPTION: dict[str, Any] = {
    "post": {
        "operationId": "exchangeToken",
        "summary": "Exchange a professional's sign-in for a session bound to the machine's key (RFC 8693).",
        "tags": ["vendor"],
        "security": [],
        "parameters": [
            {"name": "DPoP", "in": "header", "required": True, "schema": {"type": "string"},
             "description": "Proof by the key that the session is bound to (RFC 9449), with `bd`, without `ath`."},
        ],
        "requestBody": {
            "required": True,
            "content": {"application/x-www-form-urlencoded": {"schema": ref("TokenForm")}},
        },
        "responses": {
            "200": {
                "description": "The session, whose handle is told this once.",
                "content": {"application/json": {"schema": ref("TokenAnswer")}},
            },
            "400": _refusal_of("The form, the user's token, the activity or the proof does not fit."),
            "401": _refusal_of("The software did not prove who it is."),
            "413": problem("More than sixteen kilobytes.", 413),
            "429": problem("Too many at once: the proxy in front let nothing through.", 429),
            "503": _away(),
        },
    }
}  # fmt: skip
"""What the API's description says of the route: the framework cannot read it from a form."""
