"""Asks that wait for her word, above her history: « Êtes-vous en ce moment chez … ? »."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from psycopg import Connection

from tierce.kernel.ids import EntrySeq
from tierce.persons import store as rows_of_persons
from tierce.policy.acts import Act
from tierce.presence.errors import NotAskedError, PresenceError, TooManyAnswersError
from tierce.web.persons.site import PersonsSite
from tierce.web.visit import AnyRequest

REFUSED: Final[dict[type[PresenceError], tuple[str, int]]] = {
    NotAskedError: ("late", 409),
    TooManyAnswersError: ("too_many", 429),
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """One ask that waits for her word."""

    seq: EntrySeq
    place: str
    at: datetime


def waiting(site: PersonsSite, connection: Connection, handle: bytes) -> list[Waiting]:
    """The asks that wait, with the names of their places."""
    asked = site.answers.waiting(connection, handle)
    names = rows_of_persons.places(connection, {one.establishment for one in asked})
    return [Waiting(one.seq, names[one.establishment], one.at) for one in asked if one.establishment in names]


def answer_handlers(site: PersonsSite) -> list[HTTPRouteHandler]:
    """Make the route of her answer."""

    @post("/presence/{seq:int}", status_code=200, opt={"act": Act.PRESENCE_CONFIRM})
    async def answer(request: AnyRequest, seq: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        yes = (await site.sign_in.check_form(request)).get("answer") == "yes"
        caller = visit.caller

        def keep(connection: Connection) -> None:
            site.answers.answer(connection, visit.handle, EntrySeq(seq), caller.person, caller.session, yes=yes)

        try:
            await site.rows.read(keep)
        except PresenceError as error:
            said, status = REFUSED[type(error)]
            return site.page(visit, "answered.html", {"said": said}, status=status)
        return site.page(visit, "answered.html", {"said": "yes" if yes else "no"})

    return [answer]
