"""Closing a part of the service: what is closed, who would be hindered, and the narrower part beside it.

One person closes and one reopens. That a broad release takes two is not built.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect
from psycopg import Connection

from tierce.closings import store
from tierce.closings.errors import ClosingError, NotClosedError
from tierce.closings.model import Closing, Hindered, Insurer, Target
from tierce.closings.rules import (
    ACT_LABELS,
    ACTS,
    SITE_LABELS,
    SITES,
    name_of,
    narrower,
    read_length,
    read_reason,
    read_target,
    say_hindered,
)
from tierce.closings.service import By, Closings
from tierce.kernel.care import DOMAIN_LABELS, Domain
from tierce.kernel.language import Language
from tierce.policy.acts import Act
from tierce.policy.ladder import Level
from tierce.web.office.site import OfficeSite, Visit
from tierce.web.visit import AnyRequest

LENGTHS: Final = ("30m", "1h", "4h", "1d", "3d")
TYPED_MAX: Final = 300


@dataclass(frozen=True, slots=True)
class Typed:
    """What the form holds, as typed: `part` is `level` or `level:subject`."""

    part: str = "domain:OPTI"
    length: str = "4h"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """A form that can be carried out, with who would be hindered."""

    target: Target
    length: timedelta
    hindered: Hindered


def closing_handlers(site: OfficeSite, closings: Closings) -> list[HTTPRouteHandler]:
    """Make the routes of closings."""

    @get("/closings", opt={"act": Act.STAFF_LIVE})
    async def closed(request: AnyRequest) -> Response[str]:
        return await _page(site, await site.visit(request), Typed())

    @post("/closings/preview", status_code=200, opt={"act": Act.STAFF_LIVE})
    async def preview(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        await site.sign_in.check_form(request)
        typed = _typed(await request.form())
        try:
            read, names = await site.rows.read(lambda connection: _read(connection, closings, typed))
            read_reason(typed.reason)
        except ClosingError as problem:
            return await _page(site, visit, typed, problem)
        language, until = visit.frame.language, site.clock.now() + read.length
        values = {
            "name": name_of(read.target, names)[language],
            "hindered": say_hindered(read.hindered)[language],
            "narrower": [level.value for level in narrower(read.target)],
            "until": until,
            "typed": typed,
        }
        return site.page(visit, "closing_preview.html", values)

    @post("/closings", status_code=303, opt={"act": Act.STAFF_LADDER_MOVE})
    async def close(request: AnyRequest) -> Response[Any]:
        visit = await site.visit(request)
        await site.sign_in.check_form(request)
        typed = _typed(await request.form())

        def work(connection: Connection) -> None:
            read, _ = _read(connection, closings, typed)
            closings.close(connection, read.target, typed.reason, _by(visit), read.length)

        try:
            await site.rows.read(work)
        except ClosingError as problem:
            return await _page(site, visit, typed, problem)
        return Redirect("/closings", status_code=303)

    @post("/closings/reopen", status_code=303, opt={"act": Act.STAFF_LADDER_MOVE})
    async def reopen(request: AnyRequest) -> Response[Any]:
        visit = await site.visit(request)
        await site.sign_in.check_form(request)
        typed = _typed(await request.form())

        def work(connection: Connection) -> None:
            closings.reopen(connection, _target(connection, typed)[0], _by(visit))

        with suppress(ClosingError, NotClosedError):  # it ended by itself, or somebody else reopened it
            await site.rows.read(work)
        return Redirect("/closings", status_code=303)

    return [closed, preview, close, reopen]


def _by(visit: Visit) -> By:
    return By(visit.caller.staff, visit.caller.session, visit.caller.name)


def _typed(fields: Any) -> Typed:  # noqa: ANN401 - the framework's own mapping of a form
    return Typed(*(str(fields.get(name, ""))[:TYPED_MAX] for name in Typed.__slots__))


def _target(connection: Connection, typed: Typed) -> tuple[Target, dict[int, str]]:
    known = store.insurers(connection)
    level, _, subject = typed.part.partition(":")
    target = read_target(level, subject, {one.amc: one.id for one in known}.get)
    return target, {one.id: one.name for one in known}


def _read(connection: Connection, closings: Closings, typed: Typed) -> tuple[Read, dict[int, str]]:
    target, names = _target(connection, typed)
    return Read(target, read_length(typed.length), closings.hindered(connection, target)), names


async def _page(site: OfficeSite, visit: Visit, typed: Typed, problem: ClosingError | None = None) -> Response[str]:
    def read(connection: Connection) -> tuple[list[Closing], list[Insurer]]:
        return store.live(connection), store.insurers(connection)

    live, insurers = await site.rows.read(read)
    language = visit.frame.language
    names = {one.id: one.name for one in insurers}
    amcs = {one.id: one.amc for one in insurers}
    fault = f"{problem.reason[language]} {problem.remedy[language]}" if problem else ""
    values = {
        "closings": [(one, name_of(one.target, names)[language], _part(one.target, amcs)) for one in live],
        "groups": _parts(insurers, language),
        "lengths": LENGTHS,
        "typed": typed,
        "at_fault": (problem.field if problem.field != "subject" else "level") if problem else "",
        "fault": fault[:1].upper() + fault[1:],
    }
    return site.page(visit, "closings.html", values, status=422 if problem else 200)


def _part(target: Target, amcs: dict[int, str]) -> str:
    """A target as the form writes it."""
    level = target.level.name.lower()
    words = {
        "portal": {int(one): name for name, one in SITES.items()},
        "act": {int(one): name for name, one in ACTS.items()},
        "domain": {int(one): one.name for one in Domain},
        "insurer": amcs,
    }.get(level, {})
    return f"{level}:{words[target.subject]}" if target.subject in words else level


def _parts(insurers: list[Insurer], language: Language) -> list[tuple[str, list[tuple[str, str]]]]:
    """What can be closed, the narrowest first: group's key of words, then value and label of each."""
    return [
        ("insurer", [(f"insurer:{one.amc}", one.name) for one in insurers]),
        ("domain", [(f"domain:{one.name}", DOMAIN_LABELS[one][language]) for one in Domain]),
        ("act", [(f"act:{name}", ACT_LABELS[one][language]) for name, one in ACTS.items()]),
        ("portal", [(f"portal:{name}", SITE_LABELS[one][language]) for name, one in SITES.items()]),
        ("nation", [("nation", name_of(Target(Level.NATION, 0), {})[language])]),
    ]
