"""A professional's assistants: named, listed, ended; and how one of them makes a passkey and signs in with it.

Naming, another code and an end take the proof by the session's key. Making a passkey and signing in need no session,
and what they answer is for the site's own cookie and browser. What an assistant's session may do is
policy/assistants.py's to say, and web/api/guard.py's to hold.
"""

from datetime import date
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from tierce.identity.assistants.errors import AssistantReason, AssistantRefusedError
from tierce.identity.assistants.model import Code, Credential
from tierce.identity.assistants.passkeys import Site as PasskeySite
from tierce.identity.assistants.service import AssistantDoor, Assistants
from tierce.identity.dpop import encode_b64
from tierce.identity.errors import ProofReason, ProofRefusedError
from tierce.identity.service import NetworkPseudonym, Sessions
from tierce.journal.service import Appender
from tierce.kernel.ids import AssistantId, SoftwareId
from tierce.kernel.loopback import by_name
from tierce.policy.acts import Act
from tierce.web.answers import (
    AssistantCodeAnswer,
    AssistantLine,
    AssistantsAnswer,
    AssistantStartAnswer,
    PasskeyFinishAnswer,
    PasskeyStartAnswer,
)
from tierce.web.api.signin import (
    NO_TICKET,
    AnyRequest,
    CompleteAnswer,
    client_address,
    completed,
    handle_of,
    received,
    wiring_of,
)

ASSISTANTS_KEY = "assistants"
NAME_CHARS_MAX = 120
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_CHARS_MAX)]
Encoded = Annotated[str, msgspec.Meta(max_length=8192)]


class NameAssistantBody(msgspec.Struct, forbid_unknown_fields=True):
    """Who she is, and the last day on which she may sign in, included."""

    family_name: Name
    given_name: Name
    last_day: date


class PasskeyStartBody(msgspec.Struct, forbid_unknown_fields=True):
    """The code that she was given; case, spaces and dashes are let through."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class MadeResponse(msgspec.Struct, forbid_unknown_fields=True):
    """The authenticator's answer to a creation."""

    client_data: Encoded
    attestation: Encoded


class PasskeyFinishBody(msgspec.Struct, forbid_unknown_fields=True):
    """The binding of the cookie, and the passkey that was made; every value in base64url."""

    binding: str
    id: Encoded
    response: MadeResponse


class SignedResponse(msgspec.Struct, forbid_unknown_fields=True):
    """The authenticator's answer to a sign-in."""

    client_data: Encoded
    authenticator_data: Encoded
    signature: Encoded
    user_handle: Encoded = ""


class AssistantFinishBody(msgspec.Struct, forbid_unknown_fields=True):
    """The binding of the cookie, which passkey, and what it signed; every value in base64url."""

    binding: str
    id: Encoded
    response: SignedResponse


@post("/v1/assistants", status_code=201, opt={"act": Act.ASSISTANT_NAME, **NO_TICKET})
async def name_assistant(request: AnyRequest, data: JSONBody[NameAssistantBody]) -> AssistantCodeAnswer:
    """Name an assistant for this session's establishment; she signs in as herself, and draws on one's own places."""
    wiring = wiring_of(request)
    code = await Assistants(wiring.sessions).name(
        handle_of(request), await received(request, wiring.url), data.family_name, data.given_name, data.last_day
    )
    return _code(code)


@post("/v1/assistants/{number:int}/code", status_code=201, opt={"act": Act.ASSISTANT_NAME, **NO_TICKET})
async def renew_assistant_code(request: AnyRequest, number: FromPath[int]) -> AssistantCodeAnswer:
    """Make another code for one's assistant, for another passkey; signed, with an empty object as its body."""
    wiring = wiring_of(request)
    code = await Assistants(wiring.sessions).renew_code(
        handle_of(request), await received(request, wiring.url), AssistantId(number)
    )
    return _code(code)


@post("/v1/assistants/{number:int}/end", status_code=204, opt={"act": Act.ASSISTANT_END, **NO_TICKET})
async def end_assistant(request: AnyRequest, number: FromPath[int]) -> None:
    """End one's assistant: her next ask is refused, and her passkeys are forgotten; signed."""
    wiring = wiring_of(request)
    await Assistants(wiring.sessions).end(
        handle_of(request), await received(request, wiring.url), AssistantId(number)
    )


@get("/v1/assistants", opt={"act": Act.ASSISTANT_READ})
async def list_assistants(request: AnyRequest) -> AssistantsAnswer:
    """List one's own assistants who may sign in."""
    rows = await Assistants(wiring_of(request).sessions).list_(handle_of(request))
    return AssistantsAnswer(
        [
            AssistantLine(
                str(row.number),
                row.family_name,
                row.given_name,
                row.place,
                row.until,
                row.created,
                row.let_in,
                row.used,
                row.passkeys,
                row.here,
            )
            for row in rows
        ]
    )


@post("/v1/assistants/passkey/start", status_code=200, opt={"act": Act.ASSISTANT_ENROL})
async def start_passkey(request: AnyRequest, data: JSONBody[PasskeyStartBody]) -> PasskeyStartAnswer:
    """Begin to make a passkey with a code, on the network that the code was asked from."""
    door = _door(request)
    begun = await door.begin_passkey(data.code, client_address(request, wiring_of(request).proxies))
    return PasskeyStartAnswer(
        begun.challenge.binding,
        begun.challenge.challenge,
        door.site.rp_id,
        encode_b64(begun.handle),
        begun.name,
        begun.place,
        [encode_b64(one) for one in begun.has],
    )


@post("/v1/assistants/passkey/finish", status_code=200, opt={"act": Act.ASSISTANT_ENROL})
async def finish_passkey(request: AnyRequest, data: JSONBody[PasskeyFinishBody]) -> PasskeyFinishAnswer:
    """Keep the passkey that was made; its code serves no more."""
    made = Credential(data.id, data.response.client_data, attestation=data.response.attestation)
    address = client_address(request, wiring_of(request).proxies)
    kept = await _door(request).keep_passkey(data.binding, made, address)
    return PasskeyFinishAnswer(kept.given_name, kept.place)


@post("/v1/assistants/sign-in/start", status_code=200, opt={"act": Act.ASSISTANT_SIGN_IN})
async def start_assistant(request: AnyRequest) -> AssistantStartAnswer:
    """Begin the sign-in of an assistant, whoever she is: the passkey tells. Signed by her browser's own key."""
    door, wiring = _door(request), wiring_of(request)
    key = wiring.sessions.key_of(await received(request, wiring.url))
    if key is None:
        raise ProofRefusedError(ProofReason.MISSING)  # a browser that holds a passkey can make a key
    made = await door.begin_sign_in(key)
    return AssistantStartAnswer(made.binding, made.challenge, door.site.rp_id)


@post("/v1/assistants/sign-in/finish", status_code=200, opt={"act": Act.ASSISTANT_SIGN_IN})
async def finish_assistant(request: AnyRequest, data: JSONBody[AssistantFinishBody]) -> CompleteAnswer:
    """End it: the session opens, and serves once the one activity is chosen by the key that began."""
    said, wiring = data.response, wiring_of(request)
    signed = Credential(
        data.id,
        said.client_data,
        authenticator_data=said.authenticator_data,
        signature=said.signature,
        user_handle=said.user_handle,
    )
    opened, offered = await _door(request).sign_in(
        data.binding, signed, wiring.site, client_address(request, wiring.proxies)
    )
    return await completed(wiring, opened, "/activity", offered)


ASSISTANT_ROUTES: list[HTTPRouteHandler] = [
    name_assistant, renew_assistant_code, end_assistant, list_assistants,
    start_passkey, finish_passkey, start_assistant, finish_assistant,
]  # fmt: skip


def _door(request: AnyRequest) -> AssistantDoor:
    """Where assistants sign in; a portal whose address is no name has none, for browsers make no passkey there."""
    found: AssistantDoor | None = request.app.state[ASSISTANTS_KEY]
    if found is None:
        raise AssistantRefusedError(AssistantReason.ADDRESS)
    return found


def assistant_door(
    sessions: Sessions, appender: Appender, network: NetworkPseudonym, software: SoftwareId, portal_url: str
) -> AssistantDoor | None:
    """Where assistants of the portal at this address sign in; None where the address is another machine's number."""
    parts = urlsplit(by_name(portal_url))
    host = parts.hostname or ""
    if not host or ":" in host or host.replace(".", "").isdecimal():
        return None
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    port = "" if parts.port in {None, usual} else f":{parts.port}"
    site = PasskeySite(host, f"{parts.scheme}://{host}{port}")
    return AssistantDoor(sessions, appender, network, site, software)


def _code(code: Code) -> AssistantCodeAnswer:
    return AssistantCodeAnswer(str(code.number), code.text, code.ends)
