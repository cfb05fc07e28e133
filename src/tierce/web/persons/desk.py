"""The signer of dynamic cards, as the persons' space calls it."""

import logging
from typing import Final

import httpx
import msgspec

_TIMEOUT: Final = httpx.Timeout(5.0, connect=1.5)
_log = logging.getLogger(__name__)


class PlaceBody(msgspec.Struct, frozen=True):
    """The place that a code stands for, as the signer names it."""

    name: str
    town: str

    @property
    def full(self) -> str:
        """Name and town, the town once."""
        return self.name if not self.town or self.town in self.name else f"{self.name}, {self.town}"


class CardBody(PlaceBody, frozen=True):
    """A card, as the signer makes it."""

    token: str
    spoken: str
    seconds: int


class CardRefusedError(Exception):
    """The signer makes no card: `code` names the words that say why."""

    def __init__(self, code: str) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code


_CODES: Final = {401: "bearer", 409: "no_signer", 404: "place", 429: "too_many"}


class CardDesk:
    """The signer as the persons' space sees it: it is handed the session's handle, which is what it trusts."""

    def __init__(self, url: str, http: httpx.AsyncClient) -> None:
        """Speak to the signer at `url`."""
        self._url = url
        self._http = http

    async def place(self, handle: str, code: str) -> PlaceBody:
        """Name the place of a code.

        Raises:
            CardRefusedError: none has it, or the signer is away.
        """
        return msgspec.json.decode(await self._post("/v1/places", handle, code), type=PlaceBody)

    async def card(self, handle: str, code: str) -> CardBody:
        """Ask for a card.

        Raises:
            CardRefusedError: with the reason.
        """
        return msgspec.json.decode(await self._post("/v1/cards", handle, code), type=CardBody)

    async def _post(self, path: str, handle: str, code: str) -> bytes:
        content = msgspec.json.encode({"handle": handle, "place": code})
        headers = {"content-type": "application/json"}
        try:
            response = await self._http.post(self._url + path, content=content, headers=headers, timeout=_TIMEOUT)
        except httpx.HTTPError as error:
            _log.warning("the signer did not answer: %s", type(error).__name__)
            raise CardRefusedError("away") from None
        if response.status_code != 200:
            raise CardRefusedError(_CODES.get(response.status_code, "away"))
        return response.content
