"""The directory and who is a client: find, read, and enrol, suspend or end with a reason."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from psycopg import Connection

from tierce.directory.lookup import store
from tierce.directory.lookup.rules import Sought, read_sought
from tierce.directory.model import STATUS_LABELS, Actor, Enrolment, Place, Professional, Status
from tierce.directory.rules import MOVES
from tierce.directory.service import Clients
from tierce.kernel.care import PROFESSION_LABELS
from tierce.kernel.clock import date_of
from tierce.kernel.errors import FieldError
from tierce.kernel.ids import EstablishmentId, ProfessionalId
from tierce.kernel.saying import say_name
from tierce.policy.acts import Act
from tierce.web.office.site import OfficeSite, Visit
from tierce.web.visit import AnyRequest

Sent = dict[str, str]
"""A form as it was sent."""
WANTED = {"enrol": Status.ENROLLED, "suspend": Status.SUSPENDED, "end": Status.ENDED}
"""The moves that a page offers, by the word of its address."""


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """One place of a professional: her enrolment there if any, and the moves that may follow."""

    place: Place
    enrolment: Enrolment | None
    moves: tuple[str, ...]


def directory_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes of the directory."""

    @get("/directory", opt={"act": Act.STAFF_DIRECTORY})
    async def search(request: AnyRequest, q: FromQuery[str] = "") -> Response[str]:
        visit = await site.visit(request)
        sought = read_sought(q)
        return site.page(visit, "directory.html", await site.rows.read(_found(site.clients, q, sought)))

    @get("/directory/professionals/{number:int}", opt={"act": Act.STAFF_DIRECTORY})
    async def professional(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        values = await site.rows.read(lambda connection: _professional(site.clients, connection, number))
        return site.page(visit, "professional.html", values)

    @get("/directory/places/{number:int}", opt={"act": Act.STAFF_DIRECTORY})
    async def place(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)

        def read(connection: Connection) -> dict[str, object]:
            found = store.place(connection, EstablishmentId(number))
            if found is None:
                raise NotFoundException
            return {
                "place": found,
                "enrolments": site.clients.enrolments(connection, place=found.id),
                "substitutions": site.clients.substitutions(connection, place=found.id),
                **_SAID,
            }

        return site.page(visit, "place.html", await site.rows.read(read))

    @get("/directory/professionals/{number:int}/at/{at:int}/{move:str}", opt={"act": Act.ENROLMENT_MOVE})
    async def ask_move(
        request: AnyRequest, number: FromPath[int], at: FromPath[int], move: FromPath[str]
    ) -> Response[str]:
        visit = await site.visit(request)
        return await _move_page(site, visit, (number, at), move)

    @post(
        "/directory/professionals/{number:int}/at/{at:int}/{move:str}",
        status_code=200,
        opt={"act": Act.ENROLMENT_MOVE},
    )
    async def do_move(
        request: AnyRequest, number: FromPath[int], at: FromPath[int], move: FromPath[str]
    ) -> Response[Any]:
        visit = await site.visit(request)
        sent = await site.sign_in.check_form(request)

        def work(connection: Connection) -> None:
            _carry_out(site.clients, connection, visit, _both(connection, number, at), move, sent)

        try:
            await site.rows.read(work)
        except FieldError as problem:
            return await _move_page(site, visit, (number, at), move, sent, problem)
        return Redirect(f"/directory/professionals/{number}", status_code=303)

    return [search, professional, place, ask_move, do_move]


_SAID: dict[str, object] = {
    "professions": PROFESSION_LABELS,
    "statuses": STATUS_LABELS,
    "say_name": say_name,
    "date_of": date_of,
}
"""What every page of the directory says things with."""


def _found(clients: Clients, typed: str, sought: Sought) -> Callable[[Connection], dict[str, object]]:
    def read(connection: Connection) -> dict[str, object]:
        return {
            "typed": typed,
            "sought": sought,
            "professionals": store.professionals(connection, sought),
            "places": store.places(connection, sought),
            "waiting": clients.enrolments(connection, status=Status.APPLIED),
            "most": store.FOUND_MAX,
            **_SAID,
        }

    return read


def _professional(clients: Clients, connection: Connection, number: int) -> dict[str, object]:
    found = store.professional(connection, ProfessionalId(number))
    if found is None:
        raise NotFoundException
    enrolments = {one.place.id: one for one in clients.enrolments(connection, professional=found.id)}
    every = {one.place.id: one.place for one in enrolments.values()}
    every |= {one.id: one for one in store.listed_places(connection, found.id)}
    versions = sorted(clients.history(connection, found), key=lambda one: one.from_day, reverse=True)
    return {
        "professional": found,
        "rows": [
            PlaceRow(place, enrolments.get(number), _moves(enrolments.get(number))) for number, place in every.items()
        ],
        "substitutions": clients.substitutions(connection, professional=found.id, over_too=True),
        "versions": versions[:40],
        "place_names": {int(number): place.name for number, place in every.items()},
        "status_names": {status.value: label for status, label in STATUS_LABELS.items()},
        **_SAID,
    }


def _moves(enrolment: Enrolment | None) -> tuple[str, ...]:
    after = {Status.ENROLLED} if enrolment is None else MOVES[enrolment.status]
    return tuple(word for word, status in WANTED.items() if status in after)


def _both(connection: Connection, number: int, at: int) -> tuple[Professional, Place]:
    who = store.professional(connection, ProfessionalId(number))
    where = store.place(connection, EstablishmentId(at))
    if who is None or where is None:
        raise NotFoundException
    return who, where


def _carry_out(
    clients: Clients, connection: Connection, visit: Visit, both: tuple[Professional, Place], move: str, sent: Sent
) -> None:
    who, where = both
    actor = Actor(visit.caller.name, visit.caller.staff, visit.caller.session)
    reason = sent.get("reason", "")
    if move == "enrol":
        contract, manager = sent.get("contract", ""), sent.get("manager") == "yes"
        clients.enrol(connection, actor, who, where, contract=contract, reason=reason, manager=manager)
    elif move == "suspend":
        clients.suspend(connection, actor, who, where, reason=reason)
    elif move == "end":
        clients.end(connection, actor, who, where, reason=reason)
    else:
        raise NotFoundException


async def _move_page(
    site: OfficeSite,
    visit: Visit,
    numbers: tuple[int, int],
    move: str,
    sent: Sent | None = None,
    problem: FieldError | None = None,
) -> Response[str]:
    if move not in WANTED:
        raise NotFoundException

    def read(connection: Connection) -> dict[str, object]:
        who, where = _both(connection, *numbers)
        mine = site.clients.enrolments(connection, professional=who.id, place=where.id)
        return {"professional": who, "place": where, "enrolment": mine[0] if mine else None}

    values = {
        **await site.rows.read(read),
        "move": move,
        "sent": sent or {},
        "problem": problem,
        **_SAID,
    }
    return site.page(visit, "enrolment_move.html", values, status=422 if problem else 200)
