"""The signer of dynamic cards, as the persons' space calls it on the loopback: two routes, no page."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

import msgspec
from litestar import Litestar, Response, get, post
from litestar.params import JSONBody
from psycopg import Connection
from psycopg_pool import ConnectionPool

from tierce.kernel.errors import TierceError
from tierce.policy.acts import Act
from tierce.presence.errors import BearerUnknownError, NoSignerError, PlaceUnknownError, TooManyCardsError
from tierce.presence.minting import Signer
from tierce.web.visit import AnyRequest

BODY_BYTES_MAX: Final = 1_024
REFUSED: Final[Mapping[type[TierceError], tuple[str, int]]] = {
    BearerUnknownError: ("bearer", 401),
    NoSignerError: ("no_signer", 409),
    PlaceUnknownError: ("place", 404),
    TooManyCardsError: ("too_many", 429),
}
"""Codes and statuses by which the persons' space knows a refusal."""

Found = TypeVar("Found")


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose card, by the handle of her session, and the code of the place where it will be read."""

    handle: str
    place: str


class PlaceAnswer(msgspec.Struct, frozen=True):
    """The place that a code stands for."""

    name: str
    town: str


class CardAnswer(msgspec.Struct, frozen=True):
    """A card: what the QR code holds, the eight digits, the place, and for how many seconds it serves."""

    token: str
    spoken: str
    name: str
    town: str
    seconds: int


def _told(_request: AnyRequest, error: TierceError) -> Response[dict[str, str]]:
    code, status = REFUSED.get(type(error), ("fault", 500))
    return Response({"code": code}, status_code=status)


def create_signer(signer: Signer, rows: ConnectionPool[Connection]) -> Litestar:
    """The signer's application; connections are of role tierce_signer, in autocommit mode."""

    def run(work: Callable[[Connection], Found]) -> Found:
        with rows.connection() as connection:
            return work(connection)

    @post("/v1/places", status_code=200, opt={"act": Act.NONE})
    async def place(data: JSONBody[Wish]) -> PlaceAnswer:
        """Name the place that a code stands for, so that she sees where she says she is."""
        found = await asyncio.to_thread(run, lambda connection: signer.place(connection, data.place))
        return PlaceAnswer(found.name, found.town)

    @post("/v1/cards", status_code=200, opt={"act": Act.PRESENCE_CARD})
    async def card(data: JSONBody[Wish]) -> CardAnswer:
        """Make a card; its journal line is committed first."""
        made = await asyncio.to_thread(run, lambda connection: signer.mint(connection, data.handle, data.place))
        return CardAnswer(made.token, made.spoken, made.place.name, made.place.town, made.seconds)

    @get("/health", opt={"act": Act.NONE}, status_code=204, sync_to_thread=False)
    def health() -> None:
        """Say that the process serves."""

    return Litestar(
        [place, card, health],
        exception_handlers={TierceError: _told},
        request_max_body_size=BODY_BYTES_MAX,
        openapi_config=None,
        logging_config=None,
    )
