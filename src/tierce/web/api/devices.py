"""A professional's own devices, and the end of every session but this one. Nobody covered appears here."""

from typing import Annotated

import msgspec
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from tierce.identity.continuing.service import Continuing
from tierce.identity.devices import Devices
from tierce.kernel.ids import DeviceId
from tierce.policy.acts import Act
from tierce.web.answers import CodeAnswer, DeviceLine, DevicesAnswer, EndedAnswer, SubstituteLine, SubstitutesAnswer
from tierce.web.api.signin import NO_TICKET, AnyRequest, handle_of, received, wiring_of


class NameBody(msgspec.Struct, forbid_unknown_fields=True):
    """What a professional calls a device: where it is, not whom it serves."""

    name: str


class ConfirmBody(msgspec.Struct, forbid_unknown_fields=True):
    """The eight digits that the new device shows; spaces are let through."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]


class ConfirmAnswer(msgspec.Struct):
    """The device that now goes on with this one's places."""

    device: str


@get("/v1/devices", opt={"act": Act.SESSION_READ})
async def list_devices(request: AnyRequest) -> DevicesAnswer:
    """List one's own devices."""
    rows, other_key = await Devices(wiring_of(request).sessions).list_(handle_of(request))
    return DevicesAnswer(
        [
            DeviceLine(
                str(row.id),
                row.name,
                row.signs,
                row.first,
                row.used,
                row.sessions,
                row.new,
                row.new_until,
                row.continues,
                row.current,
            )
            for row in rows
        ],
        other_key,
    )


@post("/v1/devices/{device:int}/name", status_code=204, opt={"act": Act.DEVICE_NAME})
async def name_device(request: AnyRequest, device: FromPath[int], data: JSONBody[NameBody]) -> None:
    """Name one of one's own devices."""
    await Devices(wiring_of(request).sessions).name(handle_of(request), DeviceId(device), data.name)


@post("/v1/devices/code", status_code=201, opt={"act": Act.DEVICE_CODE, **NO_TICKET})
async def ask_code(request: AnyRequest) -> CodeAnswer:
    """Ask, on a new device, for a code to type on an older one; signed, with an empty object as its body."""
    wiring = wiring_of(request)
    code = await Continuing(wiring.sessions).ask(handle_of(request), await received(request, wiring.url))
    return CodeAnswer(code.digits, code.ends)


@post("/v1/devices/confirm", status_code=200, opt={"act": Act.DEVICE_CONTINUE, **NO_TICKET})
async def confirm_device(request: AnyRequest, data: JSONBody[ConfirmBody]) -> ConfirmAnswer:
    """Say, on an older device, that the one which shows this code is one's own; signed."""
    wiring = wiring_of(request)
    device = await Continuing(wiring.sessions).confirm(
        handle_of(request), await received(request, wiring.url), data.code
    )
    return ConfirmAnswer(str(device))


@post("/v1/devices/{device:int}/separate", status_code=204, opt={"act": Act.DEVICE_SEPARATE, **NO_TICKET})
async def separate_device(request: AnyRequest, device: FromPath[int]) -> None:
    """Take one of one's own devices off the places that it shares; signed."""
    wiring = wiring_of(request)
    await Continuing(wiring.sessions).separate(
        handle_of(request), await received(request, wiring.url), DeviceId(device)
    )


@get("/v1/substitutes", opt={"act": Act.ASSISTANT_READ})
async def list_substitutes(request: AnyRequest) -> SubstitutesAnswer:
    """List who may work in one's place: professionals of the directory, under their own names and keys."""
    rows = await Devices(wiring_of(request).sessions).substitutes(handle_of(request))
    return SubstitutesAnswer([SubstituteLine(row.number, row.name, row.place, row.first, row.last) for row in rows])


@post("/v1/sessions/revoke-others", status_code=200, opt={"act": Act.SESSION_REVOKE})
async def revoke_others(request: AnyRequest) -> EndedAnswer:
    """End every session of one's own but this one."""
    return EndedAnswer(await wiring_of(request).sessions.revoke_others(handle_of(request)))


DEVICE_ROUTES: list[HTTPRouteHandler] = [
    list_devices, name_device, ask_code, confirm_device, separate_device, list_substitutes, revoke_others,
]  # fmt: skip
