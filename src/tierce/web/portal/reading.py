"""Reads a dynamic card in a picture of the counter's camera, for browsers that read no code themselves (ADR 0055).

The browser sends the middle of the picture in grey, a square of PICTURE_SIDE points, one byte each; what is read is
a card's text or nothing. The picture is kept nowhere, and the card proves nothing before the API has looked at it.
"""

import asyncio
import hmac
import re
from typing import Final

import zxingcpp
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler

from tierce.policy.acts import Act
from tierce.web.portal.errors import FormRefusedError
from tierce.web.portal.site import AnyRequest, PortalSite, form_token

PICTURE_SIDE: Final = 480
PICTURE_BYTES: Final = PICTURE_SIDE * PICTURE_SIDE
FORM_HEADER: Final = "x-form-token"
READERS: Final = 1
"""Pictures read at once: a reading takes a millisecond or two, and the pages of others come first."""
_CODES: Final = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
_CARD: Final = re.compile(r"[A-Z2-7]{154}")


def card_in(picture: bytes) -> str | None:
    """The text of the first dynamic card in a grey picture of PICTURE_BYTES; None when it shows none."""
    view = memoryview(picture).cast("B", (PICTURE_SIDE, PICTURE_SIDE))
    texts = (found.text.strip() for found in zxingcpp.read_barcodes(view, formats=_CODES))
    return next((text for text in texts if _CARD.fullmatch(text)), None)


def reading_handlers(site: PortalSite) -> list[HTTPRouteHandler]:
    """Make the route that reads a picture."""
    readers = asyncio.Semaphore(READERS)

    @post("/ask/picture", status_code=200, opt={"act": Act.NONE}, request_max_body_size=PICTURE_BYTES)
    async def picture(request: AnyRequest) -> Response[dict[str, str] | None]:
        """Say which card the picture shows, to whoever is signed in: 204 when it shows none."""
        given = request.headers.get(FORM_HEADER, "")
        if not hmac.compare_digest(form_token(site.held(request).handle).encode(), given.encode()):
            raise FormRefusedError
        await site.visit(request)  # before a quarter of a megabyte is read: anybody may make a handle up
        body = await request.body()
        if len(body) != PICTURE_BYTES:
            raise FormRefusedError
        async with readers:
            card = await asyncio.to_thread(card_in, body)
        return Response({"card": card}) if card else Response(None, status_code=204)

    return [picture]
