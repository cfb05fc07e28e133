"""Closing or holding a part of the service: what stands, who would be hindered, and the narrower part beside it.

One person closes; where many are concerned, letting go takes two: one asks and another confirms.
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
from tierce.closings.errors import ClosingError, NotClosedError, SecondPersonError
from tierce.closings.model import Closing, Hindered, Insurer, Release, Target
from tierce.closings.rules import (
    ACT_LABELS,
    ACTS,
    RUNGS,
    SITE_LABELS,
    SITES,
    check_rung,
    name_of,
    narrower,
    read_length,
    read_reason,
    read_rung,
    read_target,
    say_hindered,
)
from tierce.closings.service import By, Closings
from tierce.kernel.care import DOMAIN_LABELS, PROFESSION_LABELS, Domain, Profession
from tierce.kernel.language import Language
from tierce.policy.acts import Act
from tierce.policy.ladder import BROAD, CLOSABLE, RUNG_LABELS, Level, Rung, cell_profession, department_of
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
    rung: str = "suspended"
    department: str = ""
    """Narrows a profession to its cell."""


_FORM: Final = {"part": "", "length": "", "reason": "", "rung": "suspended", "department": ""}


@dataclass(frozen=True, slots=True)
class Read:
    """A form that can be carried out, with who would be hindered."""

    target: Target
    length: timedelta
    hindered: Hindered
    rung: Rung


def closing_handlers(site: OfficeSite, closings: Closings) -> list[HTTPRouteHandler]:
    """Make the routes of closings."""

    @get("/closings", opt={"act": Act.STAFF_LIVE})
    async def closed(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        part = request.query_params.get("part", "")[:TYPED_MAX]
        return await _page(site, visit, Typed(part=part, rung="presence") if part else Typed())

    @post("/closings/preview", status_code=200, opt={"act": Act.STAFF_LIVE})
    async def preview(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        await site.sign_in.check_form(request)
        typed = _typed(await request.form())
        try:
            read, names = await site.rows.read(lambda connection: _read(connection, closings, typed))
            read_reason(typed.reason)
            check_rung(read.target, read.rung)
        except ClosingError as problem:
            return await _page(site, visit, typed, problem)
        language, until = visit.frame.language, site.clock.now() + read.length
        values = {
            "name": name_of(read.target, names)[language],
            "hindered": say_hindered(read.hindered)[language],
            "narrower": [level.value for level in narrower(read.target)],
            "until": until,
            "rung": read.rung,
            "broad": read.target.level in BROAD,
            "deposits": read.target.level in CLOSABLE and read.rung is Rung.SUSPENDED,
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
            closings.close(connection, read.target, typed.reason, _by(visit), read.length, read.rung)

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

        # It ended by itself, somebody else let go of it, or it waits for another than her: the page says which.
        with suppress(ClosingError, NotClosedError, SecondPersonError):
            await site.rows.read(work)
        return Redirect("/closings", status_code=303)

    return [closed, preview, close, reopen]


def _by(visit: Visit) -> By:
    return By(visit.caller.staff, visit.caller.session, visit.caller.name)


def _typed(fields: Any) -> Typed:  # noqa: ANN401 - the framework's own mapping of a form
    return Typed(*(str(fields.get(name, fallback))[:TYPED_MAX] for name, fallback in _FORM.items()))


def _target(connection: Connection, typed: Typed) -> tuple[Target, dict[Target, str]]:
    level, _, subject = typed.part.partition(":")
    department = typed.department.strip().upper()
    if level == "profession" and department:
        level, subject = "cell", f"{department}:{subject}"
    target = read_target(level, subject, store.find(connection))
    return target, store.names(connection)


def _read(connection: Connection, closings: Closings, typed: Typed) -> tuple[Read, dict[Target, str]]:
    target, names = _target(connection, typed)
    hindered = closings.hindered(connection, target)
    return Read(target, read_length(typed.length), hindered, read_rung(typed.rung)), names


async def _page(site: OfficeSite, visit: Visit, typed: Typed, problem: ClosingError | None = None) -> Response[str]:
    def read(connection: Connection) -> tuple[list[tuple[Closing, Release | None]], list[Insurer], dict[Target, str]]:
        return store.standing(connection), store.insurers(connection), store.names(connection)

    standing, insurers, names = await site.rows.read(read)
    language = visit.frame.language
    amcs = {one.id: one.amc for one in insurers}
    fault = f"{problem.reason[language]} {problem.remedy[language]}" if problem else ""
    values = {
        "closings": [
            (one, release, name_of(one.target, names)[language], _part(one.target, amcs)) for one, release in standing
        ],
        "broad": BROAD,
        "mine": visit.caller.staff,
        "rung_labels": RUNG_LABELS,
        "rungs": list(RUNGS),
        "groups": _parts(insurers, names, typed.part, language),
        "lengths": LENGTHS,
        "typed": typed,
        "at_fault": (problem.field if problem.field != "subject" else "level") if problem else "",
        "fault": fault[:1].upper() + fault[1:],
    }
    return site.page(visit, "closings.html", values, status=422 if problem else 200)


def _part(target: Target, amcs: dict[int, str]) -> str:
    """A target as the form writes it."""
    level = target.level.name.lower()
    if target.level is Level.CELL:
        profession = Profession(cell_profession(target.subject)).name
        return f"cell:{department_of(target.subject)}:{profession}"
    words = {
        "portal": {int(one): name for name, one in SITES.items()},
        "act": {int(one): name for name, one in ACTS.items()},
        "domain": {int(one): one.name for one in Domain},
        "profession": {int(one): one.name for one in Profession},
        "insurer": amcs,
    }.get(level)
    if words is None:
        return level if target.level is Level.NATION else f"{level}:{target.subject}"
    return f"{level}:{words[target.subject]}" if target.subject in words else level


def _parts(
    insurers: list[Insurer], names: dict[Target, str], typed: str, language: Language
) -> list[tuple[str, list[tuple[str, str]]]]:
    """What can be closed, the narrowest first: group's key of words, then value and label of each."""
    software = [
        (f"{one.level.name.lower()}:{one.subject}", label) for one, label in sorted(names.items(), key=_order)
    ]
    place = [(typed, typed.partition(":")[2])] if typed.startswith("establishment:") else []
    return [
        ("establishment", place),
        ("software", [one for one in software if one[0].startswith("software:")]),
        ("vendor", [one for one in software if one[0].startswith("vendor:")]),
        ("profession", [(f"profession:{one.name}", PROFESSION_LABELS[one][language]) for one in Profession]),
        ("insurer", [(f"insurer:{one.amc}", one.name) for one in insurers]),
        ("domain", [(f"domain:{one.name}", DOMAIN_LABELS[one][language]) for one in Domain]),
        ("act", [(f"act:{name}", ACT_LABELS[one][language]) for name, one in ACTS.items()]),
        ("portal", [(f"portal:{name}", SITE_LABELS[one][language]) for name, one in SITES.items()]),
        ("nation", [("nation", name_of(Target(Level.NATION, 0), {})[language])]),
    ]


def _order(item: tuple[Target, str]) -> tuple[int, str]:
    return item[0].level, item[1]
