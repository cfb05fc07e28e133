"""What the API says of a professional's assistants, and what it is asked for them, as the portal sees it."""

from typing import Final

import msgspec

from tierce.identity.sites.model import Held
from tierce.web.answers import (
    AssistantCodeAnswer,
    AssistantLine,
    AssistantsAnswer,
    AssistantStartAnswer,
    PasskeyFinishAnswer,
    PasskeyStartAnswer,
)
from tierce.web.portal.api import Api, Opened, Signed, decode

ASSISTANTS: Final = "/v1/assistants"
SIGN_IN: Final = f"{ASSISTANTS}/sign-in/start"


class _Made(msgspec.Struct):
    client_data: str
    attestation: str


class _Signed(msgspec.Struct):
    client_data: str
    authenticator_data: str
    signature: str
    user_handle: str = ""


class MadePasskey(msgspec.Struct):
    """What the browser made."""

    id: str
    response: _Made


class SignedPasskey(msgspec.Struct):
    """What the browser signed."""

    id: str
    response: _Signed


def code_path(number: str) -> str:
    """The path of the act that makes another code."""
    return f"{ASSISTANTS}/{number}/code"


def end_path(number: str) -> str:
    """The path of the act that ends an assistant."""
    return f"{ASSISTANTS}/{number}/end"


async def read_assistants(api: Api, held: Held) -> list[AssistantLine]:
    """List one's own assistants who may sign in."""
    return (await api.read(ASSISTANTS, held, AssistantsAnswer)).assistants


async def name_assistant(api: Api, held: Held, signed: Signed) -> AssistantCodeAnswer:
    """Relay the naming of an assistant."""
    return decode(await api.relay(ASSISTANTS, held, signed), AssistantCodeAnswer)


async def renew_code(api: Api, held: Held, number: str, signed: Signed) -> AssistantCodeAnswer:
    """Relay the wish for another code."""
    return decode(await api.relay(code_path(number), held, signed), AssistantCodeAnswer)


async def end_assistant(api: Api, held: Held, number: str, signed: Signed) -> None:
    """Relay the end of an assistant."""
    await api.relay(end_path(number), held, signed)


async def start_passkey(api: Api, code: str, address: str) -> PasskeyStartAnswer:
    """Begin to make a passkey, for the browser at `address`."""
    return await api.post(f"{ASSISTANTS}/passkey/start", PasskeyStartAnswer, {"code": code}, _from(address))


async def finish_passkey(api: Api, binding: str, made: MadePasskey, address: str) -> PasskeyFinishAnswer:
    """Relay the passkey that the browser made."""
    said = {"binding": binding, "id": made.id, "response": made.response}
    return await api.post(f"{ASSISTANTS}/passkey/finish", PasskeyFinishAnswer, said, _from(address))


async def start_sign_in(api: Api, signed: Signed) -> AssistantStartAnswer:
    """Begin the sign-in of an assistant, for the browser whose key signed this."""
    return decode(await api.relay(SIGN_IN, None, signed), AssistantStartAnswer)


async def finish_sign_in(api: Api, binding: str, signed: SignedPasskey, address: str) -> Opened:
    """Relay what the passkey signed."""
    said = {"binding": binding, "id": signed.id, "response": signed.response}
    return await api.post(f"{ASSISTANTS}/sign-in/finish", Opened, said, _from(address))


def _from(address: str) -> dict[str, str]:
    return {"x-forwarded-for": address}
