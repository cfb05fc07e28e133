"""An insurer's incidents: which of my people and what data, what I must notify, my list, my report."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect, Stream
from psycopg import Connection

from tierce.incidents.form.model import Draft, Knowledge
from tierce.incidents.form.prefill import known
from tierce.incidents.form.rules import as_json, empty_draft, say, value_from, with_values
from tierce.incidents.form.vocabulary import FIELDS, SECTIONS
from tierce.insurers.breaches import store
from tierce.insurers.breaches.errors import ReportAddsUpError
from tierce.insurers.breaches.model import Notice, ReportRow
from tierce.insurers.breaches.rules import REPORT_BYTES_MAX
from tierce.insurers.breaches.service import reader_of
from tierce.kernel.digits import number_in
from tierce.kernel.errors import FieldError
from tierce.kernel.ids import MAX_ID, IncidentId
from tierce.kernel.language import Phrase
from tierce.notices.model import BlockKind, Document
from tierce.notices.slices.model import HandOver
from tierce.notices.telling.model import NO_INCIDENT, WarningKind
from tierce.policy.acts import Act
from tierce.web.insurers.site import InsurersSite, Visit
from tierce.web.visit import AnyRequest

ADDS_UP = Phrase(
    "Les nombres ne font pas le compte de votre liste, ou plus de personnes ont été prévenues que retrouvées.",
    "The numbers do not add up to your list, or more people were told than matched.",
)

SHOWN: Final = 2
"""Which point of a notice's scope says what was shown; one that says that nobody is left has none."""


@dataclass(frozen=True, slots=True)
class Told:
    """One incident as its insurer's pages show it: its newest notice, its lists and its reports."""

    notice: Notice
    earlier: tuple[Notice, ...]
    lists: tuple[HandOver, ...]
    reports: tuple[ReportRow, ...]


def incident_handlers(site: InsurersSite) -> list[HTTPRouteHandler]:
    """Make the routes; whatever tells of the insurer's people has its journal line first."""

    @get("/incidents", opt={"act": Act.INSURER_NOTICE_READ})
    async def listed(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        found = await site.rows.read(lambda connection: _told(site, connection, visit))
        chain = await site.rows.read(
            lambda connection: store.chain(connection, reader_of(visit.caller, visit.handle))
        )
        tests = [one for one in found if one.notice.kind is WarningKind.TEST]
        values = {
            "incidents": [one for one in found if one.notice.kind is not WarningKind.TEST],
            "test": tests[0].notice if tests and tests[0].notice.acknowledged_at is None else None,
            "chain": chain,
            "scope_of": scope_of,
        }
        return site.page(visit, "incidents.html", values)

    @get("/incidents/{number:int}", opt={"act": Act.INSURER_NOTICE_READ})
    async def one(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        return await _page(site, visit, number)

    @post("/incidents/{number:int}/acknowledge", opt={"act": Act.INSURER_ACKNOWLEDGED})
    async def acknowledge(request: AnyRequest, number: FromPath[int]) -> Redirect:
        visit = await site.visit(request)
        typed = await site.sign_in.check_form(request)
        revision = number_in(typed.get("revision", ""), 4)
        if revision is None or not 0 <= number <= MAX_ID:
            raise NotFoundException
        await site.rows.read(
            lambda connection: site.breaches.acknowledge(
                connection, visit.caller, visit.handle, IncidentId(number), revision
            )
        )
        return Redirect(f"/incidents/{number}" if number != NO_INCIDENT else "/incidents", status_code=303)

    @post(
        "/incidents/{number:int}/report",
        status_code=200,
        opt={"act": Act.INSURER_REPORTED},
        request_max_body_size=REPORT_BYTES_MAX + 8_192,
    )
    async def report(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
        visit = await site.visit(request)
        await site.sign_in.check_form(request)
        upload = (await request.form()).get("report")
        content = await upload.read() if isinstance(upload, UploadFile) else b""
        try:
            await site.rows.read(
                lambda connection: site.breaches.report(
                    connection, visit.caller, visit.handle, IncidentId(number), content
                )
            )
        except FieldError as error:
            return await _page(site, visit, number, problem=(error.reason, error.remedy))
        except ReportAddsUpError:
            return await _page(site, visit, number, problem=(ADDS_UP, None))
        return Redirect(f"/incidents/{number}#report", status_code=303)

    return [listed, one, acknowledge, report, *_draft_handlers(site), _list_handler(site)]


def _draft_handlers(site: InsurersSite) -> list[HTTPRouteHandler]:
    @get("/incidents/{number:int}/draft", opt={"act": Act.INSURER_NOTICE_READ})
    async def draft(request: AnyRequest, number: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        told, found = await _draft(site, visit, number)
        values = {
            "told": told,
            "sections": [
                (label, [(field, found.values[field.key]) for field in FIELDS if field.section == place])
                for place, label in enumerate(SECTIONS, start=1)
            ],
            "say_value": say,
            "unknown": sum(one.knowledge is Knowledge.UNKNOWN for one in found.values.values()),
        }
        return site.page(visit, "draft.html", values)

    @get("/incidents/{number:int}/draft.json", opt={"act": Act.INSURER_NOTICE_READ})
    async def export(request: AnyRequest, number: FromPath[int]) -> Response[bytes]:
        visit = await site.visit(request)
        told, found = await _draft(site, visit, number)
        assert told.notice.document is not None
        named = {"content-disposition": f'attachment; filename="cnil-{told.notice.document.reference}.json"'}
        content = as_json(found, told.notice.document.reference)
        return Response(content, media_type="application/json", headers=named)

    return [draft, export]


def _list_handler(site: InsurersSite) -> HTTPRouteHandler:
    @post("/lists/{number:int}", status_code=200, opt={"act": Act.HAND_OVER_TAKEN})
    async def take(request: AnyRequest, number: FromPath[int]) -> Stream:
        visit = await site.visit(request)
        await site.sign_in.check_form(request)
        found = await site.rows.read(
            lambda connection: site.breaches.take(connection, visit.caller, visit.handle, number)
        )
        reader = reader_of(visit.caller, visit.handle)

        def pieces() -> Iterator[bytes]:
            with site.rows.pool.connection() as connection:
                yield from store.pieces(connection, reader, found)

        name = f"tierce-{visit.caller.amc}-{found.incident}-{found.revision}.csv.age"
        return Stream(
            pieces,
            media_type="application/octet-stream",
            headers={
                "content-disposition": f'attachment; filename="{name}"',
                "content-length": str(found.size),
            },
        )

    return take


def _told(site: InsurersSite, connection: Connection, visit: Visit) -> list[Told]:
    """Every incident that her insurer was told of, the newest first."""
    reader = reader_of(visit.caller, visit.handle)
    notices = site.breaches.notices(connection, visit.caller, visit.handle)
    lists, reports = store.hand_overs(connection, reader), store.reports(connection, reader)
    return [
        Told(
            own[0],
            tuple(own[1:]),
            tuple(each for each in lists if each.incident == number),
            tuple(each for each in reports if each.incident == number),
        )
        for number, own in _by_incident(notices).items()
    ]


def scope_of(document: Document) -> Phrase:
    """What was shown, as the notice says it: the third point of its scope, without its label."""
    block = next(one for one in document.blocks if one.kind is BlockKind.SCOPE)
    if len(block.points) <= SHOWN:
        return Phrase("plus aucun de vos assurés", "none of your people any more")
    said = block.points[SHOWN]
    return Phrase(*(text.partition(":")[2].strip(" \u00a0.") for text in (said.fr, said.en)))


def _by_incident(notices: Sequence[Notice]) -> dict[IncidentId, list[Notice]]:
    found: dict[IncidentId, list[Notice]] = {}
    for one in notices:
        found.setdefault(one.incident, []).append(one)
    return found


async def _one(site: InsurersSite, visit: Visit, number: int) -> Told:
    """One incident; another insurer's is as absent as one that never was."""
    found = await site.rows.read(lambda connection: _told(site, connection, visit))
    told = next((one for one in found if one.notice.incident == number != NO_INCIDENT), None)
    if told is None or told.notice.document is None:
        raise NotFoundException
    return told


async def _page(
    site: InsurersSite, visit: Visit, number: int, problem: tuple[Phrase, Phrase | None] | None = None
) -> Response[str]:
    told = await _one(site, visit, number)
    keys = await site.rows.read(
        lambda connection: store.recipients(connection, reader_of(visit.caller, visit.handle))
    )
    values = {
        "told": told,
        "problem": problem,
        "has_key": any(one.vouched_at is not None for one in keys),
    }
    return site.page(visit, "incident.html", values, status=422 if problem else 200)


async def _draft(site: InsurersSite, visit: Visit, number: int) -> tuple[Told, Draft]:
    """The insurer's own draft for the authority: what its notice says, and when it was told."""
    told = await _one(site, visit, number)
    facts: dict[str, object] = msgspec.json.decode(told.notice.draft or "{}")
    values = {key: value_from(value) for key, value in facts.items()}
    first = min([told.notice, *told.earlier], key=lambda one: one.left_at)
    values["aware"] = known((first.acknowledged_at or first.left_at).isoformat(timespec="minutes"))
    return told, with_values(empty_draft(visit.caller.insurer), values)
